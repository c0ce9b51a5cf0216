"""The picture in SVG and for a terminal, and how it is put together of what is deployed."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from tenantnet.observed.status.tenant import tenant_status
from tenantnet.observed.status.words import TunnelState
from tenantnet.observed.topology.assemble import assemble
from tenantnet.observed.topology.model import Side, Topology, TopologyPeering, TopologySubnet
from tenantnet.observed.topology.svg import svg
from tenantnet.observed.topology.terminal import terminal
from tenantnet.stacks.outputs import TenantOutputs

from tests.support.reachability_samples import deployed
from tests.support.topology_samples import ACME, BLUE, GREEN, SEATTLE

SVG = "{http://www.w3.org/2000/svg}"
FIGURES = (
    *("acme, cell eu1, eu-west-1", "acme.db.example.com", "Seattle office", "192.168.4.0/24", "198.51.100.7"),
    *("vpn-0a1b2c3d4e5f60718", "203.0.113.17", "203.0.113.99", "10.1.2.0/26", "10.1.3.0/26", "10.1.2.42"),
    *("10.1.2.0/28", "10.1.2.16/28", "10.1.2.32/28", "10.1.2.48/28", "172.17.5.0/24", "10.32.0.4"),
    *("pcx-0a1b2c3d4e5f60718", "pcx-1a1b2c3d4e5f60718", "acme-blue.abc.eu-west-1.rds.amazonaws.com"),
)


def with_description(words: str, count: int = 1) -> Topology:
    connections = (SEATTLE.model_copy(update={"description": words}),) * count
    return ACME.model_copy(update={"networks": (BLUE.model_copy(update={"vpn_connections": connections}),)})


def printed(topology: Topology) -> str:
    out = StringIO()
    Console(file=out, width=160).print(terminal(topology))
    return out.getvalue()


def parsed(topology: Topology) -> ET.Element:
    return ET.fromstring(svg(topology))  # noqa: S314 - our own


def texts(topology: Topology) -> list[str]:
    return [element.text or "" for element in parsed(topology).iter(f"{SVG}text")]


@pytest.mark.parametrize("figure", FIGURES)
def test_every_figure_is_in_both_drawings(figure: str) -> None:
    assert figure in " ".join(texts(ACME))
    assert figure in printed(ACME)


def test_an_svg_has_a_title_and_a_description_for_those_who_do_not_see_it() -> None:
    root = parsed(ACME)
    labels = {root.find(f"{SVG}{tag}").get("id") for tag in ("title", "desc")}  # type: ignore[union-attr]
    assert set(root.get("aria-labelledby", "").split()) == labels
    assert root.get("role") == "img"


def test_a_tunnels_state_is_said_in_a_word_and_shown_by_its_line() -> None:
    root = parsed(ACME)
    drawn = [path.get("class") for path in root.iter(f"{SVG}path") if path.get("class")]
    assert drawn == ["up", "down"]
    words = texts(ACME)
    assert any(word.endswith(TunnelState.UP) for word in words)
    assert any(word.endswith(TunnelState.DOWN) for word in words)


@given(st.text(min_size=1))
def test_no_description_breaks_an_svg(words: str) -> None:
    assert parsed(with_description(words)).tag == f"{SVG}svg"


@given(st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1))
def test_however_long_a_description_is_its_box_has_it_whole_in_its_title(words: str) -> None:
    titles = [element.text or "" for element in parsed(with_description(words)).iter(f"{SVG}title")]
    assert any(title.startswith(f"{words}, ") for title in titles)


@given(st.integers(1, 6))
def test_boxes_of_companies_do_not_overlap_and_lie_within_the_picture(count: int) -> None:
    root = parsed(with_description("Seattle office", count))
    boxes = sorted(
        (int(box.get("y", "")), int(box.get("height", "")))
        for box in root.iter(f"{SVG}rect")
        if box.get("x") == "20"
    )
    assert len(boxes) == count
    height = int(root.get("viewBox", "").split()[3])
    for (top, tall), (following, _) in zip(boxes, [*boxes[1:], (height, 0)], strict=True):
        assert top + tall <= following


def test_brackets_in_a_description_are_plain_text_in_a_terminal() -> None:
    assert "[bold]Seattle[/]" in printed(with_description("[bold]Seattle[/]"))


def test_what_is_not_there_yet_is_left_out() -> None:
    empty = Topology(tenant="acme", cell=None, region="eu-west-1", endpoint=None)
    assert "no endpoint yet" in printed(empty)
    assert "acme, cell not known yet, eu-west-1" in texts(empty)


def test_a_network_without_subnets_in_a_plan_still_shows_its_host() -> None:
    planned = ACME.model_copy(update={"networks": (GREEN,)})
    assert "10.1.3.42" in " ".join(texts(planned))
    assert "10.1.3.42" in printed(planned)


def test_the_surroundings_are_those_that_ec2_describes() -> None:
    cell = replace(deployed(), databases=())
    status = tenant_status(
        "zeta",
        region="eu-west-1",
        outputs=TenantOutputs(cell="eu1", production="blue"),
        deployed=cell,
    )
    found = assemble(status, cell, sessions_vpc_id="vpc-sessions")
    (network,) = found.networks
    assert (found.session_subnet, found.tunnel_host) == ("172.17.6.0/24", "10.32.0.4")
    assert network.subnets == [
        TopologySubnet(name="database-a", cidr="192.168.77.0/28"),
        TopologySubnet(name="database-b", cidr="192.168.77.16/28"),
        TopologySubnet(name="hosts", cidr="192.168.77.32/28"),
        TopologySubnet(name="spare", cidr="192.168.77.48/28"),
    ]
    assert network.peerings == [
        TopologyPeering(to=Side.SESSIONS, id="pcx-zeta-blue-sessions", state="active"),
        TopologyPeering(to=Side.SERVICES, id="pcx-zeta-blue-services", state="active"),
    ]
    assert network.database is None
