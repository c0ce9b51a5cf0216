"""The command as a process: where its output goes, and whose modules the processes that it starts import."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from tenantnet.engine.plugins import LANGUAGE_HOST
from tenantnet.local_cloud.process import SERVER
from tenantnet.tunnel.behind import COMMAND

from tests.support.small_settings import PROJECT

TENANTNET = str(Path(sys.executable).parent / "tenantnet")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "Pulumi.yaml").write_text(PROJECT)
    return tmp_path


@pytest.mark.parametrize("command", ["rules", "rules --json", "settings schema", "--help"])
def test_a_full_disk_is_a_failure_and_no_traceback(command: str) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [TENANTNET, *command.split()], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert done.returncode == 1
    assert done.stderr.startswith("The command ended early.\n  reason: [Errno 28] No space left on device\n")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", ["rules", "rules --json"])
def test_closed_output_is_no_failure(command: str) -> None:
    done = subprocess.run(
        ["sh", "-c", f'"$0" {command} >&-', TENANTNET], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_a_removed_working_directory_is_a_failure_and_no_traceback(tmp_path: Path) -> None:
    removed = tmp_path / "removed"
    removed.mkdir()
    line = f'rmdir {removed} && "$0" settings check'
    done = subprocess.run(
        ["sh", "-c", line, TENANTNET], cwd=removed, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr.startswith("The command ended early.\n  reason: [Errno 2] No such file or directory\n")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", ["local env --state-dir", "network list", "settings check"])
def test_control_characters_of_an_argument_do_not_reach_the_terminal(command: str, project: Path) -> None:
    done = subprocess.run(
        [TENANTNET, *command.split(), "a\x1b[31m\x07"],
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert (done.stdout + done.stderr).replace("\n", "").isprintable()


@pytest.mark.parametrize("started", [(*COMMAND, "--help"), LANGUAGE_HOST, SERVER])
def test_modules_of_the_working_directory_are_not_taken_for_others(
    started: tuple[str, ...], tmp_path: Path
) -> None:
    for name in ("tenantnet", "secrets", "signal", "socket", "typing"):
        (tmp_path / f"{name}.py").write_text("raise RuntimeError('a module of the project')\n")
    done = subprocess.run(
        started, cwd=tmp_path, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    assert "a module of the project" not in done.stderr
