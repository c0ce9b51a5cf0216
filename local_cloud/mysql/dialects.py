"""What MySQL and MariaDB call differently, of what the local cloud asks of them."""

from __future__ import annotations

from dataclasses import dataclass

# RDS grants no SUPER and no CONNECTION_ADMIN: read_only stops the master user like anybody else.
# https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.MasterAccounts.html
_PRIVILEGES = (
    "SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, RELOAD, PROCESS, REFERENCES, INDEX, ALTER, "
    "SHOW DATABASES, CREATE TEMPORARY TABLES, LOCK TABLES, EXECUTE, REPLICATION SLAVE, "
    "REPLICATION CLIENT, CREATE VIEW, SHOW VIEW, CREATE ROUTINE, ALTER ROUTINE, CREATE USER, EVENT, TRIGGER"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """options: of the server. privileges: the master user's.

    begin_at_own_data: statements by which a copy of a source's data knows up to where it has them.
    follow_from_there: CHANGE MASTER's words for it. received: SHOW SLAVE STATUS's column of what has arrived.
    has_applied: a query of one row that says whether that is in the data.
    """

    options: tuple[str, ...]
    privileges: str
    begin_at_own_data: tuple[str, ...]
    follow_from_there: str
    received: str
    has_applied: str


MYSQL = Dialect(
    options=(
        "--mysqlx=OFF",
        "--gtid-mode=ON",
        "--enforce-gtid-consistency=ON",
        "--master-info-repository=TABLE",
        "--relay-log-info-repository=TABLE",
    ),
    privileges=f"{_PRIVILEGES}, CREATE ROLE, DROP ROLE, ROLE_ADMIN, SET_USER_ID, XA_RECOVER_ADMIN",
    begin_at_own_data=(),
    follow_from_there="MASTER_AUTO_POSITION = 1",
    received="Retrieved_Gtid_Set",
    has_applied="SELECT GTID_SUBSET(%s, @@GLOBAL.gtid_executed) AS applied",
)
MARIADB = Dialect(
    options=("--log-slave-updates",),
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
