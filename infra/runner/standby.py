"""The platform's runner comes back by itself: a schedule starts another build once this one has died.

A run in a build keeps a one-time schedule some minutes ahead of itself, and deletes it when it ends in order.
However the build ends otherwise, by an error, a person or the loss of its machine, the schedule is left.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

import boto3
from tenantnet.aws.answers import PATIENCE, aws_answers
from tenantnet.components.migration_schedule import (
    MAXIMUM_EVENT_AGE_SECONDS,
    MAXIMUM_RETRY_ATTEMPTS,
    START_BUILD,
    start_input,
)
from tenantnet.failure import Failure
from tenantnet.refusal import Refused
from tenantnet.runner.stop import TakenBack
from tenantnet.stacks.outputs import PlatformOutputs
from tenantnet.tags import return_schedule_name

if TYPE_CHECKING:
    from mypy_boto3_scheduler import EventBridgeSchedulerClient

# Which CodeBuild sets in each build; it begins with the project's name.
# https://docs.aws.amazon.com/codebuild/latest/userguide/build-env-ref-env-vars.html
BUILD_VARIABLE = "CODEBUILD_BUILD_ID"
# Longer than the lease of a dead run lasts. The scheduler calls within a minute of the time.
AHEAD, RENEWED_EVERY = timedelta(minutes=4), timedelta(minutes=1)
MOST_RETURNS = 3


def this_build(platform: PlatformOutputs) -> str | None:
    """The id of the build of the platform's runner that this process is in; None elsewhere."""
    build = os.environ.get(BUILD_VARIABLE, "")
    project, _, _ = build.partition(":")
    return build if project and project == platform.runner_project else None


@contextmanager
def at_an_end(act: Callable[[], None]) -> Iterator[None]:
    """Act once the block has ended in order, by a refusal or an abort, and not behind a failure or a stop."""
    try:
        yield
    except (Refused, TakenBack):
        act()
        raise
    act()


class Standby:
    """The schedule of one tenant. tell: prints a line. Without the schedule a move goes on as well."""

    def __init__(
        self,
        tenant: str,
        platform: PlatformOutputs,
        tell: Callable[[str], None],
        *,
        ahead: timedelta = AHEAD,
        renewed_every: timedelta = RENEWED_EVERY,
    ) -> None:
        self._tenant, self._platform, self._tell = tenant, platform, tell
        self._ahead, self._every = ahead, renewed_every
        self._name = return_schedule_name(platform.cell, tenant)

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Keep it ahead in the block. It is left behind by a failure and by a stop, not by a refusal."""
        try:
            client = self._client()
            self._put(client)
        except Failure as failure:
            self._tell(f"if this build dies, no other one starts by itself: {failure.reason}")
            yield
            return
        with at_an_end(partial(self._delete, client)):
            ended = Event()
            keeper = Thread(target=self._keep, args=[client, ended], daemon=True)
            keeper.start()
            try:
                yield
            finally:
                ended.set()
                keeper.join()

    def _client(self) -> EventBridgeSchedulerClient:
        region = self._platform.region
        with self._asking():
            return boto3.client("scheduler", region_name=region, config=PATIENCE)

    def _keep(self, client: EventBridgeSchedulerClient, ended: Event) -> None:
        while not ended.wait(self._every.total_seconds()):
            with suppress(Failure):
                self._put(client)

    def _put(self, client: EventBridgeSchedulerClient) -> None:
        wanted: Any = {
            "Name": self._name,
            "Description": f"Starts the migration runner for {self._tenant} again if its build dies",
            "ScheduleExpression": f"at({datetime.now(UTC) + self._ahead:%Y-%m-%dT%H:%M:%S})",
            "ScheduleExpressionTimezone": "UTC",
            "FlexibleTimeWindow": {"Mode": "OFF"},
            "ActionAfterCompletion": "DELETE",
            "Target": {
                "Arn": START_BUILD,
                "RoleArn": self._platform.runner_schedule_role_arn,
                "Input": start_input(str(self._platform.runner_project), self._tenant),
                "RetryPolicy": {
                    "MaximumEventAgeInSeconds": MAXIMUM_EVENT_AGE_SECONDS,
                    "MaximumRetryAttempts": MAXIMUM_RETRY_ATTEMPTS,
                },
            },
        }
        with self._asking():
            try:
                client.update_schedule(**wanted)
            except client.exceptions.ResourceNotFoundException:
                client.create_schedule(**wanted)

    def _delete(self, client: EventBridgeSchedulerClient) -> None:
        # Of a schedule that stays a build comes that has nothing to do.
        with suppress(Failure), self._asking(), suppress(client.exceptions.ResourceNotFoundException):
            client.delete_schedule(Name=self._name)

    @contextmanager
    def _asking(self) -> Iterator[None]:
        with aws_answers(f"keep the schedule {self._name}", region=self._platform.region):
            yield
