"""What a stack's outputs say about a move, right or wrong."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tenantnet.phases.memory import outputs_of, remembered
from tenantnet.phases.phases import Phase, RetiredNetwork, State
from tenantnet.phases.transitions import successors
from tenantnet.refusal import Refused

from tests.support.phases_samples import BLUE, CIDRS, EVERY_PHASE, GREEN

SWITCHED: dict[str, Any] = {
    "phase": "switched",
    "production": "green",
    "target": "green",
    "strategy": "replica",
    "move": 1.0,
    "networks": {"blue": {"cidr": CIDRS[BLUE], "vpcId": "vpc-1"}, "green": {"cidr": CIDRS[GREEN]}},
}
KEYS = ["phase", "production", "target", "strategy", "move", "retired", "networks"]
WORDS = [
    *Phase,
    "blue",
    "green",
    "replica",
    "snapshot",
    "live",
    "red",
    "",
    0,
    1,
    1.5,
    -1,
    True,
    None,
    [],
    {},
    "10.1.2.0/26",
]
anything = st.sampled_from(WORDS) | st.dictionaries(
    st.sampled_from(["blue", "green", "red", "slot", "cidr"]),
    st.sampled_from(WORDS) | st.dictionaries(st.just("cidr"), st.sampled_from(WORDS)),
)


@pytest.mark.parametrize("state", EVERY_PHASE, ids=lambda state: f"{state.phase}-{state.strategy}")
def test_a_state_comes_back_from_its_outputs(state: State) -> None:
    networks = {str(slot): {"cidr": cidr} for slot, cidr in state.networks.items()}
    assert remembered({**outputs_of(state), "networks": networks}) == state


@pytest.mark.parametrize("state", EVERY_PHASE, ids=lambda state: f"{state.phase}-{state.strategy}")
def test_what_a_failed_update_reached_is_read_though_pulumi_keeps_outputs_of_the_phase_before(
    state: State,
) -> None:
    networks = {str(slot): {"cidr": cidr} for slot, cidr in state.networks.items()}
    for following in successors(state).values():
        kept = {**outputs_of(state), **outputs_of(following), "networks": networks}
        assert remembered(kept) == following


def test_the_retired_network_comes_back_from_the_outputs() -> None:
    state = State(
        phase=Phase.STEADY, production=GREEN, move=3, retired=RetiredNetwork(slot=BLUE, cidr=CIDRS[BLUE])
    )
    assert remembered(outputs_of(state)) == state


def test_outputs_hold_plain_values_only() -> None:
    kinds = {type(value) for state in EVERY_PHASE for value in outputs_of(state).values()}
    assert kinds == {str, int}


def test_a_stack_without_outputs_remembers_nothing() -> None:
    assert remembered({}) is None


def test_a_first_update_that_failed_remembers_nothing() -> None:
    assert remembered({"cell": "eu1", "region": "eu-west-1"}) is None


def test_a_stack_from_before_the_first_move_is_steady() -> None:
    assert remembered({"phase": "steady", "production": "blue"}) == State(phase=Phase.STEADY, production=BLUE)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"phase": "moving"}, "phase is one of steady, replicating"),
        ({"phase": None}, "phase is one of steady, replicating"),
        ({"production": "red"}, "production is one of blue, green"),
        ({"strategy": "prayer"}, "strategy is one of replica, snapshot, live"),
        ({"strategy": "live", "phase": "fenced", "production": "blue"}, "strategy live has no phase fenced"),
        ({"strategy": None}, "phase switched needs a strategy"),
        ({"phase": "restored", "production": "blue"}, "strategy replica has no phase restored"),
        ({"target": "blue"}, "the target is blue and should be green"),
        ({"target": None}, "the target is missing and should be green"),
        ({"move": 0}, "phase switched cannot belong to move 0"),
        ({"move": 1.5}, "move is a whole number"),
        ({"move": True}, "move is a whole number"),
        ({"retired": "blue"}, "retired is a slot and a range"),
        ({"retired": {"slot": "red", "cidr": "10.1.2.0/26"}}, "retired.slot is one of blue, green"),
        ({"retired": {"slot": "blue"}}, "retired.cidr is a range"),
        ({"networks": ["blue"]}, "networks is a mapping of slots"),
        ({"networks": {"red": {"cidr": "10.1.2.0/26"}}}, "networks is one of blue, green"),
        ({"networks": {"blue": {"cidr": 10}}}, "networks.blue.cidr is a range"),
    ],
)
def test_outputs_that_make_no_sense_are_refused_with_words(change: dict[str, Any], words: str) -> None:
    with pytest.raises(Refused, match=words):
        remembered({**SWITCHED, **change})


def test_everything_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(Refused) as refused:
        remembered({**SWITCHED, "phase": "moving", "production": "red", "move": -1})
    assert [item.path for item in refused.value.refusals] == ["phase", "production", "move"]


@given(st.dictionaries(st.sampled_from(KEYS), anything))
def test_any_outputs_are_a_state_or_nothing_or_refused(outputs: dict[str, Any]) -> None:
    try:
        state = remembered(outputs)
    except Refused:
        return
    assert state is None or remembered(outputs_of(state) | {"networks": outputs.get("networks")}) == state


@given(st.dictionaries(st.sampled_from(KEYS), anything))
def test_one_wrong_output_does_not_get_past_the_others(change: dict[str, Any]) -> None:
    outputs = {**SWITCHED, **change}
    try:
        state = remembered(outputs)
    except Refused:
        return
    assert state is None or outputs["phase"] == state.phase
