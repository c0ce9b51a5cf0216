"""The policy on who reaches what: a group lets in exactly those that its component does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tenantnet.addresses import addressing
from tenantnet.addresses.companies import refuse_company
from tenantnet.aws.types import DATABASE, EGRESS_RULE, INGRESS_RULE, SECURITY_GROUP
from tenantnet.components.security import HTTPS, MYSQL, PING, Service
from tenantnet.failure import Failure
from tenantnet.policies.model import (
    KNOWN_IN_PREVIEW,
    PLATFORM_READ,
    RESERVED_RANGES_SCHEMA,
    Finding,
    PackSettings,
    Policy,
    Resource,
    Severity,
    Stack,
    Unknown,
    before_creation,
    unread,
    with_platform,
)
from tenantnet.policies.places import (
    company_cidrs,
    database_ranges,
    databases_of_move,
    granted_claims,
    session_cidrs,
)
from tenantnet.refusal import Rule
from tenantnet.stacks.outputs import PlatformOutputs
from tenantnet.tags import Part, Tag

ONE_SECURITY_GROUP = Rule(
    id="one-security-group",
    rule="a database has one security group",
    reason="every further group lets further peers in, and without any RDS takes the VPC's default",
    remedy="set vpc_security_group_ids to the network's database group alone",
)
SERVICE_EXACT = Rule(
    id="service-exact",
    rule="the group of a {part} lets through {permitted} only",
    reason="nothing else there is for anybody, and {given} is let through",
    remedy="set ip_protocol, from_port and to_port to that",
)
EXACT_PEER = Rule(
    id="exact-peer",
    rule="peers of a {part} are {permitted}",
    reason="nobody else needs it",
    remedy="remove the rule, or name exactly one of these ranges",
)
PORTS = ("ipProtocol", "fromPort", "toPort")
SERVICE_WORDS = {MYSQL: "TCP port 3306 (MySQL)", HTTPS: "TCP port 443 (HTTPS)", PING: "ping"}


def _judge_groups(resource: Resource, _: PackSettings) -> Iterator[Finding]:
    if resource.type == DATABASE:
        groups = resource.props.get("vpcSecurityGroupIds")
        if not isinstance(groups, Unknown) and not (isinstance(groups, list) and len(groups) == 1):
            yield resource.refuse(ONE_SECURITY_GROUP, "vpcSecurityGroupIds")


@with_platform
def _judge_stack(stack: Stack, settings: PackSettings, platform: PlatformOutputs | None) -> Iterator[Finding]:
    for rule in stack.of_type(INGRESS_RULE, EGRESS_RULE):
        for group in stack.targets(rule, "securityGroupId", SECURITY_GROUP).found:
            part = str(group.part or "group without tenantnet:part")
            yield from _judge_rule(rule, part, _permitted(stack, rule, group, settings, platform))


@before_creation(INGRESS_RULE, EGRESS_RULE)
def _judge_update(
    rule: Resource, stack: Stack, settings: PackSettings, platform: PlatformOutputs
) -> Iterator[Finding]:
    """What a preview did not show: its group is the stack's own, but which one is not known here.

    Companies' routes are declared after it; so what no other tenant has is taken for a company.
    """
    given, peer = tuple(rule.props.get(path) for path in PORTS), rule.props.get("cidrIpv4")
    granted = granted_claims(stack, settings, platform)
    databases = database_ranges(granted)
    if rule.type == EGRESS_RULE:
        yield from _judge_rule(rule, "group of a tenant", [(MYSQL, databases)])
        return
    if given not in (tuple(MYSQL), tuple(PING)):
        yield _refuse_service(rule, "group of a tenant", (MYSQL, PING), given)
    own = [f"{platform.tunnel_host_address}/32", *(claim.cidr for claim in granted), *databases]
    claims = settings.reading.ranges(platform.cell, platform.region).claims
    others = addressing.check_company_cidr(peer, settings.reserved) or [
        *refuse_company(str(peer), stack.name, "cidrIpv4", claims)
    ]
    if peer not in own and others:
        permitted = ", ".join([*own, "what no other tenant has"])
        yield rule.refuse(EXACT_PEER, "cidrIpv4", part="group of a tenant", permitted=permitted)


def _judge_any_update(rule: Resource, stack: Stack, settings: PackSettings) -> Iterator[Finding]:
    if not stack.is_platform:
        yield from _judge_update(rule, stack, settings)
    elif rule.type in (INGRESS_RULE, EGRESS_RULE):
        try:
            yield from _judge_platforms_update(rule, settings)
        except Failure as failure:
            yield unread(rule, stack.name, failure)


def _judge_platforms_update(rule: Resource, settings: PackSettings) -> Iterator[Finding]:
    """What its group is for, AWS says by tags: a rule is created before the platform is judged whole."""
    group = str(rule.props.get("securityGroupId"))
    found = settings.reading.tags([group], rule.region).get(group, {}).get(Tag.PART)
    parts = [found] if found else [Part.TUNNEL_HOST, Part.ENDPOINTS]
    permitted = [each for part in parts for each in _permitted_in_platform(rule, part, settings)]
    yield from _judge_rule(rule, " or ".join(parts), permitted)


Peers = Sequence[tuple[Service, Sequence[str]]]


def _permitted(
    stack: Stack, rule: Resource, group: Resource, settings: PackSettings, platform: PlatformOutputs | None
) -> Peers:
    """Which services the group's component lets through, and for which peers."""
    if platform is not None:
        companies = company_cidrs(stack, group.tags.get(Tag.NETWORK))
        host = f"{platform.tunnel_host_address}/32"
        if group.part == Part.DATABASE:
            ranges = databases_of_move(stack)
            other = [cidr for slot, cidr in ranges.items() if slot != group.tags.get(Tag.NETWORK)]
            if rule.type == EGRESS_RULE:
                return [(MYSQL, other)]
            return [(MYSQL, [*session_cidrs(stack), host, *companies, *other])]
        if rule.type == EGRESS_RULE:
            return []
        return [(PING, companies)] if group.part == Part.PING_HOST else []
    return _permitted_in_platform(rule, group.part, settings)


def _permitted_in_platform(rule: Resource, part: object, settings: PackSettings) -> Peers:
    services = [entry.cidr for entry in settings.reserved if entry.purpose == addressing.SERVICES]
    peer = rule.props.get("cidrIpv4")
    near = [str(peer)] if any(_is_inside(peer, cidr) for cidr in services) else []
    if rule.type == INGRESS_RULE:
        return [(HTTPS, near)] if part == Part.ENDPOINTS else []
    private = list(map(str, addressing.PRIVATE_RANGES))
    return [(MYSQL, private), (HTTPS, near)] if part == Part.TUNNEL_HOST else []


def _is_inside(cidr: object, around: str) -> bool:
    return not addressing.check_private_cidr(cidr) and addressing.contains(around, str(cidr))


def _judge_rule(rule: Resource, part: str, permitted: Peers) -> Iterator[Finding]:
    given = tuple(rule.props.get(path) for path in PORTS)
    peers = [peer for service, each in permitted if given == tuple(service) for peer in each]
    if not any(given == tuple(service) for service, _ in permitted):
        yield _refuse_service(rule, part, [service for service, _ in permitted], given)
    elif rule.props.get("cidrIpv4") not in peers:
        yield rule.refuse(EXACT_PEER, "cidrIpv4", part=part, permitted=", ".join(peers) or "none")


def _refuse_service(
    rule: Resource, part: str, permitted: Sequence[Service], given: tuple[object, ...]
) -> Finding:
    services = " or ".join(SERVICE_WORDS[service] for service in permitted) or "nothing"
    words = f"protocol {given[0]}, ports {given[1]} to {given[2]}"
    return rule.refuse(SERVICE_EXACT, "ipProtocol", part=part, permitted=services, given=words)


INGRESS_EXACT = Policy(
    name="database-ingress-exact",
    description="A database lets in the tenant's sessions, the tunnel host and its companies, nobody else; "
    "in a move by live also the database that follows it.",
    severity=Severity.CRITICAL,
    remediation="Name each peer's exact range in its own rule.",
    rules=(EXACT_PEER, SERVICE_EXACT, ONE_SECURITY_GROUP, PLATFORM_READ, KNOWN_IN_PREVIEW),
    judge_resource=_judge_groups,
    judge_stack=_judge_stack,
    judge_update=_judge_any_update,
    schema=RESERVED_RANGES_SCHEMA,
)

POLICIES = (INGRESS_EXACT,)
