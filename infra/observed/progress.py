"""How far a tenant's move is, from stack, settings and journal. Pure, but for the reader's zone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

from tenantnet.phases.journal import (
    Entry,
    Topic,
    What,
    acts,
    begun,
    downtime,
    gap_acts,
    of_move,
    reached,
    step_under_way,
    writes_stopped,
)
from tenantnet.phases.phases import AFTER_THE_SWITCH, DOWNTIME, ROUTES, Phase, State
from tenantnet.phases.starts import waits
from tenantnet.phases.transitions import begun_as, taken_back
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


class StepUnderWay(Model):
    """A step that has begun and has not come to its end. what: in words; empty from an earlier version."""

    phase: str
    since: datetime
    what: str

    def __str__(self) -> str:
        what = f": {self.what}" if self.what else ""
        return f"the step to {self.phase} began at {self.since:%H:%M:%S} UTC{what}"


class MoveProgress(Model):
    """What `tenantnet migrate status` shows.

    status: empty, `Scheduled for …`, `In Progress` or `Completed`. move: the number of the move under way, or
    of the last one; 0 before the first. phase: as the stack has it; in `steady` the first step of a move may
    be under way. strategy, target: None between moves. downtime_seconds: how long clients could not write in
    that move, None if they always could or cannot yet; then held_back_since says from when on. step, steps:
    how far the move is; 0 of 0 between moves. under_way: the step behind that one. starts_at: when the
    platform's runner starts next, in UTC; None if no schedule starts it. at_work: the run that works on it
    now. lag, compared: how far the copy is behind, and what was compared, when that was looked at last; empty
    before, and from the switch on. expected_gap: as rehearsed last. gap: the acts of the last time that
    writes were held back. led_to: where clients are led if the stack does not say so yet: the next run
    records it. waits_until: after the switch, when the former production's time is over. taken_back: who has
    aborted the move, and when.
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
    under_way: StepUnderWay | None = None
    downtime_seconds: float | None
    held_back_since: datetime | None
    starts_at: datetime | None
    at_work: str | None
    led_to: str | None = None
    waits_until: datetime | None = None
    taken_back: str | None = None
    lag: str = ""
    compared: str = ""
    expected_gap: Sequence[Act] = ()
    gap: Sequence[Act] = ()
    events: Sequence[ProgressEvent]

    @property
    def is_before_the_switch(self) -> bool:
        """Whether a move is under way that has not switched."""
        return self.target is not None and self.phase not in AFTER_THE_SWITCH

    @property
    def where(self) -> str:
        """Where the move and the clients are, in a sentence or two."""
        if self.led_to:
            records = "the run at work" if self.at_work else f"the next `tenantnet migrate run {self.tenant}`"
            return f"clients are led to {self.led_to}; {records} records it (phase {self.phase})."
        if self.target is None:
            return f"{self.production} is Production, and no move is under way."
        return f"{self.production} is Production{self._of_the_move}{self._way_on}"

    @property
    def begun(self) -> str:
        """What the step is to be called that has begun and has not come to its end."""
        return "Under way" if self.at_work else "Unfinished"

    @property
    def _way_on(self) -> str:
        """Where a run was killed, or cut off, in a step: what goes on with it."""
        if self.at_work or (self.under_way is None and self.phase != Phase.STEADY):
            return ""
        back = self.taken_back or self.phase == Phase.ABORTING
        command = f"`tenantnet migrate {'abort' if back else 'run'} {self.tenant}`"
        # What the stack does not know yet, a run does not know either.
        options = ", with the options that it had," if self.phase == Phase.STEADY and not back else ""
        return f" No run is at work: {command}{options} goes on."

    @property
    def _of_the_move(self) -> str:
        if self.taken_back or self.phase == Phase.ABORTING:
            return "; the move is being taken back."
        if self.phase == Phase.SWITCHED:
            return f"; {Slot(self.production).other} waits, read-only{self._end_of_the_wait}"
        if self.phase == Phase.RETIRING:
            return f"; {Slot(self.production).other} is given up, and about to be deleted."
        how = f"; a move to {self.target} by {self.strategy} "
        if self.phase == Phase.STEADY:
            return f"{how}has begun, and its first step has not come to its end."
        return f"{how}is in phase {self.phase}."

    @property
    def _end_of_the_wait(self) -> str:
        deletes = f"`tenantnet migrate run {self.tenant}`"
        if self.starts_at:
            deletes = f"the platform's runner, which starts at {moment(self.starts_at)},"
        until = f", until {moment(self.waits_until)}" if self.waits_until else ""
        return f"{until}. Then {deletes} deletes it; `tenantnet migrate retire {self.tenant}` does at once."

    @property
    def expected(self) -> str:
        """How long writes are going to be held back, in words; empty once they were, and between moves."""
        if self.strategy is None or self.phase in AFTER_THE_SWITCH or self.gap:
            return ""
        rehearsed = f"; rehearsed: {', '.join(map(str, self.expected_gap))}" if self.expected_gap else ""
        return f"{DOWNTIME[Strategy(self.strategy)]}{rehearsed}"


def moment(at: datetime) -> str:
    """A time in UTC and, where that is another one, in the reader's zone."""
    here = at.astimezone()
    shown = f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    if not here.utcoffset():
        return shown
    day = "" if here.date() == at.astimezone(UTC).date() else "%Y-%m-%d "
    return f"{shown} ({here:{day}%H:%M %Z})"


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
    now = begun_as(state, own) if has_begun else state
    measured = downtime(own)
    route = ROUTES[now.strategy] if now.strategy and now.phase is not Phase.ABORTING else ()
    before = now.target is not None and now.phase not in AFTER_THE_SWITCH
    last = {entry.topic: entry.note for entry in own} if before else {}
    switched_at = reached(own, Phase.SWITCHED) if state.phase is Phase.SWITCHED else None
    step, aborted = step_under_way(own) if now.target else None, taken_back(own)
    return MoveProgress(
        tenant=tenant,
        status=_status(state, migration, has_begun=has_begun),
        phase=state.phase,
        production=state.production,
        move=now.move,
        strategy=None if now.phase is Phase.ABORTING else now.strategy,
        target=now.target,
        step=route.index(state.phase) if state.phase in route else 0,
        steps=max(0, len(route) - 1),
        under_way=StepUnderWay(phase=step.phase, since=step.at, what=step.note) if step else None,
        downtime_seconds=measured.total_seconds() if measured else None,
        held_back_since=None if measured else writes_stopped(own),
        starts_at=starts_at,
        at_work=at_work,
        led_to=led_to or _led_over(state, own),
        waits_until=switched_at + waits(migration) if switched_at else None,
        taken_back=f"{aborted.who}, {aborted.at:%Y-%m-%d %H:%M:%S} UTC" if aborted else None,
        lag=last.get(Topic.LAG, ""),
        compared=last.get(Topic.COMPARISON, ""),
        expected_gap=_rehearsed(own),
        gap=_acts(gap_acts(own)),
        events=[ProgressEvent.model_validate(entry, from_attributes=True) for entry in own],
    )


def _led_over(state: State, own: Iterable[Entry]) -> Slot | None:
    """Where a move by replica or snapshot has led the clients, before the stack says so."""
    resumed = ((entry.what, entry.phase) == (What.WRITES_RESUMED, Phase.SWITCHED) for entry in own)
    before = state.target is not None and state.phase not in AFTER_THE_SWITCH
    return state.target if before and any(resumed) else None


def _rehearsed(own: Iterable[Entry]) -> list[Act]:
    parts = [entry.parts for entry in own if entry.topic is Topic.REHEARSAL]
    return _acts(acts(parts[-1])) if parts else []


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
