"""The journal of a live move, replayed against its model: whether the model can write it, entry by entry."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, NamedTuple

from tenantnet.phases.journal import What
from tenantnet.phases.phases import Phase
from tenantnet.phases.transitions import Decision

from tests.support.live_model import At, Model, Stage, World, eager


class Place(NamedTuple):
    """What a journal shows of a state of the model."""

    stage: Stage
    decision: At | None = None


FOLLOWING, CUT = Place(Stage.FOLLOWING), Place(Stage.BEGUN)
DECIDED, TAKEN_BACK = Place(Stage.BEGUN, At.SWITCH), Place(Stage.BEGUN, At.BACK)
MOVED, REVERSE = Place(Stage.MOVED), Place(Stage.REVERSE)
# An abort ends what the model is about: nothing comes behind it.
GIVEN_UP = Place(Stage.FOLLOWING, At.END)
# They are in the item of the move's decision, beside the entries: a killed run writes none of them.
HIDDEN = frozenset((DECIDED, TAKEN_BACK))
# All that a journal can show is in the states of one cut, with a second run.
ONE_CUT = World(cuts=1, starts=2)

Written = Mapping[str, Any]


@cache
def ways() -> Mapping[Place, frozenset[Place]]:
    """Where the model goes from a place, next."""
    start = eager(ONE_CUT)
    known, level = {start}, [start]
    found: dict[Place, set[Place]] = {}
    while level:
        following: list[World] = []
        for world in level:
            for later in map(eager, Model().steps(world)):
                found.setdefault(_place(world), set()).add(_place(later))
                if later not in known:
                    known.add(later)
                    following.append(later)
        level = following
    return {place: frozenset(others) for place, others in found.items()}


def _place(world: World) -> Place:
    return Place(world.stage, world.decision)


def strange(entries: Iterable[Written]) -> str | None:
    """The first entry of a move that the model does not write there; None if it writes all of them.

    entries: as `tenantnet migrate status --json` has them.
    """
    at = frozenset((FOLLOWING,))
    for entry in entries:
        retires = (entry["what"], entry["phase"]) == (What.BEGAN, Phase.RETIRING)
        # A retirement is no step of the model: it comes where one has ended.
        if (shown := _shown(entry)) and not (at := (at if retires else _reached(at)) & shown):
            return f"{entry['at']} {entry['what']} {entry['phase']} {entry['note']}"
        if (entry["what"], entry["phase"]) == (What.BEGAN, Phase.ABORTING):
            at = frozenset((GIVEN_UP,))
    return None


def _reached(places: frozenset[Place]) -> frozenset[Place]:
    """The places themselves, and what comes next, with nothing that a journal shows in between."""
    reached, passed = set(places), list(places)
    while passed:
        for place in ways().get(passed.pop(), frozenset()) - reached:
            reached.add(place)
            if place in HIDDEN:
                passed.append(place)
    return frozenset(reached)


def _shown(entry: Written) -> frozenset[Place]:
    """Where the model can be as it writes that; empty for what it has no place for."""
    what, phase, note = entry["what"], entry["phase"], entry["note"]
    places: dict[tuple[str, str], tuple[Place, ...]] = {
        (What.REACHED, Phase.FOLLOWING): (FOLLOWING,),
        **dict.fromkeys(_in(What.WRITES_STOPPED), (CUT,)),
        **dict.fromkeys(_in(What.WRITES_RESUMED), (FOLLOWING, DECIDED)),
        (What.BEGAN, Phase.ABORTING): (FOLLOWING, GIVEN_UP),
        (What.BEGAN, Phase.SWITCHED): (DECIDED,),
        (What.REACHED, Phase.SWITCHED): (MOVED,),
        (What.BEGAN, Phase.RETIRING): (MOVED, REVERSE),
    }
    if what == What.DECIDED and note.startswith(Decision.SWITCH):
        return frozenset((DECIDED,))
    if note == "the former production follows the new one":
        return frozenset((REVERSE,))
    if note == "the way back is open":
        return frozenset((FOLLOWING,))
    return frozenset(places.get((what, phase), ()))


def _in(what: What) -> list[tuple[str, str]]:
    """In the phases that a cut may be in: on the way there, and back."""
    return [(what, phase) for phase in (Phase.FOLLOWING, Phase.SWITCHED)]
