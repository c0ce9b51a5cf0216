"""`tenantnet status`: one tenant, as its stack and AWS see it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tenantnet.cli.options import AsJson, Tenant
from tenantnet.cli.output import console, print_json, table
from tenantnet.cli.project import working_project

if TYPE_CHECKING:
    from rich.table import Table
    from tenantnet.observed.deployed import Tunnel
    from tenantnet.observed.status.tenant import (
        StatusDatabase,
        StatusNetwork,
        StatusPingHost,
        StatusVpnConnection,
        TenantStatus,
    )


def status(tenant: Tenant, as_json: AsJson = False) -> None:
    """Show a tenant's networks, database and VPN connections, as its stack and AWS see them now.

    Nothing is changed.

    Example: tenantnet status acme
    """
    from tenantnet.observed.status.read import read_status

    project = working_project()
    found = read_status(project, tenant)
    if as_json:
        print_json(found.model_dump(mode="json", by_alias=True))
    else:
        _print(found)


def _print(found: TenantStatus) -> None:
    out = console()
    out.print(f"{found.tenant}: cell {found.cell or 'not known yet'}, {found.region}", markup=False)
    out.print(f"Endpoint: {found.endpoint or 'none yet'}", markup=False)
    if not found.networks:
        out.print("There is no network yet, in the stack or in AWS.")
        return
    out.print()
    out.print(_networks(found.networks))
    out.print()
    out.print(_databases(found.networks))
    for network in found.networks:
        if network.vpn_connections:
            out.print()
            out.print(_vpn_connections(network))


def _networks(networks: Sequence[StatusNetwork]) -> Table:
    return table(
        "Networks",
        ("Network", "CIDR", "Type", "Status", "Ping host", "VPC"),
        [
            (each.slot, each.cidr, each.type, each.status, _ping_host(each.ping_host), each.vpc_id)
            for each in networks
        ],
    )


def _ping_host(host: StatusPingHost | None) -> str:
    return f"{host.address} {host.state}" if host else "none yet"


def _databases(networks: Sequence[StatusNetwork]) -> Table:
    return table(
        "Databases",
        ("Network", "Identifier", "Status", "At RDS", "Address"),
        [
            (
                each.slot,
                each.database.identifier,
                each.database.status,
                each.database.aws_status,
                _address(each.database),
            )
            for each in networks
        ],
    )


def _address(database: StatusDatabase) -> str:
    return f"{database.address}:{database.port}" if database.address else ""


def _vpn_connections(network: StatusNetwork) -> Table:
    return table(
        f"VPN connections of {network.slot}",
        ("Description", "Company CIDR", "Gateway", "Status", "Connection", "Tunnels"),
        [
            (
                each.description,
                each.company_cidr,
                each.company_gateway_ip,
                each.status,
                each.id,
                _tunnels(each),
            )
            for each in network.vpn_connections
        ],
    )


def _tunnels(connection: StatusVpnConnection) -> str:
    return "\n".join(map(_tunnel, connection.tunnels))


def _tunnel(tunnel: Tunnel) -> str:
    since = f" since {tunnel.last_change:%Y-%m-%d %H:%M:%S %Z}" if tunnel.last_change else ""
    message = f": {tunnel.message}" if tunnel.message else ""
    return f"{tunnel.outside_ip} {tunnel.state}{since}{message}"
