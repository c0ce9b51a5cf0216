"""The phases of a move as data: what a tenant's stack remembers, and what it declares in each phase.

Four rules hold in every phase, and every half-finished step between two phases keeps them:

- Clients can write only to the database that the endpoint leads to. Until the step that leads the endpoint to
  it, the target of a move is read-only, through promotion too; one that follows cannot be, so it is shut.
- A database is protected in every phase but its own retirement, so that no half-finished step can replace it.
- The stack has `fenced` before writes are held back, which the runner does then: behind that phase no update
  is let in that is late and would let them through, such as the one that makes the replica.
- `production` changes with `switched`: from that phase on, clients write to the target, and the former
  production no longer has all their data. Until that phase is recorded, the source is production.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field
from enum import StrEnum

from tenantnet.tags import Lifecycle, Slot, Strategy


class Phase(StrEnum):
    """How far a move is. A stack records a phase once everything that the phase declares exists."""

    STEADY = "steady"
    REPLICATING = "replicating"
    FOLLOWING = "following"
    FENCED = "fenced"
    PROMOTED = "promoted"
    RESTORED = "restored"
    SWITCHED = "switched"
    RETIRING = "retiring"
    ABORTING = "aborting"


def _route(*to_the_switch: Phase) -> tuple[Phase, ...]:
    return (Phase.STEADY, *to_the_switch, Phase.SWITCHED, Phase.RETIRING, Phase.STEADY)


ROUTES: Mapping[Strategy, tuple[Phase, ...]] = {
    Strategy.REPLICA: _route(Phase.REPLICATING, Phase.FENCED, Phase.PROMOTED),
    Strategy.SNAPSHOT: _route(Phase.FENCED, Phase.RESTORED),
    Strategy.LIVE: _route(Phase.FOLLOWING),
}
DOWNTIME: Mapping[Strategy, str] = {
    Strategy.REPLICA: "minutes of downtime",
    Strategy.SNAPSHOT: "about 45 minutes of downtime",
    Strategy.LIVE: "seconds of downtime",
}
AFTER_THE_SWITCH = frozenset({Phase.SWITCHED, Phase.RETIRING})
# Whose target is known to have all that the source had when writes were held back.
LEVEL = frozenset({Phase.PROMOTED, Phase.RESTORED})
FENCED_PHASES = LEVEL | {Phase.FENCED}
# In which a runner may be about to hold writes back; in `fenced` it may have done so already.
UP_TO_THE_FENCE = frozenset({Phase.STEADY, Phase.REPLICATING, Phase.FENCED})


@dataclass(frozen=True, slots=True, kw_only=True)
class RetiredNetwork:
    """The network that the last move retired; the settings may still name it."""

    slot: Slot
    cidr: str


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What a tenant's stack remembers in its outputs.

    production: the slot that clients write to. strategy: of the move under way; none in steady. In aborting
    only `live` is remembered: what may have followed stays shut until it is gone.
    move: the number of the move under way, or of the last one; before the first it is 0, or beyond those of a
    former tenant of the name. It names what must differ from move to move: snapshots, journal entries,
    decisions. retired: forgotten once the settings no longer
    name that network. networks: the CIDR of each network, as the last update left it.
    Raises ValueError if phase and strategy do not belong together.
    """

    phase: Phase
    production: Slot
    strategy: Strategy | None = None
    move: int = 0
    retired: RetiredNetwork | None = None
    networks: Mapping[Slot, str] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        if self.strategy is None and self.phase not in (Phase.STEADY, Phase.ABORTING):
            raise ValueError(f"phase {self.phase} needs a strategy")
        left_open = (self.phase, self.strategy) == (Phase.ABORTING, Strategy.LIVE)
        if self.strategy is not None and not left_open and self.phase not in ROUTES[self.strategy][1:-1]:
            raise ValueError(f"strategy {self.strategy} has no phase {self.phase}")
        if self.move < (0 if self.phase is Phase.STEADY else 1):
            raise ValueError(f"phase {self.phase} cannot belong to move {self.move}")

    @property
    def target(self) -> Slot | None:
        """Where the move leads; none in steady."""
        if self.phase is Phase.STEADY:
            return None
        return self.production if self.phase in AFTER_THE_SWITCH else self.production.other

    @property
    def source(self) -> Slot | None:
        """Where the move comes from; none in steady."""
        return self.target.other if self.target else None

    @property
    def leads_to(self) -> Slot:
        """The target of the move under way; in steady, of the next one."""
        return self.target or self.production.other

    @property
    def move_at_stake(self) -> int:
        """The number of the move that the next step belongs to; in steady, of the next move."""
        return self.move + 1 if self.phase is Phase.STEADY else self.move


class Origin(StrEnum):
    """How a declared database is created.

    PRIMARY: created empty with its tenant; a replica declared so is promoted, a restored one stays as it is.
    REPLICA, SNAPSHOT: of the other slot's database; the snapshot was taken behind the fence of this move.
    SEED: of a snapshot from before any fence; it begins with its events off, and follows the other slot's.
    LEAVING: being removed. Declared only while it exists, and whatever it came from: it must neither be
    created again by a repeated update nor be replaced.
    """

    PRIMARY = "primary"
    REPLICA = "replica"
    SNAPSHOT = "snapshot"
    SEED = "seed"
    LEAVING = "leaving"


@dataclass(frozen=True, slots=True)
class DatabaseDeclaration:
    """A slot's database. read_only: the parameter `read_only`, which a replica's promotion leaves as it is.

    None leaves the parameter itself as it is: the runner's fence is not an update's to make or to undo.
    recoverable: its deletion leaves a final snapshot and its automated backups behind. A database that was
    never in production is a copy, and AWS takes no final snapshot of a replica.
    """

    origin: Origin
    lifecycle: Lifecycle
    _: KW_ONLY
    read_only: bool | None
    recoverable: bool = False

    @property
    def protected(self) -> bool:
        """Whether AWS's deletion protection and Pulumi's protect are on."""
        return self.lifecycle.protected


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotDeclaration:
    """One slot. required: its network must be in the settings; otherwise they decide about a Test network.

    protected: Pulumi's protect on the network. shut: none of the tenant's clients, neither its sessions nor
    its companies, is let in to the database.
    """

    required: bool
    protected: bool
    database: DatabaseDeclaration | None
    shut: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaration:
    """What a stack declares.

    endpoint: the slot of the database that the tenant's name leads to. joined: each of the two databases
    reaches the other one. identified: their transactions have GTIDs, whatever the settings say.
    """

    slots: Mapping[Slot, SlotDeclaration]
    endpoint: Slot
    joined: bool = False
    identified: bool = False


# Until the retirement the former production follows the new one: the way back.
_JOINED_PHASES = frozenset({Phase.FOLLOWING, Phase.SWITCHED})

_PRODUCTION = DatabaseDeclaration(Origin.PRIMARY, Lifecycle.PRODUCTION, read_only=False, recoverable=True)
_FENCED = DatabaseDeclaration(Origin.PRIMARY, Lifecycle.PRODUCTION, read_only=None, recoverable=True)
_GIVEN_UP = DatabaseDeclaration(Origin.PRIMARY, Lifecycle.RETIRING, read_only=False, recoverable=True)
_REPLICA = DatabaseDeclaration(Origin.REPLICA, Lifecycle.TEST, read_only=True)

# The slot that is not in production; in `fenced` the strategy decides.
_OTHER_SLOT: Mapping[Phase, DatabaseDeclaration | None] = {
    Phase.STEADY: None,
    Phase.REPLICATING: _REPLICA,
    # What it applies are the source's writes. It is shut, so that nobody else writes.
    Phase.FOLLOWING: DatabaseDeclaration(Origin.SEED, Lifecycle.TEST, read_only=False),
    Phase.PROMOTED: DatabaseDeclaration(Origin.PRIMARY, Lifecycle.TEST, read_only=True),
    Phase.RESTORED: DatabaseDeclaration(Origin.SNAPSHOT, Lifecycle.TEST, read_only=True),
    Phase.SWITCHED: DatabaseDeclaration(Origin.PRIMARY, Lifecycle.TEST, read_only=True, recoverable=True),
    Phase.RETIRING: DatabaseDeclaration(Origin.LEAVING, Lifecycle.RETIRING, read_only=True, recoverable=True),
    Phase.ABORTING: DatabaseDeclaration(Origin.LEAVING, Lifecycle.DISCARDED, read_only=True),
}


def declaration(state: State, *, tenant_retiring: bool = False) -> Declaration:
    """What the stack declares in `state`.

    tenant_retiring: the settings remove the whole tenant; its database and network are unprotected, so
    that `pulumi destroy` can delete them. `plan_update` allows that in steady only.
    """
    live, moving = state.strategy is Strategy.LIVE, state.phase is not Phase.STEADY
    slots = {
        state.production: _slot(_production(state, tenant_retiring=tenant_retiring)),
        state.production.other: _slot(_other(state), required=moving, shut=live),
    }
    return Declaration(
        slots=slots,
        endpoint=state.production,
        joined=live and state.phase in _JOINED_PHASES,
        identified=live and state.phase is not Phase.ABORTING,
    )


def _slot(
    database: DatabaseDeclaration | None, *, required: bool = True, shut: bool = False
) -> SlotDeclaration:
    protected = required and (database is None or database.protected)
    return SlotDeclaration(required=required, protected=protected, database=database, shut=shut)


def _production(state: State, *, tenant_retiring: bool) -> DatabaseDeclaration:
    if tenant_retiring:
        return _GIVEN_UP
    return _FENCED if state.phase in FENCED_PHASES else _PRODUCTION


def _other(state: State) -> DatabaseDeclaration | None:
    if state.phase is Phase.FENCED:
        return _REPLICA if state.strategy is Strategy.REPLICA else None
    return _OTHER_SLOT[state.phase]
