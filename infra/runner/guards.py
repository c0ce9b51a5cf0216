"""Checks the conditions between two phases: each until it holds, or until its time limit.

A check says in words what it saw, whether the condition holds or not; a failing guard shows it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from time import monotonic

from tenacity import RetryError
from tenantnet.failure import Failure
from tenantnet.phases.journal import Entry, What, fenced
from tenantnet.phases.phases import UP_TO_THE_FENCE, Phase, State
from tenantnet.phases.transitions import Condition
from tenantnet.runner.clock import PAUSES, SHORT_PAUSES, retrying
from tenantnet.runner.databases import Databases, Instance, SnapshotName
from tenantnet.runner.inspector import SERVING, Inspector, Sight
from tenantnet.runner.name_servers import Answer, ask
from tenantnet.tags import Slot, Strategy, final_snapshot_name, move_snapshot_name, seed_snapshot_name

MOST_DIFFERENCES_SHOWN = 20
# Far longer than AWS takes; at the limit a person has to look.
LIMITS: Mapping[Condition, timedelta] = {
    **dict.fromkeys(Condition, timedelta(minutes=5)),
    # A backup of a large database.
    Condition.AT_REST: timedelta(hours=2),
    Condition.TARGET_REPLICATES: timedelta(hours=3),
    Condition.TARGET_CAUGHT_UP: timedelta(minutes=15),
    Condition.SNAPSHOT_TAKEN: timedelta(hours=3),
    Condition.TARGET_INDEPENDENT: timedelta(minutes=30),
}
# Behind a fence, and over in seconds where nothing is in the way.
_CLIENTS_WAIT = frozenset(
    {
        Condition.SOURCE_READ_ONLY,
        Condition.TARGET_CAUGHT_UP,
        Condition.TARGET_INDEPENDENT,
        Condition.TARGET_WRITABLE,
        Condition.ENDPOINT_AT_TARGET,
        Condition.SOURCE_WRITABLE,
    }
)
# What clients that a fence would wait for have before it, where they are ended then.
HOLDERS_HAVE = timedelta(minutes=10)
# What they have once it has begun: all others that write wait with it.
FENCE_HAS = timedelta(seconds=10)


class Guards:
    """The conditions of one tenant's move. journal: gives the entries of a move.

    check: called before each look; raises if no more is wanted. end_holders: ends the clients that a fence
    waits for; None if they are not ended.
    """

    def __init__(
        self,
        databases: Databases,
        journal: Callable[[int], Sequence[Entry]],
        inspector: Inspector,
        check: Callable[[], None] = lambda: None,
        end_holders: Callable[[State], None] | None = None,
    ) -> None:
        self._end_holders = end_holders
        self._held_up_since: float | None = None
        self._databases, self._journal, self._inspector, self._check = databases, journal, inspector, check
        self._looks: Mapping[Condition, Callable[[State], Sight]] = {
            Condition.AT_REST: self._at_rest,
            Condition.TARGET_REPLICATES: self._target_replicates,
            Condition.SOURCE_READ_ONLY: self._source_read_only,
            Condition.TARGET_CAUGHT_UP: self._target_caught_up,
            Condition.SNAPSHOT_TAKEN: self._snapshot_taken,
            Condition.TARGET_INDEPENDENT: self._target_independent,
            Condition.TARGET_WRITABLE: self._target_writable,
            Condition.ENDPOINT_AT_TARGET: self._endpoint_at_target,
            Condition.SOURCE_WRITABLE: self._source_writable,
            Condition.SOURCE_LOST: self._source_lost,
            Condition.SOURCE_UNPROTECTED: lambda state: self._unprotected(state.leads_to.other),
            Condition.COPY_UNPROTECTED: lambda state: self._unprotected(state.leads_to),
        }

    def look(self, condition: Condition, state: State) -> Sight:
        """Whether the condition holds now. Raises Failure if AWS does not answer."""
        self._check()
        return self._looks[condition](state)

    def wait(self, condition: Condition, state: State, limit: timedelta | None = None) -> Sight:
        """Check until the condition holds.

        limit: None for the condition's own. Raises Failure, with what was seen last, at the limit.
        """
        limit = limit or LIMITS[condition]
        try:
            pauses = SHORT_PAUSES if condition in _CLIENTS_WAIT else PAUSES
            return retrying(limit, lambda sight: sight.holds, pauses)(self.look, condition, state)
        except RetryError as error:
            last: Sight = error.last_attempt.result()
            raise Failure(
                f"The move of the database does not go on from phase {state.phase}.",
                reason=f"within {limit} it was not seen that {condition}: {last.seen}",
                remedy="remove the cause, then `tenantnet migrate run` checks again; before the switch "
                "`tenantnet migrate abort` takes the move back",
                state=f"The tenant stays in phase {state.phase}.",
            ) from None

    def _at_rest(self, state: State) -> Sight:
        found = {slot: self._databases.instance(slot) for slot in Slot}
        seen = ", ".join(f"{slot} is {each.status}" for slot, each in found.items() if each)
        if not all(each.at_rest for each in found.values() if each):
            return Sight(holds=False, seen=seen)
        # A fence that waits for one client keeps all others waiting: it is not begun then.
        source = found[state.production]
        begun = state.phase not in UP_TO_THE_FENCE or (source is not None and source.read_only)
        client = None if begun else self._inspector.fence_waits_for(state.production)
        self._be_patient_with(client, state)
        return Sight(holds=client is None, seen=client or seen)

    def _be_patient_with(self, client: str | None, state: State) -> None:
        since = self._held_up_since or monotonic()
        self._held_up_since = since if client else None
        if client and self._end_holders and monotonic() - since >= HOLDERS_HAVE.total_seconds():
            self._end_holders(state)
            self._held_up_since = None

    def _target_replicates(self, state: State) -> Sight:
        target = self._databases.instance(state.leads_to)
        if target is None:
            return Sight(holds=False, seen="there is no replica")
        stopped = "" if target.replicates else ", but replication has stopped"
        holds = target.status == "available" and target.source is not None and target.replicates
        # What it lacks is waited for while clients write, and not behind the fence.
        lacking = self._inspector.lacks(state.production, state.leads_to) if holds else None
        seen = lacking or f"{_replication(target)}{stopped}"
        return Sight(holds=holds and lacking is None, seen=seen)

    def _source_read_only(self, state: State) -> Sight:
        sight = self._refuses_writes(state)
        if not sight.holds and state.phase is Phase.FENCED:
            self._keep_to_budget(state)
        return sight

    def _keep_to_budget(self, state: State) -> None:
        """Raises Failure for a fence that waits for a client for too long, where that one is not ended."""
        fenced_at = fenced(self._journal(state.move))
        if fenced_at is None or datetime.now(UTC) - fenced_at < FENCE_HAS:
            return
        if (client := self._inspector.fence_waits_for(state.production)) is None:
            return
        if self._end_holders:
            self._end_holders(state)
            return
        raise Failure(
            f"The move of the database does not go on from phase {state.phase}.",
            reason=f"after {FENCE_HAS} holding back writes still waits for a client: {client}",
            remedy="choose a time without such a client; or let the move end it: "
            "`tenantnet migrate run --end-holders`, or `migration.endHolders` in the settings",
            state=f"The tenant stays in phase {state.phase}.",
        )

    def _refuses_writes(self, state: State) -> Sight:
        source = self._databases.instance(state.leads_to.other)
        if source is None or not (source.read_only and source.parameters_in_force):
            return Sight(holds=False, seen=_parameter(source))
        fenced_at = fenced(self._journal(state.move))
        return self._inspector.refuses_writes(state.leads_to.other, since=fenced_at)

    def _source_writable(self, state: State) -> Sight:
        source = self._databases.instance(state.leads_to.other)
        if source is None or source.read_only or not source.parameters_in_force:
            return Sight(holds=False, seen=_parameter(source))
        return self._inspector.takes_writes(state.leads_to.other)

    def _source_lost(self, state: State) -> Sight:
        lost = self._databases.lost(state.leads_to.other)
        return Sight(holds=lost is not None, seen=lost or "RDS has it")

    def _target_writable(self, state: State) -> Sight:
        target = self._databases.instance(state.leads_to)
        if target is None or target.read_only or not target.parameters_in_force:
            return Sight(holds=False, seen=_parameter(target))
        if target.source is not None:
            return Sight(holds=False, seen=_replication(target))
        return self._inspector.takes_writes(state.leads_to)

    def _target_caught_up(self, state: State) -> Sight:
        target, entries = self._databases.instance(state.leads_to), self._journal(state.move)
        fenced_at = fenced(entries)
        if target is None or fenced_at is None:
            return Sight(
                holds=False, seen="there is no replica" if target is None else "no fence is recorded"
            )
        if target.source is None:
            # It had caught up if it was this move's own runner who promoted it, and was killed then.
            own = any((entry.what, entry.phase) == (What.BEGAN, Phase.PROMOTED) for entry in entries)
            return Sight(holds=own, seen=f"it was promoted by {'this move' if own else 'another one'}")
        if not target.replicates:
            return Sight(holds=False, seen="replication has stopped")
        return self._inspector.caught_up(state.leads_to.other, state.leads_to, since=fenced_at)

    def _snapshot_taken(self, state: State) -> Sight:
        status = self._databases.snapshot_status(state.move, snapshot_of(state))
        return Sight(holds=status == "available", seen=f"it is {status}" if status else "there is none")

    def _target_independent(self, state: State) -> Sight:
        target = self._databases.instance(state.leads_to)
        if target is None:
            return Sight(holds=False, seen="there is no database")
        # Its first backup begins some time after the promotion, and takes as long as there is data.
        holds = target.status in SERVING and target.source is None
        return Sight(holds=holds, seen=_replication(target))

    def _endpoint_at_target(self, state: State) -> Sight:
        target, address = self._databases.instance(state.leads_to), self._databases.endpoint_address()
        if target is None or address is None or target.address != address:
            return Sight(holds=False, seen=f"the record leads to {address or 'nowhere'}")
        if not self._databases.endpoint_has_spread():
            return Sight(holds=False, seen="not all name servers have the record")
        return _answered(ask(self._databases.host_name, self._databases.name_servers()), address)

    def _unprotected(self, slot: Slot) -> Sight:
        found = self._databases.instance(slot)
        if found is None:
            return Sight(holds=True, seen="it is gone")
        protected = found.deletion_protection
        return Sight(holds=not protected, seen=f"deletion protection is {'on' if protected else 'off'}")


def snapshot_of(state: State) -> SnapshotName:
    """The name of the snapshot that a step to `state`, or out of it, waits for."""
    if state.phase is Phase.ABORTING:
        copy = state.leads_to
        return lambda tenant, move: final_snapshot_name(tenant, copy, state.networks[copy], move)
    return seed_snapshot_name if state.strategy is Strategy.LIVE else move_snapshot_name


def different(state: State, found: Sequence[str]) -> Failure:
    """Why a move does not go on over a copy. found: what differs, in words."""
    shown = [*found[:MOST_DIFFERENCES_SHOWN]]
    if rest := len(found) - len(shown):
        shown.append(f"and {rest} more")
    held = "" if state.phase is Phase.FOLLOWING else ", with writes held back"
    return Failure(
        f"The move of the database does not go on from phase {state.phase}.",
        reason="source and target differ: " + "; ".join(shown),
        remedy="`tenantnet migrate abort` takes the move back; `tenantnet migrate run` compares again",
        state=f"The tenant stays in phase {state.phase}{held}.",
    )


def _answered(answers: Sequence[Answer], address: str) -> Sight:
    """If none can be reached, as from a network without a way out, Route 53's status has to suffice."""
    heard = [answer for answer in answers if not answer.silent]
    if others := [answer for answer in heard if answer.target != address]:
        seen = ", ".join(f"{answer.server} answers {answer.target or 'nothing'}" for answer in others)
        return Sight(holds=False, seen=seen)
    if not heard:
        return Sight(holds=True, seen="Route 53 reports it; no name server could be reached")
    return Sight(
        holds=True, seen=f"{len(heard)} of {len(answers)} name servers could be reached and answer so"
    )


def _replication(instance: Instance) -> str:
    return f"it is {instance.status} and replicates from {instance.source or 'nowhere'}"


def _parameter(instance: Instance | None) -> str:
    if instance is None:
        return "there is no database"
    force = "in force" if instance.parameters_in_force else "not in force yet"
    return f"read_only is {int(instance.read_only)}, {force}"
