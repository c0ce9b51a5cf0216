"""Nobody writes to a server any more: what is done for it, and how each part of it is proven."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from tenantnet.runner.live import sql
from tenantnet.runner.live.accounts import open_accounts
from tenantnet.runner.live.events import enabled_events
from tenantnet.runner.live.session import GuardError, Session

# Threads of the server's own.
SERVER_THREADS = frozenset(("system user", "event_scheduler"))
# How a server lists a login that it has been told to end, until its client says something or times out.
LOGGING_IN, ENDED = "unauthenticated user", "Killed"
LOOK_SECONDS = 0.005


def end_sessions(session: Session, keep: frozenset[str], seconds: float) -> None:
    """End every session that was there behind the lock. Raises GuardError if one stays.

    One listing, with those that are logging in: MySQL copies an account's state when a client sends its name,
    so these may pass the lock. Who comes later does not, and must not be waited for.
    """
    spared = keep | SERVER_THREADS
    _end(session, lambda user: user not in spared, seconds)


def end_sessions_of(session: Session, user: str, seconds: float) -> None:
    """As `end_sessions`, of one user."""
    _end(session, lambda other: other == user, seconds)


def end_other_runners(session: Session) -> None:
    """End what another run left on this server: its next statement finds that its session is gone."""
    session.end(_listed(session, lambda user: user == session.user).keys() - session.ids)


def _end(session: Session, is_meant: Callable[[str], bool], seconds: float) -> None:
    there = _listed(session, is_meant)
    until = time.monotonic() + seconds
    while there:
        session.end(there)
        # A COMMIT that is under way keeps its session in the list until its transaction is numbered.
        now = _listed(session, is_meant)
        there = {number: now[number] for number in there.keys() & now.keys()}
        if there and time.monotonic() > until:
            raise GuardError(
                f"{len(there)} sessions on {session.name} did not end within {seconds:g} s: "
                f"{_some(list(there.values()))}"
            )
        time.sleep(LOOK_SECONDS if there else 0)


def _listed(session: Session, is_meant: Callable[[str], bool]) -> dict[int, str]:
    """Sessions by their numbers, each with its user and what it does, in MySQL's words.

    Without logins that were ended: MySQL asks for that before each statement, so these never run one.
    """
    return {
        int(row["id"]): f"{row['user']} ({', '.join(filter(None, (row['command'], row['state'])))})"
        for row in session.rows(sql.SESSIONS)
        if is_meant(row["user"]) and (row["user"], row["command"]) != (LOGGING_IN, ENDED)
    }


def assert_closed(session: Session, keep: frozenset[str]) -> None:
    """Raise GuardError if somebody may log in, an event may run, or a branch of XA may be committed."""
    assert_shut(session, keep)
    _assert_none(session, "transactions of XA are prepared", lambda: session.rows(sql.PREPARED_BRANCHES))


def assert_shut(session: Session, keep: frozenset[str]) -> None:
    """Raise GuardError if somebody may log in, or an event may run. XA may come by replication."""
    _assert_none(session, "accounts are not locked", lambda: open_accounts(session, keep))
    _assert_none(session, "events are enabled", lambda: enabled_events(session))


def _assert_none(session: Session, what: str, look: Callable[[], object]) -> None:
    if there := look():
        raise GuardError(f"on {session.name} {what}: {_shown(there)}")


def assert_level(
    source: Session, target: Session, seconds: float, *, written_meanwhile: bool = False
) -> None:
    """Raise GuardError if the target does not get all transactions of the source in time.

    written_meanwhile: whether clients may write; else what they write while this waits is an error, too.
    """
    if lag(source, target, seconds) is None:
        raise GuardError(f"{target.name} did not have all of {source.name} within {seconds:g} s")
    if not written_meanwhile and not target.answer(sql.IS_SUBSET, executed(source), executed(target)):
        raise GuardError(f"{source.name} was written to behind its fence")


def lag(source: Session, target: Session, seconds: float) -> float | None:
    """How many seconds the target takes to have what the source has now; None if longer than that."""
    written, began = executed(source), time.monotonic()
    return time.monotonic() - began if target.answer(sql.WAIT_FOR, written, seconds) == 0 else None


def assert_writable(session: Session) -> None:
    """Raise GuardError if a server refuses writes."""
    if session.answer(sql.READ_ONLY):
        raise GuardError(f"{session.name} is read-only")


def executed(session: Session) -> str:
    """The transactions that a server has, as one set of GTIDs."""
    return str(session.answer(sql.EXECUTED)).replace("\n", "")


def _shown(found: object) -> str:
    return _some(
        [
            "@".join(map(str, row[:2])) if isinstance(row, tuple) else str(row.get("data", row))
            for row in found  # type: ignore[attr-defined] # a tuple or a list, not empty
        ]
    )


def _some(listed: Sequence[str]) -> str:
    return ", ".join(listed[:3]) + (f" and {len(listed) - 3} more" if len(listed) > 3 else "")
