"""Who may log in: listed, locked and unlocked, without a trace in the binary log; and the move's accounts."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from pymysql.cursors import DictCursor
from tenantnet.runner.live import sql
from tenantnet.runner.live.session import Session

RUNNER, REPLICATION, REHEARSAL = "tenantnet_runner", "tenantnet_replication", "tenantnet_rehearsal"

# MySQL's own, of which each is locked as it comes, and RDS's where it has no table of them.
RESERVED = frozenset(("mysql.infoschema", "mysql.session", "mysql.sys", "rdsadmin", "rdsrepladmin"))


class Account(NamedTuple):
    """A login: a user and the hosts that it may come from."""

    user: str
    host: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Own:
    """The passwords of the move's own accounts; shown nowhere."""

    runner: str = field(repr=False)
    replication: str = field(repr=False)

    @classmethod
    def of(cls, tenant: str, secret: str) -> Own:
        """Those that each run finds again behind a fence, where only these accounts can log in.

        secret: the login's password, which they cannot be told from.
        """
        return cls(runner=_derived(RUNNER, tenant, secret), replication=_derived(REPLICATION, tenant, secret))


def _derived(user: str, tenant: str, secret: str) -> str:
    digest = hmac.digest(secret.encode(), f"{user} of {tenant}".encode(), hashlib.sha256)
    # With a character of each kind, as a rule for passwords may ask for.
    return f"{base64.urlsafe_b64encode(digest).decode()[:28]}-Aa1"


def make_own(master: DictCursor, own: Own) -> None:
    """Make the move's accounts, or give them their passwords and rights again; both sides get them.

    master: of the production, as the user that RDS made or one with its rights. Raises MySQL's error.
    """
    for name, password in ((RUNNER, own.runner), (REPLICATION, own.replication)):
        master.execute(sql.CREATE_ACCOUNT, (name, password))
        master.execute(sql.SET_PASSWORD, (name, password))
    master.execute(sql.VERSION)
    version = str(_answer(master))
    master.execute(sql.PROCEDURES)
    procedures = [str(row["name"]) for row in master.fetchall()]
    for right in sql.rights(version, procedures):
        master.execute(right, (RUNNER, "%"))
    master.execute(sql.FOLLOWERS_RIGHT, (REPLICATION, "%"))


def drop_own(master: DictCursor) -> None:
    """Remove the move's accounts behind its end."""
    for name in (RUNNER, REPLICATION, REHEARSAL):
        master.execute(sql.DROP_ACCOUNT, (name,))


def _answer(cursor: DictCursor) -> object:
    (row,) = cursor.fetchall()
    return row["answer"]


def keep_list(session: Session, replication_user: str = REPLICATION) -> frozenset[str]:
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
    _alter(session.unlogged, accounts, "LOCK")


def unlock(session: Session, accounts: Iterable[Account]) -> None:
    """Let them log in again."""
    _alter(session.unlogged, accounts, "UNLOCK")


def unlock_logged(session: Session, accounts: Iterable[Account]) -> None:
    """Let it be in the binary log that they may log in."""
    _alter(session.logged, accounts, "UNLOCK")


def _alter(execute: Callable[..., None], accounts: Iterable[Account], state: str) -> None:
    listed = tuple(accounts)
    if listed:
        places = ", ".join(["%s@%s"] * len(listed))
        names = [part for account in listed for part in account]
        execute(sql.ALTER_ACCOUNTS.format(accounts=places, state=state), *names)
