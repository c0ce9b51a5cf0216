"""What a run says while one thing takes long: that it is still at it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import Event, RLock, Thread
from time import monotonic

SILENCE = timedelta(minutes=1)


class Heartbeat:
    """Tells the lines of a run, and what it is at after a minute of silence, then ever more seldom.

    That is its last line, unless that was about something that has ended. tell: prints a line, in any thread.
    """

    def __init__(self, tell: Callable[[str], None], silence: timedelta = SILENCE) -> None:
        self._tell, self._silence = tell, silence.total_seconds()
        # A signal handler tells something too, in the thread that is telling.
        self._telling = RLock()
        self._work, self._since, self._next = "", monotonic(), self._silence

    def tell(self, line: str) -> None:
        """Tell a line."""
        with self._telling:
            self._tell(line)
            self._work, self._since, self._next = line, monotonic(), self._silence

    def at(self, work: str) -> None:
        """What the run does from now on, where its last line does not say so."""
        with self._telling:
            self._work = work

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Within it nothing takes long in silence."""
        ended = Event()
        beating = Thread(target=self._beat, args=[ended], daemon=True)
        beating.start()
        try:
            yield
        finally:
            ended.set()
            beating.join()

    def _beat(self, ended: Event) -> None:
        while not ended.wait(self._silence / 60):
            with self._telling:
                passed = monotonic() - self._since
                if self._work and passed >= self._next:
                    self._next *= 2
                    self._tell(f"still at it, for {timedelta(seconds=int(passed))}: {self._work}")
