"""Who must approve a request: who answers for its verdict, and the owners of what it changes. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from tenantnet.review.markdown import escaped, items, listed
from tenantnet.review.result import ReviewResult
from tenantnet.review.verdict import Verdict

# Stands for the files of a request that its host does not list.
MORE_FILES = "(more files than the host lists)"
ROOM, NAMES_ROOM = 6_000, 400

# A section at GitLab, such as `^[Docs][2] @example/writers`; with ^ its approval is optional. Its owners are
# those of its paths that name none. https://docs.gitlab.com/user/project/codeowners/reference/
_SECTION = re.compile(r"(\^?)\[([^\]]+)\](?:\[\d+\])?(.*)")
_WILD = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}


def approval(result: ReviewResult, files: Sequence[str], owners: str | None, base: str) -> str:
    """A part of the comment. files: what the request changes. owners: the base's CODEOWNERS; None without."""
    found = {result.verdict, *(stack.verdict for stack in result.stacks)}
    worst_first = [each for each in reversed(Verdict) if each in found and each.approver]
    lines = [f"{each.sign} {each.words}: {each.approver}" for each in worst_first]
    lines += _by_owners(files, owners, base)
    return f"**Who must approve**\n\n{items(lines, ROOM)}"


def _by_owners(files: Sequence[str], owners: str | None, base: str) -> Iterator[str]:
    if owners is None:
        yield f"whoever may approve at all: {escaped(base)} has no CODEOWNERS"
        return
    lines = [*_lines(owners)]
    owned: dict[tuple[str, ...], list[str]] = {}
    for name in files:
        if name != MORE_FILES:
            for each in _owners_of(name, lines) or [()]:
                owned.setdefault(each, []).append(name)
    for names, theirs in sorted(owned.items()):
        who = " or ".join(map(escaped, names)) or "whoever may approve at all, as nobody owns it"
        yield f"{who}: {listed(theirs, NAMES_ROOM)}"
    if MORE_FILES in files:
        yield "and the owners of the files that the host does not list"


def _owners_of(name: str, lines: Iterable[_Line]) -> list[tuple[str, ...]]:
    """Groups of owners, each of which must approve by one of them: one for each section with an owner."""
    # The last line of a section that matches counts.
    of_section = {line.section: line.owners for line in lines if line.pattern.fullmatch(name)}
    return [owners for owners in of_section.values() if owners]


@dataclass(frozen=True, slots=True)
class _Line:
    """One of CODEOWNERS. section: empty at GitHub, which knows none."""

    section: str
    pattern: re.Pattern[str]
    owners: tuple[str, ...]


def _lines(text: str) -> Iterator[_Line]:
    """Those that count: without comments and optional sections, each with the owners of its section."""
    optional, section, of_section = False, "", ""
    for line in text.splitlines():
        words = re.sub(r"(^|\s)#.*", "", line).strip()
        if head := _SECTION.fullmatch(words):
            optional, section, of_section = bool(head[1]), head[2].lower(), head[3]
        elif words and not optional:
            path, *owners = re.split(r"(?<!\\)\s+", words)
            named = [each for each in owners or of_section.split() if "@" in each]
            yield _Line(section, _pattern(path.replace("\\ ", " ")), tuple(named))


def _pattern(path: str) -> re.Pattern[str]:
    """The files that a path of CODEOWNERS is about, from the repository's top.

    https://docs.github.com/repositories/managing-your-repositorys-settings-and-features/customizing-your-repository/about-code-owners
    """
    parts = re.split(r"(\*\*/?|\*|\?)", path.strip("/"))
    start = "" if "/" in path[:-1] else "(?:.*/)?"
    # A folder is all that is in it, but `*` at the end is what is in that folder alone.
    end = "/.*" if path.endswith("/") else "" if path.endswith("/*") else "(?:/.*)?"
    return re.compile(f"{start}{''.join(_WILD.get(part, re.escape(part)) for part in parts)}{end}")
