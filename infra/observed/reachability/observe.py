"""Reads a cell from AWS: its tenants' networks, and the platform's."""

from __future__ import annotations

from collections.abc import Sequence

from tenantnet.aws.answers import aws_answers
from tenantnet.observed.deployed import Deployed, SiteToSiteVpn
from tenantnet.observed.reader import (
    CUSTOMER_GATEWAYS,
    DATABASES,
    ENDPOINTS,
    GROUP_RULES,
    INSTANCES,
    NETWORK_ACLS,
    PEERINGS,
    ROUTE_TABLES,
    SECURITY_GROUPS,
    SUBNETS,
    VPCS,
    VPN_CONNECTIONS,
    VPN_GATEWAYS,
    Reader,
    tagged,
)
from tenantnet.tags import Tag


def observe_cell(cell: str, region: str, *, platform_vpc_ids: Sequence[str], tunnel_host_id: str) -> Deployed:
    """Everything of the cell's tenants, and of the platform's VPCs, also of those that the settings name.

    What is in a VPC is found by the VPC, so a missing tag hides nothing. Raises Failure if AWS
    does not answer or allow a call.
    """
    with aws_answers(f"read the networks of cell {cell} in {region}", region=region):
        reader, own = Reader(region), tagged(cell=cell)
        found = (*reader.read(VPCS, own), *reader.read(VPCS, {"vpc-id": platform_vpc_ids}))
        vpcs = {vpc.id: vpc for vpc in found}
        inside = {"vpc-id": list(vpcs)}
        groups = reader.read(SECURITY_GROUPS, inside)
        gateways = tuple(gateway for gateway in reader.read(VPN_GATEWAYS) if gateway.vpc_id in vpcs)
        gateway_ids = {gateway.id for gateway in gateways}

        def is_ours(connection: SiteToSiteVpn) -> bool:
            return connection.gateway_id in gateway_ids or connection.tags.get(Tag.CELL) == cell

        return Deployed(
            tunnel_host_id=tunnel_host_id,
            vpcs=tuple(vpcs.values()),
            subnets=reader.read(SUBNETS, inside),
            route_tables=reader.read(ROUTE_TABLES, inside),
            network_acls=reader.read(NETWORK_ACLS, inside),
            peerings=tuple(
                peering
                for peering in reader.read(PEERINGS)
                if peering.state == "active" and not vpcs.keys().isdisjoint(peering.vpc_ids)
            ),
            vpn_gateways=gateways,
            vpn_connections=tuple(filter(is_ours, reader.read(VPN_CONNECTIONS))),
            customer_gateways=reader.read(CUSTOMER_GATEWAYS, own),
            security_groups=groups,
            rules=reader.read(GROUP_RULES, {"group-id": [group.id for group in groups]}),
            instances=reader.read(INSTANCES, inside),
            databases=tuple(each for each in reader.read(DATABASES) if each.vpc_id in vpcs),
            endpoints=reader.read(ENDPOINTS, own),
        )
