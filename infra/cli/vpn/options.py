"""Arguments and options of the `tenantnet vpn` commands."""

from __future__ import annotations

from typing import Annotated

import typer
from tenantnet.cli.completion import complete_connection
from tenantnet.tags import Slot

VpnConnectionName = Annotated[
    str,
    typer.Argument(
        metavar="COMPANY_CIDR|DESCRIPTION|ID",
        help="Which VPN connection: its company CIDR, its description or its ID.",
        autocompletion=complete_connection,
    ),
]
NetworkSlot = Annotated[Slot | None, typer.Option(help="Of this network only.")]
