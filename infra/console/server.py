"""The console's server: one process, on loopback, until Ctrl-C."""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import suppress

import uvicorn
from tenantnet.console.guard import HOST, Guard
from tenantnet.console.pages import application
from tenantnet.console.peer import CONNECTIONS
from tenantnet.failure import Failure
from tenantnet.settings.project import Project

# Ctrl-C does not wait for what AWS has not answered yet.
GRACE_SECONDS = 1


def serve(project: Project, *, port: int, read_only: bool, ready: Callable[[str], None]) -> None:
    """Serve the console of a project. port: 0 takes a free one. ready: is given the address to open, once.

    read_only: without forms.

    Raises Failure if the port cannot be had, or the system does not say whose program asks.
    """
    if not CONNECTIONS.exists():
        raise Failure(
            "The console did not start.",
            reason=f"this system does not say whose program asks: it has no {CONNECTIONS}",
            remedy="start it on Linux, such as in a virtual machine, or use the commands",
        )
    with _listening(port) as listening:
        own_port: int = listening.getsockname()[1]
        guard = Guard(application(project, read_only=read_only), port=own_port, read_only=read_only)
        ready(f"http://{HOST}:{own_port}/?token={guard.token}")
        config = uvicorn.Config(
            guard,
            http="h11",
            ws="none",
            lifespan="off",
            # Whoever asks would say who asks.
            proxy_headers=False,
            server_header=False,
            access_log=False,
            log_level="warning",
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
        with suppress(KeyboardInterrupt):
            uvicorn.Server(config).run(sockets=[listening])


def _listening(port: int) -> socket.socket:
    try:
        return socket.create_server((HOST, port))
    except OSError as error:
        raise Failure(
            f"Could not listen on {HOST}:{port}.",
            reason=f"{error.strerror}",
            remedy="end what listens there, or let a free port be chosen: tenantnet console --port 0",
        ) from None
