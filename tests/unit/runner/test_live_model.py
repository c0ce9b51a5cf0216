"""The live move's model: no state is one that must not be, and each mistake that is put into it is found."""

from __future__ import annotations

import pytest

from tests.support.live_model import Explored, Fault, Model, World, explore

# One cut, and a second runner that comes while the first one lives, or after it.
SMALL = World(cuts=1, starts=2)
# With a way back and runs that wake late.
WITH_A_WAY_BACK = World(cuts=3, starts=4)
LARGE = World(cuts=4, starts=5)
MILLION = 1_000_000
IN_ONE_CUT = [fault for fault in Fault if fault is not Fault.CALL_AWS_WITHOUT_SESSIONS]


def told(explored: Explored, capsys: pytest.CaptureFixture[str]) -> Explored:
    with capsys.disabled():
        print(f" {explored.states:,} states ", end="")
    return explored


def test_two_runners_that_are_killed_anywhere_lose_nothing_and_leave_nothing_undone(
    capsys: pytest.CaptureFixture[str],
) -> None:
    explored = told(explore(SMALL, Model()), capsys)
    assert explored.broken is None, explored.trace
    assert explored.states > 20_000


@pytest.mark.parametrize("fault", IN_ONE_CUT)
def test_a_mistake_in_the_runner_is_found(fault: Fault) -> None:
    assert explore(SMALL, Model(frozenset({fault}))).broken


@pytest.mark.long
@pytest.mark.timeout(4 * 3600)
def test_neither_do_they_with_a_way_back_and_runs_that_wake_late(capsys: pytest.CaptureFixture[str]) -> None:
    explored = told(explore(LARGE, Model(), limit=MILLION), capsys)
    assert explored.broken is None, explored.trace
    assert explored.states >= MILLION


@pytest.mark.long
@pytest.mark.timeout(4 * 3600)
def test_a_run_that_wakes_late_and_calls_aws_without_a_look_at_its_sessions_is_found() -> None:
    assert explore(WITH_A_WAY_BACK, Model(frozenset({Fault.CALL_AWS_WITHOUT_SESSIONS}))).broken
