"""How Tenantnet says no: one shape for every refusal, whoever finds it.

The settings, the components, the policies and the command line all refuse with the same four parts, so that
a person meets the same sentence wherever the mistake is caught first.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date

NOT_SHOWN = "(not shown)"
_LONGEST_SHOWN = 80

# Text that would be read as another type without its quotes, or as a refusal's own marks.
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
_HEAD = re.compile(r"^.+: \d+ things? (?:is|are) not right$", re.MULTILINE)


def shown(value: object) -> str:
    """A value of any kind as one short line of printable ASCII, safe on a terminal and in a log.

    Text stands as it is unless that would hide something: blanks around it, control or non-ASCII characters,
    or that it is text and not a number.
    Lists and mappings are told by their size: they may be deep, endless or hold a secret.
    """
    match value:
        case None:
            return "nothing"
        case str():
            text = value if _is_plain(value) else json.dumps(value)
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
    """One thing that is wrong.

    value: what was given, as text; "(not shown)" for secrets.
    rule: what is required. reason: why. remedy: the way out.
    path: where it stands, dotted (`networks.blue.cidr`); empty where there is only one place.
    rule_id: the id of the Rule it was made from; empty where it was made without one.
    """

    value: str
    rule: str
    reason: str
    remedy: str
    path: str = ""
    rule_id: str = ""

    def at(self, path: str) -> Refusal:
        """The same refusal, at a place: `prefix.path` where it already has one."""
        return replace(self, path=f"{path}.{self.path}" if self.path else path)

    def __str__(self) -> str:
        where = f"{self.path}: " if self.path else ""
        rule, reason, remedy = (text.replace("\n", _INDENT) for text in (self.rule, self.reason, self.remedy))
        return f"{where}{self.value}\n  rule:   {rule}\n  reason: {reason}\n  remedy: {remedy}"

    @classmethod
    def parse(cls, text: str) -> list[Refusal]:
        """Every refusal in a text that `str` of a Refusal or of a Refused wrote, but for the ids of rules.

        Other words may stand around them: the engine passes on what the program and the policies say.
        """
        return [
            cls(**{name: (part or "").replace(_INDENT, "\n") for name, part in found.groupdict().items()})
            for found in _REFUSAL.finditer(text)
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A rule in words: the one place its text stands. Documentation is made from it, refusals too.

    id: kebab-case, stable, unique. rule, reason and remedy may hold `{names}` of facts that a case fills in.
    """

    id: str
    rule: str
    reason: str
    remedy: str

    def refuse(self, value: object, path: str = "", /, **facts: object) -> Refusal:
        """The refusal of `value`, with every `{name}` filled in from `facts`."""
        return Refusal(
            value=shown(value),
            rule=self.rule.format(**facts),
            reason=self.reason.format(**facts),
            remedy=self.remedy.format(**facts),
            path=path,
            rule_id=self.id,
        )

    def refuse_secret(self, path: str = "", /, **facts: object) -> Refusal:
        """The refusal of a value that must not be seen."""
        return replace(self.refuse("", path, **facts), value=NOT_SHOWN)


class Refused(Exception):  # noqa: N818 - it is a verdict on the input, not a failure of the program
    """Everything that is wrong with one input, found in one pass."""

    def __init__(self, subject: str, refusals: Iterable[Refusal]) -> None:
        self.subject = subject
        self.refusals = tuple(refusals)
        super().__init__(str(self))

    def __str__(self) -> str:
        count = len(self.refusals)
        head = f"{self.subject}: {count} {'thing is' if count == 1 else 'things are'} not right"
        return "\n".join([head, *(f"- {refusal}" for refusal in self.refusals)])

    @staticmethod
    def is_in(text: str) -> bool:
        """Whether a text has in it what `str` of a Refused wrote."""
        return _HEAD.search(text) is not None and _REFUSAL.search(text) is not None
