"""A move in SVG, from its journal: phases, when writes were held back, lag, and the last gap. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain, count

from tenantnet.observed.drawing import CHARACTER, Drawing, cut
from tenantnet.observed.progress import MoveProgress
from tenantnet.phases.journal import Topic, What, held_back
from tenantnet.phases.phases import Phase

LEFT, WIDTH, MARGIN = 110, 860, 20
LINE, ROW, GAP = 17, 24, 12
PHASES_AT, WRITES_AT, LAG_AT, LAG_HEIGHT = 64, 100, 136, 48
AXIS_AT = LAG_AT + LAG_HEIGHT + GAP
# A gap of seconds in a move of hours is still seen.
NARROWEST = 4
MOST_TICKS = 8
DAY = 24 * 60 * 60
STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 2 * 3600, 3 * 3600, 6 * 3600, 12 * 3600)


@dataclass(frozen=True, slots=True)
class Span:
    """What lasted from one time to another one."""

    words: str
    begin: datetime
    end: datetime

    def __str__(self) -> str:
        seconds = (self.end - self.begin).total_seconds()
        return f"{self.words}: {_time(self.begin)} to {_time(self.end)}, {seconds:.2f} s"


def plot(found: MoveProgress, until: datetime, *, styled: bool = True) -> str:
    """A whole SVG document of the move that `found` is about; empty before a move has begun.

    until: the time now, where the move under way is drawn to. styled: False for a page that has STYLE itself.
    """
    return _Plot(found, until, styled=styled).document() if found.events else ""


def phases(found: MoveProgress, until: datetime) -> list[Span]:
    """Which phase was when; the last one of a move that has ended lasts still, and is not among them."""
    reached = [(event.phase, event.at) for event in found.events if event.what == What.REACHED]
    begun = [(str(Phase.STEADY), found.events[0].at), *reached]
    ends = [*(at for _, at in begun[1:]), _end(found, until)]
    spans = (Span(phase, at, end) for (phase, at), end in zip(begun, ends, strict=True))
    return [span for span in spans if span.begin < span.end]


def gaps(found: MoveProgress, until: datetime) -> list[Span]:
    """When writes were held back; `until` where they are."""
    return [Span("writes held back", begin, end or until) for begin, end in held_back(found.events)]


def _end(found: MoveProgress, until: datetime) -> datetime:
    return max(until, found.events[-1].at) if found.target else found.events[-1].at


def _time(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


class _Plot:
    def __init__(self, found: MoveProgress, until: datetime, *, styled: bool) -> None:
        self._found = found
        self._phases, self._gaps = phases(found, until), gaps(found, until)
        self._begin = found.events[0].at
        self._end = max([_end(found, until), *(gap.end for gap in self._gaps)])
        self._last = self._axis_end(self._end)
        self._seconds = max(1.0, (self._last - self._begin).total_seconds())
        self._lags = [event for event in found.events if event.topic == Topic.LAG]
        self._said = [*map(str, self._phases), *map(str, self._gaps), *self._figures()]
        self._drawing = Drawing(_title(found), ". ".join(self._said), styled=styled)

    def document(self) -> str:
        self._drawing.text(MARGIN, 30, _title(self._found), "head")
        drawn = f"{_time(self._begin)} to {_time(self._last)}"
        if self._last < self._end:
            drawn += f"; what came later, until {_time(self._end)}, is not drawn"
        self._drawing.text(MARGIN, 30 + LINE, f"{drawn}; all times are in UTC")
        for number, span in enumerate(span for span in self._phases if span.begin < self._last):
            self._bar(span, PHASES_AT, "other" if number % 2 else "")
        self._drawing.add("rect", x=LEFT, y=WRITES_AT, width=WIDTH, height=ROW)
        for span in self._gaps:
            self._bar(span, WRITES_AT, "held")
        self._lag()
        self._axis()
        for name, y in (("phase", PHASES_AT), ("writes held back", WRITES_AT), ("lag of the copy", LAG_AT)):
            self._drawing.text(MARGIN - GAP, y + LINE, name)
        bottom = self._acts(AXIS_AT + 3 * LINE)
        for number, words in enumerate(self._said):
            self._drawing.text(MARGIN, bottom + number * LINE, cut(words, LEFT + WIDTH))
        return self._drawing.document(LEFT + WIDTH + MARGIN, bottom + len(self._said) * LINE)

    def _axis_end(self, end: datetime) -> datetime:
        """Not all of the day or month for which the former production waits behind the switch."""
        behind = (span.begin for span in self._phases if span.words == Phase.SWITCHED)
        switched = next(behind, end)
        return min(end, switched + (switched - self._begin) / 4)

    def _bar(self, span: Span, y: int, style: str) -> None:
        left, right = self._x(span.begin), self._x(min(span.end, self._last))
        width = max(right - left, NARROWEST)
        words = "" if style == "held" else span.words
        self._part(f"{span}", words, (min(left, LEFT + WIDTH - width), y, width), style)

    def _part(self, title: str, words: str, place: tuple[float, int, float], style: str) -> None:
        """Draw a box, with as many words as fit into it. place: left, top and width."""
        x, y, width = place
        group = self._drawing.add("g")
        self._drawing.add("title", title, inside=group)
        left, wide = f"{x:.1f}", f"{width:.1f}"
        self._drawing.add("rect", inside=group, style=style, x=left, y=y, width=wide, height=ROW)
        if words and width > 4 * CHARACTER:
            self._drawing.text(round(x + 4, 1), y + LINE, cut(words, width - 8), inside=group)

    def _lag(self) -> None:
        """Of a lag that was too long to be measured only that is known: it has no point."""
        points = [(self._x(event.at), event.seconds) for event in self._lags if event.seconds is not None]
        if not points:
            self._drawing.text(LEFT, LAG_AT + LINE, "not in the journal")
            return
        most = max(0.1, *(lag for _, lag in points))
        drawn = [(x, LAG_AT + LAG_HEIGHT * (1 - lag / most)) for x, lag in points]
        self._drawing.add("path", d="M" + " L".join(f"{x:.1f},{y:.1f}" for x, y in drawn), style="lag")
        for (x, y), (_, lag) in zip(drawn, points, strict=True):
            point = self._drawing.add("circle", cx=f"{x:.1f}", cy=f"{y:.1f}", r=3, style="lag", fill="none")
            self._drawing.add("title", f"{lag:.1f} s", inside=point)
        self._drawing.text(MARGIN - GAP, LAG_AT + 2 * LINE, f"0 to {most:.1f} s")

    def _axis(self) -> None:
        self._drawing.add("path", d=f"M{LEFT},{AXIS_AT} H{LEFT + WIDTH}")
        for at, words in _ticks(self._begin, self._seconds):
            x = round(self._x(at), 1)
            self._drawing.add("path", d=f"M{x},{AXIS_AT} v5")
            self._drawing.text(x, AXIS_AT + LINE + 4, words, text_anchor="middle")

    def _acts(self, top: int) -> int:
        """Draw the parts of the last gap, as long as they took; where it ends."""
        acts = self._found.gap
        if not (total := sum(act.seconds for act in acts)):
            return top
        self._drawing.text(MARGIN, top, f"The last gap in writes by its parts, {total:.2f} s", "head")
        left = float(LEFT)
        for number, act in enumerate(acts):
            width = WIDTH * act.seconds / total
            self._part(f"{act}", act.act, (left, top + GAP, width), "other" if number % 2 else "")
            left += width
        return top + GAP + ROW + 2 * LINE

    def _figures(self) -> Iterator[str]:
        found = self._found
        for name, acts in (("expected, as rehearsed", found.expected_gap), ("last gap", found.gap)):
            yield from (f"{name}: {act}" for act in acts)
            if acts:
                yield f"{name}: in all {sum(act.seconds for act in acts):.2f} s"
        if self._lags:
            seen = [lag for event in self._lags if (lag := event.seconds) is not None]
            most = f"at most {max(seen):.1f} s" if len(seen) == len(self._lags) else "too long to be measured"
            yield f"lag, looks: {len(self._lags)}; {most}; {_time(self._lags[-1].at)}: {self._lags[-1].note}"
        if compared := [event.note for event in found.events if event.topic == Topic.COMPARISON]:
            yield f"compared: {compared[-1]}"

    def _x(self, at: datetime) -> float:
        return LEFT + WIDTH * (at - self._begin).total_seconds() / self._seconds


def _title(found: MoveProgress) -> str:
    way = f", by {found.strategy}" if found.strategy else ""
    return f"{found.tenant}: move {found.move}{f' to {found.target}' if found.target else ''}{way}"


def _ticks(begin: datetime, seconds: float) -> list[tuple[datetime, str]]:
    """Round times on the axis, with what is written there."""
    days = (DAY * 2**power for power in count())
    step = next(step for step in chain(STEPS, days) if seconds / step <= MOST_TICKS)
    first = -(-begin.timestamp() // step) * step
    times = [
        datetime.fromtimestamp(first + number * step, UTC)
        for number in range(int((begin.timestamp() + seconds - first) // step) + 1)
    ]
    clock = "%H:%M:%S" if step < STEPS[6] else "%H:%M"
    return [(at, f"{at:%m-%d {clock}}" if seconds > DAY / 2 else f"{at:{clock}}") for at in times]
