"""What a tenant's stack declares in each phase of a move from blue to green."""

from __future__ import annotations

import pytest
from tenantnet.phases.phases import DatabaseDeclaration, Origin, Phase, State, declaration
from tenantnet.phases.transitions import Event, transition
from tenantnet.tags import Lifecycle, Slot, Strategy

from tests.support.phases_samples import ABORTING, BLUE, EVERY_PHASE, GREEN, STEADY, moving

SNAPSHOT, LIVE = Strategy.SNAPSHOT, Strategy.LIVE
every_phase = pytest.mark.parametrize(
    "state", EVERY_PHASE, ids=lambda state: f"{state.phase}-{state.strategy}"
)


def database(state: State, slot: Slot) -> DatabaseDeclaration:
    declared = declaration(state).slots[slot].database
    assert declared is not None, f"{slot} has no database in {state.phase}"
    return declared


def test_in_steady_one_database_is_declared_writable_and_protected() -> None:
    blue = database(STEADY, BLUE)
    assert (blue.origin, blue.read_only, blue.protected) == (Origin.PRIMARY, False, True)
    assert declaration(STEADY).slots[GREEN].database is None


def test_in_steady_the_settings_decide_about_the_other_network() -> None:
    green = declaration(STEADY).slots[GREEN]
    assert not green.required
    assert not green.protected


def test_while_replicating_green_is_a_replica_and_blue_takes_writes() -> None:
    state = moving(Phase.REPLICATING)
    assert database(state, GREEN).origin is Origin.REPLICA
    assert not database(state, BLUE).read_only


def test_whether_blue_is_fenced_is_not_the_stacks_to_say_and_green_still_replicates() -> None:
    state = moving(Phase.FENCED)
    assert database(state, BLUE).read_only is None
    assert database(state, GREEN).origin is Origin.REPLICA


def test_behind_the_fence_of_a_snapshot_there_is_no_green_database_yet() -> None:
    state = moving(Phase.FENCED, SNAPSHOT)
    assert database(state, BLUE).read_only is None
    assert declaration(state).slots[GREEN].database is None
    assert declaration(state).slots[GREEN].required


def test_promoted_green_is_a_primary_and_takes_no_writes_yet() -> None:
    green = database(moving(Phase.PROMOTED), GREEN)
    assert (green.origin, green.read_only) == (Origin.PRIMARY, True)


def test_restored_green_comes_from_the_snapshot_and_takes_no_writes_yet() -> None:
    green = database(moving(Phase.RESTORED, SNAPSHOT), GREEN)
    assert (green.origin, green.read_only) == (Origin.SNAPSHOT, True)


def test_while_following_green_comes_from_a_seed_and_no_client_is_let_in_to_it() -> None:
    state = moving(Phase.FOLLOWING, LIVE)
    green = database(state, GREEN)
    assert (green.origin, green.read_only, green.protected) == (Origin.SEED, False, True)
    assert declaration(state).slots[GREEN].shut
    assert not declaration(state).slots[BLUE].shut
    assert not database(state, BLUE).read_only


def test_after_a_live_switch_blue_is_read_only_and_lets_no_client_in() -> None:
    state = moving(Phase.SWITCHED, LIVE)
    assert database(state, BLUE).read_only
    assert declaration(state).slots[BLUE].shut
    assert not declaration(state).slots[GREEN].shut


def test_the_two_databases_are_joined_from_the_seed_to_the_retirement() -> None:
    joined = {f"{state.phase} {state.strategy}" for state in EVERY_PHASE if declaration(state).joined}
    assert joined == {"following live", "switched live"}


def test_a_live_move_keeps_the_identifiers_of_transactions_whatever_the_settings_say() -> None:
    identified = {f"{state.phase} {state.strategy}" for state in EVERY_PHASE if declaration(state).identified}
    assert identified == {"following live", "switched live", "retiring live"}


@pytest.mark.parametrize("phase", [Phase.FOLLOWING, Phase.STEADY])
def test_what_may_have_followed_stays_shut_until_it_is_gone(phase: Phase) -> None:
    """In steady nobody knows which strategy the first step was of that did not finish."""
    state = STEADY if phase is Phase.STEADY else moving(phase, LIVE)
    aborting = transition(state, Event.ABORT, begun=True)
    assert declaration(aborting).slots[GREEN].shut
    steady = transition(aborting, Event.FINISH)
    assert not declaration(steady).slots[GREEN].shut
    assert steady.strategy is None


@pytest.mark.parametrize(
    "state", [moving(Phase.PROMOTED), moving(Phase.RESTORED, SNAPSHOT)], ids=lambda state: str(state.phase)
)
def test_until_the_switch_blue_is_production_behind_its_fence(state: State) -> None:
    assert database(state, BLUE).read_only is None
    assert database(state, BLUE).lifecycle is Lifecycle.PRODUCTION
    assert declaration(state).endpoint is BLUE


@pytest.mark.parametrize("strategy", Strategy)
def test_the_switch_opens_green_and_leads_the_endpoint_there(strategy: Strategy) -> None:
    state = moving(Phase.SWITCHED, strategy)
    green = database(state, GREEN)
    assert (green.read_only, green.lifecycle) == (False, Lifecycle.PRODUCTION)
    assert declaration(state).endpoint is GREEN


def test_the_switch_changes_nothing_of_greens_protection() -> None:
    # A change of it takes RDS, and the provider, more than a minute, within the clients' gap.
    before = database(moving(Phase.PROMOTED), GREEN)
    after = database(moving(Phase.SWITCHED), GREEN)
    assert before.protected
    assert after.protected


def test_after_the_switch_blue_stays_read_only_and_protected() -> None:
    blue = database(moving(Phase.SWITCHED), BLUE)
    assert blue.read_only
    assert blue.protected


def test_retiring_takes_blues_protection_and_still_declares_it() -> None:
    state = moving(Phase.RETIRING)
    blue = database(state, BLUE)
    assert (blue.lifecycle, blue.protected, blue.recoverable) == (Lifecycle.RETIRING, False, True)
    assert not declaration(state).slots[BLUE].protected


def test_a_retiring_database_that_is_gone_is_not_made_again() -> None:
    assert database(moving(Phase.RETIRING), BLUE).origin is Origin.LEAVING


def test_an_abort_opens_blue_and_takes_the_protection_of_greens_copy() -> None:
    assert not database(ABORTING, BLUE).read_only
    green = database(ABORTING, GREEN)
    assert (green.origin, green.read_only, green.protected) == (Origin.LEAVING, True, False)
    assert green.lifecycle is Lifecycle.DISCARDED
    assert declaration(ABORTING).endpoint is BLUE


def test_a_copy_that_was_never_in_production_leaves_no_snapshot_behind() -> None:
    assert not database(moving(Phase.REPLICATING), GREEN).recoverable
    assert not database(ABORTING, GREEN).recoverable


def test_in_steady_green_everything_is_as_it_was_for_blue() -> None:
    state = State(phase=Phase.STEADY, production=GREEN, move=1)
    assert declaration(state).slots[GREEN] == declaration(STEADY).slots[BLUE]
    assert declaration(state).slots[BLUE] == declaration(STEADY).slots[GREEN]
    assert declaration(state).endpoint is GREEN


def test_a_tenant_that_is_given_up_can_be_destroyed_and_leaves_a_snapshot() -> None:
    blue = declaration(STEADY, tenant_retiring=True).slots[BLUE]
    assert blue.database is not None
    assert (blue.protected, blue.database.protected, blue.database.recoverable) == (False, False, True)
    assert not blue.database.read_only


@every_phase
def test_only_the_database_that_the_endpoint_leads_to_may_be_writable(state: State) -> None:
    other = declaration(state).slots[declaration(state).endpoint.other]
    assert other.database is None or other.database.read_only or other.shut
    assert not declaration(state).slots[declaration(state).endpoint].shut


@every_phase
def test_production_is_protected_with_its_network_and_leaves_a_snapshot(state: State) -> None:
    production = declaration(state).slots[state.production]
    assert production.protected
    assert production.database is not None
    assert production.database.lifecycle is Lifecycle.PRODUCTION
    assert production.database.recoverable


@every_phase
def test_a_database_is_protected_in_every_phase_but_its_own_retirement(state: State) -> None:
    for part in declaration(state).slots.values():
        if part.database:
            leaving = part.database.lifecycle in (Lifecycle.RETIRING, Lifecycle.DISCARDED)
            assert part.database.protected is not leaving
            assert part.protected is part.database.protected


@every_phase
def test_a_database_always_has_its_network(state: State) -> None:
    assert all(part.required for part in declaration(state).slots.values() if part.database)


@pytest.mark.parametrize(
    ("phase", "strategy", "move"),
    [
        (Phase.REPLICATING, SNAPSHOT, 1),
        (Phase.RESTORED, Strategy.REPLICA, 1),
        (Phase.FOLLOWING, Strategy.REPLICA, 1),
        (Phase.FENCED, LIVE, 1),
        (Phase.FENCED, None, 1),
        (Phase.STEADY, SNAPSHOT, 1),
        (Phase.ABORTING, SNAPSHOT, 1),
        (Phase.SWITCHED, SNAPSHOT, 0),
        (Phase.STEADY, None, -1),
    ],
)
def test_a_state_that_no_move_reaches_cannot_be_made(
    phase: Phase, strategy: Strategy | None, move: int
) -> None:
    with pytest.raises(ValueError, match=str(phase)):
        State(phase=phase, production=BLUE, strategy=strategy, move=move)
