"""What a project has beside its code: packages that say what they are, and one list of Python versions."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.support.clone import CLONE

FOLDERS = ("infra", "policies", "local_cloud", "tools", "benchmarks", "tests/component", "tests/support")
PACKAGES = sorted(path for folder in FOLDERS for path in (CLONE / folder).rglob("__init__.py"))
TEST_WORKFLOW = CLONE / ".github" / "workflows" / "test.yaml"


def yaml(path: Path) -> Any:
    return YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", PACKAGES, ids=lambda path: str(path.relative_to(CLONE).parent))
def test_every_package_says_in_one_sentence_what_it_is(path: Path) -> None:
    told = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    first = told.partition("\n")[0]
    assert first.endswith(".")
    assert len(first) > len("A package.")


def test_the_classifiers_name_the_versions_that_the_workflow_tests() -> None:
    project = tomllib.loads((CLONE / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    told = [
        name.rpartition(" ")[2]
        for name in project["classifiers"]
        if name.startswith("Programming Language :: Python :: 3.")
    ]
    assert yaml(TEST_WORKFLOW)["jobs"]["test"]["strategy"]["matrix"]["python"] == told
    assert project["requires-python"] == f">={told[0]}"


def test_the_workflow_that_forks_may_start_reads_only_and_pins_its_actions() -> None:
    workflow = yaml(TEST_WORKFLOW)
    assert workflow["permissions"] == {"contents": "read"}
    for step in workflow["jobs"]["test"]["steps"]:
        assert "uses" not in step or re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", step["uses"]), step


def test_every_hook_runs_a_program_of_the_clone() -> None:
    for repository in yaml(CLONE / ".pre-commit-config.yaml")["repos"]:
        assert repository["repo"] == "local"
        for hook in repository["hooks"]:
            program = hook["entry"].split()[0]
            assert program.startswith(".venv/bin/") or (CLONE / program).is_file()
