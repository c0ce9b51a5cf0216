"""Random sequences of commands, failures and kills: what holds in each of them."""

from __future__ import annotations

import contextlib
from copy import copy

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from tenantnet.phases.phases import AFTER_THE_SWITCH, FENCED_PHASES, Phase
from tenantnet.phases.transitions import Decision, Event
from tenantnet.phases.updates import plan_update, runner_only
from tenantnet.refusal import Refused
from tenantnet.tags import Slot, Strategy

from tests.support.examples import examples
from tests.support.phases_world import Request, World, assert_finishes, assert_sound

CIDRS = ("10.1.2.0/26", "10.9.8.64/26", "10.77.0.0/26")
strategies = st.sampled_from(Strategy)
slots = st.sampled_from(Slot)
# An update of this world has eleven operations at most.
losses = st.just(set[int]()) | st.sets(st.integers(min_value=0, max_value=10), min_size=1)


class Moves(RuleBasedStateMachine):
    """Several runners, people and clients at work on one tenant."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        self.row = 0
        self.paused: list[Request] = []

    @initialize(strategy=strategies, steps=st.integers(min_value=0, max_value=5), direct=st.booleans())
    def a_move_has_come_some_way(self, strategy: Strategy, steps: int, direct: bool = True) -> None:
        for _ in range(steps):
            self.a_client_writes(late=False)
            self.world.replicate()
            request = self.world.next_request(strategy, direct=direct)
            if request:
                self.world.take(request)

    @rule(late=st.booleans())
    def a_client_writes(self, late: bool) -> None:
        """late: it still has the endpoint's former address."""
        self.row += 1
        self.world.write(self.row, self.world.former_endpoint if late else self.world.endpoint)

    @rule(count=st.integers(min_value=1, max_value=3))
    def replicas_catch_up(self, count: int) -> None:
        self.world.replicate(count)

    @rule(strategy=strategies, direct=st.booleans(), lost=losses, unwritten=losses)
    def a_runner_takes_a_step(
        self, strategy: Strategy, lost: set[int], unwritten: set[int], direct: bool = True
    ) -> None:
        """direct: it has a login."""
        self.world.replicate()
        with contextlib.suppress(Refused):
            request = self.world.next_request(strategy, direct=direct)
            if request:
                self.world.take(request, lost=lost, unwritten=unwritten)

    @precondition(lambda self: self.world.state.phase is Phase.FENCED)
    @rule()
    def a_runner_is_killed_in_its_fence(self) -> None:
        self.world.hold_back(self.world.state, written=False)

    @rule(strategy=strategies, direct=st.booleans(), decided=st.booleans())
    def a_runner_pauses_before_its_step(self, strategy: Strategy, direct: bool, decided: bool) -> None:
        with contextlib.suppress(Refused):
            request = self.world.next_request(strategy, direct=direct)
            if request and (not decided or self.world.decide(request)):
                self.paused.append(request)

    @rule(lost=losses, unwritten=losses, number=st.integers(min_value=0))
    def a_paused_runner_goes_on(self, lost: set[int], unwritten: set[int], number: int) -> None:
        if self.paused:
            request = self.paused.pop(number % len(self.paused))
            with contextlib.suppress(Refused):
                self.world.take(request, lost=lost, unwritten=unwritten)

    @rule(lost=losses, unwritten=losses)
    def somebody_aborts(self, lost: set[int], unwritten: set[int]) -> None:
        state, decision = self.world.state, self.world.decisions.get(self.world.state.move_at_stake)
        try:
            request = self.world.request(Event.ABORT)
        except Refused:
            nothing_to_abort = state.phase is Phase.STEADY and not self.world.unfinished
            decided = state.phase in AFTER_THE_SWITCH or decision is Decision.SWITCH
            last_copy = self.world.source_lost
            assert nothing_to_abort or decided or last_copy, f"the abort of {state} was refused"
            return
        assert state.phase not in AFTER_THE_SWITCH
        with contextlib.suppress(Refused):
            self.world.take(request, lost=lost, unwritten=unwritten)

    @rule(lost=losses, unwritten=losses, refreshed=st.booleans())
    def somebody_updates_the_stack(self, lost: set[int], unwritten: set[int], refreshed: bool) -> None:
        if refreshed and self.world.state.phase is Phase.FOLLOWING:
            self.world.refresh()
        before = copy(self.world)
        try:
            finished = self.world.update(lost=lost, unwritten=unwritten)
        except Refused:
            assert self.world == before
            return
        assert not runner_only(before.state)
        assert self.world.state.phase is before.state.phase
        assert self.world.state.production is before.state.production
        assert finished or lost or unwritten, "an ordinary update met something protected"

    @precondition(lambda self: self.world.state.phase in FENCED_PHASES)
    @rule()
    def the_source_dies(self) -> None:
        self.world.lose()

    @rule(slot=slots, cidr=st.none() | st.sampled_from(CIDRS))
    def somebody_edits_a_network(self, slot: Slot, cidr: str | None) -> None:
        """Without a range, or with the other network's: drops it."""
        others = {key: value for key, value in self.world.settings.items() if key is not slot}
        named = {slot: cidr} if cidr and cidr not in others.values() else {}
        self.world.settings = others | named

    @rule()
    def somebody_makes_the_settings_right(self) -> None:
        free = next(cidr for cidr in CIDRS if cidr not in self.world.deployed.values())
        self.world.settings = {**dict.fromkeys(Slot, free), **self.world.deployed}

    @invariant()
    def the_world_is_sound(self) -> None:
        assert_sound(self.world)

    @invariant()
    def repeating_the_recorded_phase_is_planned_as_itself(self) -> None:
        state, deployed = self.world.state, self.world.deployed
        assert plan_update(self.world.outputs, deployed, requested=state).phase is state.phase

    def teardown(self) -> None:
        assert_finishes(self.world)


TestMoves = Moves.TestCase
TestMoves.settings = settings(max_examples=examples(400), stateful_step_count=40)


def test_a_network_that_a_move_by_live_makes_lets_nobody_in() -> None:
    machine = Moves()
    machine.a_move_has_come_some_way(strategy=Strategy.SNAPSHOT, steps=5)
    machine.somebody_edits_a_network(slot=Slot.BLUE, cidr=None)
    machine.somebody_updates_the_stack(lost=set(), unwritten=set(), refreshed=False)
    machine.somebody_makes_the_settings_right()
    machine.a_runner_takes_a_step(strategy=Strategy.LIVE, lost=set(), unwritten={4})
    assert machine.world.databases[Slot.BLUE].seed
    machine.the_world_is_sound()
