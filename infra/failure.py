"""How Tenantnet says that something did not work: one shape for every failure."""

from __future__ import annotations


class Failure(Exception):  # noqa: N818 - named for what a person reads, as Refused is
    """What could not be done, through no mistake in the input.

    what: the task that failed. reason: what stood in the way, in the words of whoever said so.
    remedy: what to do. state: what was and was not changed.
    """

    def __init__(self, what: str, *, reason: str, remedy: str, state: str = "Nothing was changed.") -> None:
        self.what, self.reason, self.remedy, self.state = what, reason, remedy, state
        super().__init__(str(self))

    def __str__(self) -> str:
        return f"{self.what}\n  reason: {self.reason}\n  remedy: {self.remedy}\n{self.state}"
