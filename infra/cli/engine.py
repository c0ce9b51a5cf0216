"""`tenantnet engine`: finds an official Pulumi, or builds an engine from package registries."""

from __future__ import annotations

import typer
from tenantnet.cli.project import working_project

app = typer.Typer()


@app.callback()
def engine() -> None:
    """Keep `install` a command of the group, whose only one it is."""


@app.command(epilog="Example: tenantnet engine install")
def install() -> None:
    """Find Pulumi with its AWS plugin, or build both into .engine; and Session Manager's plugin.

    What is built stays in a cache that all projects of a user share. The first time takes up to 15 minutes,
    and Go, which is installed from PyPI where there is none. Running it again does only what is missing.
    """
    from importlib.metadata import version

    from tenantnet.toolchain.install import install

    working_project()
    install(version("pulumi-aws"))
