"""Alarms reach the people whom a platform's settings name."""

from __future__ import annotations

import pytest
from tenantnet.components import AlarmTopicArgs
from tenantnet.refusal import Refused
from tenantnet.tags import Owner

from tests.support.mock_stacks import declare_cell

PLACE = {
    "owner": Owner(cell="eu1"),
    "account_id": "123456789012",
    "region": "eu-west-1",
    "kms_key_arn": "arn",
}


def test_each_address_of_a_platforms_settings_is_subscribed_by_email() -> None:
    engine = declare_cell(alarmEmails=["oncall@example.com", "lead@example.com"])
    made = [each.inputs for each in engine.of_type("aws:sns/topicSubscription:TopicSubscription")]
    assert {each["protocol"] for each in made} == {"email"}
    assert {each["endpoint"] for each in made} == {"oncall@example.com", "lead@example.com"}
    (topic,) = engine.of_type("aws:sns/topic:Topic")
    assert all(str(each["topic"]).endswith(f":{topic.name}") for each in made)


@pytest.mark.parametrize(
    ("emails", "refused"),
    [
        (["oncall"], ["alarm-email"]),
        (["https://example.com/hook"], ["alarm-email"]),
        (["a@example.com", "a@example.com"], ["entry-once"]),
        ([f"{number}@example.com" for number in range(11)], ["alarm-emails-count"]),
    ],
)
def test_a_topic_judges_addresses_as_the_settings_do(emails: list[str], refused: list[str]) -> None:
    with pytest.raises(Refused) as caught:
        AlarmTopicArgs(**PLACE, emails=emails)  # type: ignore[arg-type] # of several types
    assert [each.rule_id for each in caught.value.refusals] == refused
    assert [each.path for each in caught.value.refusals] == ["emails"]
