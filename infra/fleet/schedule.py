"""When each tenant of a fleet is taken, when no further one is, and how long the rest will take. Pure."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from statistics import quantiles

# Of fewer finished tenants no spread is known.
FEWEST_FOR_AN_ESTIMATE = 3


@dataclass(slots=True, kw_only=True)
class Schedule:
    """waiting: in the order they are taken. parallel: at once, at most.

    max_failures: after so many no further tenant is taken; None for never. stopped: whether none is taken for
    another reason; those that run go on.
    """

    waiting: deque[str]
    parallel: int
    max_failures: int | None = None
    running: set[str] = field(default_factory=set)
    failures: int = 0
    stopped: bool = False

    def take(self) -> list[str]:
        """The tenants to start now, which count as running."""
        if self.held_back:
            return []
        free = max(self.parallel - len(self.running), 0)
        taken = [self.waiting.popleft() for _ in range(min(free, len(self.waiting)))]
        self.running.update(taken)
        return taken

    def finish(self, tenant: str, *, failed: bool) -> None:
        """A running tenant has finished."""
        self.running.remove(tenant)
        self.failures += failed

    @property
    def held_back(self) -> bool:
        """Whether no further tenant is taken."""
        return self.stopped or (self.max_failures is not None and self.failures >= self.max_failures)


def estimate(
    finished: Sequence[float], running: Collection[float], waiting: int, parallel: int
) -> tuple[float, float] | None:
    """How many seconds the rest will take, at least and at most; None while too little is known.

    At least: if it is as quick as the quickest quarter of those so far was; at most: as slow as the slowest.
    finished: seconds that each took. running: seconds since each began. waiting: how many have not begun.
    """
    if len(finished) < FEWEST_FOR_AN_ESTIMATE or not (running or waiting):
        return None
    quick, _, slow = quantiles(finished, n=4, method="inclusive")
    low, high = (_until_all_done(each, running, waiting, parallel) for each in (quick, slow))
    return low, high


def _until_all_done(each: float, running: Collection[float], waiting: int, parallel: int) -> float:
    """Seconds, if each takes `each` and the next begins as soon as a place is free."""
    ends = [max(each - elapsed, 0.0) for elapsed in running]
    ends += [0.0] * (parallel - len(ends))
    heapq.heapify(ends)
    for _ in range(waiting):
        heapq.heapreplace(ends, ends[0] + each)
    return max(ends)
