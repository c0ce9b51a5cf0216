"""The local cloud's server process, started as `python -m tenantnet.local_cloud.server PORT STATE_DIR`."""

from __future__ import annotations

import errno
import os
import secrets
import signal
import socket
import sys
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread
from types import FrameType
from uuid import uuid4

from tenantnet.local_cloud.application import Application, Handler
from tenantnet.local_cloud.codebuild import serve_builds
from tenantnet.local_cloud.dns.answers import address_of
from tenantnet.local_cloud.dns.server import NameServer
from tenantnet.local_cloud.dns.zones import zones
from tenantnet.local_cloud.environment import environment
from tenantnet.local_cloud.gate import Gate
from tenantnet.local_cloud.iam.keys import Keys
from tenantnet.local_cloud.kernel import start_ticks
from tenantnet.local_cloud.mysql.backend import ServedBackend
from tenantnet.local_cloud.mysql.fleet import Fleet, open_fleet
from tenantnet.local_cloud.mysql.installation import Generation
from tenantnet.local_cloud.process import PORT_TAKEN_EXIT_CODE, RECORD_CALLS, SIMULATE_DATABASES
from tenantnet.local_cloud.recorder import Recorder
from tenantnet.local_cloud.registration import register
from tenantnet.local_cloud.schedule_clock import ScheduleClock
from tenantnet.local_cloud.ssm.channels import DataChannels
from tenantnet.local_cloud.ssm.service import CompletedSsmBackend
from tenantnet.local_cloud.state import LOOPBACK, ServerRecord, StateDir
from werkzeug.serving import BaseWSGIServer, make_server


def main(
    port: int,
    state: StateDir,
    *,
    mysql: Generation,
    real_databases: bool = True,
    record_calls: bool = False,
) -> int:
    """Serve until a signal ends it; the exit code."""
    try:
        listener = socket.create_server((LOOPBACK, port), backlog=128)
    except OSError as error:
        sys.stderr.write(f"{LOOPBACK}:{port}: {error.strerror}\n")
        return PORT_TAKEN_EXIT_CODE if error.errno == errno.EADDRINUSE else 1
    register()
    fleet = open_fleet(state, mysql) if real_databases else f"started with {SIMULATE_DATABASES}"
    names = serve_databases(fleet if isinstance(fleet, Fleet) else None)
    keys = Keys(secret=secrets.token_urlsafe(30), any_name=record_calls)
    channels = serve_sessions(fleet if isinstance(fleet, Fleet) else None, keys)
    record = _record_of(listener, fleet, names, keys)
    recorder = Recorder(state.calls) if record_calls else None
    application = Application(state, record, keys, recorder)
    server = _serving(listener, Gate(application, keys, record.port))
    state.write_record(record)
    builds, clock = serve_builds(state), ScheduleClock(lambda: environment(state.path))
    clock.start()
    try:
        server.serve_forever(poll_interval=0.1)
    finally:
        clock.close()
        builds.builds.stop()
        channels.close()
        names.close()
        if isinstance(fleet, Fleet):
            fleet.close()
    return 0


def _serving(listener: socket.socket, gate: Gate) -> BaseWSGIServer:
    """A server at the listener's port, which ends on signals."""
    port = listener.getsockname()[1]
    server = make_server(LOOPBACK, port, gate, threaded=True, request_handler=Handler, fd=listener.fileno())
    _end_on_signals(server)
    return server


def _record_of(listener: socket.socket, fleet: Fleet | str, names: NameServer, keys: Keys) -> ServerRecord:
    return ServerRecord(
        pid=os.getpid(),
        ticks=start_ticks(os.getpid()) or 0,
        port=listener.getsockname()[1],
        started=datetime.now(UTC).isoformat(timespec="seconds"),
        id=uuid4().hex,
        dns_port=names.port,
        databases=fleet.title if isinstance(fleet, Fleet) else f"simulated: {fleet}",
        secret=keys.secret,
    )


def serve_databases(fleet: Fleet | None) -> NameServer:
    """Put servers behind instances to come, and their names and all hosted zones into a name server."""
    ServedBackend.fleet = fleet
    return NameServer(lambda: zones(fleet))


def serve_sessions(fleet: Fleet | None, keys: Keys) -> DataChannels:
    """Let Session Manager's sessions lead to the databases, by the names that these have here."""
    channels = CompletedSsmBackend.channels = DataChannels(lambda host: address_of(host, zones(fleet)), keys)
    return channels


def _end_on_signals(server: BaseWSGIServer) -> None:
    def end(_signal: int, _frame: FrameType | None) -> None:
        # shutdown() waits for the loop in serve_forever(), which is on the thread that the signal interrupts.
        Thread(target=server.shutdown).start()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)


if __name__ == "__main__":
    sys.exit(
        main(
            int(sys.argv[1]),
            StateDir(Path(sys.argv[2])),
            mysql=Generation(sys.argv[3]),
            real_databases=SIMULATE_DATABASES not in sys.argv,
            record_calls=RECORD_CALLS in sys.argv,
        )
    )
