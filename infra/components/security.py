"""Security groups whose rules are separate resources, each with one allowed peer.

A separate rule can be added and removed without touching the others, and a preview names the peer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import pulumi
import pulumi_aws as aws
from tenantnet.aws.session_documents import MYSQL_PORT
from tenantnet.tags import Owner


class Service(NamedTuple):
    """Protocol, first and last port that a rule lets through; for ICMP type and code, as in EC2's API."""

    protocol: str
    from_port: int
    to_port: int


MYSQL = Service("tcp", MYSQL_PORT, MYSQL_PORT)
HTTPS = Service("tcp", 443, 443)
PING = Service("icmp", 8, -1)


@dataclass(frozen=True, slots=True, kw_only=True)
class SecurityRuleArgs:
    """One peer's permission."""

    owner: Owner
    """The cell or tenant that it belongs to."""
    security_group_id: pulumi.Input[str]
    """The group that the rule is added to."""
    service: Service
    """Protocol and ports."""
    peer_cidr: pulumi.Input[str]
    """The peer's IPv4 range."""
    description: str
    """Who the peer is, as the EC2 console shows it."""


def allow_from(
    name: str, args: SecurityRuleArgs, *, parent: pulumi.Resource
) -> aws.vpc.SecurityGroupIngressRule:
    """Let the peer connect to the group's members."""
    return aws.vpc.SecurityGroupIngressRule(
        name, **_properties(name, args), opts=pulumi.ResourceOptions(parent=parent)
    )


def allow_to(
    name: str, args: SecurityRuleArgs, *, parent: pulumi.Resource
) -> aws.vpc.SecurityGroupEgressRule:
    """Let the group's members connect to the peer."""
    return aws.vpc.SecurityGroupEgressRule(
        name, **_properties(name, args), opts=pulumi.ResourceOptions(parent=parent)
    )


def _properties(name: str, args: SecurityRuleArgs) -> dict[str, Any]:
    return {
        "security_group_id": args.security_group_id,
        "cidr_ipv4": args.peer_cidr,
        "ip_protocol": args.service.protocol,
        "from_port": args.service.from_port,
        "to_port": args.service.to_port,
        "description": args.description,
        "tags": args.owner.tags(name),
    }
