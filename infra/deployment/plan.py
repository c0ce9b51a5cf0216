"""The plan of an update: the resources to change, what each waits for, and how long it takes. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from graphlib import TopologicalSorter
from typing import Any

from tenantnet.deployment.waits import wait_for
from tenantnet.engine.events import STACK_TYPE, Operation, Step


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The changes of an update. depends_on: by URN, the URNs that a resource waits for.

    outputs_change: whether the stack's outputs change, although no resource may change.
    """

    changes: tuple[Step, ...]
    depends_on: Mapping[str, frozenset[str]]
    outputs_change: bool

    @cached_property
    def slowest(self) -> tuple[Step, ...]:
        """The chain of changes, each waiting for the one before, that takes longest."""
        by_urn = {change.urn: change for change in self.changes if change.operation is not Operation.REMOVE}
        graph = {urn: self.depends_on.get(urn, frozenset()) & by_urn.keys() for urn in by_urn}
        chains: dict[str, tuple[Step, ...]] = {}
        for urn in TopologicalSorter(graph).static_order():
            before = max((chains[each] for each in graph[urn]), key=_length, default=())
            chains[urn] = (*before, by_urn[urn])
        return max(chains.values(), key=_length, default=())

    @property
    def seconds(self) -> int:
        """How long the update typically takes at AWS."""
        return _seconds(self.slowest)


def _seconds(chain: Iterable[Step]) -> int:
    return sum(wait_for(change).seconds for change in chain)


def _length(chain: tuple[Step, ...]) -> tuple[int, list[str]]:
    """Of chains that take equally long it is always the same one, whatever the engine's order."""
    return _seconds(chain), [change.urn for change in chain]


def plan_of(steps: Sequence[Step], document: Mapping[str, Any]) -> Plan:
    """The plan of a preview. document: the update plan that `pulumi preview --save-plan` writes."""
    changes = {step.key: step for step in steps if step.is_change}
    resources: Mapping[str, Any] = document.get("resourcePlans") or {}
    return Plan(
        changes=tuple(changes.values()),
        depends_on={urn: frozenset(_dependencies(resource)) for urn, resource in resources.items()},
        outputs_change=any(_outputs_differ(step) for step in steps),
    )


def _dependencies(resource: Mapping[str, Any]) -> list[str]:
    # A deleted resource has no goal.
    return (resource.get("goal") or {}).get("dependencies") or []


def _outputs_differ(step: Step) -> bool:
    if step.type != STACK_TYPE or step.new is None or not step.new.outputs:
        return False
    return step.old is None or step.old.outputs != step.new.outputs
