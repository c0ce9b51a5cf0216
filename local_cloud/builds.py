"""CodeBuild's builds as processes on this machine: phases, variables, status, log, and their end.

What differs from AWS: the source is a folder on this machine as it stands, nothing isolates a build from it,
and each command has a shell of its own. What a build is given of the platform's backend and credentials is
replaced by the local cloud's own, as in `tenantnet local env`.
"""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import partial
from pathlib import Path
from threading import Lock, Thread
from time import monotonic
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

SHELL = "/bin/bash"
# util-linux's; the threads that start builds live as long as their processes.
ENDS_WITH_THIS_PROCESS = ("setpriv", "--pdeathsig", "KILL")
# Of whoever started the local cloud; a build has no other variables but its own.
INHERITED = ("HOME", "LANG", "LC_ALL", "PATH", "TMPDIR", "XDG_CACHE_HOME")
STOP_LIMIT_SECONDS = 3.0
PROVISIONING = "PROVISIONING"
CODES = {PROVISIONING: "BUILD_CONTAINER_UNABLE_TO_PULL_IMAGE"}


class Status(StrEnum):
    """As StatusType in AWS's API."""

    IN_PROGRESS = "IN_PROGRESS"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    STOPPED = "STOPPED"
    TIMED_OUT = "TIMED_OUT"


class PhaseType(StrEnum):
    """The phases that have commands, by their names in a build specification and in AWS's API."""

    INSTALL = "INSTALL"
    PRE_BUILD = "PRE_BUILD"
    BUILD = "BUILD"
    POST_BUILD = "POST_BUILD"


class UnreadableBuildspecError(Exception):
    """Why a build specification cannot be used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a build is to do.

    buildspec: as text. folder: its source. pull: raises Exception where its image cannot be had.
    variables: read once it begins, since secrets are looked up then; raises Exception where one is not there.
    tell: is given each line of output. limit_seconds: for all of it.
    """

    id: str
    buildspec: str
    folder: Path
    pull: Callable[[], None]
    variables: Callable[[], Mapping[str, str]]
    tell: Callable[[str], None]
    limit_seconds: float


class Build:
    """One build. status, phases: as BatchGetBuilds tells them."""

    def __init__(self, order: Order) -> None:
        self._order = order
        self._ends = monotonic() + order.limit_seconds
        self._process: subprocess.Popen[str] | None = None
        self._lock = Lock()
        self.status = Status.IN_PROGRESS
        self.ended: datetime | None = None
        now = datetime.now(UTC)
        self.phases: list[dict[str, Any]] = [
            {"phaseType": "SUBMITTED", "phaseStatus": "SUCCEEDED", "startTime": now, "endTime": now}
        ]

    @property
    def current_phase(self) -> str:
        return "COMPLETED" if self.ended else str(self.phases[-1]["phaseType"])

    def run(self) -> None:
        """Do everything; returns once it has ended, whichever way."""
        prepared: list[Any] = []
        self._phase(PROVISIONING, self._pull)
        if self.status is Status.IN_PROGRESS:
            self._phase("DOWNLOAD_SOURCE", lambda: self._prepare(prepared))
        if prepared:
            self._run_phases(*prepared)
        with self._lock:
            if self.status is Status.IN_PROGRESS:
                self.status = Status.SUCCEEDED
            self.ended = datetime.now(UTC)

    def _run_phases(self, commands: Mapping[PhaseType, list[str]], environment: Mapping[str, str]) -> None:
        for phase in PhaseType:
            # What comes after the build is done where the build itself has failed, too.
            after_a_failed_build = (
                self.status is Status.FAILED
                and phase is PhaseType.POST_BUILD
                and self.phases[-1]["phaseType"] == PhaseType.BUILD
            )
            if phase in commands and (self.status is Status.IN_PROGRESS or after_a_failed_build):
                self._phase(phase, partial(self._shell, commands[phase], environment))

    def stop(self) -> None:
        """End it, politely, then by force."""
        with self._lock:
            if self.ended is None:
                self.status = Status.STOPPED
            process = self._process
        if process is not None:
            _end(process)

    def _phase(self, name: str, do: Callable[[], str | None]) -> None:
        """do: answers with what is wrong, or None."""
        began = datetime.now(UTC)
        phase: dict[str, Any] = {"phaseType": str(name), "startTime": began}
        self.phases.append(phase)
        problem = do()
        if problem is not None and self.status is Status.IN_PROGRESS:
            self.status = Status.FAILED
        ended = datetime.now(UTC)
        phase |= {
            "endTime": ended,
            "durationInSeconds": round((ended - began).total_seconds()),
            "phaseStatus": "SUCCEEDED" if problem is None else str(self.status),
            "contexts": []
            if problem is None
            else [{"statusCode": CODES.get(name, "COMMAND_EXECUTION_ERROR"), "message": problem}],
        }
        if problem is not None:
            self._order.tell(f"[Container] Phase {name} {self.status}: {problem}")

    def _pull(self) -> str | None:
        try:
            self._order.pull()
        except Exception as error:  # the role may lack a right, or not be there
            return f"Unable to pull customer's container image. CannotPullContainerError: {error}"
        return None

    def _prepare(self, prepared: list[Any]) -> str | None:
        try:
            commands = commands_of(self._order.buildspec)
            environment = {name: os.environ[name] for name in INHERITED if name in os.environ}
            environment |= self._order.variables()
        except Exception as error:  # a secret may be missing in as many ways as AWS has errors
            return str(error)
        if not self._order.folder.is_dir():
            return f"there is no source at {self._order.folder}"
        prepared += [commands, environment]
        return None

    def _shell(self, commands: Sequence[str], environment: Mapping[str, str]) -> str | None:
        for command in commands:
            self._order.tell(f"[Container] Running command {command}")
            if (problem := self._command(command, environment)) is not None:
                return problem
        return None

    def _command(self, command: str, environment: Mapping[str, str]) -> str | None:
        with self._lock:
            if self.status is Status.STOPPED:
                return "the build was stopped"
            process = self._process = subprocess.Popen(
                [*ENDS_WITH_THIS_PROCESS, SHELL, "-c", command],
                cwd=self._order.folder,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                start_new_session=True,
            )
        reader = Thread(target=self._read, args=(process,), daemon=True)
        reader.start()
        try:
            code = process.wait(timeout=max(0.0, self._ends - monotonic()))
        except subprocess.TimeoutExpired:
            self.status = Status.TIMED_OUT
            _end(process)
            return f"it took longer than {self._order.limit_seconds / 60:.0f} minutes"
        finally:
            reader.join(STOP_LIMIT_SECONDS)
        return None if code == 0 else f"Error while executing command: {command}. Reason: exit status {code}"

    def _read(self, process: subprocess.Popen[str]) -> None:
        for line in process.stdout or ():
            self._order.tell(line.rstrip("\n"))


class Builds:
    """All builds of a local cloud, which end with it."""

    def __init__(self) -> None:
        self._builds: dict[str, Build] = {}
        self._threads: list[Thread] = []

    def start(self, order: Order) -> None:
        """Begin a build in the background."""
        build = self._builds[order.id] = Build(order)
        thread = Thread(target=build.run, name=f"build {order.id}", daemon=True)
        self._threads.append(thread)
        thread.start()

    def find(self, build_id: str) -> Build | None:
        """The build of that id; None for one that was never started here."""
        return self._builds.get(build_id)

    def stop(self) -> None:
        """End all of them, and wait for that."""
        with ThreadPoolExecutor(max_workers=16) as stopping:
            list(stopping.map(Build.stop, self._builds.values()))
        for thread in self._threads:
            thread.join(STOP_LIMIT_SECONDS)
        self._builds.clear()
        self._threads.clear()


def commands_of(buildspec: str) -> dict[PhaseType, list[str]]:
    """The commands of each phase. Raises UnreadableBuildspecError."""
    try:
        parsed = YAML(typ="safe", pure=True).load(buildspec)
        phases = parsed["phases"]
        return {
            phase: [str(command) for command in phases[phase.lower()]["commands"]]
            for phase in PhaseType
            if phase.lower() in phases
        }
    except (YAMLError, KeyError, TypeError) as error:
        raise UnreadableBuildspecError(f"YAML_FILE_ERROR: {type(error).__name__} {error}") from None


def _end(process: subprocess.Popen[str]) -> None:
    """End the process with all that it started in its session."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with suppress(subprocess.TimeoutExpired):
            process.wait(STOP_LIMIT_SECONDS)
            return
