"""Runs a policy pack as it was at the base of a change, with everything of the project that it imports.

`tenantnet review` copies this file as the program of a pack, beside PLACES, and the engine runs it. So it
stands alone. Packages are installed once, and the project among them perhaps in a way that leads to its
folder: what is found there is taken from the base instead, and never from the change.
"""

from __future__ import annotations

import json
import os
import runpy
import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_file_location
from pathlib import Path
from types import ModuleType

# project: the folder of the change. base: the same folder at the base. program, pack: folders in the latter.
PLACES = "places.json"
NAMES = ("project", "base", "program", "pack")


class BaseModules(MetaPathFinder):
    """Finds modules where the others do, but those of the project at its base. Folders are without links."""

    # A pack compares its folder with the engine's, and not where a review has changed it.
    is_of_base = True

    def __init__(self, project: Path, base: Path) -> None:
        self._project, self._base = project, base
        self._installed = Path(sys.prefix).resolve()

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Where a module is. Raises ModuleNotFoundError for one that the base does not have."""
        others = (finder for finder in sys.meta_path if finder is not self)
        found = (finder.find_spec(fullname, path, target) for finder in others)
        spec = next(filter(None, found), None)
        if spec is None:
            return None
        locations = spec.submodule_search_locations
        if not (spec.has_location and spec.origin):
            if locations is not None:  # a package without __init__.py
                spec.submodule_search_locations = [str(self._at_base(Path(each))) for each in locations]
            return spec
        file = self._at_base(Path(spec.origin))
        if file == Path(spec.origin):
            return spec
        if not file.exists():
            raise ModuleNotFoundError(f"{fullname} was not there at the base", name=fullname)
        inside = None if locations is None else [str(file.parent), *locations]
        return spec_from_file_location(fullname, file, submodule_search_locations=inside)

    def _at_base(self, path: Path) -> Path:
        real = path.resolve()
        if not real.is_relative_to(self._project) or real.is_relative_to(self._installed):
            return path
        return self._base / real.relative_to(self._project)


def run(places: Path) -> None:
    """Run the pack that the file describes."""
    named = json.loads(places.read_text(encoding="utf-8"))
    project, base, program, pack = (Path(named[name]).resolve() for name in NAMES)
    # A process that was forked warm has the modules of the change already.
    for name in [name for name in sys.modules if name.partition(".")[0] == "tenantnet"]:
        del sys.modules[name]
    sys.meta_path.insert(0, BaseModules(project, base))
    # The pack reads the reserved ranges of the project of whose program it runs in the folder.
    os.chdir(program)
    runpy.run_path(str(pack), run_name="__main__")


if __name__ == "__main__":
    run(Path(__file__).with_name(PLACES))
