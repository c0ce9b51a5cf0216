"""The policy on claims: every range in use is claimed, and in no other tenant's reach."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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
    refuse_company,
    refuse_in_companies,
)
from tenantnet.addresses.index import overlap
from tenantnet.aws.types import SUBNET, TABLE_ITEM, VPC, VPN_CONNECTION_ROUTE
from tenantnet.failure import Failure
from tenantnet.policies.allowed import STACK
from tenantnet.policies.model import (
    PLATFORM_PREFIX,
    PLATFORM_READ,
    RESERVED_RANGES_SCHEMA,
    Finding,
    PackSettings,
    Policy,
    Ranges,
    Resource,
    Severity,
    Stack,
    before_creation,
    unread,
    with_platform,
)
from tenantnet.policies.places import (
    can_have,
    granted_claims,
    networks,
    own_claims,
    session_subnets,
    sound_claims,
)
from tenantnet.refusal import Rule
from tenantnet.settings.checks import (
    check_cell_apart,
    check_platform_name,
    check_tenant_apart,
    check_tenant_name,
)
from tenantnet.settings.rules import CELLS_APART, PLATFORM_NAME, TENANT_NAME, TENANT_NAME_FREE
from tenantnet.stacks.outputs import PlatformOutputs
from tenantnet.tags import Slot, Tag, cell_of_claims_table, claims_table_name

RANGE_CLAIMED = Rule(
    id="range-claimed",
    rule="a range is claimed by the stack that uses it, in the claims table of its platform",
    reason="{table} gets no row {claim} from this stack, so another one may take the range unnoticed",
    remedy="declare the claim with tenantnet.components.range_claim.RangeClaim. Where it is declared and its "
    "row is gone, `pulumi refresh` lets the next update write it again",
)
CLAIMED_FIRST = Rule(
    id="claimed-first",
    rule="a range is claimed before anything is created in it, and until that is gone",
    reason="it does not depend on its claim itself, so it would be there even where another stack wins the "
    "claim, or where a deletion of both fails halfway",
    remedy="create it in a component of Tenantnet with depends_on=[claim], or give it that itself",
)
OWN_CLAIMS = Rule(
    id="own-claims",
    rule="a stack writes claims of its own into the claims table of its platform, and nothing else",
    reason="the row would be that of {holder}, written by stack {stack}",
    remedy="claim with this stack's own name, by tenantnet.components.range_claim.RangeClaim",
)
CLAIMS_BOUNDED = Rule(
    id="claims-bounded",
    rule="a tenant claims one session subnet, and the ranges of two networks at most: blue and green",
    reason="this stack claims {others} already, and what it does not need keeps other tenants out",
    remedy="claim the range that the stack uses, and remove the other row: `tenantnet claims audit` names "
    "those that the settings do not",
)
CLAIM_KEPT = Rule(
    id="claim-kept",
    rule="a row of claims stays for as long as the stack has a network or subnet in its range",
    reason="{name} is the row of {former} in the state, where {place} is, too: the row would go first, and "
    "another tenant could take the range",
    remedy="claim {claimed} by another name: the row of {former} then goes after {place}",
)
CLAIM_AS_HELD = Rule(
    id="claim-as-held",
    rule="a row of claims that stays says what the state says of it",
    reason="in the state {name} is the row {former}: the new one has the same key, and would be deleted in "
    "place of it",
    remedy="run pulumi refresh. Where that does not help, `tenantnet claims audit` says how to put the row "
    "back; refresh again then",
)
CLAIM_ONCE = Rule(
    id="claim-once",
    rule="a range has one row of claims in a stack, and one in its state",
    reason="{other} is the row of {cidr}, too: both are one row at AWS, and as soon as one of them goes the "
    "range is free for others",
    remedy="declare one of both. Where it is to be called otherwise, give it the former name as an alias. If "
    "the state has both: pulumi state delete one of them",
)
MOST_CLAIMS = {ClaimKind.SESSION_SUBNET: 1, ClaimKind.NETWORK: len(Slot)}
TENANT_OWN = Rule(
    id="tenant-own",
    rule="a tenant's stack has the tenant's name and nothing of any other tenant; a platform's has no tenant",
    reason="what is tagged as {given}'s counts as {given}'s, whether {given} is deployed yet or not",
    remedy="declare it in stack {given}, or tag it with the tenant whose stack this is: {stack}",
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


def _judge_resource(resource: Resource, _: PackSettings) -> Iterator[Finding]:
    """Whose it is, by its tags or as a row: the stack's name alone tells it, before anything is created."""
    given = resource.tags.get(Tag.TENANT, resource.stack)
    if given != resource.stack:
        facts = {"given": given, "stack": resource.stack}
        yield resource.refuse(TENANT_OWN, f"tags.{Tag.TENANT}", value=given, **facts)
    if resource.stack.startswith(PLATFORM_PREFIX):
        yield from _judge_cell(resource)
    if resource.type == TABLE_ITEM:
        yield from _judge_row(resource)


def _judge_cell(resource: Resource) -> Iterator[Finding]:
    cell = resource.stack.removeprefix(PLATFORM_PREFIX)
    if (given := resource.tags.get(Tag.CELL, cell)) != cell:
        yield resource.refuse(CELL_OWN, f"tags.{Tag.CELL}", value=given, cell=cell, given=given)


def _judge_row(item: Resource) -> Iterator[Finding]:
    claim, table = item.claim, str(item.props.get("tableName"))
    if claim is None or (claim.stack, claim.tenant) != (item.stack, item.stack):
        holder = f"tenant {claim.tenant} in stack {claim.stack}" if claim else "nobody that Tenantnet knows"
        yield _refuse_row(item, "item", claim, holder)
    elif not _is_possible(claim):
        yield _refuse_impossible(item, claim)
    elif table != claims_table_name(cell_of_claims_table(table)):
        yield _refuse_row(item, "tableName", claim, "this stack's, in a table that is none of claims")


def _is_possible(claim: Claim) -> bool:
    """Whether some cell's tenant could have the range, before it is known which cell's it is."""
    if claim.kind is ClaimKind.NETWORK:
        return not addressing.check_network_cidr(claim.cidr, ())
    return any(
        not addressing.check_session_subnet(claim.cidr, str(around)) for around in addressing.PRIVATE_RANGES
    )


def _refuse_impossible(item: Resource, claim: Claim) -> Finding:
    return _refuse_row(item, "item", claim, f"nobody's, for no {claim.purpose} can have {claim.cidr}")


def _refuse_row(item: Resource, path: str, claim: Claim | None, holder: str) -> Finding:
    value = claim.cidr if claim and path == "item" else item.props.get(path)
    return item.refuse(OWN_CLAIMS, path, value=value, holder=holder, stack=item.stack)


@with_platform
def _judge_stack(stack: Stack, settings: PackSettings, platform: PlatformOutputs | None) -> Iterator[Finding]:
    for resource in stack.resources:
        yield from _judge_resource(resource, settings)  # what a program reads is not judged before
    if platform is None:
        yield from _judge_platform(stack.root, settings)
        return
    named = check_tenant_name(stack.name) or check_tenant_apart(
        stack.name, {"platform": f"{PLATFORM_PREFIX}{platform.cell}"}
    )
    yield from (Finding(stack.root, refusal) for refusal in named)
    places = list(_places(stack, platform))
    yield from _judge_rows(stack, settings, platform, [place.claim for place in places])
    for place in places:
        yield from _judge_declared(stack, place, platform.claims_table)
    yield from _judge_ranges(stack, settings, platform, places)


def _judge_ranges(
    stack: Stack, settings: PackSettings, platform: PlatformOutputs, places: Sequence[_Place]
) -> Iterator[Finding]:
    """The stack's ranges beside those of others."""
    ranges = settings.reading.ranges(platform.cell, platform.region)
    for place in places:
        yield from _judge_held(place.resource, place.claim, ranges)
    placed = [place.claim for place in places]
    for item, claim in sound_claims(stack, settings, platform):
        # A claim without a network or subnet would keep others out, as far as it reaches; one that the table
        # has stays, whatever another's company range covers since.
        if claim not in (*placed, *ranges.claims):
            yield from _judge_held(item, claim, ranges)
    for route in stack.of_type(VPN_CONNECTION_ROUTE):
        yield from _judge_company(route, stack.name, ranges)


def _judge_platform(root: Resource, settings: PackSettings) -> Iterator[Finding]:
    """A cell's name stands in those of its roles, tables and documents, and IAM tells cells apart by it."""
    if root.stack.startswith(PLATFORM_PREFIX):
        platforms = settings.reading.platforms()
        named = check_platform_name(root.stack) or check_cell_apart(root.stack, platforms)
        yield from (Finding(root, refusal) for refusal in named)


def _judge_rows(
    stack: Stack, settings: PackSettings, platform: PlatformOutputs, placed: Sequence[Claim]
) -> Iterator[Finding]:
    others = _left_behind(stack, settings, settings.reading.ranges(platform.cell, platform.region))
    for item, claim in own_claims(stack):
        yield from _judge_beside(stack, settings, item, claim)
        # Where the network or subnet itself is refused, it has to move, and its row with it.
        moves = claim in placed and (
            claim.kind is ClaimKind.SESSION_SUBNET
            or bool(addressing.check_network_cidr(claim.cidr, settings.reserved))
        )
        possible = moves or can_have(claim, settings.reserved, platform)
        yield from _judge_own(item, claim, others, platform, possible=possible)
        others.append(claim)


def _left_behind(stack: Stack, settings: PackSettings, ranges: Ranges) -> list[Claim]:
    """The stack's rows in the table that it does not declare, and that no update of it will delete."""
    going = [row for row in settings.reading.held(stack.name) if not row.retained]
    known = {claim.cidr for _, claim in own_claims(stack)} | {row.claim.cidr for row in going if row.claim}
    own = (row for row in ranges.claims if isinstance(row, Claim) and row.stack == stack.name)
    return [row for row in own if row.cidr not in known]


def _judge_beside(stack: Stack, settings: PackSettings, item: Resource, claim: Claim) -> Iterator[Finding]:
    """A row beside what the stack's state has, and its other rows."""
    held = settings.reading.held(stack.name)
    yield from _judge_kept(item, claim, held)
    yield from _judge_once(item, claim, [*held, *stack.of_type(TABLE_ITEM)])


def _judge_kept(item: Resource, claim: Claim, held: Sequence[Resource]) -> Iterator[Finding]:
    """The provider deletes a row that is replaced once the new one is written, or before that, by its key."""
    places = {each.props.get("cidrBlock"): each for each in held if each.type in (VPC, SUBNET)}
    for row in held:
        former = row.claim if row.urn in (item.urn, *item.aliases) else None
        if former is None or former == claim:
            continue
        if former.cidr == claim.cidr:
            if row.props.get("tableName") == item.props.get("tableName"):
                facts = {"name": item.name, "former": former.item_json()}
                yield item.refuse(CLAIM_AS_HELD, "item", value=claim.cidr, **facts)
        elif place := places.get(former.cidr):
            facts = {"name": item.name, "former": former.cidr, "place": place.name, "claimed": claim.cidr}
            yield item.refuse(CLAIM_KEPT, "item", value=claim.cidr, **facts)


def _judge_once(item: Resource, claim: Claim, rows: Sequence[Resource]) -> Iterator[Finding]:
    """A row that is there the provider does not write anew, but it brings another row to the same key."""
    place = claim.cidr, item.props.get("tableName")
    alike = (row for row in rows if row.claim and (row.claim.cidr, row.props.get("tableName")) == place)
    for other in {row.urn: row for row in alike if row.urn not in (item.urn, *item.aliases)}.values():
        yield item.refuse(CLAIM_ONCE, "item", value=claim.cidr, other=other.name, cidr=claim.cidr)


def _judge_own(
    item: Resource, claim: Claim, others: Sequence[Claim], platform: PlatformOutputs, *, possible: bool
) -> Iterator[Finding]:
    """A row of the stack's tenant, beside the others that it has declared."""
    table, alike = platform.claims_table, [each.cidr for each in others if each.kind is claim.kind]
    if claim != claim.in_table(table, platform.cell):
        yield _refuse_row(
            item, "item", claim, f"cell {claim.cell}" if claim.cell else "the cell that has the table"
        )
    elif item.props.get("tableName") != table:
        yield _refuse_row(item, "tableName", claim, f"this stack's, in another table than {table}")
    elif not possible:
        yield _refuse_impossible(item, claim)
    elif len(alike) >= MOST_CLAIMS[claim.kind]:
        yield item.refuse(CLAIMS_BOUNDED, "item", value=claim.cidr, others=", ".join(alike))


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
        item
        for item, claim in own_claims(stack)
        if claim == place.claim and item.props.get("tableName") == table
    ]
    if not rows:
        claim = place.claim.item_json()
        yield place.resource.refuse(RANGE_CLAIMED, "cidrBlock", claim=claim, table=table)
    elif rows[0].urn not in place.resource.depends_on:
        yield place.resource.refuse(CLAIMED_FIRST, "cidrBlock")


def _judge_held(resource: Resource, wanted: Claim, ranges: Ranges) -> Iterator[Finding]:
    held = (row for row in ranges.claims if overlap(row.cidr, wanted.cidr))
    refusals = [
        *(refuse_claim(wanted, row) for row in held),
        *refuse_in_companies(wanted, ranges.companies),
    ]
    for refusal in refusals:
        if refusal:
            yield Finding(resource, refusal)


def _judge_company(route: Resource, stack: str, ranges: Ranges) -> Iterator[Finding]:
    cidr = route.props.get("destinationCidrBlock")
    if isinstance(cidr, str):
        for refusal in refuse_company(cidr, stack, "destinationCidrBlock", ranges.claims):
            yield Finding(route, refusal)


def _judge_update(resource: Resource, stack: Stack, settings: PackSettings) -> Iterator[Finding]:
    if resource.type == STACK:
        try:
            yield from _judge_platform(resource, settings)
        except Failure as failure:
            yield unread(resource, stack.name, failure)
    yield from _judge_tenants_update(resource, stack, settings)


@before_creation(TABLE_ITEM, VPC, SUBNET, VPN_CONNECTION_ROUTE)
def _judge_tenants_update(
    resource: Resource, stack: Stack, settings: PackSettings, platform: PlatformOutputs
) -> Iterator[Finding]:
    """What others have claimed since the preview, and whether this stack has claimed it at all."""
    if resource.type == SUBNET and resource.props.get("vpcId") != platform.sessions_vpc_id:
        return
    settings.reading.forget_ranges()
    ranges = settings.reading.ranges(platform.cell, platform.region)
    if resource.type == VPN_CONNECTION_ROUTE:
        yield from _judge_company(resource, stack.name, ranges)
    elif resource.type == TABLE_ITEM:
        declared = {item.urn: claim for item, claim in own_claims(stack)}
        if claim := declared.pop(resource.urn, None):
            possible = can_have(claim, settings.reserved, platform)
            others = [*_left_behind(stack, settings, ranges), *declared.values()]
            yield from _judge_own(resource, claim, others, platform, possible=possible)
            yield from _judge_beside(stack, settings, resource, claim)
            yield from () if claim in ranges.claims else _judge_held(resource, claim, ranges)
    else:
        kind = ClaimKind.NETWORK if resource.type == VPC else ClaimKind.SESSION_SUBNET
        slot = str(resource.tags.get(Tag.NETWORK, "")) if resource.type == VPC else ""
        for wanted in _claim(resource, kind, slot):
            claim = wanted.in_table(platform.claims_table, platform.cell)
            yield from _judge_held(resource, claim, ranges)
            if claim not in granted_claims(stack, settings, platform):
                facts = {"claim": claim.item_json(), "table": platform.claims_table}
                yield resource.refuse(RANGE_CLAIMED, "cidrBlock", **facts)


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
        CLAIMS_BOUNDED,
        CLAIM_KEPT,
        CLAIM_AS_HELD,
        CLAIM_ONCE,
        OTHERS_COMPANY,
        OTHERS_CLAIM,
        TENANT_OWN,
        TENANT_NAME,
        TENANT_NAME_FREE,
        CELL_OWN,
        PLATFORM_NAME,
        CELLS_APART,
        PLATFORM_READ,
    ),
    judge_resource=_judge_resource,
    judge_stack=_judge_stack,
    judge_update=_judge_update,
    schema=RESERVED_RANGES_SCHEMA,
)

POLICIES = (NETWORK_CIDR_UNCLAIMED,)
