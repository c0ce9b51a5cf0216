"""Where routes lead, and what security groups and network ACLs allow, as AWS documents it.

A VPC's routers use the longest prefix and, of equal ones, a static route before a propagated one
(https://docs.aws.amazon.com/vpc/latest/userguide/route-tables-priority.html). A peering leads into the peer
VPC and no further, a VPN gateway to its own connections and to its own VPC
(https://docs.aws.amazon.com/vpc/latest/peering/vpc-peering-basics.html).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from enum import IntEnum
from functools import cache, partial

from netaddr import IPNetwork, IPSet
from tenantnet.observed.deployed import LOCAL, PROPAGATED, Deployed, RouteTable, SecurityGroupRule
from tenantnet.observed.reachability.acls import answers_admitted, requests_admitted
from tenantnet.observed.reachability.places import Kind, Place, addresses_of
from tenantnet.observed.reachability.traffic import Traffic, traffic_of

Admitting = Callable[..., IPSet]
PREFIX_LIST = "pl-"


class Extent(IntEnum):
    """Of some addresses: none, some or all."""

    NONE = 0
    SOME = 1
    ALL = 2


def extent(found: IPSet, wanted: IPSet) -> Extent:
    """How much of `wanted` was found. Of nothing, nothing is found."""
    if not found.size:
        return Extent.NONE
    return Extent.ALL if found.size == wanted.size else Extent.SOME


class Paths:
    """The routes and rules of what is deployed. version: of IP, 4 or 6."""

    def __init__(self, deployed: Deployed, places: Sequence[Place], version: int) -> None:
        self._deployed, self._places, self._version = deployed, places, version
        self._vpcs = {vpc.id: addresses_of(vpc.cidrs, version) for vpc in deployed.vpcs}
        self._subnets = {subnet.id: subnet for subnet in deployed.subnets}
        self._peers = {peering.id: set(peering.vpc_ids) for peering in deployed.peerings}
        self._gateways = {gateway.id: gateway.vpc_id for gateway in deployed.vpn_gateways}
        self._tables = {subnet: table for table in deployed.route_tables for subnet in table.subnet_ids}
        self._main = {table.vpc_id: table for table in deployed.route_tables if table.main}
        self._spans = {table.id: list(_spans(table, deployed, version)) for table in deployed.route_tables}
        self._acls = {subnet: acl for acl in deployed.network_acls for subnet in acl.subnet_ids}
        self.addresses = cache(partial(_addresses, version=version))
        self._of_group = cache(self._addresses_of_group)
        self.admitted = cache(self._admitted)
        self._through = cache(self._through_acl)

    def leads(self, source: Place, target: Place) -> Extent:
        """How much of `target` the routes at `source` lead to."""
        if source.kind is Kind.ELSEWHERE:
            # The routes of the rest of the world are unknown: it comes in wherever traffic can get out.
            return self.leads(target, source)
        if source.kind is Kind.COMPANY:
            return self._leads_from_gateway(source, target)
        return _together(self._leads_from_subnet(subnet, target) for subnet in source.subnet_ids)

    def requests_pass(self, place: Place, peer: Place, traffic: Traffic, *, egress: bool) -> Extent:
        """How much of `peer` the ACLs at `place` let requests through to or, without `egress`, from."""
        return self._pass_acls(requests_admitted, place, peer, traffic, egress)

    def answers_pass(self, place: Place, peer: Place, traffic: Traffic, *, egress: bool) -> Extent:
        """The same of answers to requests of that traffic."""
        return self._pass_acls(answers_admitted, place, peer, traffic, egress)

    def _pass_acls(
        self, admitting: Admitting, place: Place, peer: Place, traffic: Traffic, egress: bool
    ) -> Extent:
        if not place.subnet_ids:
            return Extent.ALL
        wanted = self.addresses(peer)
        return _together(
            extent(wanted & self._through(admitting, subnet, traffic, egress), wanted)
            for subnet in place.subnet_ids
        )

    def _through_acl(self, admitting: Admitting, subnet_id: str, traffic: Traffic, egress: bool) -> IPSet:
        # An ACL does not see what stays within its subnet. A subnet without one has just been deleted.
        own, acl = addresses_of(self._subnets[subnet_id].cidrs, self._version), self._acls.get(subnet_id)
        return own | admitting(acl, traffic, egress=egress) if acl else own

    def _leads_from_gateway(self, source: Place, target: Place) -> Extent:
        own_vpc = target.vpc_id is not None and self._gateways.get(source.gateway_id or "") == target.vpc_id
        other_company = target.kind is Kind.COMPANY and target.gateway_id == source.gateway_id
        return Extent.ALL if own_vpc or other_company else Extent.NONE

    def _leads_from_subnet(self, subnet_id: str, target: Place) -> Extent:
        vpc_id = self._subnets[subnet_id].vpc_id
        table = self._tables.get(subnet_id) or self._main.get(vpc_id)
        wanted, found = self.addresses(target), IPSet()
        for span, by in self._spans[table.id] if table else ():
            found |= self._arriving(span, by, vpc_id, target)
        return extent(found, wanted)

    def _arriving(self, span: IPSet, by: str, vpc_id: str, target: Place) -> IPSet:
        """Of the addresses that are routed `by` something in a VPC, those of the target that it leads to."""
        if target.kind is Kind.ELSEWHERE:
            return self._leaving(span, by, vpc_id, target)
        if by == LOCAL:
            there = target.vpc_id == vpc_id
        elif by in self._peers:
            there = {vpc_id, target.vpc_id} == self._peers[by]
        else:
            there = by == target.gateway_id and self._gateways.get(by) == vpc_id
        return span & self.addresses(target) if there else IPSet()

    def _leaving(self, span: IPSet, by: str, vpc_id: str, elsewhere: Place) -> IPSet:
        if by == LOCAL or by in self._gateways:
            return IPSet()
        if by in self._peers and vpc_id in self._peers[by]:
            (peer,) = self._peers[by] - {vpc_id}
            # Of a VPC that is not the cell's, everything is elsewhere.
            return span & self._vpcs[peer] & self.addresses(elsewhere) if peer in self._vpcs else span
        return span

    def _admitted(self, place: Place, traffic: Traffic, *, egress: bool) -> IPSet | None:
        """The peers that the place's security groups let through; None if the groups are not ours."""
        if place.group_ids is None:
            return None
        rules = list(self._rules(place, traffic, egress))
        found = addresses_of((rule.cidr for rule in rules if rule.cidr), self._version)
        for rule in rules:
            if rule.cidr is None:
                found |= self._of_group(rule.peer)
        return found

    def _addresses_of_group(self, group_id: str) -> IPSet:
        """The addresses of the places that have a security group."""
        found = IPSet()
        for place in self._places:
            if group_id in (place.group_ids or ()):
                found |= self.addresses(place)
        return found

    def _rules(self, place: Place, traffic: Traffic, egress: bool) -> Iterator[SecurityGroupRule]:
        return (
            rule
            for rule in self._deployed.rules
            if rule.group_id in (place.group_ids or ())
            and rule.egress == egress
            and traffic in traffic_of(rule)
        )

    def rules_between(self, place: Place, peer: Place, traffic: Traffic, *, egress: bool) -> Iterator[str]:
        """The rules at a place that let some of a peer through, with whom they name; else its groups."""
        wanted, some = self.addresses(peer), False
        for rule in self._rules(place, traffic, egress):
            named = addresses_of([rule.cidr], self._version) if rule.cidr else self._of_group(rule.peer)
            if (named & wanted).size or rule.peer.startswith(PREFIX_LIST):
                some = True
                yield f"{rule.id} {rule.peer}"
        if not some:
            yield from place.group_ids or ()

    def routers(self, place: Place) -> Iterator[str]:
        """What routes at a place: the tables of its subnets, or its VPN gateway."""
        if place.kind is Kind.COMPANY and place.gateway_id:
            yield place.gateway_id
        for subnet_id in place.subnet_ids:
            if table := self._tables.get(subnet_id) or self._main.get(self._subnets[subnet_id].vpc_id):
                yield table.id

    def acls(self, place: Place) -> Iterator[str]:
        """The network ACLs of a place's subnets."""
        return (self._acls[subnet_id].id for subnet_id in place.subnet_ids if subnet_id in self._acls)

    def admits_unnamed(self, place: Place, traffic: Traffic, *, egress: bool) -> bool:
        """Whether a rule lets through what has no range: another group, or a prefix list."""
        return any(rule.cidr is None for rule in self._rules(place, traffic, egress))

    def admits_unknown(self, place: Place, traffic: Traffic, *, egress: bool) -> bool:
        """Whether a rule lets through a prefix list, which may hold anything."""
        return any(rule.peer.startswith(PREFIX_LIST) for rule in self._rules(place, traffic, egress))


def _together(extents: Iterable[Extent]) -> Extent:
    """Of several subnets: what they have in common, else some."""
    found = set(extents)
    return found.pop() if len(found) == 1 else Extent.SOME if found else Extent.NONE


def _addresses(place: Place, version: int) -> IPSet:
    return place.addresses(version)


def _spans(table: RouteTable, deployed: Deployed, version: int) -> Iterator[tuple[IPSet, str]]:
    """What each route of the table really takes, longest prefix first."""
    taken = IPSet()
    for cidr, target in _by_precedence(table, deployed):
        if cidr.version != version:
            continue
        span = IPSet([cidr]) - taken
        taken |= span
        yield span, target


def _by_precedence(table: RouteTable, deployed: Deployed) -> Iterable[tuple[IPNetwork, str]]:
    written = [
        (IPNetwork(cidr), route.target)
        for route in table.routes
        if route.active and route.origin != PROPAGATED
        # A prefix list may hold anything.
        for cidr in ([route.destination] if "/" in route.destination else ["0.0.0.0/0", "::/0"])
    ]
    propagated = [
        (IPNetwork(cidr), connection.gateway_id)
        for connection in deployed.vpn_connections
        if connection.gateway_id in table.propagating
        for cidr in connection.cidrs
    ]
    # Sorting keeps the order of equals, and the written ones come first.
    return sorted([*written, *propagated], key=lambda route: -route[0].prefixlen)
