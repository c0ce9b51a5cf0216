"""A tenant's topology as its settings plan it and its stack knows it. Pure."""

from __future__ import annotations

from tenantnet.addresses.addressing import ping_host_address, subnet_plan
from tenantnet.aws import types
from tenantnet.engine.events import Operation
from tenantnet.observed.status.words import NetworkType
from tenantnet.observed.topology.model import (
    Side,
    Topology,
    TopologyDatabase,
    TopologyNetwork,
    TopologyPeering,
    TopologyPingHost,
    TopologySubnet,
    TopologyVpnConnection,
)
from tenantnet.review.model import Preview
from tenantnet.settings.models import NetworkSettings, TenantSettings
from tenantnet.tags import Slot


def planned(settings: TenantSettings, preview: Preview, region: str) -> Topology:
    """What the tenant consists of after the update."""
    outputs = preview.outputs
    production = Slot(outputs.get("production") or next(iter(settings.networks)))
    endpoints = (record.current.get("name") for record in preview.of_type(types.RECORD))
    retired: object = None
    match outputs.get("retired"):
        # The network that the last move retired is there no more.
        case {"slot": slot, "cidr": cidr}:
            retired = slot, cidr
    return Topology(
        tenant=settings.name,
        cell=settings.platform.removeprefix("platform-"),
        region=region,
        endpoint=outputs.get("endpoint") or next(filter(None, endpoints), None),
        session_subnet=settings.session_subnet,
        networks=[
            _network(slot, network, production, preview)
            for slot, network in settings.networks.items()
            if (slot, network.cidr) != retired
        ],
    )


def _network(slot: Slot, network: NetworkSettings, production: Slot, preview: Preview) -> TopologyNetwork:
    databases = (
        TopologyDatabase(identifier=database.name)
        for database in preview.of_type(types.DATABASE)
        if database.network == slot and database.operation is not Operation.DELETE
    )
    return TopologyNetwork(
        slot=slot,
        cidr=network.cidr,
        type=NetworkType.PRODUCTION if slot is production else NetworkType.TEST,
        subnets=[
            TopologySubnet(name=name.replace("_", "-"), cidr=cidr)
            for name, cidr in subnet_plan(network.cidr)._asdict().items()
        ],
        ping_host=TopologyPingHost(address=ping_host_address(network.cidr)),
        database=next(databases, None),
        vpn_connections=[
            TopologyVpnConnection(
                company_cidr=each.company_cidr,
                company_gateway_ip=each.company_gateway_ip,
                description=each.description,
            )
            for each in network.vpn_connections
        ],
        peerings=[TopologyPeering(to=Side.SESSIONS), TopologyPeering(to=Side.SERVICES)],
    )
