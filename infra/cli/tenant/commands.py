"""`tenantnet tenant`: adds and removes tenants."""

from __future__ import annotations

from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from ruamel.yaml import YAML
from tenantnet.addresses.claims import claims_in_settings
from tenantnet.aws import sizes
from tenantnet.cli.completion import complete_instance_class, complete_platform
from tenantnet.cli.options import Auto, Cidr, Offline, require_one
from tenantnet.cli.project import claims_table, edits_settings, working_project
from tenantnet.cli.tenant.remove import remove
from tenantnet.refusal import Refused
from tenantnet.settings.alike import quoted
from tenantnet.tags import Slot

if TYPE_CHECKING:
    from tenantnet.addresses.ranges import Ranges
    from tenantnet.settings.cells import Cell
    from tenantnet.settings.project import Project

app = typer.Typer()

Name = Annotated[str, typer.Argument(help="The new tenant's name.")]
PlatformStack = Annotated[
    str, typer.Option(help="Its platform's stack, such as platform-eu1.", autocompletion=complete_platform)
]
Username = Annotated[str, typer.Option(help="The database's master user; it cannot be changed later.")]
SessionSubnet = Annotated[
    str | None, typer.Option(help="Its /24 of the sessions network. [default: a free one]")
]
InstanceClass = Annotated[
    str, typer.Option(help="The database's RDS instance class.", autocompletion=complete_instance_class)
]
StorageGb = Annotated[int, typer.Option(help="The database's storage in GiB.")]
MultiAz = Annotated[bool, typer.Option("--multi-az", help="With a standby in a second zone.")]
WRITTEN = """\
Wrote {file}: network blue {cidr}, session subnet {session_subnet}.
Nothing is created in AWS yet. Next:

  pulumi stack init {name}
  pulumi config set --secret tenantnet:databasePassword --stack {name}    # asks for it, stores it encrypted
  tenantnet up {name}    # shows what it will do, and asks; or pulumi up --stack {name}

The update claims both ranges in the cell, then makes the session subnet, the network with its ping host, its
peerings with sessions and services, the database and the endpoint. At AWS this takes about 20 minutes, most
of them the database's."""


@app.command()
@edits_settings
def add(
    name: Name,
    *,
    platform: PlatformStack,
    username: Username,
    session_subnet: SessionSubnet = None,
    cidr: Cidr = None,
    auto: Auto = False,
    instance_class: InstanceClass = sizes.DEFAULT_INSTANCE_CLASS,
    storage_gb: StorageGb = sizes.DEFAULT_STORAGE_GB,
    multi_az: MultiAz = False,
    offline: Offline = False,
) -> None:
    """Write the settings file of a new tenant, with the given ranges or free ones.

    Nothing is created in AWS before `pulumi up`.

    Example: tenantnet tenant add acme --platform platform-eu1 --username acmeadmin
    """
    from tenantnet.settings.cells import read_cell, read_ranges

    require_one(cidr, auto=auto)
    project = working_project()
    _require_new(project, name)
    cell = read_cell(project, platform)
    ranges = read_ranges(project, cell, None if offline else claims_table(project, platform))
    session_subnet, cidr = _choose(project, cell, ranges, session_subnet, cidr)
    database = {
        "username": username,
        "instanceClass": instance_class,
        "storageGb": storage_gb,
        "multiAz": multi_az,
    }
    settings = {
        "platform": platform,
        "sessionSubnet": session_subnet,
        "database": database,
        "networks": {str(Slot.BLUE): {"cidr": cidr}},
    }
    file = _write(project, cell, ranges, name, settings)
    typer.echo(WRITTEN.format(name=name, file=file, cidr=cidr, session_subnet=session_subnet))


app.command()(remove)


def _require_new(project: Project, name: str) -> None:
    from tenantnet.settings.checks import check_tenant_name
    from tenantnet.settings.store import refuse_existing

    # Before it becomes part of a file's name.
    if refusals := check_tenant_name(name):
        raise Refused("The new tenant", refusals)
    refuse_existing(project, name)


def _choose(
    project: Project, cell: Cell, ranges: Ranges, session_subnet: str | None, cidr: str | None
) -> tuple[str, str]:
    from tenantnet.settings.files import read_defaults

    sessions = cell.settings.sessions
    if session_subnet is None:
        session_subnet = ranges.free_session_subnet(sessions.cidr, sessions.shared_subnets)
    return session_subnet, ranges.free_network(read_defaults(project.file).reserved) if cidr is None else cidr


def _write(project: Project, cell: Cell, ranges: Ranges, name: str, settings: dict[str, Any]) -> Path:
    """Returns the file, as people in the project's folder know it. Raises Refused for any mistake in it."""
    from tenantnet.addresses.addressing import check_session_subnet
    from tenantnet.settings.files import REGION_KEY
    from tenantnet.settings.loading import TENANT_KEY
    from tenantnet.settings.store import create_settings_file

    sessions = cell.settings.sessions
    misplaced = check_session_subnet(settings["sessionSubnet"], sessions.cidr, sessions.shared_subnets)
    wrong = [
        *ranges.refuse_tenant(name, cell.settings.name),
        *(refusal.at("sessionSubnet") for refusal in misplaced),
        *ranges.refuse(claims_in_settings(name, settings)),
    ]
    text = StringIO()
    YAML().dump(quoted({"config": {REGION_KEY: cell.region, TENANT_KEY: settings}}), text)
    return create_settings_file(project, name, text.getvalue(), wrong).relative_to(project.folder)
