"""The picture of a move: what its journal says is in it, in the right place, and in words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tenantnet.observed.plot import LEFT, NARROWEST, WIDTH, gaps, phases, plot
from tenantnet.observed.progress import MoveProgress, progress
from tenantnet.phases.journal import Entry, Topic, What
from tenantnet.phases.phases import Phase, State
from tenantnet.tags import Slot, Strategy

SVG = "{http://www.w3.org/2000/svg}"
BEGIN = datetime(2026, 12, 1, 1, 0, tzinfo=UTC)
STOPPED, RESUMED = What.WRITES_STOPPED, What.WRITES_RESUMED
PARTS = {"locked": 0.02, "sessions gone": 0.06, "decided": 0.11, "open": 0.21}


def at(seconds: float) -> datetime:
    return BEGIN + timedelta(seconds=seconds)


def entry(
    seconds: float,
    what: What,
    phase: Phase = Phase.FOLLOWING,
    *,
    topic: Topic | None = None,
    lag: float | None = None,
    note: str = "",
    parts: Mapping[str, float] | None = None,
) -> Entry:
    return Entry(
        at=at(seconds),
        move=1,
        what=what,
        phase=phase,
        who="ada",
        topic=topic,
        seconds=lag,
        note=note,
        parts=parts or {},
    )


MOVED = [
    entry(0, What.BEGAN),
    entry(400, What.REACHED),
    entry(410, What.SEEN, topic=Topic.LAG, lag=4.0, note="the copy is 4.0 s behind"),
    entry(500, What.SEEN, topic=Topic.COMPARISON, note="chunks compared: 7; tables or chunks left: 0"),
    entry(600, What.SEEN, topic=Topic.LAG, lag=1.0, note="the copy is 1.0 s behind"),
    entry(610, What.SEEN, topic=Topic.REHEARSAL, note="rehearsed", parts={"locked": 0.01, "open": 0.05}),
    entry(700, STOPPED),
    entry(700.25, RESUMED),
    entry(701, What.DECIDED, topic=Topic.CUT, parts=PARTS),
    entry(710, What.BEGAN, Phase.SWITCHED),
    entry(800, What.REACHED, Phase.SWITCHED),
]


def found(entries: list[Entry], phase: Phase = Phase.SWITCHED) -> MoveProgress:
    state = State(phase=phase, production=Slot.GREEN, strategy=Strategy.LIVE, move=1)
    return progress("acme", state, None, entries)


def drawn(entries: list[Entry], until: float = 1000, phase: Phase = Phase.SWITCHED) -> ET.Element:
    return ET.fromstring(plot(found(entries, phase), at(until)))  # noqa: S314 - our own


def held(entries: list[Entry], until: float = 0, phase: Phase = Phase.SWITCHED) -> list[tuple[float, float]]:
    """From and to, of the width of the axis."""
    bands = drawn(entries, until, phase).findall(f".//{SVG}rect[@class='held']")
    sizes = [(float(each.get("x", "")) - LEFT, float(each.get("width", ""))) for each in bands]
    return [(x / WIDTH, (x + width) / WIDTH) for x, width in sizes]


def words(root: ET.Element) -> list[str]:
    return [element.text or "" for element in root.iter(f"{SVG}text")]


def test_each_phase_is_drawn_from_when_it_was_reached_to_the_next_one() -> None:
    assert [(span.words, span.begin, span.end) for span in phases(found(MOVED), at(1000))] == [
        ("steady", at(0), at(400)),
        ("following", at(400), at(800)),
        ("switched", at(800), at(1000)),
    ]


def test_a_move_that_has_ended_is_drawn_to_its_end_whenever_that_is_asked() -> None:
    entries = [*MOVED, entry(900, What.REACHED, Phase.STEADY)]
    ended = progress("acme", State(phase=Phase.STEADY, production=Slot.GREEN, move=1), None, entries)
    assert phases(ended, at(99_999))[-1].end == at(900)


def test_of_the_days_behind_the_switch_so_much_is_drawn_that_the_move_is_seen() -> None:
    entries = [*MOVED, entry(30 * 86_400, What.REACHED, Phase.RETIRING)]
    root = drawn(entries, until=31 * 86_400)
    assert {"steady", "following", "switched"} <= set(words(root))
    assert "retiring" not in words(root)
    assert any(each.startswith("retiring: 2026-12-31") for each in words(root))
    assert any("is not drawn" in each for each in words(root))
    assert not any("is not drawn" in each for each in words(drawn(MOVED, until=810)))
    ((left, right),) = held(entries, until=31 * 86_400)
    assert (left, right) == pytest.approx((0.7, 0.7 + NARROWEST / WIDTH))


def test_every_figure_of_the_journal_is_a_word_of_the_picture_and_of_its_description() -> None:
    root = drawn(MOVED)
    description = root.findtext(f"{SVG}desc") or ""
    for figure in (
        "steady: 2026-12-01 01:00:00 UTC to 2026-12-01 01:06:40 UTC, 400.00 s",
        "writes held back: 2026-12-01 01:11:40 UTC to 2026-12-01 01:11:40 UTC, 0.25 s",
        "expected, as rehearsed: in all 0.05 s",
        "last gap: sessions gone 0.04 s",
        "last gap: in all 0.21 s",
        "lag, looks: 2; at most 4.0 s; 2026-12-01 01:10:00 UTC: the copy is 1.0 s behind",
        "compared: chunks compared: 7; tables or chunks left: 0",
    ):
        assert figure in words(root)
        assert figure in description


def test_the_picture_is_for_light_and_dark_runs_nothing_and_loads_nothing() -> None:
    text = plot(found(MOVED), at(1000))
    root = ET.fromstring(text)  # noqa: S314 - our own
    labels = {root.find(f"{SVG}{tag}").get("id") for tag in ("title", "desc")}  # type: ignore[union-attr]
    assert set(root.get("aria-labelledby", "").split()) == labels
    assert root.get("role") == "img"
    assert "prefers-color-scheme: dark" in text
    assert not {f"{SVG}{tag}" for tag in ("script", "image", "use", "a")} & {each.tag for each in root.iter()}
    assert "<style" not in plot(found(MOVED), at(1000), styled=False)


def test_the_band_is_where_writes_were_held_back() -> None:
    entries = [entry(0, What.BEGAN), entry(20, STOPPED), entry(50, RESUMED), entry(100, What.REACHED)]
    assert held(entries) == [(0.2, 0.5)]
    assert held(entries, until=200) == [(0.1, 0.25)]


def test_a_cut_that_was_taken_back_and_tried_again_has_two_bands() -> None:
    entries = [entry(0, STOPPED), entry(10, RESUMED), entry(90, STOPPED), entry(100, RESUMED)]
    assert held(entries) == [(0.0, 0.1), (0.9, 1.0)]


def test_while_writes_are_held_back_the_band_ends_now() -> None:
    entries = [entry(0, What.BEGAN), entry(30, STOPPED)]
    assert held(entries, until=40, phase=Phase.FOLLOWING) == [(0.75, 1.0)]
    assert gaps(found(entries), at(40))[0].end == at(40)


@pytest.mark.parametrize("begin", [0, 43_000, 86_399])
def test_a_second_in_a_day_is_seen_and_inside_the_picture(begin: int) -> None:
    entries = [
        entry(0, What.BEGAN),
        entry(begin, STOPPED),
        entry(begin + 1, RESUMED),
        entry(86_400, What.REACHED),
    ]
    [(left, right)] = held(entries)
    assert right - left == pytest.approx(NARROWEST / WIDTH)
    assert 0 <= left < right <= 1


def test_a_greater_lag_is_drawn_higher() -> None:
    points = drawn(MOVED).findall(f"{SVG}circle")
    first, second = (float(point.get("cy", "")) for point in points)
    assert first < second
    assert [point.findtext(f"{SVG}title") for point in points] == ["4.0 s", "1.0 s"]


def test_a_lag_that_was_too_long_to_be_measured_is_said() -> None:
    entries = [*MOVED, entry(650, What.SEEN, topic=Topic.LAG, note="the copy is more than 10 s behind")]
    (lag,) = (each for each in words(drawn(entries)) if each.startswith("lag, looks"))
    assert "too long to be measured" in lag


def test_a_journal_of_an_earlier_version_is_drawn_without_the_figures_that_it_lacks() -> None:
    entries = [entry(0, What.BEGAN, Phase.FENCED), entry(1, STOPPED), entry(9, What.REACHED, Phase.FENCED)]
    said = words(drawn(entries, until=20))
    assert "not in the journal" in said
    assert "last gap: step to fenced 8.00 s" in said


def test_before_a_move_has_begun_there_is_nothing_to_draw() -> None:
    assert plot(found([]), at(0)) == ""


@given(st.lists(st.integers(0, 40 * 86_400), min_size=1, max_size=9), st.text())
def test_no_journal_breaks_the_picture_and_its_axis_has_some_times(times: list[int], note: str) -> None:
    kinds = [What.BEGAN, STOPPED, What.REACHED, RESUMED, What.SEEN]
    entries = [
        entry(seconds, kinds[place % len(kinds)], topic=Topic.LAG, lag=float(place), note=note)
        for place, seconds in enumerate(sorted(times))
    ]
    root = drawn(entries, until=0)
    ticks = root.findall(f"{SVG}text[@text-anchor='middle']")
    assert len(ticks) <= 9
    for rect in root.iter(f"{SVG}rect"):
        assert LEFT - 1 <= float(rect.get("x", "")) <= LEFT + WIDTH
        assert float(rect.get("x", "")) + float(rect.get("width", "")) <= LEFT + WIDTH + 1
