"""A tenant's VPN connections for the commands: those in AWS, and those in the settings."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from enum import StrEnum

from tenantnet.observed.status.tenant import TenantStatus
from tenantnet.observed.status.words import TunnelState, VpnConnectionStatus
from tenantnet.refusal import Refusal, Refused, Rule
from tenantnet.settings.models import TenantSettings
from tenantnet.stacks.outputs import Model, OutputRetired
from tenantnet.tags import Slot

VPN_CONNECTION_EXISTS = Rule(
    id="vpn-connection-exists",
    rule="the VPN connection exists",
    reason="no VPN connection of {tenant}{where} has this {names}",
    remedy="{remedy}",
)
VPN_CONNECTION_ONE = Rule(
    id="vpn-connection-one",
    rule="one VPN connection is meant",
    reason="{count} match: {matches}",
    remedy="{remedy}",
)


class Pending(StrEnum):
    """What the next update does, by the settings."""

    CREATE = "create"
    DELETE = "delete"


class VpnListing(Model):
    """One VPN connection of a network, by its slot. status, id, tunnels_up: None if AWS has none yet.

    pending: None if settings and AWS agree, or where there is no settings file.
    """

    network: str
    description: str
    company_cidr: str
    company_gateway_ip: str
    status: VpnConnectionStatus | None = None
    id: str | None = None
    tunnels_up: int | None = None
    pending: Pending | None = None

    def is_named(self, wanted: str, network: Slot | None) -> bool:
        """Whether it has this ID, company CIDR or description, in that network or, with None, in any."""
        return network in (None, self.network) and wanted in self.names

    @property
    def names(self) -> Sequence[str]:
        return [name for name in (self.id, self.company_cidr, self.description) if name]

    @property
    def _key(self) -> tuple[str, str, str]:
        return (self.network, self.company_cidr, self.company_gateway_ip)


def listings(
    status: TenantStatus, settings: TenantSettings | None, retired: OutputRetired | None = None
) -> list[VpnListing]:
    """Everything that AWS has, and what only the settings have, but for a network that was retired.

    settings: None if there are none.
    """
    there = at_aws(status)
    if settings is None:
        return there
    wanted = {listing._key: listing for listing in in_settings(settings)}
    existing = [
        listing if listing._key in wanted else listing.model_copy(update={"pending": Pending.DELETE})
        for listing in there
    ]
    made = {listing._key for listing in there}
    gone = retired.slot if retired and _names_network(settings, retired) else None
    return [
        *existing,
        *(each for key, each in wanted.items() if key not in made and each.network != gone),
    ]


def _names_network(settings: TenantSettings, retired: OutputRetired) -> bool:
    return any((slot, each.cidr) == (retired.slot, retired.cidr) for slot, each in settings.networks.items())


def at_aws(status: TenantStatus) -> list[VpnListing]:
    """Those that AWS has or, Missing, should have."""
    return [
        VpnListing(
            network=network.slot,
            tunnels_up=sum(tunnel.state is TunnelState.UP for tunnel in connection.tunnels),
            **dict(connection),
        )
        for network in status.networks
        for connection in network.vpn_connections
    ]


def in_settings(settings: TenantSettings) -> list[VpnListing]:
    """Those of the settings, in the order of the file."""
    return [
        VpnListing(network=slot, pending=Pending.CREATE, **dict(connection))
        for slot, network in settings.networks.items()
        for connection in network.vpn_connections
    ]


def choose(tenant: str, among: Sequence[VpnListing], wanted: str, network: Slot | None) -> VpnListing:
    """The one with this ID, company CIDR or description. Raises Refused if none is, or several are."""
    matches = [listing for listing in among if listing.is_named(wanted, network)]
    if not matches:
        raise Refused("The VPN connection", [_unknown(tenant, among, wanted, network)])
    if len(matches) == 1:
        return matches[0]
    refusal = VPN_CONNECTION_ONE.refuse(
        wanted,
        count=len(matches),
        matches="; ".join(map(_described, matches)),
        remedy="name it by what differs: its ID, its company CIDR, or its network with --network",
    )
    raise Refused("The VPN connection", [refusal])


def _unknown(tenant: str, among: Sequence[VpnListing], wanted: str, network: Slot | None) -> Refusal:
    candidates = [listing for listing in among if network in (None, listing.network)]
    names = dict.fromkeys(name for listing in candidates for name in listing.names)
    near = get_close_matches(wanted, names, n=3, cutoff=0.6)
    return VPN_CONNECTION_EXISTS.refuse(
        wanted,
        tenant=tenant,
        where=f" in network {network}" if network else "",
        names="ID, company CIDR or description"
        if not among or any(listing.id for listing in among)
        else "company CIDR or description in the settings, which have no IDs",
        remedy=f"did you mean {' or '.join(near)}?"
        if near
        else f"`tenantnet vpn list {tenant}` shows them, and which the next update creates or deletes",
    )


def _described(listing: VpnListing) -> str:
    id_ = f"{listing.id}, " if listing.id else ""
    return f"{id_}{listing.description}, {listing.company_cidr} of network {listing.network}"
