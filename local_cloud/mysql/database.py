"""The server behind one instance: what RDS would do to it, one after the other, in the background."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Mapping
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Event, Lock
from time import monotonic
from typing import Protocol, TypeVar

import pymysql
from tenantnet.local_cloud.mysql import procedures, replication
from tenantnet.local_cloud.mysql.accounts import (
    Account,
    make_master_user,
    make_replication_user,
    set_password,
)
from tenantnet.local_cloud.mysql.parameters import DEFAULTS, Values, apply_values
from tenantnet.local_cloud.mysql.replication import ReplicationState
from tenantnet.local_cloud.mysql.server import Server
from tenantnet.local_cloud.pace import here

LOG = logging.getLogger("tenantnet.local.mysql")
Result = TypeVar("Result")
# RDS's agent looks every five minutes for binary logs that nobody needs any more.
PURGE_SECONDS = 300


class Owner(Protocol):
    """The instance as the API describes it."""

    def fail(self) -> None:
        """Be told that the server has ended."""

    @property
    def db_instance_identifier(self) -> str: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Beginning:
    """What a new instance begins with.

    image: the data, where it is restored. source: where it is a replica. schema: a database to make.
    """

    master: Account
    parameters: Values
    image: Future[Path] | None = None
    source: Database | None = field(default=None, repr=False)
    schema: str | None = None


class Database:
    """Its methods return at once; what they ask for happens after everything that was asked for before.

    The future that each returns is done once that has happened.
    introduce: called once it answers by another name than before.
    """

    def __init__(
        self, owner: Owner, server: Server, replicas_come_as: Account, introduce: Callable[[], None]
    ) -> None:
        self._owner, self._server, self._replicas_come_as = owner, server, replicas_come_as
        self._introduce = introduce
        self._source: Database | None = None
        self._replicas: set[Database] = set()
        self._purged_at = monotonic()
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="mysql-database")
        self._lock, self._asked, self._ran, self._abandoned = Lock(), 0, False, Event()
        self.is_replica = False

    @property
    def address(self) -> str:
        """On loopback."""
        return self._server.listening.address

    @property
    def name(self) -> str:
        """The endpoint's."""
        return self._server.listening.name

    def begin(self, beginning: Beginning) -> Future[None]:
        """Fill the server with data and start it."""
        self.is_replica = beginning.source is not None
        self._replicate(beginning.source)
        return self._do(lambda: self._begin(beginning))

    def _begin(self, beginning: Beginning) -> None:
        source = beginning.source
        if source:
            image = source.image().result()
            self._server.fill(image)
            shutil.rmtree(image.parent)
        else:
            self._server.fill(beginning.image.result() if beginning.image else None)
        self._server.start()
        with self._server.administrator() as cursor:
            replication.forget(cursor, self._server.dialect)
            procedures.install(cursor, self._server.dialect)
            make_replication_user(cursor, self._replicas_come_as)
            procedures.note_replica(cursor, self._server.dialect, is_replica=self.is_replica)
            if source:
                replication.follow(
                    cursor,
                    source._server.listening,
                    self._replicas_come_as,
                    self._server.authority_file,
                    self._server.dialect,
                )
            else:
                make_master_user(cursor, beginning.master, self._server.dialect.privileges)
            if beginning.schema:
                cursor.execute(f"CREATE DATABASE IF NOT EXISTS `{beginning.schema.replace('`', '``')}`")
        self._apply_all(beginning.parameters)
        self._introduce()

    def know(self, addresses: Mapping[str, str]) -> Future[None]:
        """Let its procedures find other servers by their endpoints' names."""

        def know() -> None:
            if self._server.runs:
                with self._server.administrator() as cursor:
                    procedures.keep_addresses(cursor, self._server.dialect, addresses)

        return self._do(know)

    def apply(self, parameters: Values, delay: float) -> Future[None]:
        """Set parameters in the running server after a while; None gives one its default back."""

        def apply() -> None:
            if not self._abandoned.wait(delay):
                self._apply(parameters)

        return self._do(apply)

    def _apply_all(self, parameters: Values) -> None:
        self._apply({**dict.fromkeys(DEFAULTS), **parameters})

    def _apply(self, parameters: Values) -> None:
        with self._server.administrator() as cursor:
            who = self._owner.db_instance_identifier
            apply_values(cursor, parameters, is_replica=self.is_replica, who=who)

    def set_password(self, master: Account) -> Future[None]:
        """Give the master user another password; replicas get it too."""

        def change() -> None:
            with self._server.administrator() as cursor:
                cursor.execute("SET SESSION sql_log_bin = 1")
                set_password(cursor, master)

        return self._do(change)

    def restart(self, parameters: Values) -> Future[None]:
        """Restart it, or start it where it was stopped, with a parameter group's values."""
        return self._do(lambda: self._restart(parameters))

    def rename(self, name: str, parameters: Values) -> Future[None]:
        """Restart it with a certificate for the endpoint's new name."""

        def rename() -> None:
            self._server.listening = replace(self._server.listening, name=name)
            self._restart(parameters)
            self._introduce()

        return self._do(rename)

    def promote(self, parameters: Values) -> Future[None]:
        """Let it follow nobody any more, and restart it, as RDS does."""

        def promote() -> None:
            with self._server.administrator() as cursor:
                replication.leave(cursor, self._server.dialect)
                procedures.note_replica(cursor, self._server.dialect, is_replica=False)
            self.is_replica = False
            self._replicate(None)
            self._restart(parameters)

        return self._do(promote)

    def stop(self) -> Future[None]:
        """End its process until it is started again."""
        return self._do(self._server.end)

    def _restart(self, parameters: Values) -> None:
        self._server.end()
        self._server.start()
        self._apply_all(parameters)
        if self.is_replica:
            with self._server.administrator() as cursor:
                replication.resume(cursor, self._server.dialect)

    def image(self) -> Future[Path]:
        """A copy of its data as of the instant when its turn comes."""
        return self._do(self._server.copy_data)

    def remove(self) -> None:
        """End it and remove its data."""
        self._replicate(None)
        self._do(self._server.remove)
        self._worker.shutdown(wait=False)

    def abandon(self) -> None:
        """Give up what has not begun yet."""
        self._abandoned.set()
        self._worker.shutdown(wait=False, cancel_futures=True)

    def join(self) -> None:
        """Wait until what has begun is done or has failed."""
        self._worker.shutdown()

    def check(self) -> None:
        """Say so where the server has ended without being asked to."""
        with self._lock:
            died = self._asked == 0 and self._ran and not self._server.runs
            self._ran = self._ran and not died
        if died:
            self._owner.fail()
            LOG.error("%s: its database server has ended", self._owner.db_instance_identifier)

    def expire_logs(self) -> None:
        """Delete binary logs that are kept for nobody; its own replicas need theirs."""
        if self._asked or self._replicas or not self._server.runs:
            return
        if monotonic() - self._purged_at >= here(PURGE_SECONDS):
            self._purged_at = monotonic()
            with suppress(pymysql.MySQLError, OSError), self._server.administrator() as cursor:
                procedures.purge_logs(cursor, self._server.dialect)

    def _replicate(self, source: Database | None) -> None:
        """Be a replica of RDS's own, whose source keeps what it needs; or be none any more."""
        if self._source:
            self._source._replicas.discard(self)
        self._source = source
        if source:
            source._replicas.add(self)

    def replication_state(self) -> ReplicationState | None:
        """How a replica follows its source; None where it is none, or cannot be asked now."""
        if self._asked or not (self.is_replica and self._server.runs):
            return None
        try:
            with self._server.administrator() as cursor:
                return replication.state(cursor, self._server.dialect)
        except (pymysql.MySQLError, OSError, KeyError):
            return None

    def _do(self, operation: Callable[[], Result]) -> Future[Result]:
        """Do something when its turn comes."""

        def attempt() -> Result:
            try:
                result = operation()
            except BaseException as error:
                self._done(runs=False)
                self._log(error)
                raise
            self._done(runs=self._server.runs)
            return result

        with self._lock:
            self._asked += 1
        return self._worker.submit(attempt)

    def _done(self, *, runs: bool) -> None:
        with self._lock:
            self._asked -= 1
            self._ran = runs

    def _log(self, error: BaseException) -> None:
        if isinstance(error, CancelledError):
            return
        # MySQL's message may quote the statement that it refuses, and with it a password.
        why = f"MySQL error {error.args[0]}" if isinstance(error, pymysql.MySQLError) else str(error)
        LOG.error("%s: %s", self._owner.db_instance_identifier, why)
