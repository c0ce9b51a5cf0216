"""`tenantnet tunnel install` and `uninstall`: the tunnels that open at login."""

from __future__ import annotations

from typing import Annotated

import typer

Show = Annotated[bool, typer.Option("--print", help="Print the file, and change nothing.")]


def install(show: Show = False) -> None:
    """Open your automatic tunnels at login, and now: a systemd user unit, or a launchd agent on macOS.

    Example: tenantnet tunnel install
    """
    from tenantnet.tunnel import at_login
    from tenantnet.tunnel.profiles import Profiles, automatic

    service = at_login.own_service()
    names = [profile.name for profile in automatic(Profiles().all())]
    if show:
        typer.echo(service.text)
        return
    at_login.install(service)
    typer.echo(f"Wrote {service.path}.")
    typer.echo(f"At every login, and now, these open: {', '.join(names)}.")
    typer.echo(f"See them: tenantnet tunnel status; what was said: {service.log}")


def uninstall() -> None:
    """Open no tunnels at login any more, and stop those that the login opened.

    Example: tenantnet tunnel uninstall
    """
    from tenantnet.tunnel import at_login

    service = at_login.own_service()
    if not service.path.exists():
        typer.echo("No tunnels open at login.")
        return
    at_login.uninstall(service)
    typer.echo(f"Removed {service.path}.")
