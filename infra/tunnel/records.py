"""The running tunnels of a user, for all shells: a file each, written by the keeper process."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO

import psutil
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel
from tenantnet.failure import Failure
from tenantnet.tunnel.profiles import Profile, Profiles, write_private

# The start of a process is known to the clock tick; another process of the same number began later.
SAME_START_SECONDS = 1.0
STOP_SECONDS = 20.0
PLUGIN_END_SECONDS = 5.0
PAUSE_SECONDS = 0.1
# What the plugin's clients send goes through a socket in the plugin itself, on its way to AWS.
INNER_SOCKET = "session_manager_plugin_mux.sock"


class KeeperState(StrEnum):
    """The state of a tunnel. LOST: its keeper process died."""

    OPENING = "Opening"
    OPEN = "Open"
    RECONNECTING = "Reconnecting"
    FAILED = "Failed"
    LOST = "Lost"


class ProcessId(BaseModel):
    """A process, distinguished from a later one of the same number. started: seconds since 1970."""

    model_config = ConfigDict(frozen=True)

    pid: int
    started: float

    @classmethod
    def of(cls, pid: int) -> ProcessId | None:
        """None if there is no such process any more."""
        with suppress(psutil.Error):
            return cls(pid=pid, started=psutil.Process(pid).create_time())
        return None

    def find(self) -> psutil.Process | None:
        """The process, while it runs."""
        with suppress(psutil.Error):
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.started) < SAME_START_SECONDS
            if same and process.status() != psutil.STATUS_ZOMBIE:
                return process
        return None


class Record(BaseModel):
    """A tunnel that runs. keeper: the process that keeps it open. detail: why it is not open, in words.

    since: when the state began. session_id: of the session that carries it, or last did.
    """

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, frozen=True)

    profile: Profile
    keeper: ProcessId
    plugin: ProcessId | None = None
    session_id: str | None = None
    state: KeeperState = KeeperState.OPENING
    detail: str = ""
    since: datetime = Field(default_factory=lambda: datetime.now(UTC))


class TunnelRecords:
    """The files of a user's running tunnels."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = (folder or Profiles().folder) / "running"

    def all(self) -> Mapping[str, Record]:
        """Every tunnel that runs or was lost, by name, sorted."""
        names = sorted(path.stem for path in self._folder.glob("*.json"))
        return {name: record for name in names if (record := self.read(name))}

    def read(self, name: str) -> Record | None:
        """A tunnel's record, with the state LOST where its keeper is gone; None if it does not run."""
        try:
            record = Record.model_validate_json(self._path(name).read_text(encoding="utf-8"))
        except (OSError, ValidationError):
            return None
        if record.keeper.find():
            return record
        detail = "its keeper process died"
        return record.model_copy(update={"state": KeeperState.LOST, "detail": detail})

    def write(self, record: Record) -> None:
        """Raises Failure if it cannot be written: nobody could stop such a tunnel."""
        path = self._path(record.profile.name)
        try:
            write_private(path, record.model_dump_json(by_alias=True, indent=2))
        except OSError as error:
            raise Failure(
                f"Could not open the tunnel {record.profile.name}.",
                reason=f"{error.strerror}: {path}",
                remedy="see that you may write there, or choose another place with XDG_CONFIG_HOME",
            ) from None

    def remove(self, name: str) -> None:
        for path in (self._path(name), self._request(name)):
            path.unlink(missing_ok=True)

    def is_stop_asked(self, name: str) -> bool:
        """Whether the tunnel was asked to end."""
        return self._request(name).exists()

    def ask_to_stop(self, name: str) -> None:
        """Let the keeper end the tunnel, and wait for that. Raises Failure if it does not."""
        self._request(name).touch(mode=0o600)
        end = time.monotonic() + STOP_SECONDS
        while (record := self.read(name)) and record.state is not KeeperState.LOST:
            if time.monotonic() > end:
                raise Failure(
                    f"The tunnel {name} did not end.",
                    reason=f"its process {record.keeper.pid} did not answer within {STOP_SECONDS:.0f} s",
                    remedy=f"end that process, then run the command again: kill {record.keeper.pid}",
                )
            time.sleep(PAUSE_SECONDS)

    def clear(self, record: Record) -> None:
        """Remove what a lost tunnel left: its record, and the plugin where it still runs, with its socket."""
        if record.plugin and (process := record.plugin.find()):
            end_process(process)
        if record.session_id:
            remove_inner_socket(record.session_id)
        self.remove(record.profile.name)

    def open_logs(self, name: str) -> tuple[BinaryIO, BinaryIO]:
        """New files for the process that keeps tunnels open, this one first of them, behind the foreground.

        One for how each tunnel is, with times; one for why a tunnel is not open. They replace the last ones.
        """
        return self._new(f"{name}.log"), self._new(f"{name}.err")

    def _new(self, name: str) -> BinaryIO:
        path = self._folder / name
        write_private(path, "")
        return path.open("a+b")

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.json"

    def _request(self, name: str) -> Path:
        return self._folder / f"{name}.stop"


def remove_inner_socket(session_id: str) -> None:
    """Remove what a session's plugin leaves unless AWS has ended the session.

    It names the socket by a hash of the ID, FNV-1a: `getUnixSocketPath` in AWS's muxportforwarding.go.
    """
    number = 0x811C9DC5
    for byte in session_id.encode():
        number = (number ^ byte) * 0x01000193 % 2**32
    with suppress(OSError):
        Path(tempfile.gettempdir(), f"{number}_{INNER_SOCKET}").unlink(missing_ok=True)


def end_process(process: psutil.Process) -> None:
    """End a process: with SIGTERM, then by force."""
    with suppress(psutil.NoSuchProcess):
        process.terminate()
        with suppress(psutil.TimeoutExpired):
            process.wait(PLUGIN_END_SECONDS)
            return
        process.kill()
        process.wait(PLUGIN_END_SECONDS)
