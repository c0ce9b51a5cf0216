"""The record of a fleet's run: a file with the current state of each tenant, so that a run can be resumed."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

from pydantic import AliasChoices, Field, ValidationError
from tenantnet.engine import events
from tenantnet.failure import Failure
from tenantnet.fleet.waves import Waves
from tenantnet.refusal import Refused, Rule
from tenantnet.settings.project import Project
from tenantnet.stacks.outputs import Model
from tenantnet.toolchain.processes import is_running, this_machine

RUN_TO_RESUME = Rule(
    id="run-to-resume",
    rule="there is an unfinished run to resume",
    reason="{folder} has no run of `fleet {operation}` with anything left to do",
    remedy="start one: tenantnet fleet {operation}",
)
RUN_ENDED = Rule(
    id="run-ended",
    rule="a run can be resumed once the process that began it has ended",
    reason="process {pid} of this machine still runs it",
    remedy="wait for it, or press Ctrl-C there",
)


class FleetOperation(StrEnum):
    """What is done with every tenant's stack."""

    PREVIEW = "preview"
    UP = "up"
    DRIFT = "drift"


class RunStatus(StrEnum):
    """How far a tenant is in a run. STOPPED: it was started and interrupted."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    STOPPED = "stopped"


class TenantRecord(Model):
    """One tenant in a run.

    changes: how many resources by operation (`create`, `update`, `same`). findings: drift, in sentences.
    proved: it is unchanged, and no engine had to see that. reason: why it failed. note: a remark on a
    success. pid, pid_began: of the `pulumi` that has or had it, as is_running takes them. log: what that
    printed.
    """

    # Runs of former versions have it as `standing`.
    status: Annotated[RunStatus, Field(validation_alias=AliasChoices("status", "standing"))] = (
        RunStatus.WAITING
    )
    seconds: float | None = None
    changes: Mapping[events.Operation, int] = {}
    findings: tuple[str, ...] = ()
    proved: bool = False
    reason: str = ""
    note: str = ""
    pid: int | None = None
    pid_began: float | None = None
    log: str = ""


class Shared(Model):
    """What the machines of a batch share out, as one of them sees it. All must see the same.

    tenants: of all slices. policy_pack, pages, waves: as they are asked for. commit: git's; empty without
    one. files: a digest of the program's, the settings' and the pack's files.
    """

    operation: FleetOperation
    tenants: tuple[str, ...]
    policy_pack: str | None = None
    pages: bool | None = None
    waves: Waves | None = None
    commit: str = ""
    files: str = ""


class RunRecord(Model, frozen=False):
    """One run. machine: where `pid`, the fleet's own, and the tenants' pids mean something.

    batch, share: of which run on several machines it is which slice, such as `3/10`; empty for a whole run.
    shared: of what it is a slice, as it began and each time it was resumed, without repetitions.
    pages: whether drift is read by pages. waves: None if all tenants are one. alarms_before: the names of
    those that were raised when it began and have not ended since. soaked: how many waves have passed, with
    the time after each. held: why the last of its waves so far has not.
    """

    run: str
    operation: FleetOperation
    began: datetime
    ended: datetime | None = None
    machine: str
    pid: int
    pid_began: float | None = None
    parallel: int
    max_failures: int | None = None
    policy_pack: str | None = None
    batch: str = ""
    share: str = ""
    shared: tuple[Shared, ...] = ()
    pages: bool = False
    waves: Waves | None = None
    alarms_before: tuple[str, ...] = ()
    soaked: int = 0
    held: str = ""
    tenants: dict[str, TenantRecord]

    def left(self) -> list[str]:
        """The tenants that are not done, in the order of their turn."""
        return [name for wave in self.divided() for name in self.left_of(wave)]

    @property
    def has_rest(self) -> bool:
        """Whether a tenant is not done, or a wave has not passed."""
        return bool(self.left()) or (self.waves is not None and self.soaked < len(self.divided()))

    def proved(self) -> list[str]:
        """The tenants that were proved unchanged."""
        return [name for name, each in self.tenants.items() if each.proved]

    def look_again(self, proved: Collection[str]) -> None:
        """Leave to do what was proved unchanged, but for those tenants that still are."""
        self.tenants.update({name: TenantRecord() for name in self.proved() if name not in proved})

    def divided(self) -> list[list[str]]:
        """All tenants, wave by wave."""
        return self.waves.of(self.tenants) if self.waves else [sorted(self.tenants)]

    def left_of(self, wave: Sequence[str]) -> list[str]:
        """The wave's tenants that are not done."""
        return [name for name in wave if self.tenants[name].status is not RunStatus.DONE]


class RunRecords:
    """The runs of a project, each in a folder of its own: its record, and the log of every tenant."""

    def __init__(self, project: Project) -> None:
        self.folder = project.folder / ".tenantnet" / "fleet"

    def folder_of(self, run: str) -> Path:
        """Where a run's files are."""
        return self.folder / run

    def file_of(self, run: str) -> Path:
        """The record itself."""
        return self.folder_of(run) / "run.json"

    def begin(self, record: RunRecord) -> None:
        """Make the run's folder, unless it is there, for this user alone. Raises Failure if that fails."""
        with _on_disk(self.folder):
            # These files belong to this machine and are no part of the project.
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self.folder.with_name(".gitignore").write_text("*\n", encoding="utf-8")
            self.folder_of(record.run).mkdir(exist_ok=True, mode=0o700)
        self.write(record)

    def write(self, record: RunRecord) -> None:
        """Put the record in its place, at once and whole."""
        path = self.file_of(record.run)
        with _on_disk(path):
            draft = path.with_suffix(".new")
            draft.write_text(record.model_dump_json(by_alias=True, indent=2), encoding="utf-8")
            draft.replace(path)

    def unfinished(self, operation: FleetOperation) -> RunRecord:
        """The newest run of an operation with something left. Raises Refused if none can be resumed."""
        # Newest first: a run's name begins with its time.
        for run in sorted((file.parent.name for file in self.folder.glob("*/run.json")), reverse=True):
            record = self._read(run)
            if record and record.operation is operation and record.has_rest:
                _require_ended(record)
                return record
        raise Refused("The run", [RUN_TO_RESUME.refuse("--resume", folder=self.folder, operation=operation)])

    def as_here(self, kept: RunRecord) -> RunRecord:
        """A slice's run as this machine has it, where that is newer than what the backend keeps of it.

        kept: as its process began, or ended. Raises Refused if the process of this machine is at work.
        """
        own = self._read(kept.run) if kept.machine == this_machine() else None
        if own is None or (own.machine, own.pid) != (kept.machine, kept.pid):
            return kept
        _require_ended(own)
        return own

    def _read(self, run: str) -> RunRecord | None:
        """None if it is not one of this version's."""
        with suppress(ValidationError, OSError):
            return RunRecord.model_validate_json(self.file_of(run).read_bytes())
        return None


def _require_ended(record: RunRecord) -> None:
    here = record.machine == this_machine() and record.pid != os.getpid()
    if here and is_running(record.pid, record.pid_began):
        raise Refused(f"The run {record.run}", [RUN_ENDED.refuse(record.run, pid=record.pid)])


@contextmanager
def _on_disk(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise Failure(
            "Could not record the run.",
            reason=f"{error.strerror}: {path}",
            remedy="make the folder writable, or free space on its disk",
            state="No further tenant was begun.",
        ) from None
