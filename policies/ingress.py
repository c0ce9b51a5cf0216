"""The policy on who reaches the database: the tenant's sessions, the tunnel host, its companies."""

from __future__ import annotations

from collections.abc import Iterator

from tenantnet.aws.session_documents import MYSQL_PORT
from tenantnet.aws.types import (
    DATABASE,
    DEFAULT_SECURITY_GROUP,
    INGRESS_RULE,
    SECURITY_GROUP,
    SECURITY_GROUP_RULE,
)
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
from tenantnet.policies.places import company_cidrs, is_services_host, session_cidrs
from tenantnet.refusal import Rule
from tenantnet.tags import Part, Tag

ONE_SECURITY_GROUP = Rule(
    id="one-security-group",
    rule="a database has one security group, this stack's own, tagged tenantnet:part=database",
    reason="{problem}",
    remedy="set vpc_security_group_ids to that group alone",
)
RULES_APART = Rule(
    id="rules-apart",
    rule="each rule of a security group is a separate resource with one peer",
    reason="rules in {what} are neither checked nor shown one by one in a preview",
    remedy="declare an aws.vpc.SecurityGroupIngressRule or SecurityGroupEgressRule for each peer",
)
MYSQL_ONLY = Rule(
    id="mysql-only",
    rule=f"a database is reached at TCP port {MYSQL_PORT} only",
    reason="nothing else listens there for anybody, and {given} is let through",
    remedy=f'set ip_protocol="tcp", from_port={MYSQL_PORT}, to_port={MYSQL_PORT}',
)
OWN_GROUP = Rule(
    id="own-security-group",
    rule="a rule belongs to a security group of the same stack",
    reason="in another stack's group it would let this tenant's peers in there",
    remedy="add the rule to this stack's own group",
)
EXACT_PEER = Rule(
    id="exact-peer",
    rule="a database's peers are the tenant's sessions ({sessions}), the tunnel host (one address of the "
    "services network) and the companies of its own network's VPN connections ({companies})",
    reason="nobody else needs the database",
    remedy="remove the rule, or name exactly one of these ranges",
)


def _judge_groups(resource: Resource, _: PackSettings) -> Iterator[Finding]:
    if resource.type == SECURITY_GROUP_RULE:
        yield resource.refuse(RULES_APART, "", value=resource.type, what="the older kind of rule")
    if resource.type in (SECURITY_GROUP, DEFAULT_SECURITY_GROUP):
        for path in ("ingress", "egress"):
            if resource.props.get(path):
                yield resource.refuse(RULES_APART, path, what="the group itself")
    if resource.type == DATABASE:
        groups = resource.props.get("vpcSecurityGroupIds")
        if not isinstance(groups, Unknown) and not (isinstance(groups, list) and len(groups) == 1):
            problem = "every further group lets further peers in, and without any RDS takes the VPC's default"
            yield resource.refuse(ONE_SECURITY_GROUP, "vpcSecurityGroupIds", problem=problem)


def _judge_ingress(stack: Stack, settings: PackSettings) -> Iterator[Finding]:
    for database in stack.of_type(DATABASE):
        groups = stack.targets(database, "vpcSecurityGroupIds", SECURITY_GROUP)
        if len(groups.found) + len(groups.foreign) != 1:
            continue  # judged by the inputs already
        if groups.only is None or groups.only.part != Part.DATABASE:
            named = [group.name for group in groups.found] + [str(group) for group in groups.foreign]
            problem = f"it has {', '.join(named) or 'none'}"
            yield database.refuse(ONE_SECURITY_GROUP, "vpcSecurityGroupIds", problem=problem)
    for rule in stack.of_type(INGRESS_RULE):
        group = stack.targets(rule, "securityGroupId", SECURITY_GROUP).only
        if group is None:
            given = str(rule.props.get("securityGroupId"))
            yield rule.refuse(OWN_GROUP, "securityGroupId", value=given)
        elif group.part == Part.DATABASE:
            yield from _judge_rule(stack, rule, group, settings)


def _judge_rule(stack: Stack, rule: Resource, group: Resource, settings: PackSettings) -> Iterator[Finding]:
    service = (rule.props.get("ipProtocol"), rule.props.get("fromPort"), rule.props.get("toPort"))
    if service not in (("tcp", MYSQL_PORT, MYSQL_PORT), ("6", MYSQL_PORT, MYSQL_PORT)):
        given = f"protocol {service[0]}, ports {service[1]} to {service[2]}"
        yield rule.refuse(MYSQL_ONLY, "ipProtocol", given=given)
    sessions = session_cidrs(stack)
    companies = company_cidrs(stack, group.tags.get(Tag.NETWORK))
    peer = rule.props.get("cidrIpv4")
    if peer not in (*sessions, *companies) and not is_services_host(peer, settings):
        yield rule.refuse(
            EXACT_PEER,
            "cidrIpv4",
            sessions=", ".join(sessions) or "none",
            companies=", ".join(companies) or "none",
        )


DATABASE_INGRESS_EXACT = Policy(
    name="database-ingress-exact",
    description="A database lets in the tenant's sessions, the tunnel host and its companies, nobody else.",
    severity=Severity.CRITICAL,
    remediation="Name each peer's exact range in its own rule.",
    rules=(EXACT_PEER, MYSQL_ONLY, OWN_GROUP, ONE_SECURITY_GROUP, RULES_APART, KNOWN_IN_PREVIEW),
    judge_resource=_judge_groups,
    judge_stack=_judge_ingress,
    schema=RESERVED_RANGES_SCHEMA,
)

POLICIES = (DATABASE_INGRESS_EXACT,)
