"""Which IAM actions a call needs: mostly the one of its name, and some that never show as calls."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

# Where a request's signature and the action's prefix differ.
PREFIXES = {"monitoring": "cloudwatch", "tagging": "tag", "resourcegroupstaggingapi": "tag"}
# Where API and IAM have different names.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
RENAMED = {
    "s3:CopyObject": ("s3:GetObject", "s3:PutObject"),
    "s3:HeadBucket": ("s3:ListBucket",),
    "s3:HeadObject": ("s3:GetObject",),
    "s3:ListBuckets": ("s3:ListAllMyBuckets",),
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
DATABASES = ("rds:CreateDBInstance", "rds:CreateDBInstanceReadReplica", "rds:RestoreDBInstanceFromDBSnapshot")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tagging:
    """What a service asks of a call that gives tags to what it makes.

    created: the parameter that names what is made; none where AWS gives it its ID."""

    action: str
    source: str
    created: tuple[str, ...] = ()


# By service, as IAM calls it. The services that are not here ask for the action of the call alone.
TAGGING = {
    "cloudwatch": Tagging(
        action="cloudwatch:TagResource",
        created=("AlarmName",),
        source="https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html",
    ),
    "dynamodb": Tagging(
        action="dynamodb:TagResource",
        created=("TableName",),
        source="https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Tagging.Operations.html",
    ),
    "ec2": Tagging(
        action="ec2:CreateTags",
        source="https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/supported-iam-actions-tagging.html",
    ),
    "iam": Tagging(
        # The action is of the kind that is made: TagRole, TagInstanceProfile.
        action="iam:Tag{}",
        created=("RoleName", "InstanceProfileName", "UserName", "PolicyName"),
        source="https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags.html",
    ),
    "kms": Tagging(
        action="kms:TagResource",
        source="https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateKey.html",
    ),
    "logs": Tagging(
        action="logs:TagResource",
        created=("logGroupName",),
        source="https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogGroup.html",
    ),
    "rds": Tagging(
        action="rds:AddTagsToResource",
        created=("DBSnapshotIdentifier", "DBInstanceIdentifier", "DBParameterGroupName", "DBSubnetGroupName"),
        source="https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_Tagging.html",
    ),
    "secretsmanager": Tagging(
        action="secretsmanager:TagResource",
        created=("Name",),
        source="https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html",
    ),
    "sns": Tagging(
        action="sns:TagResource",
        created=("Name",),
        source="https://docs.aws.amazon.com/sns/latest/dg/sns-tags.html",
    ),
    "ssm": Tagging(
        action="ssm:AddTagsToResource",
        created=("Name",),
        source="https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_CreateDocument.html",
    ),
    "sts": Tagging(
        action="sts:TagSession",
        created=("RoleArn",),
        source="https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html",
    ),
}
# Our calls that give tags.
GIVING_TAGS = (
    "cloudwatch:PutMetricAlarm",
    "dynamodb:CreateTable",
    "ec2:CreateVpc",
    "ec2:RunInstances",
    "iam:CreateInstanceProfile",
    "iam:CreateRole",
    "kms:CreateKey",
    "logs:CreateLogGroup",
    "rds:CreateDBParameterGroup",
    "rds:CreateDBSnapshot",
    "rds:CreateDBSubnetGroup",
    *DATABASES,
    "sns:CreateTopic",
    "ssm:CreateDocument",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Implied:
    """Actions that AWS requires in addition to that of the call.

    calls: the calls that need it. given: parameters, one of which makes it needed; empty: always. about: the
    parameters that name what it is about; empty: all. reason, source: why, and where AWS says so.
    """

    actions: tuple[str, ...]
    calls: tuple[str, ...]
    reason: str
    source: str
    given: tuple[str, ...] = ()
    about: tuple[str, ...] = ()


IMPLIED = (
    Implied(
        actions=USE_OF_A_KEY,
        calls=("ec2:RunInstances", "dynamodb:CreateTable", *DATABASES),
        given=("KmsKeyId", "KMSMasterKeyId"),
        about=("KmsKeyId", "KMSMasterKeyId"),
        reason="volumes, databases and tables are encrypted with the cell's key, on behalf of the caller",
        source="https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Overview.Encryption.Keys.html",
    ),
    Implied(
        actions=("kms:Decrypt",),
        calls=tuple(
            f"dynamodb:{name}" for name in ("DeleteItem", "GetItem", "PutItem", "Query", "Scan", "UpdateItem")
        ),
        reason="the tables are encrypted with the cell's key",
        source="https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html",
    ),
    Implied(
        actions=("kms:Decrypt",),
        calls=("secretsmanager:GetSecretValue",),
        reason="a secret may be encrypted with a key of one's own",
        source="https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html",
    ),
    Implied(
        actions=("iam:PassRole",),
        calls=(
            "codebuild:CreateProject",
            "codebuild:UpdateProject",
            "ec2:CreateFlowLogs",
            "ec2:RunInstances",
            "iam:AddRoleToInstanceProfile",
            "scheduler:CreateSchedule",
            "scheduler:UpdateSchedule",
        ),
        reason="a service is given a role to work with",
        source="https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html",
    ),
    Implied(
        actions=("rds:CreateDBSnapshot",),
        calls=("rds:DeleteDBInstance",),
        given=("FinalDBSnapshotIdentifier",),
        reason="a final snapshot",
        source="https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_DeleteInstance.html",
    ),
    Implied(
        actions=("rds:AddTagsToResource",),
        calls=("rds:DeleteDBInstance",),
        given=("FinalDBSnapshotIdentifier",),
        about=("FinalDBSnapshotIdentifier",),
        reason="a final snapshot has its database's tags",
        # Enforced since 2025-02-28; AWS's notice is quoted in
        # https://github.com/aws-solutions/instance-scheduler-on-aws/issues/572
        source="https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_Tagging.html",
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
        given=("PrivateDnsEnabled",),
        reason="interface endpoints with a private DNS name",
        source="https://docs.aws.amazon.com/vpc/latest/privatelink/security_iam_id-based-policy-examples.html",
    ),
)


def tagging_action(call: str) -> str | None:
    """What the call needs beside its own action where it gives tags to what it makes: `kms:TagResource`."""
    service, _, operation = call.partition(":")
    tagging = TAGGING.get(service)
    if tagging is None or tagging.action == call:
        return None
    return tagging.action.format(operation.removeprefix("Create"))


def actions_of(service: str, operation: str) -> tuple[str, ...]:
    """The actions that the call itself needs: `ec2:CreateVpc`."""
    call = f"{PREFIXES.get(service, service)}:{operation}"
    return RENAMED.get(call, (call,))


def with_implied(actions: Iterable[str]) -> Iterator[str]:
    """The actions and those that AWS asks for beside them."""
    found = set(actions)
    yield from found
    yield from filter(None, map(tagging_action, found & set(GIVING_TAGS)))
    for implied in IMPLIED:
        if found & set(implied.calls):
            yield from implied.actions
