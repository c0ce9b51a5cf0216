"""Journals of live moves beside their model: what a run writes is taken, what none can write is named."""

from __future__ import annotations

import pytest

from tests.support.live_trace import strange

FOLLOWS = ["began following", "reached following", "seen following: source and target hold the same data"]
STOPPED, RESUMED = "writes stopped following", "writes resumed following"
SWITCH, SWITCHED = "decided following: switch: locked after 0.1 s", ["began switched", "reached switched"]
BACK = "seen switched: the former production follows the new one"
ENDS = ["began retiring", "reached retiring", "began steady", "reached steady"]
LEADS_BACK = [
    "seen switched: the way back is open",
    "writes stopped switched",
    "writes resumed switched",
    "decided switched: switch: locked after 0.1 s",
]
MOVES = [*FOLLOWS, STOPPED, RESUMED, SWITCH, *SWITCHED, BACK, *ENDS]


def written(lines: list[str]) -> list[dict[str, str]]:
    """Each line: what, phase, and behind a colon the note."""
    entries = []
    for number, line in enumerate(lines):
        said, _, note = line.partition(": ")
        what, _, phase = said.rpartition(" ")
        entries.append({"at": str(number), "what": what, "phase": phase, "note": note})
    return entries


@pytest.mark.parametrize(
    "lines",
    [
        MOVES,
        [*FOLLOWS, STOPPED, RESUMED, "failed following: a client's lock", *MOVES[3:]],
        [*FOLLOWS, STOPPED, RESUMED, *MOVES[3:]],
        [*FOLLOWS, STOPPED, RESUMED, "decided following: switch, by a run that has ended", *SWITCHED, *ENDS],
        [*FOLLOWS, STOPPED, STOPPED, *MOVES[4:]],
        [*FOLLOWS, "decided following: abort", "began aborting", "began aborting"],
        [*FOLLOWS, STOPPED, "decided following: abort", RESUMED, "began aborting", "reached aborting"],
        [*FOLLOWS, STOPPED, RESUMED, SWITCH, "began switched", *SWITCHED, BACK, BACK, *ENDS],
        [*MOVES[:9], *LEADS_BACK, *SWITCHED, BACK, *LEADS_BACK, *SWITCHED, BACK, *ENDS],
        [*MOVES[:9], LEADS_BACK[0], BACK, *LEADS_BACK[:3], BACK, *LEADS_BACK, *SWITCHED, BACK, *ENDS],
    ],
    ids=[
        "a move",
        "a cut that is taken back, and another one",
        "a cut that a killed run left, taken back by the next run",
        "a switch that a killed run decided, carried out by the next run",
        "a run killed before its cut began",
        "an abort",
        "an abort of a cut that a killed run left",
        "a killed update",
        "a way back, and another one",
        "a way back that was given up at its gate, and in its cut",
    ],
)
def test_what_runs_write_is_a_trace_of_the_model(lines: list[str]) -> None:
    assert strange(written(lines)) is None


@pytest.mark.parametrize(
    ("lines", "named"),
    [
        ([*FOLLOWS, *SWITCHED], "began switched"),
        ([*FOLLOWS, STOPPED, RESUMED, "began aborting", *SWITCHED], "began switched"),
        ([*FOLLOWS, STOPPED, RESUMED, SWITCH, RESUMED, STOPPED], STOPPED),
        ([*FOLLOWS, STOPPED, RESUMED, SWITCH, "began aborting"], "began aborting"),
        ([*FOLLOWS, STOPPED, RESUMED, SWITCH, BACK], "the former production follows"),
        ([*FOLLOWS, "began aborting", "began aborting", STOPPED], STOPPED),
        ([*MOVES[:8], "writes stopped following"], STOPPED),
        ([*FOLLOWS, "began retiring"], "began retiring"),
        ([*MOVES[:9], *LEADS_BACK[1:]], LEADS_BACK[1]),
    ],
    ids=[
        "a switch without a cut",
        "a switch behind an abort",
        "a cut behind the decision",
        "an abort behind the decision",
        "a way back that the stack has not recorded",
        "a cut behind an abort",
        "a cut behind the switch",
        "a retirement without a switch",
        "a way back that is not open",
    ],
)
def test_what_no_run_writes_is_named(lines: list[str], named: str) -> None:
    found = strange(written(lines))
    assert found is not None
    assert named in found
