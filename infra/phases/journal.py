"""The journal of a tenant's moves: its entries, and the times that they give. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import dropwhile, pairwise
from typing import Any, Protocol

from tenantnet.phases.phases import Phase
from tenantnet.tags import Slot

DECISION = "decision#"
LEASE = "lease"


class What(StrEnum):
    """The kind of an entry. `seen`: a condition held. The writes are those of the tenant's clients.

    `cleared`: something that a killed run had left was deleted.
    """

    BEGAN = "began"
    SEEN = "seen"
    REACHED = "reached"
    DECIDED = "decided"
    WRITES_STOPPED = "writes stopped"
    WRITES_RESUMED = "writes resumed"
    FAILED = "failed"
    CLEARED = "cleared"


class Topic(StrEnum):
    """What an entry's figures are of.

    LAG: `seconds` is how long the copy took to have what its source had. COMPARISON: `note` says what was
    compared. REHEARSAL, CUT: `parts` has the acts of a cut by `live`, rehearsed or real. BUILD, BUILD_ENDED:
    a build of the platform's runner begins, and ends in order.
    """

    LAG = "lag"
    COMPARISON = "comparison"
    REHEARSAL = "rehearsal"
    CUT = "cut"
    BUILD = "build"
    BUILD_ENDED = "build ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One event. at: in UTC. phase: the one that was recorded; of what belongs to a step, the one aimed at.

    who: user, host and process. seconds: how long it took, where that means something. note: in words.
    topic: None for an entry without such figures, or with those of a newer version. parts: by act, in order,
    the seconds from the beginning to its end.
    """

    at: datetime
    move: int
    what: What
    phase: Phase
    who: str
    seconds: float | None = None
    note: str = ""
    topic: Topic | None = None
    parts: Mapping[str, float] = field(default_factory=dict, hash=False)

    def item(self, tenant: str) -> dict[str, Any]:
        """As DynamoDB stores it. `at` sorts by time as text."""
        item: dict[str, Any] = {
            "tenant": {"S": tenant},
            "at": {"S": f"{self.at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"},
            "move": {"N": str(self.move)},
            **{key: {"S": str(getattr(self, key))} for key in ("what", "phase", "who", "note")},
        }
        if self.seconds is not None:
            item["seconds"] = {"N": f"{self.seconds:.3f}"}
        if self.topic is not None:
            parts = [
                {"M": {"act": {"S": act}, "seconds": {"N": f"{end:.3f}"}}} for act, end in self.parts.items()
            ]
            item |= {"topic": {"S": str(self.topic)}, "parts": {"L": parts}}
        return item

    @classmethod
    def from_item(cls, item: Mapping[str, Mapping[str, Any]]) -> Entry:
        """Of DynamoDB's item. Raises ValueError if it is no entry of a journal."""
        try:
            return cls(
                at=datetime.fromisoformat(item["at"]["S"]),
                move=int(item["move"]["N"]),
                what=What(item["what"]["S"]),
                phase=Phase(item["phase"]["S"]),
                who=item["who"]["S"],
                seconds=float(item["seconds"]["N"]) if "seconds" in item else None,
                note=item["note"]["S"],
                topic=next((topic for topic in Topic if {"S": topic} == item.get("topic")), None),
                parts={
                    part["M"]["act"]["S"]: float(part["M"]["seconds"]["N"])
                    for part in item.get("parts", {}).get("L", [])
                },
            )
        except KeyError as error:
            raise ValueError(f"it lacks {error}") from None


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """The run that has a tenant's lease.

    run: its own name, at random. who: user, host and process. machine: in which `pid` is a process's number.
    since: in UTC. renewals: how often it has renewed the lease, so that others see that it lives.
    """

    run: str
    who: str
    machine: str
    pid: int
    since: datetime
    renewals: int = 0

    def item(self) -> dict[str, Any]:
        """As DynamoDB stores it, without its key."""
        texts = {"run": self.run, "who": self.who, "machine": self.machine, "since": self.since.isoformat()}
        return {
            **{name: {"S": text} for name, text in texts.items()},
            **{name: {"N": str(getattr(self, name))} for name in ("pid", "renewals")},
        }

    @classmethod
    def from_item(cls, item: Mapping[str, Mapping[str, Any]]) -> Holder:
        """Of DynamoDB's item."""
        return cls(
            **{name: item[name]["S"] for name in ("run", "who", "machine")},
            pid=int(item["pid"]["N"]),
            renewals=int(item["renewals"]["N"]),
            since=datetime.fromisoformat(item["since"]["S"]).astimezone(UTC),
        )

    def __str__(self) -> str:
        return f"{self.who}, since {self.since:%Y-%m-%d %H:%M:%S} UTC"


class Event(Protocol):
    """What an entry and what is shown of it have in common."""

    @property
    def at(self) -> datetime: ...
    @property
    def what(self) -> str: ...


def of_move(entries: Iterable[Entry], move: int) -> list[Entry]:
    """The entries of one move, in order of time."""
    return sorted((entry for entry in entries if entry.move == move), key=lambda entry: entry.at)


def decision_key(tenant: str, move: int) -> dict[str, Any]:
    """The key of the item that says how a move is going to end, beside the entries.

    Their range key is a time: a digit sorts before any letter.
    """
    return {"tenant": {"S": tenant}, "at": {"S": f"{DECISION}{move:06d}"}}


def lease_key(tenant: str) -> dict[str, Any]:
    """The key of the item that says which run works on a tenant's moves, beside the entries, too."""
    return {"tenant": {"S": tenant}, "at": {"S": LEASE}}


def led_to(outcome: Mapping[str, Mapping[str, Any]]) -> Slot | None:
    """Where the cuts of a live move have led the clients, by what the table has of how it ends.

    None before the first one that is decided. After the switch the stack records it a little later.
    """
    return Slot(outcome["ledTo"]["S"]) if "ledTo" in outcome else None


def retires(outcome: Mapping[str, Mapping[str, Any]]) -> bool:
    """Whether the former production of a live move retires, by what the table has of how the move ends."""
    return "retires" in outcome


def move_of_item(item: Mapping[str, Mapping[str, Any]]) -> int:
    """The number of the move that an item of the table is about; 0 for the lease, which is about none."""
    _, _, decided = item["at"]["S"].partition(DECISION)
    return int(item["move"]["N"] if "move" in item else decided or 0)


def begun(entries: Iterable[Entry]) -> bool:
    """Whether a step of a move has begun. A refused step has not."""
    return any(entry.what is What.BEGAN for entry in entries)


def step_under_way(entries: Iterable[Entry]) -> Entry | None:
    """The beginning of the step that is under way; None where the last one has come to its end, or failed."""
    step: Entry | None = None
    for entry in entries:
        if entry.what is What.BEGAN:
            step = entry
        elif step and (entry.what is What.FAILED or (entry.what, entry.phase) == (What.REACHED, step.phase)):
            step = None
    return step


def by_live(entries: Iterable[Entry]) -> bool:
    """Whether a move is by `live`, or began so: what its abort removes is not remembered in the state."""
    return any(entry.phase is Phase.FOLLOWING for entry in entries)


def writes_stopped(entries: Sequence[Entry]) -> datetime | None:
    """Since when writes are held back in a move; where they are allowed again, when that began.

    The last time: a cut that is taken back is tried again. None if they never were.
    """
    bands = held_back(entries)
    return bands[-1][0] if bands else None


def fenced(entries: Iterable[Entry]) -> datetime | None:
    """By when RDS was told to hold back writes in a move by replica or snapshot; entries: in order of time.

    Rather too late than too early. None if it was not, or if the run that did it could not write it down: of
    a stack that has `fenced` already a run of an older version writes that it was reached.
    """
    return reached([*dropwhile(lambda entry: entry.what is not What.WRITES_STOPPED, entries)], Phase.FENCED)


def downtime(entries: Sequence[Entry]) -> timedelta | None:
    """How long writes were held back in a move, the last time, until they were allowed again.

    None if they were never held back, or still are.
    """
    bands = held_back(entries)
    stopped, resumed = bands[-1] if bands else (None, None)
    return resumed - stopped if stopped and resumed else None


def held_back(events: Iterable[Event]) -> list[tuple[datetime, datetime | None]]:
    """From when to when writes were held back in a move, each time; None where they still are."""
    bands: list[tuple[datetime, datetime | None]] = []
    for event in events:
        still = bool(bands) and bands[-1][1] is None
        if event.what == What.WRITES_STOPPED and not still:
            bands.append((event.at, None))
        elif event.what == What.WRITES_RESUMED and still:
            bands[-1] = (bands[-1][0], event.at)
    return bands


def reached(entries: Sequence[Entry], phase: Phase) -> datetime | None:
    """When a move first reached `phase`; None if it has not."""
    found = (entry.at for entry in entries if (entry.what, entry.phase) == (What.REACHED, phase))
    return next(found, None)


def seen_through(entries: Sequence[Entry], phase: Phase) -> bool:
    """Whether the last update that was to lead a move to `phase` is known to have come to its end."""
    steps = [each.what for each in entries if each.phase is phase and each.what in (What.BEGAN, What.REACHED)]
    return steps[-1:] == [What.REACHED]


def dead_builds(entries: Iterable[Entry]) -> int:
    """How many builds of the platform's runner have begun since the last one that ended in order."""
    dead = 0
    for entry in entries:
        if entry.topic in (Topic.BUILD, Topic.BUILD_ENDED):
            dead = dead + 1 if entry.topic is Topic.BUILD else 0
    return dead


def acts(parts: Mapping[str, float]) -> list[tuple[str, float]]:
    """The acts of a cut, each with its own seconds."""
    ends = [0.0, *parts.values()]
    return [(act, end - begin) for act, (begin, end) in zip(parts, pairwise(ends), strict=True)]


def gap_acts(entries: Sequence[Entry]) -> list[tuple[str, float]]:
    """What was done while writes were held back the last time, in order, each act with its seconds.

    Of a cut by `live` its run has timed the acts; else each entry in the gap is the end of one.
    """
    bands = held_back(entries)
    if not bands:
        return []
    begin, end = bands[-1]
    gap = [entry for entry in entries if begin <= entry.at and (end is None or entry.at <= end)]
    if cuts := [entry for entry in entries if entry.topic is Topic.CUT and begin <= entry.at]:
        return acts(cuts[-1].parts)
    ends = [entry for entry in gap[1:] if entry.what in _ENDS]
    return [(_act(end), (end.at - before.at).total_seconds()) for before, end in pairwise([gap[0], *ends])]


def _act(entry: Entry) -> str:
    if entry.what is What.SEEN:
        # Behind a condition the note has what was seen of it.
        return entry.note.partition(": ")[0]
    if entry.what is What.WRITES_RESUMED:
        return "writes allowed again"
    return f"step to {entry.phase}"


# Of an act in a gap; what only begins there, or is decided, takes no time of its own.
_ENDS = (What.SEEN, What.REACHED, What.WRITES_RESUMED)
