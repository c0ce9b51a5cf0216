"""RDS's stored procedures on servers of both generations: what they do and refuse, how long it takes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pymysql
import pytest
from tenantnet.local_cloud import pace
from tenantnet.local_cloud.mysql import procedures
from tenantnet.local_cloud.pace import here
from tenantnet.runner.live.sql import FOLLOWERS

from tests.support.generations import GENERATIONS
from tests.support.mysql_client import wait_for
from tests.support.raw_servers import MASTER, PASSWORD, PORT, REPLICATION, Pair, installed, pair_of

SIGNALLED = 1644
RETRY = (
    "SELECT connection_retry_interval AS seconds FROM performance_schema.replication_connection_configuration"
)
ROUTINES = (
    "SELECT routine_type AS kind, routine_name AS name FROM information_schema.routines "
    "WHERE routine_schema = 'mysql' AND routine_name LIKE 'rds%'"
)
REFUSED = "SELECT last_error_number AS number FROM performance_schema.replication_connection_status"


@pytest.fixture(scope="module", params=GENERATIONS)
def pair(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    with pair_of(installed(request.param), tmp_path_factory.mktemp("servers"), follows=False) as pair:
        for server in (pair.blue, pair.green):
            with server.administrator() as cursor:
                addresses = {each.listening.name: each.listening.address for each in (pair.blue, pair.green)}
                procedures.keep_addresses(cursor, server.dialect, addresses)
        yield pair


@pytest.fixture
def green(pair: Pair) -> Iterator[Pair]:
    """The pair with a green that follows nobody, before and after."""
    yield pair
    pair.ask(pair.green, f"STOP {pair.green.dialect.replica}")
    pair.ask(pair.green, f"RESET {pair.green.dialect.replica} ALL")
    pair.ask(pair.green, "DELETE FROM mysql.rds_history")


@pytest.fixture
def paced(green: Pair, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[float], None]]:
    """Lets green's procedures take their time at another pace."""

    def install_at(seconds: float) -> None:
        with monkeypatch.context() as patch, green.green.administrator() as cursor:
            patch.setattr(pace, "PACE", seconds)
            for row in green.ask(green.green, ROUTINES):
                cursor.execute(f"DROP {row['kind']} mysql.{row['name']}")
            procedures.install(cursor, green.green.dialect)

    yield install_at
    install_at(pace.PACE)


def call(pair: Pair, name: str, *arguments: object) -> None:
    """As the master user, on green."""
    with pair.connect(pair.green, MASTER.username) as connection, connection.cursor() as cursor:
        cursor.execute(f"CALL mysql.{name}({', '.join(['%s'] * len(arguments))})", arguments)


def refused(pair: Pair, name: str, *arguments: object) -> str:
    with pytest.raises(pymysql.MySQLError) as error:
        call(pair, name, *arguments)
    assert error.value.args[0] == SIGNALLED
    return str(error.value.args[1])


def follow(pair: Pair) -> None:
    word = pair.green.dialect.source_procedures[-1]
    name = f"rds_set_external_{word}_with_auto_position"
    call(pair, name, pair.blue.listening.name, PORT, REPLICATION.username, PASSWORD, 1, 0)


def state(pair: Pair) -> str:
    (row,) = pair.ask(pair.green, "SELECT mysql.rds_replication_service_state() AS state")
    return str(row["state"])


def reset(pair: Pair) -> str:
    return f"rds_reset_external_{pair.green.dialect.source_procedures[-1]}"


def actions(pair: Pair) -> list[Any]:
    rows = pair.ask(pair.green, "SELECT action, called_by_user FROM mysql.rds_history ORDER BY id")
    assert all(row["called_by_user"].startswith(f"{MASTER.username}@") for row in rows)
    return [row["action"] for row in rows if not row["action"].startswith("Starting: ")]


def test_a_server_follows_another_by_the_name_of_its_endpoint(green: Pair) -> None:
    follow(green)
    assert state(green) == "OFF"
    call(green, "rds_start_replication")
    assert state(green) == "ON"
    green.master("CREATE DATABASE followed")
    green.level()
    assert green.ask(green.green, "SHOW DATABASES LIKE 'followed'")
    call(green, "rds_stop_replication")
    call(green, reset(green))
    assert state(green) == "NOT_EXIST"
    assert actions(green) == ["set master with AP", "start slave", "stop slave", "reset slave"]


# Trap 13.
def test_what_is_done_already_is_refused(green: Pair) -> None:
    assert "not configured" in refused(green, "rds_start_replication")
    assert "not configured" in refused(green, "rds_stop_replication")
    assert "not configured" in refused(green, reset(green))
    follow(green)
    assert "already stopped" in refused(green, "rds_stop_replication")
    call(green, "rds_start_replication")
    assert "already be running" in refused(green, "rds_start_replication")
    with pytest.raises(pymysql.MySQLError, match="Replication is running"):
        follow(green)


# Trap 13.
def test_a_stop_takes_the_three_seconds_that_it_takes_at_rds(green: Pair) -> None:
    follow(green)
    call(green, "rds_start_replication")
    begun = time.monotonic()
    call(green, "rds_stop_replication")
    assert time.monotonic() - begun >= here(3)


# Trap 13.
def test_a_follower_that_lost_its_source_asks_again_after_the_minute_that_rds_waits(
    green: Pair, paced: Callable[[float], None]
) -> None:
    paced(1)
    follow(green)
    assert green.ask(green.green, RETRY) == [{"seconds": 60}]


# Trap 13: so long a killed sender costs, where its account was locked for only a moment.
def test_a_follower_that_was_refused_once_is_back_after_its_wait_and_not_before(
    green: Pair, paced: Callable[[float], None]
) -> None:
    paced(3 / procedures.CONNECT_RETRY_SECONDS)
    follow(green)
    call(green, "rds_start_replication")
    wait_for(lambda: green.ask(green.blue, FOLLOWERS))
    green.ask(green.blue, "ALTER USER %s ACCOUNT LOCK", REPLICATION.username)
    (sender,) = green.ask(green.blue, FOLLOWERS)
    green.ask(green.blue, "KILL %s", sender["id"])
    wait_for(lambda: green.ask(green.green, REFUSED)[0]["number"])
    refused_at = time.monotonic()
    green.ask(green.blue, "ALTER USER %s ACCOUNT UNLOCK", REPLICATION.username)
    wait_for(lambda: green.ask(green.blue, FOLLOWERS))
    assert 2 < time.monotonic() - refused_at < 10


# Trap 13.
def test_a_replica_of_rds_own_follows_nobody_else(green: Pair) -> None:
    with green.green.administrator() as cursor:
        procedures.note_replica(cursor, green.green.dialect, is_replica=True)
    with pytest.raises(pymysql.MySQLError, match="RDS Read Replica"):
        follow(green)
    with green.green.administrator() as cursor:
        procedures.note_replica(cursor, green.green.dialect, is_replica=False)
    follow(green)


# Trap 13.
def test_a_run_up_to_a_set_is_refused_with_several_workers_and_ends_there_with_one(green: Pair) -> None:
    follow(green)
    workers = f"{green.green.dialect.replica.lower()}_parallel_workers"
    green.ask(green.green, f"SET GLOBAL {workers} = 4")
    assert "multi-threaded" in refused(green, "rds_start_replication_until_gtid", "")
    green.ask(green.green, f"SET GLOBAL {workers} = 1")
    green.master("CREATE DATABASE IF NOT EXISTS first")
    (row,) = green.ask(green.blue, "SELECT @@GLOBAL.gtid_executed AS executed")
    green.master("CREATE DATABASE IF NOT EXISTS second")
    last = row["executed"].replace("\n", "")
    # RDS takes a run that ended meanwhile for one that failed.
    with suppress(pymysql.MySQLError):
        call(green, "rds_start_replication_until_gtid", last)
    wait_for(lambda: green.ask(green.green, "SHOW DATABASES LIKE 'first'"))
    assert not green.ask(green.green, "SHOW DATABASES LIKE 'second'")


# Trap 13.
def test_nobody_ends_a_session_of_rds_own_and_everybody_anothers(green: Pair) -> None:
    with green.green.administrator() as cursor, green.connect(green.green, REPLICATION.username) as other:
        cursor.execute("SELECT CONNECTION_ID() AS id")
        (own,) = cursor.fetchall()
        assert refused(green, "rds_kill", own["id"]) == "CANNOT KILL RDSADMIN SESSION"
        with other.cursor() as asking:
            asking.execute("SELECT CONNECTION_ID()")
            ((number,),) = asking.fetchall()
        call(green, "rds_kill", number)
        with pytest.raises(pymysql.MySQLError):
            other.ping(reconnect=False)


def test_binary_logs_are_kept_for_as_long_as_was_said_and_no_longer(green: Pair) -> None:
    def logs() -> list[Any]:
        return [row["Log_name"] for row in green.ask(green.green, "SHOW BINARY LOGS")]

    def purge() -> None:
        with green.green.administrator() as cursor:
            procedures.purge_logs(cursor, green.green.dialect)

    assert "between 1 and 168" in refused(green, "rds_set_configuration", "binlog retention hours", 169)
    assert "unknown" in refused(green, "rds_set_configuration", "binlog retention days", 1)
    call(green, "rds_set_configuration", "binlog retention hours", 168)
    before = logs()
    purge()
    assert logs()[: len(before)] == before
    call(green, "rds_set_configuration", "binlog retention hours", None)
    purge()
    assert len(logs()) == 1


def test_what_they_do_leaves_no_trace_in_the_binary_log(green: Pair) -> None:
    def executed() -> list[Any]:
        return green.ask(green.green, "SELECT @@GLOBAL.gtid_executed")

    before = executed()
    follow(green)
    call(green, "rds_set_configuration", "binlog retention hours", 24)
    call(green, reset(green))
    assert executed() == before
