"""Previews and updates of a stack by the Automation API, with the policy pack."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any

from pulumi.automation import CommandResult, EngineEvent, PulumiCommand
from pulumi.automation.errors import create_command_error
from tenantnet.engine.engine import Engine
from tenantnet.settings.project import Project

NOT_BEGUN = "it was interrupted before it began"
Tell = Callable[[EngineEvent], None]
# What an interrupt holds off that comes before it; other commands only read, also what is left.
OPERATIONS = frozenset({"preview", "up", "refresh", "destroy"})


class Command(PulumiCommand):
    """`pulumi` in a process group of its own, so that Ctrl-C reaches it as often as `interrupt` says."""

    def __init__(self) -> None:
        super().__init__()
        # More than one: what the program of an update needs may take a command of its own.
        self._processes: list[subprocess.Popen[bytes]] = []
        self._starting = 0
        self.interrupted = 0

    def run(
        self,
        args: list[str],
        cwd: str,
        additional_env: Mapping[str, str],
        on_output: Callable[[str], Any] | None = None,
        on_error: Callable[[str], Any] | None = None,
    ) -> CommandResult:
        """Like the base class, but without sharing the terminal's signals with the engine and its plugins.

        on_output, on_error: get the lines once the command has ended.
        """
        if self.interrupted and args[0] in OPERATIONS:
            raise create_command_error(CommandResult(stdout="", stderr=NOT_BEGUN, code=-signal.SIGINT))
        # Not pipes: they would break with this process, and the update with them.
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            with self._begun(args, cwd, additional_env, out, err) as process:
                try:
                    process.wait()
                finally:
                    self._processes.remove(process)
            said, failed = map(_written, (out, err))
        for callback, text in ((on_output, said), (on_error, failed)):
            if callback:
                for line in text.splitlines():
                    callback(line)
        result = CommandResult(stdout=said, stderr=failed, code=process.returncode)
        if result.code != 0:
            raise create_command_error(result)
        return result

    def _begun(
        self,
        args: list[str],
        cwd: str,
        additional_env: Mapping[str, str],
        out: IO[bytes],
        err: IO[bytes],
    ) -> subprocess.Popen[bytes]:
        interrupted = self.interrupted
        self._starting += 1
        try:
            process = subprocess.Popen(
                [self.command, "--non-interactive", *args],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                cwd=cwd,
                env={**os.environ, **additional_env, "PULUMI_AUTOMATION_API": "true"},
                process_group=0,
            )
            for _ in range(self.interrupted - interrupted):
                process.send_signal(signal.SIGINT)
            self._processes.append(process)
            return process
        finally:
            self._starting -= 1

    @property
    def runs(self) -> bool:
        """Whether an engine is at work, or about to be."""
        return bool(self._starting or self._processes)

    def interrupt(self) -> None:
        """Once: start nothing more, and finish running steps. Twice: end at once."""
        self.interrupted += 1
        for process in list(self._processes):
            process.send_signal(signal.SIGINT)


def _written(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode(errors="replace")


class StackUpdate:
    """One stack, to be previewed and then updated. Raises CommandError if Pulumi fails."""

    def __init__(
        self, project: Project, stack: str, policy_config: Path | None = None, *, refresh: bool = False
    ) -> None:
        """policy_config: levels and settings of the policies. refresh: ask AWS first what it has."""
        self.command = Command()
        self._stack = Engine(project, lambda: self.command).stack(stack)
        self._options: dict[str, Any] = {
            "refresh": refresh,
            "policy_packs": [str(project.folder / "policies")],
            "policy_pack_configs": [str(policy_config)] if policy_config else None,
        }

    def preview(self, tell: Tell) -> Mapping[str, Any]:
        """Preview an update; return its plan as `pulumi preview --save-plan` writes it.

        tell: gets every event, in another thread.
        """
        with tempfile.TemporaryDirectory(prefix="tenantnet-") as folder:
            document = Path(folder) / "plan.json"
            self._stack.preview(on_event=tell, plan=str(document), color="never", **self._options)
            plan: Mapping[str, Any] = json.loads(document.read_text(encoding="utf-8"))
            return plan

    def run(self, tell: Tell) -> None:
        """Update the stack. tell: gets every event, in another thread."""
        self._stack.up(
            on_event=tell, color="never", show_secrets=False, suppress_outputs=True, **self._options
        )

    def last(self) -> int | None:
        """How many seconds the stack's last update took; None if there was none."""
        history = self._stack.history(page_size=1, show_secrets=False)
        if not history or history[0].end_time is None or not history[0].resource_changes:
            return None
        return int((history[0].end_time - history[0].start_time).total_seconds())
