"""The guides, read by parsers of the tests' own."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tenantnet.vpn.connection import Connection
from tenantnet.vpn.forms import Reading
from tenantnet.vpn.guides import (
    STRONGSWAN_FILES,
    Guide,
    device_guide,
    generic_guide,
    libreswan_guide,
    strongswan_guide,
)
from tenantnet.vpn.samples import DeviceType
from tenantnet.vpn.strongswan import NotKnownError

from tests.support.clone import CLONE
from tests.support.records import replace
from tests.support.vpn_reading import (
    expected_libreswan,
    expected_swanctl,
    guide_figures,
    libreswan_figures,
    settings_tree,
    swanctl_figures,
    xml_figures,
)
from tests.support.vpn_samples import ID, configuration_xml, connection, tunnel_options

XML = configuration_xml([{}, {}])
MODERN = configuration_xml([{f"Phase{phase}DHGroupNumbers": [{"Value": 14}] for phase in (1, 2)}] * 2)


def sample_guide(of: Connection) -> Guide:
    device = DeviceType(id="1", vendor="Cisco", platform="ASA", software="9")
    return device_guide(of, device, "! a sample", [], Reading())


# The groups without which Debian builds Libreswan.
LACKING = {"2", "22", "23", "24"}
KEYS = [figures["key"] for figures in xml_figures(XML)]


@given(st.lists(tunnel_options, min_size=2, max_size=2))
def test_every_figure_of_the_generic_guide_is_the_connections(options: list[dict[str, object]]) -> None:
    xml = configuration_xml(options)
    assert guide_figures(generic_guide(connection(xml))["guide.md"]) == xml_figures(xml)


@given(st.lists(tunnel_options, min_size=2, max_size=2))
def test_every_figure_of_swanctl_conf_is_the_connections(options: list[dict[str, object]]) -> None:
    xml = configuration_xml(options)
    guide = strongswan_guide(connection(xml))
    assert swanctl_figures(guide["swanctl.conf"]) == [expected_swanctl(each) for each in xml_figures(xml)]


@given(st.lists(tunnel_options, min_size=2, max_size=2))
def test_every_figure_of_ipsec_conf_is_the_connections(options: list[dict[str, object]]) -> None:
    xml = configuration_xml(options)
    if {each[f"{phase} group"] for each in xml_figures(xml) for phase in ("ike", "ipsec")} & LACKING:
        with pytest.raises(NotKnownError):
            libreswan_guide(connection(xml))
        return
    guide = libreswan_guide(connection(xml))
    found = libreswan_figures(guide["ipsec.conf"], guide["ipsec.secrets"])
    assert found == [expected_libreswan(each) for each in xml_figures(xml)]


@given(st.lists(tunnel_options, min_size=2, max_size=2))
def test_strongswan_gives_an_endpoint_up_when_aws_would(options: list[dict[str, object]]) -> None:
    xml = configuration_xml(options)
    timers = settings_tree(strongswan_guide(connection(xml))["strongswan.conf"])["charon"]
    slowest = max(xml_figures(xml), key=lambda each: int(each["dpd interval"]) * int(each["dpd retries"]))
    waits = float(timers["retransmit_timeout"]) * (int(timers["retransmit_tries"]) + 1)
    assert timers["retransmit_base"] == "1"
    assert int(slowest["dpd interval"]) + waits == int(slowest["dpd interval"]) * int(slowest["dpd retries"])


def test_the_guide_names_networks_ping_host_and_routes() -> None:
    text = generic_guide(connection(XML))["guide.md"]
    for words in (
        "| Your network, routed by AWS into the tunnels | 192.168.4.0/24 |",
        "| Tenant's network, to be routed by you into the tunnels | 10.1.2.0/26 |",
        "| Host that answers ping there | 10.1.2.42 |",
        "ping 10.1.2.42",
        "| IKE version | 2 | 2 |",
        "| Database | acme.db.example.com, TCP port 3306 |",
        "Made on 2026-11-29 09:30 UTC",
        "    nslookup acme.db.example.com\n    nc -vz acme.db.example.com 3306\n",
        "rebind-domain-ok=/db.example.com/rds.amazonaws.com/",
        "| Phase 1 encryption | AES256, AES256-GCM-16 | AES256, AES256-GCM-16 |",
        "| Local traffic selector (proxy ID) | 0.0.0.0/0 | 0.0.0.0/0 |",
    ):
        assert words in text


def test_a_guide_to_a_network_without_the_database_says_that_the_name_leads_elsewhere() -> None:
    words = "until it is moved here, its name leads to the other one"
    for is_production in (True, False):
        text = generic_guide(replace(connection(XML), is_production=is_production))["guide.md"]
        assert (words in text) is not is_production


def test_a_guide_of_before_the_first_update_leaves_the_name_open() -> None:
    text = generic_guide(replace(connection(XML), endpoint=None))["guide.md"]
    assert "| Database | the name that you will be given, TCP port 3306 |" in text
    assert "nslookup NAME" in text
    assert "None" not in text


@pytest.mark.parametrize("guide", [generic_guide, strongswan_guide, libreswan_guide])
def test_the_guide_goes_on_to_the_databases_name_where_private_answers_are_dropped(guide: Any) -> None:
    text = "\n".join(guide(connection(MODERN)).values())
    for words in ("DNS rebinding", "private-domain", "rebind-domain-ok", "`rds.amazonaws.com`"):
        assert words in text


@pytest.mark.parametrize("guide", [generic_guide, strongswan_guide, libreswan_guide, sample_guide])
def test_every_guide_says_what_the_devices_log_means_as_the_docs_do(guide: Any) -> None:
    text = "\n".join(guide(connection(MODERN)).values())
    page = (CLONE / "docs" / "vpn.md").read_text(encoding="utf-8")
    table = page.partition("| in the device's log | the cause |\n")[2].partition("\n\n")[0]
    assert "NO_PROPOSAL_CHOSEN" in table
    assert "\n### What the device's log says\n\nAWS's end waits" in text
    assert f"\n{table}\n" in text


def test_both_tunnels_have_routes_and_interfaces_of_their_own_and_the_first_is_preferred() -> None:
    children = [
        child
        for each in settings_tree(strongswan_guide(connection(XML))["swanctl.conf"])["connections"].values()
        for child in each["children"].values()
    ]
    first, second = (child["updown"].split() for child in children)
    assert first[5] == second[5] == "10.1.2.0/26"
    assert int(first[6]) < int(second[6])
    assert first[1] != second[1]
    assert all(len(script[1]) <= 15 for script in (first, second)), "Linux takes no longer name"


def test_each_tunnel_is_tied_to_its_interface() -> None:
    tree = settings_tree(strongswan_guide(connection(XML))["swanctl.conf"])
    for each in tree["connections"].values():
        (child,) = each["children"].values()
        assert each["if_id_in"] == each["if_id_out"] == child["updown"].split()[2]


@pytest.mark.parametrize("name", [name for name in STRONGSWAN_FILES if name != "swanctl.conf"])
def test_a_file_of_strongswan_without_need_of_the_keys_has_none(name: str) -> None:
    assert not any(key in strongswan_guide(connection(XML))[name] for key in KEYS)


def test_a_connection_says_nothing_of_its_keys_when_it_is_printed() -> None:
    assert not any(key in repr(connection(XML)) for key in KEYS)


@pytest.mark.parametrize("name", ["README.md", "ipsec.conf", "tenantnet.updown"])
def test_of_libreswans_files_one_has_the_keys(name: str) -> None:
    keys = [figures["key"] for figures in xml_figures(MODERN)]
    guide = libreswan_guide(connection(MODERN))
    assert not any(key in guide[name] for key in keys)
    assert all(key in guide["ipsec.secrets"] for key in keys)


@pytest.mark.parametrize("description", ["x\n}\nconnections {", "x\u2028}", "x\r\n# y"])
def test_no_description_gets_out_of_its_comment(description: str) -> None:
    honest, odd = (strongswan_guide(connection(XML, words)) for words in ("x", description))
    for name in ("swanctl.conf", "strongswan.conf"):
        assert settings_tree(odd[name]) == settings_tree(honest[name])


@pytest.mark.parametrize("description", ["x\x1b[2J", "\u202ex", "x\x00"])
def test_what_nobody_sees_of_a_description_is_written_out(description: str) -> None:
    for write in (generic_guide, strongswan_guide):
        for text in write(connection(XML, description)).values():
            assert not {"\x1b", "\u202e", "\x00"} & {*text}


def test_a_connection_without_a_description_goes_by_its_id() -> None:
    assert f"# VPN guide: {ID}\n" in generic_guide(connection(XML, ""))["guide.md"]
