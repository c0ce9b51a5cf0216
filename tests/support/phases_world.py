"""A small world for the model of a move: databases with rows, an endpoint, updates that may stop half way.

What AWS has and what the stack knows of it are two things: a killed update may have done what it did not live
to write down, and the next one compares with what is written.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from copy import copy
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from tenantnet.phases.memory import outputs_of, remembered
from tenantnet.phases.phases import (
    AFTER_THE_SWITCH,
    LEVEL,
    DatabaseDeclaration,
    Origin,
    Phase,
    State,
    declaration,
)
from tenantnet.phases.transitions import (
    Condition,
    Decision,
    Event,
    conditions,
    decision_before,
    next_event,
    transition,
)
from tenantnet.phases.updates import networks_to_declare, plan_update
from tenantnet.refusal import Refused
from tenantnet.tags import Slot, Strategy

BLUE, GREEN = Slot.BLUE, Slot.GREEN


Operation = Callable[[], bool]


@dataclass(frozen=True)
class Database:
    """rows: what was written, in order of their numbers. replica_of: the slot it replicates from.

    locked: its clients' accounts are. seed: it was restored to follow. follows: whose writes it gets.
    lost: RDS has lost it. Its group can be changed still, and nothing else; no server answers.
    """

    rows: frozenset[int]
    read_only: bool
    protected: bool
    replica_of: Slot | None = None
    restored_in: int | None = None
    locked: bool = False
    seed: bool = False
    follows: Slot | None = None
    lost: bool = False


@dataclass(frozen=True)
class Request:
    """A runner's next state, and the decision that must stand before. cut: what a live one belongs to."""

    state: State
    decision: Decision | None
    cut: int | None = None


BLUE_ALONE = {BLUE: Database(rows=frozenset(), read_only=False, protected=True)}


@dataclass
class World:
    """What AWS, the stack, the journal and the settings hold.

    databases, endpoint: as AWS has them; known, known_endpoint: as the stack's resources have them, but for
    their rows. deployed: the networks, of which the stack knows all. shut, known_shut: the slots that let no
    client in. cut: the number of the last one. begun: the moves that have begun.
    kept: the final snapshots of abandoned copies, by their moves. fenced: the moves whose journal has that
    RDS was told to hold back writes.
    compares: whether the data is compared; safety does not rest on that, and progress does not suffer by it.
    Every value in it is replaced and never changed, so that `copy` gives a world of its own.
    """

    databases: dict[Slot, Database] = field(default_factory=lambda: dict(BLUE_ALONE))
    known: dict[Slot, Database] = field(default_factory=lambda: dict(BLUE_ALONE))
    deployed: dict[Slot, str] = field(default_factory=lambda: {BLUE: "10.1.2.0/26", GREEN: "10.9.8.64/26"})
    settings: dict[Slot, str] = field(default_factory=lambda: {BLUE: "10.1.2.0/26", GREEN: "10.9.8.64/26"})
    endpoint: Slot = BLUE
    former_endpoint: Slot = BLUE
    known_endpoint: Slot = BLUE
    shut: frozenset[Slot] = frozenset()
    known_shut: frozenset[Slot] = frozenset()
    cut: int = 0
    snapshots: dict[int, frozenset[int]] = field(default_factory=dict)
    seeds: dict[int, frozenset[int]] = field(default_factory=dict)
    kept: dict[int, frozenset[int]] = field(default_factory=dict)
    decisions: dict[int, Decision] = field(default_factory=dict)
    begun: frozenset[int] = frozenset()
    fenced: frozenset[int] = frozenset()
    outputs: dict[str, Any] = field(
        default_factory=lambda: {
            "phase": "steady",
            "production": "blue",
            "networks": {"blue": {"cidr": "10.1.2.0/26"}, "green": {"cidr": "10.9.8.64/26"}},
        }
    )
    acknowledged: frozenset[int] = frozenset()
    compares: bool = False

    @property
    def state(self) -> State:
        """What the stack remembers."""
        state = remembered(self.outputs)
        assert state is not None
        return state

    @property
    def leftovers(self) -> bool:
        """Whether the slot that is not in production has a database."""
        return self.state.production.other in self.databases

    @property
    def left_by(self) -> Strategy:
        """The strategy whose first step has made it."""
        other = self.databases.get(self.state.production.other)
        return Strategy.LIVE if other and other.seed else Strategy.REPLICA

    @property
    def unfinished(self) -> bool:
        """Whether, between moves, something is left of a first step that did not come to its end."""
        return self.state.phase is Phase.STEADY and (self.leftovers or self.state.move_at_stake in self.begun)

    def is_open(self, slot: Slot) -> bool:
        """Whether clients can write to the database of `slot`."""
        database = self._answering(slot)
        return bool(database and not database.read_only and not database.locked and slot not in self.shut)

    def _answering(self, slot: Slot) -> Database | None:
        found = self.databases.get(slot)
        return None if found is None or found.lost else found

    def lose(self) -> None:
        """The server of the database in production dies for good."""
        self._in_aws(self.state.production, lost=True)

    @property
    def source_lost(self) -> bool:
        """Whether RDS has lost the source of the move at stake, and its copy is level."""
        return self._answering(self.state.leads_to.other) is None and self.level

    @property
    def level(self) -> bool:
        """Whether the copy has all that the source had at the fence."""
        copy = self.databases.get(self.state.leads_to)
        promoted = bool(copy and copy.replica_of is None and self.state.strategy is Strategy.REPLICA)
        return self.state.phase in LEVEL or (self.state.phase is Phase.FENCED and promoted)

    def write(self, row: int, slot: Slot) -> None:
        """A client writes to the database of `slot`, and is told when that worked."""
        if self.is_open(slot):
            self._in_aws(slot, rows=self.databases[slot].rows | {row})
            self.acknowledged = self.acknowledged | {row}

    def replicate(self, count: int | None = None) -> None:
        """Replicas take over the next `count` rows of their source, or all."""
        for slot, database in self.databases.items():
            source = database.replica_of or database.follows
            if source and self._answering(source):
                missing = sorted(self.databases[source].rows - database.rows)
                self._in_aws(slot, rows=database.rows.union(missing[:count]))

    def seen(self, condition: Condition, state: State) -> bool:
        """Whether `condition` holds."""
        if condition is Condition.AT_REST:
            return True  # nothing takes its time in this world, and a steady tenant has no source
        assert state.source is not None
        source, target = self._answering(state.source), self._answering(state.target or state.source)
        answers: dict[Condition, Callable[[], bool]] = {
            Condition.TARGET_REPLICATES: lambda: bool(target and target.replica_of),
            Condition.SOURCE_READ_ONLY: lambda: bool(source and source.read_only),
            Condition.TARGET_CAUGHT_UP: lambda: bool(
                source and target and (target.replica_of is None or target.rows >= source.rows)
            ),
            Condition.SNAPSHOT_TAKEN: lambda: state.move in self.snapshots,
            Condition.TARGET_INDEPENDENT: lambda: bool(target and target.replica_of is None),
            Condition.DATA_EQUAL: lambda: (
                not self.compares or bool(source and target and source.rows == target.rows)
            ),
            Condition.TARGET_WRITABLE: lambda: bool(target and not target.read_only),
            Condition.ENDPOINT_AT_TARGET: lambda: self.endpoint is state.target,
            Condition.SOURCE_WRITABLE: lambda: bool(source and not source.read_only),
            Condition.SOURCE_LOST: lambda: source is None,
            Condition.SOURCE_UNPROTECTED: lambda: not (source and source.protected),
            Condition.COPY_UNPROTECTED: lambda: not (target and target.protected),
        }
        return answers[condition]()

    def take_snapshot(self, state: State) -> None:
        """The runner's snapshot behind the fence."""
        if state.source and self.seen(Condition.SOURCE_READ_ONLY, state):
            self.snapshots = {state.move: self.databases[state.source].rows, **self.snapshots}

    def hold_back(self, state: State, *, written: bool = True) -> None:
        """The runner's fence, once a move, behind its phase. written: whether it lives to write that down."""
        if state.move not in self.fenced:
            self._in_aws(state.production, read_only=True)
            self.fenced = self.fenced | ({state.move} if written else set())

    def promote(self, state: State) -> None:
        """The runner's promotion behind the fence, which the stack is told of later."""
        if all(self.seen(each, state) for each in (Condition.SOURCE_READ_ONLY, Condition.TARGET_CAUGHT_UP)):
            self._in_aws(state.leads_to, replica_of=None)

    def cut_off(self, state: State) -> bool:
        """What a runner does between two phases of a live move, up to the decision: whether nothing lacks."""
        source, target = state.production, state.leads_to
        self.cut += 1
        self._in_aws(target, locked=True, follows=source)
        self._in_aws(source, locked=True)
        level = self.databases[target].rows >= self.databases[source].rows
        if not level:
            self._in_aws(source, locked=False)
        return level

    def next_request(self, strategy: Strategy | None, *, direct: bool = True) -> Request | None:
        """What a runner asks for next; None where a condition is not seen. Raises Refused.

        direct: whether it has a login, and promotes a replica behind the fence without a phase for it.
        """
        state = self.state
        decision = self.decisions.get(state.move_at_stake)
        event = next_event(state, decision=decision, strategy=strategy, direct=direct)
        if event is None:
            return None
        if state.phase is Phase.FENCED and decision is None:
            self.hold_back(state)
        wanted = conditions(state, decision, source_lost=self.source_lost, direct=direct)
        if {Condition.TARGET_CAUGHT_UP, Condition.TARGET_INDEPENDENT} <= {*wanted}:
            self.promote(state)
        if Condition.SNAPSHOT_TAKEN in wanted:
            self.take_snapshot(state)
        if event is not Event.ABORT and not all(self.seen(item, state) for item in wanted):
            return None
        if state.phase is Phase.FOLLOWING and decision is None and not self.cut_off(state):
            return None
        return self.request(event)

    def request(self, event: Event) -> Request:
        """What `event` asks for. Raises Refused."""
        state = self.state
        decision = self.decisions.get(state.move_at_stake)
        requested = transition(
            state,
            event,
            decision=decision,
            leftovers=self.leftovers,
            left_by=self.left_by,
            begun=state.move_at_stake in self.begun,
            source_lost=self.source_lost,
        )
        cut = self.cut if (state.phase, event) == (Phase.FOLLOWING, Event.SWITCH) else None
        return Request(state=requested, decision=decision_before(event), cut=cut)

    def decide(self, request: Request) -> bool:
        """Write the decision where none stands; whether the one that stands is the wanted one."""
        if request.decision is None:
            return True
        if request.cut not in (None, self.cut) and request.state.move not in self.decisions:
            return False  # another run has begun a cut of its own since
        self.decisions = {request.state.move: request.decision, **self.decisions}
        return self.decisions[request.state.move] is request.decision

    def acts(self, request: Request) -> Sequence[Operation]:
        """What the runner does in AWS between the decision about a switch and the update that records it.

        It has lost its lease if another move has begun since.
        """
        state = request.state
        switches = state.phase is Phase.SWITCHED and state.strategy is not Strategy.LIVE
        if not switches or state.move != self.state.move:
            return ()
        target = state.production
        return partial(self._lead_in_aws, target), partial(self._in_aws, target, read_only=False)

    def take(self, request: Request, *, lost: Collection[int] = (), unwritten: Collection[int] = ()) -> bool:
        """Decide a step where it is to be decided, do its acts, and update the stack. Raises Refused.

        lost, unwritten: as for carry_out, but that the acts have the first numbers.
        """
        if not self.decide(request):
            return False
        acts = self.acts(request)
        for number, act in enumerate(acts):
            if number in lost:
                return False
            act()
        lost, unwritten = ({each - len(acts) for each in numbers} for numbers in (lost, unwritten))
        return self.update(request.state, lost=lost, unwritten=unwritten)

    def update(
        self,
        requested: State | None = None,
        *,
        lost: Collection[int] = (),
        unwritten: Collection[int] = (),
    ) -> bool:
        """One update of the stack, as `plan` and `carry_out`. Raises Refused before it changes anything."""
        state = self.plan(requested)
        return self.carry_out(state, runner=requested is not None, lost=lost, unwritten=unwritten)

    def refresh(self) -> None:
        """Tell the stack what AWS has, as `pulumi up --refresh` does."""
        self.known = {slot: self.databases[slot] for slot in self.known if slot in self.databases}
        self.known_endpoint, self.known_shut = self.endpoint, self.shut

    def plan(self, requested: State | None) -> State:
        """The state that an update declares. Raises Refused."""
        return plan_update(
            self.outputs,
            self.settings,
            requested=requested,
            # What the stack has recorded is none to an ordinary update; there is no way back in this world.
            decision=self.decisions.get((requested or self.state).move)
            if requested or self.state.phase is Phase.FOLLOWING
            else None,
            leftovers=self.left_by if self.leftovers and self.state.phase is Phase.STEADY else None,
        )

    def carry_out(
        self,
        state: State,
        *,
        runner: bool = False,
        lost: Collection[int] = (),
        unwritten: Collection[int] = (),
    ) -> bool:
        """Do what declaring `state` takes. Returns whether that came to its end and was recorded.

        lost: the numbers of the operations that a failure or a kill keeps from happening. unwritten: of those
        that happen and that the stack is not told of. Those that do not depend on either may still happen, as
        Pulumi does them side by side.
        """
        if runner:
            self.begun = self.begun | {state.move}
            # It reads the clients' rules into the stack first: a killed run may have removed or made some.
            self.known_shut = self.shut
        number = 0
        for stage in self.stages(state, runner=runner):
            held_up = False
            for operation in stage:
                known = self.known, self.known_endpoint, self.deployed, self.known_shut
                if number in lost or not operation():
                    held_up = True
                elif number in unwritten:
                    self.known, self.known_endpoint, self.deployed, self.known_shut = known
                    held_up = True
                number += 1
            if held_up:
                return False
        self.outputs = outputs_of(state)
        self.outputs["networks"] = {slot: {"cidr": cidr} for slot, cidr in self.deployed.items()}
        return True

    def stages(self, state: State, *, runner: bool) -> Iterable[list[Operation]]:
        """The operations that declaring `state` takes; the next stage begins once all of one are done."""
        declared = declaration(state)
        shut = {slot for slot, part in declared.slots.items() if part.shut}
        networks = networks_to_declare(state, self.settings)
        gone = self.databases if not runner else self.known
        kept = {
            slot: part.database
            for slot, part in declared.slots.items()
            if part.database and not (part.database.origin is Origin.LEAVING and slot not in gone)
        }
        if runner:
            yield from ([operation] for operation in self._ahead(state))
        yield [
            *self._network_changes(networks, kept, shut),
            *(partial(self._open, slot) for slot in self.known_shut - shut),
        ]
        led = self.known_endpoint is declared.endpoint
        yield [
            *(change for slot, database in kept.items() for change in self._changes(slot, database, state)),
            *([] if led else [lambda: self._lead_to(declared.endpoint)]),
        ]
        yield [
            *(partial(self._close, slot) for slot in shut - self.known_shut),
            *(partial(self._delete, slot) for slot in self.known if slot not in kept),
        ]
        yield [partial(self._remove_network, slot) for slot in self.deployed if slot not in networks]

    def _ahead(self, state: State) -> Iterable[Operation]:
        """What the runner does through AWS's API before its update; the stack is told of none of it."""
        other = state.production.other
        orphan = other in self.databases and other not in self.known
        begins = (Phase.REPLICATING, Phase.FOLLOWING, Phase.ABORTING)
        if state.phase in begins:
            yield partial(self._let_through, state.production)
        if orphan and state.phase in (*begins, Phase.RESTORED):
            yield partial(self._discard, other)
        elif state.phase is Phase.ABORTING:
            yield partial(self._keep_copy, state)
        if state.phase is Phase.FOLLOWING:
            yield partial(self._take_seed, state)
            yield partial(self._close_in_aws, other)
        if state.phase is Phase.SWITCHED and state.strategy is Strategy.LIVE:
            yield partial(self._in_aws, state.production, locked=False, follows=None)
            yield partial(self._lead_in_aws, state.production)
            yield partial(self._in_aws, state.production, read_only=False)
            yield partial(self._open_in_aws, state.production)

    def _keep_copy(self, state: State) -> bool:
        copy = self._answering(state.leads_to)
        if copy and not (copy.replica_of or copy.seed):
            self.kept = {state.move: copy.rows, **self.kept}
        return True

    def _let_through(self, slot: Slot) -> bool:
        """False where nobody answers that the writes go through."""
        # A cut that is under way has been locking: it must not be decided any more.
        self.cut += 1
        self._in_aws(slot, read_only=False, locked=False)
        return self._answering(slot) is not None

    def _take_seed(self, state: State) -> bool:
        self.seeds = {state.move: self.databases[state.production].rows, **self.seeds}
        return True

    def _close_in_aws(self, slot: Slot) -> bool:
        self.shut = self.shut | {slot}
        return True

    def _open_in_aws(self, slot: Slot) -> bool:
        self.shut = self.shut - {slot}
        return True

    def _close(self, slot: Slot) -> bool:
        self.known_shut = self.known_shut | {slot}
        return self._close_in_aws(slot)

    def _open(self, slot: Slot) -> bool:
        self.known_shut = self.known_shut - {slot}
        return self._open_in_aws(slot)

    def _network_changes(
        self, networks: Mapping[Slot, str], kept: Collection[Slot], shut: Collection[Slot]
    ) -> Iterable[Operation]:
        for slot, cidr in networks.items():
            if self.deployed.get(slot) != cidr:
                replaced = slot in kept and slot in self.databases
                assert not replaced, f"the network under {slot}'s database would be replaced"
                yield partial(self._make_network, slot, cidr, shut=slot in shut)

    def _make_network(self, slot: Slot, cidr: str, *, shut: bool) -> bool:
        """Its rules are new, and are those that are declared."""
        self.deployed = {**self.deployed, slot: cidr}
        return self._close(slot) if shut else self._open(slot)

    def _remove_network(self, slot: Slot) -> bool:
        assert slot not in self.databases, f"the network under {slot}'s database would be deleted"
        self.deployed = {key: cidr for key, cidr in self.deployed.items() if key is not slot}
        return self._open(slot)

    def _changes(self, slot: Slot, declared: DatabaseDeclaration, state: State) -> Iterable[Operation]:
        database = self.known.get(slot)
        if database is None:
            yield partial(self._create, slot, declared, state)
            return
        self._assert_not_replaced(slot, database, declared, state)
        if database.replica_of and declared.origin is Origin.PRIMARY:
            yield partial(self._change, slot, replica_of=None)
        if declared.read_only not in (None, database.read_only):
            yield partial(self._change, slot, read_only=declared.read_only)
        if database.protected is not declared.protected:
            yield partial(self._change, slot, protected=declared.protected)

    def _assert_not_replaced(
        self, slot: Slot, database: Database, declared: DatabaseDeclaration, state: State
    ) -> None:
        if declared.origin is Origin.REPLICA:
            assert database.replica_of is slot.other, f"{slot} would be replaced by a replica"
        if declared.origin is Origin.SNAPSHOT:
            assert database.restored_in == state.move, f"{slot} would be replaced by a restored database"
        if declared.origin is Origin.SEED:
            assert database.seed, f"{slot} would be replaced by a seed"
            assert database.restored_in == state.move, f"{slot} would be replaced by another seed"

    def _in_aws(self, slot: Slot, **attributes: Any) -> bool:
        """False where there is no such database."""
        if slot not in self.databases:
            return False
        self.databases = {**self.databases, slot: replace(self.databases[slot], **attributes)}
        return True

    def _change(self, slot: Slot, **attributes: Any) -> bool:
        refused = slot in self.databases and self.databases[slot].lost and "protected" in attributes
        changed = not refused and self._in_aws(slot, **attributes)
        if changed:
            self.known = {**self.known, slot: replace(self.known[slot], **attributes)}
        return changed

    def _create(self, slot: Slot, declared: DatabaseDeclaration, state: State) -> bool:
        """False where AWS has one of that name."""
        assert slot in self.deployed, f"{slot} has no network for a database"
        rows = {
            Origin.REPLICA: frozenset[int](),
            Origin.SNAPSHOT: self.snapshots.get(state.move),
            Origin.SEED: self.seeds.get(state.move),
        }.get(declared.origin)
        assert rows is not None, f"{slot} would be created empty"
        assert declared.read_only is not None
        if slot in self.databases:
            return False
        replica = declared.origin is Origin.REPLICA
        database = Database(
            rows=rows,
            read_only=declared.read_only,
            protected=declared.protected,
            replica_of=slot.other if replica else None,
            restored_in=None if replica else state.move,
            seed=declared.origin is Origin.SEED,
        )
        self.databases = {**self.databases, slot: database}
        self.known = {**self.known, slot: database}
        return True

    def _delete(self, slot: Slot) -> bool:
        """False where Pulumi and AWS refuse it; one that is gone is deleted."""
        if self.known[slot].protected or (slot in self.databases and self.databases[slot].protected):
            return False
        self._discard(slot)
        self.known = {key: database for key, database in self.known.items() if key is not slot}
        return True

    def _discard(self, slot: Slot) -> bool:
        """Of nothing that was acknowledged it is the last copy."""
        if (gone := self.databases.get(slot)) is not None:
            other = self._answering(slot.other)
            left = other.rows if other else frozenset[int]()
            assert left >= gone.rows & self.acknowledged, f"{slot} had what nothing else has"
        self.databases = {key: database for key, database in self.databases.items() if key is not slot}
        return True

    def _lead_to(self, slot: Slot) -> bool:
        self.known_endpoint = slot
        return self._lead_in_aws(slot)

    def _lead_in_aws(self, slot: Slot) -> bool:
        if self.endpoint is not slot:
            self.endpoint, self.former_endpoint = slot, self.endpoint
        return True


def assert_sound(world: World) -> None:
    """What holds at every moment of every run."""
    assert len([slot for slot in Slot if world.is_open(slot)]) <= 1, "clients can write to two databases"
    rows = world.databases[world.endpoint].rows
    assert rows >= world.acknowledged, "the endpoint leads to a database without all that was acknowledged"
    for slot in (world.state.production, world.endpoint):
        assert world.databases[slot].protected, f"{slot} is in production and not protected"
    assert set(world.databases) <= set(world.deployed), "a database has no network"
    if world.level and world.state.move not in world.decisions:
        level = world.databases[world.state.leads_to].rows >= world.acknowledged
        assert level, "the copy lacks what was acknowledged"


def assert_finishes(world: World) -> None:
    """From any moment, a move can be brought to an end: onward, and back wherever an abort is possible."""
    for onward, direct in ((True, True), (True, False), (False, True)):
        end = copy(world)
        # What has begun goes on with the networks that it began with, or with another one in their place.
        missing = {slot: "10.55.0.0/26" for slot in Slot if end.unfinished}
        end.settings, end.compares = {**missing, **end.deployed}, True
        lost = [slot for slot, database in end.databases.items() if database.lost]
        if lost and not _leads_on_without(end):
            continue
        _finish(end, onward=onward, direct=direct)
        assert_sound(end)
        if lost:
            assert end.is_open(end.endpoint)
            assert end.endpoint not in lost
            continue
        assert list(end.databases) == [end.endpoint] == [end.state.production]
        assert end.is_open(end.endpoint)
        assert not end.shut, "a network's clients are not let in any more"


def _leads_on_without(world: World) -> bool:
    """Whether a move that has lost its source goes on: it is decided, or its copy is level."""
    decision = world.decisions.get(world.state.move)
    return decision is not Decision.ABORT and (decision is not None or world.level)


def _finish(world: World, *, onward: bool, direct: bool) -> None:
    for _ in range(12):
        former = world.databases.get(world.state.leads_to.other)
        if world.state.phase in AFTER_THE_SWITCH and former and former.lost:
            return  # RDS has to let it go first
        world.replicate()
        if world.state.phase is Phase.STEADY and not world.unfinished:
            world.update()
            return
        request = None
        if not onward and world.state.phase is not Phase.ABORTING:
            with suppress(Refused):
                request = world.request(Event.ABORT)
        left_by = world.left_by if world.unfinished else None
        request = request or world.next_request(left_by, direct=direct)
        if request is None and world.state.phase is Phase.FOLLOWING:
            continue  # the first cut finds that it does not follow yet
        assert request, f"nothing leads on from {world.state}"
        assert world.take(request), f"{request} does not come to its end"
    raise AssertionError(f"{world.state} is not the end")
