"""The topic that every alarm of a cell goes to; the platform team subscribes to it."""

from __future__ import annotations

import json
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws
from tenantnet.tags import Owner


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmTopicArgs:
    """Where the topic is, and who may publish to it."""

    owner: Owner
    """The cell that it belongs to."""
    account_id: str
    """The AWS account whose CloudWatch may publish."""
    region: str
    """The AWS region."""
    kms_key_arn: pulumi.Input[str]
    """The key that encrypts messages."""


class AlarmTopic(pulumi.ComponentResource):
    """The SNS topic that the alarms of a cell go to."""

    arn: pulumi.Output[str]
    """The topic's ARN."""

    def __init__(self, name: str, args: AlarmTopicArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tenantnet:index:AlarmTopic", name, {}, opts)
        topic_name = f"tenantnet-{args.owner.cell}-alarms"
        topic = aws.sns.Topic(
            name,
            name=topic_name,
            kms_master_key_id=args.kms_key_arn,
            tags=args.owner.tags(topic_name),
            opts=pulumi.ResourceOptions(parent=self),
        )
        aws.sns.TopicPolicy(
            name,
            arn=topic.arn,
            policy=json.dumps(
                {
                    "Version": "2012-10-17",
                    "Statement": [
                        {
                            "Sid": "AlarmsPublish",
                            "Effect": "Allow",
                            "Principal": {"Service": "cloudwatch.amazonaws.com"},
                            "Action": "sns:Publish",
                            "Resource": f"arn:aws:sns:{args.region}:{args.account_id}:{topic_name}",
                            "Condition": {"StringEquals": {"aws:SourceAccount": args.account_id}},
                        }
                    ],
                }
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.arn = topic.arn
        self.register_outputs({"arn": self.arn})
