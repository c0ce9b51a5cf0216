"""strongSwan's names for algorithms, and its timers that match AWS's.

https://docs.strongswan.org/docs/5.9/config/proposals.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import Self

from tenantnet.vpn.configuration import Algorithms, TunnelConfiguration
from tenantnet.vpn.connection import Tunnel

DH_GROUPS = {
    2: "modp1024",
    5: "modp1536",
    14: "modp2048",
    15: "modp3072",
    16: "modp4096",
    17: "modp6144",
    18: "modp8192",
    19: "ecp256",
    20: "ecp384",
    21: "ecp521",
    22: "modp1024s160",
    23: "modp2048s224",
    24: "modp2048s256",
}
ENCRYPTION = re.compile(r"aes-(128|256)-(cbc|gcm-16)")
INTEGRITY = re.compile(r"(?:hmac-)?sha(?:2-)?(1|256|384|512)(?:-\d+)?")
# The share of a lifetime after which keys are made again, so that none ever outlives it.
REKEY_PERCENT = 90
# Probes per interval once the peer is silent: a lost packet or two must not end a tunnel.
PROBES_PER_INTERVAL = 2
# The tunnel of the lower metric carries what the company sends, as long as it is up.
ROUTE_METRICS = {1: 100, 2: 200}
# Under the metrics of both tunnels: without a tunnel nothing must leave by the default route, in clear.
UNREACHABLE_METRIC = 4096


class NotKnownError(ValueError):
    """An algorithm that a gateway's software has no name for here."""

    @classmethod
    def of(cls, algorithms: Algorithms) -> NotKnownError:
        return cls(f"{algorithms.encryption}, {algorithms.integrity}, group {algorithms.dh_group}")


def _names(algorithms: Algorithms) -> tuple[str, str, str]:
    cipher = ENCRYPTION.fullmatch(algorithms.encryption)
    integrity = INTEGRITY.fullmatch(algorithms.integrity)
    group = DH_GROUPS.get(algorithms.dh_group)
    if not (cipher and integrity and group):
        raise NotKnownError.of(algorithms)
    mode = "gcm16" if cipher[2] == "gcm-16" else ""
    return f"aes{cipher[1]}{mode}", f"sha{integrity[1]}", group


@dataclass(frozen=True, slots=True, kw_only=True)
class StrongSwanTunnel(Tunnel):
    """A tunnel with what swanctl.conf says of it beside its figures."""

    @classmethod
    def of(cls, tunnel: Tunnel) -> Self:
        return cls(number=tunnel.number, figures=tunnel.figures, permitted=tunnel.permitted)

    @property
    def ike_proposal(self) -> str:
        """Phase 1: `aes256-sha256-modp2048`; with AES-GCM the hash is a pseudo-random function."""
        cipher, hash_name, group = _names(self.figures.ike)
        return f"{cipher}-{'prf' if 'gcm' in cipher else ''}{hash_name}-{group}"

    @property
    def esp_proposal(self) -> str:
        """Phase 2: `aes256-sha256-modp2048`; AES-GCM needs no hash."""
        cipher, hash_name, group = _names(self.figures.ipsec)
        return f"{cipher}-{group}" if "gcm" in cipher else f"{cipher}-{hash_name}-{group}"

    @property
    def interface_id(self) -> int:
        """Of the XFRM interface: AWS's address as a number, which no other tunnel has."""
        return int(IPv4Address(self.figures.aws_outside))

    @property
    def interface(self) -> str:
        """The XFRM interface's name, within Linux's 15 characters."""
        return f"tnet{self.interface_id:08x}"

    @property
    def metric(self) -> int:
        return ROUTE_METRICS[self.number]

    @property
    def ike_rekey(self) -> int:
        return self.figures.ike.lifetime * REKEY_PERCENT // 100

    @property
    def ipsec_rekey(self) -> int:
        return self.figures.ipsec.lifetime * REKEY_PERCENT // 100


def retransmission(figures: TunnelConfiguration) -> dict[str, float]:
    """strongSwan's timers: `tries` repetitions of a probe, `timeout` seconds after each of all of them.

    With a first probe after one interval of silence, the peer is dead when AWS's timeout is over.
    """
    tries = PROBES_PER_INTERVAL * (figures.dpd_retries - 1) - 1
    return {"timeout": figures.dpd_interval / PROBES_PER_INTERVAL, "tries": tries}
