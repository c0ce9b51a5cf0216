"""Ctrl-C and SIGTERM in a run of a move: what is at work ends in order, and the run says what it leaves.

A terminal that is closed ends no run: nobody would be there to let writes go on.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress

from tenantnet.engine.update import Command
from tenantnet.failure import Failure
from tenantnet.phases.journal import Entry, begun, downtime, fenced, writes_stopped
from tenantnet.phases.phases import AFTER_THE_SWITCH, Phase, State
from tenantnet.phases.transitions import Decision
from tenantnet.tags import Strategy

_ENDS = "Stopping: what runs is finished, and nothing more begins. Once more, and it is cut off."
_BY_THE_USER = "this run got Ctrl-C or SIGTERM"


class Stopped(Failure):
    """The user has stopped a run."""


class TakenBack(Failure):
    """Somebody else has aborted the move of a run, which has carried that out."""


class Stop:
    """Whether the user has stopped this run. tell: prints a line. command: the one for every engine of it."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self.command = Command()
        self.wanted = False
        self._defers = False
        self._tell = tell

    @contextmanager
    def heeded(self) -> Iterator[None]:
        """Within it a signal lets a working engine finish its steps, and otherwise ends what waits."""
        wanted: dict[int, Callable[..., object] | signal.Handlers] = {
            signal.SIGINT: self._heed,
            signal.SIGTERM: self._heed,
            signal.SIGHUP: signal.SIG_IGN,
        }
        former = {number: signal.signal(number, handler) for number, handler in wanted.items()}
        try:
            yield
        finally:
            for number, handler in former.items():
                # A stopped run ends soon, and says first what it leaves: further signals change nothing.
                signal.signal(number, signal.SIG_IGN if self.wanted else handler)

    @contextmanager
    def deferred(self) -> Iterator[None]:
        """Within it a signal is only noted: what is done there takes some seconds, and is not to be torn."""
        self._defers = True
        try:
            yield
        finally:
            self._defers = False

    def check(self) -> None:
        """Raises KeyboardInterrupt if the run is to stop. Other threads than the main one get no signal."""
        if self.wanted:
            raise KeyboardInterrupt

    def reason(self, failure: Failure) -> str:
        """Why a step has failed; one that the user has stopped fails for that alone, whatever it says."""
        return _BY_THE_USER if self.wanted else failure.reason

    def _heed(self, *_: object) -> None:
        self.wanted = True
        if self._defers:
            return
        if not self.command.runs:
            raise KeyboardInterrupt
        self.command.interrupt()
        if self.command.interrupted == 1:
            self._tell(_ENDS)


def say(tell: Callable[[str], None], line: str) -> None:
    """Tell it, if anybody is there still: a run goes on without its terminal, or who has read its output."""
    with suppress(OSError):
        tell(line)


def held_back(state: State, entries: Sequence[Entry]) -> str:
    """Which clients cannot write now, in a sentence; empty where all can. entries: of the move at stake."""
    resumed = downtime(entries) is not None
    locked = state.phase in (Phase.FOLLOWING, Phase.SWITCHED) and state.strategy is Strategy.LIVE
    over = state.phase in AFTER_THE_SWITCH and not locked
    if over or writes_stopped(entries) is None or resumed:
        return ""
    if locked:
        return f"WRITES ARE HELD BACK: the accounts of {state.production} are locked."
    if fenced(entries) is None:
        return f"WRITES MAY BE HELD BACK: {state.production} was about to be made read-only."
    return f"WRITES ARE HELD BACK: {state.production} is read-only."


def unknown_state(tenant: str, failure: Failure) -> Stopped:
    """What a stopped run says if it cannot read what it leaves."""
    return Stopped(
        f"The move of {tenant} was stopped, and its phase could not be read.",
        reason=failure.reason,
        remedy=f"{failure.remedy}; then: tenantnet migrate status {tenant}",
        state="WRITES MAY BE HELD BACK.",
    )


def stopped(tenant: str, state: State, entries: Sequence[Entry], decision: Decision | None) -> Stopped:
    """What a stopped run leaves, and the way on. entries, decision: of the move at stake. Pure."""
    under_way = state.phase is not Phase.STEADY or begun(entries)
    phase = f"{tenant} is in phase {state.phase}; {state.production} is Production."
    if state.phase is Phase.ABORTING or decision is Decision.ABORT:
        way = f"the move is being taken back; to go on: tenantnet migrate abort {tenant}"
    elif (state.phase, state.strategy) == (Phase.SWITCHED, Strategy.LIVE):
        back = f"to lead the clients back: tenantnet migrate rollback {tenant}"
        way = f"to go on: tenantnet migrate run {tenant}; {back}"
    elif state.phase in AFTER_THE_SWITCH or decision is Decision.SWITCH:
        way = f"to go on: tenantnet migrate run {tenant}. The switch is decided, so there is no way back"
    elif under_way:
        # The stack does not know of the move yet, so only the options do.
        options = ", with its options as before" if state.phase is Phase.STEADY else ""
        way = (
            f"to go on: tenantnet migrate run {tenant}{options}; to go back: tenantnet migrate abort {tenant}"
        )
    else:
        way = f"no move has begun; to begin: tenantnet migrate run {tenant}, as before"
    return Stopped(
        f"The move of {tenant} was stopped.",
        reason=_BY_THE_USER,
        remedy=way,
        state="\n".join(filter(None, [phase, held_back(state, entries)])),
    )
