"""`tenantnet local`: starts, shows, empties and stops the local cloud."""

from __future__ import annotations

import re
import shlex
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from tenantnet.cli.options import AsJson
from tenantnet.cli.output import show
from tenantnet.local_cloud.mysql.installation import Generation
from tenantnet.local_cloud.state import DEFAULT_PORT, STATE_VARIABLE, default_state_dir

if TYPE_CHECKING:
    from tenantnet.local_cloud.process import LocalCloud

app = typer.Typer()

StateDirOption = Annotated[
    Path | None,
    typer.Option(help=f"The local cloud's state directory. [default: ${STATE_VARIABLE}, or .local-cloud]"),
]


def _cloud(state_dir: Path | None) -> LocalCloud:
    from tenantnet.local_cloud.process import LocalCloud

    return LocalCloud(state_dir or default_state_dir())


def _removed(stacks: list[str]) -> str:
    plural = "" if len(stacks) == 1 else "s"
    held = f"{len(stacks)} stack{plural}: {', '.join(stacks)}" if stacks else "there was no stack in it"
    return f"The Pulumi state that described it was removed ({held})."


@app.command(epilog="Example: tenantnet local start --port 4600")
def start(
    port: Annotated[
        int | None,
        typer.Option(help=f"TCP port on 127.0.0.1, {DEFAULT_PORT} by default; 0 takes a free one."),
    ] = None,
    simulate_databases: Annotated[
        bool,
        typer.Option("--simulate-databases", help="Run no MySQL servers: saves 100 MB for each database."),
    ] = False,
    mysql: Annotated[
        Generation, typer.Option(help="The version of the MySQL servers, whatever version RDS is asked for.")
    ] = Generation.MYSQL_8_0,
    record_calls: Annotated[
        bool, typer.Option("--record-calls", help="Record who calls what, for tenantnet permissions.")
    ] = False,
    state_dir: StateDirOption = None,
) -> None:
    """Start the local cloud in the background. If it runs already, do nothing.

    In a project without a Pulumi, `tenantnet engine install` is done first: up to 15 minutes.
    """
    from importlib.metadata import version

    from tenantnet.local_cloud.process import LocalCloud, require_moto
    from tenantnet.toolchain.install import install_first

    require_moto()
    install_first(version("pulumi-aws"))
    cloud = LocalCloud(
        state_dir or default_state_dir(),
        mysql=mysql,
        real_databases=not simulate_databases,
        record_calls=record_calls,
    )
    started = cloud.start(port)
    server = started.server
    if started.forgotten:
        gone = "The last local cloud ended without `stop`, and its content is gone."
        typer.echo(f"{gone} {_removed(started.forgotten)}")
    state = "runs already" if started.already_running else "runs"
    typer.echo(f"The local cloud {state} at {server.url} (pid {server.pid}).")
    typer.echo(f"Databases: {server.databases}. Names: a DNS server at {server.name_server}.")
    # Before its environment is in the shell, the command may not be on the path.
    command = "tenantnet" if shutil.which("tenantnet") else shlex.quote(sys.argv[0])
    typer.echo(f'To use it in this shell: eval "$({command} local env)"')


@app.command(epilog="Example: tenantnet local stop")
def stop(state_dir: StateDirOption = None) -> None:
    """Stop the local cloud. Its content and its Pulumi state are removed."""
    forgotten = _cloud(state_dir).stop()
    if forgotten is None:
        typer.echo("No local cloud runs here, and there was nothing to remove.")
        return
    typer.echo("The local cloud is stopped, and its content is gone.")
    typer.echo(_removed(forgotten))


@app.command(epilog="Example: tenantnet local reset")
def reset(state_dir: StateDirOption = None) -> None:
    """Empty the local cloud and its Pulumi state; it keeps running."""
    forgotten = _cloud(state_dir).reset()
    typer.echo("The local cloud is empty again and keeps running.")
    typer.echo(_removed(forgotten))


@app.command(epilog='Example: eval "$(tenantnet local env)"')
def env(state_dir: StateDirOption = None) -> None:
    """Print lines for a shell that make pulumi, aws and boto3 use the local cloud.

    They also unset what would lead elsewhere, such as AWS_PROFILE. A new shell is as before.
    """
    from tenantnet.local_cloud.environment import environment, in_the_way

    variables = environment((state_dir or default_state_dir()).resolve())
    if others := in_the_way():
        typer.echo(f"unset {' '.join(others)}")
    for name, value in variables.items():
        typer.echo(f"export {name}={shlex.quote(value)}")


@app.command(epilog="Example: tenantnet local status --json")
def status(as_json: AsJson = False, state_dir: StateDirOption = None) -> None:
    """Show whether the local cloud runs, since when, and its content."""
    show(_cloud(state_dir).status(), _print, as_json=as_json)


def _print(shown: Mapping[str, object]) -> None:
    width = max(map(len, shown)) + 1
    for name, value in shown.items():
        words = re.sub("(?=[A-Z])", " ", name).lower()
        typer.echo(f"{words:{width}}  {_in_words(value)}")


def _in_words(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return (", ".join(value) or "none") if isinstance(value, list) else str(value)
