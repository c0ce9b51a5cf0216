"""Every statement of a live move, for both generations of MySQL.

All SQL of this package is here, so that one look shows what the runner's account must be allowed to do.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

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
    "FROM information_schema.events WHERE (status = 'ENABLED') = %s "
    # One whose definer is gone cannot run, and who may not make up definers could not name it.
    "AND definer IN (SELECT CONCAT(user, '@', host) FROM mysql.user) ORDER BY event_schema, event_name"
)
# ALTER EVENT writes these two of the session into the event, and its user as definer where none is named.
SPEAK_AS = "SET character_set_client = %s, collation_connection = %s"
SPEAK_AS_BEFORE = "SET NAMES utf8mb4"
ALTER_EVENT = "ALTER DEFINER = {definer} EVENT {event} {state}"

SESSIONS = (
    "SELECT id AS id, user AS user, command AS command, state AS state FROM information_schema.processlist"
)
PREPARED_BRANCHES = "XA RECOVER"
EXECUTED = "SELECT @@GLOBAL.gtid_executed AS answer"
WAIT_FOR = "SELECT WAIT_FOR_EXECUTED_GTID_SET(%s, %s) AS answer"
IS_SUBSET = "SELECT GTID_SUBSET(%s, %s) AS answer"
# `super_read_only` implies it.
READ_ONLY = "SELECT @@GLOBAL.read_only AS answer"

PURGED = "SELECT @@GLOBAL.gtid_purged AS answer"
SUBTRACT = "SELECT GTID_SUBTRACT(%s, %s) AS answer"
SERVER_UUID = "SELECT @@GLOBAL.server_uuid AS answer"
VERSION = "SELECT VERSION() AS answer"
SCHEDULER = "SELECT @@GLOBAL.event_scheduler AS answer"
SETTINGS = (
    "SELECT @@GLOBAL.gtid_mode AS gtid_mode, @@GLOBAL.enforce_gtid_consistency AS enforce_gtid_consistency, "
    "@@GLOBAL.binlog_format AS binlog_format"
)
OTHER_ENGINES = (
    "SELECT table_schema AS `schema`, table_name AS name, engine AS engine FROM information_schema.tables "
    "WHERE table_type = 'BASE TABLE' AND engine <> 'InnoDB' "
    "AND table_schema NOT IN ('information_schema', 'mysql', 'performance_schema', 'sys') "
    "ORDER BY table_schema, table_name"
)
OF_A_REPLICA = (
    "SELECT COUNT(*) AS answer FROM mysql.rds_history "
    "WHERE action = 'disable set master' AND master_user = 'rdsrepladmin'"
)
# 8.4 says source where 8.0 says master; one of 8.4 may have both.
PROCEDURES = (
    "SELECT routine_name AS name FROM information_schema.routines "
    "WHERE routine_schema = 'mysql' AND routine_name IN ('rds_kill', 'rds_set_configuration', "
    "'rds_set_external_source_with_auto_position', 'rds_set_external_master_with_auto_position', "
    "'rds_reset_external_source', 'rds_reset_external_master', 'rds_start_replication', "
    "'rds_start_replication_until_gtid', 'rds_stop_replication') ORDER BY routine_name"
)
KEEP_LOGS = "CALL mysql.rds_set_configuration('binlog retention hours', %s)"
SET_SOURCE = "CALL mysql.rds_set_external_{word}_with_auto_position(%s, %s, %s, %s, 1, 0)"
RESET_SOURCE = "CALL mysql.rds_reset_external_{word}()"
START = "CALL mysql.rds_start_replication()"
START_UNTIL = "CALL mysql.rds_start_replication_until_gtid(%s)"
STOP = "CALL mysql.rds_stop_replication()"
FOLLOWING = (
    "SELECT wanted.user AS user, receiver.source_uuid AS source, receiver.service_state AS receives, "
    "applier.service_state AS applies, receiver.last_error_message AS receive_error, "
    "COALESCE((SELECT MAX(last_error_message) FROM performance_schema.replication_applier_status_by_worker "
    "WHERE last_error_number <> 0), '') AS apply_error "
    "FROM performance_schema.replication_connection_configuration AS wanted "
    "JOIN performance_schema.replication_connection_status AS receiver USING (channel_name) "
    "JOIN performance_schema.replication_applier_status AS applier USING (channel_name) "
    "WHERE wanted.host <> ''"
)
FOLLOWERS = (
    "SELECT id AS id, user AS user FROM information_schema.processlist WHERE command LIKE 'Binlog Dump%%'"
)
# Rows that would have to be undone while they stay locked; and statements that take as long on the follower.
GREAT_CHANGES = (
    "SELECT trx_mysql_thread_id AS id, trx_rows_modified AS `rows` FROM information_schema.innodb_trx "
    "WHERE trx_rows_modified > %s"
)
LONG_CHANGES = (
    "SELECT id AS id, time AS seconds, LEFT(info, 60) AS statement FROM information_schema.processlist "
    "WHERE command = 'Query' AND user NOT IN ('system user', 'event_scheduler') AND time >= %s "
    "AND info REGEXP "
    "'^[[:space:]]*(ALTER|CREATE|DROP|RENAME|TRUNCATE|OPTIMIZE|UPDATE|DELETE|INSERT|REPLACE|LOAD)'"
)
# Of the tables that somebody has locked or uses just now, those that cannot even be read are locked: by LOCK
# TABLES ... WRITE, or by a change of their definition.
TABLES_IN_USE = "SHOW OPEN TABLES WHERE In_use > 0"
SOON_OR_NEVER = "SET SESSION lock_wait_timeout = 1"
OPEN_TABLE = "SELECT 1 FROM {table} LIMIT 0"
# In one packet: with a round trip between them, two readings of a busy server would never be the same.
SNAPSHOT = f"{EXECUTED}; START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY; {EXECUTED}"
END_SNAPSHOT = "ROLLBACK"
PREPARE_READER = (
    "SET SESSION transaction_isolation = 'REPEATABLE-READ', time_zone = '+00:00', max_execution_time = 0, "
    "sql_mode = ''"
)
WAIT_FOR_A_TABLE = (
    "SELECT id AS id FROM information_schema.processlist WHERE state = 'Waiting for table metadata lock'"
)
WORKERS = (
    "SHOW GLOBAL VARIABLES WHERE variable_name IN ('replica_parallel_workers', 'slave_parallel_workers')"
)
# What is computed of a row's other columns need not be compared.
COLUMNS = (
    "SELECT column_name AS name, data_type AS type FROM information_schema.columns "
    "WHERE table_schema = %s AND table_name = %s AND extra NOT LIKE '%%VIRTUAL GENERATED%%' "
    "AND extra NOT LIKE '%%STORED GENERATED%%' ORDER BY ordinal_position"
)
KEY = (
    "SELECT part.column_name AS name, described.data_type AS type, part.sub_part AS part "
    "FROM information_schema.statistics AS part JOIN information_schema.columns AS described "
    "ON described.table_schema = part.table_schema AND described.table_name = part.table_name "
    "AND described.column_name = part.column_name WHERE part.table_schema = %s AND part.table_name = %s "
    "AND part.index_name = 'PRIMARY' ORDER BY part.seq_in_index"
)
# Sums of the two halves: whatever the order, and two equal rows do not take each other away.
CHECKSUM = (
    "SELECT COUNT(*) AS `rows`, COALESCE(SUM(CAST(CONV(LEFT(hash, 16), 16, 10) AS UNSIGNED)), 0) AS low, "
    "COALESCE(SUM(CAST(CONV(RIGHT(hash, 16), 16, 10) AS UNSIGNED)), 0) AS high "
    "FROM (SELECT SHA2(CONCAT_WS(',', {columns}), 256) AS hash FROM {table} WHERE {where}) AS hashed"
)

LOGGED = "SET SESSION sql_log_bin = 1"
NOT_LOGGED = "SET SESSION sql_log_bin = 0"

CREATE_ACCOUNT = "CREATE USER IF NOT EXISTS %s@'%%' IDENTIFIED BY %s REQUIRE SSL"
SET_PASSWORD = "ALTER USER %s@'%%' IDENTIFIED BY %s REQUIRE SSL"  # noqa: S105 - a statement
DROP_ACCOUNT = "DROP USER IF EXISTS %s@'%%'"
_RIGHTS = (
    "GRANT SELECT, SHOW VIEW, TRIGGER, PROCESS, CREATE USER, EVENT, REPLICATION CLIENT ON *.* TO %s@%s",
    # Granted directly: as a role's it would be there only once the role is active.
    "GRANT SESSION_VARIABLES_ADMIN, XA_RECOVER_ADMIN ON *.* TO %s@%s",
)
FOLLOWERS_RIGHT = "GRANT REPLICATION SLAVE ON *.* TO %s@%s"


def rights(version: str, procedures: Iterable[str]) -> tuple[str, ...]:
    """The statements by which the master user gives the runner's account, its user and host, its rights.

    version: as the server calls it: `8.0.15`, `9.7.4-2`. procedures: those of RDS's that the server has.
    """
    numbers = tuple(int(number) for number in re.findall(r"\d+", version)[:2])
    definer = "SET_ANY_DEFINER" if numbers >= (8, 4) else "SET_USER_ID"
    execute = tuple(f"GRANT EXECUTE ON PROCEDURE mysql.{name} TO %s@%s" for name in procedures)
    return (*_RIGHTS, *execute, f"GRANT {definer} ON *.* TO %s@%s")


def identifier(name: str) -> str:
    """A name in backquotes."""
    return f"`{name.replace('`', '``')}`"


def qualified(*names: str) -> str:
    """For people: `shop.orders`, with backquotes around a name with a dot, so that no two look alike."""
    return ".".join(identifier(name) if "." in name else name for name in names if name)
