"""How far an update is: what runs, what is done, what has failed. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from pulumi.automation import EngineEvent
from tenantnet.engine.events import EngineLog, Operation, Status, Step


@dataclass
class Progress(EngineLog):
    """The changes of an update; `running` holds them as they started."""

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
    def begun(self) -> set[tuple[str, Operation]]:
        """The keys of the changes that have started."""
        return {change.key for change in (*self.running.values(), *self.done, *self.failed)}

    def counts_done(self) -> dict[str, int]:
        """How many changes are done, by their operation in the past tense."""
        counted = Counter(step.operation for step in self.done)
        return {operation.done: counted[operation] for operation in Operation if counted[operation]}


def names(changes: Iterable[Step]) -> str:
    """Changes by their resources, in one line."""
    return ", ".join(f"{change.name} ({change.kind})" for change in changes)
