"""Ctrl-C and SIGTERM in a run: what they end, and what the run says that it leaves."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from threading import Timer

import pytest
from tenantnet.failure import Failure
from tenantnet.phases.journal import Entry, What
from tenantnet.phases.phases import AFTER_THE_SWITCH, ROUTES, Phase, State
from tenantnet.phases.transitions import Decision
from tenantnet.runner.clock import Clock
from tenantnet.runner.stop import Stop, held_back, stopped
from tenantnet.tags import Slot, Strategy

BOTH = [signal.SIGINT, signal.SIGTERM]


ENGINE = """\
#!/bin/sh
case "$*" in version*) echo v3.210.0; exit ;; esac
trap 'echo finished; exit 0' INT
while :; do sleep 0.05; done
"""


@pytest.fixture(autouse=True)
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An engine on the path that works until it is told to finish."""
    (tmp_path / "pulumi").write_text(ENGINE)
    (tmp_path / "pulumi").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)


@pytest.fixture(autouse=True)
def own_handlers() -> Iterator[None]:
    """A stopped run ignores further signals for good; this process goes on."""
    former = {number: signal.getsignal(number) for number in BOTH}
    yield
    for number, handler in former.items():
        signal.signal(number, handler)


RESUMED = (What.BEGAN, What.WRITES_STOPPED, What.WRITES_RESUMED)
FENCED = (What.BEGAN, What.WRITES_STOPPED, What.REACHED)


def entries(*whats: What) -> Sequence[Entry]:
    at = datetime(2026, 12, 1, tzinfo=UTC)
    return [Entry(at=at, move=1, what=what, phase=Phase.FENCED, who="ada") for what in whats]


def state(phase: Phase) -> State:
    moving = phase not in (Phase.STEADY, Phase.ABORTING)
    strategy = next((each for each, route in ROUTES.items() if phase in route), None) if moving else None
    return State(phase=phase, production=Slot.BLUE, strategy=strategy, move=1)


@pytest.mark.parametrize("number", BOTH)
def test_a_signal_ends_what_waits(number: int) -> None:
    stop = Stop(lambda _: None)
    Timer(0.5, os.kill, [os.getpid(), number]).start()
    with pytest.raises(KeyboardInterrupt), stop.heeded():
        Clock().sleep(60)
    assert stop.wanted


@pytest.mark.parametrize("number", BOTH)
def test_a_signal_lets_a_working_engine_finish_its_step(number: int, tmp_path: Path) -> None:
    said: list[str] = []
    stop = Stop(said.append)
    with stop.heeded():
        Timer(0.5, os.kill, [os.getpid(), number]).start()
        done = stop.command.run(["up"], str(tmp_path), {})
        assert (done.stdout, stop.wanted) == ("finished\n", True)
        with pytest.raises(KeyboardInterrupt):
            stop.check()
    assert said == ["Stopping: what runs is finished, and nothing more begins. Once more, and it is cut off."]


def test_a_terminal_that_is_closed_ends_no_run() -> None:
    stop, former = Stop(lambda _: None), signal.getsignal(signal.SIGHUP)
    with stop.heeded():
        os.kill(os.getpid(), signal.SIGHUP)
        Clock().sleep(0.1)
    assert not stop.wanted
    assert signal.getsignal(signal.SIGHUP) == former


def test_a_signal_tears_nothing_that_must_not_be_torn() -> None:
    stop = Stop(lambda _: None)
    with stop.heeded():
        with stop.deferred():
            os.kill(os.getpid(), signal.SIGTERM)
            done = True
        assert (done, stop.wanted) == (True, True)
        with pytest.raises(KeyboardInterrupt):
            stop.check()


@pytest.mark.parametrize(
    ("wanted", "said"), [(False, "no more disk"), (True, "this run got Ctrl-C or SIGTERM")]
)
def test_a_step_that_the_user_has_stopped_failed_for_that_alone(wanted: bool, said: str) -> None:
    stop = Stop(print)
    stop.wanted = wanted
    assert stop.reason(Failure("Could not update acme.", reason="no more disk", remedy="free some")) == said


def test_without_a_signal_the_handlers_are_as_before() -> None:
    before = [signal.getsignal(number) for number in BOTH]
    with Stop(lambda _: None).heeded():
        assert [signal.getsignal(number) for number in BOTH] != before
    assert [signal.getsignal(number) for number in BOTH] == before


@pytest.mark.parametrize("phase", Phase)
def test_who_cannot_write_is_said_in_every_phase(phase: Phase) -> None:
    said = held_back(state(phase), entries(*FENCED))
    if phase in AFTER_THE_SWITCH:
        assert said == ""
    elif phase is Phase.FOLLOWING:
        assert said == "WRITES ARE HELD BACK: the accounts of blue are locked."
    else:
        assert said == "WRITES ARE HELD BACK: blue is read-only."


def test_of_a_fence_that_was_cut_off_it_is_said_that_it_may_hold() -> None:
    said = held_back(state(Phase.FENCED), entries(What.BEGAN, What.WRITES_STOPPED))
    assert said == "WRITES MAY BE HELD BACK: blue was about to be made read-only."


def test_who_cannot_write_is_said_of_a_way_back_that_was_cut_off() -> None:
    switched = State(phase=Phase.SWITCHED, production=Slot.GREEN, strategy=Strategy.LIVE, move=1)
    way_back = entries(*RESUMED, What.WRITES_STOPPED)
    assert held_back(switched, way_back) == "WRITES ARE HELD BACK: the accounts of green are locked."


@pytest.mark.parametrize("phase", Phase)
def test_writes_that_go_on_are_not_said_to_be_held_back(phase: Phase) -> None:
    assert held_back(state(phase), entries(*RESUMED)) == ""
    assert held_back(state(phase), entries(What.BEGAN)) == ""


def test_of_a_cut_that_is_tried_again_the_last_time_counts() -> None:
    assert held_back(state(Phase.FOLLOWING), entries(*RESUMED, What.WRITES_STOPPED)) != ""
    assert held_back(state(Phase.FOLLOWING), entries(*RESUMED, *RESUMED)) == ""


@pytest.mark.parametrize(
    ("phase", "whats", "decision", "named", "not_named"),
    [
        (Phase.STEADY, (), None, ["no move has begun"], ["abort"]),
        (
            Phase.STEADY,
            (What.BEGAN,),
            None,
            ["run acme, with its options as before", "migrate abort acme"],
            [],
        ),
        (Phase.REPLICATING, (What.BEGAN,), None, ["migrate run acme;", "migrate abort acme"], ["HELD BACK"]),
        (Phase.FENCED, FENCED, None, ["migrate run acme", "migrate abort acme", "ARE HELD BACK"], []),
        (Phase.FENCED, FENCED, Decision.ABORT, ["migrate abort acme"], ["migrate run"]),
        (Phase.PROMOTED, FENCED, Decision.SWITCH, ["migrate run acme", "no way back"], ["abort"]),
        (Phase.SWITCHED, RESUMED, Decision.SWITCH, ["migrate run acme", "no way back"], ["abort", "HELD"]),
        (Phase.ABORTING, RESUMED, Decision.ABORT, ["migrate abort acme"], ["HELD BACK"]),
    ],
)
def test_a_stopped_run_names_the_ways_that_there_are(
    phase: Phase, whats: Sequence[What], decision: Decision | None, named: list[str], not_named: list[str]
) -> None:
    said = str(stopped("acme", state(phase), entries(*whats), decision))
    assert f"phase {phase}" in said
    assert [each for each in named if each not in said] == []
    assert [each for each in not_named if each in said] == []


def test_a_run_stopped_behind_the_switch_of_a_live_move_names_the_way_back() -> None:
    switched = State(phase=Phase.SWITCHED, production=Slot.GREEN, strategy=Strategy.LIVE, move=1)
    said = str(stopped("acme", switched, entries(*RESUMED), Decision.SWITCH))
    assert "to go on: tenantnet migrate run acme" in said
    assert "to lead the clients back: tenantnet migrate rollback acme" in said
