"""A tenant's picture in Mermaid, as GitHub, GitLab and many wikis draw it in Markdown.

https://mermaid.js.org/syntax/flowchart.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from tenantnet.observed.status.words import TunnelState
from tenantnet.observed.topology.model import (
    Side,
    Topology,
    TopologyDatabase,
    TopologyNetwork,
    TopologyPingHost,
    TopologyTunnel,
    described,
    parts,
    served_database,
)

# Thick is up, dotted is down, thin is unknown. An arrow would look like who may connect to whom.
LINKS = {TunnelState.UP: "===", TunnelState.DOWN: "-.-", None: "---"}
# What Mermaid may read as its own; "1. " and "- " would begin a list.
SPECIAL = re.compile(r"[^\w ,./-]|[.-](?= )")


def mermaid(topology: Topology) -> str:
    """A Mermaid flowchart, without the fence that Markdown puts around it. Ends with a line break."""
    lines = [
        "flowchart LR",
        f"    accTitle: {text(f'Tenant {topology.tenant}')}",
        f"    accDescr: {text(described(topology))}",
        *_companies(topology),
        *(line for network in topology.networks for line in _network(network)),
        *_platform(topology),
        *_endpoint(topology),
    ]
    return "\n".join(lines) + "\n"


def text(words: str) -> str:
    """Text escaped so that Mermaid shows it as it is."""
    return SPECIAL.sub(lambda mark: f"#{ord(mark[0])};", " ".join(words.split()))


def _label(*lines: str | None) -> str:
    return '"' + "<br/>".join(text(line) for line in lines if line) + '"'


def _companies(topology: Topology) -> Iterator[str]:
    for network in topology.networks:
        for number, connection in enumerate(network.vpn_connections, 1):
            yield f"    {_company(network, number)}[{_label(*connection.words)}]"


def _company(network: TopologyNetwork, number: int) -> str:
    return f"{network.slot}_company_{number}"


def _network(network: TopologyNetwork) -> Iterator[str]:
    slot = network.slot
    yield f"    subgraph {slot}[{_label(f'{slot}, {network.type}', network.cidr)}]"
    yield f'        {slot}_gateway(["VPN gateway"])'
    yield from _subnets(network)
    yield "    end"
    for number, connection in enumerate(network.vpn_connections, 1):
        for tunnel in connection.tunnels:
            yield f"    {_company(network, number)} {_link(tunnel)} {slot}_gateway"


def _subnets(network: TopologyNetwork) -> Iterator[str]:
    for place, subnets, inside in parts(network):
        node = f"{network.slot}_{place}_subnets[{_label(*(subnet.words for subnet in subnets))}]"
        thing = _inside(network.slot, inside) if inside else None
        if subnets and thing:
            yield from (f"        subgraph {node}", f"            {thing}", "        end")
        else:
            yield f"        {thing or node}"


def _inside(slot: str, thing: TopologyPingHost | TopologyDatabase) -> str:
    label = _label(*thing.words)
    return (
        f"{slot}_database[({label})]" if isinstance(thing, TopologyDatabase) else f"{slot}_ping_host[{label}]"
    )


def _link(tunnel: TopologyTunnel) -> str:
    label = _label(f"tunnel {tunnel.number}", tunnel.outside_ip, tunnel.state)
    return f"{LINKS[tunnel.state]}|{label}|"


def _platform(topology: Topology) -> Iterator[str]:
    peered = {peering.to for network in topology.networks for peering in network.peerings}
    if not peered:
        return
    yield f"    subgraph platform[{_label('Platform', topology.cell)}]"
    for side in filter(peered.__contains__, Side):
        yield f"        {side}[{_label(side.label, topology.platform_side(side))}]"
    yield "    end"
    for network in topology.networks:
        for peering in network.peerings:
            label = _label("peering", peering.id, peering.state)
            yield f"    {network.slot} ---|{label}| {peering.to}"


def _endpoint(topology: Topology) -> Iterator[str]:
    if topology.endpoint is None:
        return
    yield f"    endpoint{{{{{_label(topology.endpoint)}}}}}"
    for network in topology.networks:
        if served_database(network):
            yield f'    endpoint -->|"CNAME"| {network.slot}_database'
