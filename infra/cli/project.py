"""The project that a command works in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial, wraps
from pathlib import Path
from typing import TYPE_CHECKING, ParamSpec

import typer
from tenantnet.refusal import Refused
from tenantnet.tags import Slot

if TYPE_CHECKING:
    from tenantnet.settings.project import Project
    from tenantnet.settings.store import SettingsFile

P = ParamSpec("P")
# In words, as a person would make it, and as what it makes of a settings file's text.
Edit = tuple[str, Callable[[str], str]]
VPN_CONNECTIONS = "vpnConnections"


def working_project() -> Project:
    """The project that the working directory is in. Raises Refused where it is in none."""
    from tenantnet.settings.project import find_project

    return find_project(Path.cwd())


def edits_settings(command: Callable[P, None]) -> Callable[P, None]:
    """A command during which no other one edits the project's settings: what it reads is what it changes."""

    @wraps(command)
    def alone(*args: P.args, **kwargs: P.kwargs) -> None:
        from tenantnet.settings.locking import edit_lock

        with edit_lock(working_project().settings_folder):
            command(*args, **kwargs)

    return alone


def project_here() -> Project | None:
    """The same, or None."""
    try:
        return working_project()
    except Refused:
        return None


def stacks_here(*, platforms: bool | None = None) -> list[str]:
    """The stacks that have a settings file, sorted; platforms: only those, or only tenants."""
    from tenantnet.settings.project import is_platform

    project = project_here()
    stacks = project.stacks_with_settings() if project else []
    return [stack for stack in stacks if platforms in (None, is_platform(stack))]


def claims_table(project: Project, platform: str) -> str:
    """The name of the claims table that a platform uses."""
    from tenantnet.engine.engine import Engine

    return Engine(project).claims_table(platform)


def add_connection(slot: Slot, item: Mapping[str, str]) -> Edit:
    """The edit that adds a VPN connection to a network; item: with the keys of the settings."""
    from tenantnet.settings.edit import NETWORKS, add_item

    fields = ", ".join(f"{key}: {value}" for key, value in item.items())
    return (
        f"under networks.{slot}.{VPN_CONNECTIONS} add {{{fields}}}",
        partial(add_item, path=(*NETWORKS, slot, VPN_CONNECTIONS), item=item),
    )


def write_settings(project: Project, file: SettingsFile, said: str, *edits: Edit) -> None:
    """Edit a settings file in place, and say what it has now."""
    from tenantnet.settings.edit import in_place
    from tenantnet.settings.store import replace_settings_file

    text = file.text
    for words, edit in edits:
        with in_place(words):
            text = edit(text)
    replace_settings_file(project, file, text)
    typer.echo(f"Wrote {file.path.relative_to(project.folder)}: {said}")
