"""The topic that every alarm of a cell goes to, and who gets them by e-mail."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws
from tenantnet.components.checked import of_each_or_together, place_problems, require
from tenantnet.settings.checks import check_alarm_email
from tenantnet.settings.relations import alarm_email_relations
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
    emails: Sequence[str] = ()
    """Addresses that SNS sends a link to, and messages once somebody has followed it."""

    def __post_init__(self) -> None:
        emails = of_each_or_together(self.emails, check_alarm_email, alarm_email_relations, "alarmEmails")
        place = place_problems(self.account_id, self.region)
        require(f"The topic of {self.owner.cell}", self.owner, {**place, "emails": emails})


class AlarmTopic(pulumi.ComponentResource):
    """The SNS topic that the alarms of a cell go to."""

    arn: pulumi.Output[str]
    """The topic's ARN."""

    def __init__(self, name: str, args: AlarmTopicArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tenantnet:index:AlarmTopic", name, {}, opts)
        topic_name = alarm_topic_name(args.owner.cell)
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
            policy=topic_policy(args.region, args.account_id, topic_name),
            opts=pulumi.ResourceOptions(parent=self),
        )
        for email in args.emails:
            aws.sns.TopicSubscription(
                f"{name}-{email}",
                topic=topic.arn,
                protocol="email",
                endpoint=email,
                opts=pulumi.ResourceOptions(parent=self),
            )
        self.arn = topic.arn
        self.register_outputs({"arn": self.arn})


def topic_policy(region: str, account_id: str, topic_name: str) -> str:
    """CloudWatch publishes to it, for alarms of this account."""
    statement = {
        "Sid": "AlarmsPublish",
        "Effect": "Allow",
        "Principal": {"Service": "cloudwatch.amazonaws.com"},
        "Action": "sns:Publish",
        "Resource": f"arn:aws:sns:{region}:{account_id}:{topic_name}",
        "Condition": {"StringEquals": {"aws:SourceAccount": account_id}},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def alarm_topic_name(cell: str) -> str:
    """The topic's name."""
    return f"tenantnet-{cell}-alarms"
