"""The shape of every refusal of bad input: value, rule, reason, remedy.

The settings, the components, the policies and the command line share it, so a user sees the same sentence
wherever the mistake is found first.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from tenantnet.secret_forms import NOT_SHOWN, hide_secrets, hide_value

_LONGEST_SHOWN, _LONGEST_WORD = 80, 400
# Of a text that is longer the end is shown by no message.
_MOST_READ = 2_000
_LONG_WORD = re.compile(rf"\S{{{_LONGEST_WORD + 1},}}")
# Characters that Python calls printable and nobody sees: fillers of alphabets, an empty pattern of Braille,
# and what chooses a variant of the character before it. Others without a width, blanks and marks of
# direction are not printable. And marks that strike out the letter before them, or draw around it.
_INVISIBLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef"
    "\u0334-\u0338\u0488\u0489\u1abe\u20d0-\u20f0\ua670-\ua672\U00010a39\U00016af0-\U00016af4"
    "\U0001bc9e\U0001d165-\U0001d169]"
)
# The most marks that a letter of any language has. More of them cover the lines around.
_MOST_MARKS = 4

# Text that without quotes would be read as another type, or as part of a refusal's layout.
_NEEDS_QUOTES = re.compile(r"[-+]?[0-9.][0-9_.]*(e[-+]?[0-9]+)?|true|false|null|~|- .*|.*: .*", re.IGNORECASE)
# What Refusal and Refused write.
_INDENT = "\n" + 10 * " "
_REFUSAL = re.compile(
    r"^(?:- )?(?:(?P<path>[^\s\"']+): )?(?P<value>.*)\n"
    r"  rule:   (?P<rule>.*(?:\n {10}.*)*)\n"
    r"  reason: (?P<reason>.*(?:\n {10}.*)*)\n"
    r"  remedy: (?P<remedy>.*(?:\n {10}.*)*)$",
    re.MULTILINE,
)
_PARTS = ("value", "rule", "reason", "remedy", "path")
_HEAD = re.compile(r"^.+: \d+ problems?$", re.MULTILINE)


def shown(value: object) -> str:
    """A value of any kind as one short line of printable ASCII, safe on a terminal and in a log.

    Text is quoted only if it has blanks around it, control or non-ASCII characters, or could be read as a
    number. Lists and mappings are shown by their size: they may be deep, endless or contain a secret. What is
    a secret by its form is left out.
    """
    match value:
        case None:
            return "not set"
        case str():
            text = hide_value(value[:_MOST_READ])
            text = text if _is_plain(text) else json.dumps(text)
        case bool():
            text = "true" if value else "false"
        case Mapping():
            text = f"a mapping of {len(value)} {'key' if len(value) == 1 else 'keys'}"
        case list() | tuple() | set():
            text = f"a list of {len(value)} {'entry' if len(value) == 1 else 'entries'}"
        case int() | float():
            text = _number(value)
        case date():
            text = value.isoformat()
        case _:
            text = ascii(value)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[: _LONGEST_SHOWN - 3]}..."


def printable(text: str) -> str:
    """Text of several lines, safe on a terminal: control and invisible characters are escaped."""
    return "\n".join(seen(line, _escaped) for line in text.split("\n"))


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode()


def seen(text: str, instead: Callable[[str], str]) -> str:
    """The text with something instead of each character that people do not see as one of its own."""
    if text.isascii() and text.isprintable():
        return text
    found, room = [], 0
    for each in text:
        kind = unicodedata.category(each)[0]
        room = room - 1 if kind == "M" else _MOST_MARKS if kind == "L" else 0
        visible = each.isprintable() and not _INVISIBLE.match(each) and room >= 0
        found.append(each if visible else instead(each))
    return "".join(found)


def is_visible(text: str) -> bool:
    """Whether people see every character, so that what looks alike is alike but for foreign alphabets."""
    return seen(text, lambda _: "") == text


def short_words(text: str) -> str:
    """Text in which no word is longer than a path or an ARN: a whole file may have been given as a name."""
    return _LONG_WORD.sub(lambda word: f"{word[0][: _LONGEST_WORD - 3]}...", text)


def _is_plain(text: str) -> bool:
    printable = text.isascii() and text.isprintable() and text == text.strip() != ""
    return printable and not _NEEDS_QUOTES.fullmatch(text)


def _number(value: float) -> str:
    try:
        return str(value)
    except ValueError:  # Python refuses to print integers of more than 4,300 digits
        return "a number of thousands of digits"


@dataclass(frozen=True, slots=True)
class Refusal:
    """One problem."""

    value: str
    """What was given, as text; "(not shown)" for secrets."""
    rule: str
    """What is required."""
    reason: str
    """Why."""
    remedy: str
    """The way out."""
    path: str = ""
    """The place of the value, dotted: `networks.blue.cidr`; empty if there is only one place."""
    rule_id: str = ""
    """The ID of the rule that was broken; empty if there is none."""
    facts: Mapping[str, str] = field(default_factory=dict, compare=False, repr=False, kw_only=True)
    """What the rule's words were filled in with, by name, as it is shown."""

    def at(self, path: str) -> Refusal:
        """The same refusal with a path, which goes before the path that it may already have."""
        path = hide_secrets(path[:_MOST_READ])
        return replace(self, path=f"{path}.{self.path}" if self.path else path)

    def __str__(self) -> str:
        where = f"{self.path}: " if self.path else ""
        rule, reason, remedy = (text.replace("\n", _INDENT) for text in (self.rule, self.reason, self.remedy))
        return f"{where}{self.value}\n  rule:   {rule}\n  reason: {reason}\n  remedy: {remedy}"

    @classmethod
    def parse(cls, text: str) -> list[Refusal]:
        """Every refusal in a text that `str` of a Refusal or of a Refused wrote, without the ids of rules.

        The text may have other words around them: the engine repeats errors of program and policies.
        """
        return [
            cls(*((found[part] or "").replace(_INDENT, "\n") for part in _PARTS))
            for found in _REFUSAL.finditer(text)
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A rule in words. Refusals and docs/rules.md are written from it.

    id: kebab-case, stable, unique. rule, reason and remedy may contain `{names}` of facts for `refuse`.
    """

    id: str
    rule: str
    reason: str
    remedy: str

    def refuse(self, value: object, path: str = "", /, **facts: object) -> Refusal:
        """The refusal of `value`, with every `{name}` filled in from `facts`."""
        # A line break in one would look like a further refusal.
        told = {
            name: short_words(hide_secrets(str(fact)[:_MOST_READ]).replace("\n", "\\n"))
            for name, fact in facts.items()
        }
        return self.say(shown(value), hide_secrets(path[:_MOST_READ]), told)

    def say(self, value: str, path: str, facts: Mapping[str, str]) -> Refusal:
        """The refusal in the rule's own words. All three as they are to be shown."""
        return Refusal(
            value=value,
            rule=printable(self.rule.format(**facts)),
            reason=printable(self.reason.format(**facts)),
            remedy=printable(self.remedy.format(**facts)),
            path=path,
            rule_id=self.id,
            facts=facts,
        )

    def refuse_secret(self, path: str = "", /, **facts: object) -> Refusal:
        """The refusal of a value that must not be shown."""
        return replace(self.refuse("", path, **facts), value=NOT_SHOWN)


class Refused(Exception):  # noqa: N818 - it rejects the input; the program did not fail
    """All problems of one input, found in one pass. state: what was and was not changed."""

    state = "Nothing was changed."

    def __init__(self, subject: str, refusals: Iterable[Refusal]) -> None:
        self.subject = printable(subject).replace("\n", "\\n")
        self.refusals = tuple(refusals)
        super().__init__(str(self))

    def __str__(self) -> str:
        count = len(self.refusals)
        head = f"{self.subject}: {count} problem{'' if count == 1 else 's'}"
        return "\n".join([head, *(f"- {refusal}" for refusal in self.refusals)])

    @staticmethod
    def is_in(text: str) -> bool:
        """Whether a text contains what `str` of a Refused wrote."""
        return _HEAD.search(text) is not None and _REFUSAL.search(text) is not None
