"""Who may do what on a database server: the master user as RDS makes it, and the user that replicas come as.

https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.MasterAccounts.html
"""

from __future__ import annotations

from dataclasses import dataclass, field

from pymysql.cursors import Cursor

# RDS grants no SUPER and no CONNECTION_ADMIN: read_only stops the master user like anybody else.
MASTER_PRIVILEGES = (
    "SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, RELOAD, PROCESS, REFERENCES, INDEX, ALTER, "
    "SHOW DATABASES, CREATE TEMPORARY TABLES, LOCK TABLES, EXECUTE, REPLICATION SLAVE, "
    "REPLICATION CLIENT, CREATE VIEW, "
    "SHOW VIEW, CREATE ROUTINE, ALTER ROUTINE, CREATE USER, EVENT, TRIGGER, CREATE ROLE, DROP ROLE, "
    "ROLE_ADMIN, SET_USER_ID, XA_RECOVER_ADMIN"
)
REPLICATION_USER = "rdsrepladmin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A login. Its password is shown nowhere."""

    username: str
    password: str = field(repr=False)


def make_master_user(cursor: Cursor, master: Account) -> None:
    """Make the master user with its password, or give the one that came with the data that password."""
    cursor.execute("CREATE USER IF NOT EXISTS %s@'%%' IDENTIFIED BY %s", (master.username, master.password))
    set_password(cursor, master)
    cursor.execute(f"GRANT {MASTER_PRIVILEGES} ON *.* TO %s@'%%' WITH GRANT OPTION", master.username)


def set_password(cursor: Cursor, account: Account) -> None:
    """Give an account that exists its password."""
    cursor.execute("ALTER USER %s@'%%' IDENTIFIED BY %s", (account.username, account.password))


def make_replication_user(cursor: Cursor, replication: Account) -> None:
    """Make the user that replicas come as; over TLS only."""
    cursor.execute(
        "CREATE USER IF NOT EXISTS %s@'%%' IDENTIFIED BY %s REQUIRE SSL",
        (replication.username, replication.password),
    )
    cursor.execute("GRANT REPLICATION SLAVE ON *.* TO %s@'%%'", replication.username)
