"""What two generations of MySQL, and MariaDB, call differently, of what the local cloud asks of them."""

from __future__ import annotations

from dataclasses import dataclass, replace

# RDS grants no SUPER and no CONNECTION_ADMIN: read_only stops the master user like anybody else.
# https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.MasterAccounts.html
_PRIVILEGES = (
    "SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, RELOAD, PROCESS, REFERENCES, INDEX, ALTER, "
    "SHOW DATABASES, CREATE TEMPORARY TABLES, LOCK TABLES, EXECUTE, REPLICATION SLAVE, "
    "REPLICATION CLIENT, CREATE VIEW, SHOW VIEW, CREATE ROUTINE, ALTER ROUTINE, CREATE USER, EVENT, TRIGGER"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """options: of a server; redo_log: the one for the smallest log. privileges: the master user's.

    replica, source, change_source: the generation's words for them.
    begin_at_own_data: statements by which a copy of a source's data knows up to where it has them.
    follow_from_there: CHANGE MASTER's words for it. received: SHOW SLAVE STATUS's column of what has arrived.
    has_applied: a query of one row that says whether that is in the data.
    source_procedures: RDS's words for a source in the names of its procedures; none where it has others.
    """

    options: tuple[str, ...]
    redo_log: str
    privileges: str
    replica: str = "SLAVE"
    source: str = "MASTER"
    change_source: str = "CHANGE MASTER"
    begin_at_own_data: tuple[str, ...]
    follow_from_there: str
    received: str
    has_applied: str
    source_procedures: tuple[str, ...] = ()


_SLAVE_OPTIONS = ("--slave-net-timeout=4", "--skip-slave-start")
_GTID_OPTIONS = ("--mysqlx=OFF", "--gtid-mode=ON", "--enforce-gtid-consistency=ON")
_ROLES = "CREATE ROLE, DROP ROLE, ROLE_ADMIN, XA_RECOVER_ADMIN"
MYSQL = Dialect(
    options=(
        *_SLAVE_OPTIONS,
        *_GTID_OPTIONS,
        "--master-info-repository=TABLE",
        "--relay-log-info-repository=TABLE",
    ),
    redo_log="--innodb-log-file-size=4M",
    privileges=f"{_PRIVILEGES}, {_ROLES}, SET_USER_ID",
    begin_at_own_data=(),
    follow_from_there="MASTER_AUTO_POSITION = 1",
    received="Retrieved_Gtid_Set",
    has_applied="SELECT GTID_SUBSET(%s, @@GLOBAL.gtid_executed) AS applied",
    source_procedures=("master",),
)
MYSQL_9 = replace(
    MYSQL,
    options=("--replica-net-timeout=4", "--skip-replica-start", *_GTID_OPTIONS, "--secure-file-priv=NULL"),
    redo_log="--innodb-redo-log-capacity=8M",
    privileges=f"{_PRIVILEGES}, {_ROLES}, SET_ANY_DEFINER",
    replica="REPLICA",
    source="SOURCE",
    change_source="CHANGE REPLICATION SOURCE",
    follow_from_there="SOURCE_AUTO_POSITION = 1",
    source_procedures=("master", "source"),
)
MARIADB = Dialect(
    options=(*_SLAVE_OPTIONS, "--log-slave-updates"),
    redo_log="--innodb-log-file-size=4M",
    privileges=_PRIVILEGES,
    begin_at_own_data=(
        "SET @position = @@GLOBAL.gtid_binlog_pos",
        "RESET MASTER",
        "SET GLOBAL gtid_slave_pos = @position",
    ),
    follow_from_there="MASTER_USE_GTID = slave_pos",
    received="Gtid_IO_Pos",
    has_applied="SELECT %s = @@GLOBAL.gtid_slave_pos AS applied",
)
