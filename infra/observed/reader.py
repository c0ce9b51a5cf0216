"""Reads EC2 and RDS: one Describe call for each kind of thing, with its answers as records."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import boto3
from tenantnet.aws.answers import PATIENCE
from tenantnet.aws.vpn_routes import company_ranges
from tenantnet.observed.deployed import (
    ANY_PROTOCOL,
    AclRule,
    CustomerGateway,
    DatabaseInstance,
    Ec2Instance,
    Gateway,
    NetworkAcl,
    Peering,
    Route,
    RouteTable,
    SecurityGroup,
    SecurityGroupRule,
    SiteToSiteVpn,
    Subnet,
    Tagged,
    Tunnel,
    Vpc,
    VpcEndpoint,
)
from tenantnet.observed.status.words import TunnelState

T = TypeVar("T")
# As AWS describes it.
Described = Mapping[str, Any]
Filters = Mapping[str, Sequence[str]]

# The most values that EC2 takes in one filter.
FILTER_VALUES = 200
# EC2's keys for where a route leads to, and for whom a rule is about.
TARGETS = (
    "VpcPeeringConnectionId",
    "GatewayId",
    "NatGatewayId",
    "TransitGatewayId",
    "InstanceId",
    "NetworkInterfaceId",
    "EgressOnlyInternetGatewayId",
    "LocalGatewayId",
    "CarrierGatewayId",
    "CoreNetworkArn",
)
DESTINATIONS = ("DestinationCidrBlock", "DestinationIpv6CidrBlock", "DestinationPrefixListId")
PEERS = ("CidrIpv4", "CidrIpv6", "PrefixListId")


@dataclass(frozen=True, slots=True)
class ResourceKind(Generic[T]):
    """What can be asked for. call: the Describe. key: of its answer. record: makes a record of a thing.

    live: the filters for what exists, since EC2 describes what was deleted for about an hour.
    """

    call: str
    key: str
    record: Callable[[Described], T]
    live: Filters = field(default_factory=dict)
    service: str = "ec2"


class Reader:
    """Asks AWS in one region. filters: values by AWS's own names of filters."""

    def __init__(self, region: str) -> None:
        self._clients: dict[str, Any] = {
            "ec2": boto3.client("ec2", region_name=region, config=PATIENCE),
            "rds": boto3.client("rds", region_name=region, config=PATIENCE),
        }

    def read(self, kind: ResourceKind[T], filters: Filters | None = None) -> tuple[T, ...]:
        """All that match every filter. A filter without values matches nothing, and AWS is not asked.

        Raises what boto3 raises.
        """
        wanted = {name: list(values) for name, values in (filters or {}).items()}
        if not all(wanted.values()):
            return ()
        long = {name: values for name, values in wanted.items() if len(values) > FILTER_VALUES}
        parts: Sequence[Filters] = [wanted]
        for name, values in long.items():
            starts = range(0, len(values), FILTER_VALUES)
            parts = [{**part, name: values[at : at + FILTER_VALUES]} for part in parts for at in starts]
        return tuple(kind.record(each) for part in parts for each in self._described(kind, part))

    def _described(self, kind: ResourceKind[T], filters: Filters) -> Iterator[Described]:
        client = self._clients[kind.service]
        chosen = {**filters, **kind.live}
        asked = {"Filters": [{"Name": name, "Values": list(values)} for name, values in chosen.items()]}
        pages = (
            client.get_paginator(kind.call).paginate(**asked)
            if client.can_paginate(kind.call)
            else [getattr(client, kind.call)(**asked)]
        )
        for page in pages:
            for described in page[kind.key]:
                yield from described["Instances"] if kind.key == "Reservations" else (described,)


def tagged(**tags: str) -> dict[str, list[str]]:
    """The filters for these of Tenantnet's tags."""
    return {f"tag:tenantnet:{key}": [value] for key, value in tags.items()}


def _tags(described: Described) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in described.get("Tags", [])}


def _first(described: Described, keys: Iterable[str], otherwise: str) -> str:
    """What it has under the first of some keys that it has at all."""
    return next((str(described[key]) for key in keys if described.get(key)), otherwise)


def _vpc(vpc: Described) -> Vpc:
    associations = vpc.get("CidrBlockAssociationSet", [])
    cidrs = [each["CidrBlock"] for each in associations if each["CidrBlockState"]["State"] == "associated"]
    return Vpc(
        id=vpc["VpcId"],
        cidrs=tuple(dict.fromkeys([vpc["CidrBlock"], *cidrs])),
        state=vpc["State"],
        tags=_tags(vpc),
    )


def _subnet(subnet: Described) -> Subnet:
    return Subnet(id=subnet["SubnetId"], vpc_id=subnet["VpcId"], cidr=subnet["CidrBlock"], tags=_tags(subnet))


def _route_table(table: Described) -> RouteTable:
    associations = table.get("Associations", [])
    return RouteTable(
        id=table["RouteTableId"],
        vpc_id=table["VpcId"],
        main=any(each.get("Main") for each in associations),
        subnet_ids=tuple(each["SubnetId"] for each in associations if "SubnetId" in each),
        routes=tuple(map(_route, table["Routes"])),
        propagating=tuple(each["GatewayId"] for each in table.get("PropagatingVgws", [])),
    )


def _route(route: Described) -> Route:
    return Route(
        destination=_first(route, DESTINATIONS, "nowhere"),
        target=_first(route, TARGETS, "nowhere"),
        origin=route.get("Origin", ""),
        active=route.get("State", "active") == "active",
    )


def _network_acl(acl: Described) -> NetworkAcl:
    return NetworkAcl(
        id=acl["NetworkAclId"],
        vpc_id=acl["VpcId"],
        subnet_ids=tuple(each["SubnetId"] for each in acl["Associations"]),
        rules=tuple(_acl_rule(entry) for entry in acl["Entries"] if "CidrBlock" in entry),
    )


def _acl_rule(entry: Described) -> AclRule:
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


def _peering(peering: Described) -> Peering:
    return Peering(
        id=peering["VpcPeeringConnectionId"],
        vpc_ids=(peering["RequesterVpcInfo"]["VpcId"], peering["AccepterVpcInfo"]["VpcId"]),
        state=peering["Status"]["Code"],
    )


def _vpn_gateway(gateway: Described) -> Gateway:
    return _gateway(gateway, "VpnGatewayId", gateway.get("VpcAttachments", []))


def _internet_gateway(gateway: Described) -> Gateway:
    return _gateway(gateway, "InternetGatewayId", gateway.get("Attachments", []))


def _gateway(gateway: Described, key: str, attachments: Iterable[Described]) -> Gateway:
    # An internet gateway's attachment is `available`, a VPN gateway's is `attached`.
    attached = (each["VpcId"] for each in attachments if each.get("State") in ("attached", "available"))
    return Gateway(id=gateway[key], vpc_id=next(attached, ""))


def _nat_gateway(gateway: Described) -> Gateway:
    return Gateway(id=gateway["NatGatewayId"], vpc_id=gateway["VpcId"])


def _vpn_connection(connection: Described) -> SiteToSiteVpn:
    return SiteToSiteVpn(
        id=connection["VpnConnectionId"],
        gateway_id=connection.get("VpnGatewayId", ""),
        customer_gateway_id=connection.get("CustomerGatewayId", ""),
        state=connection["State"],
        cidrs=tuple(company_ranges(connection)),
        tunnels=tuple(map(_tunnel, connection.get("VgwTelemetry", []))),
        tags=_tags(connection),
    )


def _tunnel(telemetry: Described) -> Tunnel:
    return Tunnel(
        outside_ip=telemetry.get("OutsideIpAddress", ""),
        state=TunnelState(telemetry["Status"]),
        message=telemetry.get("StatusMessage", ""),
        last_change=telemetry.get("LastStatusChange"),
    )


def _customer_gateway(gateway: Described) -> CustomerGateway:
    return CustomerGateway(id=gateway["CustomerGatewayId"], address=gateway.get("IpAddress", ""))


def _group(group: Described) -> SecurityGroup:
    return SecurityGroup(id=group["GroupId"], vpc_id=group["VpcId"], tags=_tags(group))


def _rule(rule: Described) -> SecurityGroupRule:
    return SecurityGroupRule(
        id=rule["SecurityGroupRuleId"],
        group_id=rule["GroupId"],
        egress=rule["IsEgress"],
        protocol=rule["IpProtocol"],
        from_port=rule.get("FromPort", -1),
        to_port=rule.get("ToPort", -1),
        peer=_first(rule, PEERS, rule.get("ReferencedGroupInfo", {}).get("GroupId", "anywhere")),
        description=rule.get("Description", ""),
    )


def _instance(instance: Described) -> Ec2Instance:
    return Ec2Instance(
        id=instance["InstanceId"],
        vpc_id=instance["VpcId"],
        subnet_id=instance["SubnetId"],
        address=instance.get("PrivateIpAddress", ""),
        state=instance["State"]["Name"],
        group_ids=tuple(group["GroupId"] for group in instance["SecurityGroups"]),
        tags=_tags(instance),
    )


def _database(instance: Described) -> DatabaseInstance:
    endpoint, subnets = instance.get("Endpoint", {}), instance.get("DBSubnetGroup", {})
    return DatabaseInstance(
        identifier=instance["DBInstanceIdentifier"],
        vpc_id=subnets.get("VpcId", ""),
        subnet_ids=tuple(subnet["SubnetIdentifier"] for subnet in subnets.get("Subnets", [])),
        group_ids=tuple(group["VpcSecurityGroupId"] for group in instance.get("VpcSecurityGroups", [])),
        status=instance["DBInstanceStatus"],
        address=endpoint.get("Address"),
        port=endpoint.get("Port"),
    )


def _endpoint(endpoint: Described) -> VpcEndpoint:
    return VpcEndpoint(
        id=endpoint["VpcEndpointId"],
        vpc_id=endpoint["VpcId"],
        service=endpoint["ServiceName"],
        subnet_ids=tuple(endpoint.get("SubnetIds", ())),
        group_ids=tuple(group["GroupId"] for group in endpoint.get("Groups", ())),
    )


def _tagged(tag: Described) -> Tagged:
    return Tagged(id=tag["ResourceId"], type=tag["ResourceType"])


_INSTANCES = {"instance-state-name": ("pending", "running", "stopping", "stopped")}
_PEERINGS = {"status-code": ("initiating-request", "pending-acceptance", "provisioning", "active")}
_CONNECTIONS = {"state": ("pending", "available")}

VPCS = ResourceKind("describe_vpcs", "Vpcs", _vpc)
SUBNETS = ResourceKind("describe_subnets", "Subnets", _subnet)
ROUTE_TABLES = ResourceKind("describe_route_tables", "RouteTables", _route_table)
NETWORK_ACLS = ResourceKind("describe_network_acls", "NetworkAcls", _network_acl)
PEERINGS = ResourceKind("describe_vpc_peering_connections", "VpcPeeringConnections", _peering, _PEERINGS)
VPN_GATEWAYS = ResourceKind("describe_vpn_gateways", "VpnGateways", _vpn_gateway)
INTERNET_GATEWAYS = ResourceKind("describe_internet_gateways", "InternetGateways", _internet_gateway)
NAT_GATEWAYS = ResourceKind("describe_nat_gateways", "NatGateways", _nat_gateway, _CONNECTIONS)
VPN_CONNECTIONS = ResourceKind("describe_vpn_connections", "VpnConnections", _vpn_connection, _CONNECTIONS)
CUSTOMER_GATEWAYS = ResourceKind("describe_customer_gateways", "CustomerGateways", _customer_gateway)
SECURITY_GROUPS = ResourceKind("describe_security_groups", "SecurityGroups", _group)
GROUP_RULES = ResourceKind("describe_security_group_rules", "SecurityGroupRules", _rule)
INSTANCES = ResourceKind("describe_instances", "Reservations", _instance, _INSTANCES)
DATABASES = ResourceKind("describe_db_instances", "DBInstances", _database, service="rds")
ENDPOINTS = ResourceKind("describe_vpc_endpoints", "VpcEndpoints", _endpoint)
TAGS = ResourceKind("describe_tags", "Tags", _tagged)
