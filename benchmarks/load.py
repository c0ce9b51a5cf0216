"""Clients of a moving tenant, several of each kind, which write and read through its endpoint's name."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field
from itertools import count, pairwise
from math import inf
from threading import Event, Thread
from typing import Self

import pymysql
from dns.exception import DNSException
from pymysql.cursors import Cursor
from tenantnet.local_cloud.process import LocalCloud

from tests.support.moves import at_the_endpoint

# Two cores serve two databases, the cloud, Pulumi, and all of them.
PAUSE_SECONDS = 0.1
TABLES = (
    "CREATE DATABASE load_of_clients",
    # One without a key, which would take a transaction twice; of two, one half would be missing.
    "CREATE TABLE load_of_clients.left_half (client VARCHAR(20), number INT)",
    "CREATE TABLE load_of_clients.right_half (client VARCHAR(20), number INT, PRIMARY KEY (client, number))",
)
INSERTS = (
    "INSERT load_of_clients.left_half VALUES (%s, %s)",
    "INSERT load_of_clients.right_half VALUES (%s, %s)",
)
ROWS = "SELECT client, number FROM load_of_clients.{}_half"
BULK = (
    "CREATE TABLE IF NOT EXISTS load_of_clients.bulk "
    "(id INT AUTO_INCREMENT PRIMARY KEY, filler VARBINARY(1000))"
)
MORE = (
    "INSERT load_of_clients.bulk (filler) SELECT RANDOM_BYTES(1000) "
    "FROM information_schema.columns AS some, information_schema.columns AS others LIMIT 20000"
)
# A client that is late by less finds the way in the gap that is looked at.
LATE_SECONDS = 1.0
Row = tuple[str, int]
Sessions = Generator[Cursor, None, None]
Connect = Callable[[], AbstractContextManager[Cursor]]


def pooled(connect: Connect) -> Sessions:
    """It keeps a connection until an error ends that."""
    with connect() as cursor:
        while True:
            yield cursor


def reconnecting(connect: Connect) -> Sessions:
    """It has a connection, and asks for the name, for each transaction."""
    while True:
        with connect() as cursor:
            yield cursor


KINDS = (pooled, reconnecting)


@dataclass(kw_only=True)
class OneClient:
    """kind: how it connects. writes: else it reads. done: when it had each of its answers, in POSIX time."""

    name: str
    kind: Callable[[Connect], Sessions]
    writes: bool
    done: list[float] = field(default_factory=list)
    acknowledged: list[Row] = field(default_factory=list)

    def work(self, connect: Connect, ended: Event) -> None:
        """Go on until that, whatever becomes of a connection."""
        numbers = count()
        while not ended.is_set():
            with suppress(pymysql.MySQLError, OSError, DNSException):
                self._work_on(self.kind(connect), numbers, ended)

    def _work_on(self, sessions: Sessions, numbers: Iterator[int], ended: Event) -> None:
        try:
            while not ended.wait(PAUSE_SECONDS):
                self._ask(next(sessions), next(numbers))
                self.done.append(time.time())
        finally:
            sessions.close()

    def _ask(self, cursor: Cursor, number: int) -> None:
        row = (self.name, number)
        if self.writes:
            cursor.execute("BEGIN")
            for insert in INSERTS:
                cursor.execute(insert, row)
            cursor.execute("COMMIT")
            self.acknowledged.append(row)
        else:
            cursor.execute("SELECT 1 FROM load_of_clients.right_half LIMIT 1")

    def gap(self, begin: float, end: float) -> float:
        """The longest time between two answers, of those that a gap from `begin` to `end` may lie in."""
        until = end + LATE_SECONDS
        return max(
            (after - before for before, after in pairwise(self.done) if after > begin and before < until),
            default=inf,
        )


class Load:
    """Some writers and readers of each kind. clients: all of them."""

    def __init__(self, cloud: LocalCloud, *, writers: int, readers: int) -> None:
        self._connect: Connect = lambda: at_the_endpoint(cloud)
        self._ended = Event()
        self.clients = [
            OneClient(name=f"{kind.__name__}-{number}", kind=kind, writes=number < writers)
            for kind in KINDS
            for number in range(writers + readers)
        ]
        self._threads = [Thread(target=each.work, args=(self._connect, self._ended)) for each in self.clients]

    def __enter__(self) -> Self:
        with self._connect() as cursor:
            for statement in TABLES:
                cursor.execute(statement)
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def end(self) -> None:
        """Let none of them ask for anything more."""
        self._ended.set()
        for thread in self._threads:
            thread.join()

    def gaps(self, windows: Sequence[tuple[float, float]]) -> dict[str, list[float]]:
        """By what is done and how, for each of these gaps, the longest that one client saw."""
        groups: dict[str, list[OneClient]] = {}
        for each in self.clients:
            what = "writes" if each.writes else "reads"
            groups.setdefault(f"{what}, {each.kind.__name__}", []).append(each)
        return {
            group: [max(each.gap(*window) for each in clients) for window in windows]
            for group, clients in groups.items()
        }

    def verdict(self) -> str:
        """Whether the endpoint's database has each acknowledged transaction, whole and once, in words."""
        with self._connect() as cursor:
            left, right = (_rows(cursor, half) for half in ("left", "right"))
        acknowledged = {row for each in self.clients for row in each.acknowledged}
        kept = left.keys() | right.keys()
        torn = left.keys() ^ right.keys()
        twice = [row for row, times in left.items() if times > 1]
        return (
            f"{len(acknowledged)} transactions acknowledged; lost {len(acknowledged - kept)}, "
            f"torn {len(torn)}, done twice {len(twice)}"
        )


def _rows(cursor: Cursor, half: str) -> Counter[Row]:
    cursor.execute(ROWS.format(half))
    return Counter((str(client), int(number)) for client, number in cursor.fetchall())


def grow(cloud: LocalCloud, gigabytes: float) -> Iterator[float]:
    """Add rows that nothing makes smaller, 20 MB in a transaction; how many GB are there, after each."""
    with at_the_endpoint(cloud) as cursor:
        cursor.execute(BULK)
        for made in range(1, round(gigabytes * 50) + 1):
            cursor.execute(MORE)
            yield made / 50
