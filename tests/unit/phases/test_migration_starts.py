"""When a machine starts the runner: hours ahead of the move, whatever the clocks do."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

from hypothesis import assume, example, given
from hypothesis import strategies as st
from tenantnet.phases.phases import Phase, State
from tenantnet.phases.starts import (
    AFTER_THE_UPDATE,
    LEAD,
    SOON,
    Purpose,
    RunnerStart,
    local_time,
    missed,
    next_start,
    remembered_start,
)
from tenantnet.settings.checks import check_timezone
from tenantnet.settings.models import MigrationSettings
from tenantnet.tags import Slot, Strategy

ZONES = sorted(zone for zone in available_timezones() if not check_timezone(zone))
CLOCK_CHANGES = [
    ("Europe/Amsterdam", datetime(2026, 3, 29, 6, 30)),
    ("Europe/Amsterdam", datetime(2026, 10, 25, 6, 30)),
    ("America/New_York", datetime(2026, 11, 1, 5, 15)),
    ("Australia/Lord_Howe", datetime(2026, 4, 5, 5, 45)),
    ("Africa/Casablanca", datetime(2026, 2, 15, 6, 30)),
]
STEADY = State(phase=Phase.STEADY, production=Slot.BLUE)
SWITCHED = State(phase=Phase.SWITCHED, production=Slot.GREEN, strategy=Strategy.REPLICA, move=1)
LONG_BEFORE = datetime(2026, 1, 1, tzinfo=UTC)


def migration(
    at: str = "2026-12-01T02:00",
    timezone: str = "Europe/Amsterdam",
    strategy: str = "replica",
    retire_after: str = "24h",
) -> MigrationSettings:
    return MigrationSettings.model_validate(
        {"to": "green", "at": at, "timezone": timezone, "strategy": strategy, "retireAfter": retire_after}
    )


def start(state: State, asked: MigrationSettings | None, now: datetime) -> RunnerStart:
    found = next_start(state, asked, None, now)
    assert found is not None
    return found


def at_once(wall: datetime, zone: str) -> bool:
    """Whether the clocks of the zone show that time just once, as the settings demand it."""
    here = wall.replace(tzinfo=ZoneInfo(zone), fold=0)
    return here.utcoffset() == here.replace(fold=1).utcoffset()


def with_clock_changes(test: Callable[..., None]) -> Callable[..., None]:
    for zone, wall in CLOCK_CHANGES:
        test = example(zone=zone, wall=wall, strategy=Strategy.REPLICA)(test)
    return test


TIMES = st.datetimes(datetime(2026, 2, 1), datetime(2040, 12, 31)).map(
    lambda at: at.replace(second=0, microsecond=0)
)


@with_clock_changes
@given(zone=st.sampled_from(ZONES), wall=TIMES, strategy=st.sampled_from(Strategy))
def test_the_runner_starts_the_lead_time_ahead_at_a_time_that_comes_once(
    zone: str, wall: datetime, strategy: Strategy
) -> None:
    assume(at_once(wall, zone))
    asked = migration(f"{wall:%Y-%m-%dT%H:%M}", zone, strategy)
    planned = start(STEADY, asked, LONG_BEFORE)
    shown = local_time(planned, zone, LONG_BEFORE)
    assert at_once(shown.wall, zone)
    instant = shown.wall.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    assert instant.astimezone(ZoneInfo(zone)).replace(tzinfo=None) == shown.wall, "the clocks show that time"
    lead = asked.instant - instant
    assert lead >= LEAD[strategy]
    # No zone repeats more than a day.
    assert lead <= LEAD[strategy] + timedelta(days=1)
    if at_once(planned.at.astimezone(ZoneInfo(zone)).replace(tzinfo=None), zone):
        assert lead == LEAD[strategy]


def test_hours_are_subtracted_in_absolute_time_over_a_spring_gap() -> None:
    asked = migration("2026-03-29T05:30")
    shown = local_time(start(STEADY, asked, LONG_BEFORE), asked.timezone, LONG_BEFORE)
    assert shown.wall == datetime(2026, 3, 29, 0, 30), (
        "the night has an hour less, so four are five on the wall"
    )


def test_a_start_in_the_repeated_hour_is_moved_before_it() -> None:
    asked = migration("2026-10-25T06:30")
    shown = local_time(start(STEADY, asked, LONG_BEFORE), asked.timezone, LONG_BEFORE)
    assert shown.wall == datetime(2026, 10, 25, 1, 59)


def test_a_start_in_the_repeated_hour_that_has_begun_already_is_moved_behind_it() -> None:
    asked = migration("2026-10-25T06:30")
    now = datetime(2026, 10, 25, 0, 10, tzinfo=UTC)
    soon = RunnerStart(
        purpose=Purpose.MOVE, order="", since=now, at=datetime(2026, 10, 25, 1, 20, tzinfo=UTC)
    )
    before = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert local_time(soon, asked.timezone, before).wall == datetime(2026, 10, 25, 3, 0)


def test_a_move_that_is_nearer_than_its_lead_time_starts_soon_and_the_next_update_keeps_that() -> None:
    asked = migration()
    now = asked.instant - timedelta(minutes=40, seconds=17)
    first = start(STEADY, asked, now)
    assert SOON <= first.at - now <= SOON + timedelta(minutes=1)
    assert next_start(STEADY, asked, first, now + timedelta(minutes=2)) == first


def test_a_start_comes_back_from_the_outputs_as_it_was() -> None:
    first = start(STEADY, migration(), LONG_BEFORE)
    assert remembered_start({"runnerStart": first.output()}) == first
    assert remembered_start({}) is None


def test_another_time_is_another_start() -> None:
    first = start(STEADY, migration(), LONG_BEFORE)
    later = next_start(STEADY, migration("2026-12-02T02:00"), first, LONG_BEFORE)
    assert later is not None
    assert later.at == first.at + timedelta(days=1)


def test_a_cancelled_move_starts_nothing() -> None:
    assert next_start(STEADY, None, start(STEADY, migration(), LONG_BEFORE), LONG_BEFORE) is None


def test_a_move_that_was_past_before_anybody_deployed_it_starts_nothing_and_is_said() -> None:
    asked = migration()
    now = asked.instant + timedelta(minutes=1)
    assert next_start(STEADY, asked, None, now) is None
    assert missed(STEADY, asked, None)


def test_a_move_whose_start_has_gone_by_is_not_started_anew() -> None:
    asked = migration()
    first = start(STEADY, asked, LONG_BEFORE)
    now = asked.instant + timedelta(hours=9)
    assert next_start(STEADY, asked, first, now) == first
    assert not missed(STEADY, asked, first)


def test_an_aborted_move_is_not_begun_again_by_the_schedule() -> None:
    asked = migration()
    planned = start(STEADY, asked, LONG_BEFORE)
    begun = LONG_BEFORE + timedelta(days=1)
    aborting = State(phase=Phase.ABORTING, production=Slot.BLUE, move=1)
    for known in (planned, None):
        kept = next_start(aborting, asked, known, begun)
        assert kept is not None
        assert kept.at <= begun
        steady = State(phase=Phase.STEADY, production=Slot.BLUE, move=1)
        again = next_start(steady, asked, kept, begun + timedelta(hours=1))
        assert again == kept


def test_the_move_that_is_over_starts_nothing() -> None:
    over = State(phase=Phase.STEADY, production=Slot.GREEN, move=1)
    assert next_start(over, migration(), None, LONG_BEFORE) is None


def test_the_former_production_is_retired_after_its_wait_counted_behind_the_update() -> None:
    switched = datetime(2026, 12, 1, 1, 7, 30, tzinfo=UTC)
    first = start(SWITCHED, migration(), switched)
    assert first.purpose is Purpose.RETIRE
    wait = first.at - switched
    assert timedelta(hours=24) + AFTER_THE_UPDATE <= wait < timedelta(hours=24, minutes=31)
    assert next_start(SWITCHED, migration(), first, switched + timedelta(hours=5)) == first


def test_another_wait_is_counted_from_the_switch_too() -> None:
    switched = datetime(2026, 12, 1, 1, 7, tzinfo=UTC)
    first = start(SWITCHED, migration(), switched)
    changed = next_start(SWITCHED, migration(retire_after="3d"), first, switched + timedelta(hours=5))
    assert changed is not None
    assert changed.at == first.at + timedelta(days=2)


def test_a_wait_that_is_shortened_to_one_that_is_over_ends_soon() -> None:
    switched = datetime(2026, 12, 1, 1, 7, tzinfo=UTC)
    first = start(SWITCHED, migration(), switched)
    now = switched + timedelta(hours=5)
    changed = next_start(SWITCHED, migration(retire_after="1h"), first, now)
    assert changed is not None
    assert changed.at == now + SOON
