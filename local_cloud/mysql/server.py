"""One MySQL server: a data directory, and a process on it from time to time."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path

import pymysql
from pymysql.constants import ER
from pymysql.cursors import DictCursor
from tenacity import RetryError, Retrying, retry_if_result, stop_after_delay, wait_fixed
from tenantnet.failure import Failure
from tenantnet.local_cloud.mysql.authority import CertificateAuthority
from tenantnet.local_cloud.mysql.dialects import Dialect
from tenantnet.local_cloud.mysql.home import Home, copy
from tenantnet.local_cloud.mysql.launcher import Launcher

ADMINISTRATOR = "rdsadmin"
SOCKET = "mysqld.sock"
START_LIMIT_SECONDS = 90.0
FREEZE_LIMIT_SECONDS = 10.0
# To become read-only a server waits for what its clients are doing.
STATEMENT_LIMIT_SECONDS = 600
# What belongs to a process or to one server's identity, and to no copy of its data.
NOT_DATA = (SOCKET, f"{SOCKET}.lock", "mysqld.pid", "auto.cnf", "ibtmp1", "#innodb_temp")
OPTIONS = [
    "--datadir=.",
    f"--socket={SOCKET}",
    "--pid-file=mysqld.pid",
    # Also keeps the administrator on the socket: `localhost` is no TCP client's name then.
    "--skip-name-resolve",
    "--log-bin=binlog",
    "--relay-log=relay",
    "--relay-log-recovery=ON",
    # Until its parameter group has been applied, nobody writes to it and nobody talks to it in clear.
    "--read-only=ON",
    "--require-secure-transport=ON",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Listening:
    """address: on loopback. name: the endpoint's, which the certificate is for."""

    name: str
    address: str
    port: int


class Server:
    """Its files are its own; so is its address, which lasts as long as it.

    Its processes end as in a power cut, and the next one recovers, as on RDS when a host fails: what was
    committed is there.
    """

    def __init__(
        self, home: Home, launcher: Launcher, authority: CertificateAuthority, listening: Listening
    ) -> None:
        self._home, self._launcher, self._authority = home, launcher, authority
        self.listening = listening
        home.make()
        self._folder = home.new_folder("server")
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def data(self) -> Path:
        return self._folder / "data"

    @property
    def dialect(self) -> Dialect:
        return self._home.dialect

    @property
    def authority_file(self) -> Path:
        return self._folder / "ca.pem"

    @property
    def runs(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def fill(self, image: Path | None) -> None:
        """Give it data: an image's, or none that anybody has written."""
        if image is None:
            self._home.copy_template(self.data)
        else:
            copy(image, self.data)
        discard_identity(self.data)

    def start(self) -> None:
        """Start a process and wait until it answers. Raises Failure with what it says where it does not."""
        self._write_certificates()
        command = [*self._home.as_user, *self._home.program(), *OPTIONS, *self._own_options()]
        self._process = self._launcher.launch(command, folder=self.data, log=self._log)
        wait = Retrying(
            retry=retry_if_result(lambda answers: not answers),
            stop=stop_after_delay(START_LIMIT_SECONDS),
            wait=wait_fixed(0.02),
        )
        try:
            wait(self._answers, self._process)
        except RetryError:
            self.end()
            raise self._failure(f"it did not answer within {START_LIMIT_SECONDS:.0f} s") from None

    def end(self) -> None:
        """End the process, if one runs."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def remove(self) -> None:
        """End it and remove its data."""
        self.end()
        shutil.rmtree(self._folder)

    @contextmanager
    def administrator(self) -> Iterator[DictCursor]:
        """A connection that may do everything; what it changes is not replicated."""
        folder = os.open(self.data, os.O_PATH | os.O_DIRECTORY)
        try:
            # A socket's path has 107 bytes at most, and a data directory's may be longer.
            connection = pymysql.connect(
                unix_socket=f"/proc/self/fd/{folder}/{SOCKET}",
                user=ADMINISTRATOR,
                ssl_disabled=True,
                autocommit=True,
                cursorclass=DictCursor,
                read_timeout=STATEMENT_LIMIT_SECONDS,
            )
        finally:
            os.close(folder)
        with connection, connection.cursor() as cursor:
            cursor.execute("SET SESSION sql_log_bin = 0")
            yield cursor

    def copy_data(self) -> Path:
        """A copy of all data as of one instant, which a server that starts on it recovers from.

        The process is stopped meanwhile, for some 0.1 s: clients wait, and notice no more.
        """
        image = self._home.new_folder("image") / "data"
        with self._frozen():
            copy(self.data, image)
        discard_identity(image)
        return image

    def _own_options(self) -> list[str]:
        return [
            *self.dialect.options,
            f"--bind-address={self.listening.address}",
            f"--port={self.listening.port}",
            f"--server-id={int(IPv4Address(self.listening.address))}",
            f"--ssl-ca={self.authority_file}",
            f"--ssl-cert={self._folder / 'server.pem'}",
            f"--ssl-key={self._folder / 'server.key'}",
        ]

    def _write_certificates(self) -> None:
        key, certificate = self._authority.issue(self.listening.name, self.listening.address)
        self.authority_file.write_bytes(self._authority.certificate)
        (self._folder / "server.pem").write_bytes(certificate)
        key_file = self._folder / "server.key"
        key_file.touch(mode=0o600)
        key_file.write_bytes(key)
        for file in (self.authority_file, self._folder / "server.pem", key_file):
            self._home.give(file)

    def _answers(self, process: subprocess.Popen[bytes]) -> bool:
        if process.poll() is not None:
            raise self._failure(f"mysqld ended with {process.returncode}")
        try:
            with self.administrator():
                return True
        except pymysql.err.OperationalError as error:
            # The server has said something else than that there is nobody yet.
            if error.args[0] == ER.ACCESS_DENIED_ERROR:
                raise
            return False

    @property
    def _log(self) -> Path:
        return self._folder / "mysqld.log"

    def _failure(self, reason: str) -> Failure:
        said = [line for line in self._log.read_text(errors="replace").splitlines() if "[ERROR]" in line]
        return Failure(
            f"The database server of {self.listening.name} does not run.",
            reason="; ".join([reason, *said[-3:]]),
            remedy=f"see {self._log}",
        )

    @contextmanager
    def _frozen(self) -> Iterator[None]:
        if self._process is None or not self.runs:
            yield
            return
        self._process.send_signal(signal.SIGSTOP)
        try:
            Retrying(
                retry=retry_if_result(lambda stopped: not stopped),
                stop=stop_after_delay(FREEZE_LIMIT_SECONDS),
                wait=wait_fixed(0.002),
            )(all_stopped, self._process.pid)
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)


def discard_identity(data: Path) -> None:
    """Remove what makes a copy of a data directory claim to be the server that it was copied from."""
    for name in NOT_DATA:
        path = data / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def all_stopped(pid: int) -> bool:
    """Whether no thread of the process runs any more, or is in the middle of a write."""
    states = [
        (task / "stat").read_text().rpartition(")")[2].split()[0]
        for task in Path(f"/proc/{pid}/task").iterdir()
    ]
    return all(state in "TtZX" for state in states)
