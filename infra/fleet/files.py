"""The files of a folder of which a digest is made, by their names there."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

COMPILED = "__pycache__"


def names_in(
    place: Path, *, enters: Callable[[Path], bool] = lambda _: True, endings: tuple[str, ...] = ("",)
) -> Iterator[str]:
    """All files in a folder, also behind links, without what Python has compiled.

    Of a folder that is there under several names the files are under one of them; each other one says which.

    enters: whether a folder in it is part of it. endings: of the files' names.
    """
    seen = dict[str, str]()
    for folder, folders, files in os.walk(place, followlinks=True):
        name, real = os.path.relpath(folder, place), os.path.realpath(folder)
        if real in seen:
            folders.clear()
            yield f"{name} is {seen[real]}"
            continue
        seen[real] = name
        folders[:] = sorted(each for each in folders if each != COMPILED and enters(Path(folder, each)))
        yield from (str(Path(name, each)) for each in files if each.endswith(endings))
