"""`tenantnet database`: shows a tenant's database, and resizes it in the settings."""

from __future__ import annotations

from functools import partial
from textwrap import fill
from typing import TYPE_CHECKING, Annotated

import typer
from tenantnet.cli.completion import complete_instance_class
from tenantnet.cli.options import AsJson, Tenant
from tenantnet.cli.output import print_json, print_table
from tenantnet.cli.project import edits_settings, end_unread, working_project, write
from tenantnet.cli.status import database_cells
from tenantnet.settings.edit import TENANT, set_scalar

if TYPE_CHECKING:
    from tenantnet.observed.status.tenant import TenantStatus
    from tenantnet.settings.models import DatabaseSettings
    from tenantnet.settings.resize import SizeChange

app = typer.Typer()


InstanceClass = Annotated[
    str | None,
    typer.Option(help="An RDS instance class, such as db.r7g.large.", autocompletion=complete_instance_class),
]
StorageGb = Annotated[int | None, typer.Option(help="Storage in GiB: more than now.")]
MultiAz = Annotated[
    bool | None, typer.Option("--multi-az/--single-az", help="With or without a standby in a second zone.")
]


@app.command("show")
def show_databases(tenant: Tenant, as_json: AsJson = False) -> None:
    """Show a tenant's databases at AWS, and the size that its settings ask for.

    Example: tenantnet database show acme
    """
    from tenantnet.observed.status.read import read_status
    from tenantnet.settings.store import settings_here

    project = working_project()
    status = read_status(project, tenant)
    # A tenant may be deployed from settings that are not in this clone.
    found, unread = settings_here(project, tenant)
    settings = found.database if found else None
    if as_json:
        _print_json(status, settings)
    else:
        _print(status, settings)
    end_unread(unread)


def _print_json(status: TenantStatus, settings: DatabaseSettings | None) -> None:
    databases = [
        {"network": each.slot, "type": each.type, **each.database.model_dump(mode="json", by_alias=True)}
        for each in status.networks
    ]
    keys = {"tenant": status.tenant, "endpoint": status.endpoint}
    print_json({**keys, "databases": databases, "settings": settings})


def _print(status: TenantStatus, settings: DatabaseSettings | None) -> None:
    from tenantnet.settings.resize import size_of

    columns = ("Network", "Type", "Identifier", "Status", "At RDS", "Address")
    rows = [(each.slot, each.type, *database_cells(each)) for each in status.networks]
    print_table(f"Databases of {status.tenant}", columns, rows)
    typer.echo(f"\nEndpoint: {status.endpoint or 'none yet'}")
    if settings:
        typer.echo(f"Size in the settings: {size_of(settings)}; user {settings.username}")


@app.command()
@edits_settings
def resize(
    tenant: Tenant,
    *,
    instance_class: InstanceClass = None,
    storage_gb: StorageGb = None,
    multi_az: MultiAz = None,
) -> None:
    """Change the database's size in a tenant's settings, and show what it means for clients.

    Example: tenantnet database resize acme --instance-class db.r7g.large --storage-gb 200
    """
    from tenantnet.proposals.proposal import Proposal
    from tenantnet.settings.resize import plan_resize
    from tenantnet.settings.store import read_tenant

    project = working_project()
    file, settings = read_tenant(project, tenant)
    changes = plan_resize(
        tenant, settings.database, instance_class=instance_class, storage_gb=storage_gb, multi_az=multi_az
    )
    edits = [
        (
            f"under database set {each.setting}: {each.after}",
            partial(set_scalar, path=(*TENANT, "database"), key=each.setting, value=each.after),
        )
        for each in changes
    ]
    in_short = ", ".join(f"{each.setting} {each.after} (was {each.before})" for each in changes)
    write(Proposal.of(project, file, f"{in_short}.", *edits))
    typer.echo(_what_follows(tenant, changes))


def _what_follows(tenant: str, changes: list[SizeChange]) -> str:
    outage = any(change.outage for change in changes)
    head = (
        f"Nothing is changed in AWS yet. `tenantnet up {tenant}` applies it at once, not in the "
        f"maintenance window: {'choose a quiet hour.' if outage else 'no client is cut off.'}"
    )
    details = [
        fill(f"- {change.setting}: {change.consequence}", 110, subsequent_indent="  ") for change in changes
    ]
    return "\n".join([fill(head, 110), *details])
