"""`tenantnet fleet status`: many tenants, one line each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer
from tenantnet.cli.options import AsJson, OfPlatform, Tenants
from tenantnet.cli.output import print_table, say, show
from tenantnet.cli.project import working_project

if TYPE_CHECKING:
    from tenantnet.fleet.status import FleetTenant
    from tenantnet.observed.status.tenant import TenantStatus


def status(tenants: Tenants = None, *, platform: OfPlatform = None, as_json: AsJson = False) -> None:
    """Show the tenants, one line each, as their stacks and AWS see them. Nothing is changed.

    Exit code 1: a tenant, or its settings file, could not be read.

    Example: tenantnet fleet status --platform platform-eu1
    """
    from tenantnet.fleet.status import read_many
    from tenantnet.fleet.targets import select_each

    project = working_project()
    targets, unread, _ = select_each(project, tenants or [], platform=platform)
    found = [
        each.model_copy(update={"failure": str(unread[each.tenant])}) if each.tenant in unread else each
        for each in read_many(project, sorted([*targets, *unread]))
    ]
    show(found, _print, as_json=as_json)
    if any(each.failure for each in found):
        raise typer.Exit(1)


def _print(found: list[FleetTenant]) -> None:
    columns = ("Tenant", "Cell", "Phase", "Networks", "Database", "Tunnels")
    print_table("Tenants", columns, [_row(each.status) for each in found if each.status])
    for each in found:
        if each.failure:
            say(f"\n{each.tenant}: {each.failure}")


def _row(status: TenantStatus) -> tuple[str, ...]:
    from tenantnet.fleet.status import tunnel_counts

    return (
        status.tenant,
        status.cell or "not known yet",
        status.phase or "none yet",
        "\n".join(f"{each.slot} {each.cidr} {each.type}, {each.status}" for each in status.networks),
        "\n".join(f"{each.database.status}" for each in status.networks),
        tunnel_counts(status),
    )
