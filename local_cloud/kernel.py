"""What Linux says about processes and ports, read from /proc."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

PROC = Path("/proc")
LISTENING = "0A"


def start_ticks(pid: int) -> int | None:
    """When the process started, in clock ticks since boot; None where there is no such process."""
    try:
        stat = (PROC / str(pid) / "stat").read_text()
    except OSError:
        return None
    # The command's name, in parentheses, may hold anything; the fields after it are plain.
    state, *fields = stat.rpartition(")")[2].split()
    return None if state == "Z" else int(fields[18])


def name(pid: int) -> str:
    """As `python3 (pid 4711)`."""
    return f"{(PROC / str(pid) / 'comm').read_text().strip()} (pid {pid})"


def command_line(pid: int) -> list[str]:
    """The program and its arguments."""
    return (PROC / str(pid) / "cmdline").read_text().split("\0")[:-1]


def listener(port: int) -> int | None:
    """The process that listens on a TCP port; None where none does or it may not be known."""
    sockets = {f"socket:[{inode}]" for inode in _listening_inodes(port)}
    for process in PROC.glob("[0-9]*"):
        # Processes end while we look, and other users' cannot be looked into.
        with suppress(OSError):
            if any(str(link.readlink()) in sockets for link in (process / "fd").iterdir()):
                return int(process.name)
    return None


def _listening_inodes(port: int) -> set[str]:
    inodes = set()
    for table in ("tcp", "tcp6"):
        with suppress(OSError):
            for line in (PROC / "net" / table).read_text().splitlines()[1:]:
                fields = line.split()
                if fields[3] == LISTENING and int(fields[1].rpartition(":")[2], 16) == port:
                    inodes.add(fields[9])
    return inodes
