"""Reads a tenant's networks from AWS: all ways in and out, also those that Tenantnet did not create."""

from __future__ import annotations

from tenantnet.aws import types
from tenantnet.aws.answers import aws_answers
from tenantnet.observed.deployed import Deployed
from tenantnet.observed.drift.state import StackState
from tenantnet.observed.reader import (
    ENDPOINTS,
    GROUP_RULES,
    INSTANCES,
    INTERNET_GATEWAYS,
    NAT_GATEWAYS,
    PEERINGS,
    ROUTE_TABLES,
    TAGS,
    VPN_CONNECTIONS,
    Filters,
    Reader,
    ResourceKind,
    T,
)
from tenantnet.tags import Tag

# Types whose tags vanish with them; EC2 keeps those of an instance or a VPN connection for a while.
UNTAGGED_WHEN_GONE = ("vpc", "subnet", "security-group", "route-table", "vpn-gateway")


def observe_networks(tenant: str, state: StackState, region: str) -> Deployed:
    """Of the networks in the tenant's stack. Raises Failure if AWS does not answer or allow a call."""
    with aws_answers(f"look for what was added to {tenant} in {region}", region=region):
        reader, vpcs = Reader(region), state.ids(types.VPC)
        inside = {"vpc-id": vpcs}

        def read_all(kind: ResourceKind[T], *filters: Filters) -> tuple[T, ...]:
            """What matches one of the filters, each once."""
            return tuple(dict.fromkeys(each for one in filters for each in reader.read(kind, one)))

        return Deployed(
            rules=reader.read(
                GROUP_RULES, {"group-id": state.ids(types.SECURITY_GROUP, types.DEFAULT_SECURITY_GROUP)}
            ),
            # Those in the tenant's VPCs, their main ones too, and its own in others' VPCs.
            route_tables=read_all(ROUTE_TABLES, inside, {"route-table-id": state.ids(types.ROUTE_TABLE)}),
            peerings=read_all(
                PEERINGS, {"requester-vpc-info.vpc-id": vpcs}, {"accepter-vpc-info.vpc-id": vpcs}
            ),
            vpn_connections=reader.read(VPN_CONNECTIONS, {"vpn-gateway-id": state.ids(types.VPN_GATEWAY)}),
            internet_gateways=reader.read(INTERNET_GATEWAYS, {"attachment.vpc-id": vpcs}),
            nat_gateways=reader.read(NAT_GATEWAYS, inside),
            endpoints=reader.read(ENDPOINTS, inside),
            instances=reader.read(INSTANCES, inside),
            tagged=reader.read(
                TAGS,
                {"key": [Tag.TENANT], "value": [tenant], "resource-type": UNTAGGED_WHEN_GONE},
            ),
        )
