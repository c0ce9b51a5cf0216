"""How far a tenant's move is, from the stack, the settings and the journal. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from tenantnet.phases.journal import (
    Entry,
    Topic,
    acts,
    begun,
    downtime,
    gap_acts,
    of_move,
    writes_stopped,
)
from tenantnet.phases.phases import AFTER_THE_SWITCH, DOWNTIME, ROUTES, Phase, State
from tenantnet.phases.updates import UNDER_WAY
from tenantnet.settings.models import MigrationSettings
from tenantnet.stacks.outputs import Model
from tenantnet.tags import Slot, Strategy


class ProgressEvent(Model):
    """An entry of the journal."""

    at: datetime
    what: str
    phase: str
    seconds: float | None
    note: str
    who: str
    topic: str | None = None
    parts: Mapping[str, float] = {}


class Act(Model):
    """What is done while writes are held back, and its seconds."""

    act: str
    seconds: float

    def __str__(self) -> str:
        return f"{self.act} {self.seconds:.2f} s"


class MoveProgress(Model):
    """What `tenantnet migrate status` shows.

    status: empty, `Scheduled for …`, `In Progress` or `Completed`. move: the number of the move under way, or
    of the last one; 0 before the first. strategy, target: None between moves. downtime_seconds: how long
    clients could not write in that move, None if they always could or cannot yet; then held_back_since says
    from when on. step, steps: how far the move is; 0 of 0 between moves. starts_at: when the platform's
    runner starts next, in UTC; None if no schedule starts it. at_work: the run that works on it now.
    lag, compared: how far the copy was behind, and what was compared, when that was looked at last; empty
    before. expected_gap: as rehearsed last. gap: the acts of the last time that writes were held back.
    led_to: where a live move's clients are led if the stack does not say so yet: the next run records it.
    """

    tenant: str
    status: str
    phase: str
    production: str
    move: int
    strategy: str | None
    target: str | None
    step: int
    steps: int
    downtime_seconds: float | None
    held_back_since: datetime | None
    starts_at: datetime | None
    at_work: str | None
    led_to: str | None = None
    lag: str = ""
    compared: str = ""
    expected_gap: Sequence[Act] = ()
    gap: Sequence[Act] = ()
    events: Sequence[ProgressEvent]

    @property
    def expected(self) -> str:
        """How long writes are going to be held back, in words; empty once they were, and between moves."""
        if self.strategy is None or self.phase in AFTER_THE_SWITCH or self.gap:
            return ""
        rehearsed = f"; rehearsed: {', '.join(map(str, self.expected_gap))}" if self.expected_gap else ""
        return f"{DOWNTIME[Strategy(self.strategy)]}{rehearsed}"

    @property
    def measured(self) -> str:
        """The last gap by its acts, in words; empty before there was one."""
        return ", ".join(map(str, self.gap))


def progress(
    tenant: str,
    state: State,
    migration: MigrationSettings | None,
    entries: Sequence[Entry],
    *,
    starts_at: datetime | None = None,
    at_work: str | None = None,
    led_to: Slot | None = None,
) -> MoveProgress:
    """The progress of the last known move. starts_at, at_work, led_to: as in MoveProgress."""
    at_stake = of_move(entries, state.move_at_stake)
    has_begun = begun(at_stake)
    own = at_stake if has_begun else of_move(entries, state.move)
    measured = downtime(own)
    route = ROUTES[state.strategy] if state.strategy else ()
    last = {entry.topic: entry for entry in own}
    lag, compared, rehearsal = (last.get(topic) for topic in (Topic.LAG, Topic.COMPARISON, Topic.REHEARSAL))
    return MoveProgress(
        tenant=tenant,
        status=_status(state, migration, has_begun=has_begun),
        phase=state.phase,
        production=state.production,
        move=state.move_at_stake if has_begun else state.move,
        strategy=state.strategy,
        target=state.target,
        step=route.index(state.phase) if state.phase in route else 0,
        steps=max(0, len(route) - 1),
        downtime_seconds=measured.total_seconds() if measured else None,
        held_back_since=None if measured else writes_stopped(own),
        starts_at=starts_at,
        at_work=at_work,
        led_to=led_to,
        lag=lag.note if lag else "",
        compared=compared.note if compared else "",
        expected_gap=_acts(acts(rehearsal.parts)) if rehearsal else (),
        gap=_acts(gap_acts(own)),
        events=[ProgressEvent.model_validate(entry, from_attributes=True) for entry in own],
    )


def _acts(found: Iterable[tuple[str, float]]) -> list[Act]:
    return [Act(act=act, seconds=round(seconds, 3)) for act, seconds in found]


def _status(state: State, migration: MigrationSettings | None, *, has_begun: bool) -> str:
    if state.phase in UNDER_WAY or (state.phase is Phase.STEADY and has_begun):
        return "In Progress"
    if state.phase in AFTER_THE_SWITCH:
        return "Completed"
    if migration is None:
        return ""
    if migration.to == state.production:
        return "Completed"
    return f"Scheduled for {migration.at:%Y-%m-%d %H:%M} {migration.timezone}"
