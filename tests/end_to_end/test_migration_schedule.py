"""A move that nobody starts by hand: a schedule starts the build, and the build moves the database.

The tests of this module run in order on a tenant that they share, each command as the role that is for it,
with the policies that the project ships, on both MySQLs.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from tenacity import Retrying, retry_if_result, stop_after_delay, wait_fixed
from tenantnet.local_cloud.process import LocalCloud
from tenantnet.phases.starts import SOON
from tenantnet.phases.transitions import Condition
from tenantnet.tags import runner_document_name

from tests.end_to_end.test_one_tenant import cell, roles
from tests.support.generations import cloud
from tests.support.moves import BOTH, database, keep_login, migrate, offices_up, status
from tests.support.project import PASSWORD, Project
from tests.support.runner import PROJECT, as_the_runner, schedule

__all__ = ["cell", "cloud", "roles"]
pytestmark = [pytest.mark.long, pytest.mark.timeout(1500)]

AHEAD = timedelta(minutes=5)
BUILD_LIMIT_SECONDS = 1200


@pytest.fixture(scope="module")
def moving(acme: Project, cloud: LocalCloud, aws: Any) -> Project:
    """Acme with a Test network green beside blue, and with a login to compare its databases with."""
    keep_login(aws)
    acme.write_tenant("acme", BOTH)
    acme.up("acme").check()
    offices_up(cloud, aws)
    return acme


@pytest.fixture(scope="module")
def runner(moving: Project, cloud: LocalCloud) -> Project:
    return as_the_runner(moving, cloud)


@pytest.fixture(scope="module")
def scheduled(moving: Project, runner: Project) -> Project:
    """Acme, about to move: nearer than the lead time."""
    at = f"{datetime.now(UTC) + AHEAD:%Y-%m-%dT%H:%M}"
    migrate(runner, "schedule", "acme", "--at", at, "--timezone", "Etc/UTC").check()
    moving.up("acme").check()
    return moving


def build_of(aws: boto3.Session) -> dict[str, Any]:
    """The only build; empty before it has been started."""
    codebuild = aws.client("codebuild")
    ids = codebuild.list_builds_for_project(projectName=PROJECT)["ids"]
    assert len(ids) <= 1
    return dict(codebuild.batch_get_builds(ids=ids)["builds"][0]) if ids else {}


def test_a_move_that_is_near_has_its_start_soon_and_a_second_preview_keeps_it(
    scheduled: Project, runner: Project, aws: boto3.Session
) -> None:
    found = schedule(aws)
    assert found is not None
    assert found["ScheduleExpressionTimezone"] == "Etc/UTC"
    scheduled.pulumi("preview", "--expect-no-changes", "--stack", "acme").check()
    starts_at = status(runner)["startsAt"]
    assert starts_at is not None
    assert datetime.fromisoformat(starts_at) <= datetime.now(UTC) + SOON + timedelta(minutes=1)


def test_the_schedule_starts_the_build_and_the_build_moves_the_database(
    scheduled: Project, runner: Project, cloud: LocalCloud, aws: Any
) -> None:
    build = Retrying(
        retry=retry_if_result(lambda found: not found.get("buildComplete")),
        stop=stop_after_delay(BUILD_LIMIT_SECONDS),
        wait=wait_fixed(1),
    )(build_of, aws)
    printed = (cloud.state.builds / f"{build['id'].split(':')[1]}.log").read_text()
    assert build["buildStatus"] == "SUCCEEDED", printed
    found = status(runner)
    assert (found["phase"], found["production"]) == ("switched", "green"), printed
    assert str(Condition.DATA_EQUAL) in printed
    assert "not compared" not in printed
    assert PASSWORD not in printed
    # Through the tunnel host, and nothing is left there.
    sessions = aws.client("ssm").describe_sessions
    assert {each["DocumentName"] for each in sessions(State="History")["Sessions"]} == {
        runner_document_name("local")
    }
    assert sessions(State="Active")["Sessions"] == []
    moved = database(aws, "acme-green")
    assert moved is not None
    assert "ReadReplicaSourceDBInstanceIdentifier" not in moved
    stream = aws.client("logs").get_log_events(
        logGroupName="/tenantnet/local/runner", logStreamName=build["id"].split(":")[1], startFromHead=True
    )
    assert "switched: reached" in "\n".join(event["message"] for event in stream["events"])


def test_behind_the_switch_the_schedule_is_for_the_former_productions_retirement(
    scheduled: Project, runner: Project, aws: boto3.Session
) -> None:
    found = schedule(aws)
    assert found is not None
    at = datetime.fromisoformat(found["ScheduleExpression"][3:-1]).replace(tzinfo=UTC)
    assert timedelta(hours=24) < at - datetime.now(UTC) < timedelta(hours=24, minutes=31)
    assert datetime.fromisoformat(status(runner)["startsAt"]) == at
    scheduled.pulumi("preview", "--expect-no-changes", "--stack", "acme").check()


def test_when_the_move_is_over_the_schedule_is_gone(
    scheduled: Project, runner: Project, aws: boto3.Session
) -> None:
    migrate(runner, "retire", "acme", "--yes").check()
    assert schedule(aws) is None
    assert status(runner)["startsAt"] is None
    scheduled.pulumi("preview", "--expect-no-changes", "--stack", "acme").check()
