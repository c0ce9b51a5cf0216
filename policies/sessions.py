"""The policy on isolation: a tenant's sessions reach that tenant's networks, and nothing reaches beyond.

Peering does not lead through a VPN gateway, and AWS adds no route of its own; so what the route tables say is
what can be reached. Every route, and everything else that could join two networks, is judged.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tenantnet.addresses import addressing
from tenantnet.aws.types import (
    DEFAULT_ROUTE_TABLE,
    MAIN_ROUTE_TABLE_ASSOCIATION,
    PEERING,
    ROUTE,
    ROUTE_PROPAGATION,
    ROUTE_TABLE,
    ROUTE_TABLE_ASSOCIATION,
    SUBNET,
    VPC,
    VPN_CONNECTION,
    VPN_GATEWAY,
    VPN_GATEWAY_ATTACHMENT,
)
from tenantnet.policies import session_acls
from tenantnet.policies.model import (
    KNOWN_IN_PREVIEW,
    RESERVED_RANGES_SCHEMA,
    Finding,
    PackSettings,
    Policy,
    Resource,
    Severity,
    Stack,
    Unknown,
)
from tenantnet.policies.places import (
    company_cidrs,
    is_network,
    is_services_host,
    network_cidrs,
    session_cidrs,
    session_subnets,
    texts,
)
from tenantnet.policies.session_acls import judge_acl_parts, judge_acls
from tenantnet.refusal import Rule
from tenantnet.tags import Part, Tag

# What joins networks beside peering and VPN; none of it can be judged by routes.
JOINING_TYPES = (
    "aws:ec2transitgateway/",
    "aws:networkmanager/",
    "aws:vpclattice/",
    "aws:directconnect/",
    "aws:ram/",
    "aws:ec2/vpcEndpointService:",
    "aws:ec2/vpcPeeringConnectionAccepter:",
    MAIN_ROUTE_TABLE_ASSOCIATION,
)
JOINING_TARGETS = (
    "transitGatewayId",
    "coreNetworkArn",
    "localGatewayId",
    "networkInterfaceId",
    "vpcEndpointId",
    "destinationPrefixListId",
)

ONLY_PEERING_AND_VPN = Rule(
    id="only-peering-and-vpn",
    rule="networks are joined by peerings and by VPN connections to a VPN gateway, and by nothing else",
    reason="what {what} lets through does not show in the routes of this stack",
    remedy="remove it",
)
ROUTES_APART = Rule(
    id="routes-apart",
    rule="routes are separate resources: a route table sets no {property}",
    reason="a table that lists its routes removes those of other stacks, and hides which peering they use",
    remedy="declare an aws.ec2.Route or VpnGatewayRoutePropagation for each, and remove {property}",
)
TABLE_TAGGED = Rule(
    id="table-tagged",
    rule="a route is in a table that is tagged tenantnet:part=network or tenantnet:part=session",
    reason="the tag says whose traffic the table routes, and {table} is tagged {part}",
    remedy="tag the table with what it is for",
)
SESSIONS_REACH_OWN = Rule(
    id="sessions-reach-own",
    rule="sessions and services are led to this tenant's networks only: {permitted}",
    reason="whatever else the route leads to would be in reach of sessions, this tenant's or others'",
    remedy="remove the route, or name one of these ranges",
)
NETWORK_REACHES_OWN = Rule(
    id="network-reaches-own",
    rule="a network leads to the tenant's sessions ({sessions}), to a host of the services network, "
    "and to the companies of its own VPN connections ({companies})",
    reason="any other destination is a network that has nothing to do with this tenant",
    remedy="remove the route, or name one of these ranges",
)
OWN_PEERING = Rule(
    id="own-peering",
    rule="a route leads through a peering or VPN gateway of this stack",
    reason="{what} belongs to another stack, and where it leads cannot be seen",
    remedy="use the peering that this stack declares for the network",
)
OTHER_TENANTS_TABLE = Rule(
    id="other-tenants-table",
    rule="in the sessions VPC, a tenant's routes are in that tenant's own table",
    reason="the table is not of this stack: its sessions are another tenant's, and they would reach this one",
    remedy="put the route into the table of this tenant's session subnet",
)
PEERED_FROM_NETWORK = Rule(
    id="peered-from-network",
    rule="a peering joins a network of this tenant with the sessions or the services VPC",
    reason="{problem}",
    remedy="peer this stack's networks with those two VPCs only",
)
VPN_FROM_NETWORK = Rule(
    id="vpn-from-network",
    rule="a company is connected to a network of this tenant: {property} is this stack's own",
    reason="through a VPN gateway anywhere else, companies would reach sessions, services or other tenants",
    remedy="attach it to the tenant's network",
)
PROPAGATED_IN_NETWORK = Rule(
    id="propagated-in-network",
    rule="a VPN gateway propagates routes to a table of a tenant network of this stack only",
    reason="in any other table sessions or services would be led to companies",
    remedy="propagate to the network's own table",
)
TABLE_FITS_SUBNET = Rule(
    id="table-fits-subnet",
    rule="a subnet uses a table of this stack with the same tenantnet:part",
    reason="the subnet is {subnet}, the table {table}: its traffic would be routed as another tenant's",
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
    rule="a subnet's tenantnet:part is its VPC's; in a VPC of another stack it is session",
    reason="the subnet is {subnet}, its VPC {vpc}: its traffic would be checked as another tenant's",
    remedy="tag the subnet with what it is for",
)


def _judge_resource(resource: Resource, settings: PackSettings) -> Iterator[Finding]:
    yield from judge_acl_parts(resource)
    if resource.type.startswith(JOINING_TYPES):
        yield resource.refuse(ONLY_PEERING_AND_VPN, "", value=resource.type, what="it")
    if resource.type in (ROUTE_TABLE, DEFAULT_ROUTE_TABLE):
        for path in ("routes", "propagatingVgws"):
            if resource.props.get(path):
                yield resource.refuse(ROUTES_APART, path, property=path)
    for path in _joining_targets(resource):
        if resource.props.get(path) is not None:
            yield resource.refuse(ONLY_PEERING_AND_VPN, path, what=f"a resource with {path}")
    if resource.type == SUBNET and resource.part == Part.SESSION:
        yield from _judge_session_cidr(resource, settings)


def _joining_targets(resource: Resource) -> tuple[str, ...]:
    targets = {
        ROUTE: JOINING_TARGETS,
        ROUTE_TABLE_ASSOCIATION: ("gatewayId",),
        VPN_CONNECTION: ("transitGatewayId",),
        PEERING: ("peerOwnerId", "peerRegion"),
    }
    return targets.get(resource.type, ())


def _judge_session_cidr(subnet: Resource, settings: PackSettings) -> Iterator[Finding]:
    cidr = subnet.props.get("cidrBlock")
    if isinstance(cidr, Unknown):
        yield subnet.refuse(KNOWN_IN_PREVIEW, "cidrBlock")
        return
    verdicts = [
        addressing.check_session_subnet(cidr, entry.cidr)
        for entry in settings.reserved
        if entry.purpose == addressing.SESSIONS
    ]
    if all(verdicts):
        yield from (Finding(subnet, refusal.at("cidrBlock")) for refusal in verdicts[0])


def _judge_stack(stack: Stack, settings: PackSettings) -> Iterator[Finding]:
    for route in stack.of_type(ROUTE):
        yield from _judge_route(stack, route, settings)
    for propagation in stack.of_type(ROUTE_PROPAGATION):
        table = stack.targets(propagation, "routeTableId", ROUTE_TABLE).only
        if table is None or table.part != Part.NETWORK:
            yield propagation.refuse(PROPAGATED_IN_NETWORK, "routeTableId", value=_name(table, propagation))
    yield from _judge_peerings(stack)
    yield from _judge_vpn(stack)
    yield from _judge_subnets(stack)
    yield from judge_acls(stack)


def _judge_route(stack: Stack, route: Resource, settings: PackSettings) -> Iterator[Finding]:
    table = stack.targets(route, "routeTableId", ROUTE_TABLE, DEFAULT_ROUTE_TABLE).only
    part = Part.SERVICES if table is None else table.part
    destination = route.props.get("destinationCidrBlock")
    yield from _judge_way(stack, route, table)
    if part == Part.NETWORK:
        slot = table.tags.get(Tag.NETWORK) if table else None
        sessions, companies = session_cidrs(stack), company_cidrs(stack, slot)
        if destination not in (*sessions, *companies) and not is_services_host(destination, settings):
            yield route.refuse(
                NETWORK_REACHES_OWN,
                "destinationCidrBlock",
                sessions=_listed(sessions),
                companies=_listed(companies),
            )
    elif part in (Part.SESSION, Part.SESSIONS, Part.SERVICES):
        if destination not in (permitted := network_cidrs(stack)):
            yield route.refuse(SESSIONS_REACH_OWN, "destinationCidrBlock", permitted=_listed(permitted))
    else:
        name = _name(table, route)
        yield route.refuse(TABLE_TAGGED, "routeTableId", value=name, table=name, part=part or "nothing")


def _judge_way(stack: Stack, route: Resource, table: Resource | None) -> Iterator[Finding]:
    """What the route leads through: its peering or, in a network's table, the network's VPN gateway."""
    peering = stack.targets(route, "vpcPeeringConnectionId", PEERING).only
    gateway = stack.targets(route, "gatewayId", VPN_GATEWAY).only
    if gateway and table and table.part == Part.NETWORK:
        return
    if peering is None:
        path = "gatewayId" if "gatewayId" in route.props else "vpcPeeringConnectionId"
        yield route.refuse(OWN_PEERING, path, what=str(route.props.get(path)))
    elif table is None and peering.props.get("peerVpcId") in _session_vpcs(stack):
        yield route.refuse(OTHER_TENANTS_TABLE, "routeTableId")


def _session_vpcs(stack: Stack) -> Sequence[str]:
    return texts(session_subnets(stack), "vpcId")


def _judge_peerings(stack: Stack) -> Iterator[Finding]:
    sessions = _session_vpcs(stack)
    peers = texts(stack.of_type(PEERING), "peerVpcId")
    others = [peer for peer in peers if peer not in sessions]
    for peering in stack.of_type(PEERING):
        vpc = stack.targets(peering, "vpcId", VPC).only
        if vpc is None or not is_network(vpc):
            problem = f"{_name(vpc, peering)} is not a network of this stack"
            yield peering.refuse(PEERED_FROM_NETWORK, "vpcId", value=_name(vpc, peering), problem=problem)
        if isinstance(peering.props.get("peerVpcId"), Unknown):
            yield peering.refuse(KNOWN_IN_PREVIEW, "peerVpcId")
        elif peering.props.get("peerVpcId") in others and len(others) > 1:
            problem = f"beside the sessions VPC there is one services VPC, and here are {_listed(others)}"
            yield peering.refuse(PEERED_FROM_NETWORK, "peerVpcId", problem=problem)


def _judge_vpn(stack: Stack) -> Iterator[Finding]:
    for gateway in stack.of_type(VPN_GATEWAY, VPN_GATEWAY_ATTACHMENT):
        vpc = stack.targets(gateway, "vpcId", VPC).only
        if vpc is None or not is_network(vpc):
            yield gateway.refuse(VPN_FROM_NETWORK, "vpcId", value=_name(vpc, gateway), property="vpcId")
    for connection in stack.of_type(VPN_CONNECTION):
        if stack.targets(connection, "vpnGatewayId", VPN_GATEWAY).only is None:
            yield connection.refuse(
                VPN_FROM_NETWORK,
                "vpnGatewayId",
                value=str(connection.props.get("vpnGatewayId")),
                property="vpnGatewayId",
            )


def _judge_subnets(stack: Stack) -> Iterator[Finding]:
    associated = set()
    for association in stack.of_type(ROUTE_TABLE_ASSOCIATION):
        subnet = stack.targets(association, "subnetId", SUBNET).only
        table = stack.targets(association, "routeTableId", ROUTE_TABLE).only
        associated.add(subnet.urn if subnet else "")
        if subnet is None or table is None or subnet.part != table.part:
            yield association.refuse(
                TABLE_FITS_SUBNET,
                "routeTableId",
                value=_name(table, association),
                subnet=_part(subnet),
                table=_part(table),
            )
    for subnet in stack.of_type(SUBNET):
        vpc = stack.targets(subnet, "vpcId", VPC).only
        if subnet.part != (vpc.part if vpc else Part.SESSION):
            vpc_part = _part(vpc)
            yield subnet.refuse(
                SUBNET_FITS_VPC, "tags", value=_part(subnet), subnet=_part(subnet), vpc=vpc_part
            )
        if subnet.part == Part.SESSION and subnet.urn not in associated:
            yield subnet.refuse(SUBNET_HAS_TABLE, "", value=subnet.name)


def _part(resource: Resource | None) -> str:
    if resource is None:
        return "of another stack"
    return f"tagged {resource.part}" if resource.part else "not tagged"


def _name(resource: Resource | None, user: Resource) -> str:
    return resource.name if resource else f"what {user.name} names"


def _listed(values: Sequence[str]) -> str:
    return ", ".join(values) or "none"


SESSION_ISOLATION = Policy(
    name="session-isolation",
    description="A tenant's sessions reach that tenant's networks only; nothing else leads between networks.",
    severity=Severity.CRITICAL,
    remediation="Let routes lead as tenantnet.components.service_peering and session_subnet declare them.",
    rules=(
        KNOWN_IN_PREVIEW,
        SESSIONS_REACH_OWN,
        NETWORK_REACHES_OWN,
        OTHER_TENANTS_TABLE,
        OWN_PEERING,
        PEERED_FROM_NETWORK,
        VPN_FROM_NETWORK,
        PROPAGATED_IN_NETWORK,
        ONLY_PEERING_AND_VPN,
        ROUTES_APART,
        TABLE_TAGGED,
        TABLE_FITS_SUBNET,
        SUBNET_HAS_TABLE,
        SUBNET_FITS_VPC,
        *session_acls.RULES,
        addressing.SESSION_SUBNET_SIZE,
        addressing.SESSION_SUBNET_INSIDE,
    ),
    judge_resource=_judge_resource,
    judge_stack=_judge_stack,
    schema=RESERVED_RANGES_SCHEMA,
)

POLICIES = (SESSION_ISOLATION,)
