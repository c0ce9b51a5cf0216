"""Which plugins a fleet shares, and what the shared language host has loaded before a program asks for it."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
from pathlib import Path

import pytest
from tenantnet.engine.plugins import Plugins
from tenantnet.settings.project import Project

from tests.support.clone import CLONE

SERVICE = re.compile(r"\baws\.([a-z0-9]+)\.[A-Z]")
LOADED = """
import sys
import tenantnet.language_host.warm
from pulumi._utils import _LazyModule
names = [name for name, module in sys.modules.items() if type(module) is not _LazyModule]
print(*(name.removeprefix("pulumi_aws.") for name in names if name.count(".") == 1))
"""


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
    plugins = Plugins(project, tmp_path / "log", told.append, {"PULUMI_HOME": str(tmp_path)})
    assert asyncio.run(plugins.environment("")) == {}
    assert len([line for line in told if words in line]) == 1
