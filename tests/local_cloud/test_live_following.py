"""A live move's acts beside the cut, on servers of both generations: seed, follow, way back, end."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from tenantnet.local_cloud.mysql import procedures
from tenantnet.local_cloud.mysql.installation import Generation
from tenantnet.local_cloud.mysql.server import Server
from tenantnet.runner.live import accounts, back, events, fence, follow, gate, preflight, rehearsal, seed
from tenantnet.runner.live.cut import Before, Budgets, Decision, Servers, cut
from tenantnet.runner.live.follow import Source, State
from tenantnet.runner.live.session import GuardError, end_session

from tests.support.generations import GENERATIONS
from tests.support.mysql_client import wait_for
from tests.support.raw_servers import MASTER, PASSWORD, Pair, installed, pair_of

TICK = (
    "CREATE DATABASE app",
    "CREATE TABLE app.run (number INT AUTO_INCREMENT PRIMARY KEY, server INT)",
    "CREATE EVENT app.tick ON SCHEDULE EVERY 1 SECOND DO INSERT app.run (server) VALUES (@@server_id)",
)
RUNS = "SELECT * FROM app.run"


@pytest.fixture(params=GENERATIONS)
def generation(request: pytest.FixtureRequest) -> Generation:
    return Generation(request.param)


@pytest.fixture
def pair(generation: Generation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """Green is a copy of blue that was restored: all is open in it that is in blue; its scheduler is off."""
    with pair_of(installed(generation), tmp_path_factory.mktemp("servers"), follows=False) as pair:
        pair.ask(pair.green, "SET GLOBAL event_scheduler = OFF")
        yield pair


@pytest.fixture
def both(pair: Pair) -> Iterator[Servers]:
    with pair.servers() as both:
        yield both


def source_of(server: Any) -> Source:
    return Source(host=server.listening.address, password=PASSWORD)


def followed(pair: Pair, both: Servers) -> None:
    seed.first_acts(both.target, both.source, both.keep)
    pair.ask(pair.green, "SET GLOBAL event_scheduler = ON")
    seed.assert_scheduler(both.target, runs=True)
    follow.begin(both.target, both.source, source_of(pair.blue), both.keep)


class Journal:
    """Of one cut, in memory."""

    before: Before | None = None

    def begin(self, before: Before) -> None:
        self.before = before

    def decide(self, decision: Decision) -> Decision:
        return decision


def moved(pair: Pair, both: Servers) -> Before:
    """Let the clients be on green, and green follow nobody."""
    followed(pair, both)
    return led_over(both)


def led_over(both: Servers) -> Before:
    gate.wait(both, seconds=30)
    journal = Journal()
    assert cut(both, journal, lambda: None, Budgets()).why_back is None
    follow.end(both.target)
    assert journal.before is not None
    return journal.before


def test_a_server_that_a_live_move_can_begin_on_has_nothing_to_complain_of(both: Servers) -> None:
    for version in ("8.0.37", "8.0.41", "8.4", "8.4.3", "9.1.0"):
        assert preflight.complaints(both.source, version) == []
    assert "upgrade" in preflight.complaints(both.source, "8.0.36")[0]
    assert "upgrade" in preflight.complaints(both.source, "5.7.44")[0]


# Trap 12, before the snapshot.
def test_the_preflight_names_everything_that_would_stop_the_move_at_once(pair: Pair, both: Servers) -> None:
    pair.master("CREATE DATABASE app", "CREATE TABLE app.fast (id INT) ENGINE=MEMORY")
    pair.master("CREATE TABLE app.old (id INT) ENGINE=MyISAM", "CREATE TABLE app.entry (id INT)")
    with pair.connect(pair.blue, MASTER.username) as client, client.cursor() as cursor:
        for statement in ("XA START 'x1'", "INSERT app.entry VALUES (1)", "XA END 'x1'"):
            cursor.execute(statement)
        cursor.execute("XA PREPARE 'x1'")
        with pair.blue.administrator() as administrator:
            procedures.note_replica(administrator, pair.blue.dialect, is_replica=True)
            administrator.execute("SET GLOBAL binlog_format = MIXED")
        found = "\n".join(preflight.complaints(both.source, "8.4"))
        cursor.execute("XA ROLLBACK 'x1'")
    for word in ("app.fast (MEMORY), app.old (MyISAM)", "x1", "read replica", "binlog_format is MIXED"):
        assert word in found, found
    assert len(found.splitlines()) == 4


# Trap 5.
def test_no_event_runs_in_the_copy_before_and_while_it_follows(pair: Pair) -> None:
    pair.master(*TICK)
    wait_for(lambda: len(pair.ask(pair.blue, RUNS)) > 1)
    # The copy as it is restored: later than the event, which is enabled in it.
    pair.green.end()
    shutil.rmtree(pair.green.data)
    pair.green.fill(pair.blue.copy_data())
    pair.green.start()
    pair.ask(pair.green, "SET GLOBAL event_scheduler = OFF, GLOBAL read_only = 0")
    with pair.servers() as fresh:
        followed(pair, fresh)
        wait_for(lambda: len(pair.ask(pair.green, RUNS)) > 4)
        assert {row["server"] for row in pair.ask(pair.green, RUNS)} == {
            pair.ask(pair.blue, "SELECT @@server_id AS id")[0]["id"]
        }
        follow.assert_follows(fresh.target, fresh.source)


def test_a_copy_whose_events_may_have_run_is_not_used(pair: Pair, both: Servers) -> None:
    pair.master(*TICK)
    followed(pair, both)
    pair.level()
    pair.ask(pair.green, "ALTER EVENT app.tick ENABLE")
    with pytest.raises(GuardError, match="the event scheduler of acme-green is on"):
        seed.first_acts(both.target, both.source, both.keep)


def test_the_first_acts_close_the_copy_and_leave_no_trace(pair: Pair, both: Servers) -> None:
    before = fence.executed(both.target)
    with pair.connect(pair.green, MASTER.username) as client:
        seed.first_acts(both.target, both.source, both.keep)
        with pytest.raises(Exception, match=r"Lost connection|gone away"), client.cursor() as cursor:
            cursor.execute("SELECT 1")
    seed.first_acts(both.target, both.source, both.keep)
    assert pair.logins(pair.green) == set()
    assert fence.executed(both.target) == before
    assert pair.ask(pair.green, "SELECT value FROM mysql.rds_configuration") == [{"value": 168}]


def test_a_copy_with_transactions_that_the_source_has_not_is_not_used(pair: Pair, both: Servers) -> None:
    pair.ask(pair.green, "SELECT 1")
    uuid = "3e11fa47-71ca-11e1-9e33-c80aa9429562"
    with pair.green.administrator() as cursor:
        cursor.execute("SET SESSION sql_log_bin = 1")
        cursor.execute(f"SET SESSION gtid_next = '{uuid}:1'")
        cursor.execute("CREATE DATABASE strange")
        cursor.execute("SET SESSION gtid_next = AUTOMATIC")
    with pytest.raises(GuardError, match=f"transactions that acme-blue has not: {uuid}:1"):
        seed.first_acts(both.target, both.source, both.keep)


def test_a_copy_whose_source_has_deleted_what_it_lacks_is_not_used(pair: Pair, both: Servers) -> None:
    pair.master("CREATE DATABASE lacking")
    with pair.blue.administrator() as cursor:
        procedures.purge_logs(cursor, pair.blue.dialect)
    with pytest.raises(GuardError, match="has deleted binary logs that acme-green lacks"):
        seed.first_acts(both.target, both.source, both.keep)


def test_logs_are_kept_for_a_copy_that_was_announced(pair: Pair, both: Servers) -> None:
    seed.keep_logs(both.source)
    pair.master("CREATE DATABASE lacking")
    with pair.blue.administrator() as cursor:
        procedures.purge_logs(cursor, pair.blue.dialect)
    followed(pair, both)
    pair.level()
    assert pair.ask(pair.green, "SHOW DATABASES LIKE 'lacking'")


# Trap 13, and that repeating does no harm whatever RDS's procedures say.
def test_following_is_begun_and_ended_whatever_state_it_was_left_in(pair: Pair, both: Servers) -> None:
    seed.first_acts(both.target, both.source, both.keep)
    replica = pair.green.dialect.replica
    for left in (f"STOP {replica}", f"STOP {replica} SQL_THREAD", f"STOP {replica} IO_THREAD", "SELECT 1"):
        follow.begin(both.target, both.source, source_of(pair.blue), both.keep)
        assert follow.following(both.target).state is State.ON
        pair.ask(pair.green, left)
    for left in (f"STOP {replica}", f"STOP {replica} SQL_THREAD", "SELECT 1"):
        follow.begin(both.target, both.source, source_of(pair.blue), both.keep)
        pair.ask(pair.green, left)
        follow.end(both.target)
        assert follow.following(both.target).state is State.NOT_EXIST
    follow.end(both.target)


def test_a_copy_that_clients_can_reach_follows_nobody(pair: Pair, both: Servers) -> None:
    with pytest.raises(GuardError, match="accounts are not locked"):
        follow.begin(both.target, both.source, source_of(pair.blue), both.keep)
    assert follow.following(both.target).state is State.NOT_EXIST


# Trap 8.
def test_each_look_locks_what_replication_has_brought(pair: Pair, both: Servers) -> None:
    followed(pair, both)
    pair.master("CREATE USER app_new@'%' IDENTIFIED BY 'Correct-Horse-7'", "CREATE ROLE app_role")
    pair.level()
    assert follow.look(both.target, both.source, both.keep) == (accounts.Account("app_new", "%"),)
    assert pair.logins(pair.green) == set()
    assert follow.look(both.target, both.source, both.keep) == ()


def test_replication_that_ends_is_named_with_what_the_server_says(pair: Pair, both: Servers) -> None:
    followed(pair, both)
    pair.ask(pair.green, "CREATE DATABASE twice")
    pair.master("CREATE DATABASE twice")
    wait_for(lambda: follow.following(both.target).state is State.BROKEN)
    with pytest.raises(GuardError, match=r"follows by one of its two threads: .*twice"):
        follow.look(both.target, both.source, both.keep)


# Trap 7.
def test_an_event_without_its_definer_is_left_alone(pair: Pair, both: Servers) -> None:
    pair.master(
        "CREATE DATABASE app",
        "CREATE USER app_gone@'%' IDENTIFIED BY 'Correct-Horse-7'",
        "CREATE DEFINER = app_gone@'%' EVENT app.orphan ON SCHEDULE EVERY 1 DAY DO SET @a = 1",
    )
    with pair.blue.administrator() as cursor:
        cursor.execute("SET SESSION sql_log_bin = 1")
        cursor.execute("DROP USER app_gone@'%'")
    assert events.enabled_events(both.source) == ()
    moved(pair, both)
    assert pair.logins(pair.green) == {MASTER.username}


def test_the_gate_names_what_is_in_the_way_and_opens_once_it_is_gone(pair: Pair, both: Servers) -> None:
    followed(pair, both)
    pair.master("CREATE DATABASE app", "CREATE TABLE app.many (id INT AUTO_INCREMENT PRIMARY KEY)")
    rows = ", ".join(["()"] * 11_000)
    pair.master(f"INSERT app.many VALUES {rows}")  # noqa: S608 - constants
    pair.level()
    with pair.connect(pair.blue, MASTER.username, autocommit=False) as client, client.cursor() as cursor:
        cursor.execute("DELETE FROM app.many")
        with pytest.raises(GuardError, match="rows and not committed"):
            gate.wait(both, seconds=0.1)
    gate.wait(both, seconds=30)


# Trap 8.
def test_the_gate_locks_what_comes_while_it_waits(pair: Pair, both: Servers) -> None:
    followed(pair, both)
    pair.master("CREATE USER app_new@'%' IDENTIFIED BY 'Correct-Horse-7'")
    pair.level()
    gate.wait(both, seconds=30)
    assert pair.logins(pair.green) == set()


def test_a_follower_that_has_stopped_begins_again_whatever_replication_has_brought(
    pair: Pair, both: Servers
) -> None:
    """An account that is open, and a branch of XA, which its client commits later."""
    pair.master("CREATE DATABASE app", "CREATE TABLE app.entry (id INT)")
    followed(pair, both)
    pair.master("CREATE USER app_new@'%' IDENTIFIED BY 'Correct-Horse-7'")
    pair.master("XA START 'x1'", "INSERT app.entry VALUES (1)", "XA END 'x1'", "XA PREPARE 'x1'")
    pair.level()
    pair.ask(pair.green, f"STOP {pair.green.dialect.replica}")
    follow.begin_again(both.target, both.source, source_of(pair.blue), both.keep)
    assert pair.logins(pair.green) == set()
    pair.master("XA COMMIT 'x1'")
    pair.level()
    assert pair.ask(pair.green, "SELECT id FROM app.entry") == [{"id": 1}]


def test_a_session_of_rds_that_a_listing_had_no_name_for_is_left_alone(pair: Pair, both: Servers) -> None:
    with pair.blue.administrator() as cursor:
        cursor.execute("SELECT CONNECTION_ID() AS id")
        row = cursor.fetchone()
        assert row is not None
        assert not end_session(both.source.rows, row["id"])
        cursor.execute("SELECT 1")


def test_a_session_that_does_not_end_is_named_with_what_it_does(pair: Pair, both: Servers) -> None:
    with (
        pair.blue.administrator(),
        pytest.raises(GuardError, match=r"1 sessions on .* within 0\.1 s: rdsadmin \(Sleep\)"),
    ):
        fence.end_sessions_of(both.source, "rdsadmin", 0.1)


def test_the_gate_stays_closed_while_the_copy_is_behind(pair: Pair, both: Servers) -> None:
    followed(pair, both)
    pair.ask(pair.green, f"STOP {pair.green.dialect.replica} SQL_THREAD")
    with pytest.raises(GuardError, match="follows by one of its two threads"):
        gate.wait(both, seconds=0.1)


def test_a_rehearsed_cut_is_timed_and_neither_clients_nor_logs_notice_it(pair: Pair, both: Servers) -> None:
    followed(pair, both)
    before = fence.executed(both.source)
    with pair.connect(pair.blue, MASTER.username) as client, client.cursor() as cursor:
        outcome = rehearsal.rehearse(both, connect_to_blue(pair), Budgets())
        cursor.execute("SELECT 1")
    assert list(outcome.parts) == ["locked", "sessions gone", "level", "open"]
    assert pair.logins(pair.blue) == {MASTER.username}
    assert fence.executed(both.source) == before


def test_a_rehearsal_names_what_would_take_the_cut_back_and_the_next_one_tidies_up(
    pair: Pair, both: Servers
) -> None:
    followed(pair, both)
    with pair.blue.administrator() as cursor:
        cursor.execute("FLUSH TABLES WITH READ LOCK")
        with pytest.raises(GuardError, match="had to wait for a client's lock"):
            rehearsal.rehearse(both, connect_to_blue(pair), Budgets())
        cursor.execute("UNLOCK TABLES")
    rehearsal.rehearse(both, connect_to_blue(pair), Budgets())
    assert pair.logins(pair.blue) == {MASTER.username}


def connect_to_blue(pair: Pair) -> rehearsal.Connect:
    return lambda login: pair.connect(pair.blue, login.username, password=login.password)


# Trap 4.
def test_the_former_production_follows_only_once_the_server_itself_is_read_only(
    pair: Pair, both: Servers
) -> None:
    moved(pair, both)
    mirrored = replace(both, source=both.target, target=both.source)
    with pytest.raises(GuardError, match="acme-blue is not read-only"):
        follow.follow_back(mirrored.target, mirrored.source, source_of(pair.green), both.keep)
    assert follow.following(both.source).state is State.NOT_EXIST
    pair.ask(pair.blue, "SET GLOBAL read_only = 1")
    follow.follow_back(mirrored.target, mirrored.source, source_of(pair.green), both.keep)
    with pair.connect(pair.green, MASTER.username) as client, client.cursor() as cursor:
        cursor.execute("CREATE USER app_new@'%' IDENTIFIED BY 'Correct-Horse-7'")
    wait_for(lambda: "app_new" in pair.logins(pair.blue))
    with pytest.raises(Exception, match="read-only"), pair.connect(pair.blue, "app_new") as client:
        client.cursor().execute("CREATE DATABASE nowhere")


# Trap 10, of the way back.
def test_the_way_back_leads_back_and_nothing_is_lost(pair: Pair, both: Servers) -> None:
    pair.master(
        "CREATE ROLE app_role", "CREATE USER app_shut@'%' IDENTIFIED BY 'Correct-Horse-7' ACCOUNT LOCK"
    )
    before = moved(pair, both)
    mirrored = replace(both, source=both.target, target=both.source)
    pair.ask(pair.blue, "SET GLOBAL read_only = 1")
    follow.follow_back(mirrored.target, mirrored.source, source_of(pair.green), both.keep)
    with pair.connect(pair.green, MASTER.username) as client, client.cursor() as cursor:
        cursor.execute("CREATE DATABASE behind_the_switch")
        cursor.execute("CREATE USER app_new@'%' IDENTIFIED BY 'Correct-Horse-7'")
    wait_for(lambda: "app_new" in pair.logins(pair.blue))
    with pytest.raises(GuardError, match="acme-blue is read-only"):
        back.prepare(mirrored.target, mirrored.source, both.keep)
    pair.ask(pair.blue, "SET GLOBAL read_only = 0")
    back.prepare(mirrored.target, mirrored.source, both.keep)
    assert pair.logins(pair.blue) == set()
    gate.wait(mirrored, seconds=30)
    journal = Journal()
    assert cut(mirrored, journal, lambda: None, Budgets()).why_back is None
    assert pair.logins(pair.blue) == {MASTER.username, "app_new"}
    assert pair.ask(pair.blue, "SHOW DATABASES LIKE 'behind_the_switch'")
    assert before.accounts == (accounts.Account(MASTER.username, "%"),)


# Trap 15.
def test_logs_that_the_way_back_needs_and_are_gone_are_known_before_the_fence(
    pair: Pair, both: Servers
) -> None:
    moved(pair, both)
    with pair.connect(pair.green, MASTER.username) as client, client.cursor() as cursor:
        cursor.execute("CREATE DATABASE behind_the_switch")
    with pair.green.administrator() as cursor:
        cursor.execute("CALL mysql.rds_set_configuration('binlog retention hours', NULL)")
        procedures.purge_logs(cursor, pair.green.dialect)
    with pytest.raises(GuardError, match="acme-green has deleted binary logs that acme-blue lacks"):
        back.prepare(both.source, both.target, both.keep)
    assert pair.logins(pair.green) == {MASTER.username}


# Trap 20.
def test_behind_the_retirement_the_binary_log_has_the_accounts_open_and_the_events_enabled(
    pair: Pair, both: Servers
) -> None:
    pair.master(*TICK)
    before = moved(pair, both)
    executed = fence.executed(both.target)
    back.retire(both.target, before, both.keep)
    assert fence.executed(both.target) != executed
    newest = pair.ask(pair.green, "SHOW BINARY LOGS")[-1]["Log_name"]
    logged = "\n".join(row["Info"] for row in pair.ask(pair.green, f"SHOW BINLOG EVENTS IN '{newest}'"))
    assert "ACCOUNT UNLOCK" in logged
    assert "ENABLE" in logged
    assert both.target.answer("SELECT @@SESSION.sql_log_bin") == 0


# Trap 20.
def test_a_restore_from_a_backup_older_than_the_cut_is_locked_until_the_former_production_is_retired(
    pair: Pair, both: Servers
) -> None:
    pair.master(*TICK)
    followed(pair, both)
    backup = pair.green.copy_data()
    before = led_over(both)
    with pair.connect(pair.green, MASTER.username) as client, client.cursor() as cursor:
        cursor.execute("CREATE DATABASE behind_the_switch")
    with pair.restored(backup) as early:
        assert pair.ask(early, "SHOW DATABASES LIKE 'behind_the_switch'")
        assert not pair.logins(early)
        assert state_of_events(pair, early) != {"ENABLED"}
        # The move's own account is there, and opens it.
        session = pair.session(early)
        accounts.unlock(session, before.accounts)
        events.enable(session, before.events)
        session.close()
        assert (pair.logins(early), state_of_events(pair, early)) == ({MASTER.username}, {"ENABLED"})
    # Its sender would notice only when it has something to send that the restored server is gone.
    fence.end_sessions_of(both.target, accounts.REPLICATION, 10)
    back.retire(both.target, before, both.keep)
    with pair.restored(backup) as late:
        assert pair.ask(late, "SHOW DATABASES LIKE 'behind_the_switch'")
        assert pair.logins(late) == {MASTER.username}


def state_of_events(pair: Pair, server: Server) -> set[str]:
    return {
        row["status"] for row in pair.ask(server, "SELECT status AS status FROM information_schema.events")
    }


def test_nothing_is_written_for_a_restore_while_somebody_follows(pair: Pair, both: Servers) -> None:
    before = moved(pair, both)
    pair.ask(pair.blue, "SET GLOBAL read_only = 1")
    follow.follow_back(both.source, both.target, source_of(pair.green), both.keep)
    with pytest.raises(GuardError, match="is followed still"):
        back.retire(both.target, before, both.keep)
    assert pair.logins(pair.blue) == set()
    # As of a former production that is dead, which ends nothing itself.
    fence.end_sessions_of(both.target, accounts.REPLICATION, 10)
    back.retire(both.target, before, both.keep)
