"""`tenantnet vpn add` and `delete`: VPN connections in a tenant's settings file."""

from __future__ import annotations

from typing import Annotated

import typer
from tenantnet.cli.completion import complete_connection
from tenantnet.cli.options import NetworkSlot, Offline, Tenant
from tenantnet.cli.project import edits_settings, working_project, write
from tenantnet.tags import Slot


@edits_settings
def add(
    tenant: Tenant,
    *,
    company_cidr: Annotated[str, typer.Option(help="The company's network behind its gateway, private.")],
    gateway_ip: Annotated[str, typer.Option(help="The public IPv4 address of the company's VPN device.")],
    description: Annotated[
        str, typer.Option(help="What people call the place: it names the VPN connection.")
    ],
    network: Annotated[Slot | None, typer.Option(help="The network; needed if there are two.")] = None,
    offline: Offline = False,
) -> None:
    """Add a VPN connection to a network in a tenant's settings.

    Example: tenantnet vpn add acme --company-cidr 192.168.4.0/24 --gateway-ip 198.51.100.7 --description HQ
    """
    from tenantnet.proposals.connections import add_connection

    write(
        add_connection(
            working_project(),
            tenant,
            company_cidr=company_cidr,
            gateway_ip=gateway_ip,
            description=description,
            network=network,
            offline=offline,
        )
    )


@edits_settings
def delete(
    tenant: Tenant,
    vpn_connection: Annotated[
        str,
        typer.Argument(
            metavar="COMPANY_CIDR|DESCRIPTION",
            help="Which VPN connection: its company CIDR or its description.",
            autocompletion=complete_connection,
        ),
    ],
    *,
    network: NetworkSlot = None,
) -> None:
    """Remove a VPN connection from a tenant's settings.

    Example: tenantnet vpn delete acme 192.168.4.0/24
    """
    from tenantnet.proposals.connections import delete_connection

    write(delete_connection(working_project(), tenant, vpn_connection, network))
