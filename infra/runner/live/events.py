"""Scheduled events, disabled and enabled so that nothing else about them changes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple, Protocol

from pymysql.charset import charset_by_name
from tenantnet.runner.live import sql
from tenantnet.runner.live.session import Session


class Server(Protocol):
    """Where events are: a Session of a cut, or a database that logs its own changes."""

    def rows(self, statement: str | bytes, *arguments: object) -> list[dict[str, Any]]: ...

    def unlogged(self, statement: str | bytes, *arguments: object) -> None: ...


class Event(NamedTuple):
    """An event and what a change of its state would overwrite. definer: `user@host`, as MySQL lists it."""

    schema: str
    name: str
    definer: str
    character_set: str
    collation: str


def enabled_events(session: Server) -> tuple[Event, ...]:
    """What the event scheduler would run."""
    return _events(session, enabled=True)


def _events(session: Server, *, enabled: bool) -> tuple[Event, ...]:
    rows = session.rows(sql.EVENTS, enabled)
    return tuple(Event(**{name: str(value) for name, value in row.items()}) for row in rows)


def disable(session: Server, events: Iterable[Event]) -> None:
    """Let none of them run any more."""
    _alter(session, session.unlogged, events, "DISABLE")


def enable(session: Server, events: Iterable[Event]) -> None:
    """Let them run; of those that are gone, or run already, nothing is asked."""
    disabled = {event[:2] for event in _events(session, enabled=False)}
    _alter(session, session.unlogged, (event for event in events if event[:2] in disabled), "ENABLE")


def enable_logged(session: Session, events: Iterable[Event]) -> None:
    """Let it be in the binary log that they run."""
    _alter(session, session.logged, events, "ENABLE")


def _alter(session: Server, execute: Callable[..., None], events: Iterable[Event], state: str) -> None:
    for event in events:
        user, _, host = event.definer.rpartition("@")
        statement = sql.ALTER_EVENT.format(
            definer=f"{sql.identifier(user)}@{sql.identifier(host)}",
            event=f"{sql.identifier(event.schema)}.{sql.identifier(event.name)}",
            state=state,
        )
        session.rows(sql.SPEAK_AS, event.character_set, event.collation)
        try:
            # The server reads the names in the character set that was just set.
            execute(statement.encode(charset_by_name(event.character_set).encoding))
        finally:
            session.rows(sql.SPEAK_AS_BEFORE)
