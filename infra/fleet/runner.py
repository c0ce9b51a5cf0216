"""A fleet's run: one process per stack, many at once, with a record of every step."""

from __future__ import annotations

import asyncio
import signal
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from time import monotonic

from tenantnet.engine.plugins import SharedPlugins
from tenantnet.engine.process import Result, StackProcess
from tenantnet.engine.states import Store
from tenantnet.failure import Failure
from tenantnet.fleet.record import FleetOperation, RunRecord, RunRecords, RunStatus, TenantRecord
from tenantnet.fleet.schedule import Schedule, estimate
from tenantnet.fleet.soak import soak
from tenantnet.fleet.targets import Target
from tenantnet.fleet.unchanged import Proofs
from tenantnet.fleet.words import changes_in_words, time_left_in_words
from tenantnet.refusal import Refused
from tenantnet.settings.project import Project
from tenantnet.toolchain.processes import begin_of, is_running

LONGEST_REASON = 4000
LONGEST_SILENCE_SECONDS = 60
# The engine forgets what it was creating when its plugin ended.
LEFT_OVER = "its update was killed; to see whether it left something in AWS: tenantnet fleet drift {name}"
SECONDS_BETWEEN_LOOKS = 0.5
COMMANDS: Mapping[FleetOperation, Sequence[str]] = {
    FleetOperation.PREVIEW: ("preview",),
    FleetOperation.UP: ("up", "--yes", "--skip-preview"),
    # Without the program: what is compared is the state and AWS.
    FleetOperation.DRIFT: ("refresh", "--preview-only"),
}


class FleetRun:
    """Continues a run until no tenant is left, the user stops it, or too many tenants have failed.

    targets: at least the record's tenants, but for those that are unread, with why. tell: prints a line.
    proofs: where previews without a change are kept as proofs. store: the backend's files, from which drift
    by pages reads the states.
    """

    def __init__(
        self,
        project: Project,
        record: RunRecord,
        targets: Mapping[str, Target],
        tell: Callable[[str], None],
        *,
        unread: Mapping[str, Refused] | None = None,
        proofs: Proofs | None = None,
        store: Store | None = None,
    ) -> None:
        self._unread = unread or {}
        self._project, self.record, self._targets, self._tell = project, record, targets, tell
        self._proofs, self._store = proofs, store
        self._records = RunRecords(project)
        self._folder = self._records.folder_of(record.run)
        self._schedule = Schedule(waiting=deque(), parallel=record.parallel, max_failures=record.max_failures)
        self._stacks: dict[str, StackProcess] = {}
        self._began: dict[str, float] = {}
        self._took: list[float] = []
        self._interrupted = False
        self._stopping = asyncio.Event()
        self.paused = False

    @property
    def was_stopped(self) -> bool:
        """Whether a person, or the machine's end, stopped it before it came to its own end."""
        return self._schedule.stopped

    async def go(self) -> None:
        """Do what is left. Raises Failure if the record cannot be written."""
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGINT, self._on_interrupt)
        for number in (signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self._interrupt)
        if self.record.pages and self._store:
            # Only here, and below: what reads AWS takes long to import, and a preview reads none of it.
            from tenantnet.fleet.paged import drift_by_pages  # noqa: PLC0415

            by_pages = partial(drift_by_pages, self._project, self._store, self.record, self._targets)
            await asyncio.to_thread(by_pages, self._tell)
        with SharedPlugins(self._project, self._folder / "plugin.log", self._tell) as plugins:
            await self._waves(plugins)
        self.record.ended = datetime.now(UTC)
        self._records.write(self.record)

    async def _waves(self, plugins: SharedPlugins) -> None:
        waves = self.record.divided()
        if self.record.soaked and (held := await self._soak(minutes=0)):
            self.record.held = held
            return
        for number, wave in enumerate(waves[self.record.soaked :], start=self.record.soaked + 1):
            if len(waves) > 1:
                self._tell(f"Wave {number} of {len(waves)}: {', '.join(wave[:5])}{', ...' * (len(wave) > 5)}")
            # What has failed by now could not be read by pages; an engine reads the same.
            self._schedule.waiting.extend(
                name
                for name in self.record.left_of(wave)
                if self.record.tenants[name].status is not RunStatus.FAILED
            )
            await self._all(plugins)
            if not self.record.waves or self._schedule.held_back:
                return
            self.record.held = await self._why_held(wave, self.record.waves.soak_minutes)
            if self.record.held or self._schedule.stopped:
                return
            self.record.soaked = number
            self._records.write(self.record)
            if self.record.waves.pause and number < len(waves):
                self.paused = True
                return

    async def _why_held(self, wave: Sequence[str], minutes: float) -> str:
        """Why a wave has not passed; empty if it has."""
        if failed := self.record.left_of(wave):
            return f"not all of its wave were updated: {', '.join(failed)}"
        return await self._soak(minutes=minutes)

    async def _soak(self, *, minutes: float) -> str:
        tenants = self._project.stacks_with_settings()
        return await soak(self.record, self._targets, minutes, self._stopping, self._tell, tenants=tenants)

    async def _all(self, plugins: SharedPlugins) -> None:
        tasks: dict[asyncio.Task[TenantRecord], str] = {}
        try:
            while True:
                for name in self._schedule.take():
                    self._began[name] = monotonic()
                    tasks[asyncio.create_task(self._tenant(name, plugins))] = name
                if not tasks:
                    return
                finished, _ = await asyncio.wait(
                    tasks, timeout=LONGEST_SILENCE_SECONDS, return_when=asyncio.FIRST_COMPLETED
                )
                for task in finished:
                    self._finish(tasks.pop(task), task.result())
                if not finished:
                    self._tell(f"{len(tasks)} under way, {len(self._schedule.waiting)} waiting")
        finally:
            # Whatever happened here: an update that loses its plugin loses what it was creating.
            if tasks:
                await asyncio.wait(tasks)

    def _finish(self, name: str, found: TenantRecord) -> None:
        self._schedule.finish(name, failed=found.status is RunStatus.FAILED)
        if found.status is RunStatus.DONE and found.seconds is not None:
            self._took.append(found.seconds)
        self._set(name, found)
        self._stacks.pop(name, None)
        del self._began[name]
        self._tell(self._line(name, found))

    def _line(self, name: str, found: TenantRecord) -> str:
        total = len(self.record.tenants)
        open_yet = (RunStatus.WAITING, RunStatus.RUNNING)
        count = sum(each.status not in open_yet for each in self.record.tenants.values())
        done = found.status is RunStatus.DONE
        what = changes_in_words(found, self.record.operation) if done else found.status
        now = monotonic()
        left = estimate(
            self._took,
            [now - began for began in self._began.values()],
            0 if self._schedule.held_back else len(self._schedule.waiting),
            self.record.parallel,
        )
        of_what = " of this wave" if self.record.waves else ""
        time_left = f"; {time_left_in_words(*left)}{of_what}" if left else ""
        return f"[{count:{len(str(total))}}/{total}] {name}: {what} ({found.seconds:.1f} s){time_left}"

    async def _tenant(self, name: str, plugins: SharedPlugins) -> TenantRecord:
        """One tenant, from start to end; a failure does not affect others."""
        former, began = self.record.tenants[name], monotonic()
        stack = StackProcess(self._project.folder, name, self._folder / f"{name}.log")
        self._stacks[name] = stack
        try:
            await self._former_has_ended(name, former)
            found = _STOPPED if self._interrupted else await self._operate(name, stack, plugins, former)
        except (Failure, Refused) as error:
            found = TenantRecord(status=RunStatus.FAILED, reason=str(error))
        if former.pid and self.record.operation is FleetOperation.UP:
            found = found.model_copy(update={"note": LEFT_OVER.format(name=name)})
        log = self._folder / f"{name}.log"
        place = str(log.relative_to(self._project.folder)) if log.exists() else ""
        return found.model_copy(update={"seconds": monotonic() - began, "log": place})

    async def _former_has_ended(self, name: str, former: TenantRecord) -> None:
        """Whether the pulumi of a killed run has ended: running updates continue by themselves."""
        if former.pid and is_running(former.pid, former.pid_began):
            self._tell(
                f"{name}: the killed run's pulumi, process {former.pid}, is still at work; waiting for it"
            )
            while is_running(former.pid, former.pid_began) and not self._interrupted:
                await asyncio.sleep(SECONDS_BETWEEN_LOOKS)

    async def _operate(
        self, name: str, stack: StackProcess, plugins: SharedPlugins, former: TenantRecord
    ) -> TenantRecord:
        if name in self._unread:
            raise self._unread[name]
        target, proofs = self._targets[name], self._proofs
        before = await asyncio.to_thread(proofs.fingerprint, target) if proofs else None
        result = await self._pulumi(name, stack, plugins)
        # The holder was a process of this run that has ended.
        of_run = result.lock and result.lock.is_gone and result.lock.pid == former.pid
        if of_run and await stack.release_lock():
            self._tell(f"{name}: released the lock of the killed run's process {former.pid}")
            result = await self._pulumi(name, stack, plugins)
        if result.code != 0 and self._interrupted:
            return _STOPPED
        if result.code != 0:
            return TenantRecord(status=RunStatus.FAILED, reason=why_failed(name, result))
        findings: tuple[str, ...] = ()
        if self.record.operation is FleetOperation.DRIFT:
            from tenantnet.observed.drift import find_drift  # noqa: PLC0415

            findings = tuple(await asyncio.to_thread(find_drift, name, target.region, result.log.steps))
        if proofs:
            await asyncio.to_thread(proofs.keep, target, before, result.log)
        return TenantRecord(status=RunStatus.DONE, changes=result.log.counts, findings=findings)

    async def _pulumi(self, name: str, stack: StackProcess, plugins: SharedPlugins) -> Result:
        environment = await asyncio.to_thread(plugins.environment, self._targets[name].provider)
        operation, pack = self.record.operation, self.record.policy_pack
        policies = ("--policy-pack", pack) if pack and operation is not FleetOperation.DRIFT else ()
        return await stack.run(
            [*COMMANDS[operation], *policies],
            environment,
            began=lambda pid: self._set(
                name, TenantRecord(status=RunStatus.RUNNING, pid=pid, pid_began=begin_of(pid))
            ),
        )

    def _set(self, name: str, found: TenantRecord) -> None:
        self.record.tenants[name] = found
        self._records.write(self.record)

    def _on_interrupt(self) -> None:
        if self._schedule.stopped:
            self._interrupt()
            return
        self._stop()
        self._tell(
            f"Stopping: no further tenant is started. {', '.join(sorted(self._schedule.running)) or 'None'} "
            "running; press Ctrl-C again to interrupt."
        )

    def _stop(self) -> None:
        self._schedule.stopped = True
        self._stopping.set()

    def _interrupt(self) -> None:
        self._stop()
        self._interrupted = True
        self._tell("Interrupting: each stack stops after its current steps.")
        for stack in self._stacks.values():
            stack.interrupt()


_STOPPED = TenantRecord(status=RunStatus.STOPPED, reason="it was interrupted")


def why_failed(name: str, result: Result) -> str:
    """What Pulumi says of a process for a stack that has failed, and who holds its lock."""
    if lock := result.lock:
        gone = "that process has ended" if lock.is_gone else "it may still be at work"
        return (
            f"the stack is locked, {lock.words}: {gone}. If it is certain that nothing works on the stack: "
            f"pulumi cancel --stack {name}"
        )
    said = result.said or f"pulumi ended with code {result.code} and said nothing"
    return said if len(said) <= LONGEST_REASON else f"{said[:LONGEST_REASON]}..."
