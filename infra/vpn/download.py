"""The guide for the other end of a VPN connection, in the format that was asked for."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches

from tenantnet.failure import Failure
from tenantnet.observed.status.tenant import TenantStatus
from tenantnet.observed.status.words import NetworkType, VpnConnectionStatus
from tenantnet.refusal import Refused, Rule
from tenantnet.tags import Slot
from tenantnet.vpn.connection import Connection
from tenantnet.vpn.forms import Reading, read_sample
from tenantnet.vpn.guides import (
    GENERIC_FILES,
    LIBRESWAN_FILES,
    STRONGSWAN_FILES,
    Guide,
    device_guide,
    generic_guide,
    libreswan_guide,
    strongswan_guide,
)
from tenantnet.vpn.listing import VpnListing, choose
from tenantnet.vpn.reader import VpnReader
from tenantnet.vpn.samples import WARNING_FILE, DeviceType, Weakness, headed, weaknesses, without_keys
from tenantnet.vpn.strongswan import NotKnownError
from tenantnet.vpn.words import GENERIC, LIBRESWAN, STRONGSWAN, SampleType

VPN_CONNECTION_READY = Rule(
    id="vpn-connection-ready",
    rule="a guide needs a VPN connection that is ready",
    reason="{id} is {what}",
    remedy="{remedy}",
)
# What a connection is instead, and the way on.
_NOT_READY: Mapping[VpnConnectionStatus | None, tuple[str, str]] = {
    None: ("in the settings, and not at AWS yet", "create it: tenantnet up {tenant}"),
    VpnConnectionStatus.CREATING: (
        "being created",
        "try again when `tenantnet vpn status {tenant} --watch` shows its tunnels",
    ),
    VpnConnectionStatus.MISSING: (
        "in the stack and no longer at AWS: somebody deleted it by hand",
        "make it again, with new endpoints and keys: tenantnet up {tenant} --refresh",
    ),
}
FORMAT_KNOWN = Rule(
    id="format-known",
    rule=f"a format is {GENERIC}, {STRONGSWAN}, {LIBRESWAN}, or a device type that EC2 has a sample for",
    reason="EC2 has no sample for a device type of this name or ID",
    remedy="{remedy}",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A guide. names: what an earlier one may consist of. weaknesses, reading: of a device's sample."""

    guide: Guide
    names: Collection[str]
    weaknesses: Sequence[Weakness] = ()
    reading: Reading = field(default_factory=Reading)


def read(
    reader: VpnReader, status: TenantStatus, listed: Sequence[VpnListing], wanted: str, network: Slot | None
) -> Connection:
    """The connection that is meant. Raises Refused if none or several are, or it is not ready.

    listed: all that the tenant has or is to have. Those at AWS come first: an office that is to be connected
    anew has its name twice.
    """
    tenant, there = status.tenant, [each for each in listed if each.status]
    chosen = choose(
        tenant, there if any(each.is_named(wanted, network) for each in there) else listed, wanted, network
    )
    if chosen.status is not VpnConnectionStatus.READY or chosen.id is None:
        what, remedy = _NOT_READY[chosen.status]
        refusal = VPN_CONNECTION_READY.refuse(
            wanted, id=chosen.id or "it", what=what, remedy=remedy.format(tenant=tenant)
        )
        raise Refused("The VPN connection", [refusal])
    its_network = next(each for each in status.networks if each.slot == chosen.network)
    return reader.connection(
        chosen.id,
        tenant=status.tenant,
        slot=chosen.network,
        network_cidr=its_network.cidr,
        endpoint=status.endpoint,
        is_production=its_network.type is NetworkType.PRODUCTION,
    )


def make(reader: VpnReader, connection: Connection, guide_format: str, sample_type: SampleType) -> Made:
    """The guide in that format. Raises Refused for an unknown one, Failure if EC2 does not answer."""
    if guide_format == GENERIC:
        return Made(guide=generic_guide(connection), names=GENERIC_FILES)
    if guide_format in _GATEWAYS:
        return _gateway(connection, guide_format)
    device = _device(reader.device_types(), guide_format, connection.tenant)
    sample = reader.sample(connection.id, device, sample_type)
    sample = headed(sample, weaknesses(without_keys(sample, connection), connection.permitted))
    # Once more, for the numbers of the lines as they are now.
    weak = weaknesses(without_keys(sample, connection), connection.permitted)
    read = read_sample(sample, device, connection)
    guide = device_guide(connection, device, sample, weak, read)
    return Made(guide=guide, names={*guide, WARNING_FILE}, weaknesses=weak, reading=read)


_GATEWAYS = {
    STRONGSWAN: (strongswan_guide, STRONGSWAN_FILES),
    LIBRESWAN: (libreswan_guide, LIBRESWAN_FILES),
}


def _gateway(connection: Connection, guide_format: str) -> Made:
    write, names = _GATEWAYS[guide_format]
    try:
        return Made(guide=write(connection), names=names)
    except NotKnownError as error:
        raise Failure(
            f"Could not write {connection.id} for {guide_format}.",
            reason=f"{guide_format}'s name for {error} is not known",
            remedy=f"set it up by hand: --format {GENERIC}",
        ) from None


def _device(devices: Sequence[DeviceType], wanted: str, tenant: str) -> DeviceType:
    by_name = {name: device for device in devices for name in (device.id, device.name)}
    if found := by_name.get(wanted.lower()):
        return found
    names = [GENERIC, *_GATEWAYS, *by_name]
    near = [name for name in names if wanted.lower() in name] or get_close_matches(wanted.lower(), names)
    known = f"`tenantnet vpn devices {tenant}` lists them; {GENERIC} is a text for people, for any device"
    remedy = f"did you mean {' or '.join(near[:5])}? {known}" if near else known
    raise Refused("The format", [FORMAT_KNOWN.refuse(wanted, remedy=remedy)])
