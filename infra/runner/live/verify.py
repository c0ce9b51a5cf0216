"""Whether a follower holds what its leader holds, while clients write to the leader.

Rows are compared chunk by chunk, in snapshots of both servers at one set of transactions. A transaction may
be in a snapshot and not yet in the set, so a difference counts only if it is there at another set, too.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from threading import Event, Thread

import pymysql
from pymysql.constants import ER
from tenantnet.runner.live import chunks, fence, follow, sql
from tenantnet.runner.live.chunks import Chunk, Content
from tenantnet.runner.live.cut import Servers
from tenantnet.runner.live.follow import Source, State
from tenantnet.runner.live.session import GuardError, Session
from tenantnet.runner.verification import Contents, definitions, differences, tables

# How long a snapshot is held: meanwhile the server keeps every row that changes.
SNAPSHOT_SECONDS, WATCH_SECONDS = 120.0, 0.2
LOOKS_AT_DEFINITIONS, TRIES_OF_A_CHUNK, LEVEL_SECONDS = 3, 5, 60.0
# The set of transactions goes on while it is asked for; at one of so many looks it stands still.
READINGS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Ways:
    """open_source, open_target: new sessions of the runner's account that take several statements at once.

    one_worker: lets the follower apply one transaction after the other for as long as it is entered.
    """

    open_source: Callable[[], Session]
    open_target: Callable[[], Session]
    one_worker: Callable[[], AbstractContextManager[None]]


@dataclass(slots=True)
class Progress:
    """What is compared and found so far. tries: of chunks that could not be read, or differed."""

    tries: dict[Chunk, int] = field(default_factory=dict)
    different: set[Chunk] = field(default_factory=set)
    found: list[str] = field(default_factory=list)
    compared: int = 0


def compare(
    servers: Servers, leader: Source, ways: Ways, login: str, tell: Callable[[str], None] = lambda _: None
) -> list[str]:
    """The differences, one sentence each. Takes as long as a scan of all tables.

    login: the user whose password RDS may have hashed anew in a copy. Raises GuardError if the follower does
    not follow, MySQL's error if a server does not answer.
    """
    found = compare_definitions(servers, login)
    with ways.one_worker():
        return found + _compare_rows(servers, leader, ways, tell)


def compare_definitions(servers: Servers, login: str) -> list[str]:
    """Differences in all but the rows; a change that is on its way to the follower is none."""
    found: list[str] = []
    for _ in range(LOOKS_AT_DEFINITIONS):
        try:
            found = differences(_definitions(servers.source, login), _definitions_of_level(servers, login))
        except pymysql.MySQLError as error:
            # What was listed a moment ago may be gone.
            found = [f"the definitions could not be read: {error.args[-1]}"]
        if not found:
            break
    return found


def _definitions(session: Session, login: str) -> Contents:
    with session.cursor() as cursor:
        return definitions(cursor, login)


def _definitions_of_level(servers: Servers, login: str) -> Contents:
    fence.assert_level(servers.source, servers.target, LEVEL_SECONDS, written_meanwhile=True)
    return _definitions(servers.target, login)


def _compare_rows(servers: Servers, leader: Source, ways: Ways, tell: Callable[[str], None]) -> list[str]:
    with servers.source.cursor() as cursor:
        left = deque(Chunk(schema=schema, table=table) for schema, table in tables(cursor))
    progress = Progress()
    while left:
        with _snapshots(servers, leader, ways) as (source, target):
            _compare_in(source, target, left, progress)
        tell(f"chunks compared: {progress.compared}; tables or chunks left: {len(left)}")
    return progress.found


def _compare_in(source: Session, target: Session, left: deque[Chunk], progress: Progress) -> None:
    """Compare until nothing is left, the snapshots are old, or somebody waits for them."""
    until = time.monotonic() + SNAPSHOT_SECONDS
    again: list[Chunk] = []
    with ThreadPoolExecutor(2) as readers:
        while left and time.monotonic() < until:
            whole = left.popleft()
            try:
                part = chunks.first_of(source, whole)
                here, there = readers.map(lambda each, of=part: chunks.read(each, of), (source, target))
            except pymysql.MySQLError as error:
                again += _unread(whole, error, progress)
                if not (source.is_open and target.is_open):
                    break
                continue
            left.extendleft(part.rest)
            progress.compared += 1
            again += _differing(part.chunk, here, there, progress)
    left.extend(again)


def _unread(chunk: Chunk, error: pymysql.MySQLError, progress: Progress) -> list[Chunk]:
    """The chunk, if it is to be tried once more."""
    if error.args[0] == ER.NO_SUCH_TABLE:
        # Which tables there are is compared with the definitions.
        return []
    progress.tries[chunk] = progress.tries.get(chunk, 0) + 1
    if progress.tries[chunk] < TRIES_OF_A_CHUNK:
        return [chunk]
    progress.found.append(f"{chunk}: could not be compared: {error.args[-1]}")
    return []


def _differing(chunk: Chunk, here: Content, there: Content, progress: Progress) -> list[Chunk]:
    """The chunk, if it differs and is to be compared once more."""
    if here == there:
        return []
    if chunk not in progress.different:
        progress.different.add(chunk)
        return [chunk]
    progress.found.append(f"{chunk}: {here} in the source, {there} in the target")
    return []


@contextmanager
def _snapshots(servers: Servers, leader: Source, ways: Ways) -> Iterator[tuple[Session, Session]]:
    """Sessions that see both servers at one set of transactions; ended as soon as somebody waits for them."""
    source, target = ways.open_source(), ways.open_target()
    try:
        _pause(servers.target)
        transactions = _snapshot(source)
        _run_to(servers.target, transactions)
        reached = _snapshot(target)
        _assert_same(servers.target, transactions, reached)
        follow.begin_again(servers.target, servers.source, leader, servers.keep)
        with _watched(((source, ways.open_source), (target, ways.open_target))):
            yield source, target
    finally:
        source.close()
        target.close()
        follow.begin_again(servers.target, servers.source, leader, servers.keep)


def _pause(target: Session) -> None:
    until = time.monotonic() + LEVEL_SECONDS
    while follow.following(target).state is not State.OFF:
        said = target.ask(sql.STOP)
        if time.monotonic() > until:
            raise GuardError(f"{target.name} does not stop following for the comparison: {said}")


def _snapshot(session: Session) -> str:
    """Begin a snapshot; the transactions in it."""
    session.rows(sql.PREPARE_READER)
    for _ in range(READINGS):
        (before,), _begun, (after,) = session.results(sql.SNAPSHOT)
        if before["answer"] == after["answer"]:
            return str(before["answer"]).replace("\n", "")
        session.rows(sql.END_SNAPSHOT)
    raise GuardError(f"the transactions of {session.name} did not stand still at {READINGS} looks")


def _run_to(target: Session, transactions: str) -> None:
    """Let the follower have these transactions and no more."""
    said = ""
    if not target.answer(sql.IS_SUBSET, transactions, fence.executed(target)):
        said = target.ask(sql.START_UNTIL, transactions)
    if target.answer(sql.WAIT_FOR, transactions, LEVEL_SECONDS) != 0:
        raise GuardError(f"{target.name} did not get to the source's transactions in time: {said}")


def _assert_same(target: Session, transactions: str, reached: str) -> None:
    own = target.answer(sql.SERVER_UUID)
    more = str(target.answer(sql.SUBTRACT, reached, transactions)).replace("\n", "")
    if [part for part in more.split(",") if part and not part.startswith(f"{own}:")]:
        raise GuardError(f"{target.name} has more than the source's transactions: {more}")


@contextmanager
def _watched(readers: Iterable[tuple[Session, Callable[[], Session]]]) -> Iterator[None]:
    """End the readers once anybody waits for a table's definition, which they may hold.

    Who waits for it keeps all others from that table: a tenant's ALTER must not wait for a comparison.
    """
    ended = Event()

    def watch(reader: Session, open_session: Callable[[], Session]) -> None:
        session = open_session()
        try:
            while not ended.wait(WATCH_SECONDS):
                if session.rows(sql.WAIT_FOR_A_TABLE):
                    session.end(reader.ids)
                    return
        finally:
            session.close()

    threads = [Thread(target=watch, args=each) for each in readers]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        ended.set()
        for thread in threads:
            thread.join()
