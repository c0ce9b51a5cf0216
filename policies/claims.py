"""The policy on claims: every range in use is claimed in its cell's table, by the stack that uses it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tenantnet.addresses.claims import RANGE_UNCLAIMED, Claim, ClaimKind, refuse_claim
from tenantnet.aws.types import TABLE_ITEM
from tenantnet.failure import Failure
from tenantnet.policies.model import (
    Finding,
    HolderOf,
    NotJudged,
    PackSettings,
    Policy,
    Resource,
    Severity,
    Stack,
)
from tenantnet.policies.places import networks, session_subnets
from tenantnet.refusal import Rule
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
    rule="a stack claims for itself",
    reason="the row would be that of stack {holder}, written by stack {stack}",
    remedy="claim with this stack's own name",
)


@dataclass(frozen=True, slots=True)
class _Place:
    """Something that is in a claimed range, and the claim it needs."""

    resource: Resource
    claim: Claim

    @property
    def cell(self) -> str:
        return str(self.resource.tags.get(Tag.CELL))

    @property
    def table(self) -> str:
        return claims_table_name(self.cell)


def _judge_stack(stack: Stack, settings: PackSettings) -> Iterator[Finding]:
    yield from _judge_rows(stack)
    places = list(_places(stack))
    for place in places:
        yield from _judge_declared(stack, place)
    for place in places:
        yield from _judge_held(place, settings.holder_of)


def _judge_rows(stack: Stack) -> Iterator[Finding]:
    for item, claim in _rows(stack):
        if claim is None:
            yield item.refuse(RANGE_CLAIMED, "item", claim="of Tenantnet's form", table="the claims table")
        elif claim.stack != stack.name:
            yield item.refuse(OWN_CLAIMS, "item", value=claim.cidr, holder=claim.stack, stack=stack.name)


def _rows(stack: Stack) -> Iterator[tuple[Resource, Claim | None]]:
    """The rows that the stack writes to a claims table; None for one that is not a claim."""
    for item in stack.of_type(TABLE_ITEM):
        if str(item.props.get("tableName")).endswith("-claims"):
            yield item, _parse(item.props.get("item"))


def _parse(item: object) -> Claim | None:
    try:
        row = json.loads(item) if isinstance(item, str) else None
        return Claim.from_item(row) if isinstance(row, Mapping) else None
    except (ValueError, TypeError):
        return None


def _places(stack: Stack) -> Iterator[_Place]:
    for vpc in networks(stack):
        yield from _place(stack, vpc, ClaimKind.NETWORK, str(vpc.tags.get(Tag.NETWORK, "")))
    for subnet in session_subnets(stack):
        yield from _place(stack, subnet, ClaimKind.SESSION_SUBNET, "")


def _place(stack: Stack, resource: Resource, kind: ClaimKind, slot: str) -> Iterator[_Place]:
    cidr, tenant = resource.props.get("cidrBlock"), str(resource.tags.get(Tag.TENANT))
    if isinstance(cidr, str):
        yield _Place(resource, Claim(cidr=cidr, tenant=tenant, stack=stack.name, kind=kind, slot=slot))


def _judge_declared(stack: Stack, place: _Place) -> Iterator[Finding]:
    rows = [
        item
        for item, claim in _rows(stack)
        if claim == place.claim and item.props.get("tableName") == place.table
    ]
    if not rows:
        yield place.resource.refuse(
            RANGE_CLAIMED, "cidrBlock", claim=place.claim.item_json(), table=place.table
        )
    elif rows[0].urn not in stack.created_before(place.resource):
        yield place.resource.refuse(CLAIMED_FIRST, "cidrBlock")


def _judge_held(place: _Place, holder_of: HolderOf) -> Iterator[Finding]:
    try:
        holder = holder_of(place.cell, place.resource.region, place.claim.cidr)
    except Failure as failure:
        raise NotJudged(str(failure)) from failure
    refusal = refuse_claim(place.claim, holder)
    if refusal is not None:
        yield Finding(place.resource, refusal)


NETWORK_CIDR_UNCLAIMED = Policy(
    name="network-cidr-unclaimed",
    description="The stack that uses a range claims it before anything is created in it.",
    severity=Severity.CRITICAL,
    remediation="Take another range with `tenantnet network add`, and declare its claim.",
    rules=(RANGE_UNCLAIMED, RANGE_CLAIMED, CLAIMED_FIRST, OWN_CLAIMS),
    judge_stack=_judge_stack,
)

POLICIES = (NETWORK_CIDR_UNCLAIMED,)
