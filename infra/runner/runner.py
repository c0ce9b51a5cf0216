"""The runner of a move: reads the phase, checks the conditions, takes the next step, and repeats.

It keeps nothing in memory between two steps. If it is killed, the next run reads the stack's phase, the
move's decision and its journal, and goes on.
"""

from __future__ import annotations

import getpass
import os
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic

from tenantnet.components.endpoint_record import TTL_SECONDS
from tenantnet.failure import Failure
from tenantnet.phases.journal import (
    Topic,
    What,
    begun,
    by_live,
    downtime,
    fenced,
    reached,
    writes_stopped,
)
from tenantnet.phases.phases import FENCED_PHASES, LEVEL, Phase, State
from tenantnet.phases.transitions import (
    EVENT_TO,
    Condition,
    Decision,
    Event,
    conditions,
    conditions_of_the_fence,
    decision_before,
    is_unfinished,
    next_event,
    require_retirement,
    successors,
    taken_back,
    transition,
    way_back,
)
from tenantnet.phases.updates import UNDER_WAY
from tenantnet.refusal import Refused
from tenantnet.runner.clock import Clock
from tenantnet.runner.copies import Copies
from tenantnet.runner.databases import Databases
from tenantnet.runner.guards import Guards, different, snapshot_of
from tenantnet.runner.inspector import SERVING, Inspector
from tenantnet.runner.journal_table import JournalTable
from tenantnet.runner.lease import Lease
from tenantnet.runner.live.move import LiveMove
from tenantnet.runner.live.steps import LiveSteps
from tenantnet.runner.record import Record
from tenantnet.runner.stack import MovingStack
from tenantnet.runner.stop import Stop, TakenBack
from tenantnet.tags import Slot, Strategy, seed_snapshot_name


@dataclass(frozen=True, slots=True, kw_only=True)
class MovePlan:
    """What a run has to do, and the earliest times.

    strategy: of a move to begin; None to finish one that has begun. prepare_at: when the replica is made;
    fence_at: when writes are held back; None for at once. retire_after: how long the former production waits.
    without_source: whether it goes on over a level copy if RDS has lost the source.
    """

    strategy: Strategy | None = None
    prepare_at: datetime | None = None
    fence_at: datetime | None = None
    retire_after: timedelta = timedelta()
    without_source: bool = False

    def begin(self, event: Event) -> datetime | None:
        """The earliest time for `event`; None if it need not wait."""
        prepare, fence = self.prepare_at, self.fence_at
        return {
            Event.PREPARE: prepare,
            Event.SEED: prepare,
            Event.FENCE: fence,
            # Of a live move: it has no fence before.
            Event.SWITCH: fence,
        }.get(event)

    def retirement(self, switched_at: datetime) -> datetime:
        """The earliest time for the retirement of the former production."""
        return switched_at + self.retire_after


def this_run() -> str:
    """User, host and process, for people who read the journal."""
    return f"{getpass.getuser()}@{socket.gethostname()} pid {os.getpid()}"


class Runner:
    """Moves one tenant's database. tell: prints a line. at: takes what is at work and has no line of its own.

    inspector: asks the databases' servers, if there is a login. live: so does what `live` does to them.
    stop: whether the user has stopped the run. ends_holders: whether it ends clients that a fence waits for.
    """

    def __init__(
        self,
        tenant: str,
        *,
        stack: MovingStack,
        journal: JournalTable,
        databases: Databases,
        copies: Copies,
        tell: Callable[[str], None],
        at: Callable[[str], None],
        inspector: Inspector,
        live: LiveMove | None,
        stop: Stop,
        ends_holders: bool = False,
        clock: Clock = Clock(),  # noqa: B008 - it cannot change
    ) -> None:
        self._clock = clock
        self._tenant, self._stack, self._journal = tenant, stack, journal
        self._databases, self._copies, self._tell, self._at = databases, copies, tell, at
        self._inspector = inspector
        self._stop = stop
        self._who = this_run()
        self._record = Record(journal, self._who, tell, stop, clock)
        end_holders = self._end_holders if ends_holders else None
        self._guards = Guards(databases, self._record.entries, inspector, stop.check, end_holders)
        self._lease = Lease(tenant, who=self._who, journal=journal, tell=tell, clock=clock)
        self._live = LiveSteps(tenant, live, record=self._record, lease=self._lease, stop=stop, tell=tell)

    def run(self, plan: MovePlan) -> State:
        """Take the steps of the move; return the state when no step is left, or none is due yet.

        Raises Failure if a guard or an update fails, or if another run is at work; TakenBack, once that is
        done, if somebody has aborted the move; Refused if a step is not allowed.
        """
        with self._lease.held():
            before = self._state()
            state = self._go_on(plan)
            over = state.phase is Phase.STEADY and state.move == before.move_at_stake
            if over and self._journal.decision(state.move) is Decision.ABORT:
                raise self._taken_back_by_others(state)
            return state

    def _taken_back_by_others(self, state: State) -> TakenBack:
        aborted = taken_back(self._record.entries(state.move))
        # Who was killed right behind the decision has not written down when that was.
        by = str(self._journal.outcome(state.move)["who"]["S"])
        if aborted:
            by = f"{aborted.who} at {aborted.at:%Y-%m-%d %H:%M:%S} UTC"
        return TakenBack(
            f"The move of {self._tenant} to {state.leads_to} was taken back.",
            reason=f"it was aborted by {by}",
            remedy=f"ask there why; to move again: tenantnet migrate run {self._tenant}, as before",
            state=f"Clients write to {state.production}, as before.",
        )

    def _go_on(self, plan: MovePlan) -> State:
        strategy = plan.strategy
        while True:
            self._stop.check()
            state = self._state()
            if _may_lead_back(state) and self._live.move.is_led_back(state):
                # What was asked of this run is about the other database now.
                return self._lead_back(state)
            self._see_through(state)
            decision = self._journal.decision(state.move_at_stake)
            if not self._live.look_after(state, decision):
                continue
            event = next_event(state, decision=decision, strategy=strategy, direct=self._inspector.asks)
            if event is None:
                return state
            if event is Event.RETIRE and not self._retirement_due(state, plan):
                return state
            if self._wait_for_its_time(state, event, plan):
                # It may have been aborted meanwhile.
                continue
            self._step_or_back(state, event, decision, plan)
            strategy = None

    def abort(self) -> State:
        """Abort the move, up to the end. Raises Refused after the switch, and if there is no move.

        A run that is at work takes the move back itself once it sees the decision: its end is waited for.
        """
        self._decide_abort()
        with self._lease.held(patient=True):
            return self._go_on(MovePlan())

    def take_back(self) -> State:
        """As `abort`, but raises Failure, with nothing decided, if another run is at work."""
        with self._lease.held():
            self._decide_abort()
            return self._go_on(MovePlan())

    def _decide_abort(self) -> None:
        state = self._state()
        self._transition(state, Event.ABORT, self._journal.decision(state.move_at_stake))
        if state.phase is not Phase.ABORTING:
            # Another run may have decided the switch meanwhile.
            self._transition(state, Event.ABORT, self._decide(state, Decision.ABORT))

    def rehearse(self) -> State:
        """Time the parts of a live move's cut without it, while its copy follows."""
        with self._lease.held():
            state = self._state()
            with self._record.failure_noted(state):
                outcome = self._live.move.rehearse(state)
            self._record.note(state, f"rehearsed: {outcome}", topic=Topic.REHEARSAL, parts=outcome.parts)
            return state

    def roll_back(self, former: Slot) -> State:
        """Lead the clients of a live move to its former production again, which has followed since.

        former: that one; nothing is done if another run has led them there meanwhile. Raises Refused in any
        phase but after the switch of such a move, and once the former production retires.
        """
        with self._lease.held():
            state = self._state()
            self._require_way_back(state)
            if not self._live.move.is_led_back(state):
                self._see_through(state)
                if state.production is former:
                    return state
                self._live.look_after(state, None)
                self._see_all(state, conditions(state))
            return self._lead_back(state)

    def _require_way_back(self, state: State) -> State:
        return way_back(state, self._journal.outcome(state.move))

    def _lead_back(self, state: State) -> State:
        """Lead the clients back, or carry out what was decided about that, and record it."""
        requested = self._require_way_back(state)
        with self._record.failure_noted(requested):
            if self._live.move.is_led_back(state):
                self._live.finish(requested)
            else:
                self._live.cut_back(state, requested)
            self._update(requested, Event.SWITCH)
        self._live.look_after(requested, None)
        return requested

    def retire(self) -> State:
        """Retire the former production now. Raises Refused in any phase but after the switch."""
        state = self._state()
        require_retirement(state, self._record.entries(state.move))
        return self.run(MovePlan())

    def _state(self) -> State:
        state = self._stack.state()
        if state is None:
            raise Failure(
                f"Could not move the database of {self._tenant}.",
                reason="the tenant's first update has not come to its end, so it has no production database",
                remedy=f"deploy the tenant first: tenantnet up {self._tenant}",
            )
        return state

    def _see_through(self, state: State) -> None:
        """Repeat the update that led to `state`, unless its end was seen.

        Before the switch the next step's update makes up for what is missing, and the end is only recorded:
        a little late, which is safe for everything that is measured from it.
        """
        if not is_unfinished(state, self._record.entries(state.move)):
            return
        if state.phase in UNDER_WAY - {Phase.ABORTING}:
            note = "recorded later: the run that reached it was killed"
            self._record.write(What.REACHED, state, note=note)
            return
        with self._record.failure_noted(state):
            self._update(state, EVENT_TO[state.phase])

    def _step_or_back(self, state: State, event: Event, decision: Decision | None, plan: MovePlan) -> None:
        """Take a step; let writes go on if they are held back for one that fails. Raises its Failure."""
        try:
            self._step(state, event, decision, plan)
        except Failure as failure:
            if event is Event.ABORT or (back := self._taken_back_instead(state, failure)) is None:
                raise
            raise Failure(
                failure.what,
                reason=failure.reason,
                remedy=f"remove the cause, then move again: tenantnet migrate run {self._tenant} --now",
                state=f"The move was taken back: clients write to {back.production}, as before.",
            ) from None

    def _taken_back_instead(self, state: State, failure: Failure) -> State | None:
        """Where a move by replica or snapshot has ended that held back writes in vain.

        None for any other one, and where it cannot be taken back either. Raises Failure if the copy is all
        that is left.
        """
        if state.strategy is Strategy.LIVE or self._stop.wanted:
            return None
        try:
            # What another run does is not this one's to take back.
            self._lease.confirm()
            entries = self._record.entries(state.move_at_stake)
            held = writes_stopped(entries) is not None and downtime(entries) is None
            if held and self._journal.decision(state.move_at_stake) is None:
                self._tell(f"the move is taken back, since writes are held back: {failure.reason}")
                self._decide_abort()
                return self._go_on(MovePlan())
        except Refused as refused:
            refusal, *_ = refused.refusals
            raise Failure(
                failure.what, reason=refusal.reason, remedy=refusal.remedy, state=failure.state
            ) from failure
        except Failure:
            # The step's own says why; what the journal has of this one is behind it.
            return None
        return None

    def _step(self, state: State, event: Event, decision: Decision | None, plan: MovePlan) -> None:
        if event is Event.FENCE:
            self._make_way(state)
        if event is not Event.ABORT:
            lost = plan.without_source and self._lost_source(state)
            if state.phase is Phase.FENCED and decision is None and not self._hold_back(state):
                return
            direct = event is Event.SWITCH
            self._see_all(state, conditions(state, decision, source_lost=lost, direct=direct))
        self._get_ready(state, event)
        if (wanted := decision_before(event)) and self._decided(state, event, decision, wanted) is not wanted:
            return
        requested = self._transition(state, event, wanted or decision)
        with self._record.failure_noted(requested, state.phase):
            if state.phase is Phase.STEADY and begun(self._record.entries(state.move_at_stake)):
                self._stack.adopt_rules(requested.leads_to)
            if _acts_come_first(requested, event):
                self._lead_over(state, requested)
            self._update(requested, event)
        if event in (Event.PREPARE, Event.SEED):
            self._make_way(requested)

    def _hold_back(self, state: State) -> bool:
        """Fence the source by one call of RDS's, once a move, in the phase that the stack has for it already.

        No update lies behind it, which would take seconds: the one before it has written the phase down.
        That keeps out a late update that lets writes through: behind the stack's lock it finds a phase that
        it does not follow. An abort's is let in, behind its decision. False if that was decided meanwhile.
        """
        source = self._databases.instance(state.production)
        if source is None or fenced(self._record.entries(state.move)) is not None:
            return True
        if not source.read_only:
            for condition in conditions_of_the_fence(state):
                self._see(condition, state)
        self._lease.confirm()
        if self._journal.decision(state.move) is not None:
            return False
        began = monotonic()
        with self._stop.deferred(), self._record.failure_noted(state):
            # The moment before the call is a little too early, so that downtime is never under-reported.
            self._record.write(What.WRITES_STOPPED, state)
            with self._late_fence_undone(state):
                self._databases.set_read_only(state.production, read_only=True)
                self._lease.confirm()
            self._record.reached(state, began, "RDS holds back writes from now on; reads go on")
        return True

    @contextmanager
    def _late_fence_undone(self, state: State) -> Iterator[None]:
        """Let writes through again where the fence in the block came late, behind another run's abort.

        That run has let them through already, and nobody would look again. With the next move's own fence
        this has nothing to do.
        """
        try:
            yield
        except Failure:
            with suppress(Failure):
                aborted = self._journal.decision(state.move) is Decision.ABORT
                if aborted and self._state().move == state.move:
                    self._databases.set_read_only(state.production, read_only=False)
                    self._record.note(state, "RDS lets writes through again: the move was aborted meanwhile")
            raise

    def _lead_over(self, state: State, requested: State) -> None:
        """Lead the clients over behind the decision, then let the stack know what it has not done itself.

        No update lies before it, which would take seconds to begin. Nor has one to keep anybody out: until
        the end of this move nothing but the switch is allowed any more, and its acts may be done twice. A run
        that sleeps until the next one has lost its lease.
        """
        self._begin(requested, Event.SWITCH)
        self._switch(requested)
        if state.phase is Phase.FENCED:
            self._stack.adopt(requested.leads_to)

    def _update(self, requested: State, event: Event) -> None:
        began = monotonic()
        if event is Event.PROMOTE:
            self._promote(requested)
        opened = self._opened(requested, event)
        self._stack.update(requested, lambda: self._ahead(requested, event), opened)
        if event is not Event.FENCE:
            self._record.reached(requested, began)

    def _get_ready(self, state: State, event: Event) -> None:
        """See what would stop the move later, while writes still work; tidy up at its end."""
        with self._record.failure_noted(state):
            if event in (Event.PREPARE, Event.FENCE, Event.SEED):
                self._inspector.require_readable(_databases(state))
            if event is Event.SEED:
                self._live.move.get_ready(state.production)
            if event is Event.FINISH and by_live(self._record.entries(state.move)):
                self._live.move.forget(state.production)

    def _opened(self, requested: State, event: Event) -> Mapping[str, str]:
        """The rules for clients that a live move has made ahead of the update."""
        if event is Event.SWITCH and requested.strategy is Strategy.LIVE:
            return self._live.move.ports.opened(requested.leads_to)
        return {}

    def _decided(self, state: State, event: Event, decision: Decision | None, wanted: Decision) -> Decision:
        """Decide the step; in a live move the switch is decided in the middle of its cut."""
        if event is not Event.SWITCH or state.strategy is not Strategy.LIVE:
            return self._decide(state, wanted, known=decision)
        with self._record.failure_noted(state):
            if decision is Decision.SWITCH:
                self._live.finish(state)
            else:
                self._live.cut(state)
        return Decision.SWITCH

    def _make_way(self, state: State) -> None:
        """Let no backup and no maintenance of RDS's come into the move; protect the replica."""
        with self._record.failure_noted(state):
            for slot in Slot:
                self._databases.make_way(slot)
            self._stack.adopt(state.leads_to)

    def _discard_unfinished(self, requested: State, event: Event) -> None:
        """Delete what a killed run was creating and the stack does not know; the update creates it again.

        This happens behind the stack's lock, which a run that is still creating it would have.
        """
        if event not in _WITH_A_COPY or not (parts := self._copies.parts(requested.leads_to)):
            return
        known = self._stack.parts()
        for part in (part for part in parts if part not in known):
            note = f"delete {part.name}, left by a killed run and unknown to the stack"
            self._record.write(What.CLEARED, requested, note=note)
            self._tell(f"{requested.phase}: {note}")
            self._copies.delete(part)

    def _begin(self, requested: State, event: Event) -> None:
        self._lease.confirm()
        self._record.write(What.BEGAN, requested, note=_PURPOSE[event])
        self._tell(f"{requested.phase}: {_PURPOSE[event]}")

    def _promote(self, requested: State) -> None:
        """Promote before the update, which then finds it done."""
        self._begin(requested, Event.PROMOTE)
        self._databases.promote(requested.leads_to)
        self._see(Condition.TARGET_INDEPENDENT, requested)
        self._stack.adopt(requested.leads_to)

    def _ahead(self, requested: State, event: Event) -> None:
        """The work before the update, behind the lock, once nothing is refused. It may be done twice."""
        if event is not Event.PROMOTE and not _acts_come_first(requested, event):
            self._begin(requested, event)
        if event in (Event.PREPARE, Event.ABORT):
            # Before anything is deleted: what a killed run has left may be all that there is.
            self._let_through(requested)
        self._discard_unfinished(requested, event)
        if requested.strategy is Strategy.LIVE:
            self._ahead_of_live(requested, event)
        match event:
            case Event.PREPARE | Event.ABORT:
                if event is Event.ABORT:
                    self._keep_copy(requested)
                self._see(Condition.AT_REST, requested)
            case Event.FINISH:
                self._databases.delete_snapshots(requested.move)
                self._databases.give_windows_back(requested.production)
        # The update itself, which comes now.
        self._at(f"{requested.phase}: {_PURPOSE[event]}")

    def _ahead_of_live(self, requested: State, event: Event) -> None:
        match event:
            case Event.SEED:
                self._let_through(requested)
                # Pulumi deletes last: the copy would be open for as long as the update takes.
                self._live.move.ports.close(requested.leads_to)
                self._databases.take_snapshot(requested.production, requested.move, seed_snapshot_name)
                for condition in (Condition.SNAPSHOT_TAKEN, Condition.AT_REST):
                    self._see(condition, requested)
            case Event.SWITCH:
                self._live.move.require_led_to(requested)
                # Clients write to the target by now.
                self._databases.set_read_only(requested.leads_to.other, read_only=True)
                self._see(Condition.ENDPOINT_AT_TARGET, requested)
            case Event.RETIRE:
                self._live.move.retire(requested)

    def _keep_copy(self, requested: State) -> None:
        """Leave a final snapshot of a copy that was level: of a replica there could be none."""
        copy = self._databases.instance(requested.leads_to)
        if requested.strategy is Strategy.LIVE or copy is None or copy.source or copy.status not in SERVING:
            return
        self._databases.take_snapshot(requested.leads_to, requested.move, snapshot_of(requested))
        self._see(Condition.SNAPSHOT_TAKEN, requested)

    def _let_through(self, requested: State) -> None:
        # Through the API: a killed fence may hold back writes although the stack records that they are
        # allowed.
        self._databases.set_read_only(requested.production, read_only=False)
        entries = self._record.entries(requested.move)
        if writes_stopped(entries) and downtime(entries) is None and not by_live(entries):
            # What a fence waits for keeps back all other writes, and RDS does nothing else before its end.
            self._end_holders(requested)
        self._see(Condition.SOURCE_WRITABLE, requested)
        if writes_stopped(self._record.entries(requested.move)):
            self._record.resumed(requested)

    def _end_holders(self, state: State) -> None:
        if ended := self._inspector.end_holders(state.leads_to.other):
            self._record.note(state, ended)

    def _switch(self, requested: State) -> None:
        target = requested.leads_to
        with self._stop.deferred():
            self._databases.lead_endpoint_to(self._databases.address(target))
            self._databases.set_read_only(target, read_only=False)
        for condition in (Condition.TARGET_WRITABLE, Condition.ENDPOINT_AT_TARGET):
            self._see(condition, requested)
        self._record.resumed(requested)
        if requested.strategy is Strategy.REPLICA:
            self._record.note(requested, self._inspector.resume_events(target.other, target))
        # So that a client that connects again looks the endpoint up again.
        self._clock.sleep(TTL_SECONDS)
        self._record.note(requested, self._inspector.end_clients(target.other))

    def _see_all(self, state: State, wanted: Sequence[Condition]) -> None:
        for condition in wanted:
            if condition is Condition.DATA_EQUAL:
                self._see_equal_data(state)
                continue
            if condition is Condition.SNAPSHOT_TAKEN:
                # Behind the fence: the source is known to be read-only by now.
                self._databases.take_snapshot(state.production, state.move)
            if condition is Condition.TARGET_INDEPENDENT and state.phase is Phase.FENCED:
                self._begin(successors(state)[Event.PROMOTE], Event.PROMOTE)
                self._databases.promote(state.leads_to)
            self._see(condition, state)

    def _see_equal_data(self, state: State) -> None:
        began = self._wait_for(Condition.DATA_EQUAL, state)
        found = self._inspector.differences(state.production, state.leads_to)
        if found is None:
            self._record.note(state, "the data was not compared", topic=Topic.COMPARISON)
            return
        with self._record.failure_noted(state):
            if found:
                raise different(state, found)
        self._record.seen(Condition.DATA_EQUAL, state, began)

    def _see(self, condition: Condition, state: State) -> None:
        began = self._wait_for(condition, state)
        with self._record.failure_noted(state):
            sight = self._guards.wait(condition, state)
        self._record.seen(condition, state, began, f": {sight.seen}")

    def _wait_for(self, condition: Condition, state: State) -> float:
        self._at(f"{state.phase}: wait until {condition}")
        return monotonic()

    def _decide(self, state: State, wanted: Decision, known: Decision | None = None) -> Decision:
        self._lease.confirm()
        decided = self._journal.decide(state.move_at_stake, wanted, self._who)
        own = known is None and decided is wanted
        note = str(decided) if own else f"{decided}, by another run"
        self._record.write(What.DECIDED, state, note=note, move=state.move_at_stake)
        return decided

    def _transition(self, state: State, event: Event, decision: Decision | None) -> State:
        steady, other = state.phase is Phase.STEADY, state.production.other
        left = self._databases.instance(other) if steady else None
        return transition(
            state,
            event,
            decision=decision,
            leftovers=left is not None,
            left_by=Strategy.REPLICA if left and left.source else Strategy.LIVE,
            begun=begun(self._record.entries(state.move_at_stake)),
            source_lost=event is Event.ABORT and self._lost_source(state),
        )

    def _lost_source(self, state: State) -> bool:
        """Whether RDS has lost it, and the copy has all that it had behind its fence."""
        return self._is_level(state) and self._databases.lost(state.leads_to.other) is not None

    def _is_level(self, state: State) -> bool:
        if (state.phase, state.strategy) != (Phase.FENCED, Strategy.REPLICA):
            return state.phase in LEVEL
        # It was seen to have caught up, and then promoted by this move's own runner.
        own = any(
            (each.what, each.phase) == (What.BEGAN, Phase.PROMOTED)
            for each in self._record.entries(state.move)
        )
        copy = self._databases.instance(state.leads_to)
        return own and copy is not None and copy.source is None

    def _retirement_due(self, state: State, plan: MovePlan) -> bool:
        switched_at = reached(self._record.entries(state.move), Phase.SWITCHED)
        return switched_at is None or self._clock.now() >= plan.retirement(switched_at)

    def _wait_for_its_time(self, state: State, event: Event, plan: MovePlan) -> bool:
        """Wait for the time of the next step; whether there was a wait. Behind a fence nothing waits."""
        if state.phase in FENCED_PHASES and event is not Event.ABORT:
            if writes_stopped(self._record.entries(state.move)) is not None:
                return False
            event = Event.FENCE
        begin = plan.begin(event)
        if begin is None or self._clock.now() >= begin:
            return False
        self._tell(f"waiting until {begin:%Y-%m-%d %H:%M} UTC for: {_PURPOSE[event]}")
        with self._lease.lent():
            self._clock.wait_until(begin)
        return True


# The steps that create a copy, or abandon it.
_WITH_A_COPY = frozenset({Event.PREPARE, Event.SEED, Event.RESTORE, Event.ABORT})
_PURPOSE = {
    Event.PREPARE: "create the replica in the other network",
    Event.SEED: "restore a snapshot in the other network, which then follows",
    Event.FENCE: "hold back writes, once the stack knows of it; reads go on",
    Event.PROMOTE: "promote the replica",
    Event.RESTORE: "restore the snapshot in the other network",
    Event.SWITCH: "let the endpoint lead to the other network, which takes writes",
    Event.RETIRE: "remove the former production's protection",
    Event.FINISH: "delete what is no longer used",
    Event.ABORT: "take the move back: writes go on where they were, and the copy loses its protection",
}


def _databases(state: State) -> list[Slot]:
    """The databases of the comparison that exist before writes are held back."""
    return [state.production] + ([state.leads_to] if state.phase is Phase.REPLICATING else [])


def _acts_come_first(requested: State, event: Event) -> bool:
    """Whether a step leads clients over before its update. One by live does so in its cut."""
    return event is Event.SWITCH and requested.strategy is not Strategy.LIVE


def _may_lead_back(state: State) -> bool:
    return (state.phase, state.strategy) == (Phase.SWITCHED, Strategy.LIVE)
