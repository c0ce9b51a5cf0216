"""What somebody added to a tenant's networks beside its stack, in sentences. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from tenantnet.observed.drift import state as types
from tenantnet.observed.drift.described import Described
from tenantnet.observed.drift.state import StackState

if TYPE_CHECKING:
    from mypy_boto3_ec2.type_defs import (
        InternetGatewayTypeDef,
        RouteTableTypeDef,
        RouteTypeDef,
        SecurityGroupRuleTypeDef,
    )

UNDECLARED = "which the stack does not declare"

# Where a route may lead to, in EC2's words.
_ROUTE_TARGETS = (
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
_DESTINATIONS = ("DestinationCidrBlock", "DestinationIpv6CidrBlock", "DestinationPrefixListId")


def additions(described: Described, state: StackState) -> list[str]:
    """One sentence for everything that the stack does not have."""
    return [
        *_rules(described, state),
        *_routes(described, state),
        *_peerings(described, state),
        *_vpn(described, state),
        *_standing(described, state),
        *_left_over(described, state),
    ]


def _rules(described: Described, state: StackState) -> Iterator[str]:
    known = set(state.ids(types.INGRESS_RULE, types.EGRESS_RULE))
    for rule in described.rules:
        if rule["SecurityGroupRuleId"] not in known:
            group = state.named(rule["GroupId"])
            does = (
                f"lets {_service(rule)} out to" if rule.get("IsEgress") else f"admits {_service(rule)} from"
            )
            yield f"security group {group} {does} {_peer(rule)}, {UNDECLARED} ({_rule_name(rule)})"


def _service(rule: SecurityGroupRuleTypeDef) -> str:
    protocol = rule["IpProtocol"]
    if protocol == "-1":
        return "everything"
    ports = sorted({rule.get("FromPort", -1), rule.get("ToPort", -1)} - {-1})
    if protocol not in ("tcp", "udp") or not ports:
        return protocol.upper()
    return f"{protocol.upper()} {' to '.join(map(str, ports))}"


def _peer(rule: SecurityGroupRuleTypeDef) -> str:
    group = rule.get("ReferencedGroupInfo", {}).get("GroupId")
    return rule.get("CidrIpv4") or rule.get("CidrIpv6") or rule.get("PrefixListId") or group or "anywhere"


def _rule_name(rule: SecurityGroupRuleTypeDef) -> str:
    described = rule.get("Description")
    return f"{rule['SecurityGroupRuleId']}, {described!r}" if described else rule["SecurityGroupRuleId"]


def _routes(described: Described, state: StackState) -> Iterator[str]:
    known = {
        (route.get("routeTableId"), route.get("destinationCidrBlock")) for route in state.inputs(types.ROUTE)
    }
    for table in described.route_tables:
        for route in table["Routes"]:
            destination = _first(route, _DESTINATIONS)
            by_hand = route.get("Origin") == "CreateRoute"
            if by_hand and (table["RouteTableId"], destination) not in known:
                where, target = _table_name(table, state), _first(route, _ROUTE_TARGETS)
                yield f"route table {where} leads {destination} to {target}, {UNDECLARED}"


def _table_name(table: RouteTableTypeDef, state: StackState) -> str:
    if any(each.get("Main") for each in table.get("Associations", [])):
        return f"{table['RouteTableId']} (main, of {state.named(table['VpcId'])})"
    return state.named(table["RouteTableId"])


def _first(route: RouteTypeDef, keys: Sequence[str]) -> str:
    """What the route has under the first of some keys that it has at all."""
    values: Mapping[str, object] = {**route}
    return next((str(values[key]) for key in keys if values.get(key)), "nowhere")


def _peerings(described: Described, state: StackState) -> Iterator[str]:
    known, own = set(state.ids(types.PEERING)), set(state.ids(types.VPC))
    for peering in described.peerings:
        sides = [peering["RequesterVpcInfo"]["VpcId"], peering["AccepterVpcInfo"]["VpcId"]]
        mine = next((side for side in sides if side in own), None)
        if mine and peering["VpcPeeringConnectionId"] not in known:
            other = next((side for side in sides if side != mine), mine)
            yield (
                f"network {state.named(mine)} is peered with {other}, {UNDECLARED} "
                f"({peering['VpcPeeringConnectionId']})"
            )


def _vpn(described: Described, state: StackState) -> Iterator[str]:
    known = set(state.ids(types.VPN_CONNECTION))
    routes = {
        (route.get("vpnConnectionId"), route.get("destinationCidrBlock"))
        for route in state.inputs(types.VPN_ROUTE)
    }
    for connection in described.vpn_connections:
        identifier = connection["VpnConnectionId"]
        if identifier not in known:
            gateway = state.named(connection["VpnGatewayId"])
            yield f"VPN gateway {gateway} has a connection {identifier}, {UNDECLARED}"
            continue
        for route in connection.get("Routes", []):
            cidr = route["DestinationCidrBlock"]
            if route.get("State") in ("pending", "available") and (identifier, cidr) not in routes:
                name = state.vpn_connection(identifier)
                yield f"VPN connection {name} has a route to {cidr}, {UNDECLARED}"


def _standing(described: Described, state: StackState) -> Iterator[str]:
    """What stands in a network and belongs to nobody."""
    known = set(state.ids(types.INSTANCE, types.VPC_ENDPOINT))
    found = [
        *(
            (each["InternetGatewayId"], _vpc_of(each), "an internet gateway")
            for each in described.internet_gateways
        ),
        *((each["NatGatewayId"], each["VpcId"], "a NAT gateway") for each in described.nat_gateways),
        *((each["InstanceId"], each["VpcId"], "an instance") for each in described.instances),
        *(
            (each["VpcEndpointId"], each["VpcId"], f"a VPC endpoint for {each['ServiceName']}")
            for each in described.endpoints
        ),
    ]
    for identifier, vpc, what in found:
        if identifier not in known:
            yield f"network {state.named(vpc)} has {what}, {UNDECLARED} ({identifier})"


def _vpc_of(gateway: InternetGatewayTypeDef) -> str:
    return next((each["VpcId"] for each in gateway["Attachments"]), "")


def _left_over(described: Described, state: StackState) -> Iterator[str]:
    """What an update that was cut off has made, and the stack does not know."""
    known = {each.id for each in state.resources}
    for tag in described.tagged:
        if tag["ResourceId"] not in known:
            thing = f"{tag['ResourceType']} {tag['ResourceId']}"
            yield f"{thing} has the tenant's tags, and the stack does not have it"
