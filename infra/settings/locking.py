"""One edit of settings files at a time.

The lock is the kernel's, on the folder itself: it leaves nothing behind, and ends with its holder.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

from tenantnet.failure import Failure

PATIENCE_SECONDS = 60.0
_PAUSE_SECONDS = 0.01

# The folders that this thread has locked, by device and inode.
_held: ContextVar[frozenset[tuple[int, int]]] = ContextVar("_held", default=frozenset())


@contextmanager
def edit_lock(folder: Path) -> Iterator[None]:
    """Hold off every other edit of settings files in a folder; inside itself it does nothing.

    Raises Failure where another process edits them for a minute, OSError where the folder cannot be opened.
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        found = os.fstat(descriptor)
        key, held = (found.st_dev, found.st_ino), _held.get()
        if key not in held:
            _wait_for(descriptor, folder)
        _held.set(held | {key})
        try:
            yield
        finally:
            _held.set(held)
    finally:
        os.close(descriptor)


def _wait_for(descriptor: int, folder: Path) -> None:
    from fcntl import LOCK_EX, LOCK_NB, flock  # noqa: PLC0415 - not on Windows, where settings are only read

    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            flock(descriptor, LOCK_EX | LOCK_NB)
        except BlockingIOError:
            if time.monotonic() < deadline:
                time.sleep(_PAUSE_SECONDS)
                continue
        else:
            return
        raise Failure(
            f"Could not edit the settings in {folder}.",
            reason=f"another process has been editing them for {PATIENCE_SECONDS:.0f} seconds",
            remedy="wait for the other command, or end it, and try again",
        )
