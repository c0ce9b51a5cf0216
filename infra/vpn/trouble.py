"""What it means that a VPN connection is missing or its tunnels are down, and what to do. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tenantnet.observed.deployed import Tunnel
from tenantnet.observed.status.tenant import StatusVpnConnection, TenantStatus
from tenantnet.observed.status.words import TunnelState, VpnConnectionStatus
from tenantnet.toolchain.places import PAGES

WHERE_TO_LOOK = f"What to look at, in order: {PAGES.with_name('vpn.md')}, When a tunnel is DOWN."


def troubles(status: TenantStatus) -> list[str]:
    """One sentence or more for each connection of the tenant that is in trouble."""
    return troubles_of(
        status.tenant,
        ((network.slot, each) for network in status.networks for each in network.vpn_connections),
    )


def troubles_of(tenant: str, connections: Iterable[tuple[str, StatusVpnConnection]]) -> list[str]:
    """The same of connections, each with its network's slot."""
    return [
        f"{found.description} (network {slot}): {said}"
        for slot, found in connections
        if (said := _trouble(tenant, found))
    ]


def _trouble(tenant: str, found: StatusVpnConnection) -> str | None:
    cut_off = f"so {found.company_cidr} reaches nothing in this network"
    if found.status is VpnConnectionStatus.MISSING:
        return (
            f"the stack has this connection and AWS does not, {cut_off}. Somebody deleted it by hand. "
            f"`tenantnet up {tenant} --refresh` makes it again, with new endpoints and keys, for which the "
            "company needs a new guide."
        )
    numbered = dict(enumerate(found.tunnels, 1))
    down = [number for number, tunnel in numbered.items() if tunnel.state is TunnelState.DOWN]
    if not down:
        return None
    if up := numbered.keys() - {*down}:
        return (
            f"tunnel {down[0]} is DOWN, and tunnel {min(up)} carries everything. AWS takes one down at a "
            "time for maintenance; where none is pending, the company's device has to bring it up: does it "
            "have this tunnel, too, with the endpoint and the key that the guide gives it?"
        )
    return (
        f"both tunnels are DOWN{_since(found.tunnels, cut_off)} AWS waits for the company's device to "
        "begin: its log says why it does not, and the guide says what the log means."
    )


def _since(tunnels: Sequence[Tunnel], cut_off: str) -> str:
    """Since when, and what to ask first. AWS does not say when it made a connection; who reads this knows."""
    changes = [tunnel.last_change for tunnel in tunnels if tunnel.last_change]
    if len(changes) < len(tunnels):
        return f", {cut_off}. AWS has seen no change of them: was the guide handed over?"
    return (
        f" since {max(changes):%Y-%m-%d %H:%M:%S %Z}, {cut_off}. If the connection was made then, they were "
        "never UP: was the guide handed over? If they were UP before: what changed then?"
    )
