"""Every world that a tenant's first moves can come to, with a row or two: all kills, races and repetitions.

Random runs seldom come to what takes three accidents in a row; here they all occur. The bounds: two rows, two
moves by any strategy (the first one aborted), one paused runner beside those at work.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from copy import copy
from dataclasses import dataclass
from itertools import combinations, product

import pytest
from tenantnet.phases.phases import Phase, State
from tenantnet.phases.transitions import Event
from tenantnet.refusal import Refused
from tenantnet.tags import Strategy

from tests.support.phases_world import Request, World, assert_finishes, assert_sound

LONG = [pytest.mark.long, pytest.mark.timeout(4 * 3600)]


@dataclass(frozen=True)
class Moment:
    """A world, and what a runner that is paused in it is about to ask for."""

    world: World
    paused: Request | None = None

    def key(self) -> object:
        """Equal for moments that nothing tells apart."""
        world = self.world
        return (
            *(
                tuple(sorted(part.items()))
                for part in (world.databases, world.known, world.snapshots, world.seeds, world.decisions)
            ),
            (world.endpoint, world.former_endpoint, world.known_endpoint, world.acknowledged, world.begun),
            (world.fenced, world.shut, world.known_shut, world.state),
            # Of a cut's number it counts only whether it is the last one's.
            self.paused and (self.paused.state, self.paused.decision, self.paused.cut in (None, world.cut)),
        )


def updated(world: World, requested: State | None) -> Iterator[World]:
    """The worlds after an update, whichever of its operations are lost, or one of them not written down."""
    try:
        state = world.plan(requested)
    except Refused:
        return
    runner = requested is not None
    operations = range(sum(len(stage) for stage in world.stages(state, runner=runner)))
    lost = [each for count in range(len(operations) + 1) for each in combinations(operations, count)]
    for missing, unwritten in [*((each, ()) for each in lost), *(((), (each,)) for each in operations)]:
        after = copy(world)
        after.carry_out(state, runner=runner, lost=missing, unwritten=unwritten)
        yield after


def decided(world: World, request: Request) -> Iterator[World]:
    """The worlds after a runner's decision and its update, or its end where the other decision stands."""
    after = copy(world)
    if after.decide(request):
        for act in after.acts(request):
            yield copy(after)
            act()
        yield from updated(after, request.state)
    yield after


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """What is explored: runners of these strategies, so many rows written, so many moves."""

    strategies: Collection[Strategy]
    rows: int
    moves: int


def requests(world: World, bounds: Bounds) -> Iterator[tuple[World, Request]]:
    """What runners and somebody who aborts may ask for."""
    may_be_direct = (world.state.phase, world.state.strategy) == (Phase.FENCED, Strategy.REPLICA)
    runners = product(bounds.strategies, (True, False) if may_be_direct else (True,))
    for strategy, direct in (*runners, (None, True)):
        after = copy(world)
        try:
            request = after.next_request(strategy, direct=direct) if strategy else after.request(Event.ABORT)
        except Refused:
            continue
        if request and request.state.move <= bounds.moves:
            yield after, request


def by_itself(world: World) -> Iterator[World]:
    """What no update does: replicas catch up, the source dies, a run is killed in its fence."""
    after = copy(world)
    after.replicate()
    yield after
    if world.level and not world.source_lost:
        after = copy(world)
        after.lose()
        yield after
    if world.state.phase is Phase.FENCED:
        after = copy(world)
        after.hold_back(world.state, written=False)
        yield after


def following(moment: Moment, bounds: Bounds) -> Iterator[Moment]:
    """All that may happen next."""
    world, paused = moment.world, moment.paused
    if len(world.acknowledged) < bounds.rows:
        for slot in {world.endpoint, world.former_endpoint}:
            after = copy(world)
            after.write(len(world.acknowledged) + 1, slot)
            yield Moment(after, paused)
    yield from (Moment(later, paused) for later in by_itself(world))
    yield from (Moment(later, paused) for later in updated(world, None))
    if world.state.phase is Phase.FOLLOWING:
        after = copy(world)
        after.refresh()
        yield from (Moment(later, paused) for later in updated(after, None))
    if paused:
        yield from (Moment(later) for later in decided(world, paused))
    for after, request in requests(world, bounds):
        yield from (Moment(later, paused) for later in decided(after, request))
        if paused is None:
            yield Moment(after, request)


def reachable(bounds: Bounds) -> list[Moment]:
    """Every moment within the bounds."""
    first = Moment(World())
    seen, waiting = {first.key(): first}, [first]
    while waiting:
        for moment in following(waiting.pop(), bounds):
            if moment.key() not in seen:
                assert_sound(moment.world)
                seen[moment.key()] = moment
                waiting.append(moment)
    return list(seen.values())


@pytest.mark.parametrize(
    ("bounds", "passed"),
    [
        (Bounds(strategies=[Strategy.REPLICA, Strategy.SNAPSHOT], rows=2, moves=2), {Phase.FENCED}),
        pytest.param(Bounds(strategies=[Strategy.LIVE], rows=2, moves=2), {Phase.FOLLOWING}, marks=LONG),
        # Of two moves by any strategies there are so many moments that it takes hours.
        pytest.param(
            Bounds(strategies=[*Strategy], rows=1, moves=1), {Phase.FENCED, Phase.FOLLOWING}, marks=LONG
        ),
    ],
    ids=["fenced", "live", "all"],
)
def test_every_world_that_moves_come_to_is_sound_and_leads_to_an_end(
    bounds: Bounds, passed: set[Phase]
) -> None:
    moments = reachable(bounds)
    worlds = {Moment(moment.world).key(): moment.world for moment in moments}
    phases = {world.state.phase for world in worlds.values()}
    assert phases >= {Phase.STEADY, Phase.SWITCHED, Phase.RETIRING, Phase.ABORTING} | passed
    for world in worlds.values():
        assert_finishes(world)
