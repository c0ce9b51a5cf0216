"""Loopback addresses for the servers: every one of 127.0.0.0/8 is there on Linux without being configured."""

from __future__ import annotations

import secrets
import socket
from contextlib import suppress

from tenantnet.failure import Failure

TRIES = 50


def free_address(port: int) -> str:
    """An address, at random, on which nobody listens on the port.

    At random because several local clouds may run on a machine, and none knows of the others.
    Raises Failure where none can be had.
    """
    for _ in range(TRIES):
        # 127.0.0.0/10 is left to what people and other programs use.
        address = f"127.{64 + secrets.randbelow(191)}.{secrets.randbelow(256)}.{1 + secrets.randbelow(254)}"
        with suppress(OSError), socket.socket() as probe:
            probe.bind((address, port))
            return address
    raise Failure(
        "The local cloud found no loopback address for a database.",
        reason=f"something listens on port {port} of every one, or this user may not use that port",
        remedy=f"end what listens on 0.0.0.0:{port}, or choose another port for the database",
    )
