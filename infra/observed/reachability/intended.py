"""Who is intended to reach whom. docs/isolation.md shows this table."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from tenantnet.addresses.addressing import PRIVATE_RANGES
from tenantnet.observed.reachability.places import Kind, Place
from tenantnet.observed.reachability.traffic import Traffic


class Whose(StrEnum):
    """To whom the places of a row belong."""

    NETWORK = "the same network"
    TENANT = "the same tenant"
    ANY = "any"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What is intended from any of the sources to any of the targets.

    passes: the traffic that gets through. there, back: whether routes lead to the target, and back. A route
    does not distinguish ports, so routes allow more than passes; security groups do the rest.
    acls: whether network ACLs may allow it; they must not if neither routes nor security groups of
    ours separate the two.
    """

    sources: tuple[Kind, ...]
    targets: tuple[Kind, ...]
    whose: Whose
    passes: frozenset[Traffic] = frozenset()
    there: bool = True
    back: bool = True
    acls: bool = True
    why: str

    def matches(self, source: Place, target: Place) -> bool:
        """Whether it is about these two."""
        return source.kind in self.sources and target.kind in self.targets and self._related(source, target)

    def _related(self, source: Place, target: Place) -> bool:
        same_tenant = source.tenant == target.tenant
        if self.whose is Whose.NETWORK:
            return same_tenant and source.network == target.network
        return same_tenant or self.whose is Whose.ANY


IN_NETWORK = (Kind.PING_HOST, Kind.DATABASE, Kind.REST)
MYSQL, PING, HTTPS = frozenset({Traffic.MYSQL}), frozenset({Traffic.PING}), frozenset({Traffic.HTTPS})
# If several rows match, the first one counts.
INTENDED = (
    Row(
        sources=(Kind.COMPANY,),
        targets=(Kind.DATABASE,),
        whose=Whose.NETWORK,
        passes=MYSQL,
        why="what the VPN connection is for",
    ),
    Row(
        sources=(Kind.COMPANY,),
        targets=(Kind.PING_HOST,),
        whose=Whose.NETWORK,
        passes=PING,
        why="to test the VPN connection",
    ),
    Row(
        sources=(Kind.SESSION,),
        targets=(Kind.DATABASE,),
        whose=Whose.TENANT,
        passes=MYSQL,
        why="applications use their tenant's database, during a move in either network",
    ),
    Row(
        sources=(Kind.TUNNEL_HOST,),
        targets=(Kind.DATABASE,),
        whose=Whose.ANY,
        passes=MYSQL,
        why="tunnels, and the migration runner; IAM decides who may open which",
    ),
    Row(
        sources=(Kind.TUNNEL_HOST,),
        targets=(Kind.ENDPOINT,),
        whose=Whose.ANY,
        passes=HTTPS,
        why="the agent on the tunnel host",
    ),
    Row(
        sources=(Kind.COMPANY, *IN_NETWORK),
        targets=(Kind.COMPANY, *IN_NETWORK),
        whose=Whose.NETWORK,
        why="one VPC and its VPN gateway",
    ),
    Row(
        sources=(Kind.SESSION,),
        targets=IN_NETWORK,
        whose=Whose.TENANT,
        why="the peering is for the whole network",
    ),
    Row(sources=IN_NETWORK, targets=(Kind.SESSION,), whose=Whose.TENANT, why="answers"),
    Row(
        sources=(Kind.TUNNEL_HOST,),
        targets=IN_NETWORK,
        whose=Whose.ANY,
        why="the peering is for the whole network",
    ),
    Row(sources=IN_NETWORK, targets=(Kind.TUNNEL_HOST,), whose=Whose.ANY, why="answers"),
    Row(
        sources=(Kind.ENDPOINT,),
        targets=IN_NETWORK,
        whose=Whose.ANY,
        back=False,
        why="they share the tunnel host's route table",
    ),
    Row(
        sources=IN_NETWORK,
        targets=(Kind.ENDPOINT,),
        whose=Whose.ANY,
        there=False,
        why="they share the tunnel host's route table",
    ),
    Row(sources=(Kind.ENDPOINT,), targets=(Kind.TUNNEL_HOST,), whose=Whose.ANY, why="answers"),
    Row(
        sources=(Kind.SESSION,),
        targets=(Kind.SESSION,),
        whose=Whose.ANY,
        acls=False,
        why="one VPC, whose routes cannot be removed; network ACLs block it",
    ),
)
NOTHING = Row(sources=(), targets=(), whose=Whose.ANY, there=False, back=False, why="")
# The tunnel host may ask any private address for MySQL: its rules need no change when a tenant comes.
WIDE_EGRESS = (Kind.TUNNEL_HOST, Traffic.MYSQL, PRIVATE_RANGES)


def intended(source: Place, target: Place) -> Row:
    """What is intended from one place to another; nothing if no row matches."""
    return next((row for row in INTENDED if row.matches(source, target)), NOTHING)


def table() -> str:
    """The rows in Markdown."""
    head = "| from | to | of | passes | routes | why |"
    rows = [
        (_kinds(row.sources), _kinds(row.targets), row.whose, _passes(row), _routes(row), row.why)
        for row in INTENDED
    ]
    lines = [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join([head, "|---|---|---|---|---|---|", *lines]) + "\n"


def _kinds(kinds: tuple[Kind, ...]) -> str:
    return ", ".join(kinds)


def _passes(row: Row) -> str:
    return ", ".join(sorted(row.passes)) or "nothing"


def _routes(row: Row) -> str:
    return "there and back" if row.there and row.back else "there" if row.there else "back"
