"""Two MySQL servers with nothing of AWS around them: one in production, one that follows it."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pymysql
import pytest
from pymysql.constants import CLIENT
from pymysql.cursors import DictCursor
from tenantnet.local_cloud.mysql import procedures, replication
from tenantnet.local_cloud.mysql.accounts import Account, make_master_user
from tenantnet.local_cloud.mysql.addresses import free_address
from tenantnet.local_cloud.mysql.authority import CertificateAuthority
from tenantnet.local_cloud.mysql.home import Home
from tenantnet.local_cloud.mysql.installation import Generation, Installation, find, mysql
from tenantnet.local_cloud.mysql.launcher import Launcher
from tenantnet.local_cloud.mysql.server import Listening, Server
from tenantnet.local_cloud.state import StateDir
from tenantnet.runner.live import accounts, events, verify
from tenantnet.runner.live.cut import Before, Budgets, Servers, take_back
from tenantnet.runner.live.follow import Source
from tenantnet.runner.live.move import ANSWER_SECONDS
from tenantnet.runner.live.session import Session
from tenantnet.runner.live.verify import Ways

PORT = 3306
PASSWORD = "Correct-Horse-7"
MASTER = Account(username="acmeadmin", password=PASSWORD)
REPLICATION = Account(username=accounts.REPLICATION, password=PASSWORD)


@dataclass(kw_only=True)
class Pair:
    """blue: in production. green: follows it, with each account locked and each event disabled.

    new: makes another server, of that name.
    """

    blue: Server
    green: Server
    launcher: Launcher
    new: Callable[[str], Server] = field(repr=False)
    keep: frozenset[str] = field(default=frozenset())

    def connect(self, server: Server, user: str, **options: Any) -> pymysql.Connection[Any]:
        """A client's login over TLS."""
        trusted = ssl.create_default_context(cafile=str(server.authority_file))
        return pymysql.connect(
            host=server.listening.address,
            port=PORT,
            user=user,
            ssl=trusted,
            **{
                "password": PASSWORD,
                "autocommit": True,
                "read_timeout": 20,
                "connect_timeout": 20,
                **options,
            },
        )

    def session(self, server: Server, before_each: Callable[[], object] = lambda: None) -> Session:
        """The runner's. before_each: called before each packet that it sends."""

        def connect() -> pymysql.Connection[Any]:
            connection: Any = self.connect(
                server, accounts.RUNNER, client_flag=CLIENT.MULTI_STATEMENTS, read_timeout=ANSWER_SECONDS
            )
            send = connection._execute_command

            def send_then(*packet: object) -> None:
                before_each()
                send(*packet)

            connection._execute_command = send_then
            return connection  # type: ignore[no-any-return] # it was Any for the sake of one method

        return Session(server.listening.name, connect)

    @contextmanager
    def servers(self, before_each: Callable[[], object] = lambda: None) -> Iterator[Servers]:
        """The runner's standing sessions. before_each: called before each packet that they send."""
        source, target = (self.session(server, before_each) for server in (self.blue, self.green))
        try:
            yield Servers(source=source, target=target, keep=self.keep)
        finally:
            source.close()
            target.close()

    def master(self, *statements: str) -> None:
        """What the tenant's administrator does in production; it travels to the other server."""
        with self.connect(self.blue, MASTER.username) as connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    def ask(self, server: Server, statement: str, *arguments: object) -> list[dict[str, Any]]:
        with server.administrator() as cursor:
            cursor.execute(statement, arguments or None)
            return list(cursor.fetchall())

    def logins(self, server: Server) -> set[str]:
        """The users that can log in, but for those that are always there."""
        listed = self.ask(server, "SELECT user FROM mysql.user WHERE account_locked = 'N'")
        return {row["user"] for row in listed} - self.keep

    def level(self) -> None:
        """Return once green has what blue has."""
        self._level(self.blue, self.green)

    def _level(self, leader: Server, follower: Server) -> None:
        (row,) = self.ask(leader, "SELECT @@GLOBAL.gtid_executed AS executed")
        (done,) = self.ask(
            follower, "SELECT WAIT_FOR_EXECUTED_GTID_SET(%s, 30) AS late", row["executed"].replace("\n", "")
        )
        assert done["late"] == 0

    @contextmanager
    def restored(self, backup: Path) -> Iterator[Server]:
        """What a restore of green to this moment is: an earlier copy of it, and its binary log since."""
        server = self.new("restored")
        server.fill(backup)
        server.start()
        try:
            with server.administrator() as cursor:
                replication.forget(cursor, server.dialect)
                self._follow(server, self.green)
                self._level(self.green, server)
                replication.forget(cursor, server.dialect)
                cursor.execute("SET GLOBAL read_only = 0")
            yield server
        finally:
            server.remove()

    def follow(self) -> None:
        """Let green follow blue, as the local cloud lets a replica."""
        self._follow(self.green, self.blue)

    def _follow(self, follower: Server, leader: Server) -> None:
        with follower.administrator() as cursor:
            replication.follow(
                cursor, leader.listening, REPLICATION, follower.authority_file, follower.dialect
            )

    def lock_green(self) -> None:
        """What each look at the follower does."""
        self.level()
        with self.servers() as both:
            accounts.lock(both.target, accounts.open_accounts(both.target, self.keep))
            events.disable(both.target, events.enabled_events(both.target))

    def reset(self, before: Before | None) -> None:
        """Blue in production again, whatever a test did; what the test made is gone."""
        for server in (self.blue, self.green):
            _end_clients(server)
        for server in (self.blue, self.green):
            # What is still on its way to green must not come to a table or a user that is gone there.
            self.level()
            with server.administrator() as cursor:
                _drop_what_was_made(cursor)
        if before:
            with self.servers() as both:
                take_back(both, before, Budgets())
        self.lock_green()

    def close(self) -> None:
        self.launcher.close()


def _end_clients(server: Server) -> None:
    with server.administrator() as cursor:
        cursor.execute("XA RECOVER CONVERT XID")
        for branch in cursor.fetchall():
            cursor.execute(f"XA ROLLBACK {branch['data']}")
        cursor.execute(
            "SELECT id FROM information_schema.processlist WHERE id <> CONNECTION_ID() AND user NOT IN "
            "('system user', 'event_scheduler', 'unauthenticated user', %s)",
            (REPLICATION.username,),
        )
        for row in cursor.fetchall():
            try:
                cursor.execute("KILL %s", (row["id"],))
            except pymysql.MySQLError as error:
                if error.args[0] != pymysql.constants.ER.NO_SUCH_THREAD:
                    raise


def _drop_what_was_made(cursor: DictCursor) -> None:
    cursor.execute("DROP DATABASE IF EXISTS app")
    cursor.execute("SELECT user, host FROM mysql.user WHERE user LIKE 'app%%'")
    for row in cursor.fetchall():
        cursor.execute("DROP USER IF EXISTS %s@%s", (row["user"], row["host"]))


def installed(generation: Generation) -> Installation:
    """What runs it; the test is skipped, and says so, where nothing does."""
    found = find(generation)
    if not isinstance(found, Installation) or found.dialect is not mysql(generation).dialect:
        pytest.skip(f"MYSQL {generation} IS NOT TESTED: it is not installed")
    return found


@contextmanager
def pair_of(installation: Installation, folder: Path, *, follows: bool = True) -> Iterator[Pair]:
    """Start both, with the runner's account as the master user makes it.

    follows: else green is a copy of blue in which nothing is locked yet, and that nobody leads.
    """
    launcher, authority = Launcher(), CertificateAuthority()
    home = Home(StateDir(folder), installation)

    def server(name: str) -> Server:
        listening = Listening(name=f"acme-{name}", address=free_address(PORT), port=PORT)
        return Server(home, launcher, authority, listening)

    pair = Pair(blue=server("blue"), green=server("green"), launcher=launcher, new=server)
    try:
        _begin(pair)
        if follows:
            pair.follow()
            pair.lock_green()
        yield pair
    finally:
        pair.close()
        home.remove()


def _begin(pair: Pair) -> None:
    blue, green = pair.blue, pair.green
    blue.fill(None)
    blue.start()
    with blue.administrator() as cursor:
        make_master_user(cursor, MASTER, blue.dialect.privileges)
        procedures.install(cursor, blue.dialect)
        cursor.execute("SET GLOBAL read_only = 0, GLOBAL event_scheduler = ON")
    with pair.connect(blue, MASTER.username) as connection, connection.cursor(DictCursor) as master:
        accounts.make_own(master, accounts.Own(runner=PASSWORD, replication=PASSWORD))
    green.fill(blue.copy_data())
    green.start()
    with green.administrator() as cursor:
        replication.forget(cursor, green.dialect)
        cursor.execute("SET GLOBAL read_only = 0, GLOBAL event_scheduler = ON")
    with pair.servers() as both:
        pair.keep = accounts.keep_list(both.source)


def ways(pair: Pair) -> Ways:
    """How the follower is compared with its leader; it stays with one worker."""

    @contextmanager
    def one_worker() -> Iterator[None]:
        workers = f"{pair.green.dialect.replica.lower()}_parallel_workers"
        pair.ask(pair.green, f"SET GLOBAL {workers} = 1")
        yield

    return Ways(
        open_source=lambda: pair.session(pair.blue),
        open_target=lambda: pair.session(pair.green),
        one_worker=one_worker,
    )


def leader_of(pair: Pair) -> Source:
    return Source(host=pair.blue.listening.address, password=PASSWORD)


def compared(pair: Pair) -> list[str]:
    """The differences between the two."""
    with pair.servers() as both:
        return verify.compare(both, leader_of(pair), ways(pair), login=MASTER.username)
