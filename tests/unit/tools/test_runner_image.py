"""The runner's image: built of the versions that the tests run with, and with all that a build calls."""

from __future__ import annotations

import re

import pytest
from tenantnet.components.migration_runner import INSTALL, MOVE_COMPARED

from tests.support.clone import CLONE

DOCKERFILE = (CLONE / "tools" / "runner" / "Dockerfile").read_text(encoding="utf-8")


def pinned(file: str, pattern: str) -> str:
    found = re.search(pattern, (CLONE / file).read_text(encoding="utf-8"), re.MULTILINE)
    assert found, file
    return found[1]


def default(argument: str) -> str:
    found = re.search(rf"^ARG {argument}=(\S+)$", DOCKERFILE, re.MULTILINE)
    assert found, argument
    return found[1]


@pytest.mark.parametrize(
    ("argument", "file", "pattern"),
    [
        ("PULUMI", "tools/pulumi/go.mod", r"pulumi/pkg/v3 v(\S+)"),
        ("PULUMI_AWS", "requirements.lock", r"^pulumi-aws==(\S+)"),
        ("GO", "tools/session-manager-plugin/go.mod", r"^go (\d+\.\d+)"),
    ],
)
def test_its_versions_are_those_that_are_tested(argument: str, file: str, pattern: str) -> None:
    assert default(argument) == pinned(file, pattern)


@pytest.mark.parametrize(
    "program", ["curl", "git", "python3", "python3-venv", "session-manager-plugin", "pulumi"]
)
def test_it_has_what_a_build_calls(program: str) -> None:
    assert re.search(rf"(?<![\w-]){program}(?![\w-])", DOCKERFILE)


def test_a_build_calls_nothing_else() -> None:
    called = {"python3", "curl", "test", "export", "exit", ".venv/bin/pip", ".venv/bin/tenantnet"}
    words = re.findall(r"^ *([a-z0-9./_-]+)(?= |$)", f"{INSTALL}\n{MOVE_COMPARED}", re.MULTILINE)
    assert {word for word in words if word not in {"if", "then", "fi"}} <= called


def test_sources_are_copied_from_the_clone_and_exist() -> None:
    copied = re.findall(r"^COPY ((?:[^-\s]\S* )+)\S+$", DOCKERFILE, re.MULTILINE)
    assert copied
    for path in " ".join(copied).split():
        assert (CLONE / path).is_file(), path
