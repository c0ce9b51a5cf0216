"""The cuts of a live move in the cell's journal: what each one has to restore, and what becomes of it.

They are in the item of the move's decision, so that one conditional put decides both: a cut that was taken
back, or a move that is aborted, can never be switched.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from tenantnet.phases.transitions import Decision as MoveDecision
from tenantnet.runner.journal_table import Item, JournalTable, decision_in
from tenantnet.runner.live.accounts import Account
from tenantnet.runner.live.cut import Before, Decision
from tenantnet.runner.live.events import Event
from tenantnet.runner.live.session import GuardError


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """A cut that a run has begun. number: from 1, of the move's. decided: None if nothing is decided yet."""

    number: int
    before: Before
    decided: Decision | None


def begun(journal: JournalTable, move: int) -> Begun | None:
    """The move's newest cut; None before the first."""
    return _begun(journal.outcome(move))


class CutJournal:
    """Of one cut: where another run has begun a later one, this one decides nothing any more."""

    def __init__(self, journal: JournalTable, move: int, who: str, number: int | None = None) -> None:
        """number: of a cut that an earlier run has begun."""
        self._journal, self._move, self._who, self._number = journal, move, who, number

    def begin(self, before: Before) -> None:
        """Record the state. Raises GuardError if the move is decided, or another cut has no end yet."""
        seen = self._journal.outcome(self._move)
        last = _begun(seen)
        self._number = (last.number if last else 0) + 1
        free = decision_in(seen) is None and (last is None or last.decided is Decision.BACK)
        changes = {"cut": {"N": str(self._number)}, "before": {"S": _written(before)}}
        if not free or not self._journal.replace_outcome(self._move, seen, changes):
            raise GuardError("another run has begun to lead the clients over, or the move is decided")

    def decide(self, decision: Decision) -> Decision:
        """Decide this cut, unless that is done; what is decided now.

        Raises GuardError if another one has begun: whoever has this one may touch no server any more.
        """
        while True:
            seen = self._journal.outcome(self._move)
            if (decided := self._decided(seen)) is not None:
                return decided
            changes: dict[str, Any] = {"back": {"N": str(self._number)}}
            if decision is Decision.SWITCH:
                changes = {"decision": {"S": str(MoveDecision.SWITCH)}, "who": {"S": self._who}}
            self._journal.replace_outcome(self._move, seen, changes)

    def _decided(self, seen: Item) -> Decision | None:
        last = _begun(seen)
        if last is None or last.number != self._number:
            raise GuardError("another run has begun to lead the clients over since")
        if last.decided is None and decision_in(seen) is MoveDecision.ABORT:
            # Nothing but the way back is left, and that is recorded, too.
            changes = {"back": {"N": str(self._number)}}
            return Decision.BACK if self._journal.replace_outcome(self._move, seen, changes) else None
        return last.decided


def _begun(outcome: Item) -> Begun | None:
    if "cut" not in outcome:
        return None
    number = int(outcome["cut"]["N"])
    decided = None
    if "back" in outcome and int(outcome["back"]["N"]) == number:
        decided = Decision.BACK
    elif decision_in(outcome) is MoveDecision.SWITCH:
        decided = Decision.SWITCH
    return Begun(number=number, before=_read(outcome["before"]["S"]), decided=decided)


def _written(before: Before) -> str:
    return json.dumps({"accounts": before.accounts, "events": before.events})


def _read(text: str) -> Before:
    found = json.loads(text)
    return Before(
        accounts=tuple(Account(*account) for account in found["accounts"]),
        events=tuple(Event(*event) for event in found["events"]),
    )
