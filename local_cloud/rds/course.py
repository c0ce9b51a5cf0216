"""The states that an instance passes through, one after the other, each for as long as it lasts at AWS.

https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/accessing-monitoring.html
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from math import inf
from threading import RLock
from typing import Any

from tenantnet.local_cloud.pace import here, now

AVAILABLE, FAILED = "available", "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One state. seconds: how long it lasts at least, at AWS. work: what it lasts for if that takes longer.

    applying: parameters are on their way to the server. finish: called when it is over. then: the state
    afterwards, if nothing else follows.
    """

    status: str = AVAILABLE
    seconds: float
    work: Future[Any] | None = None
    applying: bool = False
    finish: Callable[[], None] | None = None
    then: str = AVAILABLE


class Course:
    """Steps end as time passes: whoever asks for the state ends those that are over, once in an answer."""

    def __init__(self) -> None:
        self._steps: deque[Step] = deque()
        self._began, self._rest = now(), AVAILABLE
        self._turn = RLock()
        self._settled_at = -inf
        self.deletes = False

    def __deepcopy__(self, _memo: object) -> Course:
        """moto copies all that an instance has for one that is restored, which then has its own."""
        return Course()

    def go(self, *steps: Step) -> None:
        """Pass through these, after what is on its way already."""
        with self._turn:
            if not self._steps:
                self._began = now()
            self._steps.extend(steps)

    def leave(self, step: Step) -> None:
        """Pass through this one instead of all others: the last one."""
        with self._turn:
            self._steps.clear()
            self.deletes = True
            self.go(step)

    def fail(self) -> None:
        """Be failed until it is deleted."""
        with self._turn:
            self._steps.clear()
            self._rest = FAILED

    @property
    def status(self) -> str:
        step = self._present()
        return step.status if step else self._rest

    def settle(self) -> None:
        """End the steps that are over."""
        self._present()

    @property
    def idle(self) -> bool:
        """Whether nothing goes on, also nothing that is not to be seen yet."""
        return self._present() is None and self._rest == AVAILABLE

    @property
    def applying(self) -> bool:
        """Whether parameters are on their way to the server."""
        step = self._present()
        return step is not None and step.applying

    def _present(self) -> Step | None:
        with self._turn:
            before, self._settled_at = self._settled_at, now()
            while self._settled_at != before and self._steps and self._is_over(step := self._steps[0]):
                self._steps.popleft()
                if step.work and (step.work.cancelled() or step.work.exception()):
                    self.fail()
                    break
                self._rest = step.then
                if step.finish:
                    step.finish()
            return self._steps[0] if self._steps else None

    def _is_over(self, step: Step) -> bool:
        end = self._began + here(step.seconds)
        if now() < end or (step.work and not step.work.done()):
            return False
        # What lasted longer than it should delays the next one.
        self._began = now() if step.work else end
        return True
