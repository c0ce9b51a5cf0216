"""The phases of a move in the words of docs/concepts.md."""

from __future__ import annotations

from collections.abc import Mapping

from tenantnet.phases.phases import Phase

PHASES: Mapping[Phase, str] = {
    Phase.STEADY: "no move is under way",
    Phase.REPLICATING: "the target's database is a replica, which follows the source",
    Phase.FOLLOWING: "the target's database is a copy, which follows the source until the cut",
    Phase.FENCED: "writes are held back: the source is read-only, and the target catches up",
    Phase.PROMOTED: "writes are held back: the replica is a database of its own, and the data is compared",
    Phase.RESTORED: "writes are held back: the target's database is restored, and the data is compared",
    Phase.SWITCHED: "clients write to the target; the former production database waits, read-only",
    Phase.RETIRING: "the former production database is given up, with its network; a snapshot stays",
    Phase.ABORTING: "the move is taken back: clients write to the source, and the copy is deleted",
}
