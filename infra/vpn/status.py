"""The tunnels of a tenant's VPN connections, with the maintenance that AWS intends."""

from __future__ import annotations

from collections.abc import Sequence

from tenantnet.observed.deployed import Tunnel
from tenantnet.observed.status.observe import observe
from tenantnet.observed.status.tenant import StatusVpnConnection, tenant_status
from tenantnet.stacks.outputs import Model, TenantOutputs
from tenantnet.vpn.reader import Maintenance, VpnReader


class TunnelStatus(Tunnel):
    """A tunnel with what AWS intends with its endpoint."""

    maintenance: Maintenance


class ConnectionStatus(StatusVpnConnection):
    """A VPN connection of a network, by its slot, with what AWS intends with each tunnel's endpoint."""

    network: str
    tunnels: Sequence[TunnelStatus]


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
