"""Refusals out of text: the program and the policies tell the engine in words what they refuse."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tenantnet.refusal import Refusal

_HEAD = re.compile(r"(?P<subject>.+): \d+ things? (is|are) not right")
_REFUSAL = re.compile(
    r"^(?:- )?(?:(?P<path>[^\s:](?:[^:\n]|:(?! ))*): )?(?P<value>.*)\n"
    r"  rule:   (?P<rule>.*)\n  reason: (?P<reason>.*)\n  remedy: (?P<remedy>.*)$",
    re.MULTILINE,
)


def refusals_in(text: str) -> list[Refusal]:
    """Every refusal in a text that `str(Refusal)` or `str(Refused)` wrote, possibly among other words."""
    return [
        Refusal(
            value=found["value"],
            rule=found["rule"],
            reason=found["reason"],
            remedy=found["remedy"],
            path=found["path"] or "",
        )
        for found in _found(text)
    ]


def is_refused(text: str) -> bool:
    """Whether the text is one in which the program refuses its settings, and not some other error."""
    return _HEAD.search(text) is not None and next(_found(text), None) is not None


def _found(text: str) -> Iterator[re.Match[str]]:
    return _REFUSAL.finditer(text)
