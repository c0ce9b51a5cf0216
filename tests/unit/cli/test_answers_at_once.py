"""Help and completion import nothing that takes long to import, whichever command they are asked for.

Nor does a preview for which no engine is needed.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tenantnet.cli.groups import GROUPS

# Not pydantic, with which typer itself reads options and arguments; the first help does without.
SLOW = {
    *("boto3", "grpc", "jinja2", "moto", "netaddr", "opentelemetry", "psutil", "pulumi", "starlette"),
    *("uvicorn", "werkzeug"),
}
# What a command line ends with once it has answered, on standard error.
TELL = "import atexit, sys; atexit.register(lambda: print(*sys.modules, file=sys.stderr)); "
RUN = "from tenantnet.cli.main import run; run()"
COMMANDS = [
    "status",
    "up",
    "open",
    "topology",
    "vpn list",
    "tunnel share",
    "migrate run",
    "fleet up",
]


def answer(
    folder: Path, *words: str, completing: str | None = None, **variables: str
) -> tuple[str, set[str]]:
    """What the command line prints, and what it has imported for that."""
    environment = {**os.environ, **variables}
    if completing is not None:
        typed = f"tenantnet {completing}"
        environment |= {"_TENANTNET_COMPLETE": "complete_bash", "COMP_WORDS": typed}
        environment["COMP_CWORD"] = str(len(typed.split(" ")) - 1)
    set_name = "sys.argv[0] = 'tenantnet'; "
    done = subprocess.run(
        [sys.executable, "-c", TELL + set_name + RUN, *words],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    imported = {name.partition(".")[0] for name in done.stderr.split()}
    assert "typer" in imported, done.stderr
    return done.stdout, imported


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "Pulumi.yaml").write_text("name: tenantnet\nruntime: python\n")
    for stack in ("acme", "globex", "platform-eu1"):
        (tmp_path / f"Pulumi.{stack}.yaml").write_text("config: {}\n")
    return tmp_path


def test_a_slow_import_would_be_seen(folder: Path) -> None:
    assert answer(folder, "status", "acme")[1] >= {"boto3", "pulumi"}


def test_help_imports_nothing_slow(folder: Path) -> None:
    text, imported = answer(folder, "--help")
    assert set(GROUPS) <= set(text.split())
    assert imported & {*SLOW, "pydantic"} == set()


@pytest.mark.parametrize("group", list(GROUPS))
def test_help_of_a_group_imports_nothing_slow(folder: Path, group: str) -> None:
    text, imported = answer(folder, group, "--help")
    assert "Commands:" in text
    assert imported & SLOW == set()


def test_completion_of_a_command_imports_nothing_slow(folder: Path) -> None:
    text, imported = answer(folder, completing="to")
    assert text == "topology\n"
    assert imported & SLOW == set()


@pytest.mark.parametrize("command", COMMANDS)
def test_completion_of_a_tenant_imports_nothing_slow(folder: Path, command: str) -> None:
    text, imported = answer(folder, completing=f"{command} gl")
    assert text == "globex\n"
    assert imported & SLOW == set()


def test_a_run_that_starts_no_engine_and_asks_aws_for_nothing_imports_neither(folder: Path) -> None:
    """It has tenants left, since they have no states here, and ends where it finds no engine."""
    environment = {"PATH": str(folder), "PULUMI_BACKEND_URL": f"file://{folder}"}
    (folder / ".pulumi").mkdir()
    (folder / ".pulumi" / "meta.yaml").write_text("version: 1\n")
    _, imported = answer(folder, "fleet", "preview", "acme", **environment)
    assert "yaml" in imported
    assert imported & {"boto3", "botocore", "grpc", "pulumi"} == set()
