"""What Linux lets a parent do with its child's sockets: end a silent connection, and see what is unread."""

from __future__ import annotations

import ctypes
import os
import socket
import sys
from contextlib import suppress

# The same number on every architecture: https://man7.org/linux/man-pages/man2/pidfd_getfd.2.html
PIDFD_GETFD = 438
IDLE_SECONDS, INTERVAL_SECONDS, SILENT_SECONDS = 4, 2, 8
UNREAD_BYTES = 65_536


def end_when_silent(pid: int, descriptor: int, seconds: int = SILENT_SECONDS) -> bool:
    """Have a TCP connection of a child process end when its peer was silent for so long.

    AWS's plugin itself asks every 5 minutes, and Go's own keep-alive takes two and a half. False if the
    system cannot do it: another system than Linux, or one that forbids it.
    """
    if sys.platform != "linux" or (connection := _copied(pid, descriptor)) is None:
        return False
    with connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for option, value in (
            (socket.TCP_KEEPIDLE, min(IDLE_SECONDS, seconds)),
            (socket.TCP_KEEPINTVL, min(INTERVAL_SECONDS, seconds)),
            (socket.TCP_USER_TIMEOUT, seconds * 1000),
        ):
            connection.setsockopt(socket.IPPROTO_TCP, option, value)
    return True


def unread(pid: int, descriptor: int) -> bytes:
    """The first 64 KiB of what a child process has not read; empty if the system does not say."""
    if sys.platform != "linux" or (connection := _copied(pid, descriptor)) is None:
        return b""
    with connection, suppress(OSError):
        return connection.recv(UNREAD_BYTES, socket.MSG_PEEK | socket.MSG_DONTWAIT)
    return b""


def _copied(pid: int, descriptor: int) -> socket.socket | None:
    with suppress(OSError):
        process = os.pidfd_open(pid)
        try:
            own = ctypes.CDLL(None).syscall(PIDFD_GETFD, process, descriptor, 0)
        finally:
            os.close(process)
        if own >= 0:
            return socket.socket(fileno=own)
    return None
