"""`tenantnet local`: what a person types and reads."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tenantnet.local_cloud.process import LocalCloud

from tests.support.clone import CLONE

TENANTNET = Path(sys.executable).with_name("tenantnet")


@pytest.fixture
def state_dir(tmp_path: Path) -> Iterator[Path]:
    """A place with a blank and an apostrophe in its name, as folders of people have."""
    folder = tmp_path / "somebody's state"
    yield folder
    LocalCloud(folder).stop()


def local(state_dir: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [TENANTNET, "local", *arguments, "--state-dir", state_dir],
        capture_output=True,
        text=True,
        check=False,
        cwd=CLONE,
    )


def test_start_status_reset_and_stop_say_what_they_did(state_dir: Path) -> None:
    started = local(state_dir, "start", "--port", "0")
    assert started.returncode == 0, started.stderr
    assert "runs at http://127.0.0.1:" in started.stdout
    assert "runs already at" in local(state_dir, "start").stdout
    assert json.loads(local(state_dir, "status", "--json").stdout)["running"] is True
    assert "vpn connections" in local(state_dir, "status").stdout
    assert "keeps running" in local(state_dir, "reset").stdout
    stopped = local(state_dir, "stop")
    assert stopped.returncode == 0, stopped.stderr
    assert "its content is gone" in stopped.stdout
    assert "there was nothing to remove" in local(state_dir, "stop").stdout
    assert json.loads(local(state_dir, "status", "--json").stdout)["running"] is False


def test_the_stacks_that_are_forgotten_are_named(state_dir: Path) -> None:
    local(state_dir, "start", "--port", "0")
    folder = state_dir / "pulumi" / ".pulumi" / "stacks" / "tenantnet"
    folder.mkdir(parents=True)
    (folder / "acme.json").write_text("{}")
    assert "1 stack: acme" in local(state_dir, "stop").stdout


def test_a_shell_takes_the_environment_as_it_is_printed(state_dir: Path) -> None:
    local(state_dir, "start", "--port", "0")
    script = f'set -eu; eval "$("{TENANTNET}" local env --state-dir "$1")"; printf %s "$PULUMI_BACKEND_URL"'
    shell = subprocess.run(
        ["bash", "-c", script, "shell", state_dir], capture_output=True, text=True, check=True
    )
    assert shell.stdout == f"file://{state_dir}/pulumi?metadata=skip"
    printed = local(state_dir, "env").stdout.splitlines()
    assert all(line.startswith("export ") for line in printed)


def test_the_way_into_the_shell_is_one_that_works_in_this_shell(state_dir: Path) -> None:
    started = subprocess.run(
        [TENANTNET, "local", "start", "--port", "0", "--state-dir", state_dir],
        env={**os.environ, "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert f'eval "$({TENANTNET} local env)"' in started.stdout


def test_a_profile_and_credentials_of_the_shell_are_out_of_the_way(state_dir: Path) -> None:
    local(state_dir, "start", "--port", "0")
    script = f"""
        set -eu
        export AWS_PROFILE=prod AWS_SESSION_TOKEN=x AWS_ENDPOINT_URL_EC2=http://192.0.2.1 AWS_USE_FIPS_ENDPOINT=true
        eval "$("{TENANTNET}" local env --state-dir "$1")"
        "{sys.executable}" -c 'import boto3; print(boto3.client("ec2").describe_vpcs()["ResponseMetadata"]["HTTPStatusCode"])'
    """  # noqa: E501
    shell = subprocess.run(
        ["bash", "-c", script, "shell", state_dir], capture_output=True, text=True, check=False
    )
    assert (shell.stdout, shell.stderr) == ("200\n", "")


def test_without_a_cloud_env_prints_nothing_to_eval_and_ends_with_2(state_dir: Path) -> None:
    ended = local(state_dir, "env")
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "tenantnet local start" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_taken_port_ends_with_1_and_says_who_has_it(state_dir: Path, cloud: LocalCloud) -> None:
    server = cloud.running_server()
    ended = local(state_dir, "start", "--port", str(server.port))
    assert ended.returncode == 1
    assert f"(pid {server.pid})" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_wrong_port_ends_with_2(state_dir: Path) -> None:
    ended = local(state_dir, "start", "--port", "65536")
    assert ended.returncode == 2
    assert "65536" in ended.stderr
    assert "Traceback" not in ended.stderr
