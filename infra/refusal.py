"""How Tenantnet says no: one shape for every refusal, whoever finds it.

The settings, the components, the policies and the command line all refuse with the same four parts, so that
a person meets the same sentence wherever the mistake is caught first.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Refusal:
    """One thing that is wrong.

    value: what was given, as text; "(not shown)" for secrets.
    rule: what is required. reason: why. remedy: the way out.
    path: where it stands, dotted (`networks.blue.cidr`); empty where there is only one place.
    """

    value: str
    rule: str
    reason: str
    remedy: str
    path: str = ""

    def at(self, path: str) -> Refusal:
        """The same refusal, at a place: `prefix.path` where it already has one."""
        return replace(self, path=f"{path}.{self.path}" if self.path else path)

    def __str__(self) -> str:
        where = f"{self.path}: " if self.path else ""
        return f"{where}{self.value}\n  rule:   {self.rule}\n  reason: {self.reason}\n  remedy: {self.remedy}"


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
