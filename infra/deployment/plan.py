"""What a preview plans: the resources to change, what each waits for, and how long it takes. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from graphlib import TopologicalSorter
from typing import Any

from pulumi.automation.events import EngineEvent, StepEventMetadata
from tenantnet.deployment.waits import Wait, wait_for


class Operation(StrEnum):
    """What happens to a resource, in the words of a person. REMOVE: the former one of a replacement."""

    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"
    DELETE = "delete"
    REMOVE = "remove old"

    @property
    def done(self) -> str:
        """The same, once it has happened."""
        return "removed old" if self is Operation.REMOVE else f"{self.rstrip('e')}ed"


# Pulumi's step operations that change something at AWS; `replace` itself only joins two of them.
_OPERATIONS: Mapping[str, Operation] = {
    "create": Operation.CREATE,
    "import": Operation.CREATE,
    "update": Operation.UPDATE,
    "create-replacement": Operation.REPLACE,
    "import-replacement": Operation.REPLACE,
    "delete": Operation.DELETE,
    "delete-replaced": Operation.REMOVE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One step of an update that AWS has a part in. type: Pulumi's, such as `aws:rds/instance:Instance`.

    properties: those that differ, where the operation is an update or a replacement.
    """

    urn: str
    type: str
    name: str
    operation: Operation
    properties: tuple[str, ...] = ()

    @property
    def key(self) -> tuple[str, Operation]:
        """What tells the steps of an update apart."""
        return self.urn, self.operation

    @property
    def kind(self) -> str:
        """The type in short: `rds Instance`."""
        module, _, name = self.type.rpartition(":")
        return f"{module.split(':')[1].split('/', maxsplit=1)[0]} {name}"

    @property
    def wait(self) -> Wait:
        """What the step waits for."""
        return wait_for(self.type, self.operation, self.properties)


def change_of(metadata: StepEventMetadata) -> Change | None:
    """The change that a step of the engine makes; None where AWS has no part in it, or nothing changes."""
    operation = _OPERATIONS.get(str(getattr(metadata.op, "value", metadata.op)))
    state = metadata.new or metadata.old
    if operation is None or state is None or not state.custom or state.type.startswith("pulumi:"):
        return None
    return Change(
        urn=metadata.urn,
        type=state.type,
        name=metadata.urn.rsplit("::", 1)[-1],
        operation=operation,
        properties=tuple(metadata.diffs or ()) if operation is not Operation.CREATE else (),
    )


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What an update is going to do. depends_on: by URN, the URNs that a resource waits for.

    outputs_change: whether the stack remembers something else after it, though no resource may change.
    """

    changes: tuple[Change, ...]
    depends_on: Mapping[str, frozenset[str]]
    outputs_change: bool

    @cached_property
    def slowest(self) -> tuple[Change, ...]:
        """The chain of changes, each waiting for the one before, that takes longest."""
        by_urn = {change.urn: change for change in self.changes if change.operation is not Operation.REMOVE}
        graph = {urn: self.depends_on.get(urn, frozenset()) & by_urn.keys() for urn in by_urn}
        chains: dict[str, tuple[Change, ...]] = {}
        for urn in TopologicalSorter(graph).static_order():
            before = max((chains[each] for each in graph[urn]), key=_length, default=())
            chains[urn] = (*before, by_urn[urn])
        return max(chains.values(), key=_length, default=())

    @property
    def seconds(self) -> int:
        """How long the update typically takes at AWS."""
        return _seconds(self.slowest)


def _seconds(chain: Iterable[Change]) -> int:
    return sum(change.wait.seconds for change in chain)


def _length(chain: tuple[Change, ...]) -> tuple[int, list[str]]:
    """Of chains that take equally long always the same one is told, whatever order the engine plans in."""
    return _seconds(chain), [change.urn for change in chain]


def plan_of(events: Iterable[EngineEvent], document: Mapping[str, Any]) -> Plan:
    """The plan of a preview. document: the update plan that `pulumi preview --save-plan` writes."""
    steps = list(_steps(events))
    changes = {change.key: change for step in steps if (change := change_of(step))}
    resources: Mapping[str, Any] = document.get("resourcePlans") or {}
    return Plan(
        changes=tuple(changes.values()),
        depends_on={urn: frozenset(_dependencies(resource)) for urn, resource in resources.items()},
        outputs_change=any(_outputs_differ(step) for step in steps),
    )


def _steps(events: Iterable[EngineEvent]) -> Iterator[StepEventMetadata]:
    for event in events:
        if event.resource_pre_event:
            yield event.resource_pre_event.metadata
        if event.res_outputs_event:
            yield event.res_outputs_event.metadata


def _dependencies(resource: Mapping[str, Any]) -> list[str]:
    # What is deleted has no goal.
    return (resource.get("goal") or {}).get("dependencies") or []


def _outputs_differ(step: StepEventMetadata) -> bool:
    if step.type != "pulumi:pulumi:Stack" or step.new is None or not step.new.outputs:
        return False
    return step.old is None or step.old.outputs != step.new.outputs
