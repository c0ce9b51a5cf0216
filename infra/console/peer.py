"""Whose program is at the other end of a connection on this machine."""

from __future__ import annotations

import socket
import sys
from pathlib import Path

CONNECTIONS = Path("/proc/net/tcp")
LOCAL, REMOTE, OWNER, INODE = 1, 2, 7, 9
# A socket that its program has closed is root's there, whoever sent what is still to be read from it.
CLOSED = "0"

Address = tuple[str, int]


def owner(client: Address, server: Address) -> int | None:
    """The user ID of the socket that `client` is; None if no program has it (any more)."""
    ends = {LOCAL: _as_listed(client), REMOTE: _as_listed(server)}
    for line in CONNECTIONS.read_text(encoding="ascii").splitlines()[1:]:
        fields = line.split()
        if all(fields[column] == end for column, end in ends.items()) and fields[INODE] != CLOSED:
            return int(fields[OWNER])
    return None


def _as_listed(address: Address) -> str:
    host, port = address
    return f"{int.from_bytes(socket.inet_aton(host), sys.byteorder):08X}:{port:04X}"
