"""Converts a stack's outputs to the state that they remember, and back."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from enum import StrEnum
from typing import Any, TypeVar

from tenantnet.phases import rules
from tenantnet.phases.phases import Phase, RetiredNetwork, State
from tenantnet.refusal import Refusal, Refused
from tenantnet.tags import Slot, Strategy

SUBJECT = "What the stack remembers"

_Word = TypeVar("_Word", bound=StrEnum)


def outputs_of(state: State) -> dict[str, Any]:
    """The outputs that remember `state`, apart from `networks`, which the stack exports with their ids."""
    outputs = {
        "phase": str(state.phase),
        "production": str(state.production),
        "move": state.move,
        "strategy": state.strategy and str(state.strategy),
        "target": state.target and str(state.target),
        "retired": state.retired and {"slot": str(state.retired.slot), "cidr": state.retired.cidr},
    }
    return {key: value for key, value in outputs.items() if value is not None}


def remembered(outputs: Mapping[str, Any]) -> State | None:
    """The state in a stack's outputs, as `read_stack_outputs` returns them.

    None for a stack whose first update has not finished. Raises Refused if they do not make sense.
    """
    if outputs.get("phase") is None and outputs.get("production") is None:
        return None
    reading = _Reading(outputs)
    phase, production = reading.word("phase", Phase), reading.word("production", Slot)
    strategy, target = reading.word_or_none("strategy", Strategy), reading.word_or_none("target", Slot)
    move, retired, networks = reading.move(), reading.retired(), reading.networks()
    if reading.refusals or phase is None or production is None:
        raise Refused(SUBJECT, reading.refusals)
    # Where an update fails, Pulumi keeps each output of the one before that it no longer has.
    if phase is Phase.STEADY:
        strategy = target = None
    elif phase is Phase.ABORTING and strategy is not Strategy.LIVE:
        strategy = None
    try:
        state = State(
            phase=phase,
            production=production,
            strategy=strategy,
            move=move,
            retired=retired,
            networks=networks,
        )
    except ValueError as problem:
        raise _inconsistent(phase, str(problem)) from None
    if state.target is not target:
        raise _inconsistent(
            phase, f"the target is {target or 'missing'} and should be {state.target or 'none'}"
        )
    return state


def readable(outputs: Mapping[str, Any]) -> State | None:
    """Like `remembered`, but None too for outputs that do not make sense: the program refuses those."""
    with suppress(Refused):
        return remembered(outputs)
    return None


def _inconsistent(phase: Phase, problem: str) -> Refused:
    return Refused(SUBJECT, [rules.OUTPUTS_CONSISTENT.refuse(phase, "phase", problem=problem)])


class _Reading:
    """Reads single values, and collects their problems."""

    def __init__(self, outputs: Mapping[str, Any]) -> None:
        self._outputs = outputs
        self.refusals: list[Refusal] = []

    def _refuse(self, value: object, path: str, expected: str) -> None:
        self.refusals.append(rules.OUTPUTS_READABLE.refuse(value, path, key=path, expected=expected))

    def _word(self, value: object, path: str, words: type[_Word]) -> _Word | None:
        if isinstance(value, str) and value in set(words):
            return words(value)
        self._refuse(value, path, f"one of {', '.join(words)}")
        return None

    def word(self, key: str, words: type[_Word]) -> _Word | None:
        """None, with a refusal, if the output is missing or another word."""
        return self._word(self._outputs.get(key), key, words)

    def word_or_none(self, key: str, words: type[_Word]) -> _Word | None:
        """None if the output is missing, or, with a refusal, another word."""
        return None if self._outputs.get(key) is None else self.word(key, words)

    def _text(self, value: object, path: str) -> str:
        if isinstance(value, str) and value:
            return value
        self._refuse(value, path, "a range")
        return ""

    def move(self) -> int:
        """0 if there is none."""
        value = self._outputs.get("move")
        if value is None:
            return 0
        # The engine carries every number as a float.
        whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
        if whole and not isinstance(value, bool) and value >= 0:
            return int(value)
        self._refuse(value, "move", "a whole number, 0 or more")
        return 0

    def retired(self) -> RetiredNetwork | None:
        """None if there is none."""
        value = self._outputs.get("retired")
        if value is None:
            return None
        if not isinstance(value, Mapping):
            self._refuse(value, "retired", "a slot and a range")
            return None
        slot = self._word(value.get("slot"), "retired.slot", Slot)
        cidr = self._text(value.get("cidr"), "retired.cidr")
        return RetiredNetwork(slot=slot, cidr=cidr) if slot else None

    def networks(self) -> dict[Slot, str]:
        """The range of each network; none where the output is missing."""
        value = self._outputs.get("networks") or {}
        if not isinstance(value, Mapping):
            self._refuse(value, "networks", "a mapping of slots")
            return {}
        cidrs = {}
        for key, network in value.items():
            slot = self._word(key, "networks", Slot)
            cidr = network.get("cidr") if isinstance(network, Mapping) else network
            if slot:
                cidrs[slot] = self._text(cidr, f"networks.{slot}.cidr")
        return cidrs
