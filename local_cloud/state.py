"""What the local cloud keeps on disk: who the server is, what it logged, and its Pulumi state."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from fcntl import LOCK_EX, flock
from pathlib import Path
from typing import BinaryIO

from tenantnet.failure import Failure

_PARENT = Path(__file__).resolve().parents[1]
# Installed from a wheel, there is none: the folder that somebody works in stands for it.
CLONE = _PARENT if (_PARENT / "pyproject.toml").is_file() else Path.cwd()
STATE_VARIABLE = "TENANTNET_LOCAL_STATE"
DEFAULT_PORT = 4566
LOOPBACK = "127.0.0.1"


def default_state_dir() -> Path:
    """Where the state is kept unless somebody says otherwise."""
    return Path(os.environ.get(STATE_VARIABLE) or CLONE / ".local-cloud").resolve()


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerRecord:
    """A server as it wrote itself down when it began to listen.

    ticks: the kernel's start time of the process, in clock ticks since boot; pids are used again, the two
    together are not. started: ISO 8601, UTC. id: new with every forgotten cloud. dns_port: of the
    name server, UDP and TCP. databases: what runs them, or that they are simulated and why.
    """

    pid: int
    ticks: int
    port: int
    started: str
    id: str
    dns_port: int
    databases: str

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
            self.path.mkdir(parents=True, exist_ok=True)
            lock = (self.path / "lock").open("w")
        except OSError as error:
            raise Failure(
                f"The local cloud cannot keep its state in {self.path}.",
                reason=str(error.strerror),
                remedy=f"choose another place: --state-dir, or {STATE_VARIABLE} in the environment",
            ) from error
        with lock:
            flock(lock, LOCK_EX)
            yield

    def open_log(self) -> BinaryIO:
        """A new log; the last server's stays beside it as server.previous.log."""
        if self.log.exists():
            self.log.replace(self.log.with_suffix(".previous.log"))
        return self.log.open("wb")

    def read_record(self) -> ServerRecord | None:
        """The record that the last server left, dead or alive; None without one that can be read."""
        try:
            return ServerRecord(**json.loads(self._record.read_text()))
        except (OSError, ValueError, TypeError):
            return None

    def write_record(self, record: ServerRecord) -> None:
        """Put the record in place in one step, so that no reader finds half of it."""
        draft = self._record.with_suffix(".draft")
        draft.write_text(json.dumps(asdict(record)))
        draft.replace(self._record)

    def remove_record(self) -> None:
        self._record.unlink(missing_ok=True)

    def stacks(self) -> list[str]:
        """The names of the stacks in the Pulumi state, sorted."""
        return sorted(path.stem for path in self.pulumi.glob(".pulumi/stacks/**/*.json"))

    def adopt_pulumi_state(self, cloud_id: str) -> None:
        """Make the place for the cloud's Pulumi state."""
        self.pulumi.mkdir(parents=True, exist_ok=True)
        self._owner.write_text(cloud_id)

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
