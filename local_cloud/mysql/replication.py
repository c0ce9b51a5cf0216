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
    cursor.execute(
        "CHANGE MASTER TO MASTER_HOST = %s, MASTER_PORT = %s, MASTER_USER = %s, MASTER_PASSWORD = %s, "
        "MASTER_SSL = 1, MASTER_SSL_CA = %s, MASTER_CONNECT_RETRY = 1, MASTER_HEARTBEAT_PERIOD = 1, "
        + dialect.follow_from_there,
        (source.address, source.port, replication.username, replication.password, str(authority)),
    )
    resume(cursor)


def resume(cursor: DictCursor) -> None:
    """Follow on, after a restart."""
    cursor.execute("START SLAVE")


def leave(cursor: DictCursor, dialect: Dialect) -> None:
    """Apply what has arrived, then follow nobody any more."""
    cursor.execute("STOP SLAVE IO_THREAD")
    Retrying(
        retry=retry_if_result(lambda applied: not applied),
        stop=stop_after_delay(APPLY_LIMIT_SECONDS),
        wait=wait_fixed(0.02),
    )(_has_applied_all, cursor, dialect)
    forget(cursor)


def forget(cursor: DictCursor) -> None:
    """Follow nobody, whatever came with the data."""
    cursor.execute("STOP SLAVE")
    cursor.execute("RESET SLAVE ALL")


def state(cursor: DictCursor) -> ReplicationState:
    """How it goes; only for a server that follows another."""
    shown = _shown(cursor)
    return ReplicationState(
        running=shown["Slave_IO_Running"] == shown["Slave_SQL_Running"] == "Yes",
        lag=shown["Seconds_Behind_Master"],
        error=shown["Last_IO_Error"] or shown["Last_SQL_Error"],
    )


def _shown(cursor: DictCursor) -> dict[str, Any]:
    cursor.execute("SHOW SLAVE STATUS")
    return cursor.fetchone() or {}


def _has_applied_all(cursor: DictCursor, dialect: Dialect) -> bool:
    shown = _shown(cursor)
    if shown.get("Slave_SQL_Running") != "Yes":
        # It cannot, or follows nobody: waiting would not change that.
        return True
    cursor.execute(dialect.has_applied, (shown[dialect.received],))
    row = cursor.fetchone()
    return bool(row and row["applied"])
