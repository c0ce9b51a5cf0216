"""The ranges of an address space: which are taken, by which tenant, and which are free. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tenantnet.addresses.addressing import (
    ReservedRange,
    check_private_cidr,
    choose_free_network,
    choose_free_session_subnet,
)
from tenantnet.addresses.claims import Claim, Row, refuse_claim
from tenantnet.addresses.companies import Company, refuse_company, refuse_in_companies
from tenantnet.refusal import Refusal, Rule

# A tenant has two peerings with each platform VPC while it moves, and a VPC has 125 at most.
# https://docs.aws.amazon.com/vpc/latest/peering/vpc-peering-basics.html
TENANTS_PER_CELL = 62

CELL_HAS_ROOM = Rule(
    id="cell-has-room",
    rule=f"a cell has at most {TENANTS_PER_CELL} tenants",
    reason="a VPC has at most 125 peerings, and while a tenant moves it needs two with the sessions VPC and "
    "two with the services VPC; {platform} has {count} tenants",
    remedy="add the tenant to another platform, or deploy a new one",
)


class Ranges:
    """The taken ranges of an address space, and the free ones, as a cell in it sees them.

    rows: from its claims table, from settings files, or both; each claim with its cell. cell: that cell.
    companies: behind the VPN connections of its tenants.
    """

    def __init__(self, rows: Iterable[Row], cell: str = "", companies: Iterable[Company] = ()) -> None:
        self._holders = {row.cidr: row for row in rows}
        self._cell, self._companies = cell, list(companies)

    def refuse(self, wanted: Iterable[Claim]) -> list[Refusal]:
        """The refusals of ranges that another stack holds, or another tenant's companies."""
        found = [
            refusal
            for claim in wanted
            for refusal in (
                refuse_claim(claim, self._holders.get(claim.cidr)),
                *refuse_in_companies(claim, self._companies),
            )
        ]
        return list(dict.fromkeys(refusal for refusal in found if refusal is not None))

    def refuse_companies(self, stack: str, companies: Iterable[tuple[str, str]]) -> list[Refusal]:
        """The refusals of company ranges of `stack`, each after its path, that another stack has claimed."""
        holders = list(self._holders.values())
        return [refusal for path, cidr in companies for refusal in refuse_company(cidr, stack, path, holders)]

    def refuse_tenant(self, tenant: str, platform: str) -> list[Refusal]:
        """The refusal of a further tenant in a cell that is full."""
        claims = (row for row in self._holders.values() if isinstance(row, Claim))
        others = {claim.stack for claim in claims if claim.cell == self._cell} - {tenant}
        if len(others) < TENANTS_PER_CELL:
            return []
        return [CELL_HAS_ROOM.refuse(tenant, platform=platform, count=len(others))]

    def free_network(self, reserved: Sequence[ReservedRange]) -> str:
        """A permitted /26 that nobody holds, at random. Raises Refused if none is left."""
        return choose_free_network(self._taken(), reserved)

    def free_session_subnet(self, sessions_cidr: str, shared: Iterable[str] = ()) -> str:
        """A /24 of the sessions network that nobody holds, at random. Raises Refused if none is left.

        shared: the sessions network's subnets for all tenants.
        """
        return choose_free_session_subnet([*self._taken(), *shared], sessions_cidr)

    def _taken(self) -> list[str]:
        # An unfinished settings file may contain text that is no range.
        known = [*self._holders, *(company.cidr for company in self._companies)]
        return [cidr for cidr in known if not check_private_cidr(cidr)]
