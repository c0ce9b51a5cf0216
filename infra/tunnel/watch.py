"""Finds out that a session's way to AWS is dead, without asking the database.

A probe at the local port would reach MySQL, where each would count as an aborted login.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING

import psutil
from tenantnet.tunnel.child_sockets import end_when_silent

if TYPE_CHECKING:
    from tenantnet.tunnel.plugin import Plugin

# A resume that takes less is not worth a word.
SAID_SECONDS = 1.0
# The plugin's own attempts to resume a session take up to 6 s.
CUT_OFF_SECONDS = 7.0
# The plugin passes nothing on for ever, if a client sends while its connection is broken.
STUCK_SECONDS = 4.0
# Where the system does not tell of silence: gateways forget a connection within minutes.
SLEPT_SECONDS = 30.0

CUT_OFF = "the plugin lost its connection and could not resume the session"
STUCK = "the plugin keeps what clients send to itself"
SLEPT = "this machine slept, and the connection may not have outlived that"
MOVED = "this machine has another address now"

Clock = Callable[[], float]


class Watch:
    """Looks after one plugin's connection, once it is open. look() is to be called several times a second.

    awake: seconds that do not count while the machine sleeps. wall: seconds that do.
    """

    def __init__(self, plugin: Plugin, awake: Clock = time.monotonic, wall: Clock = time.time) -> None:
        self._plugin, self._awake, self._wall = plugin, awake, wall
        self._connected = self._moved = awake()
        self._unread = b""
        self._behind = wall() - awake()
        # By what distinguishes a connection from a later one: whether the system ends it when it is silent.
        self._ends_when_silent: dict[object, bool] = {}

    @property
    def is_resuming(self) -> bool:
        """Whether there has been no connection for a moment."""
        return self._awake() - self._connected > SAID_SECONDS

    def look(self) -> str:
        """Why the session has to be replaced, in words; empty if it has not."""
        connections = self._plugin.connections()
        now = self._awake()
        slept, self._behind = self._wall() - now - self._behind, self._wall() - now
        if connections is None or connections:
            self._connected = now
        elif now - self._connected > CUT_OFF_SECONDS:
            return CUT_OFF
        if self._is_stuck(now):
            return STUCK
        seen = {(each.fd, each.laddr, each.raddr): each.fd for each in connections or ()}
        self._ends_when_silent = {
            key: self._ends_when_silent[key]
            if key in self._ends_when_silent
            else end_when_silent(self._plugin.pid, descriptor)
            for key, descriptor in seen.items()
        }
        if not connections or all(self._ends_when_silent.values()):
            return ""
        if slept > SLEPT_SECONDS:
            return SLEPT
        return "" if _has_any({each.laddr.ip for each in connections}) else MOVED

    def _is_stuck(self, now: float) -> bool:
        """Whether nothing of what it has taken was passed on for long: more may come behind it meanwhile."""
        unread = self._plugin.unread
        if not self._unread or not unread.startswith(self._unread):
            self._moved = now
        self._unread = unread
        return now - self._moved > STUCK_SECONDS


def _has_any(addresses: Collection[str]) -> bool:
    """Whether this machine still has one of its addresses."""
    return any(each.address in addresses for own in psutil.net_if_addrs().values() for each in own)
