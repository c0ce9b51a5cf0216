"""Assembles a deployed tenant's picture from its status and from what EC2 describes of its cell."""

from __future__ import annotations

from netaddr import IPNetwork
from tenantnet.aws.session_documents import MYSQL_PORT
from tenantnet.observed.deployed import Deployed, having
from tenantnet.observed.status import tenant as status
from tenantnet.observed.topology.model import (
    UNKNOWN_TUNNELS,
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
from tenantnet.tags import Part


def assemble(found: status.TenantStatus, deployed: Deployed, *, sessions_vpc_id: str) -> Topology:
    """The picture of the tenant as it is deployed."""
    sessions = having(deployed.subnets, tenant=found.tenant, part=Part.SESSION)
    hosts = (host.address for host in deployed.instances if host.id == deployed.tunnel_host_id)
    return Topology(
        tenant=found.tenant,
        cell=found.cell,
        region=found.region,
        endpoint=found.endpoint,
        session_subnet=next((subnet.cidr for subnet in sessions), None),
        tunnel_host=next(hosts, None),
        networks=[_network(network, deployed, sessions_vpc_id) for network in found.networks],
    )


def _network(network: status.StatusNetwork, deployed: Deployed, sessions_vpc_id: str) -> TopologyNetwork:
    host, database = network.ping_host, network.database
    return TopologyNetwork(
        slot=network.slot,
        cidr=network.cidr,
        type=network.type,
        subnets=_subnets(network, deployed),
        ping_host=TopologyPingHost(address=host.address) if host else None,
        # If RDS has no status for it, there is no database in this network.
        database=TopologyDatabase(
            identifier=database.identifier, address=database.address, port=database.port or MYSQL_PORT
        )
        if database.aws_status
        else None,
        vpn_connections=[_connection(connection) for connection in network.vpn_connections],
        peerings=_peerings(network, deployed, sessions_vpc_id),
    )


def _subnets(network: status.StatusNetwork, deployed: Deployed) -> list[TopologySubnet]:
    inside = [subnet for subnet in deployed.subnets if subnet.vpc_id == network.vpc_id]
    return [
        # Named acme-blue-hosts and so on.
        TopologySubnet(
            name=subnet.tags.get("Name", "").partition(f"-{network.slot}-")[2] or subnet.id, cidr=subnet.cidr
        )
        for subnet in sorted(inside, key=lambda subnet: IPNetwork(subnet.cidr))
    ]


def _peerings(
    network: status.StatusNetwork, deployed: Deployed, sessions_vpc_id: str
) -> list[TopologyPeering]:
    return [
        TopologyPeering(
            to=Side.SESSIONS if sessions_vpc_id in peering.vpc_ids else Side.SERVICES,
            id=peering.id,
            state=peering.state,
        )
        for peering in deployed.peerings
        if network.vpc_id in peering.vpc_ids
    ]


def _connection(connection: status.StatusVpnConnection) -> TopologyVpnConnection:
    tunnels = [
        TopologyTunnel(number=number, outside_ip=tunnel.outside_ip, state=tunnel.state)
        for number, tunnel in enumerate(connection.tunnels, 1)
    ]
    return TopologyVpnConnection(**{**dict(connection), "tunnels": tunnels or UNKNOWN_TUNNELS})
