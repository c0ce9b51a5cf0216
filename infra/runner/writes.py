"""Whether a server takes writes, asked of the server: RDS may call a parameter in force before it is."""

from __future__ import annotations

import pymysql
from pymysql.cursors import Cursor
from tenantnet.failure import Failure
from tenantnet.runner.live.sql import PREPARED_BRANCHES, READ_ONLY
from tenantnet.runner.reach import PHASE_STAYS
from tenantnet.runner.verification import Access, connected

# How MySQL refuses XA RECOVER.
MAY_NOT_ASK = 1401


def let_through(address: str, access: Access) -> str | None:
    """What a client can still have acknowledged, in words; None if nothing can be written.

    `read_only` stops neither the preparation nor the commit of a transaction of XA, and no copy takes a
    prepared one over. Raises Failure if the server cannot be asked.
    """
    with connected(address, access) as connection, connection.cursor() as cursor:
        if not _is_read_only(cursor):
            return "the server itself says that it is not read-only"
        return _prepared(cursor, access)


def held_back(address: str, access: Access) -> bool:
    """Whether the server refuses ordinary writes. Raises Failure if it cannot be asked."""
    with connected(address, access) as connection, connection.cursor() as cursor:
        return _is_read_only(cursor)


def require_nothing_prepared(address: str, access: Access) -> None:
    """Raises Failure if a transaction of XA waits for its commit, or if the login may not ask for them."""
    with connected(address, access) as connection, connection.cursor() as cursor:
        if prepared := _prepared(cursor, access):
            raise Failure(
                "Writes are not held back.",
                reason=f"{prepared}: a commit would go past the fence, and be lost in the new production",
                remedy="commit them or roll them back (XA RECOVER lists them); then `tenantnet migrate run` "
                "goes on",
                state=PHASE_STAYS,
            )


def _is_read_only(cursor: Cursor) -> bool:
    cursor.execute(READ_ONLY)
    ((answer,),) = cursor.fetchall()
    return bool(answer)


def _prepared(cursor: Cursor, access: Access) -> str | None:
    try:
        cursor.execute(PREPARED_BRANCHES)
    except pymysql.MySQLError as error:
        if error.args[0] != MAY_NOT_ASK:
            raise
        raise Failure(
            "Could not see whether transactions of XA are prepared.",
            reason=f"the login {access.login.username} may not ask",
            remedy=f"as the master user: GRANT XA_RECOVER_ADMIN ON *.* TO {access.login.username}",
            state=PHASE_STAYS,
        ) from None
    prepared = [str(row[3]) for row in cursor.fetchall()]
    return f"transactions of XA are prepared: {', '.join(prepared)}" if prepared else None
