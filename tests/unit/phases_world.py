"""A small world for the model of a move: databases with rows, an endpoint, updates that may stop half way."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from infra.migration.memory import outputs_of, remembered
from infra.migration.phases import DatabaseDeclaration, Origin, Slot, State, Strategy, declaration
from infra.migration.transitions import (
    Condition,
    Decision,
    Event,
    conditions,
    decision_before,
    next_event,
    transition,
)
from infra.migration.updates import networks_to_declare, plan_update

BLUE, GREEN = Slot.BLUE, Slot.GREEN


class ProtectedError(Exception):
    """Pulumi and AWS refuse to delete what is protected; the update stops there."""


@dataclass
class Database:
    """rows: what was written, in order of their numbers. replica_of: the slot it replicates from."""

    rows: set[int]
    read_only: bool
    protected: bool
    replica_of: Slot | None = None
    restored_in: int | None = None


@dataclass(frozen=True)
class Request:
    """A runner's next state, and the decision that must stand before."""

    state: State
    decision: Decision | None


@dataclass
class World:
    """What AWS, the stack's outputs, the journal's decisions and the settings hold."""

    databases: dict[Slot, Database] = field(
        default_factory=lambda: {BLUE: Database(rows=set(), read_only=False, protected=True)}
    )
    deployed: dict[Slot, str] = field(default_factory=lambda: {BLUE: "10.1.2.0/26", GREEN: "10.9.8.64/26"})
    settings: dict[Slot, str] = field(default_factory=lambda: {BLUE: "10.1.2.0/26", GREEN: "10.9.8.64/26"})
    endpoint: Slot = BLUE
    former_endpoint: Slot = BLUE
    snapshots: dict[int, frozenset[int]] = field(default_factory=dict)
    decisions: dict[int, Decision] = field(default_factory=dict)
    outputs: dict[str, Any] = field(
        default_factory=lambda: {
            "phase": "steady",
            "production": "blue",
            "networks": {"blue": {"cidr": "10.1.2.0/26"}, "green": {"cidr": "10.9.8.64/26"}},
        }
    )
    acknowledged: set[int] = field(default_factory=set)

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

    def write(self, row: int, slot: Slot) -> None:
        """A client writes to the database of `slot`, and is told when that worked."""
        database = self.databases.get(slot)
        if database and not database.read_only:
            database.rows.add(row)
            self.acknowledged.add(row)

    def replicate(self, count: int | None = None) -> None:
        """Replicas take over the next `count` rows of their source, or all."""
        for database in self.databases.values():
            if database.replica_of:
                missing = sorted(self.databases[database.replica_of].rows - database.rows)
                database.rows.update(missing[:count])

    def seen(self, condition: Condition, state: State) -> bool:
        """Whether `condition` holds; data is not compared, so that safety does not rest on the comparison."""
        assert state.source is not None
        source, target = self.databases.get(state.source), self.databases.get(state.target or state.source)
        answers: dict[Condition, Callable[[], bool]] = {
            Condition.TARGET_REPLICATES: lambda: bool(target and target.replica_of),
            Condition.SOURCE_READ_ONLY: lambda: bool(source and source.read_only),
            Condition.TARGET_CAUGHT_UP: lambda: bool(
                source and target and (target.replica_of is None or target.rows >= source.rows)
            ),
            Condition.SNAPSHOT_TAKEN: lambda: state.move in self.snapshots,
            Condition.TARGET_INDEPENDENT: lambda: bool(target and target.replica_of is None),
            Condition.DATA_EQUAL: lambda: True,
            Condition.TARGET_WRITABLE: lambda: bool(target and not target.read_only),
            Condition.ENDPOINT_AT_TARGET: lambda: self.endpoint is state.target,
            Condition.SOURCE_UNPROTECTED: lambda: not (source and source.protected),
            Condition.COPY_UNPROTECTED: lambda: not (target and target.protected),
        }
        return answers[condition]()

    def take_snapshot(self, state: State) -> None:
        """The runner's snapshot behind the fence."""
        if state.source and self.seen(Condition.SOURCE_READ_ONLY, state):
            self.snapshots.setdefault(state.move, frozenset(self.databases[state.source].rows))

    def next_request(self, strategy: Strategy | None) -> Request | None:
        """What a runner asks for next; None where a condition is not seen. Raises Refused."""
        state = self.state
        standing = self.decisions.get(state.move_at_stake)
        event = next_event(state, decision=standing, strategy=strategy)
        if event is None:
            return None
        if Condition.SNAPSHOT_TAKEN in conditions(state):
            self.take_snapshot(state)
        if event is not Event.ABORT and not all(self.seen(item, state) for item in conditions(state)):
            return None
        return self.request(event)

    def request(self, event: Event) -> Request:
        """What `event` asks for. Raises Refused."""
        state = self.state
        standing = self.decisions.get(state.move_at_stake)
        requested = transition(state, event, decision=standing, leftovers=self.leftovers)
        return Request(state=requested, decision=decision_before(event))

    def decide(self, request: Request) -> bool:
        """Write the decision where none stands; whether the one that stands is the wanted one."""
        if request.decision is None:
            return True
        return self.decisions.setdefault(request.state.move, request.decision) is request.decision

    def update(
        self, requested: State | None = None, *, stop_after: int | None = None, order: Random | None = None
    ) -> bool:
        """One update of the stack, its operations in any order that Pulumi may take.

        stop_after: the number of operations after which it is killed or fails. Returns whether it came to its
        end. Raises Refused before it changes anything.
        """
        state = plan_update(self.outputs, self.settings, requested=requested, leftovers=self.leftovers)
        operations = self._operations(state, order or Random(0))  # noqa: S311 - an order, no secret
        try:
            for number, operation in enumerate(operations):
                if number == stop_after:
                    return False
                operation()
        except ProtectedError:
            return False
        self.outputs = outputs_of(state)
        self.outputs["networks"] = {slot: {"cidr": cidr} for slot, cidr in self.deployed.items()}
        return True

    def _operations(self, state: State, order: Random) -> list[Callable[[], None]]:
        declared = declaration(state)
        networks = networks_to_declare(state, self.settings)
        changes: list[Callable[[], None]] = [lambda: self._lead_to(declared.endpoint)]
        removals: list[Callable[[], None]] = []
        for slot, part in declared.slots.items():
            if part.database:
                changes += self._changes(slot, part.database, state)
            elif slot in self.databases:
                removals.append(lambda slot=slot: self._delete(slot))  # type: ignore[misc]
        order.shuffle(changes)
        kept = {slot for slot, part in declared.slots.items() if part.database}
        return [
            *self._network_changes(networks, kept),
            *changes,
            *removals,
            *self._network_removals(networks),
        ]

    def _network_changes(self, networks: dict[Slot, str], kept: set[Slot]) -> Iterable[Callable[[], None]]:
        for slot, cidr in networks.items():
            if self.deployed.get(slot) != cidr:
                replaced = slot in kept and slot in self.databases
                assert not replaced, f"the network under {slot}'s database would be replaced"
                yield lambda slot=slot, cidr=cidr: self.deployed.update({slot: cidr})  # type: ignore[misc]

    def _network_removals(self, networks: dict[Slot, str]) -> Iterable[Callable[[], None]]:
        for slot in set(self.deployed) - set(networks):
            yield lambda slot=slot: self._remove_network(slot)  # type: ignore[misc]

    def _remove_network(self, slot: Slot) -> None:
        assert slot not in self.databases, f"the network under {slot}'s database would be deleted"
        del self.deployed[slot]

    def _changes(
        self, slot: Slot, declared: DatabaseDeclaration, state: State
    ) -> Iterable[Callable[[], None]]:
        database = self.databases.get(slot)
        if database is None:
            if declared.origin is not Origin.STANDING:
                yield lambda: self._create(slot, declared, state)
            return
        self._assert_not_replaced(slot, database, declared, state)
        if database.replica_of and declared.origin is Origin.PRIMARY:
            yield lambda: setattr(database, "replica_of", None)
        if database.read_only is not declared.read_only:
            yield lambda: setattr(database, "read_only", declared.read_only)
        if database.protected is not declared.protected:
            yield lambda: setattr(database, "protected", declared.protected)

    def _assert_not_replaced(
        self, slot: Slot, database: Database, declared: DatabaseDeclaration, state: State
    ) -> None:
        if declared.origin is Origin.REPLICA:
            assert database.replica_of is slot.other, f"{slot} would be replaced by a replica"
        if declared.origin is Origin.SNAPSHOT:
            assert database.restored_in == state.move, f"{slot} would be replaced by a restored database"

    def _create(self, slot: Slot, declared: DatabaseDeclaration, state: State) -> None:
        assert slot in self.deployed, f"{slot} has no network for a database"
        assert declared.origin in (Origin.REPLICA, Origin.SNAPSHOT), f"{slot} would be created empty"
        replica = declared.origin is Origin.REPLICA
        self.databases[slot] = Database(
            rows=set() if replica else set(self.snapshots[state.move]),
            read_only=declared.read_only,
            protected=declared.protected,
            replica_of=slot.other if replica else None,
            restored_in=None if replica else state.move,
        )

    def _delete(self, slot: Slot) -> None:
        if self.databases[slot].protected:
            raise ProtectedError(slot)
        del self.databases[slot]

    def _lead_to(self, slot: Slot) -> None:
        if self.endpoint is not slot:
            self.endpoint, self.former_endpoint = slot, self.endpoint
