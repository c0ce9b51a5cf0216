"""The project that a command works in."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tenantnet.refusal import Refused

if TYPE_CHECKING:
    from tenantnet.settings.project import Project


def working_project() -> Project:
    """The project that the working directory is in. Raises Refused where it is in none."""
    from tenantnet.settings.project import find_project

    return find_project(Path.cwd())


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
