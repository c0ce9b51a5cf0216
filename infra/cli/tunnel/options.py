"""Arguments and options of the `tenantnet tunnel` commands, and the names that they take."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer
from tenantnet.cli.project import project_here, stacks_here
from tenantnet.failure import Failure
from tenantnet.refusal import Refusal, Refused, Rule

if TYPE_CHECKING:
    from tenantnet.settings.project import Project

SHARED = "As `tenantnet tunnel share` prints it; give all three if you have no project."

NAMES_OR_ALL = Rule(
    id="names-or-all",
    rule="give the names of tunnels, or --all",
    reason="{reason}",
    remedy="tenantnet tunnel {command} NAME, or tenantnet tunnel {command} --all",
)


def complete_name(incomplete: str) -> list[str]:
    """The tunnels that there may be."""
    try:
        return [name for name in known_names() if name.startswith(incomplete)]
    except Failure:
        return []


def complete_running(incomplete: str) -> list[str]:
    """The tunnels that run."""
    from tenantnet.tunnel.records import TunnelRecords

    return [name for name in TunnelRecords().all() if name.startswith(incomplete)]


Name = Annotated[str, typer.Argument(help="The tunnel's name.", autocompletion=complete_name)]
Names = Annotated[
    list[str] | None, typer.Argument(metavar="[NAME]...", help="Tunnels.", autocompletion=complete_running)
]
LocalPort = Annotated[int | None, typer.Option(help="Its port on this machine. [default: its profile's]")]


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


def choose_names(
    names: Sequence[str] | None, *, everything: bool, all_names: Sequence[str], command: str
) -> list[str]:
    """The tunnels that are meant, each once. Raises Refused for names together with --all, or neither."""
    if names and everything:
        raise Refused("The command", [_refuse(" ".join(names), "--all means these and all others", command)])
    if not names and not everything:
        raise Refused("The command", [_refuse(None, "neither is given", command)])
    return list(dict.fromkeys(names or all_names))


def _refuse(value: object, reason: str, command: str) -> Refusal:
    return NAMES_OR_ALL.refuse(value, reason=reason, command=command)
