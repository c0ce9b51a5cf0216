"""A tenant's picture for a terminal: a tree."""

from __future__ import annotations

from rich.text import Text
from rich.tree import Tree
from tenantnet.observed.status.words import TunnelState
from tenantnet.observed.topology.model import HOSTS, Topology, TopologyNetwork, parts, served_database

STYLES = {TunnelState.UP: "green", TunnelState.DOWN: "red", None: "dim"}


def terminal(topology: Topology) -> Tree:
    """A tree for rich to print. Descriptions are plain text, whatever brackets they hold."""
    tree = Tree(_line(topology.tenant, f"cell {topology.cell or 'not known yet'}", topology.region))
    endpoint = tree.add(_line(topology.endpoint or "no endpoint yet"))
    for network in topology.networks:
        if topology.endpoint and (database := served_database(network)):
            endpoint.add(_line("CNAME", database.address or database.identifier))
        _network(tree, topology, network)
    return tree


def _network(tree: Tree, topology: Topology, network: TopologyNetwork) -> None:
    branch = tree.add(_line(network.slot, network.cidr, network.type))
    subnets = branch.add(Text("subnets"))
    for part in parts(network):
        leaf = subnets.add(_line(*(subnet.words for subnet in part.subnets))) if part.subnets else subnets
        if part.inside:
            what, *figures = part.inside.words
            leaf.add(_line("ping host" if part.place == HOSTS else what, *figures))
    connections = branch.add(Text("VPN gateway"))
    for connection in network.vpn_connections:
        company = connections.add(_line(*connection.words))
        for tunnel in connection.tunnels:
            company.add(_line(*tunnel.words, style=STYLES[tunnel.state]))
    for peering in network.peerings:
        side = f"peering with {peering.to.label.lower()}"
        branch.add(_line(side, topology.platform_side(peering.to), peering.id, peering.state))


def _line(*words: str | None, style: str = "") -> Text:
    return Text(", ".join(word for word in words if word), style=style)
