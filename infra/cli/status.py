"""`tenantnet status`: one tenant, as its stack and AWS see it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.table import Table
from tenantnet.cli.options import AsJson, Tenant
from tenantnet.cli.output import console, print_json, table
from tenantnet.engine.engine import Engine
from tenantnet.observed.status.observe import observe
from tenantnet.observed.status.sources import TenantOutputs, Tunnel
from tenantnet.observed.status.tenant import (
    Database,
    Network,
    PingHost,
    TenantStatus,
    VpnConnection,
    tenant_status,
)
from tenantnet.refusal import Refused, Rule
from tenantnet.settings.project import Project, find_project, is_platform, unknown_stack
from tenantnet.settings.store import read_settings_file

REGION_KNOWN = Rule(
    id="region-known",
    rule="the tenant's region is known",
    reason="the stack has no output `region` yet, and its settings file has no `aws:region`",
    remedy="put `aws:region` into the settings file, the same as its platform's",
)

RULES = (REGION_KNOWN,)


def status(
    tenant: Tenant,
    as_json: AsJson = False,
) -> None:
    """Show a tenant's networks, database and VPN connections, as its stack and AWS see them now.

    Nothing is changed.

    Example: tenantnet status acme
    """
    project = find_project(Path.cwd())
    found = read_status(project, tenant)
    if as_json:
        print_json(found.model_dump(mode="json", by_alias=True))
    else:
        _print(found)


def read_status(project: Project, tenant: str) -> TenantStatus:
    """Ask the engine and AWS. Raises Refused for an unknown tenant, Failure where either does not answer."""
    outputs, region = read_stack(project, tenant)
    return tenant_status(tenant, region=region, outputs=outputs, observation=observe(tenant, region))


def read_stack(project: Project, tenant: str) -> tuple[TenantOutputs, str]:
    """What the tenant's stack remembers, and its region. Raises as read_status does; it does not ask AWS."""
    engine = Engine(project)
    outputs = None if is_platform(tenant) else engine.outputs(tenant)
    if outputs is None:
        raise unknown_stack(tenant, engine.stacks(), kind="tenant", where="in this Pulumi backend")
    remembered = TenantOutputs.read(tenant, outputs)
    region = remembered.region or read_settings_file(project, tenant).region
    if region is None:
        raise Refused(f"The region of {tenant}", [REGION_KNOWN.refuse(None, "aws:region")])
    return remembered, region


def _print(found: TenantStatus) -> None:
    out = console()
    out.print(f"{found.tenant}: cell {found.cell or 'not known yet'}, {found.region}", markup=False)
    out.print(f"Endpoint: {found.endpoint or 'none yet'}", markup=False)
    if not found.networks:
        out.print("No network yet: neither the stack nor AWS has one.")
        return
    out.print()
    out.print(_networks(found.networks))
    out.print()
    out.print(_databases(found.networks))
    for network in found.networks:
        if network.vpn_connections:
            out.print()
            out.print(_vpn_connections(network))


def _networks(networks: Sequence[Network]) -> Table:
    return table(
        "Networks",
        ("Network", "CIDR", "Type", "Status", "Ping host", "VPC"),
        [
            (each.slot, each.cidr, each.type, each.status, _ping_host(each.ping_host), each.vpc_id)
            for each in networks
        ],
    )


def _ping_host(host: PingHost | None) -> str:
    return f"{host.address} {host.state}" if host else "none yet"


def _databases(networks: Sequence[Network]) -> Table:
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


def _address(database: Database) -> str:
    return f"{database.address}:{database.port}" if database.address else ""


def _vpn_connections(network: Network) -> Table:
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


def _tunnels(connection: VpnConnection) -> str:
    return "\n".join(map(_tunnel, connection.tunnels))


def _tunnel(tunnel: Tunnel) -> str:
    since = f" since {tunnel.last_change:%Y-%m-%d %H:%M:%S %Z}" if tunnel.last_change else ""
    message = f": {tunnel.message}" if tunnel.message else ""
    return f"{tunnel.outside_ip} {tunnel.state}{since}{message}"
