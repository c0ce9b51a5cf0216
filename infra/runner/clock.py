"""The time of day, and waiting for it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from tenacity import Retrying, retry_if_result, stop_after_delay, wait_exponential

# The clock is read again after this time, in case the machine slept or its clock was set.
LONGEST_SLEEP_SECONDS = 30.0
PAUSES = wait_exponential(multiplier=0.25, max=15.0)
# While clients wait.
SHORT_PAUSES = wait_exponential(multiplier=0.25, max=1.0)


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """now: the time, with its zone. sleep: waits for so many seconds."""

    now: Callable[[], datetime] = _now
    sleep: Callable[[float], None] = time.sleep

    def wait_until(self, moment: datetime) -> None:
        """Return once `moment` has come; at once where it has passed."""
        while (left := (moment - self.now()).total_seconds()) > 0:
            self.sleep(min(left, LONGEST_SLEEP_SECONDS))


def retrying(limit: timedelta, enough: Callable[[Any], bool], pauses: wait_exponential = PAUSES) -> Retrying:
    """Call what it is given until the answer is enough, at growing intervals.

    Raises tenacity's RetryError at the limit.
    """
    return Retrying(
        retry=retry_if_result(lambda answer: not enough(answer)),
        stop=stop_after_delay(limit),
        wait=pauses,
    )
