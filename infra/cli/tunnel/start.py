"""`tenantnet tunnel start`: tunnels kept open, in the foreground or behind it."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from threading import Lock
from typing import TYPE_CHECKING, Annotated

import typer
from tenantnet.cli.output import console, table
from tenantnet.cli.tunnel.options import complete_name, require_tenant
from tenantnet.refusal import Refused, Rule

if TYPE_CHECKING:
    from tenantnet.tunnel.keeper import Keeper
    from tenantnet.tunnel.profiles import Profile
    from tenantnet.tunnel.records import Record, TunnelRecords

COLUMNS = ("Tunnel", "Local address", "State", "Since", "Session", "")

ONE_PORT = Rule(
    id="one-local-port",
    rule="--local-port is for one tunnel",
    reason="each tunnel needs its own port",
    remedy="start them one by one, or give each a profile: tenantnet tunnel add",
)
PORT_GIVEN = Rule(
    id="local-port-given",
    rule="a tunnel without a profile needs --local-port",
    reason="there is no profile of this name",
    remedy="tenantnet tunnel start {name} --local-port 2201; to keep that: tenantnet tunnel add",
)
Chosen = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="TENANT|NAME",
        help="Tunnels. [default: those that start automatically]",
        autocompletion=complete_name,
    ),
]
Everything = Annotated[bool, typer.Option("--all", help="Every tunnel that has a profile.")]
OtherPort = Annotated[int | None, typer.Option(help="Its port on this machine. [default: its profile's]")]
Background = Annotated[
    bool, typer.Option("--background", help="Return once they are open; they stay open until stopped.")
]
KeepTrying = Annotated[
    bool, typer.Option("--keep-trying", help="If one does not open at first, try again, as after a break.")
]


def start(
    names: Chosen = None,
    *,
    everything: Everything = False,
    local_port: OtherPort = None,
    background: Background = False,
    keep_trying: KeepTrying = False,
) -> None:
    """Open tunnels and keep them open until Ctrl-C, or `tenantnet tunnel stop` in any shell.

    When a session ends, a new one begins. A MySQL client then connects to localhost and the port.

    Example: tenantnet tunnel start acme --local-port 2201
    """
    from tenantnet.tunnel.behind import start_behind
    from tenantnet.tunnel.plugin import find_plugin
    from tenantnet.tunnel.records import TunnelRecords
    from tenantnet.tunnel.together import check_startable

    records = TunnelRecords()
    profiles = choose(names or [], everything=everything, local_port=local_port)
    check_startable(profiles, records)
    find_plugin()
    if background:
        options = ["--local-port", str(local_port)] if local_port else []
        options += ["--keep-trying"] if keep_trying else []
        started = [profile.name for profile in profiles]
        _report(started, *start_behind(started, records, *options))
    else:
        _raise_last(_keep(profiles, records, keep_trying=keep_trying))


def choose(names: Sequence[str], *, everything: bool, local_port: int | None) -> list[Profile]:
    """The tunnels to start; without names those that start automatically. Raises Refused if there is none."""
    from tenantnet.tunnel.local_port import require_local_port
    from tenantnet.tunnel.profiles import Profiles, automatic

    if local_port is not None:
        require_local_port(local_port)
        if everything or len(names) != 1:
            raise Refused("The command", [ONE_PORT.refuse(local_port, "--local-port")])
    known = Profiles().all()
    if not names:
        return [*known.values()] if everything and known else automatic(known)
    return [_profile(name, known, local_port) for name in dict.fromkeys(names)]


def _profile(name: str, known: Mapping[str, Profile], local_port: int | None) -> Profile:
    from tenantnet.tunnel.profiles import require_name
    from tenantnet.tunnel.tenants import profile_of_tenant

    if profile := known.get(name):
        return profile.model_copy(update={"local_port": local_port}) if local_port else profile
    project = require_tenant(name)
    require_name(name)
    if local_port is None:
        raise Refused("The tunnel", [PORT_GIVEN.refuse(None, "--local-port", name=name)])
    return profile_of_tenant(project, name, name=name, local_port=local_port)


def _keep(profiles: Sequence[Profile], records: TunnelRecords, *, keep_trying: bool) -> list[Keeper]:
    """Keep them open, and show how they are: as a table on a terminal, else a line for every change."""
    from rich.live import Live
    from tenantnet.tunnel.together import keep_open

    if not sys.stdout.isatty():
        return keep_open(profiles, records, lambda record: typer.echo(line(record)), keep_trying=keep_trying)
    shown: dict[str, Record] = {}
    lock = Lock()
    with Live(console=console(), auto_refresh=False) as live:

        def show(record: Record) -> None:
            with lock:
                shown[record.profile.name] = record
                drawn = table("Tunnels (Ctrl-C ends them)", COLUMNS, map(row, shown.values()))
                live.update(drawn, refresh=True)

        return keep_open(profiles, records, show, keep_trying=keep_trying)


def _raise_last(keepers: Sequence[Keeper]) -> None:
    """Raise the last tunnel's failure, and say those of the others before."""
    failures = [keeper.failure for keeper in keepers if keeper.failure]
    for failure in failures[:-1]:
        typer.echo(str(failure), err=True)
    if failures:
        raise failures[-1]


def _report(names: Sequence[str], found: Sequence[Record], said: str) -> None:
    """Say how each is. Exits with 1 where one is not open. said: why those that are over did not open."""
    from tenantnet.tunnel.records import KeeperState

    for record in found:
        typer.echo(line(record))
    if [record.state for record in found].count(KeeperState.OPEN) < len(names):
        if said:
            typer.echo(said, err=True)
        raise typer.Exit(1)
    typer.echo(f"Stop {'it' if len(names) == 1 else 'them'}: tenantnet tunnel stop {' '.join(names)}")


def row(record: Record) -> Sequence[str]:
    """A tunnel in a table of COLUMNS."""
    return (
        record.profile.name,
        f"localhost:{record.profile.local_port}",
        record.state,
        _time(record.since),
        record.session_id or "",
        record.detail,
    )


def line(record: Record) -> str:
    """A tunnel in one line, for a log."""
    detail = f": {record.detail}" if record.detail else ""
    place = f"{record.profile.name} localhost:{record.profile.local_port}"
    return f"{_time(record.since)} {place} {record.state}{detail}"


def _time(at: datetime) -> str:
    return f"{at.astimezone():%Y-%m-%d %H:%M:%S %Z}"
