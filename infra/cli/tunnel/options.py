"""Arguments and options of the `tenantnet tunnel` commands, and the names that they take."""

from __future__ import annotations

from collections.abc import Collection
from typing import Annotated

import typer
from tenantnet.cli.project import project_here, stacks_here
from tenantnet.failure import Failure
from tenantnet.settings.project import Project


def complete_name(incomplete: str) -> list[str]:
    """The tunnels that there may be."""
    try:
        return [name for name in known_names() if name.startswith(incomplete)]
    except Failure:
        return []


Name = Annotated[str, typer.Argument(help="The tunnel's name.", autocompletion=complete_name)]


def known_names() -> list[str]:
    """The profiles' names and, in a project, the tenants'; sorted."""
    from tenantnet.tunnel.profiles import Profiles

    return sorted({*Profiles().all(), *stacks_here(platforms=False)})


def require_tenant(name: str) -> Project:
    """The project with this tenant. Raises Refused if there is none."""
    from tenantnet.tunnel.profiles import unknown_tunnel

    project = project_here()
    if project is None or name not in stacks_here(platforms=False):
        raise unknown_tunnel(name, known_names())
    return project


def require_known(name: str, running: Collection[str]) -> None:
    """Raises Refused for a name that no tunnel has or could have."""
    from tenantnet.tunnel.profiles import unknown_tunnel

    if name not in (known := {*running, *known_names()}):
        raise unknown_tunnel(name, known)
