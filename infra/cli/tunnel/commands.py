"""`tenantnet tunnel`: tunnels from this machine to tenants' databases, without a VPN."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer
from tenantnet.cli.completion import complete_tenant
from tenantnet.cli.options import AsJson, Tenant
from tenantnet.cli.output import print_json, print_table
from tenantnet.cli.tunnel import install as at_login
from tenantnet.cli.tunnel import start as tunnel_start
from tenantnet.cli.tunnel.options import Name, require_known, require_tenant
from tenantnet.refusal import Refused, Rule

if TYPE_CHECKING:
    from tenantnet.tunnel.profiles import Profile
    from tenantnet.tunnel.records import Record

AS_SHARED = Rule(
    id="tunnel-as-shared",
    rule="--region, --document and --target are given together, as `tenantnet tunnel share` prints them",
    reason="they locate a tunnel together; one of them alone is not enough",
    remedy="copy the whole line again; in a project, leave out all three",
)
NAMES_OR_ALL = Rule(
    id="names-or-all",
    rule="give the names of tunnels, or --all",
    reason="{reason}",
    remedy="tenantnet tunnel stop NAME, or tenantnet tunnel stop --all",
)


def complete_running(incomplete: str) -> list[str]:
    """The tunnels that run."""
    from tenantnet.tunnel.records import TunnelRecords

    return [name for name in TunnelRecords().all() if name.startswith(incomplete)]


Names = Annotated[
    list[str] | None, typer.Argument(metavar="NAME", help="Tunnels.", autocompletion=complete_running)
]
LocalPort = Annotated[int, typer.Option(help="Its port on this machine.")]
NewName = Annotated[str, typer.Argument(help="The tunnel's name, such as the tenant's.")]
OtherTenant = Annotated[
    str | None,
    typer.Option(
        help="The tenant, if it is not NAME; read from the stacks of this project.",
        autocompletion=complete_tenant,
    ),
]
Shared = Annotated[
    str | None,
    typer.Option(help="As `tenantnet tunnel share` prints it; give all three if you have no project."),
]
Automatic = Annotated[
    bool, typer.Option("--automatic", help="Start it with `tenantnet tunnel start` without a name.")
]

app = typer.Typer()
for command in (tunnel_start.start, at_login.install, at_login.uninstall):
    app.command()(command)


@app.command("list")
def list_tunnels(as_json: AsJson = False) -> None:
    """List your tunnels: the profiles, and whether each of them runs.

    Example: tenantnet tunnel list
    """
    from tenantnet.tunnel.profiles import Profiles
    from tenantnet.tunnel.records import TunnelRecords

    profiles, records = Profiles().all(), TunnelRecords().all()
    running = {name: record.profile for name, record in records.items()}
    states = {name: record.state for name, record in records.items()}
    listed = [*({**running, **profiles}).values()]
    if as_json:
        tunnels = [{**each.model_dump(by_alias=True), "state": states.get(each.name)} for each in listed]
        print_json({"tunnels": tunnels})
        return
    if not listed:
        typer.echo("You have no tunnels yet: tenantnet tunnel add NAME")
        return
    columns = ("Tunnel", "Local address", "Automatic", "State", "Document", "Tunnel host", "Region")
    rows = [
        (
            each.name,
            f"localhost:{each.local_port}",
            "yes" if each.automatic else "no",
            states.get(each.name, ""),
            each.document,
            each.target,
            each.region,
        )
        for each in listed
    ]
    print_table("Tunnels", columns, rows)


@app.command()
def add(
    name: NewName,
    local_port: LocalPort,
    *,
    tenant: OtherTenant = None,
    region: Shared = None,
    document: Shared = None,
    target: Shared = None,
    automatic: Automatic = False,
) -> None:
    """Add a tunnel to your profiles, or change the one of that name.

    Example: tenantnet tunnel add acme --local-port 2201 --automatic
    """
    from tenantnet.tunnel.profiles import Profiles
    from tenantnet.tunnel.tenants import profile_of_tenant

    profiles = Profiles()
    profiles.require_place(name, local_port)
    handed = {"region": region, "document": document, "target": target}
    if any(handed.values()):
        found = _handed(name, local_port, handed)
    else:
        project = require_tenant(tenant or name)
        found = profile_of_tenant(project, tenant or name, name=name, local_port=local_port)
    known = profiles.put(found.model_copy(update={"automatic": automatic}))
    typer.echo(f"{'Changed' if known else 'Added'} the tunnel {name}, in {profiles.path}.")
    typer.echo(f"Open it: tenantnet tunnel start {name}")


def _handed(name: str, local_port: int, handed: Mapping[str, str | None]) -> Profile:
    """The profile of values that somebody handed over. Raises Refused if some are missing or garbled."""
    from pydantic import ValidationError
    from tenantnet.tunnel.profiles import Profile

    try:
        return Profile.model_validate({"name": name, "localPort": local_port, **handed})
    except ValidationError as error:
        wrong = [str(problem["loc"][0]) for problem in error.errors()]
        refusals = [AS_SHARED.refuse(handed.get(each), f"--{each}") for each in wrong]
        raise Refused("The tunnel", refusals) from None


@app.command()
def remove(name: Name) -> None:
    """Remove a tunnel from your profiles. A running tunnel stays open until you stop it.

    Example: tenantnet tunnel remove acme
    """
    from tenantnet.tunnel.profiles import Profiles

    Profiles().remove(name)
    typer.echo(f"Removed the tunnel {name} from your profiles.")


@app.command()
def share(tenant: Tenant, local_port: LocalPort = 2201) -> None:
    """Print the command with which a person in `tunnelUsers` adds the tunnel. It contains no secret.

    Example: tenantnet tunnel share acme
    """
    from tenantnet.tunnel.local_port import require_local_port
    from tenantnet.tunnel.tenants import profile_of_tenant

    require_local_port(local_port)
    found = profile_of_tenant(require_tenant(tenant), tenant, name=tenant, local_port=local_port)
    typer.echo(
        f"tenantnet tunnel add {found.name} --region {found.region} --document {found.document} "
        f"--target {found.target} --local-port {found.local_port}"
    )


@app.command()
def status(
    name: Annotated[str | None, typer.Argument(help="One tunnel only.")] = None, *, as_json: AsJson = False
) -> None:
    """Show your running tunnels, of all shells.

    Example: tenantnet tunnel status
    """
    from tenantnet.tunnel.records import TunnelRecords

    records = TunnelRecords().all()
    if name is not None:
        require_known(name, records)
        records = {each: record for each, record in records.items() if each == name}
    if as_json:
        print_json({"tunnels": [_document(record) for record in records.values()]})
    elif records:
        print_table("Tunnels", tunnel_start.COLUMNS, map(tunnel_start.row, records.values()))
    else:
        typer.echo("No tunnel runs." if name is None else f"The tunnel {name} does not run.")


def _document(record: Record) -> dict[str, Any]:
    from tenantnet.tunnel.local_port import LOOPBACK

    shown = record.model_dump(mode="json", by_alias=True, include={"state", "detail", "since", "session_id"})
    return {
        "name": record.profile.name,
        "host": LOOPBACK,
        "localPort": record.profile.local_port,
        "pid": record.keeper.pid,
        **shown,
    }


@app.command()
def stop(
    names: Names = None,
    everything: Annotated[bool, typer.Option("--all", help="Every running tunnel.")] = False,
) -> None:
    """Stop tunnels, of any shell: their sessions end, and their ports are free.

    Example: tenantnet tunnel stop acme
    """
    from tenantnet.tunnel.behind import stop as end_tunnel
    from tenantnet.tunnel.records import TunnelRecords

    if bool(names) is everything:
        reason = "--all means these and all others" if everything else "neither is given"
        raise Refused("The command", [NAMES_OR_ALL.refuse(" ".join(names or ()) or None, reason=reason)])
    records = TunnelRecords()
    running = records.all()
    if everything and not running:
        typer.echo("No tunnel runs.")
    for name in dict.fromkeys(names or running):
        if record := running.get(name):
            end_tunnel(records, record)
            typer.echo(f"Stopped the tunnel {name}: localhost:{record.profile.local_port} is free.")
        else:
            require_known(name, running)
            typer.echo(f"The tunnel {name} does not run.")
