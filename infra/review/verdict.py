"""The verdict on an update."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum


class Verdict(StrEnum):
    """What an update would do, in the order of severity."""

    SAFE = "safe"
    TUNNEL_DOWN = "tunnel-down"
    DATABASE_DOWN = "database-down"
    DESTROYS_DATA = "destroys-data"
    REJECTED_BY_RULE = "rejected-by-rule"
    REJECTED_BY_POLICY = "rejected-by-policy"
    NOT_PREVIEWED = "not-previewed"

    @property
    def severity(self) -> int:
        """0 for safe; the greater, the worse."""
        return list(Verdict).index(self)

    @property
    def words(self) -> str:
        """As people read it."""
        return _WORDS[self]


_WORDS = {
    Verdict.SAFE: "safe",
    Verdict.TUNNEL_DOWN: "takes a tunnel down",
    Verdict.DATABASE_DOWN: "takes the database down",
    Verdict.DESTROYS_DATA: "destroys data",
    Verdict.REJECTED_BY_RULE: "rejected by a rule",
    Verdict.REJECTED_BY_POLICY: "rejected by policy",
    Verdict.NOT_PREVIEWED: "could not be previewed",
}


def worst(verdicts: Sequence[Verdict]) -> Verdict:
    """The most severe one; safe if there is none."""
    return max(verdicts, key=lambda verdict: verdict.severity, default=Verdict.SAFE)
