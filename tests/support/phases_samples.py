"""States of a tenant that moves from blue to green."""

from __future__ import annotations

from dataclasses import replace

from tenantnet.phases.phases import Phase, State
from tenantnet.tags import Slot, Strategy

BLUE, GREEN = Slot.BLUE, Slot.GREEN
CIDRS = {BLUE: "10.1.2.0/26", GREEN: "10.9.8.64/26"}

STEADY = State(phase=Phase.STEADY, production=BLUE, networks=CIDRS)
ABORTING = State(phase=Phase.ABORTING, production=BLUE, move=1, networks=CIDRS)


def moving(phase: Phase, strategy: Strategy = Strategy.REPLICA) -> State:
    """The first move, from blue to green, in `phase`."""
    production = GREEN if phase in (Phase.SWITCHED, Phase.RETIRING) else BLUE
    return State(phase=phase, production=production, strategy=strategy, move=1, networks=CIDRS)


EVERY_PHASE = [
    STEADY,
    moving(Phase.REPLICATING),
    moving(Phase.FENCED),
    moving(Phase.FENCED, Strategy.SNAPSHOT),
    moving(Phase.PROMOTED),
    moving(Phase.RESTORED, Strategy.SNAPSHOT),
    moving(Phase.SWITCHED),
    moving(Phase.RETIRING),
    moving(Phase.FOLLOWING, Strategy.LIVE),
    moving(Phase.SWITCHED, Strategy.LIVE),
    moving(Phase.RETIRING, Strategy.LIVE),
    ABORTING,
    replace(ABORTING, strategy=Strategy.LIVE),
]
