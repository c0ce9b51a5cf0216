"""`tenantnet vpn`: a tenant's VPN connections, their tunnels' state, and the guides for the other end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import typer
from tenantnet.cli.options import AsJson, Tenant
from tenantnet.cli.output import print_json, print_table, say
from tenantnet.cli.project import end_unread, working_project
from tenantnet.cli.vpn.download import download
from tenantnet.cli.vpn.edit import add, delete
from tenantnet.cli.vpn.status import status

if TYPE_CHECKING:
    from tenantnet.vpn.listing import VpnListing


def list_connections(tenant: Tenant, as_json: AsJson = False) -> None:
    """List a tenant's VPN connections: those at AWS, and those that only its settings have.

    Example: tenantnet vpn list acme
    """
    from tenantnet.vpn.read import read_listings

    _, found, unread = read_listings(working_project(), tenant)
    if as_json:
        print_json({"tenant": tenant, "vpnConnections": found})
    elif unread and not found:
        say(f"{tenant} has no VPN connection at AWS; what its settings have is not known.")
    elif not found:
        say(f"{tenant} has no VPN connection, at AWS or in its settings. Add one: tenantnet vpn add {tenant}")
    else:
        columns = (
            "Network",
            "Description",
            "Company CIDR",
            "Company gateway",
            "Status",
            "Connection",
            "Tunnels up",
        )
        print_table(f"VPN connections of {tenant}", columns, map(_row, found))
    end_unread(unread)


def devices(tenant: Tenant, as_json: AsJson = False) -> None:
    """List the device types that EC2 has samples for, by the names that `vpn download --format` takes.

    Example: tenantnet vpn devices acme
    """
    from tenantnet.observed.status.read import read_stack
    from tenantnet.vpn.reader import VpnReader

    _, region = read_stack(working_project(), tenant)
    found = VpnReader(region).device_types()
    if as_json:
        keys = ("name", "id", "vendor", "platform", "software")
        print_json({"deviceTypes": [{key: getattr(device, key) for key in keys} for device in found]})
    else:
        rows = [(device.name, device.vendor, device.platform, device.software, device.id) for device in found]
        columns = ("Format", "Vendor", "Platform", "Software", "EC2's ID")
        print_table("Device types that EC2 has samples for", columns, rows)


def _row(listing: VpnListing) -> Sequence[str]:
    from tenantnet.observed.status.words import VpnConnectionStatus

    words = [listing.status, f"to be {listing.pending}d" if listing.pending else None]
    return (
        listing.network,
        listing.description,
        listing.company_cidr,
        listing.company_gateway_ip,
        ", ".join(word for word in words if word),
        listing.id or "",
        f"{listing.tunnels_up} of 2" if listing.status is VpnConnectionStatus.READY else "",
    )


app = typer.Typer()
app.command("list")(list_connections)
for command in (status, download, devices, add, delete):
    app.command()(command)
