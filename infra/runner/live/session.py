"""A session that is open from before an act until after it, and a second one that watches it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from threading import Timer
from typing import Any

import pymysql
from pymysql.constants import ER
from pymysql.cursors import Cursor, DictCursor
from tenantnet.runner.live import sql

# What a procedure of RDS's signals: often that what was asked for is so already.
SIGNALLED = 1644
OVER_BUDGET = (ER.QUERY_INTERRUPTED, ER.LOCK_WAIT_TIMEOUT)
# A session may be gone, or have turned out to be RDS's own: whoever logs in has no name in a listing yet.
NOTHING_TO_END = (ER.NO_SUCH_THREAD, SIGNALLED)


class GuardError(Exception):
    """What must hold at this moment does not; its text says what."""


def end_session(rows: Callable[[str, int], object], number: int) -> bool:
    """End a session of a server's; False where there was nothing to end. Raises MySQL's other errors."""
    try:
        rows(sql.KILL, number)
    except pymysql.MySQLError as error:
        if error.args[0] not in NOTHING_TO_END:
            raise
        return False
    return True


class Session:
    """One server, as the runner's account; it never reconnects, since what it knew would be over then.

    name: the database's, for people. connect: opens what takes several statements at once.
    """

    def __init__(self, name: str, connect: Callable[[], pymysql.Connection[Any]]) -> None:
        self.name = name
        self._connection, self._watchdog = connect(), connect()
        self.rows(sql.PREPARE_SESSION)

    @property
    def ids(self) -> frozenset[int]:
        """The server's numbers of both sessions."""
        return frozenset((_number(self._connection), _number(self._watchdog)))

    @property
    def user(self) -> str:
        """The account's name."""
        user = self._connection.user
        return user.decode() if isinstance(user, bytes) else str(user)

    def close(self) -> None:
        """End both sessions, whatever state they are in."""
        for connection in (self._connection, self._watchdog):
            if connection.open:
                connection.close()

    def rows(self, statement: str | bytes, *arguments: object) -> list[dict[str, Any]]:
        """What a statement answers. Raises MySQL's error."""
        with self._connection.cursor(DictCursor) as cursor:
            cursor.execute(statement, arguments or None)  # type: ignore[arg-type] # bytes pass as they are
            return list(cursor.fetchall())

    def cursor(self) -> Cursor:
        """For what asks one by itself."""
        return self._connection.cursor(Cursor)

    def results(self, statements: str) -> list[list[dict[str, Any]]]:
        """What several statements answer that are sent at once."""
        with self._connection.cursor(DictCursor) as cursor:
            cursor.execute(statements)
            found = [list(cursor.fetchall())]
            while cursor.nextset():
                found.append(list(cursor.fetchall()))
            return found

    def end(self, numbers: Iterable[int]) -> None:
        """End sessions of the server. Raises MySQL's error, but where there is nothing to end.

        They are sent at once: one after the other, each would take a round trip.
        """
        left = [*numbers]
        while left:
            del left[: self._ended(left)]

    def _ended(self, numbers: Sequence[int]) -> int:
        """How many of them, from the first, are dealt with: one that is refused keeps back the rest."""
        done = 0
        with self._connection.cursor() as cursor:
            try:
                cursor.execute("; ".join([sql.KILL] * len(numbers)), numbers)
                done += 1
                while cursor.nextset():
                    done += 1
            except pymysql.MySQLError as error:
                if error.args[0] not in NOTHING_TO_END:
                    raise
                done += 1
        return done

    @property
    def is_open(self) -> bool:
        """Whether the server has not been seen to have ended it."""
        return bool(self._connection.open)

    def answer(self, statement: str, *arguments: object) -> Any:  # noqa: ANN401 - as the server returns it
        """The one value that a statement answers."""
        ((answer,),) = (row.values() for row in self.rows(statement, *arguments))
        return answer

    def unlogged(self, statement: str | bytes, *arguments: object) -> None:
        """Execute what must not travel to the other server.

        Raises GuardError, with nothing done, where this session writes to the binary log after all.
        """
        if self.answer(sql.IS_LOGGED) != 0:
            raise GuardError(f"the session on {self.name} would write its changes to the binary log")
        self.rows(statement, *arguments)

    def logged(self, statement: str | bytes, *arguments: object) -> None:
        """Execute what is to travel, or to be in a restore to a point in time."""
        self.rows(sql.LOGGED)
        try:
            self.rows(statement, *arguments)
        finally:
            self.rows(sql.NOT_LOGGED)

    def ask(self, procedure: str, *arguments: object) -> str:
        """Call a procedure of RDS's; what it refuses, in words for people: only the state decides."""
        try:
            self.rows(procedure, *arguments)
        except pymysql.MySQLError as error:
            if error.args[0] != SIGNALLED:
                raise
            return str(error.args[1])
        return ""

    @contextmanager
    def within(self, seconds: float, what: str) -> Iterator[None]:
        """End a statement that takes longer: 8.0.15 may ignore `lock_wait_timeout` for accounts.

        Raises GuardError for what was ended.
        """
        timer = Timer(seconds, self._end_statement, [_number(self._connection)])
        timer.start()
        try:
            yield
        except pymysql.MySQLError as error:
            if error.args[0] in OVER_BUDGET:
                raise GuardError(f"{what} on {self.name} had to wait for a client's lock") from error
            raise
        finally:
            timer.cancel()
            timer.join()

    def _end_statement(self, own: int) -> None:
        with self._watchdog.cursor() as cursor:
            cursor.execute(sql.KILL_QUERY, (own,))


def _number(connection: pymysql.Connection[Any]) -> int:
    return int(connection.thread_id())  # type: ignore[no-untyped-call] # the stubs leave it out
