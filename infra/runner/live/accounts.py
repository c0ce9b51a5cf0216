"""Who may log in: listed, locked and unlocked, without a trace in the binary log."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from tenantnet.runner.live import sql
from tenantnet.runner.live.session import Session

# MySQL's own, of which each is locked as it comes, and RDS's where it has no table of them.
RESERVED = frozenset(("mysql.infoschema", "mysql.session", "mysql.sys", "rdsadmin", "rdsrepladmin"))


class Account(NamedTuple):
    """A login: a user and the hosts that it may come from."""

    user: str
    host: str


def keep_list(session: Session, replication_user: str) -> frozenset[str]:
    """The users that no lock and no end of sessions touches: by name, none by guess."""
    reserved: set[str] = set()
    if session.rows(sql.RESERVED_USERS_TABLE):
        reserved = {str(row["user"]) for row in session.rows(sql.RESERVED_USERS)}
    return frozenset(RESERVED | reserved | {session.user, replication_user})


def open_accounts(session: Session, keep: frozenset[str]) -> tuple[Account, ...]:
    """Who could log in now, except the keep-list. Roles are locked accounts, so none is among them."""
    listed = (Account(str(row["user"]), str(row["host"])) for row in session.rows(sql.OPEN_ACCOUNTS))
    return tuple(account for account in listed if account.user not in keep)


def lock(session: Session, accounts: Iterable[Account]) -> None:
    """Let none of them log in any more: all or, where MySQL's error is raised, none."""
    _alter(session, accounts, "LOCK")


def unlock(session: Session, accounts: Iterable[Account]) -> None:
    """Let them log in again."""
    _alter(session, accounts, "UNLOCK")


def _alter(session: Session, accounts: Iterable[Account], state: str) -> None:
    listed = tuple(accounts)
    if listed:
        places = ", ".join(["%s@%s"] * len(listed))
        names = [part for account in listed for part in account]
        session.unlogged(sql.ALTER_ACCOUNTS.format(accounts=places, state=state), *names)
