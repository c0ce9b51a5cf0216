"""The cut: clients leave one server for good, and are let in to the other one once it has everything.

Until the decision anything that goes wrong is taken back here; behind it only `finish` is called, by whoever
comes next, as often as it takes.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

import pymysql
from tenantnet.runner.live import accounts, events, fence
from tenantnet.runner.live.accounts import Account
from tenantnet.runner.live.events import Event
from tenantnet.runner.live.session import GuardError, Session


class Decision(StrEnum):
    """What becomes of the cut; one of the two is written, once, by a conditional put."""

    SWITCH = "switch"
    BACK = "back"


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """What stood on the server in production before any act: what is opened on one of the two again."""

    accounts: tuple[Account, ...]
    events: tuple[Event, ...]


class Journal(Protocol):
    """What outlives the runner, of one cut: a run that read of an earlier one can decide nothing here."""

    def begin(self, before: Before) -> None:
        """Record the state before anything is changed."""

    def decide(self, decision: Decision) -> Decision:
        """Decide, unless that is done; what is decided now. Raises where it is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Budgets:
    """Seconds that a part of the cut may take before it is taken back."""

    lock: float = 2.0
    sessions: float = 3.0
    level: float = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Servers:
    """source: in production until the decision. keep: the users that are not touched on either."""

    source: Session
    target: Session
    keep: frozenset[str]


@dataclass(slots=True)
class Outcome:
    """why_back: None if the clients are on the target. parts: seconds from the beginning, by act."""

    why_back: str | None = None
    parts: dict[str, float] = field(default_factory=dict)
    _begun: float = field(default_factory=time.monotonic, repr=False)

    def note(self, act: str) -> None:
        """An act is done now."""
        self.parts[act] = time.monotonic() - self._begun

    def __str__(self) -> str:
        return ", ".join(f"{act} after {seconds:.2f} s" for act, seconds in self.parts.items())


def cut(servers: Servers, journal: Journal, lead: Callable[[], None], budgets: Budgets) -> Outcome:
    """Move the clients, or leave them where they are.

    lead: lets the clients' way lead to the target; called once that takes their writes.
    Raises what `take_back`, `finish` and the journal raise, with the locks as they are then: a run that comes
    later asks the journal which of the two to call.
    """
    outcome = Outcome()
    before = Before(
        accounts=accounts.open_accounts(servers.source, servers.keep),
        events=events.enabled_events(servers.source),
    )
    journal.begin(before)
    outcome.note("begun")
    try:
        _hold(servers, before, budgets, outcome)
    except (GuardError, pymysql.MySQLError) as error:
        outcome.why_back = str(error)
    wanted = Decision.BACK if outcome.why_back else Decision.SWITCH
    decided = journal.decide(wanted)
    outcome.note("decided")
    if decided is Decision.SWITCH:
        outcome.why_back = None
        finish(servers.target, servers.keep, before, lead)
    else:
        outcome.why_back = outcome.why_back or "another run has decided so"
        take_back(servers, before, budgets)
    outcome.note("open")
    return outcome


def _hold(servers: Servers, before: Before, budgets: Budgets, outcome: Outcome) -> None:
    """Everything before the decision. Raises GuardError or MySQL's error; the caller takes back then."""
    source, target, keep = servers.source, servers.target, servers.keep
    fence.assert_closed(target, keep)
    fence.assert_writable(target)
    with source.within(budgets.lock, "the lock of accounts"):
        events.disable(source, before.events)
        accounts.lock(source, before.accounts)
    outcome.note("locked")
    fence.end_sessions(source, keep, budgets.sessions)
    fence.assert_closed(source, keep)
    # An account that was made and dropped again meanwhile may have left a session that no listing has shown.
    fence.end_sessions(source, keep, budgets.sessions)
    outcome.note("sessions gone")
    with target.within(budgets.level + 1, "the wait for the last transaction"):
        fence.assert_level(source, target, budgets.level)
    # What was asked once may have changed: both are asked again in the moment that relies on it.
    fence.assert_closed(source, keep)
    fence.assert_closed(target, keep)
    outcome.note("level")


def take_back(servers: Servers, before: Before, budgets: Budgets) -> None:
    """Open the source again, as it was; the target is not touched. Repeating it does no harm.

    A client that keeps the source from being opened is ended, since it keeps all others out.
    """
    source, keep = servers.source, servers.keep
    try:
        with source.within(budgets.lock, "the unlock of accounts"):
            _open(source, keep, before)
    except GuardError:
        fence.end_sessions(source, keep, budgets.sessions)
        with source.within(budgets.lock, "the unlock of accounts"):
            _open(source, keep, before)
    events.enable(source, before.events)


def finish(target: Session, keep: frozenset[str], before: Before, lead: Callable[[], None]) -> None:
    """Open the target as the source was before the cut. Repeating it does no harm.

    The source is not asked any more: it may be dead, and only a decision to go back would have opened it.
    """
    fence.assert_writable(target)
    _open(target, keep, before)
    lead()
    events.enable(target, before.events)


def _open(session: Session, keep: frozenset[str], before: Before) -> None:
    # Nothing is asked of a server where nothing was locked: what made the lock fail would stop this too.
    opened = accounts.open_accounts(session, keep)
    accounts.unlock(session, [account for account in before.accounts if account not in opened])
