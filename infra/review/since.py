"""What a review says that the review of the push before did not, and the other way round. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from tenantnet.review.markdown import items, shortened, worded
from tenantnet.review.result import ReviewResult

ROOM, LONGEST = 6_000, 300


def since(former: ReviewResult, now: ReviewResult, head: str) -> str:
    """A part of the comment. head: the commit of the push before."""
    # In the order in which they are said.
    before, after = (dict.fromkeys(_said(each)) for each in (former, now))
    lines = [f"new: {each}" for each in after if each not in before]
    lines += [f"no longer: {each}" for each in before if each not in after]
    if former.commit != now.commit:
        lines.append(f"compared with another commit: `{former.commit[:8]}` → `{now.commit[:8]}`")
    title = f"**What has changed since the push before** (`{head[:8]}`)"
    shown = items([worded(shortened(each, LONGEST)) for each in lines], ROOM)
    return f"{title}\n\n{shown}" if lines else f"{title}: nothing, the previews say the same."


def _said(result: ReviewResult) -> Iterator[str]:
    yield from (f"changes the rules: {name}" for name in result.rule_files)
    for stack in result.stacks:
        findings = (f"{each.path}: {each.value}: {each.rule}" for each in stack.findings)
        effects = (each.text for each in stack.effects)
        texts = (stack.verdict.words, *findings, *effects, *stack.sentences, *stack.notes, *stack.errors)
        counts = (f"{operation}, {count} resources" for operation, count in stack.counts.items())
        for text in (*texts, *counts):
            yield f"{stack.stack}: {' '.join(text.split())}"
