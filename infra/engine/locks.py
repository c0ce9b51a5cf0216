"""The lock of a stack: which process has it, and whether that process still runs."""

from __future__ import annotations

import re
import socket
from dataclasses import dataclass
from pathlib import Path

from tenantnet.failure import Failure
from tenantnet.toolchain.processes import is_running

# A file or bucket backend names a lock's holder, Pulumi's own service does not.
_HOLDER = re.compile(r"(?:created by \S+@(?P<host>\S+) \(pid (?P<pid>\d+)\)|Another update ).*")
# Pulumi's error about a lock whose file is empty.
_UNFINISHED = "unexpected end of JSON input"


@dataclass(frozen=True, slots=True, kw_only=True)
class LockHolder:
    """words: Pulumi's. host and pid: of the process, where Pulumi names it."""

    words: str
    host: str | None = None
    pid: int | None = None

    @property
    def is_gone(self) -> bool:
        """Whether it was a process of this machine that has ended; False for other machines."""
        return self.host == socket.gethostname() and self.pid is not None and not is_running(self.pid)


def lock_holder(text: str) -> LockHolder | None:
    """The holder of the lock that Pulumi complains of in `text`; None if it does not."""
    if found := _HOLDER.search(text):
        return LockHolder(words=found[0], host=found["host"], pid=int(found["pid"]) if found["pid"] else None)
    return None


def locked(task: str, stack: str, text: str, state: str = "Nothing was changed.") -> Failure:
    """The failure of a task that the stack's lock prevents. text: Pulumi's error."""
    holder = lock_holder(text)
    who = holder.words if holder else "Pulumi does not name the holder"
    return Failure(
        f"Could not {task}.",
        reason=f"another update holds the stack's lock: {who}",
        remedy="wait until it has finished; if that process is certainly gone, release the lock: "
        f"pulumi cancel --stack {stack}",
        state=state,
    )


def clear_unfinished_locks(text: str, stack: str, backend: Path | None) -> bool:
    """Remove locks that a full disk has cut off, and say whether there were any.

    text: of Pulumi's error, which then names no lock. backend: the folder of a file backend, which writes a
    lock under a temporary name first; so complete locks of any process are not touched.
    """
    if backend is None or _UNFINISHED not in text:
        return False
    unfinished = list(backend.glob(f".pulumi/locks/**/{stack}/*.tmp"))
    for each in unfinished:
        each.unlink(missing_ok=True)
    return bool(unfinished)
