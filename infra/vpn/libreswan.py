"""Libreswan's names for algorithms, and its timers that match AWS's.

https://libreswan.org/man/ipsec.conf.5.html
"""

from __future__ import annotations

from dataclasses import dataclass

from tenantnet.vpn.configuration import Algorithms
from tenantnet.vpn.strongswan import ENCRYPTION, INTEGRITY, REKEY_PERCENT, NotKnownError, StrongSwanTunnel

# Debian's Libreswan is built without groups 2 and 22 to 24.
DH_GROUPS = (5, *range(14, 22))


def _names(algorithms: Algorithms) -> tuple[str, str, str]:
    cipher = ENCRYPTION.fullmatch(algorithms.encryption)
    integrity = INTEGRITY.fullmatch(algorithms.integrity)
    if not (cipher and integrity and algorithms.dh_group in DH_GROUPS):
        raise NotKnownError.of(algorithms)
    hash_name = "sha1" if integrity[1] == "1" else f"sha2_{integrity[1]}"
    mode = "_gcm" if cipher[2] == "gcm-16" else ""
    return f"aes{mode}{cipher[1]}", hash_name, f"dh{algorithms.dh_group}"


@dataclass(frozen=True, slots=True, kw_only=True)
class LibreswanTunnel(StrongSwanTunnel):
    """A tunnel with what ipsec.conf says of it beside its figures."""

    @property
    def ike_proposal(self) -> str:
        """Phase 1: `aes256-sha2_256-dh14`; with AES-GCM the hash is a pseudo-random function."""
        return "-".join(_names(self.figures.ike))

    @property
    def esp_proposal(self) -> str:
        """Phase 2: `aes256-sha2_256-dh14`; AES-GCM needs no hash."""
        cipher, hash_name, group = _names(self.figures.ipsec)
        return f"{cipher}-{'none' if 'gcm' in cipher else hash_name}-{group}"

    @property
    def interface(self) -> str:
        """As Libreswan calls the XFRM interface that it makes: within Linux's 15 characters."""
        return f"ipsec{self.interface_id}"

    @property
    def rekey_margin(self) -> int:
        """So many seconds before a lifetime ends keys are made again; Libreswan may double it by chance."""
        return self.figures.ipsec.lifetime * (100 - REKEY_PERCENT) // 100

    @property
    def retransmit_timeout(self) -> int:
        """So many seconds without an answer to a first probe, and the endpoint is dead."""
        return self.figures.dpd_timeout - self.figures.dpd_interval
