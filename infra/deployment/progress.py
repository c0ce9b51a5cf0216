"""How far an update is: what runs, what is done, what has failed. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from pulumi.automation import EngineEvent
from tenantnet.deployment.plan import Plan
from tenantnet.deployment.waits import slowest_first
from tenantnet.engine.events import EngineLog, Operation, Status, Step


@dataclass
class Progress(EngineLog):
    """The changes of an update, or of a preview, which has no plan; `running` holds them as they started."""

    plan: Plan | None = None
    running: dict[tuple[str, Operation], Step] = field(default_factory=dict)
    done: list[Step] = field(default_factory=list)
    failed: list[Step] = field(default_factory=list)

    def take(self, event: EngineEvent) -> Step | None:
        """Add an event; return the change that it reports, if it reports one."""
        step = super().take(event)
        if step is None or not step.is_change:
            return None
        if step.status is Status.STARTED:
            self.running[step.key] = step
            return step
        began = self.running.pop(step.key, step)
        ended = replace(step, seconds=step.time - began.time)
        (self.done if step.status is Status.DONE else self.failed).append(ended)
        return ended

    @property
    def total(self) -> int:
        """How many changes there will be."""
        return len(self.plan.changes) if self.plan else 0

    def left(self) -> list[Step]:
        """The changes that have not started."""
        begun = {change.key for change in (*self.running.values(), *self.done, *self.failed)}
        return [change for change in self.plan.changes if change.key not in begun] if self.plan else []

    def next(self) -> list[Step]:
        """What waits for something that runs, the slowest first."""
        depends_on = self.plan.depends_on if self.plan else {}
        busy = {urn for urn, _ in self.running}
        return slowest_first(each for each in self.left() if depends_on.get(each.urn, frozenset()) & busy)

    def counts_done(self) -> dict[str, int]:
        """How many changes are done, by their operation in the past tense."""
        counted = Counter(step.operation for step in self.done)
        return {operation.done: counted[operation] for operation in Operation if counted[operation]}


def in_words(counts: Mapping[str, int]) -> str:
    """Counts in one line, without those of nothing: `1 created, 2 updated`."""
    return ", ".join(f"{number} {word}" for word, number in counts.items() if number)


def names(changes: Iterable[Step]) -> str:
    """Changes by their resources, in one line."""
    return ", ".join(f"{change.name} ({change.kind})" for change in changes)
