"""Which claims table a cell uses: its own, or one that cells of the project share."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
from tenantnet.addresses.claims import Claim
from tenantnet.refusal import Refused, Rule
from tenantnet.settings.models import PlatformSettings
from tenantnet.settings.project import PLATFORM_PREFIX
from tenantnet.stacks.lookups import read_stack_outputs
from tenantnet.tags import claims_table_name

# What the engine answers for a stack that is not there.
UNKNOWN_STACK = "unknown stack"

CLAIMS_PLATFORM_USED = Rule(
    id="claims-platform-used",
    rule="claimsPlatform names a platform that is deployed in the same account and region, and uses its own "
    "claims table",
    reason="{named} {problem}",
    remedy="deploy {named} first, or name {platform} itself to keep its ranges apart",
)
CLAIMS_PLATFORM_CHOSEN = Rule(
    id="claims-platform-chosen",
    rule="where the project's cells use several claims tables, a new platform says which one it uses",
    reason="there are {tables}, and a range that is taken in one is free in another",
    remedy="set claimsPlatform to the platform that has the table, or to {platform} itself",
)
CLAIMS_RELEASED = Rule(
    id="claims-released",
    rule="a platform is removed after all that use its claims table",
    reason="{users} {has} claims in {table}, which would be deleted with it",
    remedy="remove them first: tenantnet tenant remove TENANT; `tenantnet claims audit {platform}` shows "
    "what is left",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CellPlace:
    """Where a cell is: a table serves cells of one place. neighbours: the platforms of its address space."""

    region: str
    account_id: str
    neighbours: Collection[str] = ()


def choose_claims_table(settings: PlatformSettings, place: CellPlace) -> str:
    """The name of the table that the cell uses. Raises Refused where the settings name one that it cannot.

    A deployed cell keeps its table until the settings name another: its claims are there.
    """
    own, named = claims_table_name(settings.cell), settings.claims_platform
    if named == settings.name:
        return own
    others = _tables(settings, place)
    if named:
        return _of_platform(settings, named, others)
    known: str | None = read_stack_outputs(settings.name).get("claimsTable")
    tables = sorted({*others.values()} - {known})
    if known:
        if tables:
            pulumi.log.warn(
                f"The project's cells use several claims tables: {', '.join([known, *tables])}. A range that "
                "is taken in one is free in another. Set claimsPlatform in each platform, to share one or to "
                "keep them apart."
            )
        return known
    if len(tables) > 1:
        facts = {"tables": " and ".join(tables), "platform": settings.name}
        refusal = CLAIMS_PLATFORM_CHOSEN.refuse(None, "claimsPlatform", **facts)
        raise Refused(f"The settings of {settings.name}", [refusal])
    return tables[0] if tables else own


def refuse_claims_left(settings: PlatformSettings, place: CellPlace) -> None:
    """Raises Refused if the platform is to be removed while others use its table."""
    own = claims_table_name(settings.cell)
    if not (settings.retiring and read_stack_outputs(settings.name)):
        return
    # Only here: it takes boto3 to do it, which no other declaration needs.
    from tenantnet.addresses.claims_table import ClaimsTable  # noqa: PLC0415

    rows = ClaimsTable.of(settings.cell, place.region).all()
    users = {row.stack if isinstance(row, Claim) else f"row {row.cidr}" for row in rows}
    users |= {stack for stack, table in _tables(settings, place).items() if table == own}
    if users:
        facts = {"table": own, "platform": settings.name, "has": "has" if len(users) == 1 else "have"}
        refusal = CLAIMS_RELEASED.refuse(True, "retiring", users=", ".join(sorted(users)), **facts)
        raise Refused(f"The settings of {settings.name}", [refusal])


def _of_platform(settings: PlatformSettings, named: str, others: Mapping[str, str]) -> str:
    wanted = claims_table_name(named.removeprefix(PLATFORM_PREFIX))
    if others.get(named) == wanted:
        return wanted
    problem = f"uses {others[named]}" if named in others else "is not deployed here"
    refusal = CLAIMS_PLATFORM_USED.refuse(
        named, "claimsPlatform", named=named, problem=problem, platform=settings.name
    )
    raise Refused(f"The settings of {settings.name}", [refusal])


def _tables(settings: PlatformSettings, place: CellPlace) -> dict[str, str]:
    """The claims tables of the neighbours that are deployed in the same place."""
    outputs = {stack: _outputs(stack) for stack in place.neighbours if stack != settings.name}
    return {
        stack: known["claimsTable"]
        for stack, known in outputs.items()
        if "claimsTable" in known
        and (known.get("region"), known.get("accountId")) == (place.region, place.account_id)
    }


def _outputs(stack: str) -> Mapping[str, Any]:
    try:
        return read_stack_outputs(stack)
    except Exception as error:  # the engine raises nothing narrower
        if UNKNOWN_STACK in str(error):
            return {}
        raise
