"""Compares the data of a tenant's databases by asking their servers, if there is a login."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import pymysql
from pymysql.constants import ER
from pymysql.cursors import DictCursor
from tenantnet.failure import Failure
from tenantnet.runner.databases import Databases
from tenantnet.runner.live.events import enable, enabled_events
from tenantnet.runner.live.fence import SERVER_THREADS
from tenantnet.runner.live.session import end_session
from tenantnet.runner.live.sql import (
    LONG_CHANGES,
    OPEN_TABLE,
    SESSIONS,
    SOON_OR_NEVER,
    TABLES_IN_USE,
)
from tenantnet.runner.replication import behind
from tenantnet.runner.verification import (
    SYSTEM_USERS,
    Access,
    compare,
    connected,
    require_readable,
    require_rows_on_disk,
)
from tenantnet.runner.writes import held_back, let_through, require_nothing_prepared
from tenantnet.tags import Slot

BY_HAND = "MySQL disables the events of a replica: enable those that are to run, by ALTER EVENT ... ENABLE"
RECONNECT = "what keeps its connections open still reads the former production: let it connect again"
# Behind the words of a condition, which it would repeat.
SAYS_SO = "the server says so"
# Of a statement that writes: a fence waits for its end.
LONG_SECONDS = 10
# Longer than people have seen RDS take to begin with a change of parameters and end it.
TAKES_EFFECT = timedelta(minutes=3)
# RDS's words for an instance that answers its clients.
SERVING = frozenset(("available", "backing-up", "modifying", "storage-optimization"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """holds: the result. seen: what was seen, in words."""

    holds: bool
    seen: str


@dataclass(frozen=True, slots=True)
class WithoutLogin:
    """Asks no server: the data is not compared, and CloudWatch's metric shows how far the replica is.

    Every method raises Failure if AWS does not answer.
    """

    asks: ClassVar[bool] = False
    databases: Databases

    def require_readable(self, slots: Iterable[Slot]) -> None:
        """Does nothing: no database will be read."""

    def refuses_writes(self, slot: Slot, *, since: datetime | None) -> Sight:
        """Whether RDS has had its time: it calls a change in force before it begins with it."""
        holds = since is not None and datetime.now(UTC) - since >= TAKES_EFFECT
        return Sight(holds=holds, seen=f"no server was asked; RDS has {TAKES_EFFECT} from the fence on")

    def fence_waits_for(self, slot: Slot) -> str | None:
        """Nothing that is known: no server is asked."""
        return None

    def end_holders(self, slot: Slot) -> str | None:
        """Nothing that is known: no server is asked."""
        return None

    def lacks(self, source: Slot, replica: Slot) -> str | None:
        """Nothing that is known: no server is asked."""
        return None

    def takes_writes(self, slot: Slot) -> Sight:
        """Whether RDS says that the instance lives; it shows parameters of a dead one, too."""
        found = self.databases.instance(slot)
        status = found.status if found else "gone"
        return Sight(holds=status in SERVING, seen=f"it is {status}")

    def resume_events(self, source: Slot, target: Slot) -> str:
        """What people have to do: without a login nothing can be done here."""
        return f"no login to enable events with. {BY_HAND}"

    def end_clients(self, former: Slot) -> str:
        """What people have to do: without a login nobody can be cut off here."""
        return f"no login to end connections with: {RECONNECT}"

    def differences(self, source: Slot, target: Slot) -> None:
        """None: the data is not compared."""

    def caught_up(self, source: Slot, replica: Slot, *, since: datetime) -> Sight:
        """Whether CloudWatch has a minute after `since` in which the replica lacked nothing."""
        lag = self.databases.lag(replica, since)
        seen = "CloudWatch has no minute since then yet" if lag is None else f"it was {lag:.0f} s behind"
        return Sight(holds=lag == 0, seen=seen)


@dataclass(frozen=True, slots=True)
class _Logging:
    """A production, whose changes belong into its own binary log."""

    connection: pymysql.Connection[Any]

    def rows(self, statement: str | bytes, *arguments: object) -> list[dict[str, Any]]:
        with self.connection.cursor(DictCursor) as cursor:
            cursor.execute(statement, arguments or None)  # type: ignore[arg-type] # bytes pass as they are
            return list(cursor.fetchall())

    def unlogged(self, statement: str | bytes, *arguments: object) -> None:
        """Change something; it is logged here, so that a restore to a point in time has it."""
        self.rows(statement, *arguments)


@dataclass(frozen=True, slots=True)
class WithLogin:
    """Asks both servers. Every method raises Failure if AWS or a server does not answer."""

    asks: ClassVar[bool] = True
    databases: Databases
    access: Access

    def require_readable(self, slots: Iterable[Slot]) -> None:
        """Finds what would stop the move later, while writes still work.

        Raises Failure for a wrong login, a missing network path, rows that no copy keeps, or a transaction
        that no fence holds.
        """
        for slot in slots:
            require_readable(self.databases.address(slot), self.access)
            require_rows_on_disk(self.databases.address(slot), self.access)
            require_nothing_prepared(self.databases.address(slot), self.access)

    def refuses_writes(self, slot: Slot, *, since: datetime | None) -> Sight:
        """Whether it is read-only and has no prepared transaction, which would pass the fence."""
        through = let_through(self.databases.address(slot), self.access)
        return Sight(holds=through is None, seen=through or SAYS_SO)

    def fence_waits_for(self, slot: Slot) -> str | None:
        """What holding back writes would wait for, and every other writer with it; None if there is nothing.

        https://dev.mysql.com/doc/refman/8.4/en/server-system-variables.html#sysvar_read_only
        """
        with connected(self.databases.address(slot), self.access) as connection:
            session = _Logging(connection)
            found = [
                # Not its text, which may hold what is nobody's business.
                f"{str(row['statement']).split(maxsplit=1)[0].upper()} of connection {row['id']} runs for "
                f"{row['seconds']} s"
                for row in session.rows(LONG_CHANGES, LONG_SECONDS)
            ]
            session.rows(SOON_OR_NEVER)
            in_use = ((str(row["Database"]), str(row["Table"])) for row in session.rows(TABLES_IN_USE))
            found += [f"{'.'.join(table)} is locked" for table in in_use if _is_locked(session, *table)]
        return ", ".join(found) or None

    def end_holders(self, slot: Slot) -> str | None:
        """End the clients that `fence_waits_for` finds; what was ended, in words, None for nothing."""
        try:
            if (waited_for := self.fence_waits_for(slot)) is None:
                return None
            with connected(self.databases.address(slot), self.access) as connection:
                session = _Logging(connection)
                changing = [row["id"] for row in session.rows(LONG_CHANGES, LONG_SECONDS)]
                # Whose a table's lock is, a server without its performance schema does not say.
                everybody = "is locked" in waited_for
                ended = (
                    _end_clients(session)
                    if everybody
                    else sum(end_session(session.rows, number) for number in changing)
                )
        except Failure as failure:
            return f"could not end what holds writes up: {failure.reason}"
        return f"connections ended, since they held writes up: {ended} ({waited_for})"

    def takes_writes(self, slot: Slot) -> Sight:
        """Whether it answers, and is not read-only."""
        held = held_back(self.databases.address(slot), self.access)
        return Sight(holds=not held, seen="the server is read-only" if held else SAYS_SO)

    def resume_events(self, source: Slot, target: Slot) -> str:
        """Enable the events in the target that are enabled in the source; what was done, or is to be done."""
        try:
            with connected(self.databases.address(source), self.access) as former:
                events = enabled_events(_Logging(former))
            with connected(self.databases.address(target), self.access) as production:
                enable(_Logging(production), events)
        except Failure as failure:
            # The switch is over: clients write to the target, with or without its events.
            return f"could not enable events: {failure.reason}. {BY_HAND}"
        return f"events enabled as in the source: {len(events)}"

    def end_clients(self, former: Slot) -> str:
        """End what clients keep open to the former production; what was done, or is to be done.

        A pool keeps what answers: it would read what was, and be refused each write.
        """
        try:
            with connected(self.databases.address(former), self.access) as connection:
                ended = _end_clients(_Logging(connection))
        except Failure as failure:
            # The switch is over: the new production takes writes, whoever is left at the former one.
            return f"could not end connections: {failure.reason}; {RECONNECT}"
        if ended is None:
            return f"the login sees no connection but its own, or may not (PROCESS): {RECONNECT}"
        return f"connections to the former production ended: {ended}"

    def differences(self, source: Slot, target: Slot) -> Sequence[str]:
        """Differences in tables, routines, users and so on. Takes as long as a scan of all tables."""
        return compare(self.databases.address(source), self.databases.address(target), self.access)

    def lacks(self, source: Slot, replica: Slot) -> str | None:
        """What the replica lacks of all that the source has written, in words; None for nothing."""
        return behind(self.databases.address(source), self.databases.address(replica), self.access)

    def caught_up(self, source: Slot, replica: Slot, *, since: datetime) -> Sight:
        """Whether the replica has applied all that the source has written, to the byte."""
        lacking = self.lacks(source, replica)
        return Sight(holds=lacking is None, seen=lacking or SAYS_SO)


def _is_locked(session: _Logging, *table: str) -> bool:
    try:
        session.rows(OPEN_TABLE.format(table=".".join(f"`{part.replace('`', '``')}`" for part in table)))
    except pymysql.MySQLError as error:
        # Another one is of a table that has gone meanwhile, or that the login may not read.
        return bool(error.args[0] == ER.LOCK_WAIT_TIMEOUT)
    return False


def _end_clients(session: _Logging) -> int | None:
    """How many were ended; None where no other thread is seen, not even the server's."""
    ((own,),) = (row.values() for row in session.rows("SELECT CONNECTION_ID() AS id"))
    others = [row for row in session.rows(SESSIONS) if row["id"] != own]
    ended = 0
    for row in others:
        if row["user"] not in SERVER_THREADS.union(SYSTEM_USERS):
            ended += end_session(session.rows, row["id"])
    return ended if others else None


Inspector = WithoutLogin | WithLogin
