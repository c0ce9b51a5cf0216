"""A server follows another one: begun, looked at, and ended. Its state decides, never what RDS says."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from tenantnet.aws.session_documents import MYSQL_PORT
from tenantnet.runner.live import accounts, events, fence, sql
from tenantnet.runner.live.accounts import REPLICATION, Account
from tenantnet.runner.live.session import GuardError, Session

LOOK_SECONDS, LIMIT_SECONDS = 0.2, 180.0


class State(StrEnum):
    """As RDS's own procedures tell them apart; BROKEN: one of the two threads runs."""

    NOT_EXIST = "does not follow anybody"
    OFF = "has stopped following"
    BROKEN = "follows by one of its two threads"
    ON = "follows"


class Following(NamedTuple):
    """state, and in BROKEN and OFF what the server says. source: its uuid, once it was reached."""

    state: State
    source: str = ""
    error: str = ""
    user: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Whom to follow. host: the endpoint's name, since a failover changes the address."""

    host: str
    password: str = field(repr=False)
    user: str = REPLICATION
    port: int = MYSQL_PORT


def following(session: Session) -> Following:
    """How this server follows another one now."""
    rows = session.rows(sql.FOLLOWING)
    if not rows:
        return Following(State.NOT_EXIST)
    (row,) = rows
    running = [row["receives"] != "OFF", row["applies"] != "OFF"]
    state = State.ON if all(running) else State.BROKEN if any(running) else State.OFF
    error = row["receive_error"] or row["apply_error"]
    return Following(state, str(row["source"]), str(error), str(row["user"]))


def begin(follower: Session, leader: Session, source: Source, keep: frozenset[str]) -> None:
    """Follow, if it does not yet. Raises GuardError if clients could write here, or it is not reached.

    Repeating it does no harm. A follower is closed: each account is locked, or the server is read-only.
    """
    _assert_cannot_be_written_to(follower, keep)
    _reach(
        follower, lambda seen: _is_led_by(seen, leader), lambda seen: _step(follower, leader, source, seen)
    )


def _assert_cannot_be_written_to(follower: Session, keep: frozenset[str]) -> None:
    if not follower.answer(sql.READ_ONLY):
        fence.assert_shut(follower, keep)


def begin_again(follower: Session, leader: Session, source: Source, keep: frozenset[str]) -> None:
    """As `begin`, of a follower that has stopped: what replication brought until then is shut before."""
    if not follower.answer(sql.READ_ONLY):
        _shut(follower, keep)
    begin(follower, leader, source, keep)


def follow_back(follower: Session, leader: Session, source: Source, keep: frozenset[str]) -> None:
    """Let the former production follow the new one. Raises GuardError unless it is read-only itself.

    New accounts arrive open, so locks alone do not keep clients from writing here.
    """
    if not follower.answer(sql.READ_ONLY):
        raise GuardError(f"{follower.name} is not read-only, so it may not follow")
    begin(follower, leader, source, keep)


def end(session: Session) -> None:
    """Follow nobody any more. Repeating it does no harm. Raises GuardError if it does not end."""

    def step(seen: Following) -> str:
        if seen.state in (State.ON, State.BROKEN):
            return session.ask(sql.STOP)
        return session.ask(sql.RESET_SOURCE.format(word=_word(session)))

    _reach(session, lambda seen: seen.state is State.NOT_EXIST, step)


def look(follower: Session, leader: Session, keep: frozenset[str]) -> tuple[Account, ...]:
    """Lock and disable what replication has brought; the accounts that were open until now.

    Raises GuardError if it does not follow.
    """
    opened = _shut(follower, keep)
    assert_follows(follower, leader)
    return opened


def _shut(follower: Session, keep: frozenset[str]) -> tuple[Account, ...]:
    opened = accounts.open_accounts(follower, keep)
    accounts.lock(follower, opened)
    events.disable(follower, events.enabled_events(follower))
    return opened


def assert_follows(follower: Session, leader: Session) -> None:
    """Raises GuardError if it does not follow this leader, or the leader has thrown away what it lacks."""
    purged = str(leader.answer(sql.PURGED)).replace("\n", "")
    if not follower.answer(sql.IS_SUBSET, purged, fence.executed(follower)):
        raise GuardError(f"{leader.name} has deleted binary logs that {follower.name} lacks")
    seen = following(follower)
    if not _is_led_by(seen, leader):
        raise GuardError(f"{follower.name} {seen.state}{': ' if seen.error else ''}{seen.error}")


def _is_led_by(seen: Following, leader: Session) -> bool:
    return seen.state is State.ON and seen.source == leader.answer(sql.SERVER_UUID)


def _step(follower: Session, leader: Session, source: Source, seen: Following) -> str:
    ours = seen.user == source.user and seen.source in ("", leader.answer(sql.SERVER_UUID))
    if seen.state is State.NOT_EXIST or (seen.state is State.OFF and not ours):
        statement = sql.SET_SOURCE.format(word=_word(follower))
        return follower.ask(statement, source.host, source.port, source.user, source.password)
    if seen.state is State.OFF:
        return follower.ask(sql.START)
    if seen.state is State.BROKEN or not ours:
        # One thread that ended alone does not begin again while the other one runs.
        return follower.ask(sql.STOP)
    return ""


def _reach(session: Session, done: Callable[[Following], bool], step: Callable[[Following], str]) -> None:
    until, said = time.monotonic() + LIMIT_SECONDS, ""
    while not done(seen := following(session)):
        said = seen.error or said
        if time.monotonic() > until:
            raise GuardError(f"{session.name} {seen.state}{': ' if said else ''}{said}")
        said = step(seen) or said
        time.sleep(LOOK_SECONDS)


def _word(session: Session) -> str:
    names = {str(row["name"]) for row in session.rows(sql.PROCEDURES)}
    return "source" if "rds_reset_external_source" in names else "master"
