"""EC2's XML, read; and what is said where it is not as documented."""

from __future__ import annotations

import re

import pytest
from tenantnet.vpn.configuration import ConfigurationError, parse_configuration

from tests.support.vpn_reading import XML_PATHS, xml_figures
from tests.support.vpn_samples import ID, configuration_xml

XML = configuration_xml([{}, {}])


def test_ids_and_both_tunnels_are_read() -> None:
    found = parse_configuration(XML)
    assert (found.vpn_connection_id, found.customer_gateway_id) == (ID, "cgw-0a1b2c3d")
    assert found.vpn_gateway_id == "vgw-0a1b2c3d"
    assert [tunnel.aws_outside for tunnel in found.tunnels] == ["198.18.0.10", "198.19.0.10"]


def test_mtu_is_the_mss_with_the_headers_of_ip_and_tcp() -> None:
    assert [(tunnel.tcp_mss, tunnel.mtu) for tunnel in parse_configuration(XML).tunnels] == [(1379, 1419)] * 2


@pytest.mark.parametrize("path", list(XML_PATHS.values()))
def test_an_element_without_text_is_named_with_its_tunnel(path: str) -> None:
    name = path.rpartition("/")[2]
    blanked = re.sub(rf"<{name}>[^<]*</{name}>", f"<{name}> </{name}>", XML)
    with pytest.raises(ConfigurationError, match=rf"tunnel 1: \S*{name} is missing or empty"):
        parse_configuration(blanked)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("ip_address", "300.1.1.1", "is no IPv4 address"),
        ("lifetime", "-1", "ike/lifetime is no whole number"),
        ("lifetime", "0", "ike/lifetime is no whole number above 0"),
        ("interval", "9" * 10, "interval is no whole number"),
        ("mode", "tunnel&#10;  updown = x", "ipsec/mode is no name of a mode"),
        ("protocol", "esp | x", "ipsec/protocol is no name of a protocol"),
        ("customer_gateway_id", "cgw-1&#10;# x", "customer_gateway_id is no ID"),
        ("vpn_gateway_id", "$(x)", "vpn_gateway_id is no ID"),
        ("perfect_forward_secrecy", "group x", "is no Diffie-Hellman group"),
        ("encryption_protocol", "aes; rm", "is no name of an algorithm"),
        ("pre_shared_key", 'x"\n}', "is no pre-shared key"),
    ],
)
def test_a_malformed_figure_is_refused_for_what_it_is(name: str, value: str, words: str) -> None:
    changed = re.sub(rf"<{name}>[^<]*</{name}>", f"<{name}>{value}</{name}>", XML)
    with pytest.raises(ConfigurationError, match=words):
        parse_configuration(changed)


@pytest.mark.parametrize("changed", ["", "vpn-1; x", "vpn-1&#10;}", "../vpn-1", "vpn-1&quot;"])
def test_the_connections_own_id_is_one_that_files_and_commands_can_name(changed: str) -> None:
    with pytest.raises(ConfigurationError, match="the VPN connection's id is no ID of a resource"):
        parse_configuration(XML.replace(f'id="{ID}"', f'id="{changed}"'))


def test_the_error_does_not_repeat_a_key_that_is_refused() -> None:
    key = xml_figures(XML)[0]["key"]
    with pytest.raises(ConfigurationError) as caught:
        parse_configuration(XML.replace(key, f"{key}!"))
    assert key not in str(caught.value)


def test_a_connection_of_one_tunnel_is_refused() -> None:
    start, end = XML.rindex("<ipsec_tunnel>"), XML.rindex("</ipsec_tunnel>") + len("</ipsec_tunnel>")
    with pytest.raises(ConfigurationError, match="it has 1 tunnels, not two"):
        parse_configuration(XML[:start] + XML[end:])


@pytest.mark.parametrize("text", ["", "no XML", "<vpn_connection>"])
def test_what_is_no_xml_is_said_to_be_none(text: str) -> None:
    with pytest.raises(ConfigurationError, match="it is no XML"):
        parse_configuration(text)
