"""The content of a tenant's picture. Of a planned tenant some values are unknown."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from tenantnet.aws.session_documents import MYSQL_PORT
from tenantnet.observed.status.words import NetworkType, TunnelState
from tenantnet.stacks.outputs import Model

# The places of a network: the two subnets of the database are one.
DATABASE, HOSTS = "database", "hosts"


class Side(StrEnum):
    """The side of a peering at the platform: the tenant's session subnet, or the services' tunnel host."""

    SESSIONS = "sessions"
    SERVICES = "services"


class TopologySubnet(Model):
    """A subnet of a network. name: `database-a`, `database-b`, `hosts` or `spare`."""

    name: str
    cidr: str


class TopologyPingHost(Model):
    """The host to ping, in the subnet `hosts`."""

    address: str


class TopologyDatabase(Model):
    """A network's database, in the subnets `database-a` and `database-b`.

    identifier, address: RDS's own names for it; no address while it has none.
    """

    identifier: str
    address: str | None = None
    port: int = MYSQL_PORT


class TopologyTunnel(Model):
    """number: 1 or 2, in EC2's order. outside_ip, state: None before the connection exists."""

    number: int
    outside_ip: str | None = None
    state: TunnelState | None = None


class TopologyVpnConnection(Model):
    """A company's connection to a network. id: None before it exists."""

    company_cidr: str
    company_gateway_ip: str
    description: str
    id: str | None = None
    tunnels: Sequence[TopologyTunnel] = (TopologyTunnel(number=1), TopologyTunnel(number=2))


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


def places(network: TopologyNetwork) -> dict[str, list[TopologySubnet]]:
    """The network's subnets by place, in the order of their ranges; a place has its subnets' first word."""
    found: dict[str, list[TopologySubnet]] = {}
    for subnet in network.subnets:
        found.setdefault(subnet.name.split("-")[0], []).append(subnet)
    return found


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
