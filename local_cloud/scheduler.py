"""EventBridge Scheduler, completed: what cannot be is refused, and a one-time schedule calls its target.

https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
AWS does not say what it does with a time that is past. Here it is refused, so that no program relies on more.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from types import SimpleNamespace
from zoneinfo import ZoneInfo, available_timezones

from moto.scheduler import urls
from moto.scheduler.exceptions import ValidationException
from moto.scheduler.models import EventBridgeSchedulerBackend, scheduler_backends
from moto.scheduler.responses import EventBridgeSchedulerResponse

EXPRESSION = re.compile(r"(?P<kind>at|rate|cron)\((?P<body>[^()]*)\)")
RATE = re.compile(r"[1-9]\d* (minute|hour|day)s?")
CRON_FIELD = re.compile(r"[A-Z0-9*,\-/?#LW]+")
CRON_DAY_OF_MONTH, CRON_DAY_OF_WEEK, CRON_FIELDS = 2, 4, 6


def check_schedule(expression: str, timezone: str | None) -> None:
    """Raise the scheduler's ValidationException for what it does not understand."""
    match = EXPRESSION.fullmatch(expression)
    if not match or not _CHECKS[match["kind"]](match["body"]):
        raise ValidationException(f"Invalid Schedule Expression {expression}.")
    if timezone and timezone not in available_timezones():
        raise ValidationException(f"Invalid Schedule Expression Timezone {timezone}.")
    due = due_at(expression, timezone)
    if due is not None and due <= datetime.now(UTC):
        raise ValidationException(f"Invalid Schedule Expression {expression}: the time is past.")


def due_at(expression: str, timezone: str | None) -> datetime | None:
    """The instant of a one-time schedule; None for one that recurs."""
    match = EXPRESSION.fullmatch(expression)
    if match is None or match["kind"] != "at":
        return None
    wall = datetime.fromisoformat(match["body"])
    return wall.replace(tzinfo=ZoneInfo(timezone or "UTC")).astimezone(UTC)


def _is_time(body: str) -> bool:
    try:
        return datetime.strptime(body, "%Y-%m-%dT%H:%M:%S").isoformat() == body
    except ValueError:
        return False


def _is_rate(body: str) -> bool:
    return bool(RATE.fullmatch(body))


def _is_cron(body: str) -> bool:
    fields = body.split()
    if len(fields) != CRON_FIELDS or not all(map(CRON_FIELD.fullmatch, fields)):
        return False
    # A day is named by its number in the month or by its place in the week, never by both.
    return (fields[CRON_DAY_OF_MONTH] == "?") != (fields[CRON_DAY_OF_WEEK] == "?")


_CHECKS = {"at": _is_time, "rate": _is_rate, "cron": _is_cron}


class CompletedSchedulerResponse(EventBridgeSchedulerResponse):
    """All calls."""

    def create_schedule(self) -> str:
        check_schedule(self._get_param("ScheduleExpression"), self._get_param("ScheduleExpressionTimezone"))
        answer = super().create_schedule()
        self._complete()
        return answer

    def update_schedule(self) -> str:
        check_schedule(self._get_param("ScheduleExpression"), self._get_param("ScheduleExpressionTimezone"))
        answer = super().update_schedule()
        self._complete()
        return answer

    def _complete(self) -> None:
        """What is not given has its default, in a change too: nothing of it is as it was before.

        https://docs.aws.amazon.com/scheduler/latest/APIReference/API_UpdateSchedule.html
        """
        kept = self.scheduler_backend.get_schedule(self._get_param("GroupName"), self.uri.rpartition("/")[2])
        kept.state = kept.state or "ENABLED"
        kept.action_after_completion = self._get_param("ActionAfterCompletion") or "NONE"


class CompletedSchedulerBackend(EventBridgeSchedulerBackend):
    """One region's scheduler."""

    @property
    def _url_module(self) -> SimpleNamespace:
        """What moto looks for in `urls.py` beside the backend's module."""
        paths = dict.fromkeys(urls.url_paths, CompletedSchedulerResponse.dispatch)
        return SimpleNamespace(url_bases=urls.url_bases, url_paths=paths)


def register_scheduler() -> None:
    """Let moto make completed backends from now on."""
    scheduler_backends.backend = CompletedSchedulerBackend
