"""What AWS says and refuses, and moto does not, of services that are complete otherwise.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricAlarm.html
https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricStatistics.html
https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_LogGroup.html
https://docs.aws.amazon.com/sns/latest/api/API_SetTopicAttributes.html
https://docs.aws.amazon.com/sns/latest/api/API_Subscribe.html
https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/sns/topic_subscription.go
https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/API_GetResources.html
"""

from __future__ import annotations

import re
from operator import itemgetter
from typing import Any

from moto.cloudwatch import models as cloudwatch
from moto.cloudwatch import urls as cloudwatch_urls
from moto.cloudwatch.exceptions import InvalidParameterCombination
from moto.cloudwatch.models import Alarm as MotoAlarm
from moto.cloudwatch.responses import CloudWatchResponse
from moto.core.responses import ActionResult
from moto.logs import models as logs
from moto.logs.models import LogGroup as MotoLogGroup
from moto.resourcegroupstaggingapi import urls as tagging_urls
from moto.resourcegroupstaggingapi.responses import ResourceGroupsTaggingAPIResponse
from moto.sns import urls as sns_urls
from moto.sns.exceptions import SNSInvalidParameter
from moto.sns.models import Subscription
from moto.sns.responses import SNSResponse

MOST_DATAPOINTS = 1_440
TOPIC_ATTRIBUTES = {
    "ArchivePolicy",
    "ContentBasedDeduplication",
    "DeliveryPolicy",
    "DisplayName",
    "FifoThroughputScope",
    "KmsMasterKeyId",
    "Policy",
    "SignatureVersion",
    "TracingConfig",
    *(
        f"{protocol}{feedback}"
        for protocol in ("Application", "Firehose", "HTTP", "Lambda", "SQS")
        for feedback in (
            "FailureFeedbackRoleArn",
            "SuccessFeedbackRoleArn",
            "SuccessFeedbackSampleRate",
        )
    ),
}


class Alarm(MotoAlarm):
    """An alarm that knows since when it is in its state."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - passed on as they are
        super().__init__(*args, **kwargs)
        self.state_transitioned_timestamp = self.state_updated_timestamp

    def update_state(self, reason: str, reason_data: str, state_value: str) -> None:
        former = self.state_value
        super().update_state(reason, reason_data, state_value)
        if former != state_value:
            self.state_transitioned_timestamp = self.state_updated_timestamp


class LogGroup(MotoLogGroup):
    """A log group of the class that every group has which asks for no other."""

    def to_describe_dict(self) -> dict[str, Any]:
        return {**super().to_describe_dict(), "logGroupClass": "STANDARD"}


class CompletedCloudWatchResponse(CloudWatchResponse):
    """All calls."""

    def get_metric_statistics(self) -> ActionResult:
        asked = self._get_param("EndTime") - self._get_param("StartTime")
        points = int(asked.total_seconds() // self._get_int_param("Period"))
        if points > MOST_DATAPOINTS:
            raise InvalidParameterCombination(
                f"You have requested up to {points:,} datapoints, which exceeds the limit of "
                f"{MOST_DATAPOINTS:,}. You may reduce the datapoints requested by increasing Period, or "
                "decreasing the time range."
            )
        return super().get_metric_statistics()

    def list_tags_for_resource(self) -> ActionResult:
        """By their keys."""
        answer: Any = super().list_tags_for_resource().result
        return ActionResult({"Tags": sorted(answer["Tags"], key=itemgetter("Key"))})


_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


def _is_pending(subscription: Subscription) -> bool:
    return bool(subscription.attributes["PendingConfirmation"])


class CompletedSnsResponse(SNSResponse):
    """All calls."""

    def set_topic_attributes(self) -> ActionResult:
        if self._get_param("AttributeName") not in TOPIC_ATTRIBUTES:
            raise SNSInvalidParameter("Invalid parameter: AttributeName")
        return super().set_topic_attributes()

    def subscribe(self) -> ActionResult:
        """Who gets e-mail has to want it; until then the ARN is told to those alone who ask for it."""
        if self._get_param("Protocol") != "email":
            return super().subscribe()
        if not _EMAIL.fullmatch(self._get_param("Endpoint")):
            raise SNSInvalidParameter("Invalid parameter: Email address")
        known = {*self.backend.subscriptions}
        answer: Any = super().subscribe().result
        arn = answer["SubscriptionArn"]
        subscription = self.backend.subscriptions[arn]
        if arn not in known:
            subscription.attributes |= {"PendingConfirmation": True, "ConfirmationWasAuthenticated": False}
        told = self._get_bool_param("ReturnSubscriptionArn") or not _is_pending(subscription)
        return ActionResult({"SubscriptionArn": arn if told else "pending confirmation"})

    def confirm_subscription(self) -> ActionResult:
        """The token, which AWS sends by e-mail, is the last part of the subscription's ARN here."""
        arn = f"{self._get_param('TopicArn')}:{self._get_param('Token')}"
        subscription = self.backend.subscriptions.get(arn)
        if subscription is None:
            raise SNSInvalidParameter("Invalid parameter: Token")
        subscription.attributes["PendingConfirmation"] = False
        return ActionResult({"SubscriptionArn": arn})

    def list_subscriptions_by_topic(self) -> ActionResult:
        """Without the ARNs of those that nobody has confirmed."""
        answer: Any = super().list_subscriptions_by_topic().result
        listed = [
            {
                "SubscriptionArn": "PendingConfirmation" if _is_pending(each) else each.arn,
                "Owner": each.owner,
                "Protocol": each.protocol,
                "Endpoint": each.endpoint,
                "TopicArn": each.topic_arn,
            }
            for each in answer["Subscriptions"]
        ]
        return ActionResult({**answer, "Subscriptions": listed})

    def unsubscribe(self) -> ActionResult:
        """Nobody deletes what waits for its confirmation: SNS forgets it after some days."""
        subscription = self.backend.subscriptions.get(self._get_param("SubscriptionArn"))
        if subscription and _is_pending(subscription):
            reason = "Cannot unsubscribe a subscription that is pending confirmation"
            raise SNSInvalidParameter(f"Invalid parameter: SubscriptionArn Reason: {reason}")
        return super().unsubscribe()

    def tag_resource(self) -> ActionResult:
        keys = [tag["Key"] for tag in self._get_param("Tags", [])]
        if len(set(keys)) < len(keys):
            raise SNSInvalidParameter("Invalid parameter: Duplicated keys are not allowed.")
        return super().tag_resource()


class CompletedTaggingResponse(ResourceGroupsTaggingAPIResponse):
    """All calls."""

    def get_resources(self) -> ActionResult:
        """The last page has an empty token."""
        answer: Any = super().get_resources().result
        return ActionResult({**answer, "PaginationToken": answer["PaginationToken"] or ""})


def register_unsaid() -> None:
    """Let moto make these, and answer so, from now on."""
    modules: tuple[tuple[Any, Any], ...] = ((cloudwatch, Alarm), (logs, LogGroup))
    for module, resource in modules:
        setattr(module, resource.__name__, resource)
    responses: tuple[tuple[Any, Any], ...] = (
        (cloudwatch_urls, CompletedCloudWatchResponse),
        (sns_urls, CompletedSnsResponse),
        (tagging_urls, CompletedTaggingResponse),
    )
    for urls, response in responses:
        urls.url_paths["{0}/$"] = response.dispatch
