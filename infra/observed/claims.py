"""Compares a claims table with the stacks and settings that use it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tenantnet.addresses.claims import (
    Claim,
    ClaimFinding,
    ClaimKind,
    ForeignRow,
    Row,
    audit_claims,
    claims_in_settings,
    missing_claims,
)
from tenantnet.addresses.claims_table import ClaimsTable
from tenantnet.engine.engine import Engine
from tenantnet.refusal import Refused
from tenantnet.settings.cells import read_cell
from tenantnet.settings.project import PLATFORM_PREFIX, Project, is_platform
from tenantnet.settings.store import tenants_in_tree, unknown_stack
from tenantnet.stacks.outputs import TenantOutputs


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """doubtful: rows that nothing needs. missing: ranges without a row. foreign: rows of nobody known.

    unread: why, by name, where a tenant's settings cannot be read: whether they need a row is not known.
    """

    table: str
    rows: list[Row]
    doubtful: Mapping[Claim, ClaimFinding]
    missing: Mapping[Claim, ClaimFinding]
    unread: Mapping[str, Refused]

    @property
    def foreign(self) -> list[ForeignRow]:
        return [row for row in self.rows if isinstance(row, ForeignRow)]


def read_audit(project: Project, platform: str) -> Audit:
    """Ask the engine and AWS. Raises Refused for an unknown platform, Failure if either does not answer."""
    cell, engine = read_cell(project, platform), Engine(project)
    stacks = engine.stacks()
    if platform not in stacks:
        # In another backend no stack would exist, and every claim would look unused.
        raise unknown_stack(project, platform, stacks, kind="platform", where="in this Pulumi backend")
    table = engine.claims_table(platform)
    rows = ClaimsTable.of(cell.settings.cell, cell.region, table).all()
    wanted, deployed, retired, unread = _of_users(project, engine, table, stacks)
    held = [row for row in rows if isinstance(row, Claim)]
    return Audit(
        table=table,
        rows=rows,
        doubtful=audit_claims(held, stacks=stacks, in_settings=wanted, unread=unread),
        unread=unread,
        missing=missing_claims(rows, deployed=deployed, in_settings=wanted, retired=retired),
    )


def _of_users(
    project: Project, engine: Engine, table: str, stacks: list[str]
) -> tuple[list[Claim], list[Claim], list[Claim], dict[str, Refused]]:
    """The ranges of the tenants of all platforms that use the table: in settings, deployed, given up.

    And the settings that cannot be read.
    """
    platforms = {each for each in (*stacks, *project.stacks_with_settings()) if is_platform(each)}
    users = {each for each in platforms if engine.claims_table(each) == table}
    tenants, unread = tenants_in_tree(project, users)
    wanted = [claim for each, tenant in tenants.items() for claim in claims_in_settings(each, tenant)]
    deployed, retired = list[Claim](), list[Claim]()
    for stack in (each for each in stacks if not is_platform(each)):
        outputs = engine.outputs(stack) or {}
        if (platform := outputs.get("platform")) in users:
            known, cell = TenantOutputs.read(stack, outputs), platform.removeprefix(PLATFORM_PREFIX)
            deployed += [claim.in_table(table, cell) for claim in _deployed(stack, known)]
            if known.retired:
                slot, cidr = known.retired.slot, known.retired.cidr
                retired.append(Claim(cidr=cidr, tenant=stack, stack=stack, kind=ClaimKind.NETWORK, slot=slot))
    return wanted, deployed, retired, unread


def _deployed(stack: str, known: TenantOutputs) -> list[Claim]:
    """The ranges of a stack by its outputs."""
    ranges = [(ClaimKind.NETWORK, slot, network.cidr) for slot, network in known.networks.items()]
    if known.session_subnet:
        ranges.append((ClaimKind.SESSION_SUBNET, "", known.session_subnet))
    return [Claim(cidr=cidr, tenant=stack, stack=stack, kind=kind, slot=slot) for kind, slot, cidr in ranges]
