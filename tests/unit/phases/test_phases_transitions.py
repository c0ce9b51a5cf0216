"""Which step follows which, and which is refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from tenantnet.phases.journal import Entry, What
from tenantnet.phases.phases import Phase, RetiredNetwork, State
from tenantnet.phases.transitions import (
    Condition,
    Decision,
    Event,
    allowed,
    conditions,
    conditions_of_the_fence,
    decision_before,
    is_unfinished,
    next_event,
    require_retirement,
    step_to,
    successors,
    transition,
    way_back,
)
from tenantnet.refusal import Refused
from tenantnet.tags import Strategy

from tests.support.phases_samples import ABORTING, BLUE, CIDRS, EVERY_PHASE, GREEN, STEADY, moving

BEFORE_THE_SWITCH = [
    state for state in EVERY_PHASE if state.phase not in (Phase.STEADY, Phase.SWITCHED, Phase.RETIRING)
]
AFTER_THE_SWITCH = [moving(Phase.SWITCHED), moving(Phase.RETIRING)]


def route(strategy: Strategy) -> list[str]:
    """The phases of a whole move, and the slot in production in each."""
    states, state, event = [], STEADY, next_event(STEADY, strategy=strategy)
    while event:
        state = successors(state)[event]
        states.append(f"{state.phase}({state.production})")
        event = next_event(state)
    return states


def test_a_replica_is_made_fenced_promoted_and_switched_to() -> None:
    assert route(Strategy.REPLICA) == [
        "replicating(blue)",
        "fenced(blue)",
        "promoted(blue)",
        "switched(green)",
        "retiring(green)",
        "steady(green)",
    ]


def test_a_snapshot_is_fenced_restored_and_switched_to() -> None:
    assert route(Strategy.SNAPSHOT) == [
        "fenced(blue)",
        "restored(blue)",
        "switched(green)",
        "retiring(green)",
        "steady(green)",
    ]


def test_a_live_copy_follows_and_is_switched_to() -> None:
    assert route(Strategy.LIVE) == ["following(blue)", "switched(green)", "retiring(green)", "steady(green)"]


def test_a_steady_tenant_without_a_schedule_has_no_next_step() -> None:
    assert next_event(STEADY) is None


def test_a_move_has_the_number_after_the_last_one() -> None:
    begun = transition(replace(STEADY, move=4), Event.PREPARE)
    assert (begun.move, begun.move_at_stake) == (5, 5)


@pytest.mark.parametrize("state", EVERY_PHASE, ids=lambda state: f"{state.phase}-{state.strategy}")
def test_a_step_that_was_taken_may_be_repeated(state: State) -> None:
    # A way back that is taken again leads over again.
    for event in allowed(state) - {Event.ABORT, Event.ROLLBACK}:
        after = transition(state, event)
        assert transition(after, event) == after


def test_a_step_out_of_order_is_refused_with_the_phases_that_allow_it() -> None:
    possible = "switch is possible in: fenced, following, promoted, restored"
    with pytest.raises(Refused, match=possible) as refused:
        transition(moving(Phase.REPLICATING), Event.SWITCH)
    assert "the tenant is in phase replicating" in str(refused.value)


def test_a_replica_is_not_restored_and_a_snapshot_not_promoted() -> None:
    assert Event.RESTORE not in allowed(moving(Phase.FENCED))
    assert not {Event.PROMOTE, Event.SWITCH} & allowed(moving(Phase.FENCED, Strategy.SNAPSHOT))


def test_with_a_login_a_replica_is_promoted_and_compared_without_a_phase_of_its_own() -> None:
    fenced, switched = moving(Phase.FENCED), moving(Phase.SWITCHED)
    assert next_event(fenced, direct=True) is Event.SWITCH
    assert step_to(fenced, switched) == transition(fenced, Event.SWITCH) == switched
    assert conditions(fenced, direct=True) == (
        Condition.SOURCE_READ_ONLY,
        Condition.TARGET_CAUGHT_UP,
        Condition.TARGET_INDEPENDENT,
        Condition.DATA_EQUAL,
        Condition.SOURCE_READ_ONLY,
    )
    # Whoever goes on with it, with a login or without, where it is decided.
    assert next_event(fenced, decision=Decision.SWITCH) is Event.SWITCH
    assert next_event(fenced) is Event.PROMOTE
    # Of one by snapshot there is no database to switch to yet.
    assert next_event(moving(Phase.FENCED, Strategy.SNAPSHOT), direct=True) is Event.RESTORE


@pytest.mark.parametrize("state", BEFORE_THE_SWITCH, ids=lambda state: f"{state.phase}-{state.strategy}")
def test_an_abort_before_the_switch_leads_back_to_steady_blue(state: State) -> None:
    aborting = transition(state, Event.ABORT)
    steady = transition(aborting, Event.FINISH)
    assert (aborting.phase, aborting.move) == (Phase.ABORTING, 1)
    assert (steady.phase, steady.production, steady.retired) == (Phase.STEADY, BLUE, None)


@pytest.mark.parametrize("state", AFTER_THE_SWITCH, ids=lambda state: str(state.phase))
def test_an_abort_after_the_switch_is_refused_with_the_reason(state: State) -> None:
    with pytest.raises(Refused, match="green has been opened for writes, which blue does not have"):
        transition(state, Event.ABORT)


def test_an_abort_of_a_switch_that_was_decided_is_refused_though_it_is_not_recorded() -> None:
    with pytest.raises(Refused, match="can be aborted before the switch, not after"):
        transition(moving(Phase.PROMOTED), Event.ABORT, decision=Decision.SWITCH)


def test_a_switch_of_a_move_whose_abort_was_decided_is_refused() -> None:
    with pytest.raises(Refused, match="blue may have taken writes that green lacks"):
        transition(moving(Phase.PROMOTED), Event.SWITCH, decision=Decision.ABORT)


@pytest.mark.parametrize(
    "state",
    [item for item in BEFORE_THE_SWITCH if item.phase is not Phase.ABORTING],
    ids=lambda state: str(state.phase),
)
def test_a_decided_abort_is_the_next_step_in_every_phase(state: State) -> None:
    assert next_event(state, decision=Decision.ABORT) is Event.ABORT


def test_an_abort_that_has_begun_is_finished() -> None:
    assert next_event(ABORTING, decision=Decision.ABORT) is Event.FINISH


def test_a_live_move_leads_its_clients_back_and_over_again() -> None:
    switched = moving(Phase.SWITCHED, Strategy.LIVE)
    led_back = transition(switched, Event.ROLLBACK, decision=Decision.SWITCH)
    assert led_back == replace(switched, production=BLUE)
    assert (led_back.source, led_back.target) == (GREEN, BLUE)
    assert step_to(switched, led_back) == led_back
    assert transition(led_back, Event.ROLLBACK) == switched
    assert next_event(led_back, decision=Decision.SWITCH) is Event.RETIRE


@pytest.mark.parametrize(
    "state", [each for each in EVERY_PHASE if (each.phase, each.strategy) != (Phase.SWITCHED, Strategy.LIVE)]
)
def test_where_no_former_production_follows_there_is_no_way_back(state: State) -> None:
    over = f"by {state.strategy}, in phase {state.phase}: no former production follows"
    words = over if state.phase in (Phase.SWITCHED, Phase.RETIRING) else "rollback is possible after the"
    with pytest.raises(Refused, match=words):
        transition(state, Event.ROLLBACK)


@pytest.mark.parametrize("event", [Event.ROLLBACK, Event.RETIRE])
@pytest.mark.parametrize("state", [STEADY, *BEFORE_THE_SWITCH])
def test_before_the_switch_a_refusal_offers_only_what_the_phase_allows(state: State, event: Event) -> None:
    with pytest.raises(Refused, match=f"no move is under way that has switched.* {state.phase}") as refused:
        transition(state, event)
    offered = [word for word in ("run", "abort") if f"`tenantnet migrate {word}`" in str(refused.value)]
    of_phase = {Phase.STEADY: [], Phase.ABORTING: ["abort"]}
    assert offered == of_phase.get(state.phase, ["run", "abort"])


def test_once_the_retirement_has_begun_there_is_no_way_back() -> None:
    switched = moving(Phase.SWITCHED, Strategy.LIVE)
    led = {"decision": {"S": "switch"}, "ledTo": {"S": "green"}}
    assert way_back(switched, led) == replace(switched, production=BLUE)
    with pytest.raises(Refused, match="by live, in phase retiring: no former production follows"):
        way_back(switched, {**led, "retires": {"S": "blue"}})


def test_only_the_switch_and_the_abort_are_decided_before() -> None:
    decided = {event: decision_before(event) for event in Event if decision_before(event)}
    assert decided == {Event.SWITCH: Decision.SWITCH, Event.ABORT: Decision.ABORT}


def test_there_is_nothing_to_abort_in_steady() -> None:
    with pytest.raises(Refused, match="no move is under way"):
        transition(STEADY, Event.ABORT)


def test_an_abort_clears_away_what_a_broken_off_preparation_left() -> None:
    aborting = transition(STEADY, Event.ABORT, leftovers=True)
    assert (aborting.phase, aborting.target, aborting.move) == (Phase.ABORTING, GREEN, 1)


def test_a_snapshot_move_does_not_begin_over_the_replica_of_another() -> None:
    with pytest.raises(Refused, match="green has a copy of a move whose preparation was interrupted"):
        transition(STEADY, Event.FENCE, leftovers=True)


def test_a_preparation_that_was_broken_off_is_taken_up_again() -> None:
    assert transition(STEADY, Event.PREPARE, leftovers=True).phase is Phase.REPLICATING
    begun = transition(STEADY, Event.SEED, leftovers=True, left_by=Strategy.LIVE)
    assert begun.phase is Phase.FOLLOWING


@pytest.mark.parametrize(
    ("event", "left_by"),
    [(Event.SEED, Strategy.REPLICA), (Event.PREPARE, Strategy.LIVE), (Event.FENCE, Strategy.LIVE)],
)
def test_a_preparation_is_not_taken_up_by_another_strategy(event: Event, left_by: Strategy) -> None:
    with pytest.raises(Refused, match="green has a copy of a move whose preparation was interrupted"):
        transition(STEADY, event, leftovers=True, left_by=left_by)


def test_the_end_of_a_move_remembers_the_network_it_gave_up() -> None:
    steady = transition(moving(Phase.RETIRING), Event.FINISH)
    assert (steady.production, steady.strategy) == (GREEN, None)
    assert steady.retired == RetiredNetwork(slot=BLUE, cidr=CIDRS[BLUE])


def test_a_state_of_another_run_is_no_step_from_here() -> None:
    assert step_to(moving(Phase.FENCED), moving(Phase.PROMOTED)) == moving(Phase.PROMOTED)
    assert step_to(STEADY, moving(Phase.PROMOTED)) is None
    assert step_to(replace(moving(Phase.FENCED), move=2), moving(Phase.PROMOTED)) is None


def test_the_fence_is_left_once_the_replica_has_everything() -> None:
    assert conditions(moving(Phase.FENCED)) == (Condition.SOURCE_READ_ONLY, Condition.TARGET_CAUGHT_UP)


@pytest.mark.parametrize(
    "state",
    [moving(Phase.PROMOTED), moving(Phase.RESTORED, Strategy.SNAPSHOT), moving(Phase.FENCED)],
    ids=["replica", "snapshot", "promoted in fenced"],
)
def test_a_level_copy_of_a_lost_source_is_the_way_on_and_not_taken_back(state: State) -> None:
    with pytest.raises(Refused, match="--without-source"):
        transition(state, Event.ABORT, source_lost=True)
    assert conditions(state, source_lost=True) == (Condition.SOURCE_LOST, Condition.TARGET_INDEPENDENT)
    # What was decided before the source was lost stands.
    aborting = transition(state, Event.ABORT, decision=Decision.ABORT, source_lost=True)
    assert aborting.phase is Phase.ABORTING


def test_writes_are_held_back_once_what_was_seen_before_that_phase_is_seen_again() -> None:
    assert conditions_of_the_fence(moving(Phase.FENCED)) == conditions(moving(Phase.REPLICATING))
    assert conditions_of_the_fence(moving(Phase.FENCED, Strategy.SNAPSHOT)) == (Condition.AT_REST,)


def test_the_fence_of_a_snapshot_is_left_once_the_snapshot_is_there() -> None:
    fenced = moving(Phase.FENCED, Strategy.SNAPSHOT)
    assert conditions(fenced) == (Condition.SOURCE_READ_ONLY, Condition.SNAPSHOT_TAKEN)


def written(*steps: tuple[What, Phase]) -> list[Entry]:
    begin = datetime(2026, 12, 1, 1, 0, tzinfo=UTC)
    return [
        Entry(at=begin + timedelta(seconds=second), move=1, what=what, phase=phase, who="ada")
        for second, (what, phase) in enumerate(steps)
    ]


RETIRED = ((What.BEGAN, Phase.RETIRING), (What.REACHED, Phase.RETIRING), (What.BEGAN, Phase.STEADY))
LED_BACK = ((What.BEGAN, Phase.SWITCHED), (What.REACHED, Phase.SWITCHED), (What.BEGAN, Phase.SWITCHED))


@pytest.mark.parametrize(
    ("state", "steps"),
    [(moving(Phase.SWITCHED, Strategy.LIVE), LED_BACK), (replace(STEADY, move=1), RETIRED)],
    ids=["on a way back", "at the end of a retirement"],
)
def test_an_update_whose_end_nobody_has_seen_is_unfinished(
    state: State, steps: tuple[tuple[What, Phase], ...]
) -> None:
    assert is_unfinished(state, written(*steps))
    assert not is_unfinished(state, written(*steps, (What.REACHED, state.phase)))


def test_what_an_abort_has_left_in_steady_is_another_aborts() -> None:
    aborted = written((What.REACHED, Phase.ABORTING), (What.BEGAN, Phase.STEADY))
    assert not is_unfinished(replace(STEADY, move=1), aborted)


def test_a_retirement_may_be_asked_for_again_until_its_end_was_seen() -> None:
    steady = replace(STEADY, move=1)
    require_retirement(steady, written(*RETIRED))
    with pytest.raises(Refused, match="retire"):
        require_retirement(steady, written(*RETIRED, (What.REACHED, Phase.STEADY)))
