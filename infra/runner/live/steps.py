"""What a run does itself in a move by `live`, between two updates of the stack, and writes down."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from time import monotonic

from tenantnet.failure import Failure
from tenantnet.phases.journal import Topic, What, downtime, writes_stopped
from tenantnet.phases.phases import Phase, State
from tenantnet.phases.transitions import Condition, Decision
from tenantnet.runner.guards import different
from tenantnet.runner.lease import Lease
from tenantnet.runner.live.cut import Budgets
from tenantnet.runner.live.move import LiveMove, ways_on
from tenantnet.runner.record import Record
from tenantnet.runner.stop import Stop
from tenantnet.tags import Strategy


class LiveSteps:
    """Those of one tenant's move. live: None without a login. tell: prints a line."""

    def __init__(
        self,
        tenant: str,
        live: LiveMove | None,
        *,
        record: Record,
        lease: Lease,
        stop: Stop,
        tell: Callable[[str], None],
    ) -> None:
        self._tenant, self._live, self._tell = tenant, live, tell
        self._record, self._lease, self._stop = record, lease, stop

    @property
    def move(self) -> LiveMove:
        """What asks the servers. Raises Failure without a login."""
        if self._live is None:
            raise Failure(
                f"Could not move the database of {self._tenant} by live.",
                reason="there is no login to its servers",
                remedy="run it without --unverified; the login is a secret in Secrets Manager",
            )
        return self._live

    def look_after(self, state: State, decision: Decision | None) -> bool:
        """Keep up what the servers of a live move do between two updates.

        False if another run has decided meanwhile that clients are led over.
        """
        switches = state.phase is Phase.FOLLOWING and decision is Decision.SWITCH
        if state.strategy is not Strategy.LIVE or switches:
            return True
        with self._record.failure_noted(state):
            if state.phase in (Phase.FOLLOWING, Phase.SWITCHED) and not self.taken_back(state):
                return False
            if state.phase is Phase.FOLLOWING and decision is None:
                self._record.note_lag(state, self.move.follow(state))
                self._compare_what_follows(state)
            elif state.phase is Phase.SWITCHED:
                self._record.note(state, self.move.follow_back(state))
        return True

    def taken_back(self, state: State) -> bool:
        """Let clients write again where a run was killed in its cut; what they lock later stays locked.

        False if they are led elsewhere.
        """
        entries = self._record.entries(state.move)
        if writes_stopped(entries) is None or downtime(entries) is not None:
            return True
        if taken_back := self.move.take_back(state):
            self._record.resumed(state)
        return taken_back

    def _compare_what_follows(self, state: State) -> None:
        """Once a move: what follows in the same order from then on stays equal."""
        if any(entry.note.startswith(Condition.DATA_EQUAL) for entry in self._record.entries(state.move)):
            return

        def compared(so_far: str, lag: float | None) -> None:
            self._record.note(state, so_far, topic=Topic.COMPARISON)
            self._record.note_lag(state, lag)

        began = monotonic()
        if found := self.move.differences(state, compared):
            raise different(state, found)
        self._record.seen(Condition.DATA_EQUAL, state, began)

    def finish(self, state: State) -> None:
        """End a cut whose run was killed once clients were led over. state: that they were to be led to."""
        self.move.finish(state)
        self._record.resumed(state)
        self._record.write(What.DECIDED, state, note=f"{Decision.SWITCH}, by a run that has ended")

    def cut(self, state: State) -> None:
        """Lead clients over. state: that they are to be led to. Raises Failure where they were not."""
        self._lease.confirm()
        outcome = self.move.cut(state, Budgets(), lambda: self._holding(state))
        if outcome.why_back is not None:
            raise Failure(
                "The clients were not led over.",
                reason=outcome.why_back,
                remedy=ways_on(state),
                state=f"Clients write to {state.leads_to.other}, as before. The other one goes on following.",
            )
        note = f"{Decision.SWITCH}: {outcome}"
        self._record.write(What.DECIDED, state, note=note, topic=Topic.CUT, parts=outcome.parts)
        self._tell(f"{state.phase}: clients are led over: {outcome}")
        self._stop.check()

    def cut_back(self, state: State, requested: State) -> None:
        """Lead clients back after the switch; where that fails, all goes on as before. Raises its Failure."""
        try:
            self.move.make_way_back(requested)
            self._record.note(requested, "the way back is open")
            self.cut(requested)
        except (Failure, KeyboardInterrupt):
            # As before: whoever got in there could write. Where one does not answer, a later run does it.
            with suppress(Failure):
                if self.taken_back(state) and not self.move.is_led_back(state):
                    self._record.note(state, self.move.follow_back(state))
            raise

    @contextmanager
    def _holding(self, state: State) -> Iterator[None]:
        with self._stop.deferred():
            self._record.write(What.WRITES_STOPPED, state)
            yield
            self._record.resumed(state)
