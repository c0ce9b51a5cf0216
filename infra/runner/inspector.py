"""Compares the data of a tenant's databases by asking their servers, if there is a login."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from tenantnet.runner.databases import Databases
from tenantnet.runner.replication import behind
from tenantnet.runner.verification import Access, compare, require_readable
from tenantnet.runner.writes import held_back, let_through, require_nothing_prepared
from tenantnet.tags import Slot

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

    databases: Databases

    def require_readable(self, slots: Iterable[Slot]) -> None:
        """Does nothing: no database will be read."""

    def refuses_writes(self, slot: Slot) -> Sight:
        """Yes: RDS's word has to suffice."""
        return Sight(holds=True, seen="no server was asked")

    def takes_writes(self, slot: Slot) -> Sight:
        """Whether RDS says that the instance lives; it shows parameters of a dead one, too."""
        found = self.databases.instance(slot)
        status = found.status if found else "gone"
        return Sight(holds=status in SERVING, seen=f"it is {status}")

    def differences(self, source: Slot, target: Slot) -> None:
        """None: the data is not compared."""

    def caught_up(self, source: Slot, replica: Slot, *, since: datetime) -> Sight:
        """Whether CloudWatch has a minute after `since` in which the replica lacked nothing."""
        lag = self.databases.lag(replica, since)
        seen = "CloudWatch has no minute since then yet" if lag is None else f"it was {lag:.0f} s behind"
        return Sight(holds=lag == 0, seen=seen)


@dataclass(frozen=True, slots=True)
class WithLogin:
    """Asks both servers. Every method raises Failure if AWS or a server does not answer."""

    databases: Databases
    access: Access

    def require_readable(self, slots: Iterable[Slot]) -> None:
        """Finds what would stop the move later, while writes still work.

        Raises Failure for a wrong login, a missing network path, or a transaction that no fence holds.
        """
        for slot in slots:
            require_readable(self.databases.address(slot), self.access)
            require_nothing_prepared(self.databases.address(slot), self.access)

    def refuses_writes(self, slot: Slot) -> Sight:
        """Whether it is read-only and has no prepared transaction, which would pass the fence."""
        through = let_through(self.databases.address(slot), self.access)
        return Sight(holds=through is None, seen=through or "the server refuses writes")

    def takes_writes(self, slot: Slot) -> Sight:
        """Whether it answers, and is not read-only."""
        held = held_back(self.databases.address(slot), self.access)
        return Sight(holds=not held, seen=f"the server is {'read-only' if held else 'writable'}")

    def differences(self, source: Slot, target: Slot) -> Sequence[str]:
        """Differences in tables, routines, users and so on. Takes as long as a scan of all tables."""
        return compare(self.databases.address(source), self.databases.address(target), self.access)

    def caught_up(self, source: Slot, replica: Slot, *, since: datetime) -> Sight:
        """Whether the replica has applied all that the source has written, to the byte."""
        lacking = behind(self.databases.address(source), self.databases.address(replica), self.access)
        return Sight(holds=lacking is None, seen=lacking or "it has applied all that the source has written")


Inspector = WithoutLogin | WithLogin
