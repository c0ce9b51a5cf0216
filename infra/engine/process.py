"""A `pulumi` process for one stack, which finishes even if this process is killed."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tenantnet.engine.events import EngineLog, read_event_log, said_in
from tenantnet.engine.locks import LockHolder, lock_holder
from tenantnet.engine.protection import errors_in_our_words


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """code: of the process. said: by the policies that refuse and by Pulumi's errors.

    lock: its holder, if the lock was the obstacle.
    """

    code: int
    log: EngineLog
    said: str
    lock: LockHolder | None


class StackProcess:
    """folder: the project's. log: the file for what `pulumi` prints."""

    def __init__(self, folder: Path, stack: str, log: Path) -> None:
        self._folder, self._stack, self._log = folder, stack, log
        self._process: asyncio.subprocess.Process | None = None
        self._interrupted = False

    async def run(
        self, command: Sequence[str], environment: Mapping[str, str], *, began: Callable[[int], None]
    ) -> Result:
        """Run `pulumi COMMAND…` to its end. environment: over this process's own. began: gets its id."""
        events = self._log.with_suffix(".events")
        code = await self._pulumi([*command, "--event-log", str(events)], environment, began)
        output = self._log.read_text(encoding="utf-8", errors="replace")
        log = EngineLog()
        if events.exists():
            with events.open(encoding="utf-8", errors="replace") as lines:
                log = EngineLog.of(read_event_log(lines))
            events.unlink()
        # The engine's only error is then that it failed.
        broken = [str(each) for each in log.violations if each.mandatory]
        said = "\n".join(dict.fromkeys([*broken, *errors_in_our_words(log)])) or said_in(output)
        # A lock is met before the engine begins, so no event tells of it.
        return Result(code=code, log=log, said=said, lock=lock_holder(output) if code else None)

    async def release_lock(self) -> bool:
        """Release the stack's lock; whether that worked."""
        return await self._pulumi(["cancel", "--yes"], {}, lambda _: None) == 0

    def interrupt(self) -> None:
        """Stop it after its current steps, or as soon as it begins; it releases its lock."""
        self._interrupted = True
        if self._process and self._process.returncode is None:
            with suppress(ProcessLookupError):
                self._process.send_signal(signal.SIGINT)

    async def _pulumi(
        self, command: Sequence[str], environment: Mapping[str, str], began: Callable[[int], None]
    ) -> int:
        with self._log.open("wb") as output:
            self._process = await asyncio.create_subprocess_exec(
                "pulumi",
                *command,
                *("--non-interactive", "--color", "never", "--stack", self._stack),
                cwd=self._folder,
                stdin=asyncio.subprocess.DEVNULL,
                # Not a pipe: it would break with this process, and the update with it.
                stdout=output,
                stderr=asyncio.subprocess.STDOUT,
                start_new_session=True,
                env={
                    **os.environ,
                    "PULUMI_SKIP_UPDATE_CHECK": "true",
                    # Makes --event-log known.
                    "PULUMI_DEBUG_COMMANDS": "true",
                    # What an update would put back is what a refresh reports.
                    "PULUMI_ENABLE_LEGACY_REFRESH_DIFF": "false",
                    **environment,
                },
            )
        began(self._process.pid)
        if self._interrupted:
            self.interrupt()
        return await self._process.wait()
