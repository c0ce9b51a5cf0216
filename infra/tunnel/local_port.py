"""The local port of a tunnel."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import psutil
from tenantnet.failure import Failure
from tenantnet.refusal import Refused, Rule

LOOPBACK = "127.0.0.1"

LOCAL_PORT_RANGE = Rule(
    id="local-port-range",
    rule="a local port is a number from 1 to 65535",
    reason="a port has 16 bits, and clients must know which one to connect to",
    remedy="choose another one, such as 2201",
)
LOCAL_PORT_ONCE = Rule(
    id="local-port-once",
    rule="each tunnel has its own local port",
    reason="{other} uses this one",
    remedy="choose another port for one of them",
)


def require_local_port(port: int) -> None:
    """Raises Refused for a number that is no port."""
    if not 1 <= port <= 65535:
        raise Refused("The local port", [LOCAL_PORT_RANGE.refuse(port, "--local-port")])


def require_free(name: str, port: int) -> None:
    """Raises Failure if a tunnel cannot begin at the port, with who has it where that can be known."""
    with socket.socket() as probe:
        if os.name == "posix":
            # Like the plugin: connections that have ended there must not count.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
            probe.listen()
        except OSError as error:
            raise binding_failure(name, port, error) from None


def binding_failure(name: str, port: int, error: OSError | None = None) -> Failure:
    """The failure of a tunnel at its own port."""
    taken = error is None or error.errno == errno.EADDRINUSE
    if taken:
        holder = port_holder(port) or "a process of another user"
        reason = f"{holder} listens on it"
        remedy = "end that process, or choose another port: --local-port PORT"
    else:
        reason = str(error.strerror if error else "")
        remedy = "choose another port, above 1023: --local-port PORT"
    return Failure(
        f"Could not open the tunnel {name}: while binding to localhost:{port}.", reason=reason, remedy=remedy
    )


def port_holder(port: int) -> str | None:
    """Who listens on a TCP port, as `python3 (pid 4711)`; None if nobody does or it may not be known."""
    for pid in _listeners(port):
        with suppress(psutil.Error):
            return f"{psutil.Process(pid).name()} (pid {pid})"
    return None


def _listeners(port: int) -> Iterator[int]:
    try:
        everywhere = [(each.pid, each) for each in psutil.net_connections(kind="tcp")]
    except psutil.AccessDenied:
        # macOS gives all at once to its administrator only, but each process's to its owner.
        everywhere = [(process.pid, each) for process in psutil.process_iter() for each in _of(process)]
    for pid, each in everywhere:
        if pid and each.status == psutil.CONN_LISTEN and each.laddr and each.laddr.port == port:
            yield pid


def _of(process: psutil.Process) -> list[Any]:
    with suppress(psutil.Error):
        return list(process.net_connections(kind="tcp"))
    return []
