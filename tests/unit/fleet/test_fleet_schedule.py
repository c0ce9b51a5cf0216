"""Tenants are taken in order, so many at once, until too many have failed; and how long the rest takes."""

from __future__ import annotations

from collections import deque

from hypothesis import given
from hypothesis import strategies as st
from tenantnet.fleet.schedule import Schedule, estimate

SECONDS = st.floats(0.1, 1000)


def run(failing: set[str], tenants: list[str], parallel: int, limit: int | None) -> tuple[list[str], int]:
    """Begun tenants in order, and the most that ran at once."""
    schedule = Schedule(waiting=deque(tenants), parallel=parallel, max_failures=limit)
    begun: list[str] = []
    most = 0
    while True:
        begun += schedule.take()
        most = max(most, len(schedule.running))
        if not schedule.running:
            return begun, most
        first = next(name for name in begun if name in schedule.running)
        schedule.finish(first, failed=first in failing)


@given(st.integers(0, 20), st.integers(1, 8))
def test_every_tenant_is_begun_once_in_order(count: int, parallel: int) -> None:
    tenants = [f"t{number}" for number in range(count)]
    begun, most = run(set(), tenants, parallel, None)
    assert begun == tenants
    assert most == min(count, parallel)


@given(st.integers(1, 8), st.integers(1, 4))
def test_after_the_last_failure_allowed_no_further_one_is_begun(parallel: int, limit: int) -> None:
    tenants = [f"t{number}" for number in range(20)]
    begun, _ = run(set(tenants), tenants, parallel, limit)
    # Those that had begun beside the last one go on.
    assert len(begun) == limit + parallel - 1


def test_a_stop_begins_no_further_one() -> None:
    schedule = Schedule(waiting=deque(["a", "b", "c"]), parallel=1)
    assert schedule.take() == ["a"]
    schedule.stopped = True
    schedule.finish("a", failed=False)
    assert schedule.take() == []
    assert list(schedule.waiting) == ["b", "c"]


def test_of_two_tenants_nothing_is_estimated() -> None:
    assert estimate([1.0, 2.0], [], 10, 2) is None


def test_nothing_left_takes_no_estimate() -> None:
    assert estimate([1.0, 2.0, 3.0], [], 0, 2) is None


def test_equal_tenants_take_as_many_turns_as_they_need() -> None:
    # Two at once: one is half done, seven wait.
    assert estimate([10.0] * 4, [5.0], 7, 2) == (40.0, 40.0)


@given(
    st.lists(SECONDS, min_size=3, max_size=30),
    st.lists(SECONDS, max_size=4),
    st.integers(0, 50),
    st.integers(4, 8),
)
def test_an_estimate_lies_between_the_best_and_the_worst(
    finished: list[float], running: list[float], waiting: int, parallel: int
) -> None:
    found = estimate(finished, running, waiting, parallel)
    if found is None:
        assert not running
        assert not waiting
        return
    low, high = found
    assert 0 <= low <= high
    assert high <= max(finished) * (1 + waiting) + 1e-6


def test_with_no_place_free_the_rest_waits_for_those_under_way() -> None:
    assert estimate([10.0] * 3, [2.0, 4.0], 1, 2) == (16.0, 16.0)
