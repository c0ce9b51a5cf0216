"""Every single thing that can be taken from what is deployed, and of every kind of thing one more to add."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any, NamedTuple

from tenantnet.addresses.addressing import contains
from tenantnet.observed.deployed import (
    LOCAL,
    PROPAGATED,
    AclRule,
    Deployed,
    NetworkAcl,
    Route,
    RouteTable,
    SecurityGroupRule,
)
from tenantnet.tags import Part

from tests.support.records import replace

# Every network ACL ends with it.
LAST_RULE = 32767
UNKNOWN_PEERS = (
    "0.0.0.0/0",
    "10.0.0.0/8",
    "172.17.0.0/16",
    "10.32.0.0/16",
    "192.168.0.0/16",
    "203.0.113.9/32",
)


class Mutation(NamedTuple):
    """What was done, in words, and what then is deployed."""

    what: str
    deployed: Deployed


def removals(deployed: Deployed) -> Iterator[Mutation]:
    """Each written route, propagation, static route of a VPN, peering, gateway, connection and rule.

    A network ACL's rules that deny keep something out: without one, something is added.
    """
    for table in deployed.route_tables:
        for route in table.routes:
            if route.target != LOCAL and route.origin != PROPAGATED:
                kept = tuple(each for each in table.routes if each != route)
                yield _with_table(f"no {route} in {table.id}", deployed, table, replace(table, routes=kept))
        for gateway in table.propagating:
            changed = replace(table, propagating=tuple(each for each in table.propagating if each != gateway))
            yield _with_table(f"no propagation from {gateway}", deployed, table, changed)
    for connection in deployed.vpn_connections:
        changed_connection = replace(connection, cidrs=())
        others = tuple(each for each in deployed.vpn_connections if each != connection)
        yield Mutation(
            f"no static route in {connection.id}",
            replace(deployed, vpn_connections=(*others, changed_connection)),
        )
    for kind in ("peerings", "vpn_gateways", "rules"):
        members = getattr(deployed, kind)
        for member in members:
            fewer: dict[str, Any] = {kind: tuple(each for each in members if each != member)}
            yield Mutation(f"no {member}", replace(deployed, **fewer))
    yield from _narrower_acls(deployed)


def _narrower_acls(deployed: Deployed) -> Iterator[Mutation]:
    """Without each rule that allows, and with all denied before anything else, in either direction."""
    for acl in _before_subnets(deployed):
        for rule in acl.rules:
            if rule.allow:
                yield _with_acl(deployed, acl, tuple(each for each in acl.rules if each != rule))
        for egress in (True, False):
            denied = AclRule(number=1, egress=egress, allow=False, cidr="0.0.0.0/0")
            yield _with_acl(deployed, acl, (denied, *acl.rules))


def additions(deployed: Deployed) -> Iterator[Mutation]:
    """To each table a route to each range by each thing at hand, to each group a rule for each peer.

    To each network ACL that keeps something out a rule that lets in, or less that keeps out.
    """
    yield from _more_routes(deployed)
    yield from _wider_routes(deployed)
    yield from _more_rules(deployed)
    yield from _wider_acls(deployed)


def _wider_acls(deployed: Deployed) -> Iterator[Mutation]:
    sessions = [each for each in deployed.subnets if each.tags.get("tenantnet:part") == Part.SESSION]
    for acl in _before_subnets(deployed):
        denying = [rule for rule in acl.rules if not rule.allow and rule.number != LAST_RULE]
        for rule in denying:
            yield _with_acl(deployed, acl, tuple(each for each in acl.rules if each != rule))
        others = [subnet.cidr for subnet in sessions if subnet.id not in acl.subnet_ids]
        peers = ["0.0.0.0/0", *(rule.cidr for rule in denying), *others] if denying else []
        for peer, egress, (protocol, port) in product(peers, (True, False), TRAFFIC):
            last = -1 if protocol in ("icmp", "-1") else port
            added = AclRule(
                number=1,
                egress=egress,
                allow=True,
                cidr=peer,
                protocol=protocol,
                from_port=port,
                to_port=last,
            )
            yield _with_acl(deployed, acl, (added, *acl.rules))
    yield from _elsewhere_associated(deployed)


def _elsewhere_associated(deployed: Deployed) -> Iterator[Mutation]:
    """Each session subnet with its VPC's default ACL, where it came from."""
    for acl in _before_subnets(deployed):
        for other in deployed.network_acls:
            if other.vpc_id == acl.vpc_id and not other.subnet_ids:
                moved = replace(other, subnet_ids=acl.subnet_ids)
                left = tuple(each for each in deployed.network_acls if each not in (acl, other))
                yield Mutation(
                    f"{acl.subnet_ids} with {other.id}",
                    replace(deployed, network_acls=(*left, moved, replace(acl, subnet_ids=()))),
                )


def _before_subnets(deployed: Deployed) -> list[NetworkAcl]:
    """The ACLs that subnets are associated with: of the others nothing depends."""
    return [acl for acl in deployed.network_acls if acl.subnet_ids]


def _more_routes(deployed: Deployed) -> Iterator[Mutation]:
    subnets = [subnet.cidr for subnet in deployed.subnets]
    for table in _in_use(deployed):
        peerings = [each.id for each in deployed.peerings if table.vpc_id in each.vpc_ids]
        present = {route.destination for route in table.routes}
        for destination, target in product(subnets, peerings):
            # A route to addresses that the other end does not have leads nowhere.
            if destination not in present and _leads(deployed, table, target, destination):
                yield _with_route(deployed, table, Route(destination=destination, target=target))
        for target in ("igw-0", "nat-0", "tgw-0", "eni-0", "pcx-of-a-strange-vpc"):
            yield _with_route(deployed, table, Route(destination="0.0.0.0/0", target=target))
        yield _with_route(deployed, table, Route(destination="pl-0", target="vpce-0"))


def _leads(deployed: Deployed, table: RouteTable, peering_id: str, destination: str) -> bool:
    (peering,) = [each for each in deployed.peerings if each.id == peering_id]
    (peer,) = set(peering.vpc_ids) - {table.vpc_id}
    there = any(subnet.vpc_id == peer and subnet.cidr == destination for subnet in deployed.subnets)
    routed = any(
        route.target == peering_id and route.destination and contains(route.destination, destination)
        for route in table.routes
    )
    return there and not routed


def _wider_routes(deployed: Deployed) -> Iterator[Mutation]:
    """To each table that leads to a part of a peer VPC, a route to all of it."""
    for table in _in_use(deployed):
        for route in table.routes:
            for cidr in _peer_cidrs(deployed, table, route.target):
                if route.destination != cidr:
                    yield _with_route(deployed, table, Route(destination=cidr, target=route.target))


def _peer_cidrs(deployed: Deployed, table: RouteTable, target: str) -> list[str]:
    peers = {
        vpc_id
        for peering in deployed.peerings
        if peering.id == target
        for vpc_id in set(peering.vpc_ids) - {table.vpc_id}
    }
    return [cidr for vpc in deployed.vpcs if vpc.id in peers for cidr in vpc.cidrs]


def _in_use(deployed: Deployed) -> list[RouteTable]:
    """The tables that subnets are associated with: of the others nothing depends."""
    return [table for table in deployed.route_tables if table.subnet_ids]


def _more_rules(deployed: Deployed) -> Iterator[Mutation]:
    peers = [*UNKNOWN_PEERS, *(subnet.cidr for subnet in deployed.subnets)]
    groups = sorted({each.group_id for each in deployed.rules})
    for group, peer, egress, traffic in product(groups, peers, (True, False), TRAFFIC):
        protocol, port = traffic
        added = SecurityGroupRule(
            id="added",
            group_id=group,
            egress=egress,
            protocol=protocol,
            from_port=port,
            to_port=-1 if protocol in ("icmp", "-1") else port,
            peer=peer,
        )
        if not _is_there(deployed, added):
            yield Mutation(f"and {added}", replace(deployed, rules=(*deployed.rules, added)))


TRAFFIC = (("tcp", 3306), ("tcp", 22), ("udp", 53), ("icmp", 8), ("-1", -1))


def _is_there(deployed: Deployed, added: SecurityGroupRule) -> bool:
    """Whether a rule of the group lets all of it through already."""
    return any(
        each.group_id == added.group_id
        and each.egress == added.egress
        and (each.protocol, each.from_port) == (added.protocol, added.from_port)
        and each.cidr is not None
        and added.cidr is not None
        and contains(each.cidr, added.cidr)
        for each in deployed.rules
    )


def _with_acl(deployed: Deployed, acl: NetworkAcl, rules: tuple[AclRule, ...]) -> Mutation:
    acls = tuple(replace(each, rules=rules) if each == acl else each for each in deployed.network_acls)
    return Mutation(f"{acl.id} with {rules}", replace(deployed, network_acls=acls))


def _with_table(what: str, deployed: Deployed, table: RouteTable, changed: RouteTable) -> Mutation:
    tables = tuple(changed if each == table else each for each in deployed.route_tables)
    return Mutation(what, replace(deployed, route_tables=tables))


def _with_route(deployed: Deployed, table: RouteTable, route: Route) -> Mutation:
    changed = replace(table, routes=(*table.routes, route))
    return _with_table(f"and {route} in {table.id}", deployed, table, changed)
