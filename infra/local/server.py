"""The local cloud's server process, started as `python -m infra.local.server PORT STATE_DIR`."""

from __future__ import annotations

import errno
import os
import signal
import socket
import sys
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread
from types import FrameType
from uuid import uuid4

from werkzeug.serving import BaseWSGIServer, make_server

from infra.local.application import Application, Handler
from infra.local.codebuild import serve_builds
from infra.local.dns.answers import address_of
from infra.local.dns.server import NameServer
from infra.local.dns.zones import zones
from infra.local.environment import environment
from infra.local.kernel import start_ticks
from infra.local.mysql.backend import ServedBackend
from infra.local.mysql.fleet import Fleet, open_fleet
from infra.local.process import PORT_TAKEN_EXIT_CODE, RECORD_CALLS, SIMULATE_DATABASES
from infra.local.recorder import Recorder
from infra.local.registration import register
from infra.local.schedule_clock import ScheduleClock
from infra.local.ssm.channels import DataChannels
from infra.local.ssm.service import CompletedSsmBackend
from infra.local.state import LOOPBACK, ServerRecord, StateDir


def main(port: int, state: StateDir, *, real_databases: bool = True, record_calls: bool = False) -> int:
    """Serve until a signal ends it; the exit code."""
    try:
        listener = socket.create_server((LOOPBACK, port), backlog=128)
    except OSError as error:
        sys.stderr.write(f"{LOOPBACK}:{port}: {error.strerror}\n")
        return PORT_TAKEN_EXIT_CODE if error.errno == errno.EADDRINUSE else 1
    register()
    fleet = open_fleet(state) if real_databases else f"started with {SIMULATE_DATABASES}"
    names = serve_databases(fleet if isinstance(fleet, Fleet) else None)
    channels = serve_sessions(fleet if isinstance(fleet, Fleet) else None)
    record = ServerRecord(
        pid=os.getpid(),
        ticks=start_ticks(os.getpid()) or 0,
        port=listener.getsockname()[1],
        started=datetime.now(UTC).isoformat(timespec="seconds"),
        id=uuid4().hex,
        dns_port=names.port,
        databases=fleet.title if isinstance(fleet, Fleet) else f"simulated: {fleet}",
    )
    application = Application(state, record)
    server = make_server(
        LOOPBACK,
        record.port,
        Recorder(application, state.calls) if record_calls else application,
        threaded=True,
        request_handler=Handler,
        fd=listener.fileno(),
    )
    _end_on_signals(server)
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


def serve_databases(fleet: Fleet | None) -> NameServer:
    """Put servers behind instances to come, and their names and all hosted zones into a name server."""
    ServedBackend.fleet = fleet
    return NameServer(lambda: zones(fleet))


def serve_sessions(fleet: Fleet | None) -> DataChannels:
    """Let Session Manager's sessions lead to the databases, by the names that these have here."""
    channels = CompletedSsmBackend.channels = DataChannels(lambda host: address_of(host, zones(fleet)))
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
            real_databases=SIMULATE_DATABASES not in sys.argv,
            record_calls=RECORD_CALLS in sys.argv,
        )
    )
