"""Finds what somebody added to a tenant's networks beside its stack, in sentences. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from tenantnet.aws import types
from tenantnet.observed.deployed import WRITTEN, Deployed, RouteTable, SecurityGroupRule
from tenantnet.observed.drift.state import StackState

UNDECLARED = "which the stack does not declare"


def additions(deployed: Deployed, state: StackState) -> list[str]:
    """One sentence for everything that the stack does not have."""
    return [
        *_rules(deployed, state),
        *_routes(deployed, state),
        *_peerings(deployed, state),
        *_vpn(deployed, state),
        *_unowned(deployed, state),
        *_left_over(deployed),
    ]


def _rules(deployed: Deployed, state: StackState) -> Iterator[str]:
    known = set(state.ids(types.INGRESS_RULE, types.EGRESS_RULE))
    for rule in deployed.rules:
        if rule.id not in known:
            does = f"lets {_service(rule)} out to" if rule.egress else f"admits {_service(rule)} from"
            name = f"{rule.id}, {rule.description!r}" if rule.description else rule.id
            yield f"security group {state.named(rule.group_id)} {does} {rule.peer}, {UNDECLARED} ({name})"


def _service(rule: SecurityGroupRule) -> str:
    if rule.protocol == "-1":
        return "everything"
    ports = sorted({rule.from_port, rule.to_port} - {-1})
    if rule.protocol not in ("tcp", "udp") or not ports:
        return rule.protocol.upper()
    return f"{rule.protocol.upper()} {' to '.join(map(str, ports))}"


def _routes(deployed: Deployed, state: StackState) -> Iterator[str]:
    known = {
        (route.get("routeTableId"), route.get("destinationCidrBlock")) for route in state.inputs(types.ROUTE)
    }
    for table in deployed.route_tables:
        for route in table.routes:
            if route.origin == WRITTEN and (table.id, route.destination) not in known:
                where = _table_name(table, state)
                yield f"route table {where} leads {route.destination} to {route.target}, {UNDECLARED}"


def _table_name(table: RouteTable, state: StackState) -> str:
    return f"{table.id} (main, of {state.named(table.vpc_id)})" if table.main else state.named(table.id)


def _peerings(deployed: Deployed, state: StackState) -> Iterator[str]:
    known, own = set(state.ids(types.PEERING)), set(state.ids(types.VPC))
    for peering in deployed.peerings:
        mine = next((side for side in peering.vpc_ids if side in own), None)
        if mine and peering.id not in known:
            other = next((side for side in peering.vpc_ids if side != mine), mine)
            yield f"network {state.named(mine)} is peered with {other}, {UNDECLARED} ({peering.id})"


def _vpn(deployed: Deployed, state: StackState) -> Iterator[str]:
    known = set(state.ids(types.VPN_CONNECTION))
    routes = {
        (route.get("vpnConnectionId"), route.get("destinationCidrBlock"))
        for route in state.inputs(types.VPN_CONNECTION_ROUTE)
    }
    for connection in deployed.vpn_connections:
        if connection.id not in known:
            gateway = state.named(connection.gateway_id)
            yield f"VPN gateway {gateway} has a connection {connection.id}, {UNDECLARED}"
            continue
        for cidr in connection.cidrs:
            if (connection.id, cidr) not in routes:
                name = state.vpn_connection(connection.id)
                yield f"VPN connection {name} has a route to {cidr}, {UNDECLARED}"


def _unowned(deployed: Deployed, state: StackState) -> Iterator[str]:
    """What is in a network and has no owner."""
    known = set(state.ids(types.INSTANCE, types.VPC_ENDPOINT))
    found = [
        *((each.id, each.vpc_id, "an internet gateway") for each in deployed.internet_gateways),
        *((each.id, each.vpc_id, "a NAT gateway") for each in deployed.nat_gateways),
        *((each.id, each.vpc_id, "an instance") for each in deployed.instances),
        *((each.id, each.vpc_id, f"a VPC endpoint for {each.service}") for each in deployed.endpoints),
    ]
    for identifier, vpc_id, what in found:
        if identifier not in known:
            yield f"network {state.named(vpc_id)} has {what}, {UNDECLARED} ({identifier})"


def _left_over(deployed: Deployed) -> Iterator[str]:
    """What an interrupted update created and the stack does not know."""
    for tagged in deployed.tagged:
        yield f"{tagged.type} {tagged.id} has the tenant's tags, and the stack does not have it"
