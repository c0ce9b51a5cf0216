"""The service of the person who asks, put in place and taken away: their automatic tunnels open at login."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tenantnet.failure import Failure
from tenantnet.refusal import Refused, Rule
from tenantnet.tunnel.behind import COMMAND
from tenantnet.tunnel.login import LoginService, login_service
from tenantnet.tunnel.plugin import find_plugin
from tenantnet.tunnel.profiles import Profiles, automatic, write_private
from tenantnet.tunnel.records import TunnelRecords
from tenantnet.tunnel.together import check_startable

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


def own_service() -> LoginService:
    """The service as it is, or would be. Raises Refused where there can be none."""
    command = [*COMMAND, "tunnel", "start", "--keep-trying"]
    home, user = Path.home(), os.getuid() if hasattr(os, "getuid") else 0
    if home.is_dir() and home.stat().st_uid != user:
        raise Refused("The command", [LOGIN_OWN_HOME.refuse(user, "user ID", home=home)])
    if service := login_service(sys.platform, home, user, command, os.environ):
        return service
    raise Refused("The command", [LOGIN_SERVICE.refuse(sys.platform)])


def install(service: LoginService) -> None:
    """Put it in place and start it, in place of a former one. Raises Refused and Failure."""
    profiles = automatic(Profiles().all())
    find_plugin()
    if service.path.exists():
        _end(service)
    else:
        # A tunnel that runs already would end the service as soon as it begins.
        check_startable(profiles, TunnelRecords())
    try:
        write_private(service.path, service.text)
    except OSError as error:
        raise _failure("write", f"{error.strerror}: {service.path}", "see that you may write there") from None
    for command in service.begin:
        if said := _run(command):
            words = " ".join(command)
            raise _failure(
                "start",
                f"`{words}` said: {said}",
                f"in a session of your desktop or with ssh: {words}",
                state=f"{service.path} was written.",
            )


def uninstall(service: LoginService) -> None:
    """Stop it, with the tunnels that it opened, and remove it. Raises Failure if it may still run."""
    said = _end(service)
    service.path.unlink()
    if said:
        raise _failure(
            "stop",
            f"`{' '.join(service.end[0])}` said: {said}",
            "if tunnels still run: tenantnet tunnel stop --all",
            state=f"{service.path} was removed.",
        )


def _end(service: LoginService) -> str:
    return " ".join(filter(None, map(_run, service.end)))


def _run(command: Sequence[str]) -> str:
    """What it said if it failed; empty if it did not."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as error:
        return str(error.strerror)
    return (done.stderr.strip() or f"exit code {done.returncode}") if done.returncode else ""


def _failure(task: str, reason: str, remedy: str, state: str = "Nothing was changed.") -> Failure:
    what = f"Could not {task} the tunnels that open at login."
    return Failure(what, reason=reason, remedy=remedy, state=state)
