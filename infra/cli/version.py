"""`tenantnet --version`: what runs here."""

from __future__ import annotations

import typer

NOT_FOUND = "none on the path"


def print_version(wanted: bool) -> None:
    """Print the versions of Tenantnet, the engine, the AWS plugin that it asks for and Python, and end."""
    if not wanted:
        return
    import platform
    import subprocess
    from importlib.metadata import version

    try:
        done = subprocess.run(["pulumi", "version"], capture_output=True, text=True, check=False, timeout=10)
        engine = done.stdout.strip() or f"none that answers: {done.stderr.strip()}"
    except (OSError, subprocess.TimeoutExpired) as error:
        engine = f"none that answers: {error}" if not isinstance(error, FileNotFoundError) else NOT_FOUND
    typer.echo(
        f"tenantnet {version('tenantnet')}\n"
        f"engine {engine}\n"
        f"AWS plugin {version('pulumi_aws')}\n"
        f"Python {platform.python_version()}"
    )
    raise typer.Exit
