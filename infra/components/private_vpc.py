"""A VPC without a way to the internet: its own default security group closed, its traffic logged."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws
from tenantnet.addresses.addressing import check_private_cidr
from tenantnet.components.checked import require
from tenantnet.tags import Owner, Part

LOG_RETENTION_DAYS = 90
FLOW_LOG_STATEMENTS = [
    {
        "Effect": "Allow",
        "Action": [
            "logs:CreateLogStream",
            "logs:PutLogEvents",
            "logs:DescribeLogGroups",
            "logs:DescribeLogStreams",
        ],
        "Resource": "*",
    }
]


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivateVpcArgs:
    """What a VPC is for, and its range. Raises Refused for a range that is not private."""

    owner: Owner
    """The cell or tenant that it belongs to."""
    part: Part
    """What it is for; the policies tell routes apart by it."""
    cidr: str
    """Its only IPv4 range."""
    kms_key_arn: pulumi.Input[str]
    """The key that encrypts its flow logs."""
    flow_log_role_arn: pulumi.Input[str]
    """The role that VPC flow logs are written with."""

    def __post_init__(self) -> None:
        require(f"The VPC of {self.owner.prefix}", self.owner, {"cidr": check_private_cidr(self.cidr)})


class PrivateVpc(pulumi.ComponentResource):
    """A VPC that nothing reaches by default."""

    id: pulumi.Output[str]
    """The VPC's ID, known once its default security group is closed."""

    def __init__(self, name: str, args: PrivateVpcArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tenantnet:index:PrivateVpc", name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        vpc = aws.ec2.Vpc(
            name,
            cidr_block=args.cidr,
            enable_dns_support=True,
            enable_dns_hostnames=True,
            tags=args.owner.tags(name, part=args.part),
            # The engine deletes a claim after a replaced VPC only where that itself depends on it.
            opts=pulumi.ResourceOptions(parent=self, depends_on=opts.depends_on if opts else None),
        )
        # Without rules of its own, AWS's default group lets all its members talk to each other and out.
        aws.ec2.DefaultSecurityGroup(
            f"{name}-default",
            vpc_id=vpc.id,
            tags=args.owner.tags(f"{name}-default"),
            opts=child,
        )
        self._log_flows(name, args, vpc.id)
        self.id = vpc.id
        self.register_outputs({"id": self.id})

    def _log_flows(self, name: str, args: PrivateVpcArgs, vpc_id: pulumi.Output[str]) -> None:
        log_name = f"/tenantnet/{args.owner.cell}/flow/{name}"
        group = aws.cloudwatch.LogGroup(
            f"{name}-flow",
            name=log_name,
            retention_in_days=LOG_RETENTION_DAYS,
            kms_key_id=args.kms_key_arn,
            tags=args.owner.tags(log_name),
            opts=pulumi.ResourceOptions(parent=self),
        )
        aws.ec2.FlowLog(
            f"{name}-flow",
            vpc_id=vpc_id,
            traffic_type="ALL",
            log_destination_type="cloud-watch-logs",
            log_destination=group.arn,
            iam_role_arn=args.flow_log_role_arn,
            tags=args.owner.tags(f"{name}-flow"),
            opts=pulumi.ResourceOptions(parent=self),
        )
