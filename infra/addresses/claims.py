"""Claims: which tenant has which range of a claims table. The range is its only key, so it has one holder."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from ipaddress import IPv4Network
from typing import Any

from tenantnet.refusal import Refusal, Rule, is_visible
from tenantnet.tags import claims_table_name

# Pulumi's limit of a stack's name.
LONGEST_NAME = 100


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
    cell: str = ""
    """The holder's cell, where the table is another cell's; empty in the cell's own table."""

    def in_table(self, table: str, cell: str) -> Claim:
        """The claim of a tenant of `cell` as the table has it. A cell's own table names no cell."""
        return replace(self, cell="" if table == claims_table_name(cell) else cell)

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
                cell=item.get("cell", {}).get("S", ""),
            )
        except KeyError as missing:
            raise ValueError(f"{json.dumps(item, default=str)} has no {missing} of type S") from None

    @property
    def is_ours(self) -> bool:
        """Whether Tenantnet could have written it: messages and commands show a claim as it is."""
        values = asdict(self).values()
        names = all(
            isinstance(each, str) and is_visible(each) and len(each) <= LONGEST_NAME for each in values
        )
        try:
            IPv4Network(self.cidr)
        except ValueError:
            return False
        return names and bool(self.tenant and self.stack)

    @property
    def purpose(self) -> str:
        """What the holder uses the range for: `network blue`, `session subnet`."""
        return f"network {self.slot}" if self.kind is ClaimKind.NETWORK else "session subnet"

    @property
    def path(self) -> str:
        """Where the range is in the holder's settings."""
        return f"networks.{self.slot}.cidr" if self.kind is ClaimKind.NETWORK else "sessionSubnet"


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignRow:
    """A row that Tenantnet has not written. Its range is taken, because no second row can have its key."""

    cidr: str
    """The row's key."""
    text: str
    """The row as JSON without control characters, cut where it is long."""


Row = Claim | ForeignRow
# A row may have 400 KB, and is shown in a message.
LONGEST_ROW = 200


def read_row(item: Mapping[str, Mapping[str, Any]]) -> Row:
    """The row that DynamoDB returned, whoever wrote it."""
    try:
        claim = Claim.from_item(item)
    except ValueError:
        pass
    else:
        if claim.is_ours:
            return claim
    text = json.dumps(item, default=str)
    return ForeignRow(
        cidr=item["cidr"]["S"], text=text if len(text) <= LONGEST_ROW else f"{text[:LONGEST_ROW]}..."
    )


RANGE_UNCLAIMED = Rule(
    id="range-unclaimed",
    rule="a range has one holder among the cells that share a claims table",
    reason="tenant {tenant} holds it for its {purpose} (stack {stack})",
    remedy="take another range: `tenantnet network add` and `tenantnet tenant add` find a free one. "
    "If the stack {stack} no longer exists, `tenantnet claims audit` shows how to release its claims",
)
ROW_READABLE = Rule(
    id="row-readable",
    rule="a row of a claims table has tenant, stack and kind, as Tenantnet writes them",
    reason="the range has the row {row}, which does not say who holds it",
    remedy="take another range, or find out who wrote the row and delete it: `tenantnet claims audit` shows "
    "how",
)


OWN_ROW_UNUSED = Rule(
    id="own-row-unused",
    rule="a stack takes a row of its own that it does not know of only where nothing has the range",
    reason="{network} has the range, and this stack's state does not have the row: a stack of this name in "
    "another Pulumi backend has both, or this state is not the latest one",
    remedy="use the backend of that stack, or a later state. Where nothing needs {network}, delete it first, "
    "and try again",
)

OWN_ROW_KEPT = Rule(
    id="own-row-kept",
    rule="a stack writes over no row, its own neither",
    reason="the range has this stack's row for its {purpose}, tenant {tenant}: somebody has changed the row, "
    "or it is another network's",
    remedy="`tenantnet claims audit` says how to put it back; run pulumi refresh then",
)


def refuse_claim(wanted: Claim, holder: Row | None) -> Refusal | None:
    """The refusal of `wanted` while `holder` has the range; None if the stack may have it.

    Stacks, policies and the command line all refuse with it. A stack may repeat its own claim,
    in whichever slot.
    """
    if isinstance(holder, ForeignRow):
        return ROW_READABLE.refuse(wanted.cidr, wanted.path, row=holder.text)
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
    """What is wrong between a claims table, the stacks and the settings."""

    STACK_GONE = "stack gone"
    NOT_IN_SETTINGS = "not in the settings"
    ROW_GONE = "row gone"
    ROW_OF_ANOTHER = "another's row"
    NOT_DEPLOYED = "not deployed"
    RETIRED = "retired"


def audit_claims(
    claims: Iterable[Claim],
    *,
    stacks: Collection[str],
    in_settings: Collection[Claim],
    unread: Collection[str] = (),
) -> dict[Claim, ClaimFinding]:
    """The claims whose stack is not among `stacks`, and those that no settings file leads to.

    A claim whose stack is gone is listed once, for that reason. unread: stacks whose settings are not known.
    Sorted by stack and range.
    """
    wanted = {(claim.stack, claim.cidr) for claim in in_settings}
    doubtful = {}
    for claim in sorted(claims, key=_by_stack):
        if claim.stack not in stacks:
            doubtful[claim] = ClaimFinding.STACK_GONE
        elif (claim.stack, claim.cidr) not in wanted and claim.stack not in unread:
            doubtful[claim] = ClaimFinding.NOT_IN_SETTINGS
    return doubtful


def missing_claims(
    rows: Iterable[Row],
    *,
    deployed: Collection[Claim],
    in_settings: Iterable[Claim],
    retired: Iterable[Claim] = (),
) -> dict[Claim, ClaimFinding]:
    """The ranges of stacks and settings files of which the table has no row of that stack.

    And those of deployed stacks whose row says something else, or cannot be read: somebody has changed it, or
    another stack has claimed the range since. deployed: what the stacks' outputs say that they have, as rows
    of the table. retired: the networks that they have given up, and do not create again while the settings
    name them. Sorted by stack and range.
    """
    there = {row.cidr: row for row in rows}
    held = {(row.stack, row.cidr) for row in there.values() if isinstance(row, Claim)}
    wanted = {(claim.stack, claim.cidr): (claim, ClaimFinding.NOT_DEPLOYED) for claim in in_settings}
    given_up = {(claim.stack, claim.cidr): (claim, ClaimFinding.RETIRED) for claim in retired}
    wanted |= {key: found for key, found in given_up.items() if key in wanted}
    wanted |= {(claim.stack, claim.cidr): (claim, ClaimFinding.ROW_GONE) for claim in deployed}
    missing = dict(wanted[key] for key in wanted.keys() - held)
    others = (each for each in deployed if there.get(each.cidr, each) != each)
    missing |= dict.fromkeys(others, ClaimFinding.ROW_OF_ANOTHER)
    return dict(sorted(missing.items(), key=lambda each: _by_stack(each[0])))


def _by_stack(claim: Claim) -> tuple[str, str]:
    return claim.stack, claim.cidr
