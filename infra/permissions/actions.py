"""Which IAM actions a call needs: mostly the one of its name, and some that never show as calls."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

# Where a request's signature and the action's prefix differ.
PREFIXES = {"monitoring": "cloudwatch"}
# Where API and IAM have different names.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
RENAMED = {
    "s3:CopyObject": ("s3:GetObject", "s3:PutObject"),
    "s3:HeadBucket": ("s3:ListBucket",),
    "s3:HeadObject": ("s3:GetObject",),
    "s3:ListObjects": ("s3:ListBucket",),
    "s3:ListObjectsV2": ("s3:ListBucket",),
}
USE_OF_A_KEY = (
    "kms:CreateGrant",
    "kms:Decrypt",
    "kms:DescribeKey",
    "kms:GenerateDataKey",
    "kms:GenerateDataKeyWithoutPlaintext",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Implied:
    """Actions that AWS requires in addition to that of the call.

    calls: the calls that need it. reason, source: why, and where AWS says so.
    """

    actions: tuple[str, ...]
    calls: tuple[str, ...]
    reason: str
    source: str


IMPLIED = (
    Implied(
        actions=("ec2:CreateTags",),
        calls=("ec2:CreateVpc", "ec2:RunInstances"),
        reason="tags given on creation",
        source="https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/supported-iam-actions-tagging.html",
    ),
    Implied(
        actions=("rds:AddTagsToResource",),
        calls=("rds:CreateDBInstance", "rds:CreateDBParameterGroup", "rds:CreateDBSubnetGroup"),
        reason="tags given on creation",
        source="https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_Tagging.html",
    ),
    Implied(
        actions=("dynamodb:TagResource",),
        calls=("dynamodb:CreateTable",),
        reason="tags given on creation",
        source="https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Tagging.Operations.html",
    ),
    Implied(
        actions=("iam:TagRole",),
        calls=("iam:CreateRole",),
        reason="tags given on creation",
        source="https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags_roles.html",
    ),
    Implied(
        actions=("iam:TagInstanceProfile",),
        calls=("iam:CreateInstanceProfile",),
        reason="tags given on creation",
        source="https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags_instance-profiles.html",
    ),
    Implied(
        actions=("kms:TagResource",),
        calls=("kms:CreateKey",),
        reason="tags given on creation",
        source="https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateKey.html",
    ),
    Implied(
        actions=("sns:TagResource",),
        calls=("sns:CreateTopic",),
        reason="tags given on creation",
        source="https://docs.aws.amazon.com/sns/latest/dg/sns-tags.html",
    ),
    Implied(
        actions=("ssm:AddTagsToResource",),
        calls=("ssm:CreateDocument",),
        reason="tags given on creation",
        source="https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_CreateDocument.html",
    ),
    Implied(
        actions=("logs:TagResource",),
        calls=("logs:CreateLogGroup",),
        reason="tags given on creation",
        source="https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogGroup.html",
    ),
    Implied(
        actions=("cloudwatch:TagResource",),
        calls=("cloudwatch:PutMetricAlarm",),
        reason="tags given on creation",
        source="https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html",
    ),
    Implied(
        actions=USE_OF_A_KEY,
        calls=("ec2:RunInstances", "rds:CreateDBInstance", "dynamodb:CreateTable"),
        reason="volumes, databases and tables are encrypted with the cell's key, on behalf of the caller",
        source="https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Overview.Encryption.Keys.html",
    ),
    Implied(
        actions=("kms:Decrypt",),
        calls=("dynamodb:GetItem", "dynamodb:Query", "dynamodb:Scan"),
        reason="the tables are encrypted with the cell's key",
        source="https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html",
    ),
    Implied(
        actions=("iam:PassRole",),
        calls=(
            "codebuild:CreateProject",
            "ec2:CreateFlowLogs",
            "ec2:RunInstances",
            "scheduler:CreateSchedule",
        ),
        reason="a service is given a role to work with",
        source="https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html",
    ),
    Implied(
        actions=("iam:CreateServiceLinkedRole",),
        calls=("rds:CreateDBInstance",),
        reason="the account's first database",
        source="https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.IAM.ServiceLinkedRoles.html",
    ),
    Implied(
        actions=("route53:AssociateVPCWithHostedZone",),
        calls=("ec2:CreateVpcEndpoint",),
        reason="interface endpoints with a private DNS name",
        source="https://docs.aws.amazon.com/vpc/latest/privatelink/security_iam_id-based-policy-examples.html",
    ),
)


def actions_of(service: str, operation: str) -> tuple[str, ...]:
    """The actions that the call itself needs: `ec2:CreateVpc`."""
    call = f"{PREFIXES.get(service, service)}:{operation}"
    return RENAMED.get(call, (call,))


def with_implied(actions: Iterable[str]) -> Iterator[str]:
    """The actions and those that AWS asks for beside them."""
    found = set(actions)
    yield from found
    for implied in IMPLIED:
        if found & set(implied.calls):
            yield from implied.actions
