"""The cuts of a live move in the cell's journal: what each one has to restore, and what becomes of it.

They are in the item of the move's decision, so that one conditional put decides all of it: a cut that was
taken back, or a move that is aborted, can never be switched, and nobody is led back to what retires.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from tenantnet.phases.journal import led_to, retires
from tenantnet.phases.transitions import Decision as MoveDecision
from tenantnet.runner.journal_table import Item, JournalTable, decision_in
from tenantnet.runner.live.accounts import Account
from tenantnet.runner.live.cut import Before, Decision
from tenantnet.runner.live.events import Event
from tenantnet.runner.live.session import GuardError
from tenantnet.tags import Slot


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """A cut that a run has begun. number: from 1, of the move's. target: where it leads the clients.

    decided: None if nothing is decided yet.
    """

    number: int
    target: Slot
    before: Before
    decided: Decision | None


def begun(journal: JournalTable, move: int) -> Begun | None:
    """The move's newest cut; None before the first."""
    return _begun(journal.outcome(move))


def close(journal: JournalTable, move: int, production: Slot) -> None:
    """Let no cut begin any more: the other database retires. It may be done twice.

    Raises GuardError if clients are led elsewhere, or a cut has no end yet.
    """
    seen = journal.outcome(move)
    last = _begun(seen)
    if led_to(seen) is not production or (last is not None and last.decided is None):
        raise GuardError(f"clients are led to {led_to(seen)}, or a cut has no end yet")
    if not journal.replace_outcome(move, seen, {"retires": {"S": str(production.other)}}):
        raise GuardError("another run has changed how the move ends")


class CutJournal:
    """Of one cut: where another run has begun a later one, this one decides nothing any more.

    What was written last is not read again: writers wait for the decision, and each change is conditional.
    """

    def __init__(
        self, journal: JournalTable, move: int, who: str, target: Slot, number: int | None = None
    ) -> None:
        """number: of a cut that an earlier run has begun."""
        self._journal, self._move, self._who = journal, move, who
        self._target, self._number = target, number
        self._known: Item | None = None

    def begin(self, before: Before) -> None:
        """Record the state. Raises GuardError if clients are not to be led there, or a cut has no end yet."""
        seen = self._journal.outcome(self._move)
        last = _begun(seen)
        self._number = (last.number if last else 0) + 1
        ended = last is None or last.decided is not None
        over = decision_in(seen) is MoveDecision.ABORT or retires(seen)
        wanted = not over and led_to(seen) is not self._target
        changes = {
            "cut": {"N": str(self._number)},
            "to": {"S": str(self._target)},
            "before": {"S": _written(before)},
        }
        self._known = self._journal.replace_outcome(self._move, seen, changes) if ended and wanted else None
        if self._known is None:
            raise GuardError("another run has begun to lead the clients over, or the move is decided")

    def decide(self, decision: Decision) -> Decision:
        """Decide this cut, unless that is done; what is decided now.

        Raises GuardError if another one has begun: whoever has this one may touch no server any more.
        """
        while True:
            seen, self._known = self._known or self._journal.outcome(self._move), None
            if (decided := self._decided(seen)) is not None:
                return decided
            changes: dict[str, Any] = {"back": {"N": str(self._number)}}
            if decision is Decision.SWITCH:
                changes = {
                    "decision": {"S": str(MoveDecision.SWITCH)},
                    "switched": {"N": str(self._number)},
                    "ledTo": {"S": str(self._target)},
                    "who": {"S": self._who},
                }
            self._known = self._journal.replace_outcome(self._move, seen, changes)

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
    for kind, decision in (("back", Decision.BACK), ("switched", Decision.SWITCH)):
        if kind in outcome and int(outcome[kind]["N"]) == number:
            decided = decision
    return Begun(
        number=number, target=Slot(outcome["to"]["S"]), before=_read(outcome["before"]["S"]), decided=decided
    )


def _written(before: Before) -> str:
    return json.dumps({"accounts": before.accounts, "events": before.events})


def _read(text: str) -> Before:
    found = json.loads(text)
    return Before(
        accounts=tuple(Account(*account) for account in found["accounts"]),
        events=tuple(Event(*event) for event in found["events"]),
    )
