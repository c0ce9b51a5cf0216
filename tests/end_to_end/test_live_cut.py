"""The cut of a live move against real servers of both generations, with clients that are in its way."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from math import inf
from typing import Any

import pymysql
import pytest
from tenantnet.runner.live.accounts import Account, lock, open_accounts
from tenantnet.runner.live.cut import Before, Budgets, Decision, Outcome, Servers, cut, finish, take_back
from tenantnet.runner.live.events import enabled_events
from tenantnet.runner.live.fence import end_other_runners
from tenantnet.runner.live.session import GuardError
from tenantnet.runner.live.sql import FOLLOWERS

from tests.support.generations import GENERATIONS
from tests.support.live_clients import (
    KINDS,
    TABLES,
    USER,
    Clients,
    SlowLogin,
    clients_of,
    in_transactions,
    reconnecting,
)
from tests.support.mysql_client import wait_for
from tests.support.raw_servers import MASTER, Pair, installed, pair_of

ACCOUNT_LOCKED = 3118
MANY, ROUND_TRIP_SECONDS = 300, 0.02
LISTED = "SELECT 1 FROM information_schema.processlist WHERE id = %s"
LATER = "EVERY 1 DAY STARTS '2037-01-01'"
EVENTS = "SELECT * FROM information_schema.events WHERE event_schema = 'app' ORDER BY event_name"
# What a change of an event's state changes, and what the server that it is on makes of it.
OF_ITS_STATE = {"STATUS", "LAST_ALTERED", "ORIGINATOR"}


class Journal:
    """As the journal's table does it, without the table. at_begin: what a tenant does in that moment."""

    def __init__(self, at_begin: Callable[[], None] = lambda: None) -> None:
        self.before: Before | None = None
        self.decided: Decision | None = None
        self._at_begin = at_begin

    def begin(self, before: Before) -> None:
        self.before = before
        self._at_begin()

    def decide(self, decision: Decision) -> Decision:
        self.decided = self.decided or decision
        return self.decided


@pytest.fixture(scope="module", params=GENERATIONS)
def servers(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    with pair_of(installed(request.param), tmp_path_factory.mktemp("servers")) as pair:
        yield pair


class Lab:
    """One pair, and a cut of it; blue is in production again at the end of each test."""

    def __init__(self, pair: Pair) -> None:
        self.pair, self.journal = pair, Journal()

    def cut(self, lead: Callable[[], None] = lambda: None, budgets: Budgets | None = None) -> Outcome:
        with self.pair.servers() as both:
            return cut(both, self.journal, lead, budgets or Budgets())

    def is_as_before(self) -> bool:
        """Whether clients are on blue, and nobody is let in to green."""
        return bool(self.pair.logins(self.pair.blue)) and not self.pair.logins(self.pair.green)

    def has_moved(self) -> bool:
        return bool(self.pair.logins(self.pair.green)) and not self.pair.logins(self.pair.blue)


@pytest.fixture
def lab(servers: Pair) -> Iterator[Lab]:
    lab = Lab(servers)
    yield lab
    servers.reset(lab.journal.before)


@pytest.fixture
def clients(lab: Lab) -> Iterator[Clients]:
    with clients_of(lab.pair) as clients:
        yield clients


def written(pair: Pair, server: Any, table: str = "written") -> set[tuple[str, int]]:
    listed = pair.ask(server, f"SELECT client, number FROM app.{table}")  # noqa: S608 - a constant
    return {(row["client"], row["number"]) for row in listed}


def test_clients_of_every_kind_come_over_and_nothing_acknowledged_is_lost(lab: Lab, clients: Clients) -> None:
    pair = lab.pair
    for kind in KINDS:
        clients.add(kind, 2)
    clients.wait_for_writes(50)

    def lead() -> None:
        clients.leads_to = pair.green

    outcome = lab.cut(lead)
    assert outcome.why_back is None
    clients.wait_for_writes(50)
    clients.end()
    assert clients.acknowledged <= written(pair, pair.green)
    assert written(pair, pair.blue) <= written(pair, pair.green)
    of_two = {row for row in written(pair, pair.green) if row[0].startswith(in_transactions.__name__)}
    assert written(pair, pair.green, "other_half") == of_two
    assert len({name for name, _ in clients.acknowledged}) == 2 * len(KINDS)
    assert lab.has_moved()


def test_the_cut_leaves_no_trace_in_either_binary_log(lab: Lab) -> None:
    def executed() -> list[Any]:
        return [
            lab.pair.ask(server, "SELECT @@GLOBAL.gtid_executed")
            for server in (lab.pair.blue, lab.pair.green)
        ]

    lab.pair.level()
    before = executed()
    assert lab.cut().why_back is None
    assert executed() == before


# Trap 1.
def test_a_client_that_logs_in_slowly_cannot_write_behind_the_fence(lab: Lab) -> None:
    pair = lab.pair
    pair.master(*TABLES, "CREATE USER app_slow@'%' IDENTIFIED BY 'Correct-Horse-7'")
    pair.master("GRANT ALL ON app.* TO app_slow@'%'")
    pair.lock_green()
    slow = SlowLogin(pair, "app_slow")
    slow.begin()
    outcome = lab.cut()
    slow.go_on()
    assert outcome.why_back is None
    assert slow.refused is not None
    assert written(pair, pair.blue) == set()


# Trap 2.
def test_clients_that_log_in_all_the_time_do_not_keep_the_cut_from_ending(lab: Lab, clients: Clients) -> None:
    clients.add(reconnecting, 8)
    clients.wait_for_writes(30)
    # A machine that is busy with other tests takes its time; that it ends is what matters here.
    assert lab.cut(budgets=Budgets(lock=10, sessions=20, level=10)).why_back is None
    # They still try blue, whose answer is that their account is locked.
    with pytest.raises(pymysql.MySQLError) as refused:
        lab.pair.connect(lab.pair.blue, USER)
    assert refused.value.args[0] == ACCOUNT_LOCKED


# Traps 3 and 11.
def test_a_cut_that_has_to_wait_for_a_clients_lock_is_taken_back_and_green_stays_locked(lab: Lab) -> None:
    pair = lab.pair
    pair.master(*TABLES)
    pair.lock_green()
    with pair.connect(pair.blue, MASTER.username) as client, client.cursor() as cursor:
        cursor.execute("FLUSH TABLES WITH READ LOCK")
        assert "had to wait for a client's lock" in str(lab.cut(budgets=Budgets(lock=1.0)).why_back)
        # Nothing was locked, so nobody had to be ended.
        cursor.execute("UNLOCK TABLES")
    assert lab.is_as_before()


def test_a_client_that_keeps_the_source_from_being_opened_again_is_ended(lab: Lab) -> None:
    pair = lab.pair
    with pair.connect(pair.blue, MASTER.username) as client, pair.servers() as both:
        before = Before(accounts=open_accounts(both.source, pair.keep), events=())
        lock(both.source, before.accounts)
        with client.cursor() as cursor:
            cursor.execute("FLUSH TABLES WITH READ LOCK")
        take_back(both, before, Budgets(lock=1.0))
    assert lab.is_as_before()


# Trap 11, of 8.0.15.
def test_a_client_that_has_read_the_accounts_ends_no_cut_without_a_limit(lab: Lab) -> None:
    pair = lab.pair
    with pair.connect(pair.blue, MASTER.username, autocommit=False) as client, client.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM mysql.user")
        outcome = lab.cut(budgets=Budgets(lock=1.0))
        assert outcome.parts["open"] < 10
    # 9.7 does not wait for such a reader.
    assert outcome.why_back is None or lab.is_as_before()


# Trap 6.
@pytest.mark.parametrize("goes_through", [True, False])
def test_events_are_the_same_behind_a_move_and_behind_one_that_was_taken_back(
    lab: Lab, *, goes_through: bool
) -> None:
    pair = lab.pair
    pair.master(
        *TABLES,
        "CREATE USER app_owner@'%' IDENTIFIED BY 'Correct-Horse-7'",
        "GRANT ALL ON app.* TO app_owner@'%'",
        "SET NAMES latin1",
        "SET sql_mode = 'ANSI_QUOTES', time_zone = '+03:00'",
        f"CREATE DEFINER = app_owner@'%' EVENT app.latin ON SCHEDULE {LATER} DO SET @a = 1",
        "SET NAMES utf8mb4",
        f"CREATE DEFINER = app_owner@'%' EVENT app.`día` ON SCHEDULE {LATER} DO SET @a = 'ü'",
        f"CREATE EVENT app.off ON SCHEDULE {LATER} DISABLE DO SET @a = 1",
    )
    pair.lock_green()
    before = pair.ask(pair.blue, EVENTS)
    if not goes_through:
        lab.journal.decide(Decision.BACK)
    assert (lab.cut().why_back is None) == goes_through
    open_one, closed_one = (pair.green, pair.blue) if goes_through else (pair.blue, pair.green)
    after = pair.ask(open_one, EVENTS)
    assert [without_state(row) for row in after] == [without_state(row) for row in before]
    # One that was disabled by the tenant may have come by replication, which has a word of its own for it.
    assert [row["STATUS"] == "ENABLED" for row in after] == [row["STATUS"] == "ENABLED" for row in before]
    assert not any(row["STATUS"] == "ENABLED" for row in pair.ask(closed_one, EVENTS))


def without_state(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in OF_ITS_STATE}


def test_an_event_of_each_second_runs_on_one_server_at_a_time(lab: Lab) -> None:
    pair = lab.pair
    pair.master(
        *TABLES,
        "CREATE TABLE app.run (number INT AUTO_INCREMENT PRIMARY KEY, server INT)",
        "CREATE EVENT app.tick ON SCHEDULE EVERY 1 SECOND DO INSERT app.run (server) VALUES (@@server_id)",
    )
    pair.lock_green()
    wait_for_runs(pair, pair.blue, 1)
    assert lab.cut().why_back is None
    on_blue = pair.ask(pair.blue, "SELECT * FROM app.run")
    wait_for_runs(pair, pair.green, len(on_blue) + 2)
    assert pair.ask(pair.blue, "SELECT * FROM app.run") == on_blue


def wait_for_runs(pair: Pair, server: Any, number: int) -> None:
    until = time.monotonic() + 20
    while len(pair.ask(server, "SELECT * FROM app.run")) < number:
        assert time.monotonic() < until
        time.sleep(0.05)


# Trap 8.
def test_an_account_that_is_made_between_the_listing_and_the_lock_takes_the_cut_back(lab: Lab) -> None:
    lab.journal = Journal(lambda: lab.pair.master("CREATE USER app_new@'%' IDENTIFIED BY 'Correct-Horse-7'"))
    assert "app_new@%" in str(lab.cut().why_back)
    lab.pair.lock_green()
    assert lab.is_as_before()


def test_an_account_that_came_by_replication_is_locked_by_the_next_look_and_no_cut_relies_on_less(
    lab: Lab,
) -> None:
    lab.pair.master("CREATE USER app_new@'%' IDENTIFIED BY 'Correct-Horse-7'")
    lab.pair.level()
    assert "acme-green accounts are not locked: app_new@%" in str(lab.cut().why_back)
    lab.pair.lock_green()
    lab.journal = Journal()
    assert lab.cut().why_back is None
    assert lab.has_moved()


# Trap 9.
def test_an_account_that_is_dropped_between_the_listing_and_the_lock_does_no_harm(lab: Lab) -> None:
    lab.pair.master("CREATE USER app_gone@'%' IDENTIFIED BY 'Correct-Horse-7'")
    lab.pair.lock_green()
    lab.journal = Journal(lambda: lab.pair.master("DROP USER app_gone@'%'"))
    assert lab.cut().why_back is None
    assert lab.pair.logins(lab.pair.green) == {MASTER.username}


# Trap 10.
@pytest.mark.parametrize("goes_through", [True, False])
def test_roles_and_accounts_that_were_locked_before_stay_locked(lab: Lab, *, goes_through: bool) -> None:
    lab.pair.master(
        "CREATE ROLE app_role", "CREATE USER app_shut@'%' IDENTIFIED BY 'Correct-Horse-7' ACCOUNT LOCK"
    )
    lab.pair.level()
    if not goes_through:
        lab.journal.decide(Decision.BACK)
    lab.cut()
    assert lab.pair.logins(lab.pair.green if goes_through else lab.pair.blue) == {MASTER.username}


# Trap 12.
def test_a_prepared_transaction_of_xa_takes_the_cut_back_and_can_be_committed_then(lab: Lab) -> None:
    pair = lab.pair
    pair.master(*TABLES, "XA START 'x1'", "INSERT app.written VALUES ('xa', 1)", "XA END 'x1'")
    pair.lock_green()
    with pair.connect(pair.blue, MASTER.username) as client, client.cursor() as cursor:
        for statement in ("XA START 'x2'", "INSERT app.written VALUES ('xa', 2)", "XA END 'x2'"):
            cursor.execute(statement)
        cursor.execute("XA PREPARE 'x2'")
        assert "transactions of XA are prepared: x2" in str(lab.cut().why_back)
    pair.master("XA COMMIT 'x2'")
    pair.level()
    assert written(pair, pair.green) == {("xa", 2)}


# Trap 17.
def test_a_session_that_would_write_to_the_binary_log_changes_nothing(lab: Lab) -> None:
    with lab.pair.servers() as both:
        both.source.rows("SET SESSION sql_log_bin = 1")
        outcome = cut_or_raise(both, lab)
    assert "binary log" in outcome
    assert lab.is_as_before()


def cut_or_raise(both: Servers, lab: Lab) -> str:
    try:
        return str(cut(both, lab.journal, lambda: None, Budgets()).why_back)
    except GuardError as error:
        return str(error)


# Trap 16.
def test_a_runner_that_wakes_after_another_took_over_can_change_nothing(lab: Lab) -> None:
    with lab.pair.servers() as zombie:
        with lab.pair.servers() as successor:
            end_other_runners(successor.source)
            end_other_runners(successor.target)
        with pytest.raises(pymysql.MySQLError):
            lock(zombie.source, [Account(MASTER.username, "%")])
        with pytest.raises(pymysql.MySQLError):
            lock(zombie.target, [Account(MASTER.username, "%")])
    assert lab.is_as_before()


# Trap 14.
def test_the_connection_of_the_follower_is_the_same_behind_the_cut(lab: Lab) -> None:
    pair = lab.pair
    before = pair.ask(pair.blue, FOLLOWERS)
    assert len(before) == 1
    assert lab.cut().why_back is None
    assert pair.ask(pair.blue, FOLLOWERS) == before


# Trap 19.
def test_hundreds_of_sessions_on_a_server_far_away_do_not_take_a_round_trip_each(
    lab: Lab, record_property: Callable[[str, object], None]
) -> None:
    pair = lab.pair
    users = ", ".join(f"app_{number}@'%' IDENTIFIED BY 'Correct-Horse-7'" for number in range(MANY))
    pair.ask(pair.blue, f"SET GLOBAL max_connections = {2 * MANY}")
    pair.master(*TABLES, f"CREATE USER {users}")
    pair.lock_green()
    with ExitStack() as clients, pair.servers(lambda: time.sleep(ROUND_TRIP_SECONDS)) as both:
        for _ in range(MANY):
            clients.enter_context(pair.connect(pair.blue, USER))
        outcome = cut(both, lab.journal, lambda: None, Budgets(lock=10, sessions=20, level=20))
    assert outcome.why_back is None
    record_property("measured", f"{MANY} sessions and accounts, {ROUND_TRIP_SECONDS} s away: {outcome}")
    assert outcome.parts["sessions gone"] - outcome.parts["locked"] < MANY * ROUND_TRIP_SECONDS / 2


# Trap 19: who leaves between the listing and the end keeps nobody else from being ended.
def test_sessions_that_are_gone_keep_no_others_from_being_ended(lab: Lab) -> None:
    pair = lab.pair
    with pair.servers() as both, pair.connect(pair.blue, MASTER.username) as client:
        (row,) = pair.ask(pair.blue, "SELECT MAX(id) AS last FROM information_schema.processlist")
        gone = row["last"] + 1000
        own = client.thread_id()  # type: ignore[no-untyped-call] # the stubs leave it out
        both.source.end([gone, gone + 1, own, gone + 2])
        wait_for(lambda: not pair.ask(pair.blue, LISTED, own))


def test_a_green_that_is_read_only_is_seen_before_the_fence(lab: Lab) -> None:
    with lab.pair.green.administrator() as cursor:
        cursor.execute("SET GLOBAL read_only = 1")
    try:
        assert lab.cut().why_back == "acme-green is read-only"
    finally:
        with lab.pair.green.administrator() as cursor:
            cursor.execute("SET GLOBAL read_only = 0")
    assert lab.is_as_before()


def test_a_green_that_does_not_get_everything_in_time_takes_the_cut_back(lab: Lab) -> None:
    pair = lab.pair
    stop, start = f"STOP {pair.green.dialect.replica}", f"START {pair.green.dialect.replica}"
    pair.ask(pair.green, stop)
    pair.master(*TABLES)
    try:
        assert "did not have all of acme-blue" in str(lab.cut(budgets=Budgets(level=0.3)).why_back)
    finally:
        pair.ask(pair.green, start)
    assert lab.is_as_before()


class Killed(BaseException):
    """The runner is gone."""


@dataclass
class Dying:
    """A runner whose process is killed before the packet behind that many. sent: so far."""

    packets: float = inf
    sent: int = 0

    def sends(self) -> None:
        self.sent += 1
        if self.sent > self.packets:
            raise Killed


@pytest.mark.long
def test_whichever_statement_a_runner_dies_before_the_next_one_ends_the_cut_or_takes_it_back(
    lab: Lab,
) -> None:
    pair = lab.pair
    pair.master(*TABLES, f"CREATE EVENT app.tick ON SCHEDULE {LATER} DO SET @a = 1")
    pair.lock_green()
    ended = False
    outcomes = set()
    last = 0
    while not ended:
        ended = dies_before(pair, journal := Journal(), last)
        with pair.servers() as both:
            end_other_runners(both.source)
            end_other_runners(both.target)
            if journal.before and journal.decide(Decision.BACK) is Decision.SWITCH:
                finish(both.target, pair.keep, journal.before, lambda: None)
            elif journal.before:
                take_back(both, journal.before, Budgets())
            outcomes.add(journal.decided)
            open_one, closed_one = (
                (both.target, both.source)
                if journal.decided is Decision.SWITCH
                else (both.source, both.target)
            )
            assert open_accounts(open_one, pair.keep), last
            assert [event.name for event in enabled_events(open_one)] == ["tick"], last
            assert not open_accounts(closed_one, pair.keep), last
            assert not enabled_events(closed_one), last
            if journal.before:
                take_back(both, journal.before, Budgets())
        pair.lock_green()
        last += 1
    assert outcomes == {None, Decision.BACK, Decision.SWITCH}


def dies_before(pair: Pair, journal: Journal, last: int) -> bool:
    """Whether the cut ended before it came to that statement."""
    runner = Dying()
    with pair.servers(runner.sends) as both:
        runner.packets = runner.sent + last
        try:
            cut(both, journal, lambda: None, Budgets())
        except Killed:
            return False
    return True
