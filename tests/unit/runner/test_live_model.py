"""The live move's model: no state is one that must not be, and each mistake that is put into it is found."""

from __future__ import annotations

import pytest

from tests.support.live_model import Explored, Fault, Model, World, explore

# One cut, and a second runner that comes while the first one lives, or after it.
SMALL = World(cuts=1, starts=2)
MILLION = 1_000_000


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


@pytest.mark.long
@pytest.mark.timeout(4 * 3600)
def test_neither_do_they_with_a_way_back_and_a_run_that_wakes_late(
    capsys: pytest.CaptureFixture[str],
) -> None:
    explored = told(explore(World(cuts=2, starts=3), Model(), limit=MILLION), capsys)
    assert explored.broken is None, explored.trace


@pytest.mark.parametrize("fault", Fault)
def test_a_mistake_in_the_runner_is_found(fault: Fault) -> None:
    assert explore(SMALL, Model(frozenset({fault}))).broken
