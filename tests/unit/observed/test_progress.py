"""What `tenantnet migrate status` says of a move."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from tenantnet.cli.migrate.commands import _print, _print_anew
from tenantnet.observed.progress import progress
from tenantnet.phases.journal import Entry, Topic, What
from tenantnet.phases.phases import Phase, State
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
    for line in ("Lag: the copy is 0.3 s behind", "Compared: chunks compared: 7", "Expected gap: seconds"):
        assert line in said
    parts = {"locked": 0.02, "open": 0.06}
    rehearsal = replace(entry(2, What.SEEN), topic=Topic.REHEARSAL, parts=parts)
    said = shown([*entries, rehearsal], following, capsys)
    assert "Expected gap: seconds of downtime; rehearsed: locked 0.02 s, open 0.04 s\n" in said
    assert "by its parts" not in said
    cut = [
        entry(3, What.WRITES_STOPPED),
        entry(3.5, What.WRITES_RESUMED),
        replace(entry(4, What.DECIDED), topic=Topic.CUT, parts={"locked": 0.1, "open": 0.4}),
    ]
    said = shown([*entries, rehearsal, *cut], moving(Phase.SWITCHED, Strategy.LIVE), capsys)
    assert "Writes were held back for 0.5 s\nThe gap by its parts: locked 0.10 s, open 0.30 s\n" in said
    assert "Expected gap" not in said


def test_between_moves_no_gap_is_expected(capsys: pytest.CaptureFixture[str]) -> None:
    assert "Expected" not in shown([], STEADY, capsys)


def test_it_says_where_clients_are_led_before_the_stack_does(capsys: pytest.CaptureFixture[str]) -> None:
    switched = moving(Phase.SWITCHED, Strategy.LIVE)
    _print_anew(progress("acme", switched, None, [], led_to=Slot.BLUE))
    assert "Clients are led to blue: the next `tenantnet migrate run` records it" in capsys.readouterr().out
    _print_anew(progress("acme", switched, None, [], led_to=Slot.BLUE, at_work="ada@desk pid 7"))
    assert "Clients are led to blue: the run at work records it" in capsys.readouterr().out
    _print_anew(progress("acme", switched, None, []))
    assert "Clients are led" not in capsys.readouterr().out


def test_a_move_whose_first_step_has_not_come_to_its_end_is_in_progress() -> None:
    found = progress("acme", STEADY, SCHEDULED, [entry(0, What.BEGAN)])
    assert (found.status, found.move) == ("In Progress", 1)


def test_the_downtime_is_that_for_move_shown_and_not_of_an_earlier_one() -> None:
    earlier = [entry(0, What.WRITES_STOPPED), entry(30, What.WRITES_RESUMED)]
    own = [entry(100, What.WRITES_STOPPED, move=2), entry(120, What.WRITES_RESUMED, move=2)]
    state = replace(moving(Phase.SWITCHED), move=2)
    found = progress("acme", state, None, [*earlier, *own])
    assert (found.downtime_seconds, len(found.events)) == (20, 2)
