"""The verdict on an update."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Self

_DATA, _NOBODY = "somebody who answers for the tenant's data", "nobody can: it is to be mended first"


class Verdict(StrEnum):
    """What an update would do, in the order of severity.

    words: as people read it. sign: of the comment. code: exit code of the command; 1 is a failure of the
    review, 2 the user's mistake. approver: who must approve, beside the owners of what changes; empty where
    they are enough.
    """

    words: str
    sign: str
    code: int
    approver: str

    SAFE = "safe", "safe", "🟢", 0, ""
    TUNNEL_DOWN = "tunnel-down", "takes a tunnel down", "🟠", 3, "somebody who has told the company"
    DATABASE_DOWN = "database-down", "takes the database down", "🔴", 4, "somebody who has told the tenant"
    # The next command may destroy it.
    UNPROTECTS = "unprotects", "takes protection off data", "🔓", 10, _DATA
    DESTROYS_DATA = "destroys-data", "destroys data", "💥", 5, _DATA
    # It may be anybody's, and becomes what the program says of it.
    IMPORTS = "imports", "imports resources", "📥", 11, "somebody who knows whose these resources are"
    # Rules that have changed may allow all of the above later.
    CHANGES_RULES = "changes-rules", "changes the rules", "📜", 9, "somebody who answers for the rules"
    REJECTED_BY_RULE = "rejected-by-rule", "rejected by a rule", "⛔", 6, _NOBODY
    REJECTED_BY_POLICY = "rejected-by-policy", "rejected by policy", "⛔", 7, _NOBODY
    NOT_PREVIEWED = "not-previewed", "could not be previewed", "❓", 8, "nobody can yet"

    def __new__(cls, value: str, words: str, sign: str, code: int, approver: str) -> Self:
        verdict = str.__new__(cls, value)
        verdict._value_, verdict.words, verdict.sign, verdict.code = value, words, sign, code
        verdict.approver = approver
        return verdict

    @property
    def severity(self) -> int:
        """0 for safe; the greater, the worse."""
        return list(Verdict).index(self)


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """The most severe one; safe if there is none."""
    return max(verdicts, key=lambda verdict: verdict.severity, default=Verdict.SAFE)
