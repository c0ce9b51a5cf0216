"""The settings file of a new tenant, with the given ranges or free ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tenantnet.addresses.claims import claims_in_settings
from tenantnet.refusal import Refused
from tenantnet.tags import Slot

if TYPE_CHECKING:
    from tenantnet.addresses.ranges import Ranges
    from tenantnet.settings.cells import Cell
    from tenantnet.settings.project import Project


@dataclass(frozen=True, slots=True, kw_only=True)
class CreatedTenant:
    """file: from the project's folder, as people there know it."""

    file: Path
    session_subnet: str
    cidr: str


def create_tenant(
    project: Project,
    name: str,
    platform: str,
    database: Mapping[str, Any],
    table: Callable[[], str] | None,
    *,
    session_subnet: str | None = None,
    cidr: str | None = None,
) -> CreatedTenant:
    """Write the file. table: names the claims table; None looks into the settings files only.

    Raises Refused for any mistake in what is given, Failure if AWS does not answer.
    """
    from tenantnet.settings.cells import read_cell, read_ranges

    _require_new(project, name)
    cell = read_cell(project, platform)
    ranges = read_ranges(project, cell, table and table())
    session_subnet, cidr = _choose(project, cell, ranges, session_subnet, cidr)
    settings = {
        "platform": platform,
        "sessionSubnet": session_subnet,
        "database": dict(database),
        "networks": {str(Slot.BLUE): {"cidr": cidr}},
    }
    file = _write(project, cell, ranges, name, settings)
    return CreatedTenant(file=file, session_subnet=session_subnet, cidr=cidr)


def _require_new(project: Project, name: str) -> None:
    from tenantnet.settings.checks import check_tenant_name
    from tenantnet.settings.store import refuse_existing

    # Before it becomes part of a file's name.
    if refusals := check_tenant_name(name):
        raise Refused("The new tenant", refusals)
    refuse_existing(project, name)


def _choose(
    project: Project, cell: Cell, ranges: Ranges, session_subnet: str | None, cidr: str | None
) -> tuple[str, str]:
    from tenantnet.settings.files import read_defaults

    sessions = cell.settings.sessions
    if session_subnet is None:
        session_subnet = ranges.free_session_subnet(sessions.cidr, sessions.shared_subnets)
    return session_subnet, ranges.free_network(read_defaults(project.file).reserved) if cidr is None else cidr


def _write(project: Project, cell: Cell, ranges: Ranges, name: str, settings: dict[str, Any]) -> Path:
    """Returns the file, as people in the project's folder know it. Raises Refused for any mistake in it."""
    from tenantnet.addresses.addressing import check_session_subnet
    from tenantnet.settings.files import REGION_KEY
    from tenantnet.settings.loading import TENANT_KEY
    from tenantnet.settings.store import create_settings_file, settings_text

    sessions = cell.settings.sessions
    misplaced = check_session_subnet(settings["sessionSubnet"], sessions.cidr, sessions.shared_subnets)
    wrong = [
        *ranges.refuse_tenant(name, cell.settings.name),
        *(refusal.at("sessionSubnet") for refusal in misplaced),
        *ranges.refuse(claims_in_settings(name, settings)),
    ]
    text = settings_text({REGION_KEY: cell.region, TENANT_KEY: settings}, cell.secrets_provider)
    return create_settings_file(project, name, text, wrong).relative_to(project.folder)
