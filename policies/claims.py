"""The policy on claims: every range in use is claimed, and in no other tenant's reach."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tenantnet.addresses import addressing
from tenantnet.addresses.claims import (
    RANGE_UNCLAIMED,
    ROW_READABLE,
    Claim,
    ClaimKind,
    refuse_claim,
)
from tenantnet.addresses.companies import (
    OTHERS_CLAIM,
    OTHERS_COMPANY,
    overlap,
    refuse_company,
    refuse_in_companies,
)
from tenantnet.aws.types import TABLE_ITEM, VPC, VPN_CONNECTION_ROUTE
from tenantnet.failure import Failure
from tenantnet.policies.model import (
    PLATFORM_PREFIX,
    PLATFORM_READ,
    Finding,
    PackSettings,
    Policy,
    Ranges,
    Resource,
    Severity,
    Stack,
    with_platform,
)
from tenantnet.policies.places import networks, session_subnets
from tenantnet.refusal import Rule
from tenantnet.stacks.outputs import PlatformOutputs
from tenantnet.tags import Tag, claims_table_name

RANGE_CLAIMED = Rule(
    id="range-claimed",
    rule="a range is claimed by the stack that uses it, in the claims table of its platform",
    reason="this stack declares no row {claim} in {table}, so another one may take the range unnoticed",
    remedy="declare the claim with tenantnet.components.range_claim.RangeClaim",
)
CLAIMED_FIRST = Rule(
    id="claimed-first",
    rule="a range is claimed before anything is created in it",
    reason="it does not depend on its claim, so it would be there even where another stack wins the claim",
    remedy="create it in a component with depends_on=[claim]",
)
OWN_CLAIMS = Rule(
    id="own-claims",
    rule="a stack writes claims of its own into the claims table of its platform, {table}, and nothing else",
    reason="the row would be that of {holder}, written by stack {stack}",
    remedy="claim with this stack's own name, by tenantnet.components.range_claim.RangeClaim",
)
TENANT_OWN = Rule(
    id="tenant-own",
    rule="a stack's resources are tagged as its own tenant's: no other stack has claims as that tenant",
    reason="{given} is the tenant of stack {holder}, and what is tagged so counts as that tenant's",
    remedy="tag it with this stack's tenant; what is another tenant's belongs to that tenant's stack",
)
CELL_OWN = Rule(
    id="cell-own",
    rule="what a platform's stack declares is its own cell's: tenantnet:cell is {cell}",
    reason="the stack's name says which cell it is, and another cell's tenants would count it as theirs",
    remedy="tag it with {cell}, or declare it in platform-{given}",
)


@dataclass(frozen=True, slots=True)
class _Place:
    """Something that is in a claimed range, and the claim it needs."""

    resource: Resource
    claim: Claim


@with_platform
def _judge_stack(stack: Stack, settings: PackSettings, platform: PlatformOutputs | None) -> Iterator[Finding]:
    if platform is None:
        yield from _judge_cell(stack)
        return
    yield from _judge_rows(stack, platform)
    places = list(_places(stack, platform))
    for place in places:
        yield from _judge_declared(stack, place, platform.claims_table)
    try:
        ranges = settings.reading.ranges(platform.cell, platform.region)
    except Failure as failure:
        facts = {"reason": failure.reason, "remedy": failure.remedy}
        yield stack.root.refuse(PLATFORM_READ, "", value=platform.claims_table, **facts)
        return
    yield from _judge_tenants(stack, ranges)
    for place in places:
        yield from _judge_held(place.resource, place.claim, ranges)
    placed = [place.claim for place in places]
    for item, claim in _rows(stack):
        if claim and claim not in placed and not _other_holder(claim, stack, platform):
            yield from _judge_spare(item, claim, settings, platform, ranges)
    for route in stack.of_type(VPN_CONNECTION_ROUTE):
        yield from _judge_company(route, stack.name, ranges)


def _judge_cell(stack: Stack) -> Iterator[Finding]:
    cell = stack.name.removeprefix(PLATFORM_PREFIX)
    for resource in stack.resources if stack.is_platform else ():
        if resource.tags.get(Tag.CELL, cell) != cell:
            given = resource.tags[Tag.CELL]
            yield resource.refuse(CELL_OWN, f"tags.{Tag.CELL}", value=given, cell=cell, given=given)


def _judge_rows(stack: Stack, platform: PlatformOutputs) -> Iterator[Finding]:
    facts = {"table": platform.claims_table, "stack": stack.name}
    for item, claim in _rows(stack):
        if holder := _other_holder(claim, stack, platform):
            value = claim.cidr if claim else item.props.get("item")
            yield item.refuse(OWN_CLAIMS, "item", value=value, holder=holder, **facts)
        elif item.props.get("tableName") != platform.claims_table:
            holder = f"stack {stack.name}, in another table"
            yield item.refuse(OWN_CLAIMS, "tableName", holder=holder, **facts)


def _other_holder(claim: Claim | None, stack: Stack, platform: PlatformOutputs) -> str | None:
    """Whose row it would be; None if it is the stack's own."""
    if claim is None:
        return "nobody that Tenantnet knows"
    if claim.stack != stack.name:
        return f"stack {claim.stack}"
    if claim != claim.in_table(platform.claims_table, platform.cell):
        return f"cell {claim.cell}" if claim.cell else "the cell that has the table"
    return None


def _rows(stack: Stack) -> Iterator[tuple[Resource, Claim | None]]:
    """The rows that the stack writes to tables; None for one that is not a claim."""
    for item in stack.of_type(TABLE_ITEM):
        yield item, _parse(item.props.get("item"))


def _parse(item: object) -> Claim | None:
    try:
        row = json.loads(item) if isinstance(item, str) else None
        return Claim.from_item(row) if isinstance(row, Mapping) else None
    except (ValueError, TypeError):
        return None


def _places(stack: Stack, platform: PlatformOutputs) -> Iterator[_Place]:
    parts = [(vpc, ClaimKind.NETWORK, str(vpc.tags.get(Tag.NETWORK, ""))) for vpc in networks(stack)]
    parts += [(subnet, ClaimKind.SESSION_SUBNET, "") for subnet in session_subnets(stack)]
    for resource, kind, slot in parts:
        for claim in _claim(resource, kind, slot):
            yield _Place(resource, claim.in_table(platform.claims_table, platform.cell))


def _claim(resource: Resource, kind: ClaimKind, slot: str) -> Iterator[Claim]:
    cidr, tenant = resource.props.get("cidrBlock"), str(resource.tags.get(Tag.TENANT))
    if isinstance(cidr, str):
        yield Claim(cidr=cidr, tenant=tenant, stack=resource.stack, kind=kind, slot=slot)


def _judge_declared(stack: Stack, place: _Place, table: str) -> Iterator[Finding]:
    rows = [
        item for item, claim in _rows(stack) if claim == place.claim and item.props.get("tableName") == table
    ]
    if not rows:
        claim = place.claim.item_json()
        yield place.resource.refuse(RANGE_CLAIMED, "cidrBlock", claim=claim, table=table)
    elif rows[0].urn not in stack.created_before(place.resource):
        yield place.resource.refuse(CLAIMED_FIRST, "cidrBlock")


def _judge_tenants(stack: Stack, ranges: Ranges) -> Iterator[Finding]:
    claims = (row for row in ranges.claims if isinstance(row, Claim))
    holders = {claim.tenant: claim.stack for claim in claims if claim.stack != stack.name}
    for resource in stack.resources:
        tenant = resource.tags.get(Tag.TENANT)
        if isinstance(tenant, str) and tenant in holders:
            facts = {"given": tenant, "holder": holders[tenant]}
            yield resource.refuse(TENANT_OWN, f"tags.{Tag.TENANT}", value=tenant, **facts)


def _judge_held(resource: Resource, wanted: Claim, ranges: Ranges) -> Iterator[Finding]:
    held = (row for row in ranges.claims if overlap(row.cidr, wanted.cidr))
    refusals = [
        *(refuse_claim(wanted, row) for row in held),
        *refuse_in_companies(wanted, ranges.companies),
    ]
    for refusal in refusals:
        if refusal:
            yield Finding(resource, refusal)


def _judge_spare(
    item: Resource, claim: Claim, settings: PackSettings, platform: PlatformOutputs, ranges: Ranges
) -> Iterator[Finding]:
    """A claim without a network or subnet: it would still keep others out, as far as it reaches."""
    if claim.kind is ClaimKind.SESSION_SUBNET:
        refusals = addressing.check_session_subnet(
            claim.cidr, platform.sessions_cidr, platform.shared_subnets
        )
    else:
        refusals = addressing.check_network_cidr(claim.cidr, settings.reserved)
    if refusals:
        facts = {"table": platform.claims_table, "stack": claim.stack}
        holder = f"nobody, for no {claim.kind} can have {claim.cidr}"
        yield item.refuse(OWN_CLAIMS, "item", value=claim.cidr, holder=holder, **facts)
    else:
        yield from _judge_held(item, claim, ranges)


def _judge_company(route: Resource, stack: str, ranges: Ranges) -> Iterator[Finding]:
    cidr = route.props.get("destinationCidrBlock")
    if isinstance(cidr, str):
        for refusal in refuse_company(cidr, stack, "destinationCidrBlock", ranges.claims):
            yield Finding(route, refusal)


def _judge_update(resource: Resource, stack: Stack, settings: PackSettings) -> Iterator[Finding]:
    """What others have claimed since the preview, before the network or the route is created."""
    if stack.is_platform or stack.cell is None or resource.type not in (VPC, VPN_CONNECTION_ROUTE):
        return
    try:
        ranges = settings.reading.ranges(stack.cell, resource.region or settings.reading.region())
    except Failure as failure:
        facts = {"reason": failure.reason, "remedy": failure.remedy}
        yield resource.refuse(PLATFORM_READ, "", value=claims_table_name(stack.cell), **facts)
        return
    if resource.type == VPC:
        for claim in _claim(resource, ClaimKind.NETWORK, ""):
            yield from _judge_held(resource, claim, ranges)
    else:
        yield from _judge_company(resource, stack.name, ranges)


NETWORK_CIDR_UNCLAIMED = Policy(
    name="network-cidr-unclaimed",
    description="The stack that uses a range claims it first, and no other tenant's range overlaps it.",
    severity=Severity.CRITICAL,
    remediation="Take another range with `tenantnet network add`, and declare its claim.",
    rules=(
        RANGE_UNCLAIMED,
        ROW_READABLE,
        RANGE_CLAIMED,
        CLAIMED_FIRST,
        OWN_CLAIMS,
        OTHERS_COMPANY,
        OTHERS_CLAIM,
        TENANT_OWN,
        CELL_OWN,
        PLATFORM_READ,
    ),
    judge_stack=_judge_stack,
    judge_update=_judge_update,
)

POLICIES = (NETWORK_CIDR_UNCLAIMED,)
