"""What `tenantnet migrate status` says of a move."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from tenantnet.cli.migrate.commands import _print, _print_anew
from tenantnet.observed.progress import moment, progress
from tenantnet.phases.journal import Entry, Topic, What
from tenantnet.phases.phases import ROUTES, Phase, State
from tenantnet.settings.models import MigrationSettings
from tenantnet.tags import Slot, Strategy

from tests.support.phases_samples import STEADY, moving

BEGIN = datetime(2026, 12, 1, 1, 0, tzinfo=UTC)
SCHEDULED = MigrationSettings.model_validate(
    {"to": "green", "at": "2026-12-01T02:00", "timezone": "Europe/Amsterdam"}, context=()
)


def entry(seconds: float, what: What, move: int = 1) -> Entry:
    return Entry(
        at=BEGIN + timedelta(seconds=seconds), move=move, what=what, phase=Phase.FENCED, who="ada@host pid 7"
    )


@pytest.mark.parametrize(
    ("state", "migration", "status"),
    [
        (STEADY, None, ""),
        (STEADY, SCHEDULED, "Scheduled for 2026-12-01 02:00 Europe/Amsterdam"),
        (moving(Phase.REPLICATING), SCHEDULED, "In Progress"),
        (moving(Phase.FENCED), None, "In Progress"),
        (moving(Phase.SWITCHED), SCHEDULED, "Completed"),
        (moving(Phase.RETIRING), None, "Completed"),
        (replace(moving(Phase.SWITCHED, Strategy.LIVE), production=Slot.BLUE), SCHEDULED, "Completed"),
        (replace(STEADY, production=Slot.GREEN, move=1), SCHEDULED, "Completed"),
    ],
)
def test_the_status_is_in_the_words_that_people_know(
    state: State, migration: MigrationSettings | None, status: str
) -> None:
    assert progress("acme", state, migration, []).status == status


def test_writes_that_are_held_back_have_a_time_until_they_go_on() -> None:
    fenced = moving(Phase.FENCED)
    stopped, resumed = entry(0, What.WRITES_STOPPED, move=1), entry(9, What.WRITES_RESUMED, move=1)
    found = progress("acme", fenced, None, [stopped], at_work="ada")
    assert (found.held_back_since, found.step, found.steps) == (stopped.at, 2, 6)
    assert found.at_work == "ada"
    assert progress("acme", fenced, None, [stopped, resumed]).held_back_since is None


def test_in_a_terminal_it_takes_the_place_of_what_was_there(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm")
    _print_anew(progress("acme", moving(Phase.FENCED), None, [entry(0, What.WRITES_STOPPED)]))
    said = capsys.readouterr().out
    assert "\x1b[2J" in said
    assert "blue is Production; a move to green by replica is in phase fenced." in said
    assert "step 2 of 6" in said
    assert "WRITES ARE HELD BACK since 2026-12-01 01:00:00 UTC" in said


def shown(entries: list[Entry], state: State, capsys: pytest.CaptureFixture[str]) -> str:
    _print(progress("acme", state, None, entries))
    return capsys.readouterr().out


def test_status_says_lag_comparison_and_expected_gap_and_then_the_gap_by_its_parts(
    capsys: pytest.CaptureFixture[str],
) -> None:
    following = moving(Phase.FOLLOWING, Strategy.LIVE)
    entries = [
        replace(entry(0, What.SEEN), topic=Topic.LAG, seconds=0.3, note="the copy is 0.3 s behind"),
        replace(entry(1, What.SEEN), topic=Topic.COMPARISON, note="chunks compared: 7"),
    ]
    said = shown(entries, following, capsys)
    for line in ("Lag: the copy is 0.3 s behind", "Compared: chunks compared: 7", "Expected: seconds of"):
        assert line in said
    parts = {"locked": 0.02, "open": 0.06}
    rehearsal = replace(entry(2, What.SEEN), topic=Topic.REHEARSAL, parts=parts)
    said = shown([*entries, rehearsal], following, capsys)
    assert "Expected: seconds of downtime; rehearsed: locked 0.02 s, open 0.04 s\n" in said
    assert "by its parts" not in said
    cut = [
        entry(3, What.WRITES_STOPPED),
        entry(3.5, What.WRITES_RESUMED),
        replace(entry(4, What.DECIDED), topic=Topic.CUT, parts={"locked": 0.1, "open": 0.4}),
    ]
    said = shown([*entries, rehearsal, *cut], moving(Phase.SWITCHED, Strategy.LIVE), capsys)
    assert "Writes were held back for 0.5 s\nThe gap by its parts:\n  locked 0.10 s\n  open 0.30 s\n" in said
    assert not [label for label in ("Expected:", "Lag:", "Compared:", ", step") if label in said]


def test_between_moves_no_gap_is_expected(capsys: pytest.CaptureFixture[str]) -> None:
    assert "Expected" not in shown([], STEADY, capsys)


def test_it_says_where_clients_are_led_before_the_stack_does(capsys: pytest.CaptureFixture[str]) -> None:
    switched = moving(Phase.SWITCHED, Strategy.LIVE)
    _print_anew(progress("acme", switched, None, [], led_to=Slot.BLUE))
    said = capsys.readouterr().out
    assert (
        "clients are led to blue; the next `tenantnet migrate run acme` records it (phase switched)." in said
    )
    _print_anew(progress("acme", switched, None, [], led_to=Slot.BLUE, at_work="ada@desk pid 7"))
    assert "clients are led to blue; the run at work records it" in capsys.readouterr().out
    _print_anew(progress("acme", switched, None, []))
    assert "clients are led" not in capsys.readouterr().out


@pytest.mark.parametrize("strategy", Strategy)
def test_a_move_whose_first_step_has_not_come_to_its_end_is_in_progress(strategy: Strategy) -> None:
    began = replace(entry(0, What.BEGAN), phase=ROUTES[strategy][1], note="make it")
    found = progress("acme", STEADY, SCHEDULED, [began])
    assert (found.status, found.move, found.phase) == ("In Progress", 1, "steady")
    assert (found.target, found.strategy, found.step) == ("green", strategy, 0)
    assert found.where.startswith(f"blue is Production; a move to green by {strategy} has begun")
    assert str(found.under_way) == f"the step to {began.phase} began at 01:00:00 UTC: make it"
    failed = replace(entry(9, What.FAILED), phase=Phase.STEADY)
    assert progress("acme", STEADY, SCHEDULED, [began, failed]).under_way is None


def test_of_a_step_whose_run_was_killed_it_is_said_what_goes_on_with_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    began = replace(entry(0, What.BEGAN), phase=Phase.REPLICATING)
    killed = shown([began], STEADY, capsys)
    assert (
        " No run is at work: `tenantnet migrate run acme`, with the options that it had, goes on.\n" in killed
    )
    assert "Unfinished: the step to replicating began at 01:00:00 UTC" in killed
    decided = replace(entry(9, What.DECIDED), phase=Phase.STEADY, note="abort")
    back = progress("acme", STEADY, None, [began, decided])
    assert back.where.endswith("taken back. No run is at work: `tenantnet migrate abort acme` goes on.")
    fence = replace(entry(20, What.BEGAN), phase=Phase.FENCED)
    later = progress("acme", moving(Phase.REPLICATING), None, [began, fence])
    assert later.where.endswith("No run is at work: `tenantnet migrate run acme` goes on.")
    at_work = progress("acme", STEADY, None, [began], at_work="ada@desk pid 7")
    waits_for_its_time = progress("acme", moving(Phase.REPLICATING), None, [])
    for found in (at_work, waits_for_its_time):
        assert "No run" not in found.where
    assert at_work.begun == "Under way"


def test_a_move_that_is_taken_back_in_its_first_step_says_so_and_by_whom_to_its_end_and_later(
    capsys: pytest.CaptureFixture[str],
) -> None:
    began = replace(entry(0, What.BEGAN), phase=Phase.REPLICATING)
    decided = replace(entry(9, What.DECIDED), phase=Phase.STEADY, note="abort", who="bob@desk pid 8")
    carried_out = replace(entry(10, What.DECIDED), phase=Phase.STEADY, note="abort, by another run")
    aborting = replace(entry(11, What.BEGAN), phase=Phase.ABORTING)
    found = progress("acme", STEADY, None, [began, decided, carried_out, aborting], at_work="ada")
    assert (found.target, found.strategy) == ("green", None)
    assert found.where == "blue is Production; the move is being taken back."
    over = shown([began, decided, carried_out, aborting], replace(STEADY, move=1), capsys)
    assert "acme: blue is Production, and no move is under way.\n" in over
    assert "Taken back by: bob@desk pid 8, 2026-12-01 01:00:09 UTC\n" in over


def test_once_writes_go_on_in_the_target_the_clients_are_there_whatever_the_stack_says() -> None:
    resumed = replace(entry(9, What.WRITES_RESUMED), phase=Phase.SWITCHED)
    found = progress("acme", moving(Phase.PROMOTED), None, [entry(0, What.WRITES_STOPPED), resumed])
    assert (found.led_to, found.production) == ("green", "blue")
    assert found.where.startswith("clients are led to green; the next")
    # An abort lets writes go on, too, and leads nobody over.
    let_through = replace(resumed, phase=Phase.ABORTING)
    found = progress("acme", moving(Phase.PROMOTED), None, [entry(0, What.WRITES_STOPPED), let_through])
    assert found.led_to is None


def test_until_when_the_former_production_waits_is_said_in_utc_and_in_the_readers_zone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    reached = replace(entry(0, What.REACHED), phase=Phase.SWITCHED)
    found = progress("acme", moving(Phase.SWITCHED), None, [reached])
    assert found.waits_until == BEGIN + timedelta(hours=24)
    assert found.where == (
        "green is Production; blue waits, read-only, until 2026-12-02 01:00 UTC (10:00 JST). Then "
        "`tenantnet migrate run acme` deletes it; `tenantnet migrate retire acme` does at once."
    )
    assert moment(BEGIN.replace(hour=20)) == "2026-12-01 20:00 UTC (2026-12-02 05:00 JST)"
    of_platform = progress("acme", moving(Phase.SWITCHED), None, [reached], starts_at=BEGIN)
    assert "Then the platform's runner, which starts at 2026-12-01 01:00 UTC" in of_platform.where
    monkeypatch.undo()
    time.tzset()


def test_the_downtime_is_that_for_move_shown_and_not_of_an_earlier_one() -> None:
    earlier = [entry(0, What.WRITES_STOPPED), entry(30, What.WRITES_RESUMED)]
    own = [entry(100, What.WRITES_STOPPED, move=2), entry(120, What.WRITES_RESUMED, move=2)]
    state = replace(moving(Phase.SWITCHED), move=2)
    found = progress("acme", state, None, [*earlier, *own])
    assert (found.downtime_seconds, len(found.events)) == (20, 2)
