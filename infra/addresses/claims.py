"""Claims: which tenant has which range in a cell. The range is the table's only key, so it has one holder."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from tenantnet.refusal import Refusal, Rule


class ClaimKind(StrEnum):
    """What the range is used for."""

    NETWORK = "network"
    SESSION_SUBNET = "session-subnet"


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A range and its holder: one row of the claims table."""

    cidr: str
    """The range."""
    tenant: str
    """The tenant that has it."""
    stack: str
    """The stack that claims it."""
    kind: ClaimKind
    """What it is used for."""
    slot: str = ""
    """The network's slot; empty for a session subnet."""

    def item(self) -> dict[str, dict[str, str]]:
        """The row as DynamoDB writes it, every attribute a string."""
        return {key: {"S": str(value)} for key, value in asdict(self).items() if value}

    def item_json(self) -> str:
        """The row in DynamoDB's own JSON."""
        return json.dumps(self.item())

    @classmethod
    def from_item(cls, item: Mapping[str, Mapping[str, Any]]) -> Claim:
        """The row that DynamoDB returned. Raises ValueError for a row that Tenantnet has not written."""
        try:
            return cls(
                cidr=item["cidr"]["S"],
                tenant=item["tenant"]["S"],
                stack=item["stack"]["S"],
                kind=ClaimKind(item["kind"]["S"]),
                slot=item.get("slot", {}).get("S", ""),
            )
        except KeyError as missing:
            raise ValueError(f"{json.dumps(item, default=str)} has no {missing} of type S") from None

    @property
    def purpose(self) -> str:
        """What the holder uses the range for: `network blue`, `session subnet`."""
        return f"network {self.slot}" if self.kind is ClaimKind.NETWORK else "session subnet"

    @property
    def path(self) -> str:
        """Where the range is in the holder's settings."""
        return f"networks.{self.slot}.cidr" if self.kind is ClaimKind.NETWORK else "sessionSubnet"


RANGE_UNCLAIMED = Rule(
    id="range-unclaimed",
    rule="a range has one holder in a cell",
    reason="tenant {tenant} holds it for its {purpose} (stack {stack})",
    remedy="take another range: `tenantnet network add` and `tenantnet tenant add` find a free one. "
    "If the stack {stack} no longer exists, `tenantnet claims audit` shows how to release its claims",
)


def refuse_claim(wanted: Claim, holder: Claim | None) -> Refusal | None:
    """The refusal of `wanted` while `holder` has the range; None if the stack may have it.

    Stacks, policies and the command line all refuse with it. A stack may repeat its own claim,
    in whichever slot.
    """
    if holder is None or holder.stack == wanted.stack:
        return None
    return RANGE_UNCLAIMED.refuse(
        wanted.cidr, wanted.path, tenant=holder.tenant, purpose=holder.purpose, stack=holder.stack
    )


def claims_in_settings(stack: str, tenant: object) -> list[Claim]:
    """The claims that a settings file leads to, from its `tenantnet:tenant` as YAML gives it.

    The ranges may be invalid: any text counts, so that a half-finished file reserves what it names.
    """
    if not isinstance(tenant, Mapping):
        return []
    networks = tenant.get("networks")
    slots = networks.items() if isinstance(networks, Mapping) else ()
    places = [(ClaimKind.SESSION_SUBNET, "", tenant.get("sessionSubnet"))] + [
        (ClaimKind.NETWORK, str(slot), network.get("cidr"))
        for slot, network in slots
        if isinstance(network, Mapping)
    ]
    return [
        Claim(cidr=cidr, tenant=stack, stack=stack, kind=kind, slot=slot)
        for kind, slot, cidr in places
        if isinstance(cidr, str)
    ]


class ClaimFinding(StrEnum):
    """Why an audit doubts a claim."""

    STACK_GONE = "stack gone"
    NOT_IN_SETTINGS = "not in the settings"


def audit_claims(
    claims: Iterable[Claim], *, stacks: Collection[str], in_settings: Collection[Claim]
) -> dict[Claim, ClaimFinding]:
    """The claims whose stack is not among `stacks`, and those that no settings file leads to.

    A claim whose stack is gone is listed once, for that reason. Sorted by stack and range.
    """
    wanted = {(claim.stack, claim.cidr) for claim in in_settings}
    doubtful = {}
    for claim in sorted(claims, key=lambda claim: (claim.stack, claim.cidr)):
        if claim.stack not in stacks:
            doubtful[claim] = ClaimFinding.STACK_GONE
        elif (claim.stack, claim.cidr) not in wanted:
            doubtful[claim] = ClaimFinding.NOT_IN_SETTINGS
    return doubtful
