"""Whether a replica has everything of its source, by asking both servers."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, NamedTuple

import pymysql
from pymysql.constants import ER
from pymysql.cursors import DictCursor
from tenacity import RetryError, Retrying, retry_if_result, stop_after_delay, wait_fixed
from tenantnet.runner.verification import Access, connected

# MySQL 8.4 has renamed the statements of 8.0, and their columns.
_SOURCE_QUERIES = ("SHOW BINARY LOG STATUS", "SHOW MASTER STATUS")
_REPLICA_QUERIES = ("SHOW REPLICA STATUS", "SHOW SLAVE STATUS")
# While clients write, one look would find it behind for ever: how far its workers are, a replica says every
# 300 ms. https://dev.mysql.com/doc/refman/8.4/en/replication-options-replica.html
_LOOKS = Retrying(
    retry=retry_if_result(lambda lacking: lacking is not None),
    stop=stop_after_delay(timedelta(seconds=5)),
    wait=wait_fixed(0.1),
)


class Position(NamedTuple):
    """A place in the source's binary log; later places compare greater, file by file."""

    file: str
    offset: int


def behind(source: str, replica: str, access: Access) -> str | None:
    """What the replica lacks, in words; None once it has applied all that the source had written when asked.

    Waits for that for 5 seconds. source, replica: the databases' addresses. Raises Failure if one of them
    cannot be asked.
    """
    with connected(source, access) as connection:
        wanted = _status(connection, _SOURCE_QUERIES)
    if wanted is None:
        return "the source writes no binary log"
    with connected(replica, access) as connection:
        try:
            return _LOOKS(_lacking, connection, Position(wanted["File"], wanted["Position"]))
        except RetryError as error:
            lacking: str = error.last_attempt.result()
            return lacking


def _lacking(connection: pymysql.Connection[Any], written: Position) -> str | None:
    found = _status(connection, _REPLICA_QUERIES)
    if found is None:
        return "there is no replica"
    applied = Position(
        _either(found, "Relay_Source_Log_File", "Relay_Master_Log_File"),
        _either(found, "Exec_Source_Log_Pos", "Exec_Master_Log_Pos"),
    )
    if applied >= written:
        return None
    return f"it is at {applied.file} {applied.offset} of {written.file} {written.offset}"


def _status(connection: pymysql.Connection[Any], queries: tuple[str, str]) -> dict[str, Any] | None:
    current, former = queries
    with connection.cursor(DictCursor) as cursor:
        try:
            cursor.execute(current)
        except pymysql.ProgrammingError as error:
            if error.args[0] != ER.PARSE_ERROR:
                raise
            cursor.execute(former)
        return cursor.fetchone()


def _either(status: dict[str, Any], current: str, former: str) -> Any:  # noqa: ANN401 - as the server returns it
    return status[current] if current in status else status[former]
