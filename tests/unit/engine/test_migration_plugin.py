"""The AWS plugin that the updates of a run share."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import psutil
import pytest
from tenacity import Retrying, retry_if_result, stop_after_delay, wait_fixed
from tenantnet.engine.move_plugin import AwsPlugin

# Prints its own number as the port, so that it can be told from another one.
PLUGIN = f"""#!{sys.executable}
import os, sys
print(os.getpid() % 60000 + 1, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Pulumi's, with nothing in it."""
    monkeypatch.setenv("PULUMI_HOME", str(tmp_path))
    for variable in ("PULUMI_DEBUG_PROVIDERS", "AWS_CA_BUNDLE"):
        monkeypatch.delenv(variable, raising=False)
    return tmp_path


@pytest.fixture
def installed(home: Path) -> Path:
    program = home / "plugins" / f"resource-aws-v{version('pulumi_aws')}" / "pulumi-resource-aws"
    program.parent.mkdir(parents=True)
    program.write_text(PLUGIN, encoding="utf-8")
    program.chmod(0o755)
    return program


def running(program: Path) -> Iterator[psutil.Process]:
    for process in psutil.Process().children():
        if str(program) in process.cmdline() and process.status() != psutil.STATUS_ZOMBIE:
            yield process


def test_all_updates_of_a_run_share_one_plugin_that_ends_with_it(installed: Path) -> None:
    with AwsPlugin() as plugin:
        first, second = plugin.environment(), plugin.environment()
        (process,) = running(installed)
        assert first == second == {"PULUMI_DEBUG_PROVIDERS": f"aws:{process.pid % 60000 + 1}"}
    assert not list(running(installed))


def test_a_plugin_that_has_ended_is_started_anew(installed: Path) -> None:
    with AwsPlugin() as plugin:
        former = plugin.environment()
        (process,) = running(installed)
        process.kill()
        wait = Retrying(
            retry=retry_if_result(lambda same: same), stop=stop_after_delay(20), wait=wait_fixed(0.1)
        )
        wait(lambda: plugin.environment() == former)
        assert len(list(running(installed))) == 1


def test_an_engine_that_is_still_at_work_is_waited_for(installed: Path, tmp_path: Path) -> None:
    sleep = shutil.which("sleep")
    assert sleep
    engine = shutil.copy(sleep, tmp_path / "pulumi")
    with AwsPlugin() as plugin:
        plugin.environment()
        at_work = psutil.Popen([str(engine), "1"])
    assert not at_work.is_running()
    assert not list(running(installed))


def test_where_no_plugin_is_installed_the_engine_starts_its_own(home: Path) -> None:
    with AwsPlugin() as plugin:
        assert plugin.environment() == {}


def test_a_plugin_that_does_not_serve_is_not_shared(installed: Path) -> None:
    installed.write_text("#!/bin/sh\necho no port\n", encoding="utf-8")
    with AwsPlugin() as plugin:
        assert plugin.environment() == {}


def test_a_plugin_that_a_person_attaches_to_stays_attached(
    installed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PULUMI_DEBUG_PROVIDERS", "random:4711")
    with AwsPlugin() as plugin:
        assert plugin.environment()["PULUMI_DEBUG_PROVIDERS"].endswith(",random:4711")
