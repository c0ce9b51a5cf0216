"""`tenantnet vpn status`: the tunnels of a tenant's VPN connections, once or for as long as one watches."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.live import Live
from rich.table import Table
from tenantnet.cli.options import AsJson, Tenant
from tenantnet.cli.output import console, print_json, table
from tenantnet.observed.deployed import Tunnel
from tenantnet.observed.status.observe import observe
from tenantnet.observed.status.read import read_stack
from tenantnet.observed.status.tenant import StatusVpnConnection, tenant_status
from tenantnet.observed.status.words import VpnConnectionStatus
from tenantnet.settings.project import find_project
from tenantnet.stacks.outputs import Model
from tenantnet.vpn.reader import Maintenance, VpnReader

WATCH_SECONDS = 5.0
# EC2's word where no maintenance is pending.
NO_MAINTENANCE = "None"


class TunnelStatus(Tunnel):
    """A tunnel with what AWS intends with its endpoint."""

    maintenance: Maintenance


class ConnectionStatus(Model):
    """A VPN connection with its tunnels; it has none while it is Creating or Missing."""

    network: str
    description: str
    company_cidr: str
    company_gateway_ip: str
    id: str
    status: VpnConnectionStatus
    tunnels: Sequence[TunnelStatus]


class VpnStatus(Model):
    """What `tenantnet vpn status` shows."""

    tenant: str
    region: str
    vpn_connections: Sequence[ConnectionStatus]


def status(
    tenant: Tenant,
    *,
    as_json: AsJson = False,
    watch: Annotated[
        bool,
        typer.Option("--watch", help="Follow changes until Ctrl-C; with --json, one line for every change."),
    ] = False,
) -> None:
    """Show each tunnel: UP or DOWN, AWS's message, the last change, and maintenance that AWS plans.

    Example: tenantnet vpn status acme --watch
    """
    outputs, region = read_stack(find_project(Path.cwd()), tenant)
    reader = VpnReader(region)

    def read() -> VpnStatus:
        found = tenant_status(tenant, region=region, outputs=outputs, deployed=observe(tenant, region))
        connections = [
            _connection(reader, network.slot, connection)
            for network in found.networks
            for connection in network.vpn_connections
        ]
        return VpnStatus(tenant=tenant, region=region, vpn_connections=connections)

    if not watch:
        _show(read(), as_json=as_json)
    elif as_json:
        _follow(read, lambda found: typer.echo(json.dumps(_document(found))))
    else:
        with Live(console=console(), auto_refresh=False) as live:
            _follow(read, lambda found: live.update(_table(found), refresh=True))


def _connection(reader: VpnReader, slot: str, connection: StatusVpnConnection) -> ConnectionStatus:
    tunnels = [
        TunnelStatus(**dict(tunnel), maintenance=reader.maintenance(connection.id, tunnel.outside_ip))
        for tunnel in connection.tunnels
    ]
    return ConnectionStatus(network=slot, **{**dict(connection), "tunnels": tunnels})


def _follow(read: Callable[[], VpnStatus], show: Callable[[VpnStatus], None]) -> None:
    """Show every change until Ctrl-C."""
    shown = None
    with suppress(KeyboardInterrupt):
        while True:
            found = read()
            if found != shown:
                show(found)
                shown = found
            time.sleep(WATCH_SECONDS)


def _document(found: VpnStatus) -> Any:  # noqa: ANN401 - whatever JSON holds
    return found.model_dump(mode="json", by_alias=True)


def _show(found: VpnStatus, *, as_json: bool) -> None:
    if as_json:
        print_json(_document(found))
    else:
        console().print(_table(found))


def _table(found: VpnStatus) -> Table:
    columns = ("VPN connection", "Tunnel", "State", "Since", "AWS says", "Maintenance")
    rows = [row for connection in found.vpn_connections for row in _rows(connection)]
    return table(f"Tunnels of {found.tenant}", columns, rows)


def _rows(connection: ConnectionStatus) -> list[Sequence[str]]:
    name = f"{connection.description}, {connection.company_cidr}\n{connection.network}, {connection.id}"
    if not connection.tunnels:
        return [(name, "", connection.status, "", "", "")]
    return [
        (
            name if number == 1 else "",
            f"{number}: {tunnel.outside_ip}",
            tunnel.state,
            _time(tunnel.last_change),
            tunnel.message,
            _maintenance(tunnel.maintenance),
        )
        for number, tunnel in enumerate(connection.tunnels, 1)
    ]


def _maintenance(maintenance: Maintenance) -> str:
    due = f"pending: {maintenance.pending}" if maintenance.pending != NO_MAINTENANCE else ""
    times = {"by itself after": maintenance.auto_applied_after, "last": maintenance.last_applied}
    return ", ".join(
        part for part in [due, *(f"{word} {_time(at)}" for word, at in times.items() if at)] if part
    )


def _time(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S %Z}" if at else ""
