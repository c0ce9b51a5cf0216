"""The customer gateway configuration: the XML in which EC2 tells all figures of a VPN connection's tunnels.

https://docs.aws.amazon.com/vpn/latest/s2svpn/your-cgw.html
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import IPv4Address
from typing import TypeVar
from xml.etree import ElementTree as ET

Value = TypeVar("Value")

# https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_VpnTunnelOptionsSpecification.html
WORD = re.compile(r"[a-z0-9-]+")
RESOURCE_ID = re.compile(r"[a-z]+-[0-9a-f]+")
# No figure of a tunnel has more digits, or is 0.
NUMBER = re.compile(r"[1-9][0-9]{0,8}")
PRE_SHARED_KEY = re.compile(r"[A-Za-z0-9._]{8,64}")
# What is in a key's place if Secrets Manager keeps it.
# https://github.com/hashicorp/terraform-provider-aws/pull/42819
REDACTED = "REDACTED"
# IPv4 and TCP without options: what a segment has on top in a packet.
IP_AND_TCP_HEADER_BYTES = 40


class ConfigurationError(ValueError):
    """The XML is not what EC2 documents, in the way that it says. Keys are never in the text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Algorithms:
    """One phase's algorithms, as the XML names them: `aes-256-cbc`, `sha2-256`, 14; lifetime in seconds."""

    encryption: str
    integrity: str
    dh_group: int
    lifetime: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TunnelConfiguration:
    """One tunnel. outside: on the internet. inside: in the tunnel's own /30 of 169.254.0.0/16.

    ike: phase 1. ipsec: phase 2. dpd_interval: seconds between probes of a silent peer; dpd_retries: so many
    without an answer, and it is dead.
    """

    aws_outside: str
    company_outside: str
    aws_inside: str
    company_inside: str
    inside_prefix: int
    pre_shared_key: str = field(repr=False)
    ike: Algorithms
    ipsec: Algorithms
    protocol: str
    mode: str
    tcp_mss: int
    clear_df_bit: bool
    fragment_before_encryption: bool
    dpd_interval: int
    dpd_retries: int

    @property
    def mtu(self) -> int:
        """Of the tunnel's interface: the largest packet that holds a segment of `tcp_mss` bytes."""
        return self.tcp_mss + IP_AND_TCP_HEADER_BYTES

    @property
    def hides_key(self) -> bool:
        """Whether the pre-shared key is kept elsewhere."""
        return self.pre_shared_key == REDACTED

    @property
    def dpd_timeout(self) -> int:
        """After so many seconds of silence the peer is dead."""
        return self.dpd_interval * self.dpd_retries


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """A VPN connection with its two tunnels."""

    vpn_connection_id: str
    customer_gateway_id: str
    vpn_gateway_id: str
    tunnels: tuple[TunnelConfiguration, TunnelConfiguration]


def parse_configuration(xml: str) -> Configuration:
    """Raises ConfigurationError if something that a tunnel needs is missing or malformed."""
    try:
        root = ET.fromstring(xml)  # noqa: S314 - EC2's own answer, over its API
    except ET.ParseError as error:
        raise ConfigurationError(f"it is no XML: {error}") from None
    tunnels = [
        _tunnel(_Element(element, f"tunnel {number}: "))
        for number, element in enumerate(root.findall("ipsec_tunnel"), 1)
    ]
    if len(tunnels) != 2:
        raise ConfigurationError(f"it has {len(tunnels)} tunnels, not two")
    if not RESOURCE_ID.fullmatch(connection_id := root.get("id", "")):
        raise ConfigurationError("the VPN connection's id is no ID of a resource")
    top = _Element(root, "")
    return Configuration(
        vpn_connection_id=connection_id,
        customer_gateway_id=top.matching("customer_gateway_id", RESOURCE_ID, "ID of a resource"),
        vpn_gateway_id=top.matching("vpn_gateway_id", RESOURCE_ID, "ID of a resource"),
        tunnels=(tunnels[0], tunnels[1]),
    )


@dataclass(frozen=True, slots=True)
class _Element:
    """Reads what its element holds; `place` starts every error."""

    element: ET.Element
    place: str

    def read(self, path: str, convert: Callable[[str], Value], kind: str) -> Value:
        try:
            return convert(self.text(path))
        except ConfigurationError:
            raise
        except ValueError:
            raise ConfigurationError(f"{self.place}{path} is no {kind}") from None

    def text(self, path: str) -> str:
        if text := (self.element.findtext(path) or "").strip():
            return text
        raise ConfigurationError(f"{self.place}{path} is missing or empty")

    def address(self, path: str) -> str:
        return str(self.read(path, IPv4Address, "IPv4 address"))

    def matching(self, path: str, pattern: re.Pattern[str], kind: str) -> str:
        text = self.text(path)
        if pattern.fullmatch(text):
            return text
        # Without the text: it may be a key.
        raise ConfigurationError(f"{self.place}{path} is no {kind}")

    def number(self, path: str) -> int:
        return self.read(path, _natural, "whole number above 0")


def _tunnel(xml: _Element) -> TunnelConfiguration:
    return TunnelConfiguration(
        aws_outside=xml.address("vpn_gateway/tunnel_outside_address/ip_address"),
        company_outside=xml.address("customer_gateway/tunnel_outside_address/ip_address"),
        aws_inside=xml.address("vpn_gateway/tunnel_inside_address/ip_address"),
        company_inside=xml.address("customer_gateway/tunnel_inside_address/ip_address"),
        inside_prefix=xml.number("customer_gateway/tunnel_inside_address/network_cidr"),
        pre_shared_key=xml.matching(
            "ike/pre_shared_key", PRE_SHARED_KEY, "pre-shared key of the form that AWS documents"
        ),
        ike=_algorithms(xml, "ike"),
        ipsec=_algorithms(xml, "ipsec"),
        protocol=xml.matching("ipsec/protocol", WORD, "name of a protocol"),
        mode=xml.matching("ipsec/mode", WORD, "name of a mode"),
        tcp_mss=xml.number("ipsec/tcp_mss_adjustment"),
        clear_df_bit=xml.text("ipsec/clear_df_bit") == "true",
        fragment_before_encryption=xml.text("ipsec/fragmentation_before_encryption") == "true",
        dpd_interval=xml.number("ipsec/dead_peer_detection/interval"),
        dpd_retries=xml.number("ipsec/dead_peer_detection/retries"),
    )


def _algorithms(xml: _Element, phase: str) -> Algorithms:
    return Algorithms(
        encryption=xml.matching(f"{phase}/encryption_protocol", WORD, "name of an algorithm"),
        integrity=xml.matching(f"{phase}/authentication_protocol", WORD, "name of an algorithm"),
        dh_group=xml.read(f"{phase}/perfect_forward_secrecy", _group, "Diffie-Hellman group"),
        lifetime=xml.number(f"{phase}/lifetime"),
    )


def _natural(text: str) -> int:
    if not NUMBER.fullmatch(text):
        raise ValueError(text)
    return int(text)


def _group(text: str) -> int:
    return _natural(text.removeprefix("group"))
