"""The review as one Markdown comment, for GitHub and GitLab alike. Pure.

The host limits a comment, GitHub to 65,536 characters. Ours is shortened to less, from the least
severe stack on: first details and pictures go, then a stack's section becomes its row in the table, then its
row becomes a name in a list, and names that do not fit are counted. result.json has everything.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import cache

from tenantnet.engine.events import Operation
from tenantnet.review.markdown import escaped, fenced, folded, listed, shortened, worded
from tenantnet.review.model import Effect
from tenantnet.review.result import ReviewFinding, ReviewResult, StackResult
from tenantnet.review.verdict import Verdict

MARKER = "<!-- tenantnet review -->"
LIMIT = 59_900
# Longer rows and sentences are cut; a part has at most so many lines.
LONGEST_CELL = 160
LONGEST_LINE = 500
MOST_LINES = 40
MOST_CHANGES = 100
NAMES_ROOM = 4_000

# How a resource counts, as a sign and in words.
COUNTED = {
    Operation.CREATE: ("+", "to create"),
    Operation.UPDATE: ("~", "to change"),
    Operation.REPLACE: ("±", "to replace"),
    Operation.DELETE: ("-", "to delete"),
    Operation.SAME: ("", "unchanged"),
}
SETTINGS = {"added": "new settings", "removed": "settings removed", "changed": "", "unchanged": ""}


class Level(IntEnum):
    """How much of a stack the comment shows."""

    NAME = 0
    ROW = 1
    SECTION = 2
    DETAILS = 3


@dataclass(frozen=True, slots=True)
class Group:
    """Stacks with the same changes, except for names; the first one is shown."""

    stacks: tuple[StackResult, ...]

    @property
    def first(self) -> StackResult:
        return self.stacks[0]

    @property
    def title(self) -> str:
        """Their names, or how many they are."""
        names = [escaped(stack.stack) for stack in self.stacks]
        if len(names) <= 5:
            return ", ".join(names)
        return f"{names[0]} and {len(names) - 1} others alike"


def comment(result: ReviewResult, limit: int = LIMIT, *, of_request: Sequence[str] = ()) -> str:
    """The whole comment, of at most `limit` characters (5,000 or more), its marker first.

    of_request: parts about the request, in Markdown, which are never shortened.
    """
    draft = _Draft(result, of_request)
    levels = [Level.DETAILS] * len(draft.groups)
    text = draft.text(levels)
    for level in (Level.SECTION, Level.ROW, Level.NAME):
        if len(text) <= limit:
            break
        levels = _shrunk(draft, levels, level, limit)
        text = draft.text(levels)
    return text


def _shrunk(draft: _Draft, levels: Sequence[Level], level: Level, limit: int) -> list[Level]:
    """The levels, with as many of the least severe groups at `level` as necessary."""

    def with_first(kept: int) -> list[Level]:
        return [*levels[:kept], *([level] * (len(levels) - kept))]

    too_long = bisect_right(range(len(levels)), limit, key=lambda kept: len(draft.text(with_first(kept))))
    return with_first(max(too_long - 1, 0))


class _Draft:
    """The comment with every group at any level. Each part is rendered once."""

    def __init__(self, result: ReviewResult, of_request: Sequence[str]) -> None:
        self._result, self._of_request = result, of_request
        self.groups = grouped(result.stacks)
        self._rows = [_row(group) for group in self.groups]
        self._section = cache(lambda place, level: _section(self.groups[place], level))
        self._end = [*_end(result)]

    def text(self, levels: Sequence[Level]) -> str:
        """The comment. levels: of the groups, in their order."""
        placed = list(enumerate(levels))
        parts = [
            MARKER,
            f"## Tenantnet review: {self._result.verdict.sign} {self._result.verdict.words}",
            _head(self._result),
            _rules(self._result),
            *self._of_request,
            _table([self._rows[place] for place, level in placed if level >= Level.ROW]),
            *_names([self.groups[place] for place, level in placed if level is Level.NAME]),
            *(self._section(place, level) for place, level in placed if level >= Level.SECTION),
            *self._end,
        ]
        return "\n\n".join(part for part in parts if part) + "\n"


def grouped(stacks: Sequence[StackResult]) -> list[Group]:
    """The stacks by what happens to them, the worst first, in the order of their names."""
    found: dict[object, list[StackResult]] = {}
    for stack in sorted(stacks, key=lambda each: (-each.verdict.severity, each.stack)):
        found.setdefault(_alike(stack), []).append(stack)
    return [Group(tuple(alike)) for alike in found.values()]


def _alike(stack: StackResult) -> tuple[object, ...]:
    """What two stacks with the same changes have in common: every sentence, without names and ranges."""
    name = re.compile(rf"(?<![\w-]){re.escape(stack.stack)}(?!\w)")

    def general(text: str) -> str:
        return name.sub("TENANT", text)

    if stack.settings != "unchanged":
        return (stack.stack,)
    return (
        stack.verdict,
        stack.kind,
        tuple(stack.counts.items()),
        tuple(general(effect.text) for effect in stack.effects),
        tuple(map(general, [*stack.sentences, *stack.notes, *stack.errors])),
        tuple(stack.findings),
    )


def _head(result: ReviewResult) -> str:
    if not result.stacks:
        return "No stack is touched: neither a settings file nor what makes the stacks has changed."
    verdicts = ", ".join(f"{count} {verdict.words}" for verdict, count in result.tally.items())
    count = len(result.stacks)
    base = " ".join(result.base.replace("`", "").split())
    against = f"`{shortened(base, 100)}` ({result.commit[:8]})"
    return f"{count} stack{'' if count == 1 else 's'} previewed against {against}: {verdicts}."


def _rules(result: ReviewResult) -> str:
    if not result.rule_files:
        return ""
    return (
        f"**This change {Verdict.CHANGES_RULES.words}**: {listed(result.rule_files, 1_000)}. Previews do "
        "not show what later changes may do then, so somebody who answers for the rules must read them. "
        "The policies from before the change judge the previews, too."
    )


def _table(rows: Sequence[str]) -> str:
    if not rows:
        return ""
    return "\n".join(["| stack | verdict | resources | what happens |", "|---|---|---|---|", *rows])


def _row(group: Group) -> str:
    first = group.first
    verdict = f"{first.verdict.sign} {first.verdict.words}"
    told, others = first.summary
    happens = f"{_cell(told)} (and {others} more)" if others else _cell(told)
    return f"| {group.title} | {verdict} | {_signed(first.counts)} | {happens} |"


def _cell(text: str) -> str:
    return escaped(shortened(text, LONGEST_CELL))


def _signed(counts: Mapping[Operation, int]) -> str:
    counted = ((sign, counts.get(operation)) for operation, (sign, _) in COUNTED.items())
    return " ".join(f"{sign}{count}" for sign, count in counted if sign and count)


def _names(groups: Sequence[Group]) -> Iterator[str]:
    """The names that have no row, by verdict, as many as there is room for."""
    by_verdict: dict[Verdict, list[str]] = {}
    for group in groups:
        by_verdict.setdefault(group.first.verdict, []).extend(stack.stack for stack in group.stacks)
    for verdict, names in by_verdict.items():
        yield f"{verdict.sign} {verdict.words}: {listed(names, NAMES_ROOM)}"


def _section(group: Group, level: Level) -> str:
    stack = group.first
    parts = [f"### {stack.verdict.sign} {group.title}: {stack.verdict.words}", _facts(stack)]
    if len(group.stacks) > 1:
        names = listed([each.stack for each in group.stacks], NAMES_ROOM)
        parts.append(f"The same in {len(group.stacks)} stacks, shown for {escaped(stack.stack)}: {names}.")
    parts += [
        _lines([*map(_finding, stack.findings)], " findings"),
        _lines([*map(_effect, stack.effects), *map(_line, stack.sentences)]),
        _lines([f"_{_line(note)}_" for note in stack.notes]),
        *(fenced(shortened(error, 2_000)) for error in stack.errors[:3]),
    ]
    if level is Level.DETAILS:
        parts += [*_details(stack)]
    return "\n\n".join(part for part in parts if part)


def _effect(effect: Effect) -> str:
    return _line(effect.text) if effect.verdict is Verdict.SAFE else f"**{_line(effect.text)}**"


def _line(text: str) -> str:
    return worded(shortened(text, LONGEST_LINE))


def _facts(stack: StackResult) -> str:
    counts = [f"{count} {word}" for each, (_, word) in COUNTED.items() if (count := stack.counts.get(each))]
    facts = [
        SETTINGS[stack.settings],
        f"sample of: {escaped(stack.sample_of)}" if stack.sample_of else "",
        f"phase {escaped(stack.phase)}" if stack.phase else "",
        ", ".join(counts),
    ]
    return " · ".join(fact for fact in facts if fact)


def _lines(lines: Sequence[str], of_what: str = "") -> str:
    more = [f"and {len(lines) - MOST_LINES} more{of_what}"] if len(lines) > MOST_LINES else []
    return "\n".join(f"- {line}" for line in [*lines[:MOST_LINES], *more])


def _finding(finding: ReviewFinding) -> str:
    source = "" if finding.source == "settings" else f"policy {escaped(finding.source)}"
    level = "" if finding.mandatory else "advisory"
    place = ": ".join(map(_cell, filter(None, (finding.resource, finding.path, finding.value))))
    aside = ", ".join(filter(None, (source, level)))
    words = [f"{place} ({aside})".strip() if aside else place]
    for name in ("rule", "reason", "remedy"):
        if text := getattr(finding, name):
            words.append(f"  - {name}: {_line(text)}")
    return "\n".join(words)


def _details(stack: StackResult) -> Iterator[str]:
    if stack.topology:
        yield folded("Topology after the update", fenced(stack.topology, "mermaid"))
    if stack.changes:
        rows = [
            f"| {change.operation} | {_cell(change.type.rsplit(':', maxsplit=1)[-1])} | {_cell(change.name)} "
            f"| {_cell(', '.join(change.properties))} |"
            for change in stack.changes[:MOST_CHANGES]
        ]
        if len(stack.changes) > MOST_CHANGES:
            rows.append(f"| | and {len(stack.changes) - MOST_CHANGES} more | | |")
        table = "\n".join(["| | resource | name | properties |", "|---|---|---|---|", *rows])
        count = len(stack.changes)
        yield folded("1 resource" if count == 1 else f"{count} resources", table)


def _end(result: ReviewResult) -> Iterator[str]:
    if result.program_files:
        yield f"What makes every stack has changed: {listed(result.program_files, 1_000)}."
    if count := len(result.left_out):
        yield (
            f"Touched but not previewed, beyond the sample: {count} stack{'' if count == 1 else 's'} "
            f"({listed(result.left_out, 2_000)}). `tenantnet review --all` previews them."
        )
