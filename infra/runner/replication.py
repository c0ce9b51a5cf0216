"""Whether a replica has everything of its source, by asking both servers: exact and immediate."""

from __future__ import annotations

from typing import Any, NamedTuple

import pymysql
from pymysql.constants import ER
from pymysql.cursors import DictCursor
from tenantnet.runner.verification import Access, connected

# MySQL 8.4 has renamed the statements of 8.0, and their columns.
_SOURCE_QUERIES = ("SHOW BINARY LOG STATUS", "SHOW MASTER STATUS")
_REPLICA_QUERIES = ("SHOW REPLICA STATUS", "SHOW SLAVE STATUS")


class Position(NamedTuple):
    """A place in the source's binary log; later places compare greater, file by file."""

    file: str
    offset: int


def behind(source: str, replica: str, access: Access) -> str | None:
    """What the replica lacks, in words; None if it has applied all that the source has written.

    source, replica: the databases' addresses. Raises Failure if one of them cannot be asked.
    """
    with connected(source, access) as connection:
        wanted = _status(connection, _SOURCE_QUERIES)
    with connected(replica, access) as connection:
        found = _status(connection, _REPLICA_QUERIES)
    if wanted is None or found is None:
        return "there is no replica" if wanted else "the source writes no binary log"
    written = Position(wanted["File"], wanted["Position"])
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
