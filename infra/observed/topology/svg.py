"""A tenant's picture in SVG: companies on the left, networks in the middle, the platform on the right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree import ElementTree as ET

from tenantnet.observed.drawing import Drawing, cut
from tenantnet.observed.status.words import TunnelState
from tenantnet.observed.topology.model import (
    Part,
    Side,
    Topology,
    TopologyNetwork,
    TopologyPeering,
    TopologyVpnConnection,
    described,
    parts,
    served_database,
)

TUNNEL_CLASSES = {TunnelState.UP: "up", TunnelState.DOWN: "down", None: ""}
LINE, PADDING, GAP, TOP = 17, 10, 14, 96
COMPANY_HEIGHT = 4 * LINE + PADDING


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """left, width: in pixels."""

    left: int
    width: int

    @property
    def right(self) -> int:
        return self.left + self.width


COMPANIES = Column(left=20, width=250)
NETWORKS = Column(left=490, width=494)
GATEWAYS = Column(left=500, width=90)
SUBNETS = Column(left=604, width=360)
PLATFORM = Column(left=1290, width=190)
# Between subnets and the network's edge the endpoint's line comes down.
ENDPOINT_LINE = 974


def svg(topology: Topology, *, styled: bool = True) -> str:
    """A whole SVG document, with title and description for screen readers.

    styled: False for a page that has STYLE itself.
    """
    return _Drawing(topology, styled=styled).document()


class _Drawing:
    def __init__(self, topology: Topology, *, styled: bool) -> None:
        self._topology = topology
        self._drawing = Drawing(f"Tenant {topology.tenant}", described(topology), styled=styled)
        marker = self._drawing.add(
            "marker",
            inside=self._drawing.add("defs"),
            id="arrow",
            viewBox="0 0 8 8",
            refX=8,
            refY=4,
            orient="auto",
            markerWidth=8,
            markerHeight=8,
        )
        self._drawing.add("path", inside=marker, d="M0,0 L8,4 L0,8")
        self._database_line: int | None = None
        self._ends: list[tuple[TopologyPeering, int]] = []

    def document(self) -> str:
        head = (
            f"{self._topology.tenant}, cell {self._topology.cell or 'not known yet'}, {self._topology.region}"
        )
        self._drawing.text(COMPANIES.left, 30, head, "head")
        bottom = TOP
        for network in self._topology.networks:
            bottom = self._network(network, bottom) + 2 * GAP
        bottom = max(bottom, self._platform(max(bottom, TOP + 120)))
        self._endpoint()
        return self._drawing.document(PLATFORM.right + 20, bottom + GAP)

    def _network(self, network: TopologyNetwork, top: int) -> int:
        """Draw it from `top` down; where it ends."""
        body = top + LINE + 2 * PADDING
        companies = len(network.vpn_connections) * (COMPANY_HEIGHT + GAP)
        end = max(
            self._subnets(network, body), body + max(companies, 2 * LINE * len(network.peerings) + LINE)
        )
        self._box(NETWORKS, top, end + PADDING - top, [])
        head = f"{network.slot}, {network.type}, {network.cidr}"
        self._drawing.text(NETWORKS.left + PADDING, top + LINE, head, "head")
        self._box(GATEWAYS, body, end - body, ["VPN", "gateway"])
        for number, connection in enumerate(network.vpn_connections):
            self._company(connection, body + number * (COMPANY_HEIGHT + GAP))
        for number, peering in enumerate(network.peerings, 1):
            self._ends.append((peering, body + 2 * LINE * number - LINE))
        return end + PADDING

    def _company(self, connection: TopologyVpnConnection, top: int) -> None:
        self._box(COMPANIES, top, COMPANY_HEIGHT, connection.words)
        for number, tunnel in enumerate(connection.tunnels):
            y = top + LINE + 2 * LINE * number
            self._path(f"M{COMPANIES.right},{y} H{GATEWAYS.left}", TUNNEL_CLASSES[tunnel.state])
            self._drawing.text(COMPANIES.right + PADDING, y - 4, " ".join(filter(None, tunnel.words)))

    def _subnets(self, network: TopologyNetwork, top: int) -> int:
        for part in parts(network):
            words = _words(part)
            height = len(words) * LINE + PADDING
            self._box(SUBNETS, top, height, words)
            if part.inside and part.inside is served_database(network):
                self._database_line = top + height // 2
            top += height + GAP
        return top - GAP

    def _platform(self, bottom: int) -> int:
        """Draw it and the peerings' lines; where it ends."""
        sides = [side for side in Side if any(peering.to is side for peering, _ in self._ends)]
        for number, side in enumerate(sides):
            top = TOP + number * (3 * LINE + 2 * GAP)
            self._box(PLATFORM, top, 3 * LINE, [side.label, self._topology.platform_side(side)])
            turn = PLATFORM.left - 2 * GAP + GAP * number
            for peering, y in self._ends:
                if peering.to is side:
                    middle = top + 3 * LINE // 2
                    self._path(f"M{NETWORKS.right},{y} H{turn} V{middle} H{PLATFORM.left}")
                    label = " ".join(filter(None, ["peering", peering.id, peering.state]))
                    self._drawing.text(NETWORKS.right + PADDING, y - 4, label)
        return bottom

    def _endpoint(self) -> None:
        if self._topology.endpoint is None:
            return
        self._box(NETWORKS, 20, LINE + PADDING, [self._topology.endpoint])
        if self._database_line is not None:
            start = 20 + LINE + PADDING
            down = f"M{ENDPOINT_LINE},{start} V{self._database_line} H{SUBNETS.right}"
            self._path(down).set("marker-end", "url(#arrow)")
            self._drawing.text(ENDPOINT_LINE + PADDING, start + LINE, "CNAME")

    def _box(self, column: Column, top: int, height: int, words: Sequence[str | None]) -> None:
        group = self._drawing.add("g")
        shown = [word for word in words if word]
        if shown:
            self._drawing.add("title", ", ".join(shown), inside=group)
        self._drawing.add("rect", inside=group, x=column.left, y=top, width=column.width, height=height, rx=4)
        for number, word in enumerate(shown, 1):
            style = "head" if number == 1 else ""
            x, y = column.left + PADDING, top + number * LINE
            self._drawing.text(x, y, cut(word, column.width), style, inside=group)

    def _path(self, line: str, style: str = "") -> ET.Element:
        return self._drawing.add("path", d=line, style=style)


def _words(part: Part) -> list[str]:
    """What is said of it, a line each."""
    subnets = (subnet.words for subnet in part.subnets)
    what, name, *figures = part.inside.words if part.inside else (None, None)
    return list(filter(None, [f"{what} {name}" if what else None, *figures, *subnets]))
