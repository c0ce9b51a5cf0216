"""A tenant's topology as its settings plan it and its stack knows it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

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
    first = next(iter(settings.networks))
    production = Slot(outputs.get("production") or first)
    return Topology(
        tenant=settings.name,
        cell=settings.platform.removeprefix("platform-"),
        region=region,
        endpoint=outputs.get("endpoint") or _endpoint(preview),
        session_subnet=settings.session_subnet,
        networks=[
            _network(slot, network, production, preview)
            for slot, network in settings.networks.items()
            if _declared(slot, network, outputs)
        ],
    )


def _declared(slot: Slot, network: NetworkSettings, outputs: Mapping[str, Any]) -> bool:
    """All but the network that the last move retired."""
    retired = outputs.get("retired")
    return not (
        isinstance(retired, Mapping) and (retired.get("slot"), retired.get("cidr")) == (slot, network.cidr)
    )


def _endpoint(preview: Preview) -> str | None:
    return next(
        (str(record.current["name"]) for record in preview.of_type(types.RECORD) if "name" in record.current),
        None,
    )


def _network(slot: Slot, network: NetworkSettings, production: Slot, preview: Preview) -> TopologyNetwork:
    plan = subnet_plan(network.cidr)
    databases = [
        database
        for database in preview.of_type(types.DATABASE)
        if database.network == slot and database.operation is not Operation.DELETE
    ]
    return TopologyNetwork(
        slot=slot,
        cidr=network.cidr,
        type=NetworkType.PRODUCTION if slot is production else NetworkType.TEST,
        subnets=[
            TopologySubnet(name="database-a", cidr=plan.database_a),
            TopologySubnet(name="database-b", cidr=plan.database_b),
            TopologySubnet(name="hosts", cidr=plan.hosts),
            TopologySubnet(name="spare", cidr=plan.spare),
        ],
        ping_host=TopologyPingHost(address=ping_host_address(network.cidr)),
        database=TopologyDatabase(identifier=databases[0].name) if databases else None,
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
