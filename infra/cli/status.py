"""`tenantnet status`: one tenant, as its stack and AWS see it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import typer
from tenantnet.cli.options import AsJson, Tenant
from tenantnet.cli.output import print_table, say, show
from tenantnet.cli.project import name_unread, working_project

if TYPE_CHECKING:
    from tenantnet.observed.deployed import Tunnel
    from tenantnet.observed.status.tenant import StatusNetwork, TenantStatus


def status(tenant: Tenant, as_json: AsJson = False) -> None:
    """Show a tenant's networks, database and VPN connections, as its stack and AWS see them now.

    Nothing is changed.

    Example: tenantnet status acme
    """
    from tenantnet.observed.status.read import read_status

    project = working_project()
    found, where = read_status(project, tenant), ""
    if found.moves and not as_json:
        from tenantnet.runner.move import where_it_is

        where = where_it_is(project, tenant)
    show(found, partial(_print, where=where), as_json=as_json)
    name_unread(tenant)


def _print(found: TenantStatus, where: str = "") -> None:
    from tenantnet.vpn.trouble import troubles

    typer.echo(f"{found.tenant}: cell {found.cell or 'not known yet'}, {found.region}")
    typer.echo(f"Endpoint: {found.endpoint or 'none yet'}")
    if where:
        say(f"Move: {where}")
    if not found.networks:
        typer.echo("There is no network yet, in the stack or in AWS.")
        return
    columns = ("Network", "CIDR", "Type", "Status", "Ping host", "VPC")
    rows = [
        (
            each.slot,
            each.cidr,
            each.type,
            each.status,
            f"{host.address} {host.state}" if (host := each.ping_host) else "none yet",
            each.vpc_id,
        )
        for each in found.networks
    ]
    typer.echo()
    print_table("Networks", columns, rows)
    typer.echo()
    databases = [(each.slot, *database_cells(each)) for each in found.networks]
    print_table("Databases", ("Network", "Identifier", "Status", "At RDS", "Address"), databases)
    for network in found.networks:
        if network.vpn_connections:
            typer.echo()
            _print_vpn_connections(network)
    if lines := troubles(found):
        say("\n" + "\n".join([*lines, f"More: tenantnet vpn status {found.tenant}"]))


def database_cells(network: StatusNetwork) -> tuple[str, str, str, str]:
    """A network's database in a table: identifier, status, RDS's own status, address."""
    found = network.database
    address = f"{found.address}:{found.port}" if found.address else ""
    return found.identifier, found.status, found.aws_status, address


def _print_vpn_connections(network: StatusNetwork) -> None:
    columns = ("Description", "Company CIDR", "Company gateway", "Status", "Connection", "Tunnels")
    rows = [
        (
            each.description,
            each.company_cidr,
            each.company_gateway_ip,
            each.status,
            each.id,
            "\n".join(map(_tunnel, each.tunnels)),
        )
        for each in network.vpn_connections
    ]
    print_table(f"VPN connections of {network.slot}", columns, rows)


def _tunnel(tunnel: Tunnel) -> str:
    since = f" since {tunnel.last_change:%Y-%m-%d %H:%M:%S %Z}" if tunnel.last_change else ""
    message = f": {tunnel.message}" if tunnel.message else ""
    return f"{tunnel.outside_ip} {tunnel.state}{since}{message}"
