"""A run over many tenants, as the commands ask for it and print it."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import typer
from tenantnet.cli.confirmation import confirm
from tenantnet.cli.output import print_table, require_writable, say, show, write_file
from tenantnet.cli.project import working_project
from tenantnet.engine.plugins import Tell
from tenantnet.engine.states import BACKEND_FILE, Store, backend_url, store_of
from tenantnet.engine.version import engine_version
from tenantnet.fleet.batches import BATCH_OF_SLICES, UNSEEN, WHOLE, Batches, checked
from tenantnet.fleet.record import RUN_TO_RESUME, FleetOperation, RunRecord, RunRecords, Shared
from tenantnet.fleet.runner import FleetRun
from tenantnet.fleet.runs import Limits, begin_run, resume_run
from tenantnet.fleet.selection import Slice
from tenantnet.fleet.shared import seen_now
from tenantnet.fleet.targets import read_each, select_each
from tenantnet.fleet.unchanged import find_proofs
from tenantnet.fleet.waves import Waves
from tenantnet.fleet.words import as_markdown, held_in_words, rows, summary, way_back, way_on
from tenantnet.observed.alarms import raised_alarms
from tenantnet.refusal import Refused, Rule
from tenantnet.settings.project import PACK_FILE, PACK_FILES, Project

# DRIFT_FOUND: nothing failed, and something is not as it should be. PAUSED: the next wave waits to be let in.
# STOPPED: a shell's code for Ctrl-C.
NOT_ALL_DONE, DRIFT_FOUND, PAUSED, STOPPED = 1, 3, 4, 130

RESUME_ALONE = Rule(
    id="resume-alone",
    rule="a resumed run keeps its tenants, its waves and its way to compare",
    reason="they were given when it was started",
    remedy="leave out --resume, or names, --platform, --slice without --batch, --policy-pack, --canary, "
    "--wave, --soak, --pause, --pages and --engines",
)

PACK_THERE = Rule(
    id="policy-pack-there",
    rule=f"a policy pack is a folder with a {PACK_FILE}",
    reason="there is none in {folder}",
    remedy="name the folder as it is seen from the project's: --policy-pack policies",
)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a new run is about, the limits of any run, and whether to go on with the last one."""

    tenants: list[str]
    platform: str | None
    share: str | None
    policy_pack: str | None
    parallel: int | None
    max_failures: int | None
    resume: bool
    all_engines: bool = False
    waves: Waves | None = None
    pages: bool | None = None
    batch: str | None = None

    @property
    def limits(self) -> Limits:
        return Limits(parallel=self.parallel, max_failures=self.max_failures)

    def checked_batch(self, store: Store | None) -> str:
        """The batch's name; empty without one. Raises Refused."""
        if self.batch is None:
            return ""
        name = checked(self.batch)
        if not (self.share and store):
            reason = UNSEEN if self.share else WHOLE
            raise Refused("The command", [BATCH_OF_SLICES.refuse(name, "--batch", reason=reason)])
        return name

    def shared(self, operation: FleetOperation, tenants: Collection[str]) -> Shared:
        """What the machines of a batch share out. tenants: of all slices."""
        return Shared(
            operation=operation,
            tenants=tuple(tenants),
            policy_pack=self.policy_pack,
            pages=self.pages,
            waves=self.waves,
        )

    def by_pages(self, operation: FleetOperation, tenants: int) -> bool:
        """Whether drift is read by pages."""
        if operation is not FleetOperation.DRIFT:
            return False
        from tenantnet.fleet.paged import FEW

        return tenants > FEW if self.pages is None else self.pages


def _begin(project: Project, operation: FleetOperation, asked: Asked, tell: Tell, *, yes: bool) -> FleetRun:
    """The run to do: the last one, or a new one, for which people are asked without `yes`."""
    store = store_of(backend_url(project))
    share, batch = Slice.parse(asked.share) if asked.share else None, asked.checked_batch(store)
    if asked.resume:
        former = Batches(store, project).slice_of(batch, share) if batch and share and store else None
        return _resume(project, operation, asked, tell, former)
    _require_pack(project, asked.policy_pack)
    selected = select_each(project, asked.tenants, platform=asked.platform, share=share)
    targets, unread = selected.targets, _left_out(operation, selected.unread, selected.unread)
    chosen = sorted([*targets, *unread])
    shared = None
    if batch and share and store:
        shared = seen_now(project, asked.shared(operation, selected.shared))
        Batches(store, project).require_alike(batch, share, shared)
    proofs = find_proofs(project, asked.policy_pack, tell) if operation is FleetOperation.PREVIEW else None
    proved = proofs.proved(targets.values()) if proofs and not asked.all_engines else set()
    pages = asked.by_pages(operation, len(chosen))
    if pages and not store:
        tell("No drift is read by pages: only a backend in a folder or in S3 shows the stacks' states.")
    if proved < {*chosen} and not (pages and store):
        _require_engine(project, store)
    some = ", ".join(chosen[:5]) + (", ..." if len(chosen) > 5 else "")
    confirm(f"Update {len(chosen)} tenants ({some})?", yes=yes, err=True)
    regions = {target.region for target in targets.values()} if asked.waves else ()
    record = begin_run(
        *(RunRecords(project), operation, chosen, asked.limits),
        proved=proved,
        policy_pack=asked.policy_pack,
        batch=batch,
        share=str(share or ""),
        shared=shared,
        pages=pages,
        waves=asked.waves,
        alarms_before=raised_alarms(regions),
    )
    return FleetRun(project, record, targets, tell, unread=unread, proofs=proofs, store=store)


def _resume(
    project: Project, operation: FleetOperation, asked: Asked, tell: Tell, former: RunRecord | None
) -> FleetRun:
    """The rest of the last run. former: what another machine has left of the slice."""
    records, store = RunRecords(project), store_of(backend_url(project))
    record = _resumed(records, operation, asked, former)
    if record.shared and store:
        _see_again(project, records, record, store)
    previews = operation is FleetOperation.PREVIEW
    proofs = find_proofs(project, record.policy_pack, tell) if previews else None
    targets, unreadable = read_each(project, record.tenants)
    before = [targets[name] for name in record.proved() if name in targets]
    record.look_again(proofs.proved(before) if proofs and not asked.all_engines else ())
    # After each wave the alarms of all that were updated are looked at; of a removed tenant there are none.
    updated = [name for name in record.tenants if record.waves and project.settings_file(name).exists()]
    unread = _left_out(operation, unreadable, {*record.left(), *updated})
    return FleetRun(project, record, targets, tell, unread=unread, proofs=proofs, store=store)


def _left_out(
    operation: FleetOperation, unread: Mapping[str, Refused], among: Collection[str]
) -> Mapping[str, Refused]:
    """What only shows leaves out and names what is unread; an update does not begin. Raises Refused."""
    left_out = {name: why for name, why in unread.items() if name in among}
    if operation is FleetOperation.UP and left_out:
        raise next(iter(left_out.values()))
    return left_out


def _see_again(project: Project, records: RunRecords, record: RunRecord, store: Store) -> None:
    """Note with which files a slice is resumed. Raises Refused if that makes another run of it."""
    now = seen_now(project, record.shared[-1])
    Batches(store, project).require_alike(record.batch, Slice.parse(record.share), now)
    if now not in record.shared:
        record.shared = (*record.shared, now)
        records.write(record)


def _require_pack(project: Project, pack: str | None) -> None:
    """Raises Refused if there is none: a stack that is proved unchanged would never miss it."""
    folder = project.folder / (pack or "")
    if pack is not None and not any((folder / each).is_file() for each in PACK_FILES):
        raise Refused("The command", [PACK_THERE.refuse(pack, "--policy-pack", folder=folder)])


def _require_engine(project: Project, store: Store | None) -> None:
    """Raises Failure without an engine or its backend: every tenant would fail in turn."""
    if store and any(store.versions(BACKEND_FILE)):
        # A list of all stacks would end at one state that cannot be read, which is its tenant's failure.
        engine_version()
    else:
        from tenantnet.engine.engine import Engine

        Engine(project).stacks()


def _resumed(
    records: RunRecords, operation: FleetOperation, asked: Asked, former: RunRecord | None
) -> RunRecord:
    """former: the run as another machine left it; None for the last one of this machine."""
    waves = "--canary, --wave, --soak, --pause" if asked.waves else None
    share = None if former else asked.share
    way = {None: None, True: "--pages", False: "--engines"}[asked.pages]
    for value in (asked.tenants, asked.platform, share, asked.policy_pack, waves, way):
        if value:
            raise Refused("The command", [RESUME_ALONE.refuse(value, "--resume")])
    if former and former.operation is not operation:
        refusal = RUN_TO_RESUME.refuse("--resume", folder=f"batch {former.batch}", operation=operation)
        raise Refused("The run", [refusal])
    return resume_run(records, operation, asked.limits, former and records.as_here(former))


def go(operation: str, asked: Asked, report: Path | None, *, yes: bool = True, as_json: bool) -> None:
    """Do the rest of the run, and print its result."""
    if report:
        require_writable(report, "--report")
    project, tell = working_project(), partial(typer.echo, err=True)
    run = _begin(project, FleetOperation(operation), asked, tell, yes=yes)
    record, store = run.record, store_of(backend_url(project))
    batches = Batches(store, project) if record.batch and store else None
    if batches:
        # A machine that is lost leaves it as it is now.
        batches.keep(record)
    try:
        asyncio.run(run.go())
    finally:
        record.ended = record.ended or datetime.now(UTC)
        if batches:
            batches.keep(record)
    show(record, print_run, as_json=as_json)
    if report:
        write_file(report, as_markdown(record), "--report")
    if run.paused:
        raise typer.Exit(PAUSED)
    if record.has_rest:
        raise typer.Exit(STOPPED if run.was_stopped else NOT_ALL_DONE)
    if any(found.findings for found in record.tenants.values()):
        raise typer.Exit(DRIFT_FOUND)


def print_run(record: RunRecord) -> None:
    """Its tenants in a table, what is to be known of each, and how to go on."""
    print_table(f"fleet {record.operation}", ("Tenant", "", "Changes", "Seconds"), rows(record))
    for name, found in sorted(record.tenants.items()):
        log = f"\n  log: {found.log}" if found.log else ""
        failure = f"\n{name}: {found.status}\n{found.reason}{log}" if found.reason else ""
        for text in (*(f"{name}: {each}" for each in (*found.findings, found.note) if each), failure):
            if text:
                say(text)
    for line in ("", *way_back(record), summary(record)):
        typer.echo(line)
    if record.held:
        typer.echo(held_in_words(record))
    if record.has_rest:
        typer.echo(way_on(record))
