"""The customer gateway configuration: its every figure is the connection's."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree as ET

from mypy_boto3_ec2 import EC2Client
from netaddr import IPNetwork

from tests.support.network import Network, VpnSite


def configuration(ec2: EC2Client, site: VpnSite) -> ET.Element:
    return ET.fromstring(site.described(ec2)["CustomerGatewayConfiguration"])  # noqa: S314 - our own cloud's


def test_it_names_the_connection_and_its_gateways(ec2: EC2Client, network: Network, site: VpnSite) -> None:
    root = configuration(ec2, site)
    assert root.attrib["id"] == site.connection_id
    assert root.findtext("customer_gateway_id") == site.customer_gateway_id
    assert root.findtext("vpn_gateway_id") == network.vpn_gateway_id
    assert root.findtext("vpn_connection_type") == "ipsec.1"
    assert len(root.findall("ipsec_tunnel")) == 2


def test_it_begins_as_ec2s_does(ec2: EC2Client, site: VpnSite) -> None:
    text = site.described(ec2)["CustomerGatewayConfiguration"]
    assert text.startswith('<?xml version="1.0" encoding="UTF-8"?>\n<vpn_connection id="vpn-')


def test_each_tunnel_has_its_addresses_and_key(ec2: EC2Client, site: VpnSite) -> None:
    customer = ec2.describe_customer_gateways(CustomerGatewayIds=[site.customer_gateway_id])
    customer_address = customer["CustomerGateways"][0]["IpAddress"]
    for element, tunnel in zip(
        configuration(ec2, site).findall("ipsec_tunnel"), site.tunnels(ec2), strict=True
    ):
        inside = IPNetwork(tunnel["TunnelInsideCidr"])
        assert element.findtext("vpn_gateway/tunnel_outside_address/ip_address") == tunnel["OutsideIpAddress"]
        assert element.findtext("customer_gateway/tunnel_outside_address/ip_address") == customer_address
        assert element.findtext("vpn_gateway/tunnel_inside_address/ip_address") == str(inside[1])
        assert element.findtext("customer_gateway/tunnel_inside_address/ip_address") == str(inside[2])
        assert element.findtext("customer_gateway/tunnel_inside_address/network_mask") == "255.255.255.252"
        assert element.findtext("customer_gateway/tunnel_inside_address/network_cidr") == "30"
        assert element.findtext("ike/pre_shared_key") == tunnel["PreSharedKey"]


def test_a_static_connection_says_so_and_names_no_bgp(ec2: EC2Client, network: Network) -> None:
    static = configuration(ec2, VpnSite.create(ec2, network.vpn_gateway_id))
    dynamic = configuration(ec2, VpnSite.create(ec2, network.vpn_gateway_id, StaticRoutesOnly=False))
    assert static.findtext("vpn_connection_attributes") == "NoBGPVPNConnection"
    assert static.find(".//bgp") is None
    assert dynamic.find("vpn_connection_attributes") is None
    assert dynamic.findtext("ipsec_tunnel/customer_gateway/bgp/asn") == "65000"
    assert dynamic.findtext("ipsec_tunnel/vpn_gateway/bgp/asn") == "64512"


def test_it_shows_the_algorithms_and_times_that_the_tunnel_permits(ec2: EC2Client, network: Network) -> None:
    strict: dict[str, Any] = {
        "Phase1EncryptionAlgorithms": [{"Value": "AES256-GCM-16"}, {"Value": "AES256"}],
        "Phase2EncryptionAlgorithms": [{"Value": "AES256-GCM-16"}],
        "Phase1IntegrityAlgorithms": [{"Value": "SHA2-384"}],
        "Phase2IntegrityAlgorithms": [{"Value": "SHA2-256"}],
        "Phase1DHGroupNumbers": [{"Value": 20}, {"Value": 14}],
        "Phase2DHGroupNumbers": [{"Value": 21}],
        "Phase1LifetimeSeconds": 14_400,
        "Phase2LifetimeSeconds": 1_800,
        "DPDTimeoutSeconds": 60,
    }
    site = VpnSite.create(ec2, network.vpn_gateway_id, TunnelOptions=[strict])
    first, second = configuration(ec2, site).findall("ipsec_tunnel")
    shown = {
        "ike/encryption_protocol": ("aes-256-cbc", "aes-128-cbc"),
        "ike/authentication_protocol": ("sha2-384", "sha1"),
        "ike/perfect_forward_secrecy": ("group14", "group2"),
        "ike/lifetime": ("14400", "28800"),
        "ipsec/protocol": ("esp", "esp"),
        "ipsec/encryption_protocol": ("aes-256-gcm-16", "aes-128-cbc"),
        "ipsec/authentication_protocol": ("hmac-sha2-256-128", "hmac-sha1-96"),
        "ipsec/perfect_forward_secrecy": ("group21", "group2"),
        "ipsec/lifetime": ("1800", "3600"),
        "ipsec/dead_peer_detection/interval": ("10", "10"),
        "ipsec/dead_peer_detection/retries": ("6", "3"),
    }
    for path, values in shown.items():
        assert (first.findtext(path), second.findtext(path)) == values, path


def test_a_changed_tunnel_changes_it(ec2: EC2Client, site: VpnSite) -> None:
    ec2.modify_vpn_tunnel_options(
        VpnConnectionId=site.connection_id,
        VpnTunnelOutsideIpAddress=site.tunnels(ec2)[1]["OutsideIpAddress"],
        TunnelOptions={"PreSharedKey": "Changed.key_1", "TunnelInsideCidr": "169.254.99.8/30"},
    )
    second = configuration(ec2, site).findall("ipsec_tunnel")[1]
    assert second.findtext("ike/pre_shared_key") == "Changed.key_1"
    assert second.findtext("customer_gateway/tunnel_inside_address/ip_address") == "169.254.99.10"
