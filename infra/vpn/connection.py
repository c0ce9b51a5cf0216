"""A VPN connection as its guides need it: the figures of its XML and what else EC2 says of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from tenantnet.addresses.addressing import ping_host_address
from tenantnet.observed.deployed import Described, at, each_under
from tenantnet.refusal import printable
from tenantnet.vpn.configuration import Configuration, TunnelConfiguration


class Permitted(Described):
    """What a tunnel negotiates, in AWS's words (`AES256-GCM-16`, `SHA2-384`, 20, `ikev2`).

    AWS takes an empty option for everything that it knows: https://docs.aws.amazon.com/vpn/latest/s2svpn/
    VPNTunnels.html
    """

    ike_versions: Annotated[tuple[str, ...], each_under("Value")] = ()
    ike_encryption: Annotated[tuple[str, ...], at("Phase1EncryptionAlgorithms"), each_under("Value")] = ()
    ike_integrity: Annotated[tuple[str, ...], at("Phase1IntegrityAlgorithms"), each_under("Value")] = ()
    ike_dh_groups: Annotated[tuple[int, ...], at("Phase1DHGroupNumbers"), each_under("Value")] = ()
    ipsec_encryption: Annotated[tuple[str, ...], at("Phase2EncryptionAlgorithms"), each_under("Value")] = ()
    ipsec_integrity: Annotated[tuple[str, ...], at("Phase2IntegrityAlgorithms"), each_under("Value")] = ()
    ipsec_dh_groups: Annotated[tuple[int, ...], at("Phase2DHGroupNumbers"), each_under("Value")] = ()

    @property
    def ike_version(self) -> int:
        """The newest version of IKE that is permitted: 2, or 1 where nothing else is."""
        return 1 if self.ike_versions == ("ikev1",) else 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Tunnel:
    """number: 1 or 2, in EC2's order."""

    number: int
    figures: TunnelConfiguration
    permitted: Permitted


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """network_cidr: of the tenant's network. company_cidrs: the connection's static routes.

    endpoint: the database's name, None before the first update has finished. is_production: whether it leads
    to this network. read_at: when EC2 said all this.
    local_cidr, remote_cidr: what the tunnels carry, seen from the company: the traffic selectors.
    """

    tenant: str
    slot: str
    description: str
    network_cidr: str
    company_cidrs: Sequence[str]
    local_cidr: str
    remote_cidr: str
    configuration: Configuration
    permitted: tuple[Permitted, Permitted]
    endpoint: str | None
    is_production: bool
    read_at: datetime

    @property
    def zone(self) -> str:
        """The endpoint's zone, for resolvers that drop private addresses."""
        return self.endpoint.partition(".")[2] if self.endpoint else ""

    @property
    def id(self) -> str:
        return self.configuration.vpn_connection_id

    @property
    def name(self) -> str:
        """What people call the place, in one line; the id where nobody called it anything."""
        return printable(" ".join(self.description.split())) or self.id

    @property
    def company_gateway_ip(self) -> str:
        return self.configuration.tunnels[0].company_outside

    @property
    def ping_host(self) -> str:
        return ping_host_address(self.network_cidr)

    @property
    def tunnels(self) -> list[Tunnel]:
        both = zip(self.configuration.tunnels, self.permitted, strict=True)
        return [
            Tunnel(number=number, figures=figures, permitted=permitted)
            for number, (figures, permitted) in enumerate(both, 1)
        ]
