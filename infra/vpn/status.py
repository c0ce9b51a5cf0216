"""The tunnels of a tenant's VPN connections, with the maintenance that AWS intends."""

from __future__ import annotations

from collections.abc import Sequence

from tenantnet.observed.deployed import Tunnel
from tenantnet.observed.status.observe import observe
from tenantnet.observed.status.tenant import StatusVpnConnection, tenant_status
from tenantnet.observed.status.words import TunnelState, VpnConnectionStatus
from tenantnet.stacks.outputs import Model, TenantOutputs
from tenantnet.vpn.listing import TenantConnection
from tenantnet.vpn.reader import Maintenance, VpnReader


class TunnelStatus(Tunnel):
    """A tunnel with what AWS intends with its endpoint."""

    maintenance: Maintenance


class ConnectionStatus(TenantConnection):
    """A VPN connection with its tunnels; it has none while it is Creating or Missing."""

    id: str
    status: VpnConnectionStatus
    tunnels: Sequence[TunnelStatus]

    @property
    def trouble(self) -> str | None:
        """What it means that tunnels are down, and who knows why; None where none is."""
        numbered = dict(enumerate(self.tunnels, 1))
        down = [number for number, tunnel in numbered.items() if tunnel.state is TunnelState.DOWN]
        if not down:
            return None
        name = f"{self.description} (network {self.network})"
        if up := numbered.keys() - {*down}:
            return (
                f"{name}: tunnel {down[0]} is DOWN, and tunnel {min(up)} carries everything. AWS takes one "
                "down at a time for maintenance; where none is pending, the device has to bring it up."
            )
        return (
            f"{name}: both tunnels are DOWN, so {self.company_cidr} reaches nothing here. AWS waits for the "
            "company's device to begin: its log says why it does not, and its guide what to look at."
        )


class VpnStatus(Model):
    """What `tenantnet vpn status` shows."""

    tenant: str
    region: str
    vpn_connections: Sequence[ConnectionStatus]


def read_vpn(tenant: str, region: str, outputs: TenantOutputs, reader: VpnReader) -> VpnStatus:
    """Ask AWS. outputs: the stack's. Raises Failure if AWS does not answer."""
    found = tenant_status(tenant, region=region, outputs=outputs, deployed=observe(tenant, region))
    connections = [
        _connection(reader, network.slot, connection)
        for network in found.networks
        for connection in network.vpn_connections
    ]
    return VpnStatus(tenant=tenant, region=region, vpn_connections=connections)


def _connection(reader: VpnReader, slot: str, connection: StatusVpnConnection) -> ConnectionStatus:
    tunnels = [
        TunnelStatus(**dict(tunnel), maintenance=reader.maintenance(connection.id, tunnel.outside_ip))
        for tunnel in connection.tunnels
    ]
    return ConnectionStatus(network=slot, **{**dict(connection), "tunnels": tunnels})
