"""A follower is compared with its leader, on servers of both generations, while clients write."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Event, Thread

import pymysql
import pytest
from tenantnet.runner.live import chunks, follow, verify
from tenantnet.runner.live.follow import State

from tests.support.generations import GENERATIONS
from tests.support.mysql_client import wait_for
from tests.support.raw_servers import MASTER, Pair, compared, installed, leader_of, pair_of, ways

TRIGGER = "CREATE TRIGGER app.once BEFORE DELETE ON app.entry FOR EACH ROW SET @gone = 1"
CONTENT = (
    "CREATE DATABASE app",
    "CREATE TABLE app.entry (id INT AUTO_INCREMENT PRIMARY KEY, text VARCHAR(40) CHARACTER SET latin1, "
    "longer INT AS (CHAR_LENGTH(text) + 1), more JSON, at TIMESTAMP DEFAULT CURRENT_TIMESTAMP)",
    "INSERT app.entry (text, more) VALUES ('é', '{\"a\": 1}'), (NULL, NULL), ('', 'null')",
    *["INSERT app.entry (text) SELECT text FROM app.entry"] * 10,
    "CREATE TABLE app.pair (a VARCHAR(20), b VARBINARY(20), c DOUBLE, d BIT(3), PRIMARY KEY (a, b))",
    "INSERT app.pair SELECT id % 7, id, id / 3, id % 8 FROM app.entry",
    "CREATE TABLE app.heap (a INT, b ENUM('z', 'a'))",
    "INSERT app.heap SELECT id % 5, 'a' FROM app.entry",
    "CREATE TABLE app.`od.d` (e ENUM('z', 'a') PRIMARY KEY, g GEOMETRY)",
    "INSERT app.`od.d` VALUES ('z', POINT(1, 2)), ('a', NULL)",
    "CREATE TABLE app.written (id INT AUTO_INCREMENT PRIMARY KEY, text CHAR(20))",
    "CREATE VIEW app.texts AS SELECT text FROM app.entry",
    TRIGGER,
    "CREATE USER app_reader@'%' IDENTIFIED BY 'Another-Horse-8'",
    "GRANT SELECT ON app.* TO app_reader@'%'",
)
LIMIT_SECONDS = 120.0


@pytest.fixture(scope="module", params=GENERATIONS)
def pair(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    patch = pytest.MonkeyPatch()
    patch.setattr(chunks, "ROWS", 500)
    with pair_of(installed(request.param), tmp_path_factory.mktemp("servers")) as pair:
        pair.ask(pair.blue, "SET GLOBAL log_bin_trust_function_creators = ON")
        pair.master(*CONTENT)
        pair.lock_green()
        yield pair
    patch.undo()


@contextmanager
def writing(pair: Pair) -> Iterator[list[float]]:
    """A client that writes to the leader all the time; how long each write took."""
    ended, took = Event(), list[float]()

    def write() -> None:
        with pair.connect(pair.blue, MASTER.username) as client, client.cursor() as cursor:
            while not ended.wait(0.002):
                begun = time.monotonic()
                cursor.execute("INSERT app.written (text) VALUES ('written')")
                cursor.execute("UPDATE app.entry SET text = CONCAT('new ', RAND()) WHERE id = 7")
                took.append(time.monotonic() - begun)

    thread = Thread(target=write)
    thread.start()
    try:
        yield took
    finally:
        ended.set()
        thread.join()


def test_while_clients_write_a_follower_that_has_everything_does_not_differ(pair: Pair) -> None:
    with writing(pair) as took:
        wait_for(lambda: len(took) > 20)
        assert compared(pair) == []
        assert len(took) > 50
    with pair.servers() as both:
        assert follow.following(both.target).state is State.ON


@pytest.mark.parametrize(
    ("change", "back", "named"),
    [
        (
            "UPDATE app.entry SET more = '{\"a\": 2}' WHERE id = 1",
            "UPDATE app.entry SET more = '{\"a\": 1}' WHERE id = 1",
            "table app.entry: rows 1 to 500: 500 rows",
        ),
        ("DELETE FROM app.pair WHERE b = '1'", "INSERT app.pair VALUES ('1', '1', 1/3, 1)", "table app.pair"),
        ("UPDATE app.heap SET a = a + 10", "UPDATE app.heap SET a = a - 10", "table app.heap: rows 1 and"),
        (
            "UPDATE app.`od.d` SET g = NULL",
            "UPDATE app.`od.d` SET g = POINT(1, 2) WHERE e = 'z'",
            "table app.`od.d`: rows",
        ),
        (
            "DROP TRIGGER app.once",
            f"CREATE DEFINER = acmeadmin@`%` {TRIGGER[7:]}",
            "trigger app.once: only in the source",
        ),
        (
            "ALTER DEFINER = CURRENT_USER VIEW app.texts AS SELECT text FROM app.entry",
            "ALTER DEFINER = acmeadmin@`%` VIEW app.texts AS SELECT text FROM app.entry",
            "view app.texts",
        ),
        (
            "GRANT INSERT ON app.* TO app_reader@'%'",
            "REVOKE INSERT ON app.* FROM app_reader@'%'",
            "user app_reader@%: grants",
        ),
    ],
)
def test_a_difference_is_found_and_named_while_clients_write(
    pair: Pair, change: str, back: str, named: str
) -> None:
    pair.level()
    pair.ask(pair.green, change)
    try:
        with writing(pair):
            found = compared(pair)
    finally:
        pair.ask(pair.green, back)
    assert len(found) == 1, found
    assert named in found[0]


# Trap 18.
def test_a_tenants_alter_does_not_wait_for_the_comparison(pair: Pair) -> None:
    with pair.servers() as both, verify._snapshots(both, leader_of(pair), ways(pair)) as (source, target):
        part = chunks.first_of(source, chunks.Chunk(schema="app", table="heap"))
        assert chunks.read(source, part) == chunks.read(target, part)
        begun = time.monotonic()
        pair.master("ALTER TABLE app.heap ADD COLUMN c INT")
        waited = time.monotonic() - begun
        # The follower's own readers are in nobody's way either.
        pair.level()
        with suppress(pymysql.MySQLError):
            source.rows("SELECT 1")
        assert not source.is_open
    pair.master("ALTER TABLE app.heap DROP COLUMN c")
    assert waited < 2
    assert compared(pair) == []


def test_a_table_that_is_dropped_meanwhile_is_no_difference(pair: Pair) -> None:
    pair.master("CREATE TABLE app.brief (id INT PRIMARY KEY)")
    pair.level()
    with pair.servers() as both:
        progress, left = verify.Progress(), deque([chunks.Chunk(schema="app", table="brief")])
        pair.master("DROP TABLE app.brief")
        with verify._snapshots(both, leader_of(pair), ways(pair)) as (source, target):
            verify._compare_in(source, target, left, progress)
    assert (progress.found, list(left)) == ([], [])
