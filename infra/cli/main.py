"""The `tenantnet` command, joined from one module for each group of commands."""

from __future__ import annotations

import sys

import typer
from tenantnet.cli import (
    claims,
    database,
    isolation,
    local,
    network,
    open_database,
    permissions,
    review,
    rules,
    settings,
    status,
    topology,
)
from tenantnet.cli.fleet import commands as fleet
from tenantnet.cli.migrate import commands as migrate
from tenantnet.cli.tenant import commands as tenant
from tenantnet.cli.tunnel import commands as tunnel
from tenantnet.cli.up import commands as up
from tenantnet.cli.vpn import commands as vpn
from tenantnet.failure import Failure
from tenantnet.refusal import Refused

app = typer.Typer(name="tenantnet", no_args_is_help=True, pretty_exceptions_enable=False)
app.command()(status.status)
app.command()(up.up)
app.command("open")(open_database.open_database)
app.command()(review.review)
app.command()(topology.topology)
app.add_typer(tenant.app, name="tenant")
app.add_typer(network.app, name="network")
app.add_typer(database.app, name="database")
app.add_typer(vpn.app, name="vpn")
app.add_typer(tunnel.app, name="tunnel")
app.add_typer(migrate.app, name="migrate")
app.add_typer(fleet.app, name="fleet")
app.add_typer(isolation.app, name="isolation")
app.add_typer(claims.app, name="claims")
app.add_typer(settings.app, name="settings")
app.command()(rules.rules)
app.command()(permissions.permissions)
app.add_typer(local.app)


def run() -> None:
    """Run the command line. Exit code 0: done, 1: failed, 2: the input was refused."""
    try:
        app()
    except Refused as refused:
        sys.stderr.write(f"{refused}\nNothing was changed.\n")
        sys.exit(2)
    except Failure as failure:
        sys.stderr.write(f"{failure}\n")
        sys.exit(1)
