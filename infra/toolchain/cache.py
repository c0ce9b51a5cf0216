"""The cache in which a user's clones and projects share what takes long to make."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tenantnet.toolchain.progress import say

PIP_INSTALL = ("-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--progress-bar", "off")
UNFINISHED = "unfinished-"


def cache() -> Path:
    """The directory that all clones share; what stands in it is complete and never changed."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    folder = Path(base, "tenantnet")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def remove_left_overs() -> None:
    """Remove from the cache what an interrupted set-up left; only for who is alone in it."""
    for left_over in cache().glob(f"{UNFINISHED}*"):
        shutil.rmtree(left_over, ignore_errors=True)


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Keep a second set-up out of a directory.

    The system lifts the lock when the process ends, however it ends.
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"Waiting for another set-up, which is at work in {folder}")
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def made_once(result: Path, make: Callable[[Path], object]) -> Path:
    """A file in a folder of its own in the cache.

    make: writes it, where it is not there yet, under a path that it gets.
    """
    if result.exists():
        return result
    with alone_in(cache()):
        remove_left_overs()
        if not result.exists():  # else another set-up has made it meanwhile
            with tempfile.TemporaryDirectory(prefix=UNFINISHED, dir=cache()) as unfinished:
                make(Path(unfinished, result.name))
                # In one step, so that nobody ever sees a part of it.
                Path(unfinished).rename(result.parent)
    return result


def link(source: Path, target: Path) -> None:
    """Let `target` lead to `source`, whatever it was before."""
    new = prepare(target)
    new.symlink_to(source)
    new.replace(target)


def prepare(target: Path) -> Path:
    """A name beside the target, for a replacement in one step: a program may be running from it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    new = target.with_name(f"{target.name}.new")
    new.unlink(missing_ok=True)
    return new
