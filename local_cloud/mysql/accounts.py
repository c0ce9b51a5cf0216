"""Who logs in to a database server: the master user as RDS makes it, and the user that replicas come as."""

from __future__ import annotations

from dataclasses import dataclass, field

from pymysql.cursors import Cursor

REPLICATION_USER = "rdsrepladmin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A login. Its password is shown nowhere."""

    username: str
    password: str = field(repr=False)


def make_master_user(cursor: Cursor, master: Account, privileges: str) -> None:
    """Make the master user with its password, or give the one that came with the data that password."""
    cursor.execute("CREATE USER IF NOT EXISTS %s@'%%' IDENTIFIED BY %s", (master.username, master.password))
    set_password(cursor, master)
    cursor.execute(f"GRANT {privileges} ON *.* TO %s@'%%' WITH GRANT OPTION", (master.username,))


def set_password(cursor: Cursor, account: Account) -> None:
    """Give an account that exists its password."""
    cursor.execute("ALTER USER %s@'%%' IDENTIFIED BY %s", (account.username, account.password))


def make_replication_user(cursor: Cursor, replication: Account) -> None:
    """Make the user that replicas come as; over TLS only."""
    cursor.execute(
        "CREATE USER IF NOT EXISTS %s@'%%' IDENTIFIED BY %s REQUIRE SSL",
        (replication.username, replication.password),
    )
    cursor.execute("GRANT REPLICATION SLAVE ON *.* TO %s@'%%'", (replication.username,))
