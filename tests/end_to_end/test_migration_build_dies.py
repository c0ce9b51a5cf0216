"""A build of the platform's runner dies in the middle of a cut: the next one comes by itself and goes on.

The tests of this module run in order on a tenant that they share.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Any

import psutil
import pytest
from tenantnet.local_cloud.process import LocalCloud
from tenantnet.phases.phases import Phase
from tenantnet.runner.standby import AHEAD
from tenantnet.tags import return_schedule_name

from tests.support.kills import DECISION, held
from tests.support.live_trace import strange
from tests.support.moves import NUMBERED, Traffic, Watch, keep_login, offices_up, status
from tests.support.processes import wait_until
from tests.support.project import Project
from tests.support.runner import PROJECT, deploy_cell_with_runner

pytestmark = [pytest.mark.long, pytest.mark.timeout(1200)]

BUILD_LIMIT_SECONDS = 480
# A start whose time is past is scheduled by nobody: the test starts the first build.
DUE = {"to": "green", "at": "2026-01-01T02:00", "timezone": "Etc/UTC", "strategy": "live"}
RETURN = return_schedule_name("local", "acme")
# From the start of the next build: it begins Python, reads the stack, and takes the cut back.
WRITES_AGAIN_SECONDS = 30


@pytest.fixture(scope="module")
def scheduled(project: Project, cloud: LocalCloud, aws: Any) -> Project:
    """Acme, whose move by live is due, and a platform with a runner."""
    deploy_cell_with_runner(project, cloud, aws)
    first = {**NUMBERED, "networks": {"blue": NUMBERED["networks"]["blue"]}}
    for settings in (first, {**NUMBERED, "migration": DUE}):
        project.write_tenant("acme", settings)
        project.up("acme").check()
    offices_up(cloud, aws)
    keep_login(aws)
    return project


@pytest.fixture(scope="module")
def clients(scheduled: Project, cloud: LocalCloud, aws: Any) -> Iterator[tuple[Traffic, Watch]]:
    with Traffic(cloud) as traffic, Watch(cloud, aws) as watch:
        yield traffic, watch


def builds(aws: Any) -> list[dict[str, Any]]:
    """In the order of their starts."""
    codebuild = aws.client("codebuild")
    ids = codebuild.list_builds_for_project(projectName=PROJECT)["ids"]
    found = codebuild.batch_get_builds(ids=ids)["builds"] if ids else []
    return sorted(found, key=lambda build: build["startTime"])


def log_of(cloud: LocalCloud, build: dict[str, Any]) -> str:
    return (cloud.state.builds / f"{build['id'].split(':')[1]}.log").read_text()


def end_build(build: dict[str, Any]) -> None:
    """End all its processes at once, as the loss of its machine would."""
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.environ().get("CODEBUILD_BUILD_ID") == build["id"]:
                process.kill()


def test_a_build_that_dies_behind_the_fence_leaves_a_start_ahead_of_itself(
    scheduled: Project, cloud: LocalCloud, aws: Any, clients: tuple[Traffic, Watch]
) -> None:
    cloud.fail(held("dynamodb PutItem", DECISION, done=False))
    started = aws.client("codebuild").start_build(
        projectName=PROJECT,
        environmentVariablesOverride=[{"name": "TENANT", "value": "acme", "type": "PLAINTEXT"}],
    )["build"]
    wait_until(lambda: cloud.struck()[0] or builds(aws)[0]["buildComplete"], BUILD_LIMIT_SECONDS)
    assert cloud.struck()[0], log_of(cloud, started)
    end_build(started)
    cloud.clear_faults()
    wait_until(lambda: builds(aws)[0]["buildComplete"], 60)
    assert builds(aws)[0]["buildStatus"] == "FAILED"
    assert (status(scheduled)["phase"], status(scheduled)["strategy"]) == (Phase.FOLLOWING, "live")
    kept = aws.client("scheduler").get_schedule(Name=RETURN)
    at = datetime.fromisoformat(kept["ScheduleExpression"][3:-1]).replace(tzinfo=UTC)
    assert timedelta() < at - datetime.now(UTC) <= AHEAD


def test_the_build_that_comes_by_itself_leads_the_clients_over(
    scheduled: Project, cloud: LocalCloud, aws: Any, clients: tuple[Traffic, Watch]
) -> None:
    traffic, watch = clients
    scheduler = aws.client("scheduler")
    kept = scheduler.get_schedule(Name=RETURN)
    # The four minutes that a build has to come back in are not waited for.
    soon = datetime.now(UTC) + timedelta(seconds=2)
    wanted = {key: kept[key] for key in ("Name", "Target", "FlexibleTimeWindow", "ActionAfterCompletion")}
    scheduler.update_schedule(
        **wanted, ScheduleExpression=f"at({soon:%Y-%m-%dT%H:%M:%S})", ScheduleExpressionTimezone="UTC"
    )
    wait_until(lambda: len(builds(aws)) == 2, 60)
    since = monotonic()
    wait_until(lambda: builds(aws)[1]["buildComplete"], BUILD_LIMIT_SECONDS)
    second = builds(aws)[1]
    assert second["buildStatus"] == "SUCCEEDED", log_of(cloud, second)
    again = min((at for at in traffic.writes_at if at > since), default=None)
    assert again is not None
    assert again - since < WRITES_AGAIN_SECONDS
    found = status(scheduled)
    assert (found["phase"], found["production"]) == ("switched", "green")
    assert strange(found["events"]) is None
    assert set(traffic.acknowledged) <= traffic.kept()
    assert (watch.problem, watch.looks > 0) == (None, True)


def test_a_build_that_ends_in_order_leaves_no_start(aws: Any) -> None:
    scheduler = aws.client("scheduler")
    with pytest.raises(scheduler.exceptions.ResourceNotFoundException):
        scheduler.get_schedule(Name=RETURN)
    assert [build["buildStatus"] for build in builds(aws)] == ["FAILED", "SUCCEEDED"]
