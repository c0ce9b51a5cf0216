"""When a run begins a step, with a clock that the test sets: not before its time, and at once after it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tenantnet.phases.transitions import Event
from tenantnet.runner.clock import LONGEST_SLEEP_SECONDS, Clock
from tenantnet.runner.runner import MovePlan

NIGHT = datetime(2026, 12, 1, 1, 0, tzinfo=UTC)
PLAN = MovePlan(prepare_at=NIGHT - timedelta(hours=4), fence_at=NIGHT, retire_after=timedelta(hours=24))


@dataclass
class Hands:
    """The hands of a clock, which a sleep moves on. extra: seconds that pass unnoticed in each sleep."""

    at: datetime
    extra: float = 0
    slept: list[float] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.at += timedelta(seconds=seconds + self.extra)

    def clock(self) -> Clock:
        return Clock(now=lambda: self.at, sleep=self.sleep)


@given(ahead=st.floats(min_value=0.001, max_value=4 * 3600))
def test_waiting_ends_when_the_time_has_come_and_not_before(ahead: float) -> None:
    hands = Hands(NIGHT - timedelta(seconds=ahead))
    hands.clock().wait_until(NIGHT)
    assert NIGHT <= hands.at <= NIGHT + timedelta(seconds=0.001)


@given(ahead=st.floats(min_value=1, max_value=4 * 3600))
def test_a_machine_that_sleeps_meanwhile_is_late_by_its_sleep_at_most(ahead: float) -> None:
    hands = Hands(NIGHT - timedelta(seconds=ahead), extra=600)
    hands.clock().wait_until(NIGHT)
    assert NIGHT <= hands.at <= NIGHT + timedelta(seconds=600 + LONGEST_SLEEP_SECONDS)


@pytest.mark.parametrize("late", [timedelta(), timedelta(days=3)])
def test_a_time_that_has_come_or_passed_is_not_waited_for(late: timedelta) -> None:
    hands = Hands(NIGHT + late)
    hands.clock().wait_until(NIGHT)
    assert hands.slept == []


def test_a_copy_is_made_ahead_of_the_fence_and_nothing_else_waits() -> None:
    begins = {event: PLAN.begin(event) for event in Event if PLAN.begin(event)}
    ahead = NIGHT - timedelta(hours=4)
    assert begins == {
        **{Event.PREPARE: ahead, Event.FENCE: NIGHT},
        **{Event.SEED: ahead, Event.SWITCH: NIGHT},
    }


def test_without_times_nothing_waits() -> None:
    assert [MovePlan().begin(event) for event in Event] == [None] * len(Event)


def test_the_former_production_may_be_given_up_when_its_time_is_over() -> None:
    assert PLAN.retirement(NIGHT) == NIGHT + timedelta(hours=24)
    assert MovePlan().retirement(NIGHT) == NIGHT
