"""`tenantnet tenant`: adds and removes tenants."""

from __future__ import annotations

from dataclasses import asdict
from functools import partial
from typing import Annotated

import typer
from tenantnet.aws import sizes
from tenantnet.cli.completion import complete_instance_class, complete_platform
from tenantnet.cli.options import Auto, Cidr, Offline, require_one
from tenantnet.cli.project import edits_settings, working_project
from tenantnet.cli.tenant.new import create_tenant
from tenantnet.cli.tenant.remove import remove

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

  tenantnet up {name} --create

makes the stack and a password at random, which the file has encrypted, shows what the update does, and asks.
For a pull request answer no, and commit the file.

The update claims both ranges in the cell, then makes the session subnet, the network with its ping host, its
peerings with sessions and services, the database and the endpoint. At AWS this typically takes about 11
minutes, most of them the database's. With `gtid: true` under `database` from the beginning, moves by live,
which hold writes back for seconds, need no reboot later."""


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

    Nothing is created in AWS before `tenantnet up`.

    Example: tenantnet tenant add acme --platform platform-eu1 --username acmeadmin
    """
    from tenantnet.proposals.ranges import claims_table

    require_one(cidr, auto=auto)
    project = working_project()
    database = {
        "username": username,
        "instanceClass": instance_class,
        "storageGb": storage_gb,
        "multiAz": multi_az,
    }
    table = None if offline else partial(claims_table, project, platform)
    created = create_tenant(
        project, name, platform, database, table, session_subnet=session_subnet, cidr=cidr
    )
    typer.echo(WRITTEN.format(name=name, **asdict(created)))


app.command()(remove)
