"""The policy on claims: every range in use is claimed in its cell, and in no other tenant's reach."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tenantnet.addresses.addressing import check_private_cidr, overlaps
from tenantnet.addresses.claims import RANGE_UNCLAIMED, Claim, ClaimKind, refuse_claim
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
    rule="a range is claimed by the stack that uses it, in its cell's claims table",
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
    rule="a stack writes claims of its own into its cell's claims table, {table}, and nothing else",
    reason="the row would be that of stack {holder}, written by stack {stack}",
    remedy="claim with this stack's own name, by tenantnet.components.range_claim.RangeClaim",
)
OTHERS_COMPANY = Rule(
    id="others-company",
    rule="a tenant's network lies in no company range of another tenant of the cell",
    reason="tenant {tenant} has a VPN connection to {cidr}: its database lets in who has an address there",
    remedy="take another range: `tenantnet network add --auto` finds a free one",
)
OTHERS_CLAIM = Rule(
    id="others-claim",
    rule="a company range overlaps no range that another tenant of the cell has claimed",
    reason="{cidr} is tenant {tenant}'s {purpose}, and packets to it would go to this company",
    remedy="write the exact ranges behind the company's VPN device",
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
    yield from _judge_rows(stack, platform.cell)
    places = list(_places(stack))
    for place in places:
        yield from _judge_declared(stack, place, platform.cell)
    try:
        ranges = settings.reading.ranges(platform.cell, platform.region)
    except Failure as failure:
        facts = {"reason": failure.reason, "remedy": failure.remedy}
        yield stack.root.refuse(PLATFORM_READ, "", value=claims_table_name(platform.cell), **facts)
        return
    yield from _judge_tenants(stack, ranges)
    for place in places:
        yield from _judge_held(place.resource, place.claim, ranges)
    for route in stack.of_type(VPN_CONNECTION_ROUTE):
        yield from _judge_company(route, stack.name, ranges)


def _judge_cell(stack: Stack) -> Iterator[Finding]:
    cell = stack.name.removeprefix(PLATFORM_PREFIX)
    for resource in stack.resources if stack.is_platform else ():
        if resource.tags.get(Tag.CELL, cell) != cell:
            given = resource.tags[Tag.CELL]
            yield resource.refuse(CELL_OWN, f"tags.{Tag.CELL}", value=given, cell=cell, given=given)


def _judge_rows(stack: Stack, cell: str) -> Iterator[Finding]:
    facts = {"table": claims_table_name(cell), "stack": stack.name}
    for item, claim in _rows(stack):
        table = item.props.get("tableName")
        if claim is None or claim.stack != stack.name:
            holder = claim.stack if claim else "nobody that Tenantnet knows"
            value = claim.cidr if claim else item.props.get("item")
            yield item.refuse(OWN_CLAIMS, "item", value=value, holder=holder, **facts)
        elif table != facts["table"]:
            yield item.refuse(OWN_CLAIMS, "tableName", holder=f"{claim.stack}, in another table", **facts)


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


def _places(stack: Stack) -> Iterator[_Place]:
    for vpc in networks(stack):
        yield from _place(vpc, ClaimKind.NETWORK, str(vpc.tags.get(Tag.NETWORK, "")))
    for subnet in session_subnets(stack):
        yield from _place(subnet, ClaimKind.SESSION_SUBNET, "")


def _place(resource: Resource, kind: ClaimKind, slot: str) -> Iterator[_Place]:
    cidr, tenant = resource.props.get("cidrBlock"), str(resource.tags.get(Tag.TENANT))
    if isinstance(cidr, str):
        yield _Place(resource, Claim(cidr=cidr, tenant=tenant, stack=resource.stack, kind=kind, slot=slot))


def _judge_declared(stack: Stack, place: _Place, cell: str) -> Iterator[Finding]:
    table = claims_table_name(cell)
    rows = [
        item for item, claim in _rows(stack) if claim == place.claim and item.props.get("tableName") == table
    ]
    if not rows:
        claim = place.claim.item_json()
        yield place.resource.refuse(RANGE_CLAIMED, "cidrBlock", claim=claim, table=table)
    elif rows[0].urn not in stack.created_before(place.resource):
        yield place.resource.refuse(CLAIMED_FIRST, "cidrBlock")


def _judge_tenants(stack: Stack, ranges: Ranges) -> Iterator[Finding]:
    holders = {claim.tenant: claim.stack for claim in ranges.claims if claim.stack != stack.name}
    for resource in stack.resources:
        tenant = resource.tags.get(Tag.TENANT)
        if isinstance(tenant, str) and tenant in holders:
            facts = {"given": tenant, "holder": holders[tenant]}
            yield resource.refuse(TENANT_OWN, f"tags.{Tag.TENANT}", value=tenant, **facts)


def _judge_held(resource: Resource, wanted: Claim, ranges: Ranges) -> Iterator[Finding]:
    for claim in ranges.claims:
        if _overlap(claim.cidr, wanted.cidr) and (refusal := refuse_claim(wanted, claim)):
            yield Finding(resource, refusal)
    for company in ranges.companies:
        if company.tenant != wanted.tenant and _overlap(company.cidr, wanted.cidr):
            facts = {"tenant": company.tenant, "cidr": company.cidr}
            yield resource.refuse(OTHERS_COMPANY, "cidrBlock", value=wanted.cidr, **facts)


def _judge_company(route: Resource, stack: str, ranges: Ranges) -> Iterator[Finding]:
    cidr = route.props.get("destinationCidrBlock")
    for claim in ranges.claims:
        if claim.stack != stack and isinstance(cidr, str) and _overlap(claim.cidr, cidr):
            facts = {"cidr": claim.cidr, "tenant": claim.tenant, "purpose": claim.purpose}
            yield route.refuse(OTHERS_CLAIM, "destinationCidrBlock", **facts)


def _overlap(one: str, other: str) -> bool:
    """Whether two ranges overlap; what is no range at all is refused elsewhere."""
    if one == other:
        return True
    return not check_private_cidr(one) and not check_private_cidr(other) and overlaps(one, other)


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
        for place in _place(resource, ClaimKind.NETWORK, ""):
            yield from _judge_held(resource, place.claim, ranges)
    else:
        yield from _judge_company(resource, stack.name, ranges)


NETWORK_CIDR_UNCLAIMED = Policy(
    name="network-cidr-unclaimed",
    description="The stack that uses a range claims it first, and no other tenant's range overlaps it.",
    severity=Severity.CRITICAL,
    remediation="Take another range with `tenantnet network add`, and declare its claim.",
    rules=(
        RANGE_UNCLAIMED,
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
