"""Security groups whose rules are separate resources, each with one allowed peer.

A separate rule can be added and removed without touching the others, and a preview names the peer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import pulumi
import pulumi_aws as aws
from tenantnet.addresses.addressing import check_range
from tenantnet.aws.descriptions import ec2_description
from tenantnet.aws.session_documents import MYSQL_PORT
from tenantnet.components.checked import known, require
from tenantnet.settings.checks import check_description
from tenantnet.tags import Owner, Part


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
    """One peer's permission. Raises Refused for what is no IPv4 range or no description."""

    owner: Owner
    """The cell or tenant that it belongs to."""
    security_group_id: pulumi.Input[str]
    """The group that the rule is added to."""
    service: Service
    """Protocol and ports."""
    peer_cidr: pulumi.Input[str]
    """The peer's IPv4 range."""
    description: str
    """Who the peer is, in any characters: the EC2 console shows what EC2 takes of it, a tag the original."""

    def __post_init__(self) -> None:
        require(
            f"The security rule of {self.owner.prefix}",
            self.owner,
            {
                "peer_cidr": known(check_range, self.peer_cidr),
                "description": check_description(self.description),
            },
        )


def security_group(
    name: str,
    *,
    owner: Owner,
    part: Part,
    vpc_id: pulumi.Input[str],
    description: str,
    parent: pulumi.Resource,
) -> pulumi.Output[str]:
    """Declare a group without rules; its id.

    part: the place that its members have. description: what they are, in any characters.
    """
    return aws.ec2.SecurityGroup(
        name,
        name=name,
        description=ec2_description(f"{owner.prefix}: {description}", otherwise=name),
        vpc_id=vpc_id,
        tags=owner.tags(name, part=part),
        opts=fixed_description(parent),
    ).id


def private_host(kms_key_arn: pulumi.Input[str]) -> dict[str, Any]:
    """The properties that every host has: no public address, and an encrypted disk."""
    return {
        "associate_public_ip_address": False,
        "metadata_options": {"http_tokens": "required", "http_endpoint": "enabled"},
        "root_block_device": {
            "encrypted": True,
            "kms_key_id": kms_key_arn,
            "volume_size": 8,
            "volume_type": "gp3",
        },
    }


def fixed_description(parent: pulumi.Resource) -> pulumi.ResourceOptions:
    """For a description in words of ours: a deployed resource keeps the one it has.

    EC2 changes no group's description, so that other words would replace the group and all that is in it.
    """
    return pulumi.ResourceOptions(parent=parent, ignore_changes=["description"])


def allow_from(
    name: str, args: SecurityRuleArgs, opts: pulumi.ResourceOptions
) -> aws.vpc.SecurityGroupIngressRule:
    """Let the peer connect to the group's members."""
    return aws.vpc.SecurityGroupIngressRule(name, **rule_properties(name, args), opts=opts)


def allow_to(
    name: str, args: SecurityRuleArgs, opts: pulumi.ResourceOptions
) -> aws.vpc.SecurityGroupEgressRule:
    """Let the group's members connect to the peer."""
    return aws.vpc.SecurityGroupEgressRule(name, **rule_properties(name, args), opts=opts)


def rule_properties(name: str, args: SecurityRuleArgs) -> dict[str, Any]:
    """What a rule of that name is declared with, in the provider's words."""
    description = ec2_description(args.description, otherwise=name)
    original = None if description == args.description else args.description
    return {
        "security_group_id": args.security_group_id,
        "cidr_ipv4": args.peer_cidr,
        "ip_protocol": args.service.protocol,
        "from_port": args.service.from_port,
        "to_port": args.service.to_port,
        "description": description,
        "tags": args.owner.tags(name, description=original),
    }
