"""VPN connections to make guides of, with every choice of options that EC2 takes."""

from __future__ import annotations

import string
from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st
from tenantnet.local_cloud.ec2.vpn_configuration import (
    Configured,
    CustomerSide,
    customer_gateway_configuration,
)
from tenantnet.local_cloud.ec2.vpn_tunnels import ENCRYPTION, INTEGRITY, KEY_CHARACTERS, PERMITTED, new_tunnel
from tenantnet.vpn.configuration import parse_configuration
from tenantnet.vpn.connection import Connection, Permitted

ID = "vpn-0a1b2c3d4e5f60718"
STRICT = Permitted(
    ike_versions=("ikev2",),
    ike_encryption=("AES256", "AES256-GCM-16"),
    ike_integrity=("SHA2-256", "SHA2-384", "SHA2-512"),
    ike_dh_groups=tuple(range(14, 22)),
    ipsec_encryption=("AES256", "AES256-GCM-16"),
    ipsec_integrity=("SHA2-256", "SHA2-384", "SHA2-512"),
    ipsec_dh_groups=tuple(range(14, 22)),
)


def _some(values: tuple[Any, ...]) -> st.SearchStrategy[list[dict[str, Any]]]:
    chosen = st.lists(st.sampled_from(values), min_size=1, unique=True)
    return chosen.map(lambda picked: [{"Value": value} for value in picked])


pre_shared_keys = st.builds(
    str.__add__,
    st.sampled_from(string.ascii_letters),
    st.text(KEY_CHARACTERS, min_size=7, max_size=63),
)
tunnel_options = st.fixed_dictionaries(
    {
        "Phase1EncryptionAlgorithms": _some(ENCRYPTION),
        "Phase2EncryptionAlgorithms": _some(ENCRYPTION),
        "Phase1IntegrityAlgorithms": _some(INTEGRITY),
        "Phase2IntegrityAlgorithms": _some(INTEGRITY),
        "Phase1DHGroupNumbers": _some(PERMITTED["Phase1DHGroupNumbers"]),
        "Phase2DHGroupNumbers": _some(PERMITTED["Phase2DHGroupNumbers"]),
        "Phase1LifetimeSeconds": st.integers(3_601, 28_800),
        "Phase2LifetimeSeconds": st.integers(900, 3_600),
        "DPDTimeoutSeconds": st.integers(30, 300),
        "PreSharedKey": pre_shared_keys,
    }
)


def configuration_xml(options: list[dict[str, Any]]) -> str:
    """EC2's XML of a connection with tunnels of these options."""
    tunnels = [
        new_tunnel(each, outside_address=f"198.{18 + index}.0.10", taken=())
        for index, each in enumerate(options)
    ]
    return customer_gateway_configuration(
        Configured(
            vpn_connection_id=ID,
            customer_gateway_id="cgw-0a1b2c3d",
            gateway_id="vgw-0a1b2c3d",
            gateway_element="vpn_gateway_id",
            customer=CustomerSide(ip_address="198.51.100.7", bgp_asn="65000"),
            amazon_asn=None,
            tunnels=tunnels,
        )
    )


def connection(xml: str, description: str = "Seattle office") -> Connection:
    """The connection of an XML, between Seattle and network blue of acme."""
    return Connection(
        tenant="acme",
        slot="blue",
        description=description,
        network_cidr="10.1.2.0/26",
        company_cidrs=["192.168.4.0/24"],
        local_cidr="0.0.0.0/0",
        remote_cidr="0.0.0.0/0",
        configuration=parse_configuration(xml),
        permitted=(STRICT, STRICT),
        endpoint="acme.db.example.com",
        is_production=True,
        read_at=datetime(2026, 11, 29, 9, 30, tzinfo=UTC),
    )
