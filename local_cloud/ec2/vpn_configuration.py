"""The customer gateway configuration: the XML that tells a person or a device all of a connection's figures.

Where a tunnel permits several algorithms it names the first, in the order of AWS's documentation.
"""

from __future__ import annotations

from dataclasses import dataclass
from xml.etree import ElementTree as ET

from tenantnet.local_cloud.ec2.vpn_tunnels import Tunnel

Tree = dict[str, "str | Tree"]

ENCRYPTION = {
    "AES128": "aes-128-cbc",
    "AES256": "aes-256-cbc",
    "AES128-GCM-16": "aes-128-gcm-16",
    "AES256-GCM-16": "aes-256-gcm-16",
}
IKE_INTEGRITY = {"SHA1": "sha1", "SHA2-256": "sha2-256", "SHA2-384": "sha2-384", "SHA2-512": "sha2-512"}
# With the length that each is cut to, as in the names that IANA registers.
ESP_INTEGRITY = {
    "SHA1": "hmac-sha1-96",
    "SHA2-256": "hmac-sha2-256-128",
    "SHA2-384": "hmac-sha2-384-192",
    "SHA2-512": "hmac-sha2-512-256",
}
DPD_INTERVAL_SECONDS = 10
TCP_MSS = 1379


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerSide:
    """The customer gateway's address and AS number."""

    ip_address: str
    bgp_asn: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Configured:
    """What a configuration is made of. amazon_asn: None where routes are static."""

    vpn_connection_id: str
    customer_gateway_id: str
    gateway_id: str
    gateway_element: str
    customer: CustomerSide
    amazon_asn: str | None
    tunnels: list[Tunnel]


def customer_gateway_configuration(configured: Configured) -> str:
    """The XML text."""
    root = ET.Element("vpn_connection", id=configured.vpn_connection_id)
    head: Tree = {
        "customer_gateway_id": configured.customer_gateway_id,
        configured.gateway_element: configured.gateway_id,
        "vpn_connection_type": "ipsec.1",
    }
    if configured.amazon_asn is None:
        head["vpn_connection_attributes"] = "NoBGPVPNConnection"
    _grow(root, head)
    for tunnel in configured.tunnels:
        _grow(ET.SubElement(root, "ipsec_tunnel"), _tunnel(configured, tunnel))
    ET.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def _grow(parent: ET.Element, tree: Tree) -> None:
    for name, value in tree.items():
        child = ET.SubElement(parent, name)
        if isinstance(value, str):
            child.text = value
        else:
            _grow(child, value)


def _tunnel(configured: Configured, tunnel: Tunnel) -> Tree:
    customer, asn = configured.customer, configured.amazon_asn
    return {
        "customer_gateway": _end(
            customer.ip_address, tunnel.customer_inside_address, customer.bgp_asn if asn else None
        ),
        "vpn_gateway": _end(tunnel.outside_address, tunnel.aws_inside_address, asn),
        "ike": {
            "authentication_protocol": IKE_INTEGRITY[tunnel.first_permitted("Phase1IntegrityAlgorithms")],
            "encryption_protocol": ENCRYPTION[tunnel.first_permitted("Phase1EncryptionAlgorithms")],
            "lifetime": str(tunnel.figure("Phase1LifetimeSeconds")),
            "perfect_forward_secrecy": f"group{tunnel.first_permitted('Phase1DHGroupNumbers')}",
            "mode": "main",
            "pre_shared_key": tunnel.pre_shared_key,
        },
        "ipsec": {
            "protocol": "esp",
            "authentication_protocol": ESP_INTEGRITY[tunnel.first_permitted("Phase2IntegrityAlgorithms")],
            "encryption_protocol": ENCRYPTION[tunnel.first_permitted("Phase2EncryptionAlgorithms")],
            "lifetime": str(tunnel.figure("Phase2LifetimeSeconds")),
            "perfect_forward_secrecy": f"group{tunnel.first_permitted('Phase2DHGroupNumbers')}",
            "mode": "tunnel",
            "clear_df_bit": "true",
            "fragmentation_before_encryption": "true",
            "tcp_mss_adjustment": str(TCP_MSS),
            "dead_peer_detection": {
                "interval": str(DPD_INTERVAL_SECONDS),
                "retries": str(tunnel.figure("DPDTimeoutSeconds") // DPD_INTERVAL_SECONDS),
            },
        },
    }


def _end(outside: str, inside: str, asn: str | None) -> Tree:
    tree: Tree = {
        "tunnel_outside_address": {"ip_address": outside},
        "tunnel_inside_address": {
            "ip_address": inside,
            "network_mask": "255.255.255.252",
            "network_cidr": "30",
        },
    }
    if asn:
        tree["bgp"] = {"asn": asn, "hold_time": "30"}
    return tree
