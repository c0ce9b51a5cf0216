"""AWS's session-manager-plugin as a process: it listens on the local port and carries one session."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tempfile
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from threading import Event, Thread
from typing import TYPE_CHECKING

import psutil
from tenantnet.failure import Failure
from tenantnet.tunnel.child_sockets import unread
from tenantnet.tunnel.local_port import binding_failure, port_holder
from tenantnet.tunnel.profiles import Profile
from tenantnet.tunnel.records import INNER_SOCKET, ProcessId, end_process, remove_inner_socket
from tenantnet.tunnel.session_manager import Session, start_parameters

if TYPE_CHECKING:
    from psutil._ntuples import pconn

PROGRAM = "session-manager-plugin"
# The first one that takes the session's token from its environment, where no other user can read it.
OLDEST = (1, 2, 536)
RESPONSE_VARIABLE = "AWS_SSM_START_SESSION_RESPONSE"
INSTALL = "https://docs.aws.amazon.com/systems-manager/latest/userguide/install-plugin.html"
VERSION_SECONDS = 10.0
OPEN_SECONDS = 30.0
END_SECONDS = 3.0
LINES_KEPT = 5


def find_plugin() -> str:
    """The plugin's path. Raises Failure if there is none, or too old a one."""
    path = shutil.which(PROGRAM)
    if path is None:
        raise Failure(
            "Could not open a tunnel.",
            reason=f"there is no `{PROGRAM}` on the path",
            remedy=f"install AWS's ({INSTALL}), or build one: scripts/setup in a clone, elsewhere "
            "tenantnet engine install; `tenantnet local env` puts it on the path",
        )
    version = _version(path)
    if version < OLDEST:
        raise Failure(
            "Could not open a tunnel.",
            reason=f"{path} is of version {'.'.join(map(str, version)) or 'unknown'}, and "
            f"{'.'.join(map(str, OLDEST))} or newer is needed",
            remedy=f"install a current one ({INSTALL})",
        )
    return path


def _version(path: str) -> tuple[int, ...]:
    with suppress(OSError, subprocess.SubprocessError):
        answer = subprocess.run(
            [path, "--version"], capture_output=True, text=True, timeout=VERSION_SECONDS, check=False
        )
        return tuple(map(int, re.findall(r"\d+", answer.stdout)))[:4]
    return ()


def _begin(path: str, profile: Profile, session: Session) -> subprocess.Popen[str]:
    """Raises Failure if the system does not run it."""
    request = json.dumps(start_parameters(profile))
    try:
        return subprocess.Popen(
            [
                *(path, RESPONSE_VARIABLE, profile.region, "StartSession"),
                *(os.environ.get("AWS_PROFILE", ""), request, session.endpoint),
            ],
            # Its socket is where it is removed from later.
            env={**os.environ, RESPONSE_VARIABLE: session.response, "TMPDIR": tempfile.gettempdir()},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            # Ctrl-C is for the keeper, which then ends the session properly.
            start_new_session=True,
        )
    except OSError as error:
        raise Failure(
            f"Could not open the tunnel {profile.name}.",
            reason=f"{path} does not run: {error.strerror}",
            remedy=f"install AWS's ({INSTALL})",
        ) from None


class Plugin:
    """One run of the plugin, from its start to its end."""

    def __init__(self, path: str, profile: Profile, session: Session) -> None:
        self._profile, self._session_id = profile, session.id
        self._lines: deque[str] = deque(maxlen=LINES_KEPT)
        self._listening = Event()
        self._process = _begin(path, profile, session)
        self.pid = self._process.pid
        self.id = ProcessId.of(self.pid)
        Thread(target=self._read, daemon=True).start()

    def wait_until_open(self, stop: Event) -> None:
        """Return once it listens, or `stop` is set. Raises Failure if it does not come to that."""
        waited = 0.0
        while not (self._listening.wait(0.1) or stop.is_set()):
            waited += 0.1
            if self.has_ended or waited > OPEN_SECONDS:
                raise self._failure()

    @property
    def has_ended(self) -> bool:
        return self._process.poll() is not None

    @property
    def last_words(self) -> str:
        """What it said last, in one line."""
        return " ".join(self._lines)

    def connections(self) -> Sequence[pconn] | None:
        """Its connections to AWS, without those of its own clients; None if the system does not say."""
        with suppress(psutil.Error):
            return [
                each
                for each in psutil.Process(self.pid).net_connections(kind="tcp")
                if each.status == psutil.CONN_ESTABLISHED and each.laddr.port != self._profile.local_port
            ]
        return None

    @property
    def unread(self) -> bytes:
        """The beginning of what clients sent and it has not passed on; empty if the system does not say."""
        with suppress(psutil.Error):
            inner = psutil.Process(self.pid).net_connections(kind="unix")
            passing = [each.fd for each in inner if str(each.laddr).endswith(INNER_SOCKET)]
            return b"".join(unread(self.pid, descriptor) for descriptor in passing)
        return b""

    def is_cut_off(self) -> bool:
        """Whether it has no connection but those of its own clients: it gives up, but does not end."""
        return self.connections() == []

    def end(self) -> None:
        """End it, if the end of its session does not."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(END_SECONDS)
        self.end_now()

    def end_now(self) -> None:
        with suppress(psutil.Error):
            if not self.has_ended:
                end_process(psutil.Process(self.pid))
        self._process.wait()
        remove_inner_socket(self._session_id)

    def _read(self) -> None:
        opened = f"Port {self._profile.local_port} opened"
        assert self._process.stdout is not None  # noqa: S101 - it is a pipe, as asked
        for line in self._process.stdout:
            if line.strip():
                self._lines.append(line.strip())
            if opened in line:
                self._listening.set()

    def _failure(self) -> Failure:
        port = self._profile.local_port
        # Between our look at the port and the plugin's, somebody else may have taken it.
        if "address already in use" in self.last_words or port_holder(port):
            return binding_failure(self._profile.name, port)
        how = "ended" if self.has_ended else f"did not listen within {OPEN_SECONDS:.0f} s"
        return Failure(
            f"Could not open the tunnel {self._profile.name}.",
            reason=f"{PROGRAM} {how}: {self.last_words or 'it said nothing'}",
            remedy="see that the network lets WebSockets to ssmmessages in the region through, and try again",
        )
