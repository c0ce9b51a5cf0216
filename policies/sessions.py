"""The policy on isolation: a tenant's sessions reach that tenant's networks, and nothing reaches beyond.

Peering does not lead through a VPN gateway, and AWS adds no route of its own; so what the route tables say is
what can be reached. A route is one that ServicePeering or DatabasePeering declares, or it is refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from pydantic.alias_generators import to_camel
from tenantnet.addresses import addressing
from tenantnet.addresses.claims import ClaimKind
from tenantnet.aws.types import (
    NETWORK_ACL,
    PEERING,
    ROUTE,
    ROUTE_TABLE,
    ROUTE_TABLE_ASSOCIATION,
    SUBNET,
    VPC,
)
from tenantnet.components.session_subnet import network_acl_rules
from tenantnet.policies.model import (
    KNOWN_IN_PREVIEW,
    PLATFORM_READ,
    Finding,
    PackSettings,
    Policy,
    Resource,
    Severity,
    Stack,
    Unknown,
    before_creation,
    with_platform,
)
from tenantnet.policies.places import (
    database_ranges,
    databases_of_move,
    granted_claims,
    network_cidrs,
    session_cidrs,
    session_subnets,
)
from tenantnet.refusal import Rule
from tenantnet.stacks.outputs import PlatformOutputs
from tenantnet.tags import Part, Tag

SESSIONS_REACH_OWN = Rule(
    id="sessions-reach-own",
    rule="a session table leads to this tenant's networks, through their peerings with the sessions VPC: "
    "{permitted}",
    reason="whatever else the route leads to would be in reach of sessions, this tenant's or others'",
    remedy="remove the route, or name one of these ranges",
)
SERVICES_REACH_OWN = Rule(
    id="services-reach-own",
    rule="in the platform's services table a tenant's routes lead to its own networks, through their "
    "peerings with the services VPC: {permitted}",
    reason="whatever else it leads to, the tunnel host would reach it, or lose its way to another tenant",
    remedy="remove the route, or name one of these ranges",
)
NETWORK_REACHES_OWN = Rule(
    id="network-reaches-own",
    rule="a network leads through its sessions peering to the tenant's sessions ({sessions}) and through its "
    "services peering to the tunnel host ({host}); its VPN gateway propagates the companies",
    reason="any other destination is a network that has nothing to do with this tenant",
    remedy="remove the route, or name one of these ranges",
)
NETWORKS_APART = Rule(
    id="networks-apart",
    rule="two networks of a tenant are peered while the database in one follows that in the other: both have "
    "one, in production and for test, and neither is RDS's own replica",
    reason="at any other time nothing has to get from one to the other",
    remedy="remove the peering; tenantnet migrate run declares it, for the time of a move by live",
)
DATABASES_REACH_EACH_OTHER = Rule(
    id="databases-reach-each-other",
    rule="a network leads to the other one's database subnets alone: {permitted}",
    reason="a move needs no other way, and the ping host beside them is nobody's to reach from there",
    remedy="remove the route, or name that range",
)
TABLE_FITS_SUBNET = Rule(
    id="table-fits-subnet",
    rule="a subnet uses a table of this stack with the same tenantnet:part and network",
    reason="the subnet is {subnet}, the table {table}: its traffic would be routed as another's",
    remedy="associate the subnet with its own table",
)
SUBNET_HAS_TABLE = Rule(
    id="subnet-has-table",
    rule="a session subnet has its own route table",
    reason="without one it uses the VPC's main table, which it shares with others",
    remedy="declare a RouteTable and a RouteTableAssociation for it",
)
SUBNET_FITS_VPC = Rule(
    id="subnet-fits-vpc",
    rule="a subnet's tenantnet:part is its VPC's; in the platform's sessions VPC it is session",
    reason="the subnet is {subnet}, its VPC {vpc}: its traffic would be checked as another's",
    remedy="tag the subnet with what it is for",
)
SUBNET_HAS_ACL = Rule(
    id="subnet-has-acl",
    rule="a session subnet has its own network ACL",
    reason="with the VPC's default one every tenant's sessions reach it: nobody can remove their route",
    remedy="declare an aws.ec2.NetworkAcl for it, as tenantnet.components.session_subnet does",
)
ACL_DENIES_SESSIONS = Rule(
    id="acl-denies-sessions",
    rule="in each direction, a session subnet's network ACL has the rules of SessionSubnet: {permitted}",
    reason="with any other rule sessions of different tenants may reach each other",
    remedy="take the rules from tenantnet.components.session_subnet.network_acl_rules",
)


@with_platform
def _judge_stack(stack: Stack, settings: PackSettings, platform: PlatformOutputs | None) -> Iterator[Finding]:
    yield from _judge_subnets(stack)
    if platform is not None:
        for peering in stack.of_type(PEERING):
            other = stack.targets(peering, "peerVpcId", VPC).found
            if other and not databases_of_move(stack):
                yield peering.refuse(NETWORKS_APART, "peerVpcId", value=other[0].name)
        for route in stack.of_type(ROUTE):
            yield from _judge_route(stack, route, platform)
        for subnet in session_subnets(stack):
            yield from _judge_session(stack, subnet, platform)


@before_creation(ROUTE, NETWORK_ACL, SUBNET)
def _judge_update(
    resource: Resource, stack: Stack, settings: PackSettings, platform: PlatformOutputs
) -> Iterator[Finding]:
    """What a preview did not show; whose tables and peerings they are, only-known-resources judges."""
    if resource.type == NETWORK_ACL:
        yield from _judge_acl(resource, platform)
    elif resource.type == SUBNET and resource.props.get("vpcId") == platform.sessions_vpc_id:
        yield from _judge_cidr(resource, platform)
    elif resource.type == ROUTE:
        yield from _judge_hidden_route(resource, stack, settings, platform)


def _judge_hidden_route(
    route: Resource, stack: Stack, settings: PackSettings, platform: PlatformOutputs
) -> Iterator[Finding]:
    """Where a route may lead that no preview has shown: AWS says by tags whose table it is in."""
    granted, path = granted_claims(stack, settings, platform), "destinationCidrBlock"
    networks = [claim.cidr for claim in granted if claim.kind is ClaimKind.NETWORK]
    sessions = [claim.cidr for claim in granted if claim.kind is ClaimKind.SESSION_SUBNET]
    host, listed = f"{platform.tunnel_host_address}/32", ", ".join(networks) or "none"
    beyond = [host, *sessions, *database_ranges(granted)]
    way, table = route.props.get(path), route.props.get("routeTableId")
    if table == platform.services_route_table_id:
        if way not in networks:
            yield route.refuse(SERVICES_REACH_OWN, path, permitted=listed)
    elif isinstance(table, str) and _part_of(table, settings, platform) != Part.NETWORK:
        if way not in networks:
            yield route.refuse(SESSIONS_REACH_OWN, path, permitted=listed)
    elif way not in beyond and (isinstance(table, str) or way not in networks):
        yield route.refuse(NETWORK_REACHES_OWN, path, sessions=", ".join(sessions) or "none", host=host)


def _part_of(table: str, settings: PackSettings, platform: PlatformOutputs) -> object:
    return settings.reading.tags([table], platform.region).get(table, {}).get(Tag.PART)


def _judge_route(stack: Stack, route: Resource, platform: PlatformOutputs) -> Iterator[Finding]:
    """Whether table, destination and peering belong together; foreign ones are refused as references."""
    table = stack.targets(route, "routeTableId", ROUTE_TABLE).only
    peering = stack.targets(route, "vpcPeeringConnectionId", PEERING).only
    if peering is not None and (other := stack.targets(peering, "peerVpcId", VPC).only):
        yield from _judge_between(stack, route, table, [*stack.targets(peering, "vpcId", VPC).found, other])
        return
    peer = peering.props.get("peerVpcId") if peering else None
    networks, sessions = network_cidrs(stack, peering), session_cidrs(stack)
    host = f"{platform.tunnel_host_address}/32"
    way = (route.props.get("destinationCidrBlock"), peer)
    path, listed = "destinationCidrBlock", ", ".join(networks) or "none"
    if table is not None and table.part == Part.NETWORK:
        permitted = [
            *((each, platform.sessions_vpc_id) for each in sessions),
            (host, platform.services_vpc_id),
        ]
        if way not in permitted or not _is_networks(stack, table, peering):
            yield route.refuse(NETWORK_REACHES_OWN, path, sessions=", ".join(sessions) or "none", host=host)
    elif table is not None:
        if way not in [(each, platform.sessions_vpc_id) for each in networks]:
            yield route.refuse(SESSIONS_REACH_OWN, path, permitted=listed)
    elif way not in [(each, platform.services_vpc_id) for each in networks]:
        yield route.refuse(SERVICES_REACH_OWN, path, permitted=listed)


def _judge_between(
    stack: Stack, route: Resource, table: Resource | None, networks: Sequence[Resource]
) -> Iterator[Finding]:
    """Whether a route through the peering of two networks leads from one to the other one's database."""
    homes = stack.targets(table, "vpcId", VPC).found if table else []
    ranges = databases_of_move(stack)
    others = [each for each in networks if each not in homes] if len(homes) == 1 else []
    permitted = [ranges[slot] for each in others if (slot := each.tags.get(Tag.NETWORK)) in ranges]
    if len(others) != 1 or route.props.get("destinationCidrBlock") not in permitted:
        listed = ", ".join(permitted) or "none"
        yield route.refuse(DATABASES_REACH_EACH_OTHER, "destinationCidrBlock", permitted=listed)


def _is_networks(stack: Stack, table: Resource, peering: Resource | None) -> bool:
    """Whether the table and the peering are of one VPC."""
    return peering is not None and stack.targets(table, "vpcId", VPC) == stack.targets(peering, "vpcId", VPC)


def _judge_subnets(stack: Stack) -> Iterator[Finding]:
    for association in stack.of_type(ROUTE_TABLE_ASSOCIATION):
        subnet = stack.targets(association, "subnetId", SUBNET).only
        table = stack.targets(association, "routeTableId", ROUTE_TABLE).only
        if subnet and table and _place(subnet) != _place(table):
            facts = {"subnet": _tagged(subnet), "table": _tagged(table)}
            yield association.refuse(TABLE_FITS_SUBNET, "routeTableId", value=table.name, **facts)
    for subnet in stack.of_type(SUBNET):
        vpc = stack.targets(subnet, "vpcId", VPC).only
        if not stack.is_platform and subnet.part != (vpc.part if vpc else Part.SESSION):
            facts = {"subnet": _tagged(subnet), "vpc": _tagged(vpc)}
            yield subnet.refuse(SUBNET_FITS_VPC, "tags", value=_tagged(subnet), **facts)


def _judge_session(stack: Stack, subnet: Resource, platform: PlatformOutputs) -> Iterator[Finding]:
    yield from _judge_cidr(subnet, platform)
    associations = [
        each
        for each in stack.of_type(ROUTE_TABLE_ASSOCIATION)
        if stack.targets(each, "subnetId", SUBNET).only == subnet
    ]
    if not associations:
        yield subnet.refuse(SUBNET_HAS_TABLE, "", value=subnet.name)
    acls = [
        acl for acl in stack.of_type(NETWORK_ACL) if subnet in stack.targets(acl, "subnetIds", SUBNET).found
    ]
    if not acls:
        yield subnet.refuse(SUBNET_HAS_ACL, "", value=subnet.name)
    for acl in acls:
        yield from _judge_acl(acl, platform)


def _judge_acl(acl: Resource, platform: PlatformOutputs) -> Iterator[Finding]:
    written = network_acl_rules(platform.sessions_cidr, platform.shared_subnets)
    wanted = _rules([{to_camel(name): value for name, value in rule.items()} for rule in written])
    words = ", then ".join(f"{action} {cidr}" for _, action, _, cidr, *_ in wanted)
    for direction in ("ingress", "egress"):
        if _rules(acl.props.get(direction)) != wanted:
            yield acl.refuse(ACL_DENIES_SESSIONS, direction, permitted=words)


def _judge_cidr(subnet: Resource, platform: PlatformOutputs) -> Iterator[Finding]:
    cidr = subnet.props.get("cidrBlock")
    if isinstance(cidr, Unknown):
        yield subnet.refuse(KNOWN_IN_PREVIEW, "cidrBlock")
    else:
        refusals = addressing.check_session_subnet(cidr, platform.sessions_cidr, platform.shared_subnets)
        yield from (Finding(subnet, refusal.at("cidrBlock")) for refusal in refusals)


def _rules(rules: object) -> Sequence[tuple[object, ...]]:
    """What counts of an ACL's rules, in their order. To AWS an empty value is none."""
    names = ("ruleNo", "action", "protocol", "cidrBlock", "fromPort", "toPort", "ipv6CidrBlock")
    # A rule that is not known yet is none of those wanted.
    listed = [each if isinstance(each, Mapping) else {} for each in rules] if isinstance(rules, list) else []
    read = [tuple(each.get(name) or None for name in (*names, "icmpType", "icmpCode")) for each in listed]
    return sorted(read, key=lambda rule: float(rule[0]) if isinstance(rule[0], int | float) else -1.0)


def _place(resource: Resource) -> tuple[object, object]:
    return resource.part, resource.tags.get(Tag.NETWORK)


def _tagged(resource: Resource | None) -> str:
    if resource is None:
        return "of another stack"
    words = " ".join(str(each) for each in _place(resource) if each)
    return f"tagged {words}" if words else "not tagged"


SESSION_ISOLATION = Policy(
    name="session-isolation",
    description="A tenant's sessions reach that tenant's networks only; nothing else leads between networks.",
    severity=Severity.CRITICAL,
    remediation="Let routes lead as tenantnet.components.service_peering and session_subnet declare them.",
    rules=(
        KNOWN_IN_PREVIEW,
        PLATFORM_READ,
        SESSIONS_REACH_OWN,
        SERVICES_REACH_OWN,
        NETWORK_REACHES_OWN,
        NETWORKS_APART,
        DATABASES_REACH_EACH_OTHER,
        TABLE_FITS_SUBNET,
        SUBNET_HAS_TABLE,
        SUBNET_FITS_VPC,
        SUBNET_HAS_ACL,
        ACL_DENIES_SESSIONS,
        addressing.SESSION_SUBNET_SIZE,
        addressing.SESSION_SUBNET_INSIDE,
    ),
    judge_stack=_judge_stack,
    judge_update=_judge_update,
)

POLICIES = (SESSION_ISOLATION,)
