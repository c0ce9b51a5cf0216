"""This machine's processes: which of them still run."""

from __future__ import annotations

import socket
from contextlib import suppress
from pathlib import Path

import psutil

# The machine's start is known to a second, and its clock may be set meanwhile.
_TOLERANCE_SECONDS = 2


def is_running(pid: int, began: float | None = None) -> bool:
    """Whether this machine has such a process, of any user. One that waits to be reaped has ended.

    began: of the process that is meant, as `begin_of` told it; None if nobody knows. Another process may have
    its id by now.
    """
    try:
        process = psutil.Process(pid)
        is_same = began is None or abs(_begin_of(process) - began) < _TOLERANCE_SECONDS
        return is_same and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def begin_of(pid: int) -> float | None:
    """When a process began, in seconds after this machine's start; None if there is none of this id."""
    try:
        return _begin_of(psutil.Process(pid))
    except psutil.NoSuchProcess:
        return None


def _begin_of(process: psutil.Process) -> float:
    # The clock's time would differ once the clock is set.
    return process.create_time() - psutil.boot_time()


def has_ended(machine: str, pid: int) -> bool:
    """Whether it was a process of this machine that has ended; False for other machines."""
    return machine == this_machine() and not is_running(pid)


def this_machine() -> str:
    """Where process ids mean the same: this host, since it was started, in this container."""
    parts = [socket.gethostname()]
    with suppress(OSError):
        parts.append(Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip())
        parts.append(str(Path("/proc/self/ns/pid").readlink()))
    return " ".join(parts)
