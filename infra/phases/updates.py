"""What one update of a tenant's stack declares: who may update it in which phase, and with which settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from tenantnet.phases import rules
from tenantnet.phases.journal import Holder
from tenantnet.phases.memory import remembered
from tenantnet.phases.phases import AFTER_THE_SWITCH, Phase, State, declaration
from tenantnet.phases.transitions import Decision, carries_out, step_to
from tenantnet.refusal import Refusal, Refused
from tenantnet.tags import Slot, Strategy

SUBJECT = "The tenant's update"

RUNNER_ONLY = frozenset({Phase.REPLICATING, Phase.FENCED, Phase.PROMOTED, Phase.RESTORED, Phase.ABORTING})
# The move has begun, and clients are not led to its target yet.
UNDER_WAY = RUNNER_ONLY | {Phase.FOLLOWING}


def plan_update(
    outputs: Mapping[str, Any],
    networks: Mapping[Slot, str],
    *,
    requested: State | None = None,
    decision: Decision | None = None,
    leftovers: Strategy | None = None,
    at_work: Holder | None = None,
    tenant_retiring: bool = False,
    exchanged: Sequence[Refusal] = (),
) -> State:
    """The state that this update declares and, once all of it is there, records.

    outputs: the stack's own, read in this update, behind the stack's lock. networks: the CIDR of each network
    in the settings. requested: the runner's next state; none in an ordinary update, which keeps the phase.
    decision: the one about that move, or, of an ordinary update, one that the stack has not recorded yet. It
    is read behind the lock too: neither a runner that was overtaken nor an ordinary update may lead the
    endpoint back from a switch that has been begun.
    leftovers: in steady, the strategy whose first step has left a database in the other slot. at_work: the
    run, if it is another one than asks for this update, that may work on the move.
    tenant_retiring: the settings remove the whole tenant. exchanged: what else of the stack they exchange.
    Raises Refused if the outputs make no sense, the update is not this program's to make, or the settings
    take away what the phase needs. Nothing may be declared before.
    """
    recorded = remembered(outputs)
    if recorded is None:
        if requested is not None:
            raise Refused(SUBJECT, [_out_of_order(None, requested)])
        return _first(networks)
    if requested is None and (
        refusal := refuse_ordinary_update(recorded, leftovers=leftovers, at_work=at_work, decision=decision)
    ):
        raise Refused(SUBJECT, [refusal])
    step = step_to(recorded, requested or recorded)
    if step is None:
        raise Refused(SUBJECT, [_out_of_order(recorded, requested or recorded)])
    if leftovers and step.phase is not Phase.ABORTING and step.strategy is not leftovers:
        raise Refused(SUBJECT, [_refuse_in_a_step(recorded, at_work)])
    if requested is not None and not carries_out(requested, decision):
        raise Refused(SUBJECT, [_behind_a_decision(requested, decision)])
    state = _forgetting(step, networks)
    # What the recorded phase needs may go now, but must not be exchanged: half done, neither phase would fit.
    others = [refusal for slot in networks if (refusal := _refuse_exchange(recorded, slot, networks))]
    refusals = [*exchanged, *others, *refuse_settings(state, networks, tenant_retiring=tenant_retiring)]
    if refusals:
        raise Refused(SUBJECT, dict.fromkeys(refusals))
    return state


def beyond_used(state: State, used: int) -> State:
    """The state that begins beyond the moves of a former tenant of the name, or of a former database.

    used: the highest number of a move that AWS still has something of. A number that is used again would
    find the decision of another move, and the name of its final snapshot taken.
    """
    return replace(state, move=used + 1) if used > state.move else state


def runner_only(state: State) -> bool:
    """Whether only the migration runner may update the stack."""
    return state.phase in RUNNER_ONLY


def refuse_ordinary_update(
    state: State,
    *,
    leftovers: Strategy | None = None,
    at_work: Holder | None = None,
    decision: Decision | None = None,
) -> Refusal | None:
    """The refusal of an ordinary update; None if it may update the stack and keep the phase.

    leftovers, at_work, decision: as for plan_update.
    """
    if decision and state.phase in (Phase.FOLLOWING, Phase.SWITCHED):
        return rules.SWITCH_RECORDED.refuse(
            state.phase, "phase", decision=decision, move=state.move, phase=state.phase
        )
    if not runner_only(state) and not (leftovers and state.phase is Phase.STEADY):
        return None
    return _refuse_in_a_step(state, at_work)


def networks_to_declare(state: State, networks: Mapping[Slot, str]) -> dict[Slot, str]:
    """The networks of the settings that the stack declares: all but the one that the last move gave up.

    People change the settings later. Until they remove the retired network from the file, it is there
    as before the move, and must not be created as a Test network. Another range in its slot is a new network.
    """
    return {slot: cidr for slot, cidr in networks.items() if not _is_retired(state, slot, cidr)}


def retired_note(state: State) -> str | None:
    """The note about a network that the settings name and the stack does not declare."""
    if state.retired is None:
        return None
    slot, cidr = state.retired.slot, state.retired.cidr
    return (
        f"networks.{slot} ({cidr}) was retired and is not created again: remove it from the settings. For a "
        f"new network {slot}, give it another range; or remove it, update the stack, and add it again."
    )


def refuse_settings(
    state: State, networks: Mapping[Slot, str], *, tenant_retiring: bool = False
) -> list[Refusal]:
    """What the settings take away that the stack needs in `state`. networks: as for plan_update."""
    needed = [slot for slot, part in declaration(state).slots.items() if part.required]
    refusals = [refusal for slot in sorted(needed) if (refusal := _refuse_network(state, slot, networks))]
    if tenant_retiring and state.phase is not Phase.STEADY:
        refusals.append(
            rules.RETIRING_BETWEEN_MOVES.refuse(
                "true", "retiring", phase=state.phase, move=state.move, end=_how_it_ends(state)
            )
        )
    return refusals


def _refuse_in_a_step(state: State, at_work: Holder | None) -> Refusal:
    """The abort of the move is a way out only where no run may be working on it."""
    place: dict[str, object] = {"phase": state.phase, "target": state.leads_to}
    if at_work is not None:
        since = f"{at_work.since:%Y-%m-%d %H:%M:%S}"
        return rules.RUN_AT_WORK.refuse(state.phase, "phase", who=at_work.who, since=since, **place)
    if not runner_only(state):
        return rules.LEFTOVERS.refuse(state.phase, "phase", slot=state.leads_to)
    return rules.RUNNER_ONLY.refuse(state.phase, "phase", move=state.move, **place)


def _refuse_network(state: State, slot: Slot, networks: Mapping[Slot, str]) -> Refusal | None:
    path, missing = f"networks.{slot}", "not in the settings"
    cidr = networks.get(slot)
    if cidr is None and slot is state.production:
        return rules.PRODUCTION_KEPT.refuse(missing, path, slot=slot)
    if cidr is None:
        return rules.MOVE_NETWORK_KEPT.refuse(
            missing, path, slot=slot, phase=state.phase, end=_how_it_ends(state)
        )
    if _is_retired(state, slot, cidr):
        return rules.RETIRED_NETWORK.refuse(cidr, path, slot=slot, cidr=cidr)
    return _refuse_exchange(state, slot, networks)


def _refuse_exchange(state: State, slot: Slot, networks: Mapping[Slot, str]) -> Refusal | None:
    """Another range for a network that `state` needs."""
    cidr, recorded = networks[slot], state.networks.get(slot)
    if not declaration(state).slots[slot].required or recorded in (None, cidr):
        return None
    return rules.CIDR_KEPT.refuse(cidr, f"networks.{slot}.cidr", slot=slot, cidr=recorded)


def _how_it_ends(state: State) -> str:
    if state.phase in AFTER_THE_SWITCH:
        return "`tenantnet migrate retire` ends the move"
    return "`tenantnet migrate abort` ends the move early"


def _is_retired(state: State, slot: Slot, cidr: str) -> bool:
    return state.retired is not None and (state.retired.slot, state.retired.cidr) == (slot, cidr)


def _forgetting(state: State, networks: Mapping[Slot, str]) -> State:
    """Without the memory of a retired network that the settings no longer name."""
    if state.retired and networks.get(state.retired.slot) != state.retired.cidr:
        return replace(state, retired=None)
    return state


def _first(networks: Mapping[Slot, str]) -> State:
    if len(networks) == 1:
        return State(phase=Phase.STEADY, production=next(iter(networks)))
    named = ", ".join(sorted(networks)) or None
    raise Refused(SUBJECT, [rules.FIRST_NETWORK.refuse(named, "networks")])


def _out_of_order(recorded: State | None, requested: State) -> Refusal:
    return rules.STEP_IN_ORDER.refuse(
        requested.phase,
        "phase",
        recorded=_named(recorded) if recorded else "no phase yet",
        requested=_named(requested),
    )


def _behind_a_decision(requested: State, decision: Decision | None) -> Refusal:
    return rules.DECISION_STANDS.refuse(
        requested.phase, "phase", decision=decision, move=requested.move, requested=_named(requested)
    )


def _named(state: State) -> str:
    move = f" of move {state.move}" if state.target else ""
    return f"{state.phase}({state.production}){move}"
