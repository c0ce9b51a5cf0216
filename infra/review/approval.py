"""Who must approve a request: who answers for its verdict, and the owners of what it changes. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tenantnet.review.codeowners import OwnersOf
from tenantnet.review.markdown import escaped, items, listed
from tenantnet.review.result import ReviewResult
from tenantnet.review.verdict import Verdict

# Stands for the files of a request that its host does not list.
MORE_FILES = "(more files than the host lists)"
ROOM, NAMES_ROOM = 6_000, 400


def approval(result: ReviewResult, files: Sequence[str], owners: OwnersOf | None, base: str) -> str:
    """A part of the comment. files: what the request changes. owners: by the base's CODEOWNERS, if any."""
    found = {result.verdict, *(stack.verdict for stack in result.stacks)}
    worst_first = [each for each in reversed(Verdict) if each in found and each.approver]
    lines = [f"{each.sign} {each.words}: {each.approver}" for each in worst_first]
    lines += _by_owners(files, owners, base)
    return f"**Who must approve**\n\n{items(lines, ROOM)}"


def _by_owners(files: Sequence[str], owners: OwnersOf | None, base: str) -> Iterator[str]:
    if owners is None:
        yield f"whoever may approve at all: {escaped(base)} has no CODEOWNERS"
        return
    owned: dict[tuple[str, ...], list[str]] = {}
    for name in files:
        if name != MORE_FILES:
            for each in owners(name) or [()]:
                owned.setdefault(each, []).append(name)
    for names, theirs in sorted(owned.items()):
        who = " or ".join(map(escaped, names)) or "whoever may approve at all, as nobody owns it"
        yield f"{who}: {listed(theirs, NAMES_ROOM)}"
    if MORE_FILES in files:
        yield "and the owners of the files that the host does not list"
