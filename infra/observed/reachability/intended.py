"""Who is intended to reach whom. docs/isolation.md shows this table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from tenantnet.addresses.addressing import PRIVATE_RANGES
from tenantnet.observed.reachability.places import Kind, Place
from tenantnet.observed.reachability.traffic import Traffic


class Whose(StrEnum):
    """To whom the places of a row belong. SHUT, JOINED: of a tenant in a move by `live`."""

    NETWORK = "the same network"
    TENANT = "the same tenant"
    ANY = "any"
    SHUT = "the same tenant, to the network that is shut in a move by live"
    JOINED = "the same tenant, to its other network in a move by live"


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveMove:
    """What a tenant's move by `live` changes.

    shut: the slot that lets no client in to its database. joined: whether the databases reach each other.
    """

    shut: str
    joined: bool


Moves = Mapping[str, LiveMove]


@dataclass(frozen=True, slots=True)
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
    why: str
    passes: frozenset[Traffic] = frozenset()
    there: bool = True
    back: bool = True
    acls: bool = True

    def matches(self, source: Place, target: Place, moves: Moves) -> bool:
        """Whether it is about these two."""
        same_tenant = source.tenant == target.tenant
        same_network = same_tenant and source.network == target.network
        move = moves.get(target.tenant or "") if same_tenant else None
        related = {
            Whose.NETWORK: same_network,
            Whose.TENANT: same_tenant,
            Whose.ANY: True,
            # A company is of one network alone, which the row that it stands before says.
            Whose.SHUT: move is not None
            and target.network == move.shut
            and (same_network or source.kind is not Kind.COMPANY),
            Whose.JOINED: move is not None and move.joined and not same_network,
        }
        return source.kind in self.sources and target.kind in self.targets and related[self.whose]


MYSQL, PING, HTTPS = frozenset({Traffic.MYSQL}), frozenset({Traffic.PING}), frozenset({Traffic.HTTPS})
COMPANY, SESSION, TUNNEL_HOST, ENDPOINT = (
    (Kind.COMPANY,),
    (Kind.SESSION,),
    (Kind.TUNNEL_HOST,),
    (Kind.ENDPOINT,),
)
PING_HOST, DATABASE = (Kind.PING_HOST,), (Kind.DATABASE,)
SERVICES = (*ENDPOINT, Kind.SERVICES_HOST)
SESSIONS = (*SESSION, Kind.SESSIONS_HOST)
IN_NETWORK = (*PING_HOST, *DATABASE, Kind.REST)
NETWORK, TENANT, ANY = Whose.NETWORK, Whose.TENANT, Whose.ANY
_USE = "applications use their tenant's database, during a move in either network"
_TUNNELS = "tunnels, and the migration runner; IAM decides who may open which"
_PEERING = "the peering is for the whole network"
_ENDPOINTS = "they share the tunnel host's route table"
_ONE_TABLE = "they share their database's route table"
_ONE_VPC = "one VPC, whose routes cannot be removed; network ACLs block it"
# If several rows match, the first one counts.
INTENDED = (
    Row(SESSION + COMPANY, DATABASE, Whose.SHUT, "a copy that follows, or the former production"),
    Row(DATABASE, DATABASE, Whose.JOINED, "the one follows the other", MYSQL),
    Row((*PING_HOST, Kind.REST), DATABASE, Whose.JOINED, _ONE_TABLE, back=False),
    Row(DATABASE, (*PING_HOST, Kind.REST), Whose.JOINED, _ONE_TABLE, there=False),
    Row(COMPANY, DATABASE, NETWORK, "what the VPN connection is for", MYSQL),
    Row(COMPANY, PING_HOST, NETWORK, "to test the VPN connection", PING),
    Row(SESSION, DATABASE, TENANT, _USE, MYSQL),
    Row(TUNNEL_HOST, DATABASE, ANY, _TUNNELS, MYSQL),
    Row(TUNNEL_HOST, ENDPOINT, ANY, "the agent on the tunnel host", HTTPS),
    Row(COMPANY + IN_NETWORK, COMPANY + IN_NETWORK, NETWORK, "one VPC and its VPN gateway"),
    Row(SESSION, IN_NETWORK, TENANT, _PEERING),
    Row(IN_NETWORK, SESSION, TENANT, "answers"),
    Row(TUNNEL_HOST, IN_NETWORK, ANY, _PEERING),
    Row(IN_NETWORK, TUNNEL_HOST, ANY, "answers"),
    Row(SERVICES, IN_NETWORK, ANY, _ENDPOINTS, back=False),
    Row(IN_NETWORK, SERVICES, ANY, _ENDPOINTS, there=False),
    Row(SERVICES + TUNNEL_HOST, SERVICES + TUNNEL_HOST, ANY, "one VPC"),
    Row(SESSIONS, SESSIONS, ANY, _ONE_VPC, acls=False),
)
NOTHING = Row((), (), ANY, "", there=False, back=False)
# The tunnel host may ask any private address for MySQL: its rules need no change when a tenant comes.
WIDE_EGRESS = (Kind.TUNNEL_HOST, Traffic.MYSQL, PRIVATE_RANGES)


def intended(source: Place, target: Place, moves: Moves) -> Row:
    """What is intended from one place to another; nothing if no row matches.

    moves: those by `live` that are under way, by tenant.
    """
    return next((row for row in INTENDED if row.matches(source, target, moves)), NOTHING)


def table() -> str:
    """The rows in Markdown."""
    lines = ["| from | to | of | passes | routes | why |", "|---|---|---|---|---|---|"]
    for row in INTENDED:
        routes = "there and back" if row.there and row.back else "there" if row.there else "back"
        passes = ", ".join(sorted(row.passes)) or "nothing"
        cells = (", ".join(row.sources), ", ".join(row.targets), row.whose, passes, routes, row.why)
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"
