"""A cell, read from its platform's settings file: settings, region, ranges."""

from __future__ import annotations

from dataclasses import dataclass, replace

from tenantnet.addresses.claims import Claim, Row, claims_in_settings
from tenantnet.addresses.claims_table import ClaimsTable
from tenantnet.addresses.companies import Company, companies_in_settings
from tenantnet.addresses.connections import read_companies
from tenantnet.addresses.ranges import Ranges
from tenantnet.refusal import Refused, Rule
from tenantnet.settings.files import load_file
from tenantnet.settings.models import PlatformSettings
from tenantnet.settings.project import PLATFORM_PREFIX, Project, StackKind
from tenantnet.settings.spaces import named_in_tree, sharing
from tenantnet.settings.store import read_settings_file, tenants_in_tree
from tenantnet.tags import cell_of_claims_table

SETTINGS_OF_PLATFORM = Rule(
    id="settings-of-platform",
    rule="a platform's settings are under `tenantnet:platform`, and its region under `aws:region` as text",
    reason="{stack} has no such settings",
    remedy="correct its settings file",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A cell. settings: its platform's, valid. region: the AWS region.

    secrets_provider: what the platform's settings name to encrypt its secrets; None for the backend's own.
    """

    settings: PlatformSettings
    region: str
    secrets_provider: str | None = None


def read_cell(project: Project, platform: str) -> Cell:
    """The cell of a platform. Raises Refused if it has no settings file or that is not valid."""
    file = read_settings_file(project, platform, StackKind.PLATFORM)
    settings = load_file(file.path, project.file)
    if not isinstance(settings, PlatformSettings) or file.region is None:
        raise Refused(f"The settings of {platform}", [SETTINGS_OF_PLATFORM.refuse(platform, stack=platform)])
    return Cell(settings=settings, region=file.region, secrets_provider=file.secrets_provider)


def read_ranges(project: Project, cell: Cell, table: str | None) -> Ranges:
    """The ranges of the cell's address space, by the settings files here, its claims table and EC2.

    table: the claims table's name; None asks the settings files only. Raises Refused if a settings file
    cannot be read, Failure if AWS does not answer.
    """
    own = cell.settings.cell
    rows: list[Row] = []
    companies: list[Company] = []
    for platform in sharing(cell.settings.name, named_in_tree(project)):
        other = platform.removeprefix(PLATFORM_PREFIX)
        tenants, unread = tenants_in_tree(project, [platform])
        for refused in unread.values():
            raise _needed(refused)
        for stack, tenant in tenants.items():
            rows += [replace(claim, cell=other) for claim in claims_in_settings(stack, tenant)]
            companies += [Company(cidr=cidr, tenant=stack) for _, cidr in companies_in_settings(tenant)]
    if table:
        holder = cell_of_claims_table(table)
        held = ClaimsTable.of(own, cell.region, table).all()
        rows += [replace(row, cell=row.cell or holder) if isinstance(row, Claim) else row for row in held]
        companies += read_companies(table, held, cell.region)
    return Ranges(rows, own, companies)


def _needed(unread: Refused) -> Refused:
    """The error of a file, with why it is in the way of another tenant's new range."""
    why = "a new range is judged beside those of all tenants, and the ones of this file would count as free"
    return Refused(
        unread.subject, [replace(each, reason=f"{each.reason}; {why}") for each in unread.refusals]
    )
