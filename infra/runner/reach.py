"""The ways to a tenant's databases: directly to their port, or through the platform's tunnel host."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Mapping
from select import select
from threading import Event, Lock
from typing import Self

from tenacity import Retrying, retry_if_exception_type, stop_after_attempt
from tenantnet.aws.session_documents import MYSQL_PORT
from tenantnet.failure import Failure
from tenantnet.runner.name_servers import NAME_SERVER_VARIABLE, asking
from tenantnet.stacks.outputs import PlatformOutputs
from tenantnet.tags import runner_document_name
from tenantnet.tunnel.carried import CarriedSession
from tenantnet.tunnel.local_port import LOOPBACK
from tenantnet.tunnel.plugin import find_plugin
from tenantnet.tunnel.profiles import Profile
from tenantnet.tunnel.session_manager import FinalFailure

CONNECT_SECONDS = 10
# A database sends first. Rarely AWS's plugin has its port open and transports nothing: a message at the
# wrong moment ends its reading. Then another session is started.
GREETING_SECONDS = 10.0
ATTEMPTS = 3
PHASE_STAYS = "The phase that the stack remembers stays."

# A connection to the port of the database with that name. Raises OSError, DNSException or Failure.
Reach = Callable[[str], socket.socket]


def reach_directly(host: str) -> socket.socket:
    """Connect directly from this machine."""
    return socket.create_connection((_look_up(host), MYSQL_PORT), timeout=CONNECT_SECONDS)


def _look_up(host: str) -> str:
    """The host's address from the name server that the environment names; without one, the host itself."""
    if not (server := os.environ.get(NAME_SERVER_VARIABLE)):
        return host
    return str(asking(server).resolve(host, "A", lifetime=CONNECT_SECONDS)[0])


class DatabaseTunnel(Profile):
    """A way through the tunnel host to one database. host: its name in RDS."""

    host: str

    @property
    def parameters(self) -> Mapping[str, str]:
        """The parameters of the session, with the database, which the runner's document does not fix."""
        return {**super().parameters, "host": self.host}


class ThroughTunnelHost:
    """Session Manager's sessions, one for each database, begun when it is first reached; a Reach.

    They end with the `with` block. One that ended before is started again when its database is reached.
    """

    def __init__(self, platform: PlatformOutputs) -> None:
        self._platform = platform
        self._lock = Lock()
        self._carried: dict[str, tuple[CarriedSession, int]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        for carried, _ in self._carried.values():
            carried.close()
        self._carried.clear()

    def __call__(self, host: str) -> socket.socket:
        """Connect. Raises Failure if no session can be started, OSError if the database does not answer."""
        trying = Retrying(
            retry=retry_if_exception_type(TimeoutError), stop=stop_after_attempt(ATTEMPTS), reraise=True
        )
        return trying(self._greeted, host)

    def _greeted(self, host: str) -> socket.socket:
        """A connection whose server has sent something. Raises TimeoutError; then its session has ended."""
        with self._lock:
            port = self._open(host)
        connection = socket.create_connection((LOOPBACK, port), timeout=CONNECT_SECONDS)
        if select([connection], [], [], GREETING_SECONDS)[0]:
            return connection
        connection.close()
        with self._lock:
            if (carried := self._carried.pop(host, None)) is not None:
                carried[0].close()
        raise TimeoutError(f"nothing comes through the tunnel host within {GREETING_SECONDS:.0f} s")

    def _open(self, host: str) -> int:
        """The local port of a session that leads to the database."""
        if (known := self._carried.pop(host, None)) is not None:
            carried, port = known
            if not (carried.plugin.has_ended or carried.plugin.is_cut_off()):
                self._carried[host] = known
                return port
            carried.close()
        tunnel = self._tunnel(host)
        try:
            carried = CarriedSession(find_plugin(), tunnel)
            carried.wait_until_open(Event())
        except Failure as failure:
            denied = (
                "deploy the platform with a runner that compares the data, and make sure that the caller may "
                f"start sessions with the document {tunnel.document}, as the runner's role may"
            )
            raise Failure(
                f"Could not reach {host} through the tunnel host.",
                reason=failure.reason,
                remedy=denied if isinstance(failure, FinalFailure) else failure.remedy,
                state=PHASE_STAYS,
            ) from None
        self._carried[host] = carried, tunnel.local_port
        return tunnel.local_port

    def _tunnel(self, host: str) -> DatabaseTunnel:
        return DatabaseTunnel(
            name=host.partition(".")[0],
            region=self._platform.region,
            document=runner_document_name(self._platform.cell),
            target=self._platform.tunnel_host_id,
            local_port=_free_port(),
            host=host,
        )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port
