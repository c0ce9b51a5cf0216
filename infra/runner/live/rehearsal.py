"""A cut that moves nobody: an account of its own is shut out and let in again, and each part is timed."""

from __future__ import annotations

import secrets
from contextlib import suppress
from typing import Any, Protocol

import pymysql
from tenantnet.runner.live import accounts, fence, sql
from tenantnet.runner.live.accounts import REHEARSAL, Account
from tenantnet.runner.live.cut import Budgets, Outcome, Servers
from tenantnet.runner.live.session import GuardError
from tenantnet.runner.verification import Login

ACCOUNT_LOCKED = 3118


class Connect(Protocol):
    """A login to the source, as that user."""

    def __call__(self, login: Login) -> pymysql.Connection[Any]: ...


def rehearse(servers: Servers, connect: Connect, budgets: Budgets) -> Outcome:
    """What of a cut took how long, without its record; the production's clients notice nothing.

    Raises GuardError or MySQL's error with what would take a cut back.
    """
    source, account = servers.source, Account(REHEARSAL, "%")
    login = Login(username=REHEARSAL, password=f"{secrets.token_urlsafe(18)}-Aa1")
    try:
        with source.within(budgets.lock, "the making of an account"):
            source.unlogged(sql.DROP_ACCOUNT, REHEARSAL)
            source.unlogged(sql.CREATE_ACCOUNT, REHEARSAL, login.password)
        with connect(login):
            outcome = Outcome()
            with source.within(budgets.lock, "the lock of accounts"):
                accounts.lock(source, [account])
            outcome.note("locked")
            fence.end_sessions_of(source, REHEARSAL, budgets.sessions)
            outcome.note("sessions gone")
        fence.assert_level(source, servers.target, budgets.level, written_meanwhile=True)
        outcome.note("level")
        _assert_shut_out(connect, login)
        with source.within(budgets.lock, "the unlock of accounts"):
            accounts.unlock(source, [account])
        outcome.note("open")
        connect(login).close()
    finally:
        # What kept it from being locked keeps it from being dropped: the next rehearsal drops it, or the end.
        with suppress(GuardError, pymysql.MySQLError), source.within(budgets.lock, "the end of an account"):
            source.unlogged(sql.DROP_ACCOUNT, REHEARSAL)
    return outcome


def _assert_shut_out(connect: Connect, login: Login) -> None:
    try:
        connect(login).close()
    except pymysql.MySQLError as error:
        if error.args[0] != ACCOUNT_LOCKED:
            raise
    else:
        raise GuardError("an account that is locked can log in")
