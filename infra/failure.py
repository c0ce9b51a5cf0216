"""The shape of every failure: what could not be done, why, what to do, and what was changed."""

from __future__ import annotations


class Failure(Exception):  # noqa: N818 - named like Refused
    """Something that could not be done, although the input is right.

    what: the task that failed. reason: the cause, in the words of AWS, Pulumi or the operating system; where
    those said nothing, that. remedy: what to do. state: what was and was not changed; empty where that needs
    no saying.
    """

    def __init__(self, what: str, *, reason: str, remedy: str, state: str = "Nothing was changed.") -> None:
        # Errors of Python may come without words, and those of the operating system without a number.
        self.reason = "it was not said why" if reason.strip() in ("", "None") else reason
        self.what, self.remedy, self.state = what, remedy, state
        super().__init__(str(self))

    def __str__(self) -> str:
        state = f"\n{self.state}" if self.state else ""
        return f"{self.what}\n  reason: {self.reason}\n  remedy: {self.remedy}{state}"
