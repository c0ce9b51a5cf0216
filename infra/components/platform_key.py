"""The key that encrypts everything of a cell: databases, tables, logs, disks, the alarm topic."""

from __future__ import annotations

import json
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws
from tenantnet.components.checked import place_problems, require
from tenantnet.tags import Owner


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformKeyArgs:
    """Where the key is, for its policy."""

    owner: Owner
    """The cell that it belongs to."""
    account_id: str
    """The AWS account's ID."""
    region: str
    """The AWS region."""

    def __post_init__(self) -> None:
        require(f"The key of {self.owner.cell}", self.owner, place_problems(self.account_id, self.region))


class PlatformKey(pulumi.ComponentResource):
    """The KMS key of a cell, for databases, disks, logs and alarms; it stays when its stack is destroyed."""

    arn: pulumi.Output[str]
    """The key's ARN."""

    def __init__(self, name: str, args: PlatformKeyArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tenantnet:index:PlatformKey", name, {}, opts)
        key = aws.kms.Key(
            name,
            description=f"Tenantnet cell {args.owner.cell}",
            enable_key_rotation=True,
            deletion_window_in_days=30,
            policy=key_policy(args.account_id, args.region),
            tags=args.owner.tags(name),
            # Final snapshots and backups outlive the cell, and are unreadable for ever without their key.
            opts=pulumi.ResourceOptions(parent=self, retain_on_delete=True),
        )
        aws.kms.Alias(
            name,
            name=f"alias/tenantnet-{args.owner.cell}",
            target_key_id=key.key_id,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.arn = key.arn
        self.register_outputs({"arn": self.arn})


def key_policy(account_id: str, region: str) -> str:
    """IAM decides within the account; beside it, logs encrypt their groups and alarms reach their topic."""
    use = ["kms:Decrypt", "kms:GenerateDataKey*"]
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "AccountDecidesByIam",
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:aws:iam::{account_id}:root"},
                "Action": "kms:*",
                "Resource": "*",
            },
            {
                "Sid": "LogsEncryptTheirGroups",
                "Effect": "Allow",
                "Principal": {"Service": f"logs.{region}.amazonaws.com"},
                "Action": ["kms:Encrypt", "kms:ReEncrypt*", "kms:DescribeKey", *use],
                "Resource": "*",
                "Condition": {
                    "ArnLike": {"kms:EncryptionContext:aws:logs:arn": f"arn:aws:logs:{region}:{account_id}:*"}
                },
            },
            {
                "Sid": "AlarmsReachTheirTopic",
                "Effect": "Allow",
                "Principal": {"Service": "cloudwatch.amazonaws.com"},
                "Action": use,
                "Resource": "*",
                "Condition": {"StringEquals": {"aws:SourceAccount": account_id}},
            },
        ],
    }
    return json.dumps(policy)
