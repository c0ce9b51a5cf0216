"""Plugins that engines share: which ones, for how long, and what the shared language host has loaded."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path

import psutil
import pytest
from tenantnet.engine.plugins import SharedPlugins
from tenantnet.settings.project import Project

from tests.support.clone import CLONE
from tests.support.processes import wait_until

# Prints its own number as the port, so that it can be told from another one.
PLUGIN = f"""#!{sys.executable}
import os, sys, tempfile
tempfile.mkdtemp()
print(os.getpid() % 60000 + 1, flush=True)
sys.stdin.read()
"""

SERVICE = re.compile(r"\baws\.([a-z0-9]+)\.[A-Z]")
LOADED = """
import sys
import tenantnet.language_host.warm
from pulumi._utils import _LazyModule
names = [name for name, module in sys.modules.items() if type(module) is not _LazyModule]
print(*(name.removeprefix("pulumi_aws.") for name in names if name.count(".") == 1))
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
    with SharedPlugins() as plugins:
        first, second = plugins.environment(), plugins.environment()
        (process,) = running(installed)
        assert first == second == {"PULUMI_DEBUG_PROVIDERS": f"aws:{process.pid % 60000 + 1}"}
    assert not list(running(installed))


def test_engines_that_begin_at_once_share_one_plugin_for_the_same_settings(installed: Path) -> None:
    with SharedPlugins() as plugins, ThreadPoolExecutor(8) as pool:
        found = list(pool.map(plugins.environment, ["eu"] * 4 + ["us"] * 4))
        assert len(list(running(installed))) == len({str(each) for each in found}) == 2


def test_a_plugin_that_has_ended_is_started_anew(installed: Path) -> None:
    with SharedPlugins() as plugins:
        former = plugins.environment()
        (process,) = running(installed)
        process.kill()
        wait_until(lambda: plugins.environment() != former)
        assert len(list(running(installed))) == 1


def test_nothing_that_plugins_leave_stays(
    installed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "temporary"
    place.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    with SharedPlugins() as plugins:
        plugins.environment()
        (first,) = place.glob("*/*")
        (process,) = running(installed)
        process.kill()
        wait_until(lambda: plugins.environment() and not first.exists())
        assert len([*place.glob("*/*")]) == 1
    assert [*place.iterdir()] == []


def test_an_engine_that_is_still_at_work_is_waited_for(installed: Path, tmp_path: Path) -> None:
    sleep = shutil.which("sleep")
    assert sleep
    engine = shutil.copy(sleep, tmp_path / "pulumi")
    with SharedPlugins() as plugins:
        plugins.environment()
        at_work = psutil.Popen([str(engine), "1"])
    assert not at_work.is_running()
    assert not list(running(installed))


def test_where_no_plugin_is_installed_the_engine_starts_its_own(home: Path) -> None:
    with SharedPlugins() as plugins:
        assert plugins.environment() == {}


def test_a_plugin_that_does_not_serve_is_not_shared(installed: Path) -> None:
    installed.write_text("#!/bin/sh\necho no port\n", encoding="utf-8")
    with SharedPlugins() as plugins:
        assert plugins.environment() == {}


def test_a_plugin_that_a_person_attaches_to_stays_attached(
    installed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PULUMI_DEBUG_PROVIDERS", "random:4711")
    with SharedPlugins() as plugins:
        assert plugins.environment()["PULUMI_DEBUG_PROVIDERS"].endswith(",random:4711")


def services_of_components() -> set[str]:
    sources = [*(CLONE / "infra" / "components").glob("*.py"), *(CLONE / "infra" / "stacks").glob("*.py")]
    return {service for source in sources for service in SERVICE.findall(source.read_text(encoding="utf-8"))}


def test_a_warm_program_has_loaded_all_services_that_components_use() -> None:
    printed = subprocess.run([sys.executable, "-c", LOADED], capture_output=True, text=True, check=True)
    assert "ec2" in services_of_components()
    assert services_of_components() <= set(printed.stdout.split())


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ("main: program\nruntime: {name: python, options: {virtualenv: .venv}}\n", "main is not"),
        ("main: infra\nruntime: {name: python, options: {virtualenv: venv}}\n", "virtualenv is not"),
        ("main: infra\nruntime: python\n", "virtualenv is not"),
    ],
)
def test_a_program_that_is_not_this_package_is_loaded_by_every_stack_and_that_is_said(
    tmp_path: Path, document: str, words: str
) -> None:
    (tmp_path / "Pulumi.yaml").write_text(document, encoding="utf-8")
    (tmp_path / "infra").symlink_to(CLONE / "infra")
    (tmp_path / ".venv").symlink_to(sys.prefix)
    told: list[str] = []
    project = Project(folder=tmp_path, settings_folder=tmp_path)
    log, variables = tmp_path / "log", {"PULUMI_HOME": str(tmp_path)}
    with SharedPlugins(project, log, told.append, variables) as plugins:
        assert plugins.environment() == plugins.environment() == {}
    assert len([line for line in told if words in line]) == 1
