"""A server that follows another one: by GTID, over TLS."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pymysql.cursors import DictCursor
from tenacity import Retrying, retry_if_result, stop_after_delay, wait_fixed
from tenantnet.local_cloud.mysql.accounts import Account
from tenantnet.local_cloud.mysql.dialects import Dialect
from tenantnet.local_cloud.mysql.server import Listening

APPLY_LIMIT_SECONDS = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplicationState:
    """lag: seconds behind the source; None where that is not known. error: empty where there is none."""

    running: bool
    lag: int | None
    error: str


def follow(
    cursor: DictCursor, source: Listening, replication: Account, authority: Path, dialect: Dialect
) -> None:
    """Follow a server from where this one's data ends."""
    for statement in dialect.begin_at_own_data:
        cursor.execute(statement)
    word = dialect.source
    cursor.execute(
        f"{dialect.change_source} TO {word}_HOST = %s, {word}_PORT = %s, {word}_USER = %s, "
        f"{word}_PASSWORD = %s, {word}_SSL = 1, {word}_SSL_CA = %s, {word}_CONNECT_RETRY = 1, "
        f"{word}_HEARTBEAT_PERIOD = 1, {dialect.follow_from_there}",
        (source.address, source.port, replication.username, replication.password, str(authority)),
    )
    resume(cursor, dialect)


def resume(cursor: DictCursor, dialect: Dialect) -> None:
    """Follow on, after a restart."""
    cursor.execute(f"START {dialect.replica}")


def leave(cursor: DictCursor, dialect: Dialect) -> None:
    """Apply what has arrived, then follow nobody any more."""
    cursor.execute(f"STOP {dialect.replica} IO_THREAD")
    Retrying(
        retry=retry_if_result(lambda applied: not applied),
        stop=stop_after_delay(APPLY_LIMIT_SECONDS),
        wait=wait_fixed(0.02),
    )(_has_applied_all, cursor, dialect)
    forget(cursor, dialect)


def forget(cursor: DictCursor, dialect: Dialect) -> None:
    """Follow nobody, whatever came with the data."""
    cursor.execute(f"STOP {dialect.replica}")
    cursor.execute(f"RESET {dialect.replica} ALL")


def state(cursor: DictCursor, dialect: Dialect) -> ReplicationState:
    """How it goes; only for a server that follows another."""
    shown = _shown(cursor, dialect)
    thread = dialect.replica.capitalize()
    error = shown["Last_IO_Error"] or shown["Last_SQL_Error"]
    return ReplicationState(
        # One that connects to its source for the first time is not stopped.
        running=not error and "No" not in (shown[f"{thread}_IO_Running"], shown[f"{thread}_SQL_Running"]),
        lag=shown[f"Seconds_Behind_{dialect.source.capitalize()}"],
        error=error,
    )


def _shown(cursor: DictCursor, dialect: Dialect) -> dict[str, Any]:
    cursor.execute(f"SHOW {dialect.replica} STATUS")
    return cursor.fetchone() or {}


def _has_applied_all(cursor: DictCursor, dialect: Dialect) -> bool:
    shown = _shown(cursor, dialect)
    if shown.get(f"{dialect.replica.capitalize()}_SQL_Running") != "Yes":
        # It cannot, or follows nobody: waiting would not change that.
        return True
    cursor.execute(dialect.has_applied, (shown[dialect.received],))
    row = cursor.fetchone()
    return bool(row and row["applied"])
