"""`tenantnet database`: shows a tenant's database, and resizes it in the settings."""

from __future__ import annotations

from textwrap import fill
from typing import TYPE_CHECKING, Annotated

import typer
from tenantnet.cli.completion import complete_instance_class
from tenantnet.cli.options import AsJson, Tenant
from tenantnet.cli.output import console, print_json, table
from tenantnet.cli.project import working_project

if TYPE_CHECKING:
    from tenantnet.observed.status.tenant import TenantStatus
    from tenantnet.settings.models import DatabaseSettings
    from tenantnet.settings.project import Project
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


@app.command()
def show(tenant: Tenant, as_json: AsJson = False) -> None:
    """Show a tenant's databases at AWS, and the size that its settings ask for.

    Example: tenantnet database show acme
    """
    from tenantnet.observed.status.read import read_status
    from tenantnet.settings.resize import size_of

    project = working_project()
    status = read_status(project, tenant)
    settings = _settings(project, tenant)
    if as_json:
        print_json(_as_json(status, settings))
        return
    out = console()
    rows = [
        (
            each.slot,
            each.type,
            each.database.identifier,
            each.database.status,
            each.database.aws_status,
            f"{each.database.address}:{each.database.port}" if each.database.address else "",
        )
        for each in status.networks
    ]
    out.print(
        table(
            f"Databases of {tenant}", ("Network", "Type", "Identifier", "Status", "At RDS", "Address"), rows
        )
    )
    out.print()
    out.print(f"Endpoint: {status.endpoint or 'none yet'}", markup=False)
    if settings:
        out.print(f"Size in the settings: {size_of(settings)}; user {settings.username}", markup=False)


def _settings(project: Project, tenant: str) -> DatabaseSettings | None:
    """None for a tenant that is deployed from settings that are not in this clone."""
    from tenantnet.settings.store import read_tenant

    return read_tenant(project, tenant)[1].database if project.settings_file(tenant).is_file() else None


def _as_json(status: TenantStatus, settings: DatabaseSettings | None) -> dict[str, object]:
    return {
        "tenant": status.tenant,
        "endpoint": status.endpoint,
        "databases": [
            {"network": each.slot, "type": each.type, **each.database.model_dump(mode="json", by_alias=True)}
            for each in status.networks
        ],
        "settings": settings and settings.model_dump(mode="json", by_alias=True),
    }


@app.command()
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
    from tenantnet.settings.edit import TENANT, in_place, set_scalar
    from tenantnet.settings.resize import plan_resize
    from tenantnet.settings.store import read_tenant, replace_settings_file

    project = working_project()
    file, settings = read_tenant(project, tenant)
    changes = plan_resize(
        tenant, settings.database, instance_class=instance_class, storage_gb=storage_gb, multi_az=multi_az
    )
    text = file.text
    for change in changes:
        with in_place(f"under database set {change.setting}: {change.after}"):
            text = set_scalar(text, (*TENANT, "database"), change.setting, change.after)
    replace_settings_file(project, file, text)
    typer.echo(f"Wrote {file.path.relative_to(project.folder)}: {_in_short(changes)}.")
    typer.echo(_what_follows(tenant, changes))


def _in_short(changes: list[SizeChange]) -> str:
    return ", ".join(f"{change.setting} {change.after} (was {change.before})" for change in changes)


def _what_follows(tenant: str, changes: list[SizeChange]) -> str:
    outage = any(change.outage for change in changes)
    head = (
        f"Nothing is changed in AWS yet. `pulumi up --stack {tenant}` applies it at once, not in the "
        f"maintenance window: {'choose a quiet hour.' if outage else 'no client is cut off.'}"
    )
    details = [
        fill(f"- {change.setting}: {change.consequence}", 110, subsequent_indent="  ") for change in changes
    ]
    return "\n".join([fill(head, 110), *details])
