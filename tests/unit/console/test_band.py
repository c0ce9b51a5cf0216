"""The picture of when writes were held back, and the words of the phases."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree as ET

import pytest
from tenantnet.console.band import NARROWEST, WIDTH, band
from tenantnet.console.words import PHASES
from tenantnet.observed.progress import ProgressEvent
from tenantnet.phases.journal import What
from tenantnet.phases.phases import Phase

from tests.support.clone import CLONE

BEGIN = datetime(2026, 12, 1, 1, 0, tzinfo=UTC)
STOPPED, RESUMED = What.WRITES_STOPPED, What.WRITES_RESUMED


def at(seconds: float) -> datetime:
    return BEGIN + timedelta(seconds=seconds)


def event(seconds: float, what: What) -> ProgressEvent:
    return ProgressEvent(at=at(seconds), what=what, phase="fenced", seconds=None, note="", who="ada")


def held(events: list[ProgressEvent], until: float = 0) -> list[tuple[float, float]]:
    """From and to, of the picture's width."""
    rects = ET.fromstring(band(events, at(until))).iter("rect")  # noqa: S314 - our own
    sizes = [(float(each.get("x", "0")), float(each.get("width", "0"))) for each in rects]
    return [(x / WIDTH, (x + width) / WIDTH) for x, width in sizes[1:]]


def test_a_move_in_which_writes_went_on_has_no_picture() -> None:
    assert band([], at(0)) == ""
    assert band([event(0, What.BEGAN), event(5, What.REACHED)], at(9)) == ""


def test_the_band_is_where_writes_were_held_back() -> None:
    events = [event(0, What.BEGAN), event(20, STOPPED), event(50, RESUMED), event(100, What.REACHED)]
    assert held(events) == [(0.2, 0.5)]
    assert "from 01:00:20 to 01:00:50 UTC" in band(events, at(0))


def test_a_cut_that_was_taken_back_and_tried_again_has_two_bands() -> None:
    events = [event(0, STOPPED), event(10, RESUMED), event(90, STOPPED), event(100, RESUMED)]
    assert held(events) == [(0.0, 0.1), (0.9, 1.0)]


def test_while_writes_are_held_back_the_band_ends_now() -> None:
    assert held([event(0, What.BEGAN), event(30, STOPPED)], until=40) == [(0.75, 1.0)]


@pytest.mark.parametrize("begin", [0, 43_000, 86_399])
def test_a_second_in_a_day_is_seen_and_inside_the_picture(begin: int) -> None:
    stopped, resumed = event(begin, STOPPED), event(begin + 1, RESUMED)
    events = [event(0, What.BEGAN), stopped, resumed, event(86_400, What.REACHED)]
    [(left, right)] = held(events)
    assert right - left == pytest.approx(NARROWEST / WIDTH)
    assert 0 <= left < right <= 1


def test_the_phases_have_the_words_of_the_concepts() -> None:
    page = (CLONE / "docs" / "concepts.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `(\w+)` \| (.+) \|$", page, re.MULTILINE))
    assert rows == {str(phase): words for phase, words in PHASES.items()}
    assert set(PHASES) == set(Phase)
