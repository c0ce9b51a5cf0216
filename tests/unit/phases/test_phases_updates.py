"""Who may update a tenant's stack in which phase, and with which settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from tenantnet.phases.journal import Holder
from tenantnet.phases.memory import outputs_of
from tenantnet.phases.phases import Phase, RetiredNetwork, State
from tenantnet.phases.transitions import Decision
from tenantnet.phases.updates import beyond_used, networks_to_declare, plan_update, retired_note
from tenantnet.refusal import Refused
from tenantnet.tags import Slot, Strategy

from tests.support.phases_samples import ABORTING, BLUE, CIDRS, EVERY_PHASE, GREEN, STEADY, moving

ONLY_BLUE, ONLY_GREEN = {BLUE: CIDRS[BLUE]}, {GREEN: CIDRS[GREEN]}
OTHER = "10.77.0.0/26"
RETIRED_BLUE = RetiredNetwork(slot=BLUE, cidr=CIDRS[BLUE])
MOVED = State(
    phase=Phase.STEADY, production=GREEN, move=1, retired=RETIRED_BLUE, networks={GREEN: CIDRS[GREEN]}
)
CRITICAL = (Phase.REPLICATING, Phase.FENCED, Phase.PROMOTED, Phase.RESTORED, Phase.ABORTING)
critical = [state for state in EVERY_PHASE if state.phase in CRITICAL]
calm = [state for state in EVERY_PHASE if state.phase not in CRITICAL]


def outputs(state: State) -> dict[str, Any]:
    networks = {str(slot): {"cidr": cidr} for slot, cidr in state.networks.items()}
    return {**outputs_of(state), "networks": networks}


def refused_paths(state: State, networks: Mapping[Slot, str], **more: Any) -> list[str]:
    with pytest.raises(Refused) as refused:
        plan_update(outputs(state), networks, **more)
    return [item.path for item in refused.value.refusals]


def test_a_new_tenants_first_network_becomes_production() -> None:
    state = plan_update({}, ONLY_GREEN)
    assert (state.phase, state.production) == (Phase.STEADY, GREEN)


def test_a_tenant_begins_beyond_the_moves_that_its_name_has_had() -> None:
    first = plan_update({}, ONLY_GREEN)
    assert beyond_used(first, 0) == first
    # One more: what the last number has in the journal is another tenant's.
    assert (beyond_used(first, 2).move, beyond_used(first, 2).move_at_stake) == (3, 4)
    assert beyond_used(MOVED, 1) == MOVED, "what its own moves have left is its own"
    assert beyond_used(MOVED, 2).move == 3, "the name of its next final snapshot is taken"


def test_a_new_tenant_with_two_networks_is_refused() -> None:
    with pytest.raises(Refused, match="a new tenant starts with one network"):
        plan_update({}, CIDRS)


def test_a_new_tenant_without_a_network_is_refused() -> None:
    with pytest.raises(Refused, match="a new tenant starts with one network"):
        plan_update({}, {})


def test_a_tenant_that_is_not_deployed_cannot_move() -> None:
    with pytest.raises(Refused, match="no phase yet"):
        plan_update({}, CIDRS, requested=moving(Phase.REPLICATING))


@pytest.mark.parametrize("state", calm, ids=lambda state: str(state.phase))
def test_an_ordinary_update_keeps_the_phase(state: State) -> None:
    assert plan_update(outputs(state), CIDRS) == state


@pytest.mark.parametrize("state", critical, ids=lambda state: f"{state.phase}-{state.strategy}")
def test_an_ordinary_update_in_the_critical_phases_is_refused(state: State) -> None:
    with pytest.raises(Refused, match=f"in phase {state.phase} only the migration runner"):
        plan_update(outputs(state), CIDRS)


@pytest.mark.parametrize("state", [STEADY, *critical], ids=lambda state: f"{state.phase}-{state.strategy}")
def test_beside_a_run_that_is_at_work_an_update_is_told_to_wait_and_not_to_abort(state: State) -> None:
    since = datetime(2026, 12, 1, tzinfo=UTC)
    at_work = Holder(run="r", who="ada@desk pid 7", machine="m", pid=7, since=since)
    words = f"ada@desk pid 7 works on the move to green, .* {state.phase}\n"
    with pytest.raises(Refused, match=words) as said:
        plan_update(outputs(state), CIDRS, leftovers=Strategy.REPLICA, at_work=at_work)
    assert "migrate abort" not in str(said.value)


@pytest.mark.parametrize("decision", Decision)
def test_an_ordinary_update_between_the_decision_and_its_phase_is_refused(decision: Decision) -> None:
    following = outputs(moving(Phase.FOLLOWING, Strategy.LIVE))
    with pytest.raises(Refused, match=f"the {decision} of move 1 is decided, and the stack still says"):
        plan_update(following, CIDRS, decision=decision)


def test_an_ordinary_update_works_unless_clients_were_led_back_and_that_is_not_recorded() -> None:
    switched = moving(Phase.SWITCHED, Strategy.LIVE)
    assert plan_update(outputs(switched), CIDRS) == switched
    with pytest.raises(Refused, match="the stack still says switched"):
        plan_update(outputs(switched), CIDRS, decision=Decision.SWITCH)
    led_back = replace(switched, production=BLUE)
    assert plan_update(outputs(switched), CIDRS, requested=led_back, decision=Decision.SWITCH) == led_back


def test_an_ordinary_update_over_a_broken_off_preparation_is_refused() -> None:
    with pytest.raises(Refused, match="whose preparation was interrupted"):
        plan_update(outputs(STEADY), CIDRS, leftovers=Strategy.REPLICA)


def test_a_runner_that_was_overtaken_by_another_strategys_first_step_is_refused() -> None:
    seed = moving(Phase.FOLLOWING, Strategy.LIVE)
    assert plan_update(outputs(STEADY), CIDRS, requested=seed, leftovers=Strategy.LIVE) == seed
    aborting = replace(ABORTING, strategy=Strategy.LIVE)
    for left_by in (Strategy.REPLICA, Strategy.LIVE):
        assert plan_update(outputs(STEADY), CIDRS, requested=aborting, leftovers=left_by) == aborting
    with pytest.raises(Refused, match="whose preparation was interrupted"):
        plan_update(outputs(STEADY), CIDRS, requested=seed, leftovers=Strategy.REPLICA)


def test_a_runner_that_wakes_at_the_end_of_its_move_leaves_the_next_ones_copy_alone() -> None:
    with pytest.raises(Refused, match="whose preparation was interrupted"):
        plan_update(outputs(STEADY), CIDRS, requested=STEADY, leftovers=Strategy.LIVE)


@pytest.mark.parametrize("state", EVERY_PHASE, ids=lambda state: f"{state.phase}-{state.strategy}")
def test_the_runner_may_repeat_the_phase(state: State) -> None:
    assert plan_update(outputs(state), CIDRS, requested=state) == state


def test_the_runner_may_take_the_next_step() -> None:
    promoted = moving(Phase.PROMOTED)
    assert plan_update(outputs(moving(Phase.FENCED)), CIDRS, requested=promoted) == promoted


def test_a_runner_that_was_overtaken_by_another_is_refused() -> None:
    with pytest.raises(Refused, match=r"the stack is in aborting\(blue\) of move 1, and promoted\(blue\)"):
        plan_update(outputs(ABORTING), CIDRS, requested=moving(Phase.PROMOTED))


def test_a_runner_that_was_overtaken_by_the_switch_does_not_lead_the_endpoint_back() -> None:
    promoted = moving(Phase.PROMOTED)
    with pytest.raises(Refused, match="the switch of move 1 is decided"):
        plan_update(outputs(promoted), CIDRS, requested=promoted, decision=Decision.SWITCH)


def test_a_runner_that_was_overtaken_by_an_abort_takes_no_step_onward() -> None:
    with pytest.raises(Refused, match="the abort of move 1 is decided"):
        plan_update(
            outputs(moving(Phase.FENCED)),
            CIDRS,
            requested=moving(Phase.PROMOTED),
            decision=Decision.ABORT,
        )


@pytest.mark.parametrize("state", calm, ids=lambda state: str(state.phase))
def test_dropping_the_network_in_production_is_refused(state: State) -> None:
    networks = {state.production.other: CIDRS[state.production.other]}
    assert f"networks.{state.production}" in refused_paths(state, networks)


@pytest.mark.parametrize("state", critical, ids=lambda state: f"{state.phase}-{state.strategy}")
def test_dropping_the_target_of_a_move_is_refused(state: State) -> None:
    assert refused_paths(state, ONLY_BLUE, requested=state) == ["networks.green"]


@pytest.mark.parametrize("phase", [Phase.SWITCHED, Phase.RETIRING])
def test_dropping_the_former_network_before_it_is_retired_is_refused(phase: Phase) -> None:
    with pytest.raises(Refused, match="`tenantnet migrate retire` ends the move"):
        plan_update(outputs(moving(phase)), ONLY_GREEN)


def test_dropping_both_networks_of_a_move_is_refused_at_once() -> None:
    assert refused_paths(moving(Phase.SWITCHED), {}) == ["networks.blue", "networks.green"]


def test_dropping_a_test_network_works() -> None:
    assert plan_update(outputs(STEADY), ONLY_BLUE) == STEADY


def test_a_test_network_may_get_another_range() -> None:
    assert plan_update(outputs(STEADY), {**CIDRS, GREEN: OTHER}) == STEADY


def test_another_range_for_the_network_in_production_is_refused() -> None:
    with pytest.raises(Refused, match=r"networks.blue.cidr: 10.77.0.0/26(.|\n)*without the database"):
        plan_update(outputs(STEADY), {**CIDRS, BLUE: OTHER})


def test_another_range_for_the_target_of_a_move_is_refused() -> None:
    networks = {**CIDRS, GREEN: OTHER}
    assert refused_paths(STEADY, networks, requested=moving(Phase.REPLICATING)) == ["networks.green.cidr"]


def test_a_move_to_a_network_that_is_not_in_the_settings_is_refused() -> None:
    assert refused_paths(STEADY, ONLY_BLUE, requested=moving(Phase.REPLICATING)) == ["networks.green"]


def test_a_tenant_may_be_given_up_between_moves() -> None:
    assert plan_update(outputs(STEADY), CIDRS, tenant_retiring=True) == STEADY


def test_a_tenant_is_not_given_up_during_a_move() -> None:
    assert refused_paths(moving(Phase.SWITCHED), CIDRS, tenant_retiring=True) == ["retiring"]


def test_a_retired_network_that_the_settings_still_name_is_not_made_again() -> None:
    state = plan_update(outputs(MOVED), CIDRS)
    assert networks_to_declare(state, CIDRS) == ONLY_GREEN
    assert state.retired == RETIRED_BLUE


def test_people_are_told_about_a_network_that_is_not_made_again() -> None:
    assert "networks.blue (10.1.2.0/26) was retired" in str(retired_note(MOVED))
    assert retired_note(STEADY) is None


def test_another_range_in_the_retired_slot_is_a_new_test_network() -> None:
    networks = {**CIDRS, BLUE: OTHER}
    state = plan_update(outputs(MOVED), networks)
    assert networks_to_declare(state, networks) == networks
    assert state.retired is None


def test_a_retired_network_that_was_dropped_and_added_again_is_a_new_test_network() -> None:
    dropped = plan_update(outputs(MOVED), ONLY_GREEN)
    added = plan_update(outputs(replace(dropped, networks=ONLY_GREEN)), CIDRS)
    assert networks_to_declare(added, CIDRS) == CIDRS


def test_a_move_to_the_retired_network_is_refused_with_the_way_out() -> None:
    requested = State(
        phase=Phase.REPLICATING, production=GREEN, strategy=moving(Phase.FENCED).strategy, move=2
    )
    with pytest.raises(Refused, match=r"remove networks\.blue, update the stack, and add it again"):
        plan_update(outputs(MOVED), CIDRS, requested=requested)


def test_an_aborted_move_leaves_its_target_as_a_test_network() -> None:
    steady = replace(ABORTING, phase=Phase.STEADY)
    assert networks_to_declare(plan_update(outputs(steady), CIDRS), CIDRS) == CIDRS


@pytest.mark.parametrize("state", [moving(Phase.RETIRING), ABORTING], ids=["retiring", "aborting"])
def test_a_network_is_not_exchanged_in_the_update_that_gives_its_database_up(state: State) -> None:
    given_up = state.source if state.phase is Phase.RETIRING else state.target
    assert given_up is not None
    ended = replace(state, phase=Phase.STEADY, strategy=None)
    if state.phase is Phase.RETIRING:
        ended = replace(ended, retired=RETIRED_BLUE)
    paths = refused_paths(state, {**CIDRS, given_up: OTHER}, requested=ended)
    assert paths == [f"networks.{given_up}.cidr"]
