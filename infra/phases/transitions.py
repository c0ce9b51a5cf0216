"""Which step follows which: the events of a move, the conditions of each, and what is refused.

A phase is recorded after it was reached, so a killed step leaves the former phase recorded and a part of the
next one done. Two steps could lose data that way: a switch that was begun and then aborted, and an abort that
was begun and then switched. So one of the two is decided, durably and once per move, before its first act
(`decision_before`); the second run reads the decision of the first and finishes that.

Only `fenced` is recorded before what it is about. The runner holds writes back behind it, by a call of its
own: from then on a late update that would let them through again is out of order.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from enum import StrEnum
from itertools import pairwise
from typing import Any

from tenantnet.phases import rules
from tenantnet.phases.journal import Entry, What, reached, retires, seen_through
from tenantnet.phases.phases import AFTER_THE_SWITCH, ROUTES, Phase, RetiredNetwork, State
from tenantnet.refusal import Refusal, Refused
from tenantnet.tags import Strategy

SUBJECT = "The move"


class Event(StrEnum):
    """A step: everything but `abort` leads to the next phase of the route, `finish` to steady.

    `rollback` leads a live move's clients to the former production again: the phase stays.
    """

    PREPARE = "prepare"
    SEED = "seed"
    FENCE = "fence"
    PROMOTE = "promote"
    RESTORE = "restore"
    SWITCH = "switch"
    ROLLBACK = "rollback"
    RETIRE = "retire"
    FINISH = "finish"
    ABORT = "abort"


class Decision(StrEnum):
    """How a move is going to end. Written by a conditional put: the first one counts."""

    SWITCH = "switch"
    ABORT = "abort"


class Condition(StrEnum):
    """What must hold before a phase is left for the next one; `source` and `target` are the move's."""

    AT_REST = "nothing is in the way (no backup, change or lock)"
    TARGET_REPLICATES = "the replica follows the source"
    SOURCE_READ_ONLY = "the source refuses writes"
    TARGET_CAUGHT_UP = "the replica has everything that the source has had since the fence"
    SNAPSHOT_TAKEN = "the snapshot of this move is available"
    TARGET_INDEPENDENT = "the target is a database of its own"
    DATA_EQUAL = "source and target hold the same data"
    TARGET_WRITABLE = "the target takes writes"
    ENDPOINT_AT_TARGET = "the zone's name servers answer with the target"
    SOURCE_WRITABLE = "the source takes writes"
    SOURCE_LOST = "RDS has lost the source, and does not bring it back"
    SOURCE_UNPROTECTED = "the source may be deleted"
    COPY_UNPROTECTED = "the target, a copy, may be deleted"


# The fence is asked for again right before the decision: the comparison may have taken hours.
_BEFORE_THE_SWITCH = (
    Condition.SOURCE_READ_ONLY,
    Condition.TARGET_INDEPENDENT,
    Condition.DATA_EQUAL,
    Condition.SOURCE_READ_ONLY,
)
# What the target has was asked of both servers, while there were two.
_WITHOUT_THE_SOURCE = (Condition.SOURCE_LOST, Condition.TARGET_INDEPENDENT)
CONDITIONS: Mapping[Phase, tuple[Condition, ...]] = {
    Phase.STEADY: (Condition.AT_REST,),
    Phase.REPLICATING: (Condition.TARGET_REPLICATES, Condition.AT_REST),
    # The cut asks the servers themselves, in the moment that relies on the answer.
    Phase.FOLLOWING: (Condition.AT_REST,),
    Phase.FENCED: (Condition.SOURCE_READ_ONLY,),
    Phase.PROMOTED: _BEFORE_THE_SWITCH,
    Phase.RESTORED: _BEFORE_THE_SWITCH,
    Phase.SWITCHED: (Condition.TARGET_WRITABLE, Condition.ENDPOINT_AT_TARGET, Condition.AT_REST),
    Phase.RETIRING: (Condition.TARGET_WRITABLE, Condition.SOURCE_UNPROTECTED, Condition.AT_REST),
    Phase.ABORTING: (Condition.SOURCE_WRITABLE, Condition.COPY_UNPROTECTED, Condition.AT_REST),
}
_BEHIND_THE_FENCE = {
    Strategy.REPLICA: Condition.TARGET_CAUGHT_UP,
    Strategy.SNAPSHOT: Condition.SNAPSHOT_TAKEN,
}

# The event that leads to a phase.
EVENT_TO = {
    Phase.REPLICATING: Event.PREPARE,
    Phase.FOLLOWING: Event.SEED,
    Phase.FENCED: Event.FENCE,
    Phase.PROMOTED: Event.PROMOTE,
    Phase.RESTORED: Event.RESTORE,
    Phase.SWITCHED: Event.SWITCH,
    Phase.RETIRING: Event.RETIRE,
    Phase.STEADY: Event.FINISH,
    Phase.ABORTING: Event.ABORT,
}


# The step of a replica that a run with a login takes past `promoted`: it asks the servers themselves.
_DIRECT = (Phase.FENCED, Phase.SWITCHED)

# Phases that only a decided move reaches.
_DECIDED = AFTER_THE_SWITCH | {Phase.ABORTING}
_CARRIED_OUT = {
    Decision.SWITCH: AFTER_THE_SWITCH | {Phase.STEADY},
    Decision.ABORT: frozenset({Phase.ABORTING, Phase.STEADY}),
}


def begun_as(state: State, entries: Iterable[Entry]) -> State:
    """What the first step of a move leads to, while the stack does not know of the move; else `state` itself.

    entries: of the move at stake, which has begun.
    """
    if state.phase is not Phase.STEADY:
        return state
    aims = {entry.phase for entry in entries if entry.what is What.BEGAN}
    strategies = (strategy for strategy, route in ROUTES.items() if route[1] in aims)
    if Phase.ABORTING in aims or (strategy := next(strategies, None)) is None:
        return _aborting(state)
    return _begun(state, strategy)


def taken_back(entries: Iterable[Entry]) -> Entry | None:
    """The decision to abort a move: by whom, and when. None without one."""
    return next((each for each in entries if (each.what, each.note) == (What.DECIDED, Decision.ABORT)), None)


def conditions(
    state: State, decision: Decision | None = None, *, source_lost: bool = False, direct: bool = False
) -> tuple[Condition, ...]:
    """What must be seen, now, before the step out of `state`; an abort waits for nothing.

    Nor does a switch that was decided before: all conditions held then, and since its first act the target
    may have writes that the source lacks. source_lost: of a move that goes on over its level copy without it.
    direct: as for next_event; the promotion comes before the condition about it.
    """
    if decision is Decision.SWITCH and state.phase not in _DECIDED:
        return ()
    if source_lost:
        return _WITHOUT_THE_SOURCE
    if direct and _may_be_direct(state):
        return (Condition.SOURCE_READ_ONLY, Condition.TARGET_CAUGHT_UP, *_BEFORE_THE_SWITCH[1:])
    behind_the_fence = (
        (_BEHIND_THE_FENCE[state.strategy],) if state.phase is Phase.FENCED and state.strategy else ()
    )
    return CONDITIONS[state.phase] + behind_the_fence


def conditions_of_the_fence(state: State) -> tuple[Condition, ...]:
    """What must be seen, now, before the runner holds writes back: what the step to `fenced` waited for."""
    route = ROUTES[state.strategy or Strategy.REPLICA]
    return CONDITIONS[route[route.index(Phase.FENCED) - 1]]


def decision_before(event: Event) -> Decision | None:
    """The decision that `state.move_at_stake` must have before the first act of `event`."""
    return {Event.SWITCH: Decision.SWITCH, Event.ABORT: Decision.ABORT}.get(event)


def successors(state: State) -> Mapping[Event, State]:
    """Where each possible event leads from `state`.

    From steady, an abort removes what an unfinished first step left behind.
    """
    match state.phase:
        case Phase.STEADY:
            begun = {EVENT_TO[route[1]]: _begun(state, strategy) for strategy, route in ROUTES.items()}
            return {**begun, Event.ABORT: _aborting(state)}
        case Phase.ABORTING:
            return {Event.FINISH: replace(state, phase=Phase.STEADY, strategy=None)}
        case Phase.RETIRING:
            return {Event.FINISH: _finished(state)}
    following = _following(state)
    onward = {EVENT_TO[following.phase]: following}
    if state.phase is Phase.SWITCHED and state.strategy is Strategy.LIVE:
        return {**onward, Event.ROLLBACK: replace(state, production=state.production.other)}
    if _may_be_direct(state):
        onward = {**onward, Event.SWITCH: _switched(state)}
    return onward if state.phase in AFTER_THE_SWITCH else {**onward, Event.ABORT: _aborting(state)}


def allowed(state: State) -> frozenset[Event]:
    """The events that lead from `state`, and the event that led to it, which may be repeated."""
    events = frozenset(successors(state)) | {EVENT_TO[state.phase]}
    return events - {Event.ABORT} if state.phase is Phase.STEADY else events


def step_to(recorded: State, requested: State) -> State | None:
    """The recorded state itself or its successor that `requested` means; None if neither does."""
    steps = [recorded, *successors(recorded).values()]
    return next((step for step in steps if _place(step) == _place(requested)), None)


def carries_out(requested: State, decision: Decision | None) -> bool:
    """Whether `requested` is what the decision about its move leads to."""
    return decision is None or requested.phase in _CARRIED_OUT[decision]


def next_event(
    state: State,
    *,
    decision: Decision | None = None,
    strategy: Strategy | None = None,
    direct: bool = False,
) -> Event | None:
    """The next event on the move's way to its end; None in steady, unless `strategy` begins a move.

    decision: the one about `state.move_at_stake`. direct: whether a replica is promoted and compared without
    a phase of its own, so that no update of the stack comes between its fence and its switch.
    """
    if decision is Decision.ABORT and state.phase not in _DECIDED:
        return Event.ABORT
    if state.phase is Phase.STEADY:
        return EVENT_TO[ROUTES[strategy][1]] if strategy else None
    if state.phase in (Phase.RETIRING, Phase.ABORTING):
        return Event.FINISH
    if _may_be_direct(state) and (direct or decision is Decision.SWITCH):
        return Event.SWITCH
    return EVENT_TO[_following(state).phase]


def transition(
    state: State,
    event: Event,
    *,
    decision: Decision | None = None,
    leftovers: bool = False,
    left_by: Strategy = Strategy.REPLICA,
    begun: bool = False,
    source_lost: bool = False,
) -> State:
    """The state that `event` leads to; `state` itself if the event led to it already. Raises Refused.

    decision: the one about `state.move_at_stake`. leftovers: in steady, whether the slot that is
    not in production has a database. left_by: the strategy whose first step made it. begun: whether a first
    step of that move was begun; in steady it did not finish, and may have held back writes.
    source_lost: whether the copy is level, and there is no source that an abort could let writes through to.
    """
    if event is Event.ABORT:
        refusal = _refuse_abort(state, decision, begun=begun or leftovers, source_lost=source_lost)
    else:
        refusal = _refuse_onward(state, event, decision, left_by if leftovers else None)
    if refusal:
        raise Refused(SUBJECT, [refusal])
    return successors(state).get(event, state)


def is_unfinished(state: State, entries: Sequence[Entry]) -> bool:
    """Whether nobody has seen the end of the update that led to `state`.

    Pulumi records the outputs also of an update that fails at what it deletes last. What ends a step to
    `fenced` is no update. In steady, what is left of a copy is an abort's to remove.
    entries: of the state's move.
    """
    if state.phase is Phase.FENCED:
        return False
    may_be = state.phase is not Phase.STEADY or reached(entries, Phase.RETIRING)
    return bool(may_be) and not seen_through(entries, state.phase)


def require_retirement(state: State, entries: Sequence[Entry]) -> None:
    """Raise Refused unless a former production may retire, or something of one that retired may be left.

    entries: of the state's move.
    """
    left = state.phase is Phase.STEADY and is_unfinished(state, entries)
    if state.phase is not Phase.RETIRING and not left:
        transition(state, Event.RETIRE)


def way_back(state: State, outcome: Mapping[str, Mapping[str, Any]]) -> State:
    """The state that a live move's clients are led back to. Raises Refused where there is no way back.

    outcome: what the journal's table has of how the move ends. It knows of a retirement before the stack.
    """
    return transition(replace(state, phase=Phase.RETIRING) if retires(outcome) else state, Event.ROLLBACK)


def _refuse_abort(
    state: State, decision: Decision | None, *, begun: bool, source_lost: bool
) -> Refusal | None:
    target, source = state.leads_to, state.leads_to.other
    if state.phase in AFTER_THE_SWITCH or decision is Decision.SWITCH:
        return rules.ABORT_BEFORE_THE_SWITCH.refuse(Event.ABORT, target=target, source=source)
    if source_lost and decision is None:
        return rules.LAST_COPY.refuse(Event.ABORT, target=target, source=source)
    if state.phase is Phase.STEADY and not begun and decision is None:
        return rules.ABORT_A_MOVE.refuse(Event.ABORT)
    return None


def _refuse_onward(
    state: State, event: Event, decision: Decision | None, left_by: Strategy | None
) -> Refusal | None:
    if event not in allowed(state):
        return _refuse_in_phase(state, event)
    if decision is Decision.ABORT and state.phase not in _DECIDED:
        source, target = state.production, state.production.other
        return rules.NO_WAY_ON.refuse(event, move=state.move_at_stake, source=source, target=target)
    if left_by and state.phase is Phase.STEADY and event is not EVENT_TO[ROUTES[left_by][1]]:
        return rules.LEFTOVERS.refuse(event, slot=state.production.other)
    return None


def _refuse_in_phase(state: State, event: Event) -> Refusal:
    behind = event in (Event.ROLLBACK, Event.RETIRE)
    if behind and state.phase not in AFTER_THE_SWITCH:
        return rules.NOT_SWITCHED.refuse(event, event=event, phase=state.phase, way=_way_on(state))
    if event is Event.ROLLBACK:
        return rules.WAY_BACK.refuse(event, phase=state.phase, strategy=state.strategy)
    phases = ", ".join(sorted({str(phase) for phase in _phases_with(event)}))
    return rules.EVENT_IN_PHASE.refuse(event, event=event, phases=phases, phase=state.phase)


def _way_on(state: State) -> str:
    """What is left to do before the switch."""
    match state.phase:
        case Phase.STEADY:
            return "nothing has to be done; `tenantnet migrate status` shows whether a move has begun"
        case Phase.ABORTING:
            return "`tenantnet migrate abort` takes the move back to the end"
    return "`tenantnet migrate run` goes on with the move, `tenantnet migrate abort` takes it back"


def _phases_with(event: Event) -> set[Phase]:
    if event is Event.FINISH:
        return {Phase.RETIRING, Phase.ABORTING}
    pairs = {_DIRECT, *(pair for route in ROUTES.values() for pair in pairwise(route))}
    return {before for before, after in pairs if EVENT_TO[after] is event}


def _begun(state: State, strategy: Strategy) -> State:
    return replace(state, phase=ROUTES[strategy][1], strategy=strategy, move=state.move + 1)


def _following(state: State) -> State:
    route = ROUTES[state.strategy or Strategy.REPLICA]
    phase = route[route.index(state.phase) + 1]
    return _switched(state) if phase is Phase.SWITCHED else replace(state, phase=phase)


def _switched(state: State) -> State:
    return replace(state, phase=Phase.SWITCHED, production=state.production.other)


def _may_be_direct(state: State) -> bool:
    return (state.phase, state.strategy) == (_DIRECT[0], Strategy.REPLICA)


def _finished(state: State) -> State:
    source = state.production.other
    cidr = state.networks.get(source)
    retired = RetiredNetwork(slot=source, cidr=cidr) if cidr else None
    return replace(state, phase=Phase.STEADY, strategy=None, retired=retired)


def _aborting(state: State) -> State:
    # What a first step that did not finish was about is not remembered in steady.
    may_follow = state.phase is Phase.STEADY or state.strategy is Strategy.LIVE
    strategy = Strategy.LIVE if may_follow else None
    return replace(state, phase=Phase.ABORTING, strategy=strategy, move=state.move_at_stake)


def _place(state: State) -> tuple[object, ...]:
    return state.phase, state.production, state.strategy, state.move
