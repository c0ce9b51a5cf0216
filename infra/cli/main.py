"""The `tenantnet` command: its commands and groups, joined."""

from __future__ import annotations

import os
import sys
from typing import Annotated, NoReturn

import typer
from tenantnet.cli import console, doctor, init, open_database, permissions, review, rules, status, topology
from tenantnet.cli.groups import PLAIN, Commands
from tenantnet.cli.up import commands as up
from tenantnet.failure import Failure
from tenantnet.refusal import Refused, printable

OS_REMEDY = "check the disk, the working directory and your rights to its files, and try again"

app = typer.Typer(
    name="tenantnet",
    cls=Commands,
    no_args_is_help=True,
    rich_markup_mode=PLAIN,
    pretty_exceptions_enable=False,
)
app.command()(init.init)
app.command()(doctor.doctor)
app.command()(status.status)
app.command()(up.up)
app.command("open")(open_database.open_database)
app.command()(review.review)
app.command()(console.console)
app.command()(topology.topology)
app.command()(rules.rules)
app.command()(permissions.permissions)


def print_version(wanted: bool) -> None:
    """Print the versions of what runs here and where the pages are, and end."""
    if not wanted:
        return
    import platform
    from importlib.metadata import version

    from tenantnet.engine.version import engine_version
    from tenantnet.toolchain import own_engine
    from tenantnet.toolchain.places import PAGES

    try:
        engine = engine_version()
    except Failure as failure:
        engine = f"none: {failure.reason}"
        if own_engine.is_there():
            engine += '; this project\'s own comes onto it by: eval "$(tenantnet local env)"'
    typer.echo(
        f"tenantnet {version('tenantnet')}\n"
        f"Pulumi {engine}\n"
        f"AWS plugin {version('pulumi_aws')}\n"
        f"Python {platform.python_version()}\n"
        f"pages {PAGES}"
    )
    raise typer.Exit


@app.callback()
def tenantnet(
    _: Annotated[
        bool,
        typer.Option(
            "--version",
            callback=print_version,
            is_eager=True,
            help="Print the versions of what runs here, and where its pages are.",
        ),
    ] = False,
) -> None:
    """A private network, a MySQL database and VPN connections on AWS for every tenant of a platform.

    Example: tenantnet status acme
    """


def run() -> None:
    """Run the command line. Exit code 0: done, 1: failed, 2: the input was refused."""
    if sys.stdout is None:
        sys.stdout = os.fdopen(os.open(os.devnull, os.O_WRONLY), "w")
    try:
        app()
    except Refused as refused:
        _end(f"{refused}\n{refused.state}".rstrip("\n"), 2)
    except Failure as failure:
        _end(str(failure), 1)
    except OSError as error:
        # What is not printed yet must not be tried again when Python ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        state = "What was done before remains."
        _end(str(Failure("The command ended early.", reason=str(error), remedy=OS_REMEDY, state=state)), 1)


def _end(message: str, code: int) -> NoReturn:
    sys.stderr.write(f"{printable(message)}\n")
    sys.exit(code)
