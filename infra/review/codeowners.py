"""Who owns a file by CODEOWNERS, as each host reads that. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

# Of a file's name from the repository's top: groups of owners, each of which must approve by one of them.
OwnersOf = Callable[[str], list[tuple[str, ...]]]

# A section at GitLab, such as `^[Docs][2] @example/writers`; with ^ its approval is optional. Its owners are
# those of its paths that name none.
_SECTION = re.compile(r"(\^?)\[([^\]]+)\](?:\[\d+\])?(.*)")
_BLANKS = re.compile(r"(?<!\\)\s+")
# What a backslash takes the meaning from; any folders; one name's end, its part, one of its characters.
_PIECE = re.compile(r"(\\.|(?:(?<=/)|^)\*\*/|\*+|\?|\[[^\]]+\])", re.DOTALL)


@dataclass(frozen=True, slots=True)
class _Line:
    """pattern: of names that begin with a slash. section: empty at GitHub, which knows none."""

    pattern: re.Pattern[str]
    owners: tuple[str, ...]
    section: str = ""
    optional: bool = False
    excludes: bool = False


def owners_at_github(text: str) -> OwnersOf:
    """By the last line that matches.

    https://docs.github.com/repositories/managing-your-repositorys-settings-and-features/customizing-your-repository/about-code-owners
    """
    return _owners_of([*_of_github(text)])


def owners_at_gitlab(text: str) -> OwnersOf:
    """By the last line that matches of each section that is not optional, unless a line there excludes it.

    https://docs.gitlab.com/user/project/codeowners/reference/
    """
    return _owners_of([*_of_gitlab(text)])


def _owners_of(lines: Iterable[_Line]) -> OwnersOf:
    required = {line.section for line in lines if not line.optional}

    def owners_of(name: str) -> list[tuple[str, ...]]:
        found = [line for line in lines if line.section in required and line.pattern.fullmatch(f"/{name}")]
        excluded = {line.section for line in found if line.excludes}
        of_section = {line.section: line.owners for line in found if line.section not in excluded}
        return [owners for owners in of_section.values() if owners]

    return owners_of


def _of_github(text: str) -> Iterator[_Line]:
    for line in text.splitlines():
        path, *owners = _BLANKS.split(re.sub(r"(^|\s)#.*", "", line).strip())
        # GitHub skips a line that is not valid, and says of `/` that it matches nothing.
        is_valid = path.strip("/") and not re.match(r"!|\\#|(.*[^\\])?\[", path)
        if is_valid and all("@" in each for each in owners):
            start = "" if path.startswith("/") else "/" if "/" in path[:-1] else "/**/"
            whole = f"{start}{path.removesuffix('**') if path.endswith('/**') else path}"
            # A folder is all that is in it, but `*` at the end is what is in that folder alone.
            end = ".*" if whole.endswith("/") else "" if whole.endswith("/*") else "(?:/.*)?"
            yield _Line(_pattern(whole, end), tuple(owners))


def _of_gitlab(text: str) -> Iterator[_Line]:
    optional, section, of_section = False, "", ""
    for words in filter(None, map(str.strip, text.splitlines())):
        if words.startswith("#"):
            continue
        if head := _SECTION.fullmatch(words):
            optional, section, of_section = bool(head[1]), head[2].lower(), head[3]
            continue
        path, *owners = _BLANKS.split(words)
        excludes, path = path.startswith("!"), path.removeprefix("!")
        start = "" if path.startswith("/") else "/**/"
        end = "**/*" if path.endswith("/") else ""
        named = tuple(each for each in owners or of_section.split() if "@" in each)
        yield _Line(_pattern(f"{start}{path}{end}"), named, section, optional, excludes)


def _pattern(path: str, end: str = "") -> re.Pattern[str]:
    """end: a regular expression of what may follow."""
    try:
        return re.compile(f"{''.join(map(_translated, _PIECE.split(path)))}{end}", re.DOTALL)
    except re.error:
        return re.compile("(?!)")  # as `[z-a]`, which has no character


def _translated(piece: str) -> str:
    if piece.startswith("\\"):
        return re.escape(piece[1:])
    if piece.startswith("["):
        sign, those = ("^", piece[2:-1]) if piece[1] in "!^" else ("", piece[1:-1])
        return f"(?!/)[{sign}{re.escape(those).replace(re.escape('-'), '-')}]" if those else re.escape(piece)
    wild = {"**/": "(?:.*/)?", "?": "[^/]"}
    return wild.get(piece) or ("[^/]*" if piece.startswith("*") else re.escape(piece))
