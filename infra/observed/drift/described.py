"""What EC2 describes of a tenant's networks: all ways in and out, whoever made them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import boto3
from tenantnet.aws.answers import PATIENCE
from tenantnet.observed.drift import state as types
from tenantnet.observed.drift.state import StackState

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_ec2.type_defs import (
        FilterTypeDef,
        InstanceTypeDef,
        InternetGatewayTypeDef,
        NatGatewayTypeDef,
        RouteTableTypeDef,
        SecurityGroupRuleTypeDef,
        TagDescriptionTypeDef,
        VpcEndpointTypeDef,
        VpcPeeringConnectionTypeDef,
        VpnConnectionTypeDef,
    )

# EC2 goes on describing what was deleted for about an hour.
LIVE_INSTANCES = ["pending", "running", "stopping", "stopped"]
LIVE_PEERINGS = ["initiating-request", "pending-acceptance", "provisioning", "active"]
LIVE_VPN_CONNECTIONS = ["pending", "available"]
# What has tags no longer than it is there; of an instance or a VPN connection EC2 keeps them for a while.
STANDING = ["vpc", "subnet", "security-group", "route-table", "vpn-gateway"]
LIVE_NAT_GATEWAYS = ["pending", "available"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """As EC2 answers."""

    rules: Sequence[SecurityGroupRuleTypeDef] = field(default_factory=list)
    route_tables: Sequence[RouteTableTypeDef] = field(default_factory=list)
    peerings: Sequence[VpcPeeringConnectionTypeDef] = field(default_factory=list)
    vpn_connections: Sequence[VpnConnectionTypeDef] = field(default_factory=list)
    internet_gateways: Sequence[InternetGatewayTypeDef] = field(default_factory=list)
    nat_gateways: Sequence[NatGatewayTypeDef] = field(default_factory=list)
    endpoints: Sequence[VpcEndpointTypeDef] = field(default_factory=list)
    instances: Sequence[InstanceTypeDef] = field(default_factory=list)
    tagged: Sequence[TagDescriptionTypeDef] = field(default_factory=list)


def describe(tenant: str, state: StackState, region: str) -> Described:
    """Ask EC2. Raises what boto3 raises."""
    vpcs = state.ids(types.VPC)
    ec2 = boto3.client("ec2", region_name=region, config=PATIENCE)
    tagged = _tagged(ec2, tenant)
    if not vpcs:
        return Described(tagged=tagged)
    groups = state.ids(types.SECURITY_GROUP, types.DEFAULT_SECURITY_GROUP)
    return Described(
        rules=[
            rule
            for page in ec2.get_paginator("describe_security_group_rules").paginate(
                Filters=[_filter("group-id", groups)]
            )
            for rule in page["SecurityGroupRules"]
        ],
        route_tables=_route_tables(ec2, state, vpcs),
        peerings=_peerings(ec2, vpcs),
        vpn_connections=_vpn_connections(ec2, state),
        internet_gateways=[
            gateway
            for page in ec2.get_paginator("describe_internet_gateways").paginate(
                Filters=[_filter("attachment.vpc-id", vpcs)]
            )
            for gateway in page["InternetGateways"]
        ],
        nat_gateways=[
            gateway
            for page in ec2.get_paginator("describe_nat_gateways").paginate(
                Filters=[_filter("vpc-id", vpcs), _filter("state", LIVE_NAT_GATEWAYS)]
            )
            for gateway in page["NatGateways"]
        ],
        endpoints=[
            endpoint
            for page in ec2.get_paginator("describe_vpc_endpoints").paginate(
                Filters=[_filter("vpc-id", vpcs)]
            )
            for endpoint in page["VpcEndpoints"]
        ],
        instances=_instances(ec2, vpcs),
        tagged=tagged,
    )


def _route_tables(ec2: EC2Client, state: StackState, vpcs: Sequence[str]) -> list[RouteTableTypeDef]:
    """Those in the tenant's VPCs, their main ones too, and its own in others' VPCs."""
    filters = [_filter("vpc-id", vpcs), _filter("route-table-id", state.ids(types.ROUTE_TABLE))]
    found = {
        table["RouteTableId"]: table
        for each in filters
        for page in ec2.get_paginator("describe_route_tables").paginate(Filters=[each])
        for table in page["RouteTables"]
    }
    return list(found.values())


def _peerings(ec2: EC2Client, vpcs: Sequence[str]) -> list[VpcPeeringConnectionTypeDef]:
    found = {
        peering["VpcPeeringConnectionId"]: peering
        for side in ("requester-vpc-info.vpc-id", "accepter-vpc-info.vpc-id")
        for page in ec2.get_paginator("describe_vpc_peering_connections").paginate(
            Filters=[_filter(side, vpcs), _filter("status-code", LIVE_PEERINGS)]
        )
        for peering in page["VpcPeeringConnections"]
    }
    return list(found.values())


def _vpn_connections(ec2: EC2Client, state: StackState) -> list[VpnConnectionTypeDef]:
    if not (gateways := state.ids(types.VPN_GATEWAY)):
        return []
    filters = [_filter("vpn-gateway-id", gateways), _filter("state", LIVE_VPN_CONNECTIONS)]
    return ec2.describe_vpn_connections(Filters=filters)["VpnConnections"]


def _instances(ec2: EC2Client, vpcs: Sequence[str]) -> list[InstanceTypeDef]:
    filters = [_filter("vpc-id", vpcs), _filter("instance-state-name", LIVE_INSTANCES)]
    return [
        instance
        for page in ec2.get_paginator("describe_instances").paginate(Filters=filters)
        for reservation in page["Reservations"]
        for instance in reservation["Instances"]
    ]


def _tagged(ec2: EC2Client, tenant: str) -> list[TagDescriptionTypeDef]:
    wanted = [
        _filter("key", ["tenantnet:tenant"]),
        _filter("value", [tenant]),
        _filter("resource-type", STANDING),
    ]
    return [
        tag for page in ec2.get_paginator("describe_tags").paginate(Filters=wanted) for tag in page["Tags"]
    ]


def _filter(name: str, values: Sequence[str]) -> FilterTypeDef:
    return {"Name": name, "Values": list(values)}
