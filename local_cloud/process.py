"""The local cloud as a process: started in the background, found again, stopped, and its state forgotten."""

from __future__ import annotations

import errno
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from http.client import HTTPConnection, HTTPException
from importlib.util import find_spec
from pathlib import Path
from shlex import quote
from types import TracebackType
from typing import Any, Self

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from tenacity import RetryError, Retrying, retry_if_result, stop_after_delay, wait_fixed
from tenantnet.failure import Failure
from tenantnet.local_cloud.faults import Fault
from tenantnet.local_cloud.kernel import command_line, listener, name, start_ticks
from tenantnet.local_cloud.mysql.home import place, remove_left_over
from tenantnet.local_cloud.mysql.installation import Generation
from tenantnet.local_cloud.state import ADMINISTRATOR_KEY, DEFAULT_PORT, LOOPBACK, ServerRecord, StateDir
from tenantnet.refusal import Refusal, Refused

# -P: no module of the working directory is taken for another one.
SERVER = (sys.executable, "-P", "-m", "tenantnet.local_cloud.server")
# A busy machine imports for a minute.
START_LIMIT_SECONDS = 180.0
STOP_LIMIT_SECONDS = 10.0
ANSWER_LIMIT_SECONDS = 10.0
# What the server ends with where it could not have its port.
PORT_TAKEN_EXIT_CODE = 98
SIMULATE_DATABASES = "--simulate-databases"
RECORD_CALLS = "--record-calls"


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """server: the one that runs now. already_running: it ran before.

    forgotten: stacks whose state described a cloud that is gone, and was removed.
    """

    server: ServerRecord
    already_running: bool
    forgotten: list[str]


class LocalCloud:
    """The local cloud of one state directory.

    As a context manager it starts on a free port of the kernel's choice and stops at the end.
    real_databases: whether MySQL servers stand behind the instances of one that is started, where MySQL is
    installed; without them an instance is an answer of the API only, and costs nothing. mysql: of which
    generation they are, whatever version RDS is asked for.
    record_calls: whether it writes down who calls what, in `calls.jsonl` of the state directory.
    """

    def __init__(
        self,
        state_dir: Path,
        *,
        mysql: Generation = Generation.MYSQL_8_0,
        real_databases: bool = True,
        record_calls: bool = False,
    ) -> None:
        self.state = StateDir(state_dir.resolve())
        chosen = {SIMULATE_DATABASES: not real_databases, RECORD_CALLS: record_calls}
        self._options = [mysql, *(option for option, is_chosen in chosen.items() if is_chosen)]

    @property
    def state_dir(self) -> Path:
        return self.state.path

    @property
    def url(self) -> str:
        """The endpoint. Raises Refused where the cloud does not run."""
        return self.running_server().url

    def __enter__(self) -> Self:
        self.start(0)
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def server(self) -> ServerRecord | None:
        """The server, if it runs: the recorded process, not another one with its number."""
        record = self.state.read_record()
        return record if record and start_ticks(record.pid) == record.ticks else None

    def running_server(self) -> ServerRecord:
        """The server. Raises Refused where none runs."""
        if server := self.server():
            return server
        refusal = Refusal(
            value=str(self.state_dir),
            rule="a local cloud runs here",
            reason="it was not started, was stopped, or died",
            remedy="tenantnet local start",
        )
        raise Refused("The local cloud", [refusal])

    def start(self, port: int | None = None) -> Started:
        """Start the server, or find it running.

        port: TCP port on loopback; 0 for any free one; None for the default, or the one of a running server.
        Raises Refused for a port that cannot be, Failure where the server does not come up.
        """
        _check_port(port)
        wanted = DEFAULT_PORT if port is None else port
        if self.server() is None and _is_taken(wanted):
            # Before anything is made here.
            raise _port_taken(wanted)
        with self.state.locked():
            if running := self.server():
                _check_same_port(running, port)
                return Started(server=running, already_running=True, forgotten=self._adopt_state(running))
            forgotten = self.state.forget_pulumi_state()
            self.state.remove_record()
            server = self._launch(wanted)
            self._adopt_state(server)
            return Started(server=server, already_running=False, forgotten=forgotten)

    def _adopt_state(self, server: ServerRecord) -> list[str]:
        """Leave the server with a Pulumi state of its own; the stacks of another cloud that this removed."""
        if self.state.pulumi_state_owner() == server.id:
            return []
        forgotten = self.state.forget_pulumi_state()
        self.state.adopt_pulumi_state(server.id)
        return forgotten

    def stop(self) -> list[str] | None:
        """Stop the server and forget its Pulumi state.

        The names of the stacks that are forgotten; None where nothing ran and nothing was left to forget.
        """
        with self.state.locked():
            record = self.server()
            if record:
                _end(record)
            known = record is not None or self.state.pulumi.exists()
            self.state.remove_record()
            remove_left_over(place(self.state))
            forgotten = self.state.forget_pulumi_state()
            return forgotten if known else None

    def reset(self) -> list[str]:
        """Forget everything in the cloud and the Pulumi state with it; the server keeps running.

        The names of the stacks that are forgotten. Raises Refused where no server runs.
        """
        with self.state.locked():
            server = self.running_server()
            # First the state, then the cloud: a state without its cloud must not be left in between.
            forgotten = self.state.forget_pulumi_state()
            answer = request(server, "POST", "/_local/reset")
            self.state.adopt_pulumi_state(answer["id"])
            return forgotten

    def status(self) -> dict[str, Any]:
        """What to show a person: `running` and `stateDir`; where it runs also `url`, `port`, `pid`, `id`,
        `since` (ISO 8601, UTC), `nameServer` (address and port), `databaseServers` (what runs behind
        instances), how many `vpcs`, `databases` and `vpnConnections`, and the names of `stacks`.
        """
        server = self.server()
        shown: dict[str, Any] = {"running": server is not None, "stateDir": str(self.state_dir)}
        if server is None:
            return shown
        holds = request(server, "GET", "/_local/status")
        return {
            **shown,
            "url": server.url,
            "port": server.port,
            "pid": server.pid,
            "since": server.started,
            "nameServer": server.name_server,
            "databaseServers": server.databases,
            **holds,
            "stacks": self.state.stacks(),
        }

    def take_source(self, folder: Path) -> None:
        """Let CodeBuild's builds have `folder` as their source; at first it is the clone."""
        request(self.running_server(), "PUT", "/_local/source", {"folder": str(folder)})

    def report_tunnel(self, vpn_connection_id: str, number: int, status: str, message: str = "") -> None:
        """Let tunnel 1 or 2 of a VPN connection be `UP` or `DOWN`, as if the customer's device did it."""
        path = f"/_local/vpn-connections/{vpn_connection_id}/tunnels/{number}/telemetry"
        request(self.running_server(), "PUT", path, {"status": status, "message": message})

    def make_maintenance_due(self, vpn_connection_id: str, number: int, due: datetime) -> None:
        """Let AWS intend to replace the endpoint of tunnel 1 or 2 at a time, with its zone."""
        path = f"/_local/vpn-connections/{vpn_connection_id}/tunnels/{number}/maintenance"
        request(self.running_server(), "PUT", path, {"due": due.isoformat()})

    def fail(self, fault: Fault) -> None:
        """Let the calls that `fault` concerns fail, until the faults are cleared."""
        request(self.running_server(), "POST", "/_local/faults", fault.to_json())

    def struck(self) -> list[list[str]]:
        """The calls that each fault has struck so far, in the order in which the faults were added."""
        struck: list[list[str]] = request(self.running_server(), "GET", "/_local/faults")["struck"]
        return struck

    def clear_faults(self) -> None:
        """Let no call fail any more, and let go those that are held back."""
        request(self.running_server(), "DELETE", "/_local/faults")

    def drop_session(self, session_id: str, code: int | None = None) -> None:
        """Cut the connection that carries a Session Manager session; the session itself goes on.

        code: close it with this code of WebSockets instead, as AWS does with 1000 after an hour.
        """
        body = {"code": code} if code else None
        request(self.running_server(), "POST", f"/_local/sessions/{session_id}/drop", body)

    def _launch(self, port: int) -> ServerRecord:
        require_moto()
        with self.state.open_log() as log:
            process = subprocess.Popen(
                [
                    *SERVER,
                    str(port),
                    str(self.state_dir),
                    *self._options,
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                # Of builds and database servers too, whatever files they make.
                umask=0o077,
            )

        def listening() -> ServerRecord | None:
            if process.poll() is not None:
                raise self._start_failure(port, process.returncode)
            return self.server()

        try:
            _wait(listening, START_LIMIT_SECONDS)
        except RetryError:
            process.kill()
            process.wait()
            raise Failure(
                "The local cloud did not start.",
                reason=f"the server did not listen within {START_LIMIT_SECONDS:.0f} s",
                remedy=f"see what it says in {self.state.log}, then run the command again",
            ) from None
        server = self.running_server()
        request(server, "GET", "/_local/status")
        return server

    def _start_failure(self, port: int, code: int) -> Failure:
        if code == PORT_TAKEN_EXIT_CODE:
            return _port_taken(port)
        last = self.state.log.read_text(errors="replace").strip().splitlines()
        return Failure(
            "The local cloud did not start.",
            reason=f"the server ended with code {code}: {last[-1] if last else 'it said nothing'}",
            remedy=f"see {self.state.log}",
        )


def request(server: ServerRecord, method: str, path: str, body: object = None) -> dict[str, Any]:
    """Call one of the server's own paths under /_local; its JSON answer. Raises Failure without one."""
    signed = AWSRequest(method, f"{server.url}{path}", data=json.dumps(body))
    SigV4Auth(Credentials(ADMINISTRATOR_KEY, server.secret), "local", "local").add_auth(signed)
    connection = HTTPConnection(LOOPBACK, server.port, timeout=ANSWER_LIMIT_SECONDS)
    try:
        connection.request(method, path, signed.data, dict(signed.headers.items()))
        response = connection.getresponse()
        answer: dict[str, Any] = json.loads(response.read())
    except (OSError, HTTPException, ValueError) as error:
        raise Failure(
            "The local cloud does not answer.",
            reason=f"{method} {server.url}{path}: {error}",
            remedy="tenantnet local stop, then tenantnet local start; both forget what the cloud holds",
        ) from error
    finally:
        connection.close()
    if response.status >= 400:
        raise Failure(
            "The local cloud refused a request.",
            reason=f"{method} {path}: {answer['message']}",
            remedy="see the message",
        )
    return answer


def _end(record: ServerRecord) -> None:
    """End the recorded process: politely, then by force."""

    def ended() -> bool:
        return start_ticks(record.pid) != record.ticks

    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.kill(record.pid, number)
        with suppress(RetryError):
            return _wait(ended, STOP_LIMIT_SECONDS)
    raise Failure(
        f"The local cloud's server (pid {record.pid}) did not end.",
        reason=f"it outlived SIGTERM and SIGKILL by {STOP_LIMIT_SECONDS:.0f} s each",
        remedy="the kernel holds it, most likely for a disk; try again later",
    )


def _wait(condition: Callable[[], object], limit: float) -> None:
    """Return once the condition holds. Raises RetryError after `limit` seconds."""
    Retrying(
        retry=retry_if_result(lambda result: not result), stop=stop_after_delay(limit), wait=wait_fixed(0.02)
    )(condition)


def _check_port(port: int | None) -> None:
    if port is None or 0 <= port <= 65535:
        return
    refusal = Refusal(
        path="port",
        value=str(port),
        rule="a TCP port is a number from 1 to 65535; 0 takes any free one",
        reason="a port has 16 bits",
        remedy=f"leave it out for {DEFAULT_PORT}",
    )
    raise Refused("The local cloud's port", [refusal])


def _is_taken(port: int) -> bool:
    with socket.socket() as probe:
        # Like the server: connections that have ended there do not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError as error:
            return error.errno == errno.EADDRINUSE
    return False


def _port_taken(port: int) -> Failure:
    other = "choose another port: tenantnet local start --port PORT"
    holder, remedy = "a process of another user", f"end that process, or {other}"
    with suppress(OSError):
        # It may end while we look.
        if pid := listener(port):
            holder = name(pid)
            if (command := command_line(pid))[2:4] == [*SERVER[2:]]:
                folder = command[5]
                holder = f"the local cloud of {folder} (pid {pid})"
                remedy = (
                    f"{other}; or end that one, which then forgets all that it holds: tenantnet local stop "
                    f"--state-dir {quote(folder)}"
                )
    return Failure(
        f"The local cloud did not start: port {port} on {LOOPBACK} is taken.",
        reason=f"{holder} listens on it",
        remedy=remedy,
    )


def _check_same_port(running: ServerRecord, port: int | None) -> None:
    if port in (None, 0, running.port):
        return
    refusal = Refusal(
        path="port",
        value=str(port),
        rule="a state directory has one local cloud",
        reason=f"this one's runs already, on port {running.port}",
        remedy="use that one, or stop it first (tenantnet local stop), or give the other its own --state-dir",
    )
    raise Refused("The local cloud's port", [refusal])


def require_moto() -> None:
    """Raises Failure where the extra `local` is not installed."""
    if find_spec("moto"):
        return
    raise Failure(
        "The local cloud did not start.",
        reason="moto is not installed; it belongs to the extra `local`, which a production run does not need",
        remedy="pip install 'tenantnet[local]', or in a clone: scripts/setup",
    )
