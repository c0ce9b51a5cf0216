"""`tenantnet tunnel install` and `uninstall`: the tunnels that open at login."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from tenantnet.cli.tunnel.start import choose
from tenantnet.failure import Failure
from tenantnet.refusal import Refused, Rule

if TYPE_CHECKING:
    from tenantnet.tunnel.login import LoginService

LOGIN_SERVICE = Rule(
    id="tunnel-login-service",
    rule="tunnels open at login by systemd or launchd",
    reason="this system has neither",
    remedy="let your desktop run this at login: tenantnet tunnel start --keep-trying",
)
LOGIN_OWN_HOME = Rule(
    id="tunnel-login-home",
    rule="tunnels open at the login of the user who installs them",
    reason="{home} is another user's home",
    remedy="run the command as that user, without sudo",
)
Show = Annotated[bool, typer.Option("--print", help="Print the file, and change nothing.")]


def install(show: Show = False) -> None:
    """Open your automatic tunnels at login, and now: a systemd user unit, or a launchd agent on macOS.

    Example: tenantnet tunnel install
    """
    from tenantnet.tunnel.plugin import find_plugin
    from tenantnet.tunnel.profiles import write_private

    service = _service()
    names = [profile.name for profile in choose([], everything=False, local_port=None)]
    if show:
        typer.echo(service.text)
        return
    find_plugin()
    if service.path.exists():
        _end(service)
    try:
        write_private(service.path, service.text)
    except OSError as error:
        raise _failure("write", f"{error.strerror}: {service.path}", "see that you may write there") from None
    typer.echo(f"Wrote {service.path}.")
    for command in service.begin:
        if said := _run(command):
            remedy = f"in a session of your desktop or with ssh: {' '.join(command)}"
            raise _failure("start", f"`{' '.join(command)}` said: {said}", remedy)
    typer.echo(f"At every login, and now, these open: {', '.join(names)}.")
    typer.echo(f"See them: tenantnet tunnel status; what was said: {service.log}")


def uninstall() -> None:
    """Open no tunnels at login any more, and stop those that the login opened.

    Example: tenantnet tunnel uninstall
    """
    service = _service()
    if not service.path.exists():
        typer.echo("No tunnels open at login.")
        return
    said = _end(service)
    service.path.unlink()
    typer.echo(f"Removed {service.path}.")
    if said:
        remedy = "if tunnels still run: tenantnet tunnel stop --all"
        raise _failure("stop", f"`{' '.join(service.end[0])}` said: {said}", remedy)


def _service() -> LoginService:
    from tenantnet.tunnel.behind import COMMAND
    from tenantnet.tunnel.login import login_service

    command = [*COMMAND, "tunnel", "start", "--keep-trying"]
    home, user = Path.home(), os.getuid() if hasattr(os, "getuid") else 0
    if home.is_dir() and home.stat().st_uid != user:
        raise Refused("The command", [LOGIN_OWN_HOME.refuse(user, "user ID", home=home)])
    if service := login_service(sys.platform, home, user, command, os.environ):
        return service
    raise Refused("The command", [LOGIN_SERVICE.refuse(sys.platform)])


def _end(service: LoginService) -> str:
    return " ".join(filter(None, map(_run, service.end)))


def _run(command: Sequence[str]) -> str:
    """What it said if it failed; empty if it did not."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as error:
        return str(error.strerror)
    return (done.stderr.strip() or f"exit code {done.returncode}") if done.returncode else ""


def _failure(task: str, reason: str, remedy: str) -> Failure:
    return Failure(f"Could not {task} the tunnels that open at login.", reason=reason, remedy=remedy)
