"""`tenantnet fleet status`: many tenants, one line each."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import typer
from tenantnet.cli.options import AsJson, OfPlatform, Tenants
from tenantnet.cli.output import console, print_json, table
from tenantnet.failure import Failure
from tenantnet.fleet.selection import select_tenants
from tenantnet.fleet.targets import read_targets
from tenantnet.observed.status.read import read_status
from tenantnet.observed.status.tenant import TenantStatus
from tenantnet.refusal import Refused
from tenantnet.settings.project import Project, find_project
from tenantnet.stacks.outputs import Model

# Most of the time it waits for Pulumi and AWS.
PARALLEL = 4


class FleetTenant(Model):
    """status: as `tenantnet status` has it; None if that failed, and then why."""

    tenant: str
    status: TenantStatus | None
    failure: str = ""


def status(
    tenants: Tenants = None,
    *,
    platform: OfPlatform = None,
    as_json: AsJson = False,
) -> None:
    """Show the tenants, one line each, as their stacks and AWS see them. Nothing is changed.

    Exit code 1: a tenant could not be read.

    Example: tenantnet fleet status --platform platform-eu1
    """
    project = find_project(Path.cwd())
    platforms = {name: target.platform for name, target in read_targets(project).items()}
    chosen = select_tenants(platforms, tenants or [], platform=platform, share=None)
    with ThreadPoolExecutor(PARALLEL) as pool:
        found = list(pool.map(lambda name: _read(project, name), chosen))
    if as_json:
        print_json([each.model_dump(mode="json", by_alias=True) for each in found])
    else:
        _print(found)
    if any(each.failure for each in found):
        raise typer.Exit(1)


def _read(project: Project, tenant: str) -> FleetTenant:
    try:
        return FleetTenant(tenant=tenant, status=read_status(project, tenant))
    except (Refused, Failure) as error:
        return FleetTenant(tenant=tenant, status=None, failure=str(error))


def _print(found: list[FleetTenant]) -> None:
    out = console()
    columns = ("Tenant", "Cell", "Phase", "Networks", "Database", "Tunnels")
    out.print(table("Tenants", columns, [_row(each.status) for each in found if each.status]))
    for each in found:
        if each.failure:
            out.print(f"\n{each.tenant}: {each.failure}", markup=False, soft_wrap=True)


def _row(status: TenantStatus) -> tuple[str, ...]:
    tunnels = Counter(
        tunnel.state
        for network in status.networks
        for connection in network.vpn_connections
        for tunnel in connection.tunnels
    )
    return (
        status.tenant,
        status.cell or "not known yet",
        status.phase or "none yet",
        "\n".join(f"{each.slot} {each.cidr} {each.type}, {each.status}" for each in status.networks),
        "\n".join(f"{each.database.status}" for each in status.networks),
        ", ".join(f"{count} {state}" for state, count in sorted(tunnels.items())) or "none",
    )
