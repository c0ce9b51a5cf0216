"""A tenant to draw: two networks while it moves, companies on both."""

from __future__ import annotations

from tenantnet.observed.status.words import NetworkType, TunnelState
from tenantnet.observed.topology.model import (
    Side,
    Topology,
    TopologyDatabase,
    TopologyNetwork,
    TopologyPeering,
    TopologyPingHost,
    TopologySubnet,
    TopologyTunnel,
    TopologyVpnConnection,
)

SEATTLE = TopologyVpnConnection(
    company_cidr="192.168.4.0/24",
    company_gateway_ip="198.51.100.7",
    description="Seattle office",
    id="vpn-0a1b2c3d4e5f60718",
    tunnels=(
        TopologyTunnel(number=1, outside_ip="203.0.113.17", state=TunnelState.UP),
        TopologyTunnel(number=2, outside_ip="203.0.113.99", state=TunnelState.DOWN),
    ),
)
BLUE = TopologyNetwork(
    slot="blue",
    cidr="10.1.2.0/26",
    type=NetworkType.PRODUCTION,
    subnets=(
        TopologySubnet(name="database-a", cidr="10.1.2.0/28"),
        TopologySubnet(name="database-b", cidr="10.1.2.16/28"),
        TopologySubnet(name="hosts", cidr="10.1.2.32/28"),
        TopologySubnet(name="spare", cidr="10.1.2.48/28"),
    ),
    ping_host=TopologyPingHost(address="10.1.2.42"),
    database=TopologyDatabase(identifier="acme-blue", address="acme-blue.abc.eu-west-1.rds.amazonaws.com"),
    vpn_connections=(SEATTLE,),
    peerings=(
        TopologyPeering(to=Side.SESSIONS, id="pcx-0a1b2c3d4e5f60718", state="active"),
        TopologyPeering(to=Side.SERVICES, id="pcx-1a1b2c3d4e5f60718", state="active"),
    ),
)
# As a preview knows it.
GREEN = TopologyNetwork(
    slot="green",
    cidr="10.1.3.0/26",
    type=NetworkType.TEST,
    ping_host=TopologyPingHost(address="10.1.3.42"),
    vpn_connections=(
        TopologyVpnConnection(
            company_cidr="192.168.4.0/24", company_gateway_ip="198.51.100.7", description="Seattle office"
        ),
    ),
    peerings=(TopologyPeering(to=Side.SESSIONS), TopologyPeering(to=Side.SERVICES)),
)
ACME = Topology(
    tenant="acme",
    cell="eu1",
    region="eu-west-1",
    endpoint="acme.db.example.com",
    session_subnet="172.17.5.0/24",
    tunnel_host="10.32.0.4",
    networks=(BLUE, GREEN),
)
