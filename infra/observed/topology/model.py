"""The content of a tenant's picture. Of a planned tenant some values are unknown."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

from tenantnet.aws.session_documents import MYSQL_PORT
from tenantnet.observed.status.words import NetworkType, TunnelState
from tenantnet.stacks.outputs import Model

# The places of a network: the two subnets of the database are one.
DATABASE, HOSTS = "database", "hosts"


class Side(StrEnum):
    """The side of a peering at the platform: the tenant's session subnet, or the services' tunnel host."""

    SESSIONS = "sessions"
    SERVICES = "services"

    @property
    def label(self) -> str:
        """What people call it."""
        return "Sessions" if self is Side.SESSIONS else "Tunnel host"


class TopologySubnet(Model):
    """A subnet of a network. name: `database-a`, `database-b`, `hosts` or `spare`."""

    name: str
    cidr: str

    @property
    def words(self) -> str:
        """What drawings say of it."""
        return f"{self.name} {self.cidr}"


class TopologyPingHost(Model):
    """The host to ping, in the subnet `hosts`."""

    address: str

    @property
    def words(self) -> tuple[str | None, ...]:
        """What drawings say of it, what it is first."""
        return "Ping host", self.address


class TopologyDatabase(Model):
    """A network's database, in the subnets `database-a` and `database-b`.

    identifier, address: RDS's own names for it; no address while it has none.
    """

    identifier: str
    address: str | None = None
    port: int = MYSQL_PORT

    @property
    def words(self) -> tuple[str | None, ...]:
        """What drawings say of it, what it is first."""
        return "MySQL", self.identifier, self.address, f"port {self.port}"


class TopologyTunnel(Model):
    """number: 1 or 2, in EC2's order. outside_ip, state: None before the connection exists."""

    number: int
    outside_ip: str | None = None
    state: TunnelState | None = None

    @property
    def words(self) -> tuple[str | None, ...]:
        """What drawings say of it."""
        return f"tunnel {self.number}", self.outside_ip, self.state or "not known yet"


UNKNOWN_TUNNELS = (TopologyTunnel(number=1), TopologyTunnel(number=2))


class TopologyVpnConnection(Model):
    """A company's connection to a network. id: None before it exists."""

    company_cidr: str
    company_gateway_ip: str
    description: str
    id: str | None = None
    tunnels: Sequence[TopologyTunnel] = UNKNOWN_TUNNELS

    @property
    def words(self) -> tuple[str | None, ...]:
        """What drawings say of it."""
        gateway = f"gateway {self.company_gateway_ip}"
        return self.description, self.company_cidr, gateway, self.id


class TopologyPeering(Model):
    """A peering of a network with a VPC of the platform. state: EC2's word, None before it exists."""

    to: Side
    id: str | None = None
    state: str | None = None


class TopologyNetwork(Model):
    """One network of the tenant, by its slot."""

    slot: str
    cidr: str
    type: NetworkType
    subnets: Sequence[TopologySubnet] = ()
    ping_host: TopologyPingHost | None = None
    database: TopologyDatabase | None = None
    vpn_connections: Sequence[TopologyVpnConnection] = ()
    peerings: Sequence[TopologyPeering] = ()


class Topology(Model):
    """A tenant and the parts of its cell that it is connected with.

    endpoint: the name that clients use; it leads to the database of the network of type Production.
    session_subnet: the tenant's own, in CIDR notation. tunnel_host: the address of the cell's.
    """

    tenant: str
    cell: str | None
    region: str
    endpoint: str | None
    session_subnet: str | None = None
    tunnel_host: str | None = None
    networks: Sequence[TopologyNetwork] = ()

    def platform_side(self, side: Side) -> str | None:
        """What a peering reaches of the platform: a range or an address."""
        return self.session_subnet if side is Side.SESSIONS else self.tunnel_host


class Part(NamedTuple):
    """A part of a network. place: the first word of its subnets' names. subnets: none where unknown."""

    place: str
    subnets: Sequence[TopologySubnet]
    inside: TopologyPingHost | TopologyDatabase | None


def parts(network: TopologyNetwork) -> list[Part]:
    """The network's parts, in the order of their ranges."""
    inside = {DATABASE: network.database, HOSTS: network.ping_host}
    found: dict[str, list[TopologySubnet]] = {}
    for subnet in network.subnets:
        found.setdefault(subnet.name.split("-")[0], []).append(subnet)
    alone = (place for place, thing in inside.items() if thing and place not in found)
    places = found | {place: [] for place in alone}
    return [Part(place, subnets, inside.get(place)) for place, subnets in places.items()]


def served_database(network: TopologyNetwork) -> TopologyDatabase | None:
    """The database that the endpoint leads to, if it is in this network."""
    return network.database if network.type is NetworkType.PRODUCTION else None


def described(topology: Topology) -> str:
    """The picture in one sentence, for screen readers."""
    connections = sum(len(network.vpn_connections) for network in topology.networks)
    parts = [
        f"{len(topology.networks)} network{_plural(len(topology.networks))}",
        f"{connections} VPN connection{_plural(connections)}",
        f"endpoint {topology.endpoint or 'none yet'}",
    ]
    return f"{topology.tenant} in {topology.cell or 'no cell yet'}, {topology.region}, {', '.join(parts)}"


def _plural(count: int) -> str:
    return "" if count == 1 else "s"
