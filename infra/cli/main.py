"""The `tenantnet` command: one module per group of commands, joined here."""

from __future__ import annotations

import sys

import typer

from infra.refusal import Refused

app = typer.Typer(name="tenantnet", no_args_is_help=True, pretty_exceptions_enable=False)


def run() -> None:
    """Run the command line; a refused input ends with exit code 2 and never with a traceback."""
    try:
        app()
    except Refused as refused:
        sys.stderr.write(f"{refused}\n")
        sys.exit(2)
