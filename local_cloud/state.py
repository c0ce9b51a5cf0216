"""What the local cloud keeps on disk: who the server is, what it logged, and its Pulumi state."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from fcntl import LOCK_EX, flock
from pathlib import Path
from typing import IO, Any

from tenantnet.failure import Failure
from tenantnet.refusal import Refusal, Refused
from tenantnet.toolchain.places import home

STATE_VARIABLE = "TENANTNET_LOCAL_STATE"
DEFAULT_PORT = 4566
LOOPBACK = "127.0.0.1"
# The ID of the access key of `tenantnet local env`: the account's own, which everything is allowed to.
ADMINISTRATOR_KEY = "local"


def default_state_dir() -> Path:
    """Where the state is kept unless somebody says otherwise."""
    return Path(os.environ.get(STATE_VARIABLE) or home() / ".local-cloud").resolve()


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerRecord:
    """A server as it wrote itself down when it began to listen.

    ticks: the kernel's start time of the process, in clock ticks since boot; pids are used again, the two
    together are not. started: ISO 8601, UTC. id: new with every forgotten cloud. dns_port: of the
    name server, UDP and TCP. databases: what runs them, or that they are simulated and why. secret: of the
    access key that its user's programs sign with; new with every start.
    """

    pid: int
    ticks: int
    port: int
    started: str
    id: str
    dns_port: int
    databases: str
    secret: str = field(repr=False)

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self.port}"

    @property
    def name_server(self) -> str:
        return f"{LOOPBACK}:{self.dns_port}"


@dataclass(frozen=True, slots=True)
class StateDir:
    """The state directory; it need not exist yet."""

    path: Path

    @property
    def log(self) -> Path:
        return self.path / "server.log"

    @property
    def calls(self) -> Path:
        """Who called what, where that is recorded."""
        return self.path / "calls.jsonl"

    @property
    def builds(self) -> Path:
        """What CodeBuild's builds have printed, one file each."""
        return self.path / "builds"

    @property
    def authority(self) -> Path:
        """What clients of the databases trust, where they have real servers."""
        return self.path / "ca.pem"

    @property
    def pulumi(self) -> Path:
        """Pulumi's file backend."""
        return self.path / "pulumi"

    @property
    def _record(self) -> Path:
        return self.path / "server.json"

    @property
    def _owner(self) -> Path:
        """Beside Pulumi's own files: the id of the cloud that they describe."""
        return self.pulumi / "cloud-id"

    @contextmanager
    def locked(self) -> Iterator[None]:
        """One start, stop or reset at a time. Raises Failure where the directory cannot be written."""
        try:
            self._make()
            lock = self._open(self.path / "lock", "w")
        except OSError as error:
            raise Failure(
                f"The local cloud cannot keep its state in {self.path}.",
                reason=str(error.strerror),
                remedy=f"choose another place: --state-dir, or {STATE_VARIABLE} in the environment",
            ) from error
        with lock:
            flock(lock, LOCK_EX)
            yield

    def _make(self) -> None:
        """Make the directory, or see to it that nobody else may enter it. Raises Refused for another's."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.mkdir(mode=0o700, exist_ok=True)
        found = self.path.stat()
        is_ours = (self.path / "lock").exists() or not any(self.path.iterdir())
        if found.st_uid == os.geteuid() and (is_ours or not found.st_mode & 0o077):
            return self.path.chmod(0o700)
        refusal = Refusal(
            value=str(self.path),
            rule="the state directory is its user's alone",
            reason="it is another user's, or a folder with other files that others may look into",
            remedy=f"name a folder that does not exist: --state-dir, or {STATE_VARIABLE} in the environment",
        )
        raise Refused("The local cloud", [refusal])

    @staticmethod
    def _open(file: Path, mode: str) -> IO[Any]:
        """Open a file to write it; nobody else may read it."""
        return open(file, mode, opener=lambda name, flags: os.open(name, flags, 0o600))

    def open_log(self) -> IO[bytes]:
        """A new log; the last server's stays beside it as server.previous.log."""
        if self.log.exists():
            self.log.replace(self.log.with_suffix(".previous.log"))
        return self._open(self.log, "wb")

    def read_record(self) -> ServerRecord | None:
        """The record that the last server left, dead or alive; None without one that can be read."""
        try:
            return ServerRecord(**json.loads(self._record.read_text()))
        except (OSError, ValueError, TypeError):
            return None

    def write_record(self, record: ServerRecord) -> None:
        """Put the record in place in one step, so that no reader finds half of it."""
        draft = self._record.with_suffix(".draft")
        with self._open(draft, "w") as file:
            json.dump(asdict(record), file)
        draft.replace(self._record)

    def remove_record(self) -> None:
        self._record.unlink(missing_ok=True)

    def stacks(self) -> list[str]:
        """The names of the stacks in the Pulumi state, sorted."""
        return sorted(path.stem for path in self.pulumi.glob(".pulumi/stacks/**/*.json"))

    def adopt_pulumi_state(self, cloud_id: str) -> None:
        """Make the place for the cloud's Pulumi state."""
        self.pulumi.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self._open(self._owner, "w") as file:
            file.write(cloud_id)

    def pulumi_state_owner(self) -> str | None:
        """The id of the cloud that the Pulumi state describes; None where there is no state or nobody's."""
        try:
            return self._owner.read_text()
        except OSError:
            return None

    def forget_pulumi_state(self) -> list[str]:
        """Remove the Pulumi state; the names of the stacks that were in it."""
        stacks = self.stacks()
        if self.pulumi.exists():
            shutil.rmtree(self.pulumi)
        return stacks
