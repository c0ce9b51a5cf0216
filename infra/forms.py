"""The form that a text must have, and what of a value does not have it."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

from tenantnet.refusal import Refusal, Rule, shown

_LONGEST_PLACE = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """Texts of so many characters that a pattern matches as a whole.

    pattern: without lookarounds: they see more of a text than the part of it that has been read so far.
    """

    pattern: str
    shortest: int = 1
    longest: int

    def misfit(self, value: object) -> str:
        """What of a value is in the way, as the end of `this one ...`; empty if it has the form."""
        if not isinstance(value, str):
            return f"is {_kind(value)}, not text" if value is not None else "is not set"
        if not value:
            return "is empty"
        if not re.fullmatch(self.pattern, value) and len(value) <= self.longest:
            return self._place(value)
        if self.shortest <= len(value) <= self.longest:
            return ""
        return f"has {len(value)} character{'' if len(value) == 1 else 's'}"

    def _place(self, value: str) -> str:
        """Where a text leaves the pattern."""
        # Commands whose input is right need not wait for it.
        import regex  # type: ignore[import-untyped]  # noqa: PLC0415

        # A text can only be continued to one that fits if each beginning of it can.
        fits = bisect_left(
            range(len(value)),
            True,
            key=lambda at: regex.fullmatch(self.pattern, value[: at + 1], partial=True) is None,
        )
        if not fits:
            return f"begins with {shown(value[0])}"
        before = value[max(0, fits - _LONGEST_PLACE) : fits]
        after = f"after {shown(before)}" if fits <= _LONGEST_PLACE else f"after ...{shown(before)}"
        return f"ends too early, {after}" if fits == len(value) else f"has {shown(value[fits])} {after}"


def check_form(rule: Rule, form: Form, value: object, path: str = "", /, **facts: object) -> list[Refusal]:
    """Nothing if the value has the form, else its refusal by the rule. facts: those of the rule."""
    if problem := form.misfit(value):
        return [because(rule.refuse(value, path, **facts), problem)]
    return []


def because(refusal: Refusal, problem: str) -> Refusal:
    """The refusal with what of its value is in the way: the rule's reason is that of each of them."""
    return replace(refusal, reason=f"{refusal.reason}; this one {problem}")


def _kind(value: object) -> str:
    match value:
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
        case date():
            return "a date"
        case Mapping():
            return "a mapping"
        case list():
            return "a list"
    return "of another type"
