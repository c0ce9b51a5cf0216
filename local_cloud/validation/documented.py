"""What AWS documents of values on which its API models are silent.

Where no other source stands beside an entry, it is the member's text in the service's API reference.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from tenantnet.local_cloud.validation.constraint import Constraint


@dataclass(frozen=True, slots=True)
class Documented:
    """A form that the model lacks.

    message: AWS's answer, "" for the one that the constraint gives. code: its error, "" for the service's
    usual one. measured: what is judged of a value.
    """

    constraint: Constraint
    message: str = ""
    code: str = ""
    measured: Callable[[str], str] = str


def _without_spaces(policy: str) -> str:
    """What IAM counts of a policy."""
    return re.sub(r"\s", "", policy)


def _described(what: str) -> Documented:
    """The answer is EC2's own: https://github.com/aws-cloudformation/cfn-lint/issues/173"""
    return Documented(
        Constraint(pattern=r"[a-zA-Z0-9. _\-:/()#,@\[\]+=&;{}!$*]*", maximum=255),
        f"Invalid {what}. Valid descriptions are strings less than 256 characters from the following set: "
        "a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*",
    )


def _secret(pattern: str) -> Documented:
    return Documented(
        Constraint(pattern=pattern),
        "Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: "
        "-/_+=.@!",
    )


def _identifier(parameter: str, longest: int) -> Documented:
    """The answer is RDS's own: https://github.com/hashicorp/terraform/issues/3610"""
    return Documented(
        Constraint(pattern="[a-zA-Z](-?[a-zA-Z0-9])*", minimum=1, maximum=longest),
        f"The parameter {parameter} is not a valid identifier. Identifiers must begin with a letter; must "
        "contain only ASCII letters, digits, and hyphens; and must not end with a hyphen or contain two "
        "consecutive hyphens.",
    )


def _policy(quota: str, longest: int, code: str = "LimitExceeded") -> Documented:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"""
    return Documented(
        Constraint(maximum=longest), f"Cannot exceed quota for {quota}: {longest}", code, _without_spaces
    )


RULE_SHAPES = (
    "IpRange",
    "Ipv6Range",
    "UserIdGroupPair",
    "PrefixListId",
    "SecurityGroupRuleRequest",
    "SecurityGroupRuleDescription",
)
RESERVED_TAG = Documented(
    Constraint(pattern="(?!aws:)(?s:.*)", minimum=1, maximum=128),
    "Tag keys starting with 'aws:' are reserved for internal use, and no key is longer than 128 characters",
)
TAG_CHARACTERS = r"[\p{L}\p{Z}\p{N}_.:/=+\-@]*"
# https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html; RDS's answer:
# https://github.com/cloud-custodian/cloud-custodian/issues/2115
TAG_ANSWER = (
    "Tag {} may only contain unicode letters, digits, whitespace, or one of these symbols: _ . : / = + - @"
)
TAG_KEY = Constraint(pattern=rf"(?!aws:){TAG_CHARACTERS}", minimum=1, maximum=128)
TAG_VALUE = Constraint(pattern=TAG_CHARACTERS, maximum=256)
TAG_SHAPES = {
    "cloudwatch Tag": ("Key", "Value", ""),
    "dynamodb Tag": ("Key", "Value", ""),
    "kms Tag": ("TagKey", "TagValue", "TagException"),
    "rds Tag": ("Key", "Value", ""),
    "scheduler Tag": ("Key", "Value", ""),
    "secretsmanager Tag": ("Key", "Value", ""),
    "sns Tag": ("Key", "Value", ""),
}

# By service and shape, as botocore names them, and member.
DOCUMENTED: dict[str, Documented] = {
    "ec2 CreateSecurityGroupRequest.Description": _described("security group description"),
    "ec2 CreateSecurityGroupRequest.GroupName": _described("security group name"),
    **{f"ec2 {shape}.Description": _described("rule description") for shape in RULE_SHAPES},
    "ec2 Tag.Key": RESERVED_TAG,
    "ec2 Tag.Value": Documented(
        Constraint(maximum=256), "Tag value exceeds the maximum length of 256 characters"
    ),
    "ec2 CreateCustomerGatewayRequest.DeviceName": Documented(Constraint(maximum=255)),
    # https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-limits-endpoints.html
    "ec2 CreateVpcEndpointRequest.PolicyDocument": Documented(Constraint(maximum=20_480)),
    # https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/user-data.html: 16 KB, here in base64
    "ec2 RunInstancesRequest.UserData": Documented(
        Constraint(maximum=21_848), "User data is limited to 16384 bytes"
    ),
    **{
        f"rds {shape}.DBInstanceIdentifier": _identifier("DBInstanceIdentifier", 63)
        for shape in (
            "CreateDBInstanceMessage",
            "CreateDBInstanceReadReplicaMessage",
            "RestoreDBInstanceFromDBSnapshotMessage",
        )
    },
    "rds ModifyDBInstanceMessage.NewDBInstanceIdentifier": _identifier("NewDBInstanceIdentifier", 63),
    "rds CreateDBSnapshotMessage.DBSnapshotIdentifier": _identifier("DBSnapshotIdentifier", 255),
    "rds DeleteDBInstanceMessage.FinalDBSnapshotIdentifier": _identifier("FinalDBSnapshotIdentifier", 255),
    "rds CreateDBParameterGroupMessage.DBParameterGroupName": _identifier("DBParameterGroupName", 255),
    "rds CreateDBInstanceMessage.DBName": Documented(
        # Terraform's provider sends an empty one for none.
        Constraint(pattern="([a-zA-Z][a-zA-Z0-9_]*)?", maximum=64),
        "DBName must begin with a letter and contain only alphanumeric characters.",
    ),
    "rds CreateDBSubnetGroupMessage.DBSubnetGroupName": Documented(
        Constraint(pattern="(?!(?i:default)$)[a-zA-Z][a-zA-Z0-9._ -]*", maximum=255)
    ),
    "iam CreateRoleRequest.AssumeRolePolicyDocument": _policy("ACLSizePerRole", 2048),
    "iam UpdateAssumeRolePolicyRequest.PolicyDocument": _policy("ACLSizePerRole", 2048),
    "iam PutRolePolicyRequest.PolicyDocument": _policy("PolicySize", 10_240),
    "iam PutGroupPolicyRequest.PolicyDocument": _policy("PolicySize", 5120),
    "iam PutUserPolicyRequest.PolicyDocument": _policy("PolicySize", 2048),
    "iam CreatePolicyRequest.PolicyDocument": _policy("PolicySize", 6144),
    "iam CreatePolicyVersionRequest.PolicyDocument": _policy("PolicySize", 6144),
    # https://docs.aws.amazon.com/kms/latest/developerguide/resource-limits.html
    "kms CreateKeyRequest.Policy": Documented(Constraint(maximum=32_768), code="LimitExceededException"),
    "kms PutKeyPolicyRequest.Policy": Documented(Constraint(maximum=32_768), code="LimitExceededException"),
    "cloudwatch PutMetricAlarmInput.AlarmName": Documented(Constraint(pattern=r"[^\x00-\x1f\x7f]*")),
    **{
        f"sns {shape}.{member}": Documented(
            Constraint(pattern="arn:[a-z-]+:sns:[a-z0-9-]+:[0-9]{12}:.+"), "Invalid parameter: TopicArn"
        )
        for shape, member in (
            ("DeleteTopicInput", "TopicArn"),
            ("GetTopicAttributesInput", "TopicArn"),
            ("ListSubscriptionsByTopicInput", "TopicArn"),
            ("SetTopicAttributesInput", "TopicArn"),
            ("SubscribeInput", "TopicArn"),
        )
    },
    "sns CreateTopicInput.Name": Documented(
        Constraint(pattern="[a-zA-Z0-9_-]{1,256}([.]fifo)?"), "Invalid parameter: Topic Name"
    ),
    "ssm CreateDocumentRequest.Name": Documented(Constraint(pattern="(?!(?i:aws|amazon|amzn)).*")),
    "ssm CreateDocumentRequest.Content": Documented(
        Constraint(maximum=65_536), code="MaxDocumentSizeExceeded"
    ),
    "ssm UpdateDocumentRequest.Content": Documented(
        Constraint(maximum=65_536), code="MaxDocumentSizeExceeded"
    ),
    "secretsmanager CreateSecretRequest.Name": _secret(r"[a-zA-Z0-9/_+=.@!\-]+"),
    # A name or an ARN.
    **{
        f"secretsmanager {operation}Request.SecretId": _secret(r"[a-zA-Z0-9/_+=.@!\-:]+")
        for operation in (
            "DeleteSecret",
            "DescribeSecret",
            "GetSecretValue",
            "PutSecretValue",
            "UpdateSecret",
        )
    },
    **{
        f"{shape}.{member}": Documented(constraint, TAG_ANSWER.format(word), code)
        for shape, (key, value, code) in TAG_SHAPES.items()
        for member, constraint, word in ((key, TAG_KEY, "keys"), (value, TAG_VALUE, "values"))
    },
}
