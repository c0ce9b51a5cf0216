"""The picture in Mermaid: as it is known to be drawn, complete, and not to be broken by any description."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tenantnet.observed.status.words import TunnelState
from tenantnet.observed.topology.mermaid import mermaid
from tenantnet.observed.topology.model import Topology, TopologyTunnel

from tests.support.topology_samples import ACME, BLUE, GREEN, SEATTLE

# Drawn by Mermaid 11 as it should look.
GOLDEN = """\
flowchart LR
    accTitle: Tenant acme
    accDescr: acme in eu1, eu-west-1, 2 networks, 2 VPN connections, endpoint acme.db.example.com
    blue_company_1["Seattle office<br/>192.168.4.0/24<br/>gateway 198.51.100.7<br/>vpn-0a1b2c3d4e5f60718"]
    green_company_1["Seattle office<br/>192.168.4.0/24<br/>gateway 198.51.100.7"]
    subgraph blue["blue, Production<br/>10.1.2.0/26"]
        blue_gateway(["VPN gateway"])
        subgraph blue_database_subnets["database-a 10.1.2.0/28<br/>database-b 10.1.2.16/28"]
            blue_database[("MySQL<br/>acme-blue<br/>acme-blue.abc.eu-west-1.rds.amazonaws.com<br/>port 3306")]
        end
        subgraph blue_hosts_subnets["hosts 10.1.2.32/28"]
            blue_ping_host["Ping host<br/>10.1.2.42"]
        end
        blue_spare_subnets["spare 10.1.2.48/28"]
    end
    blue_company_1 ===|"tunnel 1<br/>203.0.113.17<br/>UP"| blue_gateway
    blue_company_1 -.-|"tunnel 2<br/>203.0.113.99<br/>DOWN"| blue_gateway
    subgraph green["green, Test<br/>10.1.3.0/26"]
        green_gateway(["VPN gateway"])
        green_ping_host["Ping host<br/>10.1.3.42"]
    end
    green_company_1 ---|"tunnel 1"| green_gateway
    green_company_1 ---|"tunnel 2"| green_gateway
    subgraph platform["Platform<br/>eu1"]
        sessions["Sessions<br/>172.17.5.0/24"]
        services["Tunnel host<br/>10.32.0.4"]
    end
    blue ---|"peering<br/>pcx-0a1b2c3d4e5f60718<br/>active"| sessions
    blue ---|"peering<br/>pcx-1a1b2c3d4e5f60718<br/>active"| services
    green ---|"peering"| sessions
    green ---|"peering"| services
    endpoint{{"acme.db.example.com"}}
    endpoint -->|"CNAME"| blue_database
"""
LABEL = r'"[^"]*"'
NODE = rf"\w+(\[{LABEL}\]|\(\[{LABEL}\]\)|\[\({LABEL}\)\]|{{{{{LABEL}}}}})"
LINE = re.compile(
    rf"flowchart LR|acc(Title|Descr): [\w ,.#;-]+|subgraph \w+\[{LABEL}\]|end|{NODE}"
    rf"|\w+ (===|-\.-|---|-->)\|{LABEL}\| \w+"
)


def with_description(words: str) -> Topology:
    connection = SEATTLE.model_copy(update={"description": words})
    return ACME.model_copy(update={"networks": (BLUE.model_copy(update={"vpn_connections": (connection,)}),)})


def shown(label: str) -> str:
    """What Mermaid makes of a label: its entities are numbers between # and ;."""
    return re.sub(r"#(\d+);", lambda mark: chr(int(mark[1])), label)


def check_syntax(drawing: str) -> None:
    lines = [line.strip() for line in drawing.splitlines()]
    assert lines[0] == "flowchart LR"
    for line in lines:
        assert LINE.fullmatch(line), line
    assert lines.count("end") == sum(line.startswith("subgraph ") for line in lines)
    declared = {re.split(r"\W", line.removeprefix("subgraph "))[0] for line in lines}
    for start, end in re.findall(r"^ *(\w+) \S+\|.*\| (\w+)$", drawing, re.MULTILINE):
        assert {start, end} <= declared, f"{start} to {end} connects what is not there"


def test_a_tenant_in_a_move_is_drawn_as_known() -> None:
    assert mermaid(ACME) == GOLDEN


def test_the_known_drawing_keeps_the_syntax() -> None:
    check_syntax(GOLDEN)


def test_a_tenant_of_which_nothing_is_there_yet_is_drawn_too() -> None:
    drawing = mermaid(Topology(tenant="acme", cell=None, region="eu-west-1", endpoint=None))
    check_syntax(drawing)
    assert "acme in no cell yet, eu-west-1, 0 networks" in drawing


@pytest.mark.parametrize(
    ("state", "line"), [(TunnelState.UP, "==="), (TunnelState.DOWN, "-.-"), (None, "---")]
)
def test_a_tunnels_state_is_its_line(state: TunnelState | None, line: str) -> None:
    connection = SEATTLE.model_copy(update={"tunnels": (TopologyTunnel(number=1, state=state),)})
    network = GREEN.model_copy(update={"vpn_connections": (connection,)})
    drawing = mermaid(ACME.model_copy(update={"networks": (network,)}))
    assert f'green_company_1 {line}|"tunnel 1' in drawing


@given(st.text(min_size=1))
def test_no_description_is_read_as_syntax_and_each_is_shown_as_it_is(words: str) -> None:
    drawing = mermaid(with_description(words))
    check_syntax(drawing)
    (label,) = re.findall(r'blue_company_1\["(.*?)<br/>192', drawing) or [""]
    assert shown(label) == " ".join(words.split())


@given(st.integers(0, 5), st.integers(0, 5))
def test_every_connection_has_a_company_and_two_tunnels(of_blue: int, of_green: int) -> None:
    networks = (
        BLUE.model_copy(update={"vpn_connections": (SEATTLE,) * of_blue}),
        GREEN.model_copy(update={"vpn_connections": (SEATTLE,) * of_green}),
    )
    drawing = mermaid(ACME.model_copy(update={"networks": networks}))
    check_syntax(drawing)
    for slot, count in (("blue", of_blue), ("green", of_green)):
        assert len(re.findall(rf"^ *{slot}_company_\d+\[", drawing, re.MULTILINE)) == count
        assert (
            len(re.findall(rf"^ *{slot}_company_\d+ \S+\|.*{slot}_gateway$", drawing, re.MULTILINE))
            == 2 * count
        )
