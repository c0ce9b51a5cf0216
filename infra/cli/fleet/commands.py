"""`tenantnet fleet`: many tenants at once."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from tenantnet.cli.fleet.status import status
from tenantnet.cli.options import AsJson, OfPlatform, Tenants
from tenantnet.cli.output import console, print_json, table
from tenantnet.engine.engine import Engine
from tenantnet.fleet.record import FleetOperation, RunRecord, RunRecords, RunStatus
from tenantnet.fleet.runner import FleetRun
from tenantnet.fleet.runs import Limits, begin_run, resume_run
from tenantnet.fleet.selection import Slice, select_tenants
from tenantnet.fleet.targets import read_targets
from tenantnet.fleet.words import as_markdown, changes_in_words, summary
from tenantnet.refusal import Refused, Rule
from tenantnet.settings.project import Project, find_project

# DRIFT_FOUND: nothing failed, and something is not as it should be. STOPPED: as a shell tells of Ctrl-C.
NOT_ALL_DONE, DRIFT_FOUND, STOPPED = 1, 3, 130
# After three failures the cause is probably the program.
FAILURES_OF_AN_UPDATE = 3

RESUME_ALONE = Rule(
    id="resume-alone",
    rule="a resumed run keeps its tenants",
    reason="it was started for other tenants",
    remedy="leave out the names, --platform, --slice and --policy-pack, or start a new run without --resume",
)

RULES = (RESUME_ALONE,)

app = typer.Typer(no_args_is_help=True)
app.command()(status)

Share = Annotated[
    str | None,
    typer.Option(
        "--slice", help="Only one machine's share, such as 3/10: the third of ten.", show_default=False
    ),
]
Parallel = Annotated[
    int | None,
    typer.Option(
        "--parallel", min=1, help="Stacks at once. [default: by the number of processors]", show_default=False
    ),
]
MaxFailures = Annotated[
    int | None,
    typer.Option(
        "--max-failures", min=1, help="Start no further tenant after this many failures.", show_default=False
    ),
]
Resume = Annotated[bool, typer.Option("--resume", help="Continue the last run that did not finish.")]
Report = Annotated[
    Path | None, typer.Option("--report", help="The file for a Markdown report.", show_default=False)
]
PolicyPack = Annotated[
    str | None,
    typer.Option("--policy-pack", help="The policy pack to check every stack with.", show_default=False),
]


@app.callback()
def fleet() -> None:
    """Preview, update or check many tenants in parallel, with a report; resume a run that was interrupted."""


@app.command()
def preview(
    tenants: Tenants = None,
    *,
    platform: OfPlatform = None,
    share: Share = None,
    parallel: Parallel = None,
    max_failures: MaxFailures = None,
    policy_pack: PolicyPack = None,
    resume: Resume = False,
    report: Report = None,
    as_json: AsJson = False,
) -> None:
    """Preview the tenants' stacks. Nothing is changed.

    Example: tenantnet fleet preview --platform platform-eu1 --report preview.md
    """
    asked = _Asked(tenants=tenants or [], platform=platform, share=share, policy_pack=policy_pack)
    limits = Limits(parallel=parallel, max_failures=max_failures)
    _go(FleetOperation.PREVIEW, asked, limits, report, resume=resume, as_json=as_json)


@app.command()
def up(
    tenants: Tenants = None,
    *,
    platform: OfPlatform = None,
    share: Share = None,
    parallel: Parallel = None,
    max_failures: MaxFailures = FAILURES_OF_AN_UPDATE,
    policy_pack: PolicyPack = None,
    resume: Resume = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask for confirmation.")] = False,
    report: Report = None,
    as_json: AsJson = False,
) -> None:
    """Update the tenants' stacks. Ctrl-C starts no further one; a second Ctrl-C interrupts running ones.

    --resume continues a run that was stopped or killed.

    Example: tenantnet fleet up 'eu-*' --parallel 8 --yes
    """
    asked = _Asked(tenants=tenants or [], platform=platform, share=share, policy_pack=policy_pack)
    limits = Limits(parallel=parallel, max_failures=max_failures)
    _go(FleetOperation.UP, asked, limits, report, resume=resume, yes=yes, as_json=as_json)


@app.command()
def drift(
    tenants: Tenants = None,
    *,
    platform: OfPlatform = None,
    share: Share = None,
    parallel: Parallel = None,
    max_failures: MaxFailures = None,
    resume: Resume = False,
    report: Report = None,
    as_json: AsJson = False,
) -> None:
    """Find what is in AWS and not in the tenants' stacks, or the other way round. Nothing is changed.

    Exit code 3: there is drift.

    Example: tenantnet fleet drift acme
    """
    asked = _Asked(tenants=tenants or [], platform=platform, share=share)
    limits = Limits(parallel=parallel, max_failures=max_failures)
    _go(FleetOperation.DRIFT, asked, limits, report, resume=resume, as_json=as_json)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """What a new run is about."""

    tenants: list[str]
    platform: str | None
    share: str | None
    policy_pack: str | None = None

    def choose(self, project: Project) -> list[str]:
        # Without an engine or its backend every tenant would fail in turn.
        Engine(project).stacks()
        platforms = {name: target.platform for name, target in read_targets(project).items()}
        share = Slice.parse(self.share) if self.share else None
        return select_tenants(platforms, self.tenants, platform=self.platform, share=share)

    def refuse_any(self) -> None:
        for value in (self.tenants, self.platform, self.share, self.policy_pack):
            if value:
                raise Refused("The command", [RESUME_ALONE.refuse(value, "--resume")])


def _record(
    project: Project, operation: FleetOperation, asked: _Asked, limits: Limits, *, resume: bool, yes: bool
) -> RunRecord:
    """The run to do: the last one, or a new one, for which people are asked without `yes`."""
    records = RunRecords(project)
    if resume:
        asked.refuse_any()
        return resume_run(records, operation, limits)
    chosen = asked.choose(project)
    if not yes:
        typer.confirm(f"Update {len(chosen)} tenants ({_some(chosen)})?", abort=True, err=True)
    return begin_run(records, operation, chosen, limits, policy_pack=asked.policy_pack)


def _some(names: list[str]) -> str:
    return ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")


def _go(
    operation: FleetOperation,
    asked: _Asked,
    limits: Limits,
    report: Path | None,
    *,
    resume: bool,
    yes: bool = True,
    as_json: bool,
) -> None:
    """Do the rest of the run, and print its result."""
    project = find_project(Path.cwd())
    record = _record(project, operation, asked, limits, resume=resume, yes=yes)
    run = FleetRun(project, record, read_targets(project), partial(typer.echo, err=True))
    asyncio.run(run.go())
    if report:
        report.write_text(as_markdown(record), encoding="utf-8")
    if as_json:
        print_json(record.model_dump(mode="json", by_alias=True))
    else:
        _print(record)
    if record.left():
        raise typer.Exit(STOPPED if run.was_stopped else NOT_ALL_DONE)
    if any(found.findings for found in record.tenants.values()):
        raise typer.Exit(DRIFT_FOUND)


def _print(record: RunRecord) -> None:
    out = console()
    rows = [
        (
            name,
            found.status,
            changes_in_words(found, record.operation) if found.status is RunStatus.DONE else "",
            "" if found.seconds is None else f"{found.seconds:.1f}",
        )
        for name, found in sorted(record.tenants.items())
    ]
    out.print(table(f"fleet {record.operation}", ("Tenant", "", "Changes", "Seconds"), rows))
    for name, found in sorted(record.tenants.items()):
        for finding in found.findings:
            out.print(f"{name}: {finding}", markup=False, soft_wrap=True)
        if found.note:
            out.print(f"{name}: {found.note}", markup=False, soft_wrap=True)
        if found.reason:
            out.print(
                f"\n{name}: {found.status}\n{found.reason}\n  log: {found.log}",
                markup=False,
                soft_wrap=True,
            )
    out.print(f"\n{summary(record)}", markup=False)
    if record.left():
        out.print(f"To go on: tenantnet fleet {record.operation} --resume", markup=False)
