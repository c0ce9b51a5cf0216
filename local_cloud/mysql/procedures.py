"""RDS's stored procedures for replication, binary logs and sessions, with RDS's manners.

They take their time, refuse what is done already, and note in `mysql.rds_history` who called them. What AWS
documents of them:
https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/mysql-stored-proc-replicating.html
https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/mysql-stored-proc-configuring.html
https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/mysql-stored-proc-ending.html
Their sleeps and refusals were read in public dumps of a server's `mysql` schema.
"""

from __future__ import annotations

from collections.abc import Mapping
from string import Template

from pymysql.cursors import DictCursor
from tenantnet.local_cloud.mysql.accounts import REPLICATION_USER
from tenantnet.local_cloud.mysql.dialects import Dialect
from tenantnet.local_cloud.pace import here

RETENTION = "binlog retention hours"
# RDS's server tries again after a minute, as MySQL does where nobody says otherwise.
CONNECT_RETRY_SECONDS = 60

_TABLES = (
    "CREATE TABLE IF NOT EXISTS mysql.rds_history (id INT AUTO_INCREMENT PRIMARY KEY, "
    "action_timestamp TIMESTAMP DEFAULT CURRENT_TIMESTAMP, called_by_user VARCHAR(352), action VARCHAR(40), "
    "mysql_version VARCHAR(20), master_host VARCHAR(255), master_user TEXT, master_gtid TEXT)",
    "CREATE TABLE IF NOT EXISTS mysql.rds_configuration (name VARCHAR(100) PRIMARY KEY, value INT)",
    f"INSERT IGNORE INTO mysql.rds_configuration VALUES ('{RETENTION}', NULL)",  # noqa: S608 - a constant
    "CREATE TABLE IF NOT EXISTS mysql.rds_reserved_users (user VARCHAR(32), host VARCHAR(255), "
    "PRIMARY KEY (user, host))",
    "INSERT IGNORE INTO mysql.rds_reserved_users VALUES ('rdsadmin', 'localhost')",
    f"INSERT IGNORE INTO mysql.rds_reserved_users VALUES ('{REPLICATION_USER}', '%')",  # noqa: S608 - a constant
    # Of this cloud alone: mysqld asks the system's resolver, which does not know the endpoints' names.
    "CREATE TABLE IF NOT EXISTS mysql.local_addresses (name VARCHAR(255) PRIMARY KEY, address VARCHAR(64))",
)
# Both threads run, none does, one does, or there is nobody to follow.
_STATE = """CREATE FUNCTION mysql.rds_replication_service_state() RETURNS VARCHAR(10) READS SQL DATA
BEGIN
  DECLARE running INT;
  SELECT COUNT(*) INTO running FROM performance_schema.replication_connection_configuration WHERE host <> '';
  IF running = 0 THEN RETURN 'NOT_EXIST'; END IF;
  SELECT COUNT(*) INTO running FROM (
    SELECT service_state FROM performance_schema.replication_connection_status WHERE service_state <> 'OFF'
    UNION ALL
    SELECT service_state FROM performance_schema.replication_applier_status WHERE service_state <> 'OFF'
  ) AS threads;
  RETURN ELT(running + 1, 'OFF', 'BROKEN', 'ON');
END"""
_HELPERS = (
    _STATE,
    """CREATE PROCEDURE mysql.rds_execute(IN statement TEXT)
BEGIN
  SET @rds_statement = statement;
  PREPARE rds_prepared FROM @rds_statement;
  EXECUTE rds_prepared;
  DEALLOCATE PREPARE rds_prepared;
  SET @rds_statement = NULL;
END""",
    "CREATE PROCEDURE mysql.rds_refuse(IN why TEXT) SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = why",
    "CREATE PROCEDURE mysql.rds_note(IN done TEXT) INSERT INTO mysql.rds_history "
    "(called_by_user, action, mysql_version) VALUES (USER(), done, VERSION())",
)
# What they change is not logged; the session's own setting is there again behind it.
_UNLOGGED = Template("""CREATE PROCEDURE mysql.$name($parameters)
BEGIN
  DECLARE logged INT DEFAULT @@SESSION.sql_log_bin;
  DECLARE state VARCHAR(10) DEFAULT mysql.rds_replication_service_state();
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN SET @@SESSION.sql_log_bin = logged; RESIGNAL; END;
  SET @@SESSION.sql_log_bin = 0;
  CALL mysql.rds_note('Starting: $action');
  $body
  CALL mysql.rds_note('$action');
  SET @@SESSION.sql_log_bin = logged;
END""")
# What RDS notes in a replica of its own.
_OF_A_REPLICA = f"action = 'disable set master' AND master_user = '{REPLICATION_USER}'"
_NO_REPLICA = f"""IF USER() <> 'rdsadmin@localhost'
      AND EXISTS (SELECT 1 FROM mysql.rds_history WHERE {_OF_A_REPLICA}) THEN
    CALL mysql.rds_refuse('Permission Denied: This instance is a RDS Read Replica.');
  END IF;"""  # noqa: S608 - a constant
_CONFIGURED = """IF state = 'NOT_EXIST' THEN
    CALL mysql.rds_refuse('The replica is not configured. First call mysql.rds_set_external_source.');
  END IF;"""
_STOPPED = f"""{_CONFIGURED}
  IF state <> 'OFF' THEN
    CALL mysql.rds_refuse('Replication may already be running. Call rds_stop_replication to stop it.');
  END IF;"""
# It says so, too, where the set that it was to run to was reached meanwhile.
_STARTED = """DO SLEEP($two);
  IF mysql.rds_replication_service_state() <> 'ON' THEN
    CALL mysql.rds_refuse('Slave has encountered an error. Run SHOW SLAVE STATUS to see the error.');
  END IF;"""
_SET_SOURCE = Template(f"""{_NO_REPLICA}
  IF state IN ('ON', 'BROKEN') THEN
    CALL mysql.rds_refuse('Replication is running. First call mysql.rds_stop_replication.');
  END IF;
  SELECT MAX(known.address) INTO @rds_address FROM mysql.local_addresses AS known
    WHERE known.name = TRIM(host);
  CALL mysql.rds_execute(CONCAT('$change TO $word', '_HOST = ', QUOTE(COALESCE(@rds_address, TRIM(host))),
    ', $word', '_PORT = ', port, ', $word', '_USER = ', QUOTE(TRIM(user)),
    ', $word', '_PASSWORD = ', QUOTE(TRIM(passwd)), ', $word', '_SSL = ', enable_ssl_encryption,
    ', $word', '_CONNECT_RETRY = $retry, $word', '_AUTO_POSITION = 1, $word', '_DELAY = ', delay));""")  # noqa: S608 - constants
_START = Template(f"""{_STOPPED}
  DO SLEEP($one);
  CALL mysql.rds_execute('START $replica');
  {_STARTED}""")
_START_UNTIL = Template(f"""{_STOPPED}
  IF @@GLOBAL.$workers > 1 THEN
    CALL mysql.rds_refuse('rds_start_replication_until_gtid is not supported for multi-threaded slaves');
  END IF;
  CALL mysql.rds_execute(CONCAT('START $replica UNTIL SQL_AFTER_GTIDS = ', QUOTE(gtid)));
  {_STARTED}""")
_STOP = Template(f"""{_CONFIGURED}
  IF state = 'OFF' THEN
    CALL mysql.rds_refuse('Slave is already stopped or may not be configured. Run SHOW SLAVE STATUS.');
  END IF;
  DO SLEEP($one);
  CALL mysql.rds_execute('STOP $replica');
  DO SLEEP($two);""")
_RESET = Template(f"""{_NO_REPLICA}
  {_CONFIGURED}
  IF state <> 'OFF' THEN
    CALL mysql.rds_execute('STOP $replica');
    DO SLEEP($two);
  END IF;
  CALL mysql.rds_execute('RESET $replica ALL');""")
_CONFIGURE = Template("""IF wanted NOT IN (SELECT known.name FROM mysql.rds_configuration AS known) THEN
    CALL mysql.rds_refuse('Cannot set unknown configuration parameter.');
  END IF;
  IF wanted = '$retention' AND hours NOT BETWEEN 1 AND 168 THEN
    CALL mysql.rds_refuse('For binlog retention hours the value must be between 1 and 168 or be NULL');
  END IF;
  UPDATE mysql.rds_configuration SET value = hours WHERE name = wanted;""")
# RDS's own users are reserved by name and host; who ends its own session is asked nothing.
_KILL = Template("""CREATE PROCEDURE mysql.rds_kill$suffix(IN thread BIGINT)
BEGIN
  DECLARE reserved TEXT;
  SELECT MAX(listed.user) INTO reserved FROM mysql.rds_reserved_users AS listed
    JOIN information_schema.processlist AS session ON session.user = listed.user
    WHERE session.id = thread AND (listed.host = '%' OR session.host LIKE CONCAT(listed.host, '%'));
  IF reserved IS NOT NULL AND thread <> CONNECTION_ID() THEN
    CALL mysql.rds_refuse(CONCAT('CANNOT KILL ', UPPER(reserved), ' SESSION'));
  END IF;
  KILL $what thread;
END""")
_SOURCE_PARAMETERS = (
    "IN host VARCHAR(255), IN port INT, IN user TEXT, IN passwd TEXT, IN enable_ssl_encryption TINYINT, "
    "IN delay INT"
)


def install(cursor: DictCursor, dialect: Dialect) -> None:
    """Give a server that has just been filled RDS's tables and procedures. MariaDB gets none."""
    if not dialect.source_procedures:
        return
    for table in _TABLES:
        cursor.execute(table)
    cursor.execute("SHOW PROCEDURE STATUS WHERE Db = 'mysql' AND Name = 'rds_kill_query'")
    if not cursor.fetchall():
        # Those that came with the data stay: rights to call them go with a procedure that is dropped.
        for statement in _definitions(dialect):
            cursor.execute(statement)


def _definitions(dialect: Dialect) -> list[str]:
    words: Mapping[str, object] = {
        "change": dialect.change_source,
        "word": dialect.source,
        "replica": dialect.replica,
        "workers": f"{dialect.replica.lower()}_parallel_workers",
        "retry": max(1, round(here(CONNECT_RETRY_SECONDS))),
        "one": here(1),
        "two": here(2),
        "retention": RETENTION,
    }

    def unlogged(name: str, action: str, body: Template, parameters: str = "") -> str:
        filled = body.substitute(words)
        return _UNLOGGED.substitute(name=name, action=action, parameters=parameters, body=filled)

    named = []
    for word in dialect.source_procedures:
        name = f"rds_set_external_{word}_with_auto_position"
        named.append(unlogged(name, "set master with AP", _SET_SOURCE, _SOURCE_PARAMETERS))
        named.append(unlogged(f"rds_reset_external_{word}", "reset slave", _RESET))
    return [
        *_HELPERS,
        *named,
        unlogged("rds_start_replication", "start slave", _START),
        unlogged("rds_start_replication_until_gtid", "start slave until", _START_UNTIL, "IN gtid TEXT"),
        unlogged("rds_stop_replication", "stop slave", _STOP),
        unlogged("rds_set_configuration", "configure", _CONFIGURE, "IN wanted VARCHAR(30), IN hours INT"),
        _KILL.substitute(suffix="", what=""),
        _KILL.substitute(suffix="_query", what="QUERY"),
    ]


def note_replica(cursor: DictCursor, dialect: Dialect, *, is_replica: bool) -> None:
    """Note that this is a replica of RDS's own, which refuses to follow anybody else; or that it is none.

    AWS does not say whether RDS forgets it at a promotion, as this cloud does.
    """
    if dialect.source_procedures:
        cursor.execute(f"DELETE FROM mysql.rds_history WHERE {_OF_A_REPLICA}")  # noqa: S608 - a constant
        if is_replica:
            cursor.execute(
                "INSERT INTO mysql.rds_history (called_by_user, action, mysql_version, master_user) "
                "VALUES ('rdsadmin@localhost', 'disable set master', VERSION(), %s)",
                (REPLICATION_USER,),
            )


def keep_addresses(cursor: DictCursor, dialect: Dialect, addresses: Mapping[str, str]) -> None:
    """Let the server know where the endpoints are, by name."""
    if dialect.source_procedures and addresses:
        cursor.executemany("REPLACE INTO mysql.local_addresses VALUES (%s, %s)", [*addresses.items()])


def purge_logs(cursor: DictCursor, dialect: Dialect) -> None:
    """Delete the binary logs that are older than the retention; without one, all but the newest.

    https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_LogAccess.MySQL.Binarylog.html
    """
    if dialect.source_procedures:
        cursor.execute("FLUSH LOCAL BINARY LOGS")
        cursor.execute("SELECT value AS hours FROM mysql.rds_configuration WHERE name = %s", (RETENTION,))
        row = cursor.fetchone()
        if row and row["hours"] is not None:
            kept = here(3600 * row["hours"])
            cursor.execute("PURGE BINARY LOGS BEFORE NOW() - INTERVAL %s SECOND", (kept,))
        else:
            cursor.execute("SHOW BINARY LOGS")
            *_, newest = cursor.fetchall()
            cursor.execute("PURGE BINARY LOGS TO %s", (newest["Log_name"],))
