"""When a machine starts the runner of a move: pure arithmetic in absolute time, told in the tenant's zone.

A move has two starts: one ahead of its time, and one once the former production has waited long enough.
Which of them is next follows from the state that the stack remembers, and from the start beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from tenantnet.phases.phases import AFTER_THE_SWITCH, Phase, State
from tenantnet.settings.models import MigrationSettings
from tenantnet.tags import Strategy

# Ahead of the time at which writes are held back. The replica of a full database takes hours to make, without
# clients noticing; a snapshot is taken behind the fence, so that only the machine has to be ready by then.
LEAD = {Strategy.REPLICA: timedelta(hours=4), Strategy.SNAPSHOT: timedelta(minutes=30)}
# A start whose time has gone by is made up for as soon as the update that declares it can have come to it.
SOON = timedelta(minutes=3)
# The former production waits from the end of the update that records the switch; a start that comes too early
# would find nothing to do, and no other one follows.
AFTER_THE_UPDATE = timedelta(minutes=30)
WAITS_WITHOUT_SETTINGS = timedelta(hours=24)

MINUTE = timedelta(minutes=1)
OUTPUT = "runnerStart"


class Purpose(StrEnum):
    """What the runner is started for."""

    MOVE = "move"
    RETIRE = "retire"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunnerStart:
    """A start of the runner, as the stack remembers it from the first update on that knows of it.

    order: what was asked for, in one line; another order is another start. since: what the wait of a former
    production is counted from, in UTC. at: when the runner starts, in UTC, on a full minute.
    """

    purpose: Purpose
    order: str
    since: datetime
    at: datetime

    def output(self) -> dict[str, str]:
        """Itself as an output of the tenant's stack."""
        return {
            "purpose": str(self.purpose),
            "order": self.order,
            "since": self.since.isoformat(),
            "at": self.at.isoformat(),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalTime:
    """A time that a clock on the wall shows just once. wall: without seconds, without a zone of its own."""

    wall: datetime
    timezone: str


def remembered_start(outputs: Mapping[str, Any]) -> RunnerStart | None:
    """The start that a stack's outputs tell; None where there is none."""
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
    """The start to remember from this update on; None where none is needed.

    now: with its zone. It is to be scheduled while its time is still to come: what has started need not be
    kept, and nobody documents what AWS does with a time that is past.
    A move that has begun, even if it is aborted, is not begun again by the schedule: a new time is needed.
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
    if begun and start.at > now:
        return RunnerStart(purpose=Purpose.MOVE, order=order, since=start.since, at=_floor(now))
    return start


def missed(state: State, migration: MigrationSettings | None, start: RunnerStart | None) -> bool:
    """Whether the settings ask for a move whose time was past before any update knew of it."""
    asked = migration is not None and migration.to is not state.production
    return asked and start is None and state.phase is Phase.STEADY


def local_time(start: RunnerStart, timezone: str, now: datetime) -> LocalTime:
    """The start in the tenant's zone, at a time that comes once there.

    In the hour that comes twice it is the last minute before that hour, or, where that is past, the first one
    after it. A time that an instant was turned into cannot be one that the clocks leave out.
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
    waits = migration.retire_after if migration else WAITS_WITHOUT_SETTINGS
    order = f"move {state.move} after {waits}"
    counted = remembered is not None and remembered.purpose is Purpose.RETIRE
    if remembered is not None and counted and remembered.order == order:
        return remembered
    since = remembered.since if remembered is not None and counted else now
    planned = _ceiling(since + AFTER_THE_UPDATE + waits)
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
