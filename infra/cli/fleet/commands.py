"""`tenantnet fleet`: many tenants at once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from tenantnet.cli.fleet.report import report as report_of_batch
from tenantnet.cli.fleet.status import status
from tenantnet.cli.options import AsJson, OfPlatform, Tenants

# After three failures the cause is probably the program.
FAILURES_OF_AN_UPDATE = 3

app = typer.Typer()
app.command()(status)
app.command("report")(report_of_batch)

Share = Annotated[
    str | None, typer.Option("--slice", help="Only one machine's share, such as 3/10: the third of ten.")
]
Batch = Annotated[
    str | None,
    typer.Option(help="The name that all machines of a sliced run give: `fleet report NAME` has them all."),
]
Parallel = Annotated[
    int | None, typer.Option(min=1, help="Stacks at once. [default: by the number of processors]")
]
MaxFailures = Annotated[
    int | None,
    typer.Option(min=1, help="Start no further tenant after this many failures.", show_default=False),
]
Resume = Annotated[bool, typer.Option("--resume", help="Continue the last run that did not finish.")]
Report = Annotated[Path | None, typer.Option(help="The file for a Markdown report.")]
PolicyPack = Annotated[str | None, typer.Option(help="The policy pack to check every stack with.")]


@app.command()
def preview(
    tenants: Tenants = None,
    *,
    platform: OfPlatform = None,
    share: Share = None,
    batch: Batch = None,
    parallel: Parallel = None,
    max_failures: MaxFailures = None,
    policy_pack: PolicyPack = None,
    resume: Resume = False,
    all_engines: Annotated[
        bool, typer.Option("--all-engines", help="Preview also the stacks that are proved unchanged.")
    ] = False,
    report: Report = None,
    as_json: AsJson = False,
) -> None:
    """Preview the tenants' stacks. Nothing is changed in AWS or in a stack.

    A stack is proved unchanged, and not previewed, if everything that its preview follows from is as it was
    when a preview of it showed no change.

    Example: tenantnet fleet preview --platform platform-eu1 --report preview.md
    """
    from tenantnet.cli.fleet.run import Asked, go

    asked = Asked(
        *(tenants or [], platform, share, policy_pack, parallel, max_failures),
        resume=resume,
        all_engines=all_engines,
        batch=batch,
    )
    go("preview", asked, report, as_json=as_json)


@app.command()
def up(
    tenants: Tenants = None,
    *,
    platform: OfPlatform = None,
    share: Share = None,
    batch: Batch = None,
    parallel: Parallel = None,
    max_failures: MaxFailures = FAILURES_OF_AN_UPDATE,
    policy_pack: PolicyPack = None,
    canary: Annotated[int | None, typer.Option(min=1, help="Update so many tenants first.")] = None,
    wave: Annotated[
        str | None, typer.Option(help="Then this share, such as 10%, and each time twice as many.")
    ] = None,
    soak: Annotated[
        float | None,
        typer.Option(min=0, help="Minutes to look at alarms after each wave. [default: 10]"),
    ] = None,
    pause: Annotated[
        bool, typer.Option("--pause", help="End after each wave, with exit code 4; --resume begins the next.")
    ] = False,
    resume: Resume = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask for confirmation.")] = False,
    report: Report = None,
    as_json: AsJson = False,
) -> None:
    """Update the tenants' stacks. Ctrl-C starts no further one; a second Ctrl-C interrupts running ones.

    --canary and --wave divide the tenants into waves. A failed tenant, or an alarm of an updated one that was
    not raised when the run began, holds its wave: no further one begins, and the exit code is 1. --resume
    continues what was held, stopped or killed.

    Example: tenantnet fleet up 'eu-*' --canary 2 --wave 10% --yes
    """
    from tenantnet.cli.fleet.run import Asked, go
    from tenantnet.fleet.waves import Waves

    waves = Waves.asked(canary, wave, soak, pause=pause, resumes=resume)
    asked = Asked(
        *(tenants or [], platform, share, policy_pack, parallel, max_failures),
        resume=resume,
        waves=waves,
        batch=batch,
    )
    go("up", asked, report, as_json=as_json, yes=yes)


@app.command()
def drift(
    tenants: Tenants = None,
    *,
    platform: OfPlatform = None,
    share: Share = None,
    batch: Batch = None,
    parallel: Parallel = None,
    max_failures: MaxFailures = None,
    pages: Annotated[
        bool | None,
        typer.Option(
            "--pages/--engines",
            help="Compare all states with what AWS lists, or refresh each stack. "
            "[default: pages for more than 20 tenants]",
        ),
    ] = None,
    resume: Resume = False,
    report: Report = None,
    as_json: AsJson = False,
) -> None:
    """Find what is in AWS and not in the tenants' stacks, or the other way round. Nothing is changed.

    Exit code 3: there is drift.

    Example: tenantnet fleet drift acme
    """
    from tenantnet.cli.fleet.run import Asked, go

    asked = Asked(
        *(tenants or [], platform, share, None, parallel, max_failures),
        resume=resume,
        pages=pages,
        batch=batch,
    )
    go("drift", asked, report, as_json=as_json)
