"""Who has which range, as far as a new one in a tenant's settings is concerned."""

from __future__ import annotations

from tenantnet.addresses.ranges import Ranges
from tenantnet.settings.cells import read_cell, read_ranges
from tenantnet.settings.models import TenantSettings
from tenantnet.settings.project import Project


def ranges_beside(project: Project, settings: TenantSettings, *, offline: bool) -> Ranges:
    """The ranges of a tenant's address space; offline: as the settings files alone have them."""
    return read_ranges(
        project,
        read_cell(project, settings.platform),
        None if offline else claims_table(project, settings.platform),
    )


def claims_table(project: Project, platform: str) -> str:
    """The name of the claims table that a platform uses."""
    # To import what starts Pulumi takes longer than all else that an edit without AWS needs.
    from tenantnet.engine.engine import Engine  # noqa: PLC0415

    return Engine(project).claims_table(platform)
