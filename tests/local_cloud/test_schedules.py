"""Schedules: what EventBridge Scheduler understands, what it does not, and what a one-time schedule calls."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from mypy_boto3_codebuild import CodeBuildClient
from mypy_boto3_scheduler import EventBridgeSchedulerClient
from tenacity import Retrying, retry_if_result, stop_after_delay, wait_fixed
from tenantnet.local_cloud.process import LocalCloud

from tests.local_cloud import test_builds as builds
from tests.local_cloud.conftest import Refusal

pytestmark = pytest.mark.usefixtures("runner_role")


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
    ["at(2096-12-01T02:00:00)", "rate(1 day)", "rate(5 minutes)", "cron(0 2 1 * ? *)", "cron(0 2 ? * MON *)"],
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


def test_a_time_that_is_past_is_refused(
    scheduler: EventBridgeSchedulerClient, refusal: Refusal, name: str
) -> None:
    past = schedule(name, "at(2026-01-01T02:00:00)")
    assert refusal(scheduler.create_schedule, **past) == "ValidationException"


def in_seconds(seconds: float) -> str:
    at = datetime.now(UTC) + timedelta(seconds=seconds)
    return f"at({at:%Y-%m-%dT%H:%M:%S})"


def start_of(project: str, name: str, expression: str, **changes: Any) -> Any:
    """A schedule that starts a build, as an infrastructure program would write it."""
    sent = {
        "ProjectName": project,
        "EnvironmentVariablesOverride": [{"Name": "TENANT", "Value": "acme", "Type": "PLAINTEXT"}],
        "IdempotencyToken": "<aws.scheduler.execution-id>",
    }
    target = {
        "Arn": "arn:aws:scheduler:::aws-sdk:codebuild:startBuild",
        "RoleArn": "arn:aws:iam::123456789012:role/runner",
        "Input": json.dumps(sent),
        "RetryPolicy": {"MaximumEventAgeInSeconds": 60, "MaximumRetryAttempts": 10},
    }
    return {**schedule(name, expression, "UTC"), "Target": target, **changes}


def builds_of(codebuild: CodeBuildClient, project: str) -> list[str]:
    return codebuild.list_builds_for_project(projectName=project)["ids"]


def wait_for_builds(codebuild: CodeBuildClient, project: str) -> list[str]:
    return Retrying(
        retry=retry_if_result(lambda ids: not ids), stop=stop_after_delay(20), wait=wait_fixed(0.1)
    )(builds_of, codebuild, project)


@pytest.fixture
def codebuild(client: Any) -> CodeBuildClient:
    made: CodeBuildClient = client("codebuild")
    return made


def make_project(codebuild: CodeBuildClient, name: str) -> None:
    spec = {"version": 0.2, "phases": {"build": {"commands": ["true"]}}}
    project = {**builds.project(name), "source": {"type": "NO_SOURCE", "buildspec": json.dumps(spec)}}
    codebuild.create_project(**project)


def test_a_schedule_starts_a_build_once_when_its_time_has_come(
    scheduler: EventBridgeSchedulerClient, codebuild: CodeBuildClient, name: str
) -> None:
    make_project(codebuild, name)
    scheduler.create_schedule(**start_of(name, name, in_seconds(2)))
    assert builds_of(codebuild, name) == []
    (build_id,) = wait_for_builds(codebuild, name)
    build = codebuild.batch_get_builds(ids=[build_id])["builds"][0]
    given = build["environment"]["environmentVariables"]
    assert given == [{"name": "TENANT", "value": "acme", "type": "PLAINTEXT"}]
    assert scheduler.get_schedule(Name=name)["State"] == "ENABLED"


def test_a_schedule_that_is_deleted_or_disabled_in_time_starts_nothing(
    scheduler: EventBridgeSchedulerClient, codebuild: CodeBuildClient, name: str
) -> None:
    make_project(codebuild, name)
    at = in_seconds(2)
    scheduler.create_schedule(**start_of(name, f"{name}-deleted", at))
    scheduler.create_schedule(**start_of(name, f"{name}-disabled", at, State="DISABLED"))
    scheduler.delete_schedule(Name=f"{name}-deleted")
    # A schedule of the same second that does fire tells when the others would have.
    make_project(codebuild, f"{name}-fires")
    scheduler.create_schedule(**start_of(f"{name}-fires", f"{name}-fires", at))
    wait_for_builds(codebuild, f"{name}-fires")
    assert builds_of(codebuild, name) == []


def test_a_schedule_that_was_given_another_time_starts_a_build_then(
    scheduler: EventBridgeSchedulerClient, codebuild: CodeBuildClient, name: str
) -> None:
    make_project(codebuild, name)
    scheduler.create_schedule(**start_of(name, name, in_seconds(600), ActionAfterCompletion="DELETE"))
    scheduler.update_schedule(**start_of(name, name, in_seconds(1.5)))
    changed = scheduler.get_schedule(Name=name)
    assert (changed["State"], changed["ActionAfterCompletion"]) == ("ENABLED", "NONE")
    assert len(wait_for_builds(codebuild, name)) == 1


def test_a_schedule_is_deleted_after_its_call_where_that_is_asked_for(
    scheduler: EventBridgeSchedulerClient, codebuild: CodeBuildClient, refusal: Refusal, name: str
) -> None:
    make_project(codebuild, name)
    scheduler.create_schedule(**start_of(name, name, in_seconds(1.5), ActionAfterCompletion="DELETE"))
    wait_for_builds(codebuild, name)
    Retrying(retry=retry_if_result(bool), stop=stop_after_delay(10), wait=wait_fixed(0.1))(
        lambda: [each["Name"] for each in scheduler.list_schedules(NamePrefix=name)["Schedules"]]
    )
    assert refusal(scheduler.get_schedule, Name=name) == "ResourceNotFoundException"


def test_a_call_that_fails_is_made_again(
    scheduler: EventBridgeSchedulerClient, codebuild: CodeBuildClient, name: str, cloud: LocalCloud
) -> None:
    scheduler.create_schedule(**start_of(name, name, in_seconds(1.5)))
    Retrying(retry=retry_if_result(lambda seen: not seen), stop=stop_after_delay(15), wait=wait_fixed(0.1))(
        lambda: f"schedule {name}: try 1 failed" in cloud.state.log.read_text()
    )
    make_project(codebuild, name)
    assert len(wait_for_builds(codebuild, name)) == 1
