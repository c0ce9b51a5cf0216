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

    def matches(self, source: Place, target: Place) -> bool:
        """Whether it is about these two."""
        same_tenant = source.tenant == target.tenant
        related = {
            Whose.NETWORK: same_tenant and source.network == target.network,
            Whose.TENANT: same_tenant,
            Whose.ANY: True,
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
_ONE_VPC = "one VPC, whose routes cannot be removed; network ACLs block it"
# If several rows match, the first one counts.
INTENDED = (
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


def intended(source: Place, target: Place) -> Row:
    """What is intended from one place to another; nothing if no row matches."""
    return next((row for row in INTENDED if row.matches(source, target)), NOTHING)


def table() -> str:
    """The rows in Markdown."""
    lines = ["| from | to | of | passes | routes | why |", "|---|---|---|---|---|---|"]
    for row in INTENDED:
        routes = "there and back" if row.there and row.back else "there" if row.there else "back"
        passes = ", ".join(sorted(row.passes)) or "nothing"
        cells = (", ".join(row.sources), ", ".join(row.targets), row.whose, passes, routes, row.why)
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"
