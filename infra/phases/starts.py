"""When the scheduler starts the runner of a move: computed in absolute time, shown in the tenant's zone.
Pure.

A move has two starts: one before its time, and one after the former production has waited long enough.
Which of them is next follows from the state that the stack remembers, and from the start beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from tenantnet.phases.phases import AFTER_THE_SWITCH, Phase, State
from tenantnet.settings.models import MigrationSettings
from tenantnet.tags import Strategy

# Before the time at which writes are held back. Creating the replica of a full database takes hours, without
# effect on clients, and what follows is compared besides; a snapshot is taken behind the fence, so only the
# machine has to be ready by then.
LEAD = {
    Strategy.REPLICA: timedelta(hours=4),
    Strategy.SNAPSHOT: timedelta(minutes=30),
    Strategy.LIVE: timedelta(hours=12),
}
# A start whose time is past happens as soon as the update that declares it can have created the schedule.
SOON = timedelta(minutes=3)
# The former production waits from the end of the update that records the switch; a start that is too early
# would find nothing to do, and no other one follows.
AFTER_THE_UPDATE = timedelta(minutes=30)
WAITS_WITHOUT_SETTINGS = timedelta(hours=24)

MINUTE = timedelta(minutes=1)
OUTPUT = "runnerStart"


def waits(migration: MigrationSettings | None) -> timedelta:
    """How long the former production waits after the switch."""
    return migration.retire_after if migration else WAITS_WITHOUT_SETTINGS


class Purpose(StrEnum):
    """What the runner is started for."""

    MOVE = "move"
    RETIRE = "retire"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunnerStart:
    """A start of the runner. The stack remembers it from the first update that declares it.

    order: what the settings ask for, in one line; another order is another start. since: what the wait of a
    former production is counted from, in UTC. at: when the runner starts, in UTC, on a full minute.
    """

    purpose: Purpose
    order: str
    since: datetime
    at: datetime

    def output(self) -> dict[str, str]:
        """Itself as an output of the tenant's stack."""
        times = {"since": self.since.isoformat(), "at": self.at.isoformat()}
        return {"purpose": str(self.purpose), "order": self.order, **times}


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalTime:
    """A local time that occurs exactly once. wall: without seconds and without a zone."""

    wall: datetime
    timezone: str


def remembered_start(outputs: Mapping[str, Any]) -> RunnerStart | None:
    """The start in a stack's outputs; None if there is none."""
    output = outputs.get(OUTPUT)
    if output is None:
        return None
    return RunnerStart(
        purpose=Purpose(output["purpose"]),
        order=output["order"],
        since=datetime.fromisoformat(output["since"]),
        at=datetime.fromisoformat(output["at"]),
    )


def next_start(
    state: State, migration: MigrationSettings | None, remembered: RunnerStart | None, now: datetime
) -> RunnerStart | None:
    """The start to remember from this update on; None if none is needed.

    now: with its zone. It is to be scheduled while its time is still to come: what has started need not be
    kept, and nobody documents what AWS does with a time that is past.
    The schedule does not begin a move again, even if it was aborted: that needs a new time.
    """
    if state.phase in AFTER_THE_SWITCH:
        return _retirement(state, migration, remembered, now)
    if migration is None or migration.to is state.production:
        return None
    begun = state.phase is not Phase.STEADY
    order = f"{migration.to} {migration.at:%Y-%m-%dT%H:%M} {migration.timezone} {migration.strategy}"
    if remembered is not None and remembered.order == order:
        start = remembered
    elif now >= migration.instant and not begun:
        return None
    else:
        planned = _floor(migration.instant - LEAD[migration.strategy])
        start = RunnerStart(purpose=Purpose.MOVE, order=order, since=now, at=_ahead(planned, now))
    return replace(start, at=_floor(now)) if begun and start.at > now else start


def missed(state: State, migration: MigrationSettings | None, start: RunnerStart | None) -> bool:
    """Whether the settings schedule a move whose time was past before the first update that declares it."""
    asked = migration is not None and migration.to is not state.production
    return asked and start is None and state.phase is Phase.STEADY


def local_time(start: RunnerStart, timezone: str, now: datetime) -> LocalTime:
    """The start in the tenant's zone, at a time that comes once there.

    In an hour that occurs twice it is the last minute before that hour or, if that is past, the first one
    after it. The local time of an instant is never one that the clocks skip.
    """
    zone = ZoneInfo(timezone)
    at = start.at
    while _comes_twice(at, zone):
        at -= MINUTE
    if at <= now < start.at:
        at = start.at
        while _comes_twice(at, zone):
            at += MINUTE
    return LocalTime(wall=at.astimezone(zone).replace(tzinfo=None, fold=0), timezone=timezone)


def _retirement(
    state: State, migration: MigrationSettings | None, remembered: RunnerStart | None, now: datetime
) -> RunnerStart:
    waiting = waits(migration)
    order = f"move {state.move} after {waiting}"
    counted = remembered if remembered and remembered.purpose is Purpose.RETIRE else None
    if counted and counted.order == order:
        return counted
    since = counted.since if counted else now
    planned = _ceiling(since + AFTER_THE_UPDATE + waiting)
    return RunnerStart(purpose=Purpose.RETIRE, order=order, since=since, at=_ahead(planned, now))


def _ahead(planned: datetime, now: datetime) -> datetime:
    return planned if planned > now else _ceiling(now + SOON)


def _comes_twice(at: datetime, zone: ZoneInfo) -> bool:
    wall = at.astimezone(zone)
    return wall.replace(fold=0).utcoffset() != wall.replace(fold=1).utcoffset()


def _floor(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(second=0, microsecond=0)


def _ceiling(at: datetime) -> datetime:
    floor = _floor(at)
    return floor if floor == at else floor + MINUTE
