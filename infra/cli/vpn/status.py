"""`tenantnet vpn status`: the tunnels of a tenant's VPN connections, once or for as long as one watches."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from tenantnet.cli.options import AsJson, Tenant, Watch
from tenantnet.cli.output import draw, follow, print_json, say, show, table
from tenantnet.cli.project import name_unread, working_project

if TYPE_CHECKING:
    from rich.table import Table
    from tenantnet.vpn.reader import Maintenance
    from tenantnet.vpn.status import ConnectionStatus, VpnStatus

WATCH_SECONDS = 5.0
# EC2's word where no maintenance is pending.
NO_MAINTENANCE = "None"


def status(
    tenant: Tenant,
    *,
    as_json: AsJson = False,
    watch: Watch = False,
) -> None:
    """Show each tunnel: UP or DOWN, AWS's message, the last change, and maintenance that AWS plans.

    Example: tenantnet vpn status acme --watch
    """
    from tenantnet.observed.status.read import read_stack
    from tenantnet.vpn.reader import VpnReader
    from tenantnet.vpn.status import read_vpn

    outputs, region = read_stack(working_project(), tenant)
    read = partial(read_vpn, tenant, region, outputs, VpnReader(region))
    if not watch:
        show(read(), _draw, as_json=as_json)
    elif as_json:
        follow(read, partial(print_json, indent=None), WATCH_SECONDS)
    else:
        follow(read, Changes().show, WATCH_SECONDS)
    name_unread(tenant)


class Changes:
    """What is watched: all of it once, and then a line for each tunnel that is another than before.

    So a log has every change, and a terminal of any height shows all connections.
    """

    def __init__(self) -> None:
        self._known: Sequence[str] = ()

    def show(self, found: VpnStatus) -> None:
        """Print what has changed since the last time."""
        lines = [line for connection in found.vpn_connections for line in _lines(connection)]
        if not self._known:
            _draw(found)
        for line in lines if self._known else ():
            if line not in self._known:
                say(f"{_time(datetime.now(UTC))}  {line}")
        self._known = lines


def _lines(connection: ConnectionStatus) -> list[str]:
    name = f"{connection.description}, {connection.company_cidr} ({connection.network})"
    return [f"{name}: {', '.join(cell for cell in cells if cell)}" for _, *cells in _rows(connection)]


def _draw(found: VpnStatus) -> None:
    if not found.vpn_connections:
        listed = f"tenantnet vpn list {found.tenant}"
        say(f"{found.tenant} has no VPN connection at AWS. What its settings have: {listed}")
        return
    from tenantnet.vpn.trouble import WHERE_TO_LOOK, troubles_of

    draw(_table(found))
    connections = ((each.network, each) for each in found.vpn_connections)
    if lines := troubles_of(found.tenant, connections):
        say("\n" + "\n".join([*lines, WHERE_TO_LOOK]))


def _table(found: VpnStatus) -> Table:
    columns = ("VPN connection", "Tunnel", "State", "Since", "AWS's message", "Maintenance")
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
    parts = [f"pending: {maintenance.pending}"] if maintenance.pending != NO_MAINTENANCE else []
    times = {"by itself after": maintenance.auto_applied_after, "last": maintenance.last_applied}
    return ", ".join([*parts, *(f"{word} {_time(at)}" for word, at in times.items() if at)])


def _time(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S %Z}" if at else ""
