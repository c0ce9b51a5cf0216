"""`tenantnet vpn download`: a guide for the other end of a VPN connection, in a directory of its own."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from tenantnet.cli.options import Tenant
from tenantnet.cli.vpn.options import NetworkSlot, VpnConnectionName
from tenantnet.failure import Failure
from tenantnet.observed.status.read import read_status
from tenantnet.observed.status.tenant import TenantStatus
from tenantnet.observed.status.words import VpnConnectionStatus
from tenantnet.refusal import Refused, Rule
from tenantnet.settings.project import find_project
from tenantnet.tags import Slot
from tenantnet.vpn.connection import Connection
from tenantnet.vpn.folder import write_guide
from tenantnet.vpn.guides import (
    GENERIC_FILES,
    STRONGSWAN_FILES,
    Guide,
    device_guide,
    generic_guide,
    strongswan_guide,
)
from tenantnet.vpn.listing import at_aws, choose
from tenantnet.vpn.reader import VpnReader
from tenantnet.vpn.samples import WARNING_FILE, DeviceType, Weakness, headed, weaknesses
from tenantnet.vpn.strongswan import NotInStrongSwanError

GENERIC, STRONGSWAN = "generic", "strongswan"

VPN_CONNECTION_READY = Rule(
    id="vpn-connection-ready",
    rule="a guide needs a VPN connection that is ready",
    reason="{id} is {status}",
    remedy="{remedy}",
)
FORMAT_KNOWN = Rule(
    id="format-known",
    rule=f"a format is {GENERIC}, {STRONGSWAN}, or a device type that EC2 has a sample for",
    reason="EC2 has no sample for a device type of this name or ID",
    remedy="{remedy}",
)

RULES = (VPN_CONNECTION_READY, FORMAT_KNOWN)


class SampleType(StrEnum):
    """EC2's kinds of samples: with algorithms that AWS recommends, or with those that any device knows."""

    RECOMMENDED = "recommended"
    COMPATIBILITY = "compatibility"


Format = Annotated[
    str,
    typer.Option(
        "--format",
        metavar="generic|strongswan|DEVICE_TYPE",
        help="A text for people, files for strongSwan, or EC2's sample for a device of `vpn devices`.",
    ),
]
Sample = Annotated[SampleType, typer.Option("--sample", help="The kind of EC2's sample for a device.")]
Output = Annotated[
    Path,
    typer.Option(
        "--output", metavar="DIR", help="A new or empty directory for the files.", show_default=False
    ),
]
Force = Annotated[
    bool, typer.Option("--force", help="Replace an earlier download of the same format in DIR.")
]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Made:
    """A guide, what an earlier one of its kind may consist of, and what is weak in it."""

    guide: Guide
    names: Collection[str]
    weaknesses: Sequence[Weakness] = ()


def download(
    tenant: Tenant,
    vpn_connection: VpnConnectionName,
    *,
    output: Output,
    guide_format: Format = GENERIC,
    network: NetworkSlot = None,
    sample: Sample = SampleType.RECOMMENDED,
    force: Force = False,
) -> None:
    """Write the guide for the company's device, from the VPN connection as EC2 describes it now.

    The files contain both pre-shared keys. Only you can read them (mode 0600), and the command prints no
    printed.

    Example: tenantnet vpn download acme "Seattle office" --format strongswan --output seattle
    """
    status = read_status(find_project(Path.cwd()), tenant)
    reader = VpnReader(status.region)
    connection = _read(reader, status, vpn_connection, network)
    made = _make(reader, connection, guide_format, sample)
    write_guide(output, made.guide, replaces=made.names if force else ())
    _say(output, made)


def _read(reader: VpnReader, status: TenantStatus, wanted: str, network: Slot | None) -> Connection:
    chosen = choose(status.tenant, at_aws(status), wanted, network)
    if chosen.status is not VpnConnectionStatus.READY or chosen.id is None:
        waiting = chosen.status is VpnConnectionStatus.CREATING
        remedy = (
            f"try again when `tenantnet vpn status {status.tenant} --watch` shows its tunnels"
            if waiting
            else f"create it again: pulumi up --refresh --stack {status.tenant}"
        )
        refusal = VPN_CONNECTION_READY.refuse(wanted, id=chosen.id, status=chosen.status, remedy=remedy)
        raise Refused("The VPN connection", [refusal])
    cidr = next(each.cidr for each in status.networks if each.slot == chosen.network)
    return reader.connection(chosen.id, tenant=status.tenant, slot=chosen.network, network_cidr=cidr)


def _make(reader: VpnReader, connection: Connection, guide_format: str, sample_type: SampleType) -> _Made:
    if guide_format == GENERIC:
        return _Made(guide=generic_guide(connection), names=GENERIC_FILES)
    if guide_format == STRONGSWAN:
        return _Made(guide=_strongswan(connection), names=STRONGSWAN_FILES)
    device = _device(reader.device_types(), guide_format, connection.tenant)
    sample = reader.sample(connection.id, device, sample_type)
    sample = headed(sample, weaknesses(sample, connection.permitted))
    # Once more, for the numbers of the lines as they are now.
    weak = weaknesses(sample, connection.permitted)
    guide = device_guide(connection, device, sample, weak)
    return _Made(guide=guide, names={*guide, WARNING_FILE}, weaknesses=weak)


def _strongswan(connection: Connection) -> Guide:
    try:
        return strongswan_guide(connection)
    except NotInStrongSwanError as error:
        raise Failure(
            f"Could not write {connection.id} for strongSwan.",
            reason=f"strongSwan's name for {error} is not known",
            remedy=f"set it up by hand: --format {GENERIC}",
        ) from None


def _device(devices: Sequence[DeviceType], wanted: str, tenant: str) -> DeviceType:
    by_name = {name: device for device in devices for name in (device.id, device.name)}
    if found := by_name.get(wanted.lower()):
        return found
    names = [GENERIC, STRONGSWAN, *by_name]
    near = [name for name in names if wanted.lower() in name] or get_close_matches(wanted.lower(), names)
    known = f"`tenantnet vpn devices {tenant}` lists them"
    remedy = f"did you mean {' or '.join(near[:5])}? {known}" if near else known
    raise Refused("The format", [FORMAT_KNOWN.refuse(wanted, remedy=remedy)])


def _say(output: Path, made: _Made) -> None:
    typer.echo(
        f"Wrote {', '.join(made.guide)} to {output}, with both pre-shared keys. Only you can read the files."
    )
    if "README.md" in made.guide:
        typer.echo(f"How to install them: {output / 'README.md'}.")
    if made.weaknesses:
        named = "".join(f"\n  {weakness.what} (line {weakness.line})" for weakness in made.weaknesses)
        typer.echo(
            f"WARNING: EC2's sample sets what the tunnels of this connection refuse:{named}\n"
            f"A device set up by it does not connect. {output / WARNING_FILE} says what to set instead.",
            err=True,
        )
