"""`tenantnet vpn download`: a guide for the other end of a VPN connection, in a directory of its own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from tenantnet.cli.completion import complete_connection
from tenantnet.cli.options import NetworkSlot, Tenant, to_write_into
from tenantnet.cli.project import working_project
from tenantnet.vpn.words import GENERIC, SampleType

if TYPE_CHECKING:
    from tenantnet.vpn.download import Made

VpnConnectionName = Annotated[
    str,
    typer.Argument(
        metavar="COMPANY_CIDR|DESCRIPTION|ID",
        help="Which VPN connection: its company CIDR, its description or its ID.",
        autocompletion=complete_connection,
    ),
]
Format = Annotated[
    str,
    typer.Option(
        "--format",
        metavar="generic|strongswan|libreswan|DEVICE_TYPE",
        help="A text for people, files for a Linux gateway, or EC2's sample for a device of `vpn devices`.",
    ),
]
Sample = Annotated[SampleType, typer.Option(help="The kind of EC2's sample for a device.")]
Output = Annotated[
    Path, typer.Option(metavar="DIR", help="A new or empty directory for the files.", callback=to_write_into)
]
Force = Annotated[
    bool, typer.Option("--force", help="Replace an earlier download of the same format in DIR.")
]


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

    The files contain both pre-shared keys. Only you can read them (mode 0600), and the command does not print
    the keys.

    Example: tenantnet vpn download acme "Seattle office" --format strongswan --output seattle
    """
    from tenantnet.vpn.download import make, read
    from tenantnet.vpn.folder import write_guide
    from tenantnet.vpn.guides import README_FILE
    from tenantnet.vpn.read import read_listings
    from tenantnet.vpn.reader import VpnReader

    status, listed, _ = read_listings(working_project(), tenant)
    reader = VpnReader(status.region)
    connection = read(reader, status, listed, vpn_connection, network)
    made = make(reader, connection, guide_format, sample)
    write_guide(output, made.guide, replaces=made.names if force else ())
    typer.echo(
        f"Wrote {', '.join(made.guide)} to {output}, with both pre-shared keys. Only you can read the files."
    )
    if README_FILE in made.guide:
        typer.echo(f"Begin with {output / README_FILE}.")
    _warn(made, output)


def _warn(made: Made, output: Path) -> None:
    """Of what EC2's own sample says, or leaves out."""
    from tenantnet.vpn.samples import WARNING_FILE

    if made.weaknesses:
        named = "".join(f"\n  {weakness.what} (line {weakness.line})" for weakness in made.weaknesses)
        typer.echo(
            f"WARNING: EC2's sample sets what the tunnels of this connection refuse:{named}\n"
            f"A device set up by it does not connect. {output / WARNING_FILE} says what to set instead.",
            err=True,
        )
    for each in made.reading.longer:
        typer.echo(f"WARNING: EC2's sample has a lifetime of {each.what} (line {each.line}).", err=True)
    if made.reading.missing:
        typer.echo(
            f"WARNING: not found in EC2's sample: {'; '.join(made.reading.missing)}.\n"
            f"Compare it with {output / WARNING_FILE}.",
            err=True,
        )
