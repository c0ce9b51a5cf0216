"""A tenant's picture for a terminal: a tree."""

from __future__ import annotations

from rich.text import Text
from rich.tree import Tree
from tenantnet.observed.status.words import NetworkType, TunnelState
from tenantnet.observed.topology.model import (
    DATABASE,
    HOSTS,
    Side,
    Topology,
    TopologyNetwork,
    TopologyVpnConnection,
    places,
)

STYLES = {TunnelState.UP: "green", TunnelState.DOWN: "red", None: "dim"}
NAMES = {Side.SESSIONS: "sessions", Side.SERVICES: "tunnel host"}


def terminal(topology: Topology) -> Tree:
    """A tree for rich to print. Descriptions are plain text, whatever brackets they hold."""
    tree = Tree(_line(topology.tenant, f"cell {topology.cell or 'not known yet'}", topology.region))
    endpoint = tree.add(_line(topology.endpoint or "no endpoint yet"))
    for network in topology.networks:
        if network.type is NetworkType.PRODUCTION and network.database and topology.endpoint:
            endpoint.add(_line("CNAME", network.database.address or network.database.identifier))
        _network(tree, topology, network)
    return tree


def _network(tree: Tree, topology: Topology, network: TopologyNetwork) -> None:
    branch = tree.add(_line(network.slot, network.cidr, network.type))
    inside = {
        HOSTS: ("ping host", network.ping_host.address) if network.ping_host else None,
        DATABASE: _database(network),
    }
    subnets = branch.add(Text("subnets"))
    for place, found in places(network).items():
        leaf = subnets.add(Text(", ".join(f"{subnet.name} {subnet.cidr}" for subnet in found)))
        if words := inside.pop(place, None):
            leaf.add(_line(*words))
    for words in filter(None, inside.values()):
        subnets.add(_line(*words))
    connections = branch.add(Text("VPN gateway"))
    for connection in network.vpn_connections:
        _connection(connections, connection)
    for peering in network.peerings:
        words = (
            f"peering with {NAMES[peering.to]}",
            topology.platform_side(peering.to),
            peering.id,
            peering.state,
        )
        branch.add(_line(*words))


def _database(network: TopologyNetwork) -> tuple[str | None, ...] | None:
    database = network.database
    return ("MySQL", database.identifier, database.address, f"port {database.port}") if database else None


def _connection(branch: Tree, connection: TopologyVpnConnection) -> None:
    company = branch.add(
        _line(
            connection.description,
            connection.company_cidr,
            f"gateway {connection.company_gateway_ip}",
            connection.id,
        )
    )
    for tunnel in connection.tunnels:
        words = (f"tunnel {tunnel.number}", tunnel.outside_ip, tunnel.state or "not known yet")
        company.add(_line(*words, style=STYLES[tunnel.state]))


def _line(*words: str | None, style: str = "") -> Text:
    return Text(", ".join(word for word in words if word), style=style)
