"""Ctrl-C and SIGTERM while the real engine runs a program of the runner's: it ends in order."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from pulumi.automation import CommandError
from tenantnet.engine.engine import Engine
from tenantnet.local_cloud.environment import engine_variables
from tenantnet.runner.clock import Clock
from tenantnet.runner.stop import Stop
from tenantnet.settings.project import Project


@pytest.fixture(autouse=True)
def own_handlers() -> Iterator[None]:
    """A stopped run ignores further signals for good; this process goes on."""
    former = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in former.items():
        signal.signal(number, handler)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project with a state of its own."""
    (tmp_path / "state").mkdir()
    (tmp_path / "Pulumi.yaml").write_text("name: tenantnet\nruntime: python\n")
    variables = {
        **engine_variables(),
        "PULUMI_BACKEND_URL": f"file://{tmp_path / 'state'}?metadata=skip",
        "PULUMI_CONFIG_PASSPHRASE": "x",
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return Project(folder=tmp_path, settings_folder=tmp_path)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stopped_update_ends_its_program_and_leaves_no_lock(
    project: Project, tmp_path: Path, number: int
) -> None:
    said: list[str] = []
    stop = Stop(said.append)
    engine = Engine(project, lambda: stop.command)
    stop.command.run(["stack", "init", "acme"], str(tmp_path), {})

    def program() -> None:
        os.kill(os.getpid(), number)
        for _ in range(600):
            stop.check()
            Clock().sleep(0.1)

    with stop.heeded(), pytest.raises(CommandError, match="update canceled"):
        engine.stack("acme", {}, program).up(color="never")
    assert stop.wanted
    assert [line for line in said if line.startswith("Stopping")] == said[:1]
    assert list((tmp_path / "state").glob(".pulumi/locks/**/*.json")) == []
