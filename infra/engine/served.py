"""A process that serves engines at a port of its own, which it prints first."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

# Tells an AWS plugin of our own make that it is not one engine's: see tools/aws-plugin/main.go.
SHARED = "TENANTNET_SHARED_PLUGIN"
START_LIMIT_SECONDS = 60
STOP_LIMIT_SECONDS = 10


class Served:
    """port: where it serves; 0 where it ended before it did."""

    def __init__(self, process: asyncio.subprocess.Process, port: int) -> None:
        self._process, self.port = process, port

    @property
    def runs(self) -> bool:
        """Whether engines can attach to it."""
        return self.port > 0 and self._process.returncode is None

    async def end(self) -> None:
        """Have it end. An AWS plugin of our own make first serves out the engines that are attached."""
        if self._process.stdin:
            # For such a plugin: it ends by itself once its standard input has, and the last engine.
            self._process.stdin.close()
        with suppress(ProcessLookupError):
            self._process.terminate()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._process.wait(), STOP_LIMIT_SECONDS)
            return
        self._process.kill()
        await self._process.wait()


async def serve(command: Sequence[str | Path], log: Path, environment: Mapping[str, str]) -> Served:
    """Start it. log: the file for what it prints as its errors. environment: all of its own."""
    with log.open("ab") as output:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=output,
            # A Ctrl-C is for whoever started it alone: updates under way still need it.
            process_group=0,
            env={**environment, SHARED: "1"},
        )
    assert process.stdout is not None  # noqa: S101 - it is a pipe
    try:
        line = await asyncio.wait_for(process.stdout.readline(), START_LIMIT_SECONDS)
    except TimeoutError:
        line = b""
    if not line.strip().isdigit():
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        return Served(process, 0)
    return Served(process, int(line))
