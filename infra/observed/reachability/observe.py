"""What EC2 and RDS describe of a cell, read through boto3."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import boto3
from tenantnet.aws.answers import PATIENCE, aws_answers
from tenantnet.observed.reachability.deployed import (
    ANY_PROTOCOL,
    AclRule,
    DatabaseInstance,
    Deployed,
    Instance,
    InterfaceEndpoint,
    NetworkAcl,
    Peering,
    Route,
    RouteTable,
    Rule,
    SecurityGroup,
    Subnet,
    Vpc,
    VpnConnection,
    VpnGateway,
)

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_ec2.type_defs import FilterTypeDef

# The most values that EC2 takes in one filter.
FILTER_VALUES = 200
CELL_TAG = "tenantnet:cell"
PROPAGATED = "EnableVgwRoutePropagation"


def observe_cell(cell: str, region: str, *, platform_vpc_ids: Sequence[str], tunnel_host_id: str) -> Deployed:
    """Everything of the cell's tenants, and of the platform's VPCs, whoever made them.

    Raises Failure where AWS does not answer or allow a call.
    """
    with aws_answers(f"read the networks of cell {cell} in {region}", region=region):
        ec2 = boto3.client("ec2", region_name=region, config=PATIENCE)
        rds = boto3.client("rds", region_name=region, config=PATIENCE)
        return _Cell(ec2, rds, cell, platform_vpc_ids).deployed(tunnel_host_id)


class _Cell:
    """Reads part by part: what lies in a VPC goes by its VPC, so that nothing escapes for want of a tag."""

    def __init__(self, ec2: EC2Client, rds: Any, cell: str, platform_vpc_ids: Sequence[str]) -> None:  # noqa: ANN401 - its stubs differ between pages
        self._ec2, self._rds, self._name = ec2, rds, cell
        self._cell: FilterTypeDef = {"Name": f"tag:{CELL_TAG}", "Values": [cell]}
        by_id: FilterTypeDef = {"Name": "vpc-id", "Values": list(platform_vpc_ids)}
        found = [*self._pages("describe_vpcs", "Vpcs", self._cell)]
        found += [*self._pages("describe_vpcs", "Vpcs", by_id)]
        self._vpcs = {vpc["VpcId"]: vpc for vpc in found}

    def deployed(self, tunnel_host_id: str) -> Deployed:
        groups = tuple(map(_group, self._in_vpcs("describe_security_groups", "SecurityGroups")))
        gateways = tuple(self._vpn_gateways())
        return Deployed(
            tunnel_host_id=tunnel_host_id,
            vpcs=tuple(map(_vpc, self._vpcs.values())),
            subnets=tuple(map(_subnet, self._in_vpcs("describe_subnets", "Subnets"))),
            route_tables=tuple(map(_route_table, self._in_vpcs("describe_route_tables", "RouteTables"))),
            network_acls=tuple(map(_network_acl, self._in_vpcs("describe_network_acls", "NetworkAcls"))),
            peerings=tuple(self._peerings()),
            vpn_gateways=gateways,
            vpn_connections=tuple(self._vpn_connections({gateway.id for gateway in gateways})),
            security_groups=groups,
            rules=tuple(self._rules([group.id for group in groups])),
            instances=tuple(self._instances()),
            databases=tuple(self._databases()),
            endpoints=tuple(
                map(_endpoint, self._pages("describe_vpc_endpoints", "VpcEndpoints", self._cell))
            ),
        )

    def _pages(self, call: str, key: str, *filters: FilterTypeDef) -> Iterator[dict[str, Any]]:
        pages = self._ec2.get_paginator(call).paginate(Filters=list(filters))  # type: ignore[call-overload]
        for page in pages:
            yield from page[key]

    def _by(self, call: str, key: str, name: str, values: Sequence[str]) -> Iterator[dict[str, Any]]:
        for start in range(0, len(values), FILTER_VALUES):
            chosen: FilterTypeDef = {"Name": name, "Values": list(values[start : start + FILTER_VALUES])}
            yield from self._pages(call, key, chosen)

    def _in_vpcs(self, call: str, key: str) -> Iterator[dict[str, Any]]:
        return self._by(call, key, "vpc-id", list(self._vpcs))

    def _peerings(self) -> Iterator[Peering]:
        for peering in self._pages("describe_vpc_peering_connections", "VpcPeeringConnections"):
            ends = (peering["RequesterVpcInfo"]["VpcId"], peering["AccepterVpcInfo"]["VpcId"])
            if peering["Status"]["Code"] == "active" and self._vpcs.keys() & set(ends):
                yield Peering(id=peering["VpcPeeringConnectionId"], vpc_ids=ends)

    def _vpn_gateways(self) -> Iterator[VpnGateway]:
        for gateway in self._ec2.describe_vpn_gateways()["VpnGateways"]:
            for attachment in gateway["VpcAttachments"]:
                if attachment["State"] == "attached" and attachment["VpcId"] in self._vpcs:
                    yield VpnGateway(id=gateway["VpnGatewayId"], vpc_id=attachment["VpcId"])

    def _vpn_connections(self, gateways: Collection[str]) -> Iterator[VpnConnection]:
        for connection in self._ec2.describe_vpn_connections()["VpnConnections"]:
            ours = connection.get("VpnGatewayId") in gateways or _tags(connection).get(CELL_TAG) == self._name
            if connection["State"] in ("pending", "available") and ours:
                yield VpnConnection(
                    id=connection["VpnConnectionId"],
                    gateway_id=connection.get("VpnGatewayId", ""),
                    cidrs=tuple(route["DestinationCidrBlock"] for route in connection.get("Routes", [])),
                    tags=_tags(connection),
                )

    def _rules(self, group_ids: Sequence[str]) -> Iterator[Rule]:
        return map(
            _rule, self._by("describe_security_group_rules", "SecurityGroupRules", "group-id", group_ids)
        )

    def _instances(self) -> Iterator[Instance]:
        for reservation in self._in_vpcs("describe_instances", "Reservations"):
            for instance in reservation["Instances"]:
                if instance["State"]["Name"] in ("pending", "running", "stopping", "stopped"):
                    yield _instance(instance)

    def _databases(self) -> Iterator[DatabaseInstance]:
        for page in self._rds.get_paginator("describe_db_instances").paginate():
            for instance in page["DBInstances"]:
                if instance["DBSubnetGroup"]["VpcId"] in self._vpcs:
                    yield _database(instance)


def _tags(described: Mapping[str, Any]) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in described.get("Tags", [])}


def _vpc(vpc: Mapping[str, Any]) -> Vpc:
    associations = vpc.get("CidrBlockAssociationSet", [])
    cidrs = [each["CidrBlock"] for each in associations if each["CidrBlockState"]["State"] == "associated"]
    return Vpc(id=vpc["VpcId"], cidrs=tuple(cidrs), tags=_tags(vpc))


def _subnet(subnet: Mapping[str, Any]) -> Subnet:
    return Subnet(id=subnet["SubnetId"], vpc_id=subnet["VpcId"], cidr=subnet["CidrBlock"], tags=_tags(subnet))


def _route_table(table: Mapping[str, Any]) -> RouteTable:
    associations = table["Associations"]
    return RouteTable(
        id=table["RouteTableId"],
        vpc_id=table["VpcId"],
        main=any(each["Main"] for each in associations),
        subnet_ids=tuple(each["SubnetId"] for each in associations if "SubnetId" in each),
        routes=tuple(
            _route(route)
            for route in table["Routes"]
            if route["State"] == "active"
            and route["Origin"] != PROPAGATED
            and "DestinationIpv6CidrBlock" not in route
        ),
        propagating=tuple(each["GatewayId"] for each in table["PropagatingVgws"]),
    )


def _route(route: Mapping[str, Any]) -> Route:
    targets = [
        value
        for key, value in route.items()
        if key.endswith("Id") and key not in ("InstanceOwnerId", "DestinationPrefixListId")
    ]
    # Through an instance a route has its interface beside it: either is none of the targets known here.
    return Route(destination=route.get("DestinationCidrBlock"), target=targets[0] if targets else "unknown")


def _network_acl(acl: Mapping[str, Any]) -> NetworkAcl:
    return NetworkAcl(
        id=acl["NetworkAclId"],
        vpc_id=acl["VpcId"],
        subnet_ids=tuple(each["SubnetId"] for each in acl["Associations"]),
        rules=tuple(_acl_rule(entry) for entry in acl["Entries"] if "CidrBlock" in entry),
    )


def _acl_rule(entry: Mapping[str, Any]) -> AclRule:
    icmp, ports = entry.get("IcmpTypeCode"), entry.get("PortRange")
    first, last = (
        (icmp["Type"], icmp["Code"]) if icmp else (ports["From"], ports["To"]) if ports else (-1, -1)
    )
    return AclRule(
        number=entry["RuleNumber"],
        egress=entry["Egress"],
        allow=entry["RuleAction"] == "allow",
        cidr=entry["CidrBlock"],
        protocol=entry["Protocol"],
        from_port=-1 if entry["Protocol"] == ANY_PROTOCOL else first,
        to_port=-1 if entry["Protocol"] == ANY_PROTOCOL else last,
    )


def _group(group: Mapping[str, Any]) -> SecurityGroup:
    return SecurityGroup(id=group["GroupId"], vpc_id=group["VpcId"], tags=_tags(group))


def _rule(rule: Mapping[str, Any]) -> Rule:
    return Rule(
        id=rule["SecurityGroupRuleId"],
        group_id=rule["GroupId"],
        egress=rule["IsEgress"],
        protocol=rule["IpProtocol"],
        from_port=rule.get("FromPort", -1),
        to_port=rule.get("ToPort", -1),
        cidr=rule.get("CidrIpv4"),
    )


def _instance(instance: Mapping[str, Any]) -> Instance:
    return Instance(
        id=instance["InstanceId"],
        subnet_id=instance["SubnetId"],
        address=instance["PrivateIpAddress"],
        group_ids=tuple(group["GroupId"] for group in instance["SecurityGroups"]),
        tags=_tags(instance),
    )


def _database(instance: Mapping[str, Any]) -> DatabaseInstance:
    return DatabaseInstance(
        identifier=instance["DBInstanceIdentifier"],
        subnet_ids=tuple(subnet["SubnetIdentifier"] for subnet in instance["DBSubnetGroup"]["Subnets"]),
        group_ids=tuple(group["VpcSecurityGroupId"] for group in instance["VpcSecurityGroups"]),
    )


def _endpoint(endpoint: Mapping[str, Any]) -> InterfaceEndpoint:
    return InterfaceEndpoint(
        id=endpoint["VpcEndpointId"],
        subnet_ids=tuple(endpoint.get("SubnetIds", ())),
        group_ids=tuple(group["GroupId"] for group in endpoint.get("Groups", ())),
    )
