"""The clock of EventBridge Scheduler: calls the targets of one-time schedules when their time has come.

Schedules that recur never fire. A call that fails is made again, after a wait that doubles, until it has been
made as often, or is as old, as the schedule's retry policy allows.
https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-targets-universal.html
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Event, Thread
from typing import Any
from uuid import uuid4

from botocore import xform_name
from botocore.exceptions import BotoCoreError, ClientError
from botocore.model import ListShape, MapShape, Shape, StructureShape
from moto.core.exceptions import JsonRESTError
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.scheduler.models import Schedule, ScheduleGroup, scheduler_backends
from tenantnet.local_cloud.clients import client
from tenantnet.local_cloud.iam.callers import service_session
from tenantnet.local_cloud.scheduler import due_at

LOG = logging.getLogger("tenantnet.local")
TICK_SECONDS = 0.5
FIRST_WAIT = timedelta(seconds=1)
LONGEST_WAIT = timedelta(minutes=5)
UNIVERSAL_TARGET = re.compile(r"arn:aws:scheduler:::aws-sdk:(?P<service>[a-z0-9-]+):(?P<action>[a-zA-Z0-9]+)")
EXECUTION_ID = "<aws.scheduler.execution-id>"


class NoTargetError(Exception):
    """A target that the local cloud does not call."""


@dataclass(slots=True, kw_only=True)
class _Delivery:
    """One execution of a schedule: what is called, and how often that has been tried. due: the next try."""

    schedule: Schedule
    execution_id: str
    began: datetime
    due: datetime
    tries: int = 0

    @property
    def given_up(self) -> bool:
        """Whether the retry policy allows no further try."""
        policy = self.schedule.target.get("RetryPolicy", {})
        age = (self.due - self.began).total_seconds()
        return bool(
            self.tries > policy.get("MaximumRetryAttempts", 185)
            or age > policy.get("MaximumEventAgeInSeconds", 86_400)
        )


class ScheduleClock:
    """Watches all schedules. endpoint: asked at each call, for the server's own endpoint."""

    def __init__(self, endpoint: Callable[[], Mapping[str, str]]) -> None:
        self._endpoint = endpoint
        self._stopped = Event()
        self._deliveries: list[_Delivery] = []
        self._fired: dict[int, tuple[Schedule, str]] = {}
        self._thread = Thread(target=self._run, name="schedule clock", daemon=True)

    def start(self) -> None:
        """Watch from now on."""
        self._thread.start()

    def close(self) -> None:
        """Call nothing any more."""
        self._stopped.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopped.wait(TICK_SECONDS):
            try:
                self.tick(datetime.now(UTC))
            except Exception:  # the clock must not stop for one schedule
                LOG.exception("a schedule could not be looked at")

    def tick(self, now: datetime) -> None:
        """Begin the executions that are due, and try again those whose wait is over."""
        for schedule in self._due(now):
            self._deliveries.append(
                _Delivery(schedule=schedule, execution_id=str(uuid4()), began=now, due=now)
            )
        for delivery in [each for each in self._deliveries if each.due <= now]:
            if self._deliver(delivery) or delivery.given_up:
                self._deliveries.remove(delivery)

    def _due(self, now: datetime) -> list[Schedule]:
        found = []
        for schedule in _schedules():
            due = due_at(schedule.schedule_expression, schedule.schedule_expression_timezone)
            # Another time makes a schedule that has fired a new one.
            mark = (schedule, f"{schedule.schedule_expression} {schedule.schedule_expression_timezone}")
            if (
                due is None
                or due > now
                or schedule.state != "ENABLED"
                or self._fired.get(id(schedule)) == mark
            ):
                continue
            self._fired[id(schedule)] = mark
            found.append(schedule)
        return found

    def _deliver(self, delivery: _Delivery) -> bool:
        """Whether the target has taken the call."""
        delivery.tries += 1
        name = delivery.schedule.name
        try:
            target = delivery.schedule.target
            session = service_session(
                DEFAULT_ACCOUNT_ID, target["RoleArn"], "scheduler.amazonaws.com", "scheduler"
            )
            call(target, delivery.execution_id, {**self._endpoint(), **session})
        except (ClientError, BotoCoreError, JsonRESTError, NoTargetError, ValueError) as error:
            wait = min(FIRST_WAIT * 2 ** (delivery.tries - 1), LONGEST_WAIT)
            delivery.due = datetime.now(UTC) + wait
            LOG.info("schedule %s: try %d failed: %s", name, delivery.tries, error)
            return False
        LOG.info("schedule %s: target called", name)
        _complete(delivery.schedule)
        return True


def call(target: Mapping[str, Any], execution_id: str, own: Mapping[str, str]) -> None:
    """Call a universal target. Raises ClientError where it refuses, NoTargetError where it is none."""
    found = UNIVERSAL_TARGET.fullmatch(target["Arn"])
    if found is None:
        raise NoTargetError(f"the local cloud calls universal targets only, not {target['Arn']}")
    service = client(found["service"], own)
    operation = found["action"][0].upper() + found["action"][1:]
    shape = service.meta.service_model.operation_model(operation).input_shape
    given = json.loads(target.get("Input", "{}").replace(EXECUTION_ID, execution_id))
    getattr(service, xform_name(operation))(**_spelled(given, shape))


def _spelled(value: Any, shape: Shape | None) -> Any:  # noqa: ANN401 - JSON
    """The parameters in the spelling of the service's own API, whatever the case of their first letters."""
    if isinstance(shape, StructureShape) and isinstance(value, dict):
        names = {name.lower(): name for name in shape.members}
        known = {names.get(key.lower(), str(key)): inner for key, inner in value.items()}
        return {key: _spelled(inner, shape.members.get(key)) for key, inner in known.items()}
    if isinstance(shape, ListShape) and isinstance(value, list):
        return [_spelled(inner, shape.member) for inner in value]
    if isinstance(shape, MapShape) and isinstance(value, dict):
        return {key: _spelled(inner, shape.value) for key, inner in value.items()}
    return value


def _schedules() -> list[Schedule]:
    return [schedule for group in _groups() for schedule in [*group.schedules.values()]]


def _groups() -> list[ScheduleGroup]:
    # iter_backends() forgets which service's backends they are.
    backends: list[Any] = [backend for _, _, backend in scheduler_backends.iter_backends()]
    return [group for backend in backends for group in [*backend.schedule_groups.values()]]


def _complete(schedule: Schedule) -> None:
    if schedule.action_after_completion != "DELETE":
        return
    for group in _groups():
        if group.schedules.get(str(schedule.name)) is schedule:
            group.delete_schedule(str(schedule.name))
