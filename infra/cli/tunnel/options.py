"""Arguments and options of the `tenantnet tunnel` commands, and the names that they take."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from tenantnet.failure import Failure
from tenantnet.refusal import Refusal, Refused, Rule
from tenantnet.settings.project import Project, find_project, is_platform
from tenantnet.tunnel.profiles import Profiles, unknown_tunnel
from tenantnet.tunnel.records import TunnelRecords

SHARED = "As `tenantnet tunnel share` prints it; give all three if you have no project."

NAMES_OR_ALL = Rule(
    id="names-or-all",
    rule="give the names of tunnels, or --all",
    reason="{reason}",
    remedy="tenantnet tunnel {command} NAME, or tenantnet tunnel {command} --all",
)

RULES = (NAMES_OR_ALL,)


def complete_name(incomplete: str) -> list[str]:
    """The tunnels that there may be."""
    try:
        return [name for name in known_names() if name.startswith(incomplete)]
    except Failure:
        return []


def complete_running(incomplete: str) -> list[str]:
    """The tunnels that run."""
    return [name for name in TunnelRecords().all() if name.startswith(incomplete)]


Name = Annotated[
    str, typer.Argument(help="The tunnel's name.", autocompletion=complete_name, show_default=False)
]
Names = Annotated[
    list[str] | None,
    typer.Argument(metavar="[NAME]...", help="Tunnels.", autocompletion=complete_running, show_default=False),
]
LocalPort = Annotated[
    int | None,
    typer.Option(
        "--local-port", help="Its port on this machine. [default: its profile's]", show_default=False
    ),
]


def known_names() -> list[str]:
    """The profiles' names and, in a project, the tenants'; sorted."""
    project = project_here()
    tenants = [stack for stack in project.stacks_with_settings() if not is_platform(stack)] if project else []
    return sorted({*Profiles().all(), *tenants})


def project_here() -> Project | None:
    """The project that the working directory is in, if it is in one."""
    try:
        return find_project(Path.cwd())
    except Refused:
        return None


def require_tenant(name: str) -> Project:
    """The project with this tenant. Raises Refused if there is none."""
    project = project_here()
    if project is None or is_platform(name) or not project.settings_file(name).is_file():
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
