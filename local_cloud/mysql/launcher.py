"""Starts server processes, and ends them all at once."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tenantnet.failure import Failure


class Launcher:
    """Starts every process from one thread that lives as long as this process.

    The kernel ends a process with the thread that started it (PR_SET_PDEATHSIG), and the threads that answer
    requests end with their requests.
    """

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="mysql-launcher")
        self._processes: list[subprocess.Popen[bytes]] = []
        self._closed = False

    def launch(self, command: Sequence[str], *, folder: Path, log: Path) -> subprocess.Popen[bytes]:
        """Start a process in a folder, with its output added to a log. Raises Failure once all have ended."""
        return self._thread.submit(self._launch, command, folder, log).result()

    def _launch(self, command: Sequence[str], folder: Path, log: Path) -> subprocess.Popen[bytes]:
        if self._closed:
            raise Failure("No database server starts any more.", reason="the cloud stops", remedy="none")
        self._processes = [process for process in self._processes if process.poll() is None]
        with log.open("ab") as output:
            process = subprocess.Popen(
                command, cwd=folder, stdin=subprocess.DEVNULL, stdout=output, stderr=output
            )
        self._processes.append(process)
        return process

    def close(self) -> None:
        """End all processes; none starts afterwards."""
        self._thread.submit(self._end_all).result()
        self._thread.shutdown()

    def _end_all(self) -> None:
        self._closed = True
        for process in self._processes:
            process.kill()
        for process in self._processes:
            process.wait()
