"""The project that a command works in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, ParamSpec

import typer
from tenantnet.refusal import Refused

if TYPE_CHECKING:
    from tenantnet.proposals.proposal import Proposal
    from tenantnet.settings.project import Project

P = ParamSpec("P")


def working_project() -> Project:
    """The project that the working directory is in. Raises Refused where it is in none."""
    from tenantnet.settings.project import find_project

    return find_project(Path.cwd())


def name_unread(tenant: str) -> None:
    """The same of one tenant, for a command that has shown what its stack and AWS say without that file."""
    from tenantnet.settings.store import read_configs

    project = working_project()
    if tenant in project.stacks_with_settings():
        end_unread(read_configs(project, [tenant])[1])


def end_unread(unread: Mapping[str, Refused]) -> None:
    """Name the settings files that cannot be read, by tenant, beside what was shown; then exit code 1."""
    for refused in unread.values():
        typer.echo(f"\n{refused}", err=True)
    if unread:
        raise typer.Exit(1)


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


def write(proposal: Proposal) -> None:
    """Write the change of a settings file, and say what the file has now."""
    proposal.write()
    typer.echo(f"Wrote {proposal.place}: {proposal.said}")
