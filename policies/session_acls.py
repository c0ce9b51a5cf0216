"""The network ACLs before session subnets, which keep apart what no route can: sessions of several tenants.

Which exceptions a platform makes is for its settings to say: an ACL is held to be right that denies the
sessions network before it allows anything as wide.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from netaddr import AddrFormatError
from tenantnet.addresses import addressing
from tenantnet.aws.types import NETWORK_ACL, NETWORK_ACL_PARTS, SUBNET
from tenantnet.policies.model import Finding, Resource, Stack, Unknown
from tenantnet.policies.places import session_subnets
from tenantnet.refusal import Rule

EVERY_PROTOCOL = ("-1", "all")

SUBNET_HAS_ACL = Rule(
    id="subnet-has-acl",
    rule="a session subnet has its own network ACL",
    reason="with the VPC's default one every tenant's sessions reach it: nobody can remove their route",
    remedy="declare an aws.ec2.NetworkAcl for it, as tenantnet.components.session_subnet does",
)
ACL_DENIES_SESSIONS = Rule(
    id="acl-denies-sessions",
    rule="in either direction, a session subnet's network ACL denies the sessions network before it allows "
    "as much or more",
    reason="of several rules the one with the lowest number counts, and {problem}",
    remedy="deny the range of the sessions network, for all protocols, with a lower number",
)
ACL_WHOLE = Rule(
    id="acl-whole",
    rule="a network ACL lists its rules and its subnets itself, and a VPC's default one stays as it is",
    reason="what a {kind} changes does not show in the ACL of a session subnet",
    remedy="declare rules and subnets in the aws.ec2.NetworkAcl of the session subnet",
)
RULES = (SUBNET_HAS_ACL, ACL_DENIES_SESSIONS, ACL_WHOLE)


def judge_acl_parts(resource: Resource) -> Iterator[Finding]:
    """Whether the resource changes an ACL from elsewhere."""
    if resource.type in NETWORK_ACL_PARTS:
        yield resource.refuse(ACL_WHOLE, "", value=resource.type, kind=resource.type.rpartition(":")[2])


def judge_acls(stack: Stack) -> Iterator[Finding]:
    """Whether every session subnet of the stack has an ACL that keeps other sessions out."""
    for subnet in session_subnets(stack):
        acls = [
            acl
            for acl in stack.of_type(NETWORK_ACL)
            if subnet.urn in {each.urn for each in stack.targets(acl, "subnetIds", SUBNET).found}
        ]
        if not acls:
            yield subnet.refuse(SUBNET_HAS_ACL, "", value=subnet.name)
        for acl in acls:
            for direction in ("ingress", "egress"):
                if problem := _opening(acl.props.get(direction), subnet.props.get("cidrBlock")):
                    yield acl.refuse(ACL_DENIES_SESSIONS, direction, problem=problem)


def _opening(rules: object, subnet_cidr: object) -> str:
    """What may let other sessions through in one direction; empty if nothing does."""
    listed = [rule for rule in rules if isinstance(rule, Mapping)] if isinstance(rules, list) else []
    if not all(isinstance(rule.get("ruleNo"), int | float) for rule in listed):
        return "the number of one is not known yet"
    for rule in sorted(listed, key=lambda rule: float(rule["ruleNo"])):
        if not _is_about(rule, subnet_cidr):
            continue
        if rule.get("action") != "deny":
            return f"rule {rule['ruleNo']:g} allows {rule.get('cidrBlock')} first"
        if rule.get("protocol") in EVERY_PROTOCOL:
            return ""
    return "none denies it"


def _is_about(rule: Mapping[str, object], subnet_cidr: object) -> bool:
    """Whether the rule is about all of the subnet, as one about the whole sessions network is."""
    try:
        return addressing.contains(str(rule.get("cidrBlock")), str(subnet_cidr))
    except AddrFormatError:
        # One for IPv6; or not known yet, and then it is not one that denies.
        return isinstance(rule.get("cidrBlock"), Unknown) and rule.get("action") != "deny"
