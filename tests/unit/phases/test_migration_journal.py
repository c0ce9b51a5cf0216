"""The journal of a move: what is kept, and the downtime that is read out of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from tenantnet.phases.journal import (
    Entry,
    Topic,
    What,
    dead_builds,
    downtime,
    fenced,
    gap_acts,
    of_move,
    reached,
    writes_stopped,
)
from tenantnet.phases.phases import Phase

BEGIN = datetime(2026, 12, 1, 1, 0, tzinfo=UTC)


def entry(seconds: float, what: What, phase: Phase = Phase.FENCED, move: int = 1) -> Entry:
    at = BEGIN + timedelta(seconds=seconds)
    return Entry(at=at, move=move, what=what, phase=phase, who="ada@host pid 7", seconds=1.5, note="seen")


def test_an_entry_comes_back_from_the_table_as_it_was() -> None:
    written = entry(0.25, What.REACHED)
    assert Entry.from_item(written.item("acme")) == written


def test_an_entry_without_a_duration_comes_back_without_one() -> None:
    written = Entry(at=BEGIN, move=1, what=What.BEGAN, phase=Phase.FENCED, who="ada")
    assert Entry.from_item(written.item("acme")).seconds is None


def test_figures_come_back_with_their_acts_in_order() -> None:
    parts = {"locked": 0.02, "gone": 0.02, "decided": 0.2, "all": 0.21}
    written = replace(entry(0, What.DECIDED), topic=Topic.CUT, parts=parts)
    read = Entry.from_item(written.item("acme"))
    assert (read, [*read.parts]) == (written, [*parts])


def test_figures_of_a_newer_version_do_not_keep_an_entry_from_being_read() -> None:
    item = replace(entry(0, What.SEEN), topic=Topic.LAG).item("acme")
    assert Entry.from_item({**item, "topic": {"S": "weather"}}) == entry(0, What.SEEN)


def test_the_times_of_entries_sort_as_text() -> None:
    keys = [entry(seconds, What.SEEN).item("acme")["at"]["S"] for seconds in (0, 0.5, 1, 61, 90000)]
    assert keys == sorted(keys)


def test_a_row_of_somebody_else_is_no_entry() -> None:
    with pytest.raises(ValueError, match="move"):
        Entry.from_item({"tenant": {"S": "acme"}, "at": {"S": "2026-12-01T01:00:00Z"}})


def test_downtime_runs_from_the_first_fence_to_the_switch_however_often_the_runner_was_killed() -> None:
    entries = [entry(0, What.WRITES_STOPPED), entry(8, What.WRITES_STOPPED), entry(30, What.WRITES_RESUMED)]
    assert downtime(entries) == timedelta(seconds=30)


def test_a_later_look_at_an_open_database_does_not_lengthen_the_downtime() -> None:
    entries = [entry(0, What.WRITES_STOPPED), entry(30, What.WRITES_RESUMED), entry(99, What.WRITES_RESUMED)]
    assert downtime(entries) == timedelta(seconds=30)


@pytest.mark.parametrize("entries", [[], [entry(0, What.WRITES_STOPPED)], [entry(0, What.REACHED)]])
def test_there_is_no_downtime_before_writes_were_held_back_and_go_on(entries: list[Entry]) -> None:
    assert downtime(entries) is None


def test_the_acts_of_a_gap_are_its_entries_with_the_time_that_each_took() -> None:
    seen = replace(entry(9, What.SEEN), note="the source refuses writes: read_only is 1")
    entries = [
        entry(0, What.WRITES_STOPPED),
        entry(4, What.WRITES_RESUMED),
        entry(5, What.WRITES_STOPPED),
        entry(8, What.REACHED),
        seen,
        entry(12, What.WRITES_RESUMED),
        entry(90, What.REACHED, Phase.SWITCHED),
    ]
    acts = [("step to fenced", 3), ("the source refuses writes", 1), ("writes allowed again", 3)]
    assert gap_acts(entries) == acts
    assert gap_acts(entries[:-2]) == acts[:-1], "writes are held back still"
    assert gap_acts([entry(0, What.BEGAN)]) == []


def test_the_acts_of_a_cut_are_those_that_its_run_has_timed_unless_another_gap_followed() -> None:
    cut = replace(entry(2, What.DECIDED), topic=Topic.CUT, parts={"locked": 0.5, "open": 0.75})
    entries = [entry(0, What.WRITES_STOPPED), entry(1, What.WRITES_RESUMED), cut]
    assert gap_acts(entries) == [("locked", 0.5), ("open", 0.25)]
    later = [entry(5, What.WRITES_STOPPED), entry(6, What.WRITES_RESUMED)]
    assert gap_acts([*entries, *later]) == [("writes allowed again", 1)]


@pytest.mark.parametrize(
    ("topics", "dead"),
    [
        ([], 0),
        ([Topic.BUILD], 1),
        ([Topic.BUILD, Topic.LAG, Topic.BUILD, Topic.BUILD], 3),
        ([Topic.BUILD, Topic.BUILD, Topic.BUILD_ENDED], 0),
        ([Topic.BUILD, Topic.BUILD_ENDED, Topic.BUILD], 1),
    ],
)
def test_builds_that_have_died_are_those_since_one_ended_in_order(topics: list[Topic], dead: int) -> None:
    assert dead_builds(replace(entry(0, What.SEEN), topic=topic) for topic in topics) == dead


def test_moves_are_told_apart_and_their_entries_put_in_order() -> None:
    first, second, other = entry(1, What.SEEN), entry(2, What.SEEN), entry(0, What.SEEN, move=2)
    assert of_move([second, other, first], 1) == [first, second]


def test_a_phase_was_reached_when_it_first_was() -> None:
    entries = [entry(1, What.BEGAN, Phase.SWITCHED), entry(2, What.REACHED, Phase.SWITCHED)]
    assert reached(entries, Phase.SWITCHED) == BEGIN + timedelta(seconds=2)
    assert reached(entries, Phase.RETIRING) is None


def test_a_move_is_fenced_from_when_rds_was_told_and_not_from_when_that_began() -> None:
    # What a run of an older version writes of a stack that has the phase, and no fence yet.
    before = entry(1, What.REACHED)
    begun = [entry(2, What.BEGAN), before, entry(3, What.WRITES_STOPPED), entry(4, What.WRITES_STOPPED)]
    assert fenced(begun) is None
    assert fenced([*begun, entry(5, What.REACHED), entry(9, What.REACHED)]) == BEGIN + timedelta(seconds=5)


def test_a_move_that_never_fenced_never_held_writes_back() -> None:
    assert writes_stopped([entry(1, What.BEGAN)]) is None
