"""This machine's processes: which of them still run."""

from __future__ import annotations

import socket
from contextlib import suppress
from pathlib import Path

import psutil


def is_running(pid: int) -> bool:
    """Whether this machine has such a process, of any user. One that waits to be reaped has ended."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


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
