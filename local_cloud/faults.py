"""Calls that fail on purpose, as tests ask for it: instead of being done, or after that."""

from __future__ import annotations

import socket
from dataclasses import asdict, dataclass
from enum import StrEnum
from fnmatch import fnmatchcase
from threading import Condition
from time import monotonic
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus

if TYPE_CHECKING:
    from werkzeug.wrappers import Request

# Longer than any test waits: who holds a call back for good lets it go by clearing the faults.
LONGEST_HOLD_SECONDS = 3600.0


class Effect(StrEnum):
    """error: the answer is an AWS error. drop: the connection is closed without one. hold: it comes late."""

    ERROR = "error"
    DROP = "drop"
    HOLD = "hold"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Which calls fail, and how.

    call: a pattern with `*` and `?` for what `server.log` names, such as `rds ModifyDBInstance` or
    `route53 POST */rrset`. containing: only calls with this text in their path or body, decoded.
    count: how many calls; None for all until the faults are cleared. status, code, message: of an `error`.
    seconds: of a `hold`, which ends early once the faults are cleared. done: whether the cloud does what the
    call asks for first, so that only its answer is lost, late or wrong. What is held undone is never done
    where whoever sent it has gone meanwhile.
    """

    call: str
    effect: Effect
    containing: str = ""
    count: int | None = None
    status: int = 400
    code: str = "InternalFailure"
    message: str = "a fault that a test injected"
    seconds: float = LONGEST_HOLD_SECONDS
    done: bool = False

    @classmethod
    def from_json(cls, body: object) -> Fault:
        """Raises ValueError, in words, where the fields or their values are not a fault's."""
        if not isinstance(body, dict):
            raise ValueError("the body is the fields of a fault")
        try:
            return cls(**{**body, "effect": Effect(str(body.get("effect")))})
        except TypeError as error:
            raise ValueError(f"{error}".replace("Fault.__init__() ", "")) from None

    def to_json(self) -> dict[str, Any]:
        """What `from_json` reads."""
        return asdict(self)

    def concerns(self, call: str, text: str) -> bool:
        """call: as `server.log` names it. text: path and body."""
        return fnmatchcase(call, self.call) and self.containing in text


class Faults:
    """The faults of one server. Any number of requests may meet them at the same time."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._faults: list[tuple[Fault, list[str]]] = []

    def add(self, fault: Fault) -> None:
        """From now on; of several that concern a call, the one that was added first strikes."""
        with self._changed:
            self._faults.append((fault, []))

    def clear(self) -> None:
        """Forget all of them, and let go what they hold back."""
        with self._changed:
            self._faults = []
            self._changed.notify_all()

    def struck(self) -> list[list[str]]:
        """The calls that each fault has struck, in the order in which the faults were added."""
        with self._changed:
            return [list(calls) for _, calls in self._faults]

    def strike(self, call: str, request: Request, body: bytes) -> Fault | None:
        """The fault that this call meets, which counts it."""
        text = unquote_plus(f"{request.path}\n{body.decode(errors='replace')}")
        with self._changed:
            for fault, calls in self._faults:
                left = fault.count is None or len(calls) < fault.count
                if left and fault.concerns(call, text):
                    calls.append(call)
                    return fault
        return None

    def hold(self, fault: Fault) -> None:
        """Return once the fault's time is over or it was cleared."""
        until = monotonic() + fault.seconds
        with self._changed:
            while any(fault is each for each, _ in self._faults) and (left := until - monotonic()) > 0:
                self._changed.wait(left)


def has_gone(request: Request) -> bool:
    """Whether whoever sent the request has closed its connection since."""
    connection: socket.socket = request.environ["werkzeug.socket"]
    try:
        return not connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
    except BlockingIOError:
        return False
    except ConnectionError:
        return True


def drop(request: Request) -> None:
    """Close the request's connection. Raises ConnectionAbortedError: the server then ends it quietly."""
    connection: socket.socket = request.environ["werkzeug.socket"]
    connection.shutdown(socket.SHUT_RDWR)
    raise ConnectionAbortedError("a fault that a test injected")
