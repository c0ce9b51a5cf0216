"""The lease of a tenant's moves: of several runs, one works on them at a time.

A run renews its lease as long as it lives, also while Pulumi or AWS works for it. No clocks are compared: a
run that finds a lease watches whether it is renewed.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from threading import Event, Lock, Thread
from uuid import uuid4

from tenantnet.failure import Failure
from tenantnet.phases.journal import Holder
from tenantnet.runner.clock import Clock
from tenantnet.runner.journal_table import JournalTable
from tenantnet.toolchain.processes import has_ended, this_machine

RENEWED_EVERY = timedelta(seconds=10)
# The run of a lease that was not renewed for so long was killed, or its machine sleeps.
LIFE = timedelta(minutes=1)
LOOKS_PER_LIFE = 30


class Lease:
    """The lease as one run has it. who: user, host and process. tell: prints a line.

    Every method raises Failure if AWS does not answer.
    """

    def __init__(
        self,
        tenant: str,
        *,
        who: str,
        journal: JournalTable,
        tell: Callable[[str], None],
        clock: Clock,
        life: timedelta = LIFE,
        renewed_every: timedelta = RENEWED_EVERY,
    ) -> None:
        self._tenant, self._who, self._journal, self._tell, self._clock = tenant, who, journal, tell, clock
        self._life, self._every = life, renewed_every
        self._mine: Holder | None = None
        self._renewing = Lock()

    @contextmanager
    def held(self, *, patient: bool = False) -> Iterator[None]:
        """Hold it in the block. patient: wait for a living run's end, which is a Failure otherwise."""
        try:
            self._take(patient=patient)
            with self._renewed():
                yield
        finally:
            # Where AWS does not answer, the lease ends by itself.
            with suppress(Failure):
                self._release()

    @contextmanager
    def lent(self) -> Iterator[None]:
        """Within `held`: leave it to others in the block. Raises Failure if a run has it afterwards."""
        self._release()
        yield
        self._take(patient=False)

    def confirm(self) -> None:
        """Renew it. Raises Failure if another run has taken it, as after a long sleep of this machine."""
        if not self._renew():
            raise Failure(
                f"This run no longer works on the move of {self._tenant}.",
                reason=f"it did not renew its lease for {self._life.seconds} s, and another run has taken it",
                remedy=f"follow the other run: tenantnet migrate status {self._tenant}",
                state="What this run did before remains.",
            )

    @contextmanager
    def _renewed(self) -> Iterator[None]:
        ended = Event()
        renewer = Thread(target=self._keep_renewing, args=[ended], daemon=True)
        renewer.start()
        try:
            yield
        finally:
            ended.set()
            renewer.join()

    def _keep_renewing(self, ended: Event) -> None:
        while not ended.wait(self._every.total_seconds()):
            with suppress(Failure):
                self._renew()

    def _renew(self) -> bool:
        """Whether it is not another run's."""
        with self._renewing:
            if self._mine is None:
                return True
            self._mine = replace(self._mine, renewals=self._mine.renewals + 1)
            return self._journal.renew_lease(self._mine)

    def _release(self) -> None:
        with self._renewing:
            mine, self._mine = self._mine, None
        if mine is not None:
            self._journal.release_lease(mine)

    def _take(self, *, patient: bool) -> None:
        mine = Holder(
            run=uuid4().hex, who=self._who, machine=this_machine(), pid=os.getpid(), since=self._clock.now()
        )
        # Known before it is written: a signal may come before the answer.
        with self._renewing:
            self._mine = mine
        seen: Holder | None = None
        while not self._journal.take_lease(mine, seen):
            seen = self._journal.lease()
            # Its own row, where it was written and the answer was lost, is not watched.
            if seen is not None and seen.run != mine.run and not has_ended(seen.machine, seen.pid):
                seen = self._watched(seen, patient=patient)

    def _watched(self, seen: Holder, *, patient: bool) -> Holder:
        """The lease as it was seen last, once it was released or not renewed for its life."""
        waits = f"watching its lease for {self._life.seconds} s at most"
        if patient:
            waits = "it ends its present step first, which may be the making of the copy; waiting for its end"
        # Of a process that is here this is known.
        killed = "" if seen.machine == this_machine() else ", or was killed"
        since = f"{seen.since:%Y-%m-%d %H:%M:%S} UTC"
        self._tell(f"{seen.who} works on the move since {since}{killed}: {waits}")
        now = self._next(seen)
        while now is not None and now != seen:
            if not patient:
                raise self._taken(seen)
            seen, now = now, self._next(now)
        return seen

    def _next(self, seen: Holder) -> Holder | None:
        """What is in the place of `seen` once it differs, and after its life at the latest."""
        now: Holder | None = seen
        for _ in range(LOOKS_PER_LIFE):
            self._clock.sleep(self._life.total_seconds() / LOOKS_PER_LIFE)
            if (now := self._journal.lease()) != seen:
                break
        return now

    def _taken(self, other: Holder) -> Failure:
        return Failure(
            f"Could not work on the move of {self._tenant}.",
            reason=f"another run does: {other}; it has just renewed its lease",
            remedy=f"follow it: tenantnet migrate status {self._tenant}. "
            "To go on here, stop it there (Ctrl-C), and try again",
        )
