"""Schedules: what EventBridge Scheduler understands and what it does not."""

from __future__ import annotations

from typing import Any

import pytest
from mypy_boto3_scheduler import EventBridgeSchedulerClient

from tests.local_cloud.conftest import Refusal


@pytest.fixture
def scheduler(client: Any) -> EventBridgeSchedulerClient:
    made: EventBridgeSchedulerClient = client("scheduler")
    return made


def schedule(name: str, expression: str, timezone: str = "Europe/Amsterdam") -> Any:
    return {
        "Name": name,
        "ScheduleExpression": expression,
        "ScheduleExpressionTimezone": timezone,
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "Target": {
            "Arn": "arn:aws:codebuild:eu-west-1:123456789012:project/runner",
            "RoleArn": "arn:aws:iam::123456789012:role/runner",
        },
    }


@pytest.mark.parametrize(
    "expression",
    ["at(2026-12-01T02:00:00)", "rate(1 day)", "rate(5 minutes)", "cron(0 2 1 * ? *)", "cron(0 2 ? * MON *)"],
)
def test_a_schedule_is_kept_as_it_was_asked_for(
    scheduler: EventBridgeSchedulerClient, name: str, expression: str
) -> None:
    scheduler.create_schedule(**schedule(name, expression))
    read = scheduler.get_schedule(Name=name)
    assert read["ScheduleExpression"] == expression
    assert read["ScheduleExpressionTimezone"] == "Europe/Amsterdam"


@pytest.mark.parametrize(
    "expression",
    [
        "tomorrow",
        "at(2026-12-01T02:00)",
        "at(2026-02-30T02:00:00)",
        "at(2026-12-01T02:00:00Z)",
        "rate(0 days)",
        "rate(5 weeks)",
        "cron(0 2 * * * *)",
        "cron(0 2 1 * MON *)",
        "cron(0 2 1 * ?)",
    ],
)
def test_what_is_no_time_is_refused(
    scheduler: EventBridgeSchedulerClient, refusal: Refusal, name: str, expression: str
) -> None:
    assert refusal(scheduler.create_schedule, **schedule(name, expression)) == "ValidationException"
    assert refusal(scheduler.get_schedule, Name=name) == "ResourceNotFoundException"


def test_an_unknown_time_zone_is_refused(
    scheduler: EventBridgeSchedulerClient, refusal: Refusal, name: str
) -> None:
    wrong = schedule(name, "rate(1 day)", "Europe/Atlantis")
    assert refusal(scheduler.create_schedule, **wrong) == "ValidationException"


def test_a_change_is_checked_like_a_new_schedule(
    scheduler: EventBridgeSchedulerClient, refusal: Refusal, name: str
) -> None:
    scheduler.create_schedule(**schedule(name, "rate(1 day)"))
    assert refusal(scheduler.update_schedule, **schedule(name, "never")) == "ValidationException"
    assert scheduler.get_schedule(Name=name)["ScheduleExpression"] == "rate(1 day)"
