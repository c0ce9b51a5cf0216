"""What the engine starts ends with it, however it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_fixed
from tenantnet.local_cloud.environment import environment
from tenantnet.local_cloud.process import LocalCloud

from tests.support.project import Project

LIMIT = 120  # seconds, on a busy machine
PLUGIN_NAMES = ("pulumi-resource-", "terraform-provider-")
MARK = "TENANTNET_TEST_RUN"
# Asks AWS, so that the provider runs, and then waits to be watched.
PROGRAM = """\
import os, pathlib, time
import pulumi_aws as aws
aws.get_caller_identity()
if "HOLD" in os.environ:
    pathlib.Path(os.environ["HOLD"]).touch()
    time.sleep(600)
"""


within_limit = retry(
    retry=retry_if_exception_type((AssertionError, FileNotFoundError)),
    stop=stop_after_delay(LIMIT),
    wait=wait_fixed(0.1),
    reraise=True,
)


class WatchedProject(Project):
    """A project whose processes all bear a mark of its own in their environment."""

    def __init__(self, project: Project) -> None:
        self.mark = f"{uuid.uuid4()}"
        super().__init__(project.folder, {**project.environment, MARK: self.mark})

    def running(self) -> dict[int, str]:
        """Ids and names of the processes; one that has ended but was not collected yet is none."""
        mark, found = f"{MARK}={self.mark}".encode(), {}
        for process in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):  # it ended meanwhile
                if mark in (process / "environ").read_bytes().split(b"\0"):
                    program = (process / "cmdline").read_bytes().split(b"\0")[0]
                    found[int(process.name)] = Path(program.decode()).name
        return found

    def plugins(self) -> dict[int, str]:
        return {process: name for process, name in self.running().items() if name.startswith(PLUGIN_NAMES)}

    @within_limit
    def check_nothing_runs(self) -> None:
        assert self.running() == {}

    @within_limit
    def check_no_plugin_runs(self) -> None:
        assert self.plugins() == {}

    def preview_that_stands_still(self) -> subprocess.Popen[bytes]:
        """A preview that has begun to wait; the provider has answered before."""
        held = self.folder / "held"
        with (self.folder / "output").open("wb") as output:
            preview = subprocess.Popen(
                ["pulumi", "preview", "--non-interactive", "--stack", "dev"],
                cwd=self.folder,
                env={**self.environment, "HOLD": str(held)},
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        within_limit(held.stat)()
        return preview


@pytest.fixture
def project(cloud: LocalCloud, tmp_path: Path) -> Iterator[WatchedProject]:
    # A backend of each test's own: an engine that was killed leaves its stack locked.
    variables = environment(cloud.state_dir) | {"PULUMI_BACKEND_URL": f"file://{tmp_path}"}
    project = WatchedProject(Project.of_program(tmp_path, variables, PROGRAM))
    project.pulumi("stack", "init", "dev").check()
    yield project
    for process in project.running():
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)


def test_nothing_is_left_after_an_operation(project: WatchedProject) -> None:
    # The path of a socket has at most 108 characters.
    with tempfile.TemporaryDirectory(prefix="engine-") as temporary:
        Project(project.folder, {**project.environment, "TMPDIR": temporary}).pulumi(
            "preview", "--stack", "dev"
        ).check()
        project.check_nothing_runs()
        assert [*Path(temporary).rglob("*")] == []


def test_an_operation_starts_one_provider(project: WatchedProject) -> None:
    preview = project.preview_that_stands_still()
    names = sorted(project.plugins().values())
    preview.terminate()
    preview.wait(LIMIT)
    assert len(names) == len(set(names)), "one of the plugin's processes runs twice"
    assert "pulumi-resource-aws" in names


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_nothing_is_left_when_the_engine_is_ended(project: WatchedProject, end: signal.Signals) -> None:
    preview = project.preview_that_stands_still()
    preview.send_signal(end)
    preview.wait(LIMIT)
    project.check_nothing_runs()


@pytest.mark.parametrize("victim", ["pulumi-resource-aws", "pulumi-resource-terraform-provider"])
def test_a_plugin_that_is_killed_takes_its_provider_along(project: WatchedProject, victim: str) -> None:
    preview = project.preview_that_stands_still()
    victims = [process for process, name in project.plugins().items() if name == victim]
    if not victims:
        pytest.skip(f"the engine in use has no {victim}")
    os.kill(victims[0], signal.SIGKILL)
    project.check_no_plugin_runs()
    preview.terminate()
    preview.wait(LIMIT)
