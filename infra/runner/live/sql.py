"""Every statement of the cut, for both generations of MySQL.

All SQL of this package is here, so that one look shows what the runner's account must be allowed to do.
"""

from __future__ import annotations

import re

PREPARE_SESSION = "SET SESSION sql_log_bin = 0, lock_wait_timeout = 1, autocommit = 1"
IS_LOGGED = "SELECT @@SESSION.sql_log_bin AS answer"
KILL_QUERY = "KILL QUERY %s"
# RDS gives nobody CONNECTION_ADMIN, and this procedure instead.
KILL = "CALL mysql.rds_kill(%s)"

OPEN_ACCOUNTS = (
    "SELECT user AS user, host AS host FROM mysql.user WHERE account_locked = 'N' ORDER BY user, host"
)
RESERVED_USERS_TABLE = (
    "SELECT 1 AS answer FROM information_schema.tables "
    "WHERE table_schema = 'mysql' AND table_name = 'rds_reserved_users'"
)
RESERVED_USERS = "SELECT user AS user FROM mysql.rds_reserved_users"
# IF EXISTS: one account that was dropped in between would fail it for all others.
ALTER_ACCOUNTS = "ALTER USER IF EXISTS {accounts} ACCOUNT {state}"

EVENTS = (
    "SELECT event_schema AS `schema`, event_name AS name, definer AS definer, "
    "character_set_client AS character_set, collation_connection AS collation "
    "FROM information_schema.events WHERE (status = 'ENABLED') = %s ORDER BY event_schema, event_name"
)
# ALTER EVENT writes these two of the session into the event, and its user as definer where none is named.
SPEAK_AS = "SET character_set_client = %s, collation_connection = %s"
SPEAK_AS_BEFORE = "SET NAMES utf8mb4"
ALTER_EVENT = "ALTER DEFINER = {definer} EVENT {event} {state}"

SESSIONS = "SELECT id AS id, user AS user FROM information_schema.processlist"
PREPARED_BRANCHES = "XA RECOVER"
EXECUTED = "SELECT @@GLOBAL.gtid_executed AS answer"
WAIT_FOR = "SELECT WAIT_FOR_EXECUTED_GTID_SET(%s, %s) AS answer"
IS_SUBSET = "SELECT GTID_SUBSET(%s, %s) AS answer"
# `super_read_only` implies it.
READ_ONLY = "SELECT @@GLOBAL.read_only AS answer"

_RIGHTS = (
    "GRANT SELECT, PROCESS, CREATE USER, EVENT, REPLICATION CLIENT ON *.* TO %s@%s",
    # Granted directly: as a role's it would be there only once the role is active.
    "GRANT SESSION_VARIABLES_ADMIN, XA_RECOVER_ADMIN ON *.* TO %s@%s",
    "GRANT EXECUTE ON PROCEDURE mysql.rds_kill TO %s@%s",
)


def rights(version: str) -> tuple[str, ...]:
    """The statements by which the master user gives the runner's account, its user and host, its rights.

    version: as the server calls it: `8.0.15`, `9.7.4-2`.
    """
    numbers = tuple(int(number) for number in re.findall(r"\d+", version)[:2])
    definer = "SET_ANY_DEFINER" if numbers >= (8, 4) else "SET_USER_ID"
    return (*_RIGHTS, f"GRANT {definer} ON *.* TO %s@%s")


def identifier(name: str) -> str:
    """A name in backquotes."""
    return f"`{name.replace('`', '``')}`"
