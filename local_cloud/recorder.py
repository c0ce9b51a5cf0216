"""Writes down who called what: each different call once, and no parameter."""

from __future__ import annotations

from pathlib import Path
from threading import Lock

from tenantnet.permissions.record import Call


class Recorder:
    """Keeps the record of one server."""

    def __init__(self, file: Path) -> None:
        self._file, self._lock = file, Lock()
        self._known: set[Call] = set()
        # One record, one cloud.
        file.unlink(missing_ok=True)

    def write(self, call: Call) -> None:
        """Add the call, unless it is there already."""
        with self._lock:
            if call not in self._known:
                self._known.add(call)
                with self._file.open("a", encoding="utf-8") as file:
                    file.write(call.to_line() + "\n")
