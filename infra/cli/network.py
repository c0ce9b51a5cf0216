"""`tenantnet network`: the networks in a tenant's settings file."""

from __future__ import annotations

from typing import Annotated

import typer
from tenantnet.cli.options import AsJson, Auto, Cidr, Offline, Tenant, require_one
from tenantnet.cli.output import print_json, print_table
from tenantnet.cli.project import edits_settings, working_project, write
from tenantnet.tags import Slot

app = typer.Typer()


@app.command("list")
def list_networks(tenant: Tenant, as_json: AsJson = False) -> None:
    """List the networks in a tenant's settings; `tenantnet status` shows what exists.

    Example: tenantnet network list acme
    """
    from tenantnet.addresses.addressing import ping_host_address
    from tenantnet.settings.store import read_tenant

    _, settings = read_tenant(working_project(), tenant)
    networks = [
        {
            "slot": str(slot),
            "cidr": each.cidr,
            "pingHost": ping_host_address(each.cidr),
            "vpnConnections": len(each.vpn_connections),
        }
        for slot, each in settings.networks.items()
    ]
    if as_json:
        print_json({"tenant": tenant, "networks": networks})
    else:
        columns = ("Network", "CIDR", "Ping host", "VPN connections")
        rows = [tuple(map(str, each.values())) for each in networks]
        print_table(f"Networks in the settings of {tenant}", columns, rows)


@app.command()
@edits_settings
def add(
    tenant: Tenant,
    *,
    slot: Annotated[Slot | None, typer.Option(help="[default: the free one]")] = None,
    cidr: Cidr = None,
    auto: Auto = False,
    copy_vpn: Annotated[
        bool,
        typer.Option(
            "--copy-vpn/--no-vpn",
            help="With a new VPN connection for each company of the other network, or with none.",
        ),
    ] = True,
    offline: Offline = False,
) -> None:
    """Add a Test network to a tenant's settings, with the given range or a free one.

    Example: tenantnet network add acme
    """
    from tenantnet.proposals.networks import add_network

    require_one(cidr, auto=auto)
    write(add_network(working_project(), tenant, slot=slot, cidr=cidr, copy_vpn=copy_vpn, offline=offline))


@app.command()
@edits_settings
def delete(tenant: Tenant, slot: Annotated[Slot, typer.Argument(help="The network's slot.")]) -> None:
    """Remove a Test network from a tenant's settings; the Production network stays.

    Example: tenantnet network delete acme green
    """
    from tenantnet.proposals.networks import delete_network

    write(delete_network(working_project(), tenant, slot))
