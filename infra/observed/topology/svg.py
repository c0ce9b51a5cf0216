"""A tenant's picture in SVG: companies on the left, networks in the middle, the platform on the right.

It has a light and a dark version. What a colour shows, a word shows too.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree import ElementTree as ET

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

STYLE = """\
svg { color: #1f2328; font: 12px sans-serif }
@media (prefers-color-scheme: dark) { svg { color: #e6edf3 } }
text { fill: currentColor }
rect { fill: currentColor; fill-opacity: .04; stroke: currentColor; stroke-opacity: .5 }
path { fill: none; stroke: currentColor; stroke-opacity: .7 }
.head { font-weight: bold }
.up { stroke: #2da44e; stroke-opacity: 1; stroke-width: 2 }
.down { stroke: #e5534b; stroke-opacity: 1; stroke-width: 2; stroke-dasharray: 5 4 }
"""
TUNNEL_CLASSES = {TunnelState.UP: "up", TunnelState.DOWN: "down", None: ""}
# Not of XML's characters: https://www.w3.org/TR/xml/#charsets
NO_CHARACTERS = re.compile("[^\\t\\n\\r\\u0020-\\ud7ff\\ue000-\\ufffd\\U00010000-\\U0010ffff]")
# As wide as a character is on average; what is longer than its box is cut, and whole in the box's title.
CHARACTER = 7
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
        self._root = ET.Element(
            "svg",
            {"xmlns": "http://www.w3.org/2000/svg", "role": "img", "aria-labelledby": "title description"},
        )
        self._add("title", f"Tenant {topology.tenant}", id="title")
        self._add("desc", described(topology), id="description")
        if styled:
            self._add("style", STYLE)
        marker = ET.SubElement(
            ET.SubElement(self._root, "defs"),
            "marker",
            {"id": "arrow", "viewBox": "0 0 8 8", "refX": "8", "refY": "4", "orient": "auto"}
            | {"markerWidth": "8", "markerHeight": "8"},
        )
        ET.SubElement(marker, "path", {"d": "M0,0 L8,4 L0,8"})
        self._database_line: int | None = None
        self._ends: list[tuple[TopologyPeering, int]] = []

    def document(self) -> str:
        head = (
            f"{self._topology.tenant}, cell {self._topology.cell or 'not known yet'}, {self._topology.region}"
        )
        self._text(COMPANIES.left, 30, head, "head")
        bottom = TOP
        for network in self._topology.networks:
            bottom = self._network(network, bottom) + 2 * GAP
        bottom = max(bottom, self._platform(max(bottom, TOP + 120)))
        self._endpoint()
        width = PLATFORM.right + 20
        self._root.set("viewBox", f"0 0 {width} {bottom + GAP}")
        self._root.set("width", str(width))
        ET.indent(self._root)
        return ET.tostring(self._root, encoding="unicode") + "\n"

    def _network(self, network: TopologyNetwork, top: int) -> int:
        """Draw it from `top` down; where it ends."""
        body = top + LINE + 2 * PADDING
        companies = len(network.vpn_connections) * (COMPANY_HEIGHT + GAP)
        end = max(
            self._subnets(network, body), body + max(companies, 2 * LINE * len(network.peerings) + LINE)
        )
        self._box(NETWORKS, top, end + PADDING - top, [])
        head = f"{network.slot}, {network.type}, {network.cidr}"
        self._text(NETWORKS.left + PADDING, top + LINE, head, "head")
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
            self._text(COMPANIES.right + PADDING, y - 4, " ".join(filter(None, tunnel.words)))

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
                    self._text(NETWORKS.right + PADDING, y - 4, label)
        return bottom

    def _endpoint(self) -> None:
        if self._topology.endpoint is None:
            return
        self._box(NETWORKS, 20, LINE + PADDING, [self._topology.endpoint])
        if self._database_line is not None:
            start = 20 + LINE + PADDING
            down = f"M{ENDPOINT_LINE},{start} V{self._database_line} H{SUBNETS.right}"
            self._path(down).set("marker-end", "url(#arrow)")
            self._text(ENDPOINT_LINE + PADDING, start + LINE, "CNAME")

    def _box(self, column: Column, top: int, height: int, words: Sequence[str | None]) -> None:
        group = ET.SubElement(self._root, "g")
        shown = [_characters(word) for word in words if word]
        if shown:
            ET.SubElement(group, "title").text = ", ".join(shown)
        sizes = {"x": column.left, "y": top, "width": column.width, "height": height, "rx": 4}
        ET.SubElement(group, "rect", {name: str(size) for name, size in sizes.items()})
        for number, word in enumerate(shown, 1):
            fitting = _cut(word, column.width // CHARACTER)
            self._text(
                column.left + PADDING, top + number * LINE, fitting, "head" if number == 1 else "", group
            )

    def _text(self, x: int, y: int, words: str, style: str = "", parent: ET.Element | None = None) -> None:
        attributes = {"x": str(x), "y": str(y), **({"class": style} if style else {})}
        element = ET.SubElement(self._root if parent is None else parent, "text", attributes)
        element.text = _characters(words)

    def _path(self, line: str, style: str = "") -> ET.Element:
        attributes = {"d": line, **({"class": style} if style else {})}
        return ET.SubElement(self._root, "path", attributes)

    def _add(self, tag: str, words: str, **attributes: str) -> None:
        ET.SubElement(self._root, tag, attributes).text = _characters(words)


def _words(part: Part) -> list[str]:
    """What is said of it, a line each."""
    subnets = (subnet.words for subnet in part.subnets)
    what, name, *figures = part.inside.words if part.inside else (None, None)
    return list(filter(None, [f"{what} {name}" if what else None, *figures, *subnets]))


def _cut(words: str, length: int) -> str:
    return words if len(words) <= length else f"{words[: length - 1]}…"


def _characters(words: str) -> str:
    return NO_CHARACTERS.sub("\N{REPLACEMENT CHARACTER}", words)
