"""Random sequences of commands, failures and kills: what holds in each of them."""

from __future__ import annotations

import contextlib
from copy import deepcopy
from random import Random

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from infra.migration.phases import AFTER_THE_SWITCH, Phase, Slot, Strategy
from infra.migration.transitions import Decision, Event
from infra.migration.updates import plan_update, runner_only
from infra.refusal import Refused
from tests.unit.phases_world import Request, World

CIDRS = ("10.1.2.0/26", "10.9.8.64/26", "10.77.0.0/26")
strategies = st.sampled_from(Strategy)
slots = st.sampled_from(Slot)
orders = st.randoms(use_true_random=False)
# Most updates come to their end; an update has seven operations at most.
stops = st.none() | st.integers(min_value=0, max_value=7)


class Moves(RuleBasedStateMachine):
    """Several runners, people and clients at work on one tenant."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        self.row = 0
        self.paused: list[Request] = []

    @rule(late=st.booleans())
    def a_client_writes(self, late: bool) -> None:
        """late: it still has the endpoint's former address."""
        self.row += 1
        self.world.write(self.row, self.world.former_endpoint if late else self.world.endpoint)

    @rule(count=st.integers(min_value=1, max_value=3))
    def replicas_catch_up(self, count: int) -> None:
        self.world.replicate(count)

    @rule(strategy=strategies, order=orders, stop_after=stops)
    def a_runner_takes_a_step(self, strategy: Strategy, order: Random, stop_after: int | None) -> None:
        self.world.replicate()
        with contextlib.suppress(Refused):
            request = self.world.next_request(strategy)
            if request and self.world.decide(request):
                self.world.update(request.state, stop_after=stop_after, order=order)

    @rule(strategy=strategies, decided=st.booleans())
    def a_runner_pauses_before_its_step(self, strategy: Strategy, decided: bool) -> None:
        with contextlib.suppress(Refused):
            request = self.world.next_request(strategy)
            if request and (not decided or self.world.decide(request)):
                self.paused.append(request)

    @rule(order=orders, stop_after=stops, number=st.integers(min_value=0))
    def a_paused_runner_goes_on(self, order: Random, stop_after: int | None, number: int) -> None:
        if self.paused:
            request = self.paused.pop(number % len(self.paused))
            if self.world.decide(request):
                with contextlib.suppress(Refused):
                    self.world.update(request.state, stop_after=stop_after, order=order)

    @rule(order=orders, stop_after=stops)
    def somebody_aborts(self, order: Random, stop_after: int | None) -> None:
        state, standing = self.world.state, self.world.decisions.get(self.world.state.move_at_stake)
        try:
            request = self.world.request(Event.ABORT)
        except Refused:
            nothing_to_abort = state.phase is Phase.STEADY and not self.world.leftovers
            decided = state.phase in AFTER_THE_SWITCH or standing is Decision.SWITCH
            assert nothing_to_abort or decided, f"the abort of {state} was refused"
            return
        assert state.phase not in AFTER_THE_SWITCH
        if self.world.decide(request):
            with contextlib.suppress(Refused):
                self.world.update(request.state, stop_after=stop_after, order=order)

    @rule(order=orders, stop_after=stops)
    def somebody_updates_the_stack(self, order: Random, stop_after: int | None) -> None:
        before = deepcopy(self.world)
        try:
            finished = self.world.update(stop_after=stop_after, order=order)
        except Refused:
            assert self.world == before
            return
        assert not runner_only(before.state)
        assert self.world.state.phase is before.state.phase
        assert self.world.state.production is before.state.production
        assert finished or stop_after is not None, "an ordinary update met something protected"

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
    def one_host_is_writable_at_most(self) -> None:
        writable = [slot for slot, database in self.world.databases.items() if not database.read_only]
        assert len(writable) <= 1

    @invariant()
    def the_endpoint_leads_to_all_that_was_acknowledged(self) -> None:
        assert self.world.databases[self.world.endpoint].rows >= self.world.acknowledged

    @invariant()
    def production_and_what_the_endpoint_leads_to_are_there_and_protected(self) -> None:
        for slot in (self.world.state.production, self.world.endpoint):
            assert self.world.databases[slot].protected

    @invariant()
    def a_database_has_its_network(self) -> None:
        assert set(self.world.databases) <= set(self.world.deployed)

    @invariant()
    def repeating_the_recorded_phase_is_planned_as_itself(self) -> None:
        state, deployed = self.world.state, self.world.deployed
        assert plan_update(self.world.outputs, deployed, requested=state).phase is state.phase

    def teardown(self) -> None:
        """Every run can be finished from wherever it is, onward or back."""
        for onward in (True, False):
            world = deepcopy(self.world)
            world.settings = dict(world.deployed)
            finish(world, onward=onward)
            production = world.databases[world.state.production]
            assert list(world.databases) == [world.endpoint] == [world.state.production]
            assert production.protected
            assert not production.read_only
            assert production.rows >= world.acknowledged


def finish(world: World, *, onward: bool) -> None:
    """Bring the world to steady: by the steps that are left, or by an abort wherever that is possible."""
    for _ in range(12):
        world.replicate()
        if world.state.phase is Phase.STEADY and not world.leftovers:
            world.update()
            return
        request = None
        if not onward and world.state.phase is not Phase.ABORTING:
            with contextlib.suppress(Refused):
                request = world.request(Event.ABORT)
        request = request or world.next_request(Strategy.REPLICA if world.leftovers else None)
        assert request, f"nothing leads on from {world.state}"
        assert world.decide(request), f"{request} meets another decision"
        assert world.update(request.state), f"{request} does not come to its end"
    raise AssertionError(f"{world.state} is not the end")


TestMoves = Moves.TestCase
TestMoves.settings = settings(max_examples=400, stateful_step_count=40, deadline=None)
