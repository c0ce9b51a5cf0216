"""From an empty folder with the built wheel to a tenant that is Ready To Use, by what a person types."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.clone import CLONE
from tests.support.wheel import build_wheel, make_venv

COMMANDS = """\
.venv/bin/tenantnet init --platform platform-local --zone db.example.com --tenant acme --username acmeadmin
.venv/bin/tenantnet local start --port 0
eval "$(.venv/bin/tenantnet local env)"
tenantnet up platform-local --create --yes
tenantnet up acme --create --yes
"""
# Before them, the environment and the packages, in the fixture `shell`.
BEFORE = ("python3 -m venv .venv", ".venv/bin/pip install")
ENVIRONMENT = 'eval "$(.venv/bin/tenantnet local env)"\n'


class Shell:
    """Runs lines in a folder, as a person does in one shell."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        # Nothing of the clone, in which the tests run, is on the path.
        folders = os.environ["PATH"].split(os.pathsep)
        path = os.pathsep.join(each for each in folders if Path(each).parent.name not in (".venv", ".engine"))
        self._environment = {**os.environ, "PATH": path}
        self._environment.pop("PULUMI_HOME", None)

    def run(self, lines: str) -> str:
        """What they print. AssertionError with it where one fails."""
        done = subprocess.run(
            ["bash", "-e", "-c", lines],
            cwd=self.folder,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout
        return done.stdout


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    """In a folder that was empty before the wheel was installed into its .venv."""
    folder = tmp_path_factory.mktemp("example-tenants")
    make_venv(build_wheel(tmp_path_factory.mktemp("wheel")), folder / ".venv")
    running = Shell(folder)
    yield running
    running.run(".venv/bin/tenantnet local stop")


@pytest.fixture(scope="module")
def printed(shell: Shell) -> str:
    """What the commands print."""
    return shell.run(COMMANDS)


def test_seven_commands_lead_to_a_tenant_that_is_ready_to_use(shell: Shell, printed: str) -> None:
    assert len([*BEFORE, *COMMANDS.splitlines()]) == 7
    begun, _, ended = printed.partition("acme is up to date: ")
    assert "The database is at acme.db.example.com" in ended
    assert "Ready To Use" in shell.run(f"{ENVIRONMENT}tenantnet status acme")
    # Every command after the first is one that this has named, and the page shows the same.
    named = begun[: begun.index("The local cloud runs")]
    page = (CLONE / "docs" / "repository.md").read_text(encoding="utf-8")
    for command in COMMANDS.splitlines()[1:]:
        assert command.removesuffix(" --yes").removesuffix(" --port 0") in named
    for command in (*BEFORE, *COMMANDS.splitlines()):
        assert command.removesuffix(" --yes").removesuffix(" --port 0") in page


@pytest.mark.usefixtures("printed")
def test_the_stacks_are_as_the_program_and_the_pack_want_them(shell: Shell) -> None:
    for stack in ("platform-local", "acme"):
        preview = f"pulumi preview --stack {stack} --policy-pack policies --expect-no-changes"
        assert "unchanged" in shell.run(f"{ENVIRONMENT}{preview} --non-interactive")


@pytest.mark.usefixtures("printed")
def test_a_fleet_shares_its_plugins_there(shell: Shell) -> None:
    said = shell.run(f"{ENVIRONMENT}tenantnet fleet preview --all-engines --policy-pack policies")
    assert "every stack" not in said


@pytest.mark.usefixtures("printed")
def test_the_password_is_encrypted_and_is_the_databases(shell: Shell) -> None:
    key = "tenantnet:databasePassword"
    password = shell.run(f"{ENVIRONMENT}pulumi config get {key} --stack acme").strip()
    assert len(password) == 32
    for file in (shell.folder / "tenants").iterdir():
        assert password not in file.read_text(encoding="utf-8")


@pytest.mark.usefixtures("printed")
def test_the_repository_is_as_this_version_of_tenantnet_writes_it(shell: Shell) -> None:
    assert shell.run(".venv/bin/tenantnet init --update").startswith("Nothing changes")
    assert shell.run(".venv/bin/tenantnet settings check").count("all right") == 2
