"""Clients of several kinds, which write all the time and note what was acknowledged."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from threading import Event, Thread, current_thread
from typing import Any

import pymysql
from pymysql import _auth

from tests.support.raw_servers import Pair

USER = "app_clients"
TABLES = (
    "CREATE DATABASE app",
    "CREATE TABLE app.written (client VARCHAR(20), number INT, PRIMARY KEY (client, number))",
    "CREATE TABLE app.other_half LIKE app.written",
    "CREATE TABLE app.locked (number INT)",
    f"CREATE USER {USER}@'%' IDENTIFIED BY 'Correct-Horse-7'",
    f"GRANT ALL ON app.* TO {USER}@'%'",
)
# Writes a second of one client: two cores serve two databases, the clients, and the test.
PAUSE_SECONDS = 0.01


Write = Callable[[int], None]
Writes = Generator[Write, None, None]


@dataclass(kw_only=True)
class Clients:
    """leads_to: the server that the endpoint's name leads to now."""

    pair: Pair
    leads_to: Any
    acknowledged: set[tuple[str, int]] = field(default_factory=set)
    _ended: Event = field(default_factory=Event)
    _threads: list[Thread] = field(default_factory=list)

    def add(self, kind: Kind, number: int) -> None:
        """Start some of a kind: a generator of what it writes with, once each."""
        for one in range(number):
            name = f"{kind.__name__}-{one}"
            self._threads.append(Thread(target=self._write, args=(kind, name), name=name))
            self._threads[-1].start()

    def _write(self, kind: Kind, name: str) -> None:
        numbers = count()
        writes = kind(self, name)
        while not self._ended.is_set():
            number = next(numbers)
            try:
                next(writes)(number)
                self.acknowledged.add((name, number))
            except (pymysql.MySQLError, OSError):
                writes.close()
                writes = kind(self, name)
            self._ended.wait(PAUSE_SECONDS)
        writes.close()

    def connected(self) -> pymysql.Connection[Any]:
        return self.pair.connect(self.leads_to, USER)

    def wait_for_writes(self, number: int) -> None:
        """Return once so many more were acknowledged. Raises AssertionError after 30 s."""
        wanted, until = len(self.acknowledged) + number, time.monotonic() + 30
        while len(self.acknowledged) < wanted:
            assert time.monotonic() < until, "clients write no more"
            time.sleep(0.005)

    def end(self) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join()


def inserts(connection: pymysql.Connection[Any], name: str, table: str = "app.written") -> Write:
    def write(number: int) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"INSERT {table} VALUES (%s, %s)", (name, number))  # noqa: S608 - a constant

    return write


def pool(clients: Clients, name: str) -> Writes:
    """One that keeps its connection until an error ends it."""
    with clients.connected() as connection:
        while True:
            yield inserts(connection, name)


def reconnecting(clients: Clients, name: str) -> Writes:
    """One with a connection a write."""
    while True:
        with clients.connected() as connection:
            yield inserts(connection, name)


def locking(clients: Clients, name: str) -> Writes:
    """One that keeps a lock on a table of its own while it writes."""
    with clients.connected() as connection, connection.cursor() as cursor:
        while True:
            cursor.execute("LOCK TABLES app.locked WRITE, app.written WRITE")
            yield inserts(connection, name)
            cursor.execute("UNLOCK TABLES")


def preparing(clients: Clients, name: str) -> Writes:
    """One with a statement that its connection's server has prepared."""
    with clients.connected() as connection, connection.cursor() as cursor:
        cursor.execute("PREPARE writing FROM 'INSERT app.written VALUES (?, ?)'")

        def write(number: int) -> None:
            cursor.execute("SET @client = %s, @number = %s", (name, number))
            cursor.execute("EXECUTE writing USING @client, @number")

        while True:
            yield write


def in_transactions(clients: Clients, name: str) -> Writes:
    """One whose transaction, of two tables, is open nearly all the time, so also at a fence."""
    with clients.connected() as connection:

        def write(number: int) -> None:
            connection.begin()
            inserts(connection, name)(number)
            time.sleep(PAUSE_SECONDS)
            inserts(connection, name, "app.other_half")(number)
            connection.commit()

        while True:
            yield write


KINDS = (pool, reconnecting, locking, preparing, in_transactions)


@contextmanager
def clients_of(pair: Pair) -> Iterator[Clients]:
    pair.master(*TABLES)
    pair.lock_green()
    clients = Clients(pair=pair, leads_to=pair.blue)
    try:
        yield clients
    finally:
        clients.end()


Kind = Callable[[Clients, str], Writes]


class SlowLogin:
    """A login that stops in the middle: the server has its name and waits for its password."""

    def __init__(self, pair: Pair, user: str) -> None:
        self._pair, self._user = pair, user
        self._stopped, self._go_on = Event(), Event()
        self.refused: BaseException | None = None
        self._thread = Thread(target=self._log_in)

    def _log_in(self) -> None:
        original = _auth.caching_sha2_password_auth

        def pause(connection: Any, packet: Any) -> Any:
            # Others log in meanwhile, by the same function.
            if current_thread() is self._thread:
                self._stopped.set()
                self._go_on.wait(30)
            return original(connection, packet)

        _auth.caching_sha2_password_auth = pause  # type: ignore[assignment] # the same call
        try:
            with self._pair.connect(self._pair.blue, self._user) as connection, connection.cursor() as cursor:
                cursor.execute("INSERT app.written VALUES ('slow', 1)")
        except (pymysql.MySQLError, OSError) as error:
            self.refused = error
        finally:
            _auth.caching_sha2_password_auth = original

    def begin(self) -> None:
        """Return once the server waits."""
        self._thread.start()
        assert self._stopped.wait(30)

    def go_on(self) -> None:
        """Send the password, and write if the server lets it in."""
        self._go_on.set()
        self._thread.join()
