"""The verdict on an update."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Self


class Verdict(StrEnum):
    """What an update would do, in the order of severity. words: as people read it. sign: of the comment."""

    words: str
    sign: str

    SAFE = "safe", "safe", "🟢"
    TUNNEL_DOWN = "tunnel-down", "takes a tunnel down", "🟠"
    DATABASE_DOWN = "database-down", "takes the database down", "🔴"
    DESTROYS_DATA = "destroys-data", "destroys data", "💥"
    REJECTED_BY_RULE = "rejected-by-rule", "rejected by a rule", "⛔"
    REJECTED_BY_POLICY = "rejected-by-policy", "rejected by policy", "⛔"
    NOT_PREVIEWED = "not-previewed", "could not be previewed", "❓"

    def __new__(cls, value: str, words: str, sign: str) -> Self:
        verdict = str.__new__(cls, value)
        verdict._value_, verdict.words, verdict.sign = value, words, sign
        return verdict

    @property
    def severity(self) -> int:
        """0 for safe; the greater, the worse."""
        return list(Verdict).index(self)


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """The most severe one; safe if there is none."""
    return max(verdicts, key=lambda verdict: verdict.severity, default=Verdict.SAFE)
