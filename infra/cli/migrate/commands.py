"""`tenantnet migrate`: moves a tenant's database to its other network."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from tenantnet.cli.confirmation import confirm, require_answer
from tenantnet.cli.migrate.schedule import Without, cancel, schedule
from tenantnet.cli.options import AsJson, Tenant, Watch, Yes
from tenantnet.cli.output import (
    INTERRUPTED,
    console,
    follow,
    print_json,
    print_table,
    say,
    show,
    write_file,
)
from tenantnet.cli.project import working_project
from tenantnet.refusal import Refused, Rule
from tenantnet.tags import USUAL_STRATEGY, Strategy

if TYPE_CHECKING:
    from tenantnet.observed.progress import MoveProgress, ProgressEvent
    from tenantnet.phases.phases import State
    from tenantnet.runner.move import Move
    from tenantnet.runner.runner import Runner
    from tenantnet.runner.verification import Login
    from tenantnet.settings.project import Project

PASSWORD_GIVEN = Rule(
    id="password-given",
    rule="the login has a password",
    reason="nothing was entered",
    remedy="enter it when asked, or give it on standard input",
)

MOVE_BEGUN = Rule(
    id="move-begun",
    rule="a plot is drawn of a move that has begun",
    reason="the journal has no entry of a move of {tenant}",
    remedy="leave out --plot, or begin the move first: tenantnet migrate run {tenant}",
)

WATCH_SECONDS = 5.0

app = typer.Typer()
app.command()(schedule)
app.command()(cancel)

Unverified = Annotated[bool, typer.Option("--unverified", help="Switch without comparing the data.")]
ThroughTunnelHost = Annotated[
    bool,
    typer.Option(
        "--through-tunnel-host", help="Reach the databases by Session Manager, as the platform's runner does."
    ),
]


@app.command()
def run(
    tenant: Tenant,
    *,
    now: Annotated[bool, typer.Option("--now", help="Begin now, whatever the settings say.")] = False,
    strategy: Annotated[
        Strategy | None,
        typer.Option(
            help=f"The strategy of a move with --now. [default: the settings', or {USUAL_STRATEGY}]"
        ),
    ] = None,
    unverified: Unverified = False,
    without: Without = None,
    without_source: Annotated[
        bool,
        typer.Option(
            "--without-source",
            help="If RDS has lost the source, go on over its copy, which has all that it had.",
        ),
    ] = False,
    end_holders: Annotated[
        bool,
        typer.Option(
            "--end-holders", help="End clients whose locks or long changes keep writes from being held back."
        ),
    ] = False,
    through_tunnel_host: ThroughTunnelHost = False,
) -> None:
    """Begin the scheduled move, or continue a move, up to its end or to the next waiting time.

    You can stop it and start it again at any moment: it goes on from the phase that the stack remembers.

    Example: tenantnet migrate run acme --now --unverified
    """
    from tenantnet.runner.move import Move

    move = Move.of(working_project(), tenant)
    plan = move.plan(
        now=now,
        strategy=strategy,
        unverified=unverified,
        without=without or [],
        without_source=without_source,
    )
    switches = plan.strategy is not None or move.before_the_switch
    live = plan.strategy is Strategy.LIVE
    login = move.login(live=live) if switches and (live or not unverified) else None
    usual = strategy is None and move.settings.migration is None and not unverified
    if line := move.announced(plan, usual=usual):
        typer.echo(line)
    _carry_out(
        move,
        lambda runner: runner.run(plan),
        login=login,
        through_tunnel_host=through_tunnel_host,
        end_holders=end_holders,
    )


@app.command()
def rehearse(tenant: Tenant, *, through_tunnel_host: ThroughTunnelHost = False) -> None:
    """Time the parts of a move's cut by live while its copy follows; no client notices it.

    Example: tenantnet migrate rehearse acme
    """
    from tenantnet.runner.move import Move

    move = Move.of(working_project(), tenant)
    move.require_following()
    _carry_out(move, lambda runner: runner.rehearse(), through_tunnel_host=through_tunnel_host)


@app.command()
def abort(tenant: Tenant, yes: Yes = False) -> None:
    """Take a move back, in any phase before the switch. Writes go on in the old network, and nothing is lost.

    Example: tenantnet migrate abort acme
    """
    from tenantnet.runner.move import Move

    require_answer("The abort", yes=yes)
    move = Move.of(working_project(), tenant)
    source, target = move.state.leads_to.other, move.state.leads_to
    confirm(
        f"Take the move of {tenant} back? Writes go on in {source}; its copy in {target} is deleted.",
        yes=yes,
    )
    _carry_out(move, lambda runner: runner.abort())


@app.command()
def rollback(tenant: Tenant, yes: Yes = False, *, through_tunnel_host: ThroughTunnelHost = False) -> None:
    """Lead the clients back to the former production after a move by live; nothing that was written is lost.

    Example: tenantnet migrate rollback acme
    """
    from tenantnet.runner.move import Move

    require_answer("The way back", yes=yes)
    move = Move.of(working_project(), tenant)
    former, production = move.require_way_back(), move.state.production
    typer.echo(f"Clients are led from {production} to {former}. {production} waits then, read-only.")
    confirm(f"Lead the clients of {tenant} back to {former}?", yes=yes)
    _carry_out(move, lambda runner: runner.roll_back(former), through_tunnel_host=through_tunnel_host)


@app.command()
def retire(tenant: Tenant, yes: Yes = False) -> None:
    """Delete the former production database now, with its network, VPN connections and claim. A snapshot
    stays.

    Example: tenantnet migrate retire acme
    """
    from tenantnet.runner.move import Move

    require_answer("The retirement", yes=yes)
    move = Move.of(working_project(), tenant)
    typer.echo(move.what_retires())
    confirm(f"Delete all of that of {tenant}?", yes=yes)
    _carry_out(move, lambda runner: runner.retire())


@app.command()
def login(
    tenant: Tenant,
    username: Annotated[
        str | None, typer.Option(help="Whose login it is. [default: the database's master user]")
    ] = None,
) -> None:
    """Keep the login that a move compares both databases with, as a secret in Secrets Manager.

    It asks for the password, or reads it from standard input. The master user may read all that is compared.

    Example: tenantnet migrate login acme
    """
    from tenantnet.runner.move import Move
    from tenantnet.runner.verification import Login, secret_name, write_login

    move = Move.of(working_project(), tenant)
    name = username or move.settings.database.username
    password = (
        typer.prompt(f"Password of {name}", hide_input=True)
        if sys.stdin.isatty()
        else sys.stdin.readline().rstrip("\n")
    )
    if not password:
        raise Refused("The login", [PASSWORD_GIVEN.refuse_secret()])
    write_login(tenant, move.platform.region, Login(username=name, password=password))
    typer.echo(
        f"Wrote the secret {secret_name(tenant)}, with the login of {name}. The next run tries it first."
    )


@app.command()
def status(
    tenant: Tenant,
    as_json: AsJson = False,
    watch: Watch = False,
    plot: Annotated[
        Path | None,
        typer.Option(help="Also draw the move into this file, as SVG. An existing file is replaced."),
    ] = None,
) -> None:
    """Show how far a tenant's move is, what happened in it, and how long writes were held back.

    Nothing is changed. With --watch the picture is drawn anew at each change.

    Example: tenantnet migrate status acme --plot acme.svg
    """
    from tenantnet.runner.move import Move

    project = working_project()

    def read() -> MoveProgress:
        found = Move.of(project, tenant).progress()
        if plot is not None:
            _draw(found, plot)
        return found

    if not watch:
        show(read(), _print, as_json=as_json)
    else:
        follow(read, partial(print_json, indent=None) if as_json else _print_anew, WATCH_SECONDS)


def _draw(found: MoveProgress, file: Path) -> None:
    """Raises Refused before a move has begun, Failure if the file cannot be written."""
    from tenantnet.observed.plot import plot

    if not found.events:
        raise Refused("The plot", [MOVE_BEGUN.refuse(None, tenant=found.tenant)])
    write_file(file, plot(found, datetime.now(UTC)), "--plot")


def _carry_out(
    move: Move,
    work: Callable[[Runner], State],
    *,
    login: Login | None = None,
    through_tunnel_host: bool = False,
    end_holders: bool = False,
) -> None:
    """Let the runner work, and print where it has ended."""
    from tenantnet.runner.stop import Stopped

    try:
        move.carry_out(
            work,
            typer.echo,
            login=login,
            through_tunnel_host=through_tunnel_host,
            end_holders=end_holders,
        )
    except Stopped as stopped:
        typer.echo(stopped, err=True)
        sys.stdout.flush()
        # At once: a step that was cut off may still be waiting in a thread of its own.
        os._exit(INTERRUPTED)
    _report(move.project, move.settings.name)


def _report(project: Project, tenant: str) -> None:
    """Print where the run has ended, and what comes next."""
    from tenantnet.phases.phases import Phase
    from tenantnet.runner.move import Move

    now = Move.of(project, tenant)
    state = now.state
    typer.echo(f"{tenant}: {now.progress().where}")
    if state.phase is Phase.FOLLOWING:
        typer.echo(f"`tenantnet migrate run {tenant}` leads the clients over.")
    if state.phase is Phase.SWITCHED and state.strategy is Strategy.LIVE:
        typer.echo(f"Until then `tenantnet migrate rollback {tenant}` leads the clients back.")
    if state.retired and now.names(state.retired):
        typer.echo(f"Left in the settings: tenantnet network delete {tenant} {state.retired.slot}")


def _print_anew(found: MoveProgress) -> None:
    """In a terminal, in the place of what was there before."""
    if sys.stdout.isatty():
        console().clear()
    _print(found)


def _print(found: MoveProgress) -> None:
    from tenantnet.observed.progress import moment

    say(f"{found.tenant}: {found.where}")
    typer.echo(f"Migration: {found.status or 'none'}; phase {found.phase}")
    if found.starts_at is not None:
        typer.echo(f"The platform's runner starts at {moment(found.starts_at)}")
    if found.target:
        how = found.strategy or "none (aborted)"
        steps = f", step {found.step} of {found.steps}" if found.steps and found.is_before_the_switch else ""
        typer.echo(f"Move {found.move} to {found.target}, by {how}{steps}")
    lines = {found.begun: found.under_way, "At work": found.at_work, "Taken back by": found.taken_back}
    for label, words in lines.items():
        if words:
            say(f"{label}: {words}")
    _print_writes(found)
    if found.events:
        typer.echo()
        columns = ("Time (UTC)", "Event", "Phase", "Seconds", "Note")
        print_table(f"Move {found.move}", columns, map(_row, found.events))


def _print_writes(found: MoveProgress) -> None:
    """What is known of the gap in writes, before, in and behind it."""
    since, seconds = found.held_back_since, found.downtime_seconds
    lines = {
        "Lag: ": found.lag,
        "Compared: ": found.compared,
        "Expected: ": found.expected,
        "WRITES ARE HELD BACK since ": since and f"{since:%Y-%m-%d %H:%M:%S} UTC",
        "Writes were held back for ": seconds is not None and f"{seconds:.1f} s",
    }
    for label, words in lines.items():
        if words:
            typer.echo(f"{label}{words}")
    if found.gap:
        typer.echo("The gap by its parts:")
    for act in found.gap:
        typer.echo(f"  {act}")


def _row(event: ProgressEvent) -> tuple[str, ...]:
    seconds = "" if event.seconds is None else f"{event.seconds:.1f}"
    return f"{event.at:%Y-%m-%d %H:%M:%S}", event.what, event.phase, seconds, event.note
