"""The day in docs/transcript.md, played again: every command prints what stands there.

And what a terminal sees of an update. The tests run in order on stacks that they share.
"""

from __future__ import annotations

import os
import pty
import subprocess
from pathlib import Path
from typing import Any

import pytest
from tenacity import retry, retry_if_result, stop_after_delay, wait_fixed
from tenantnet.local_cloud.process import LocalCloud

from tests.support.inventory import what_is_left
from tests.support.project import PASSWORD, Project
from tests.support.transcript import DOC, Entry, clone, entries, play

WRITTEN = entries(DOC.read_text(encoding="utf-8"))
CTRL_C = b"\x03"
# The first test waits for the whole day.
pytestmark = pytest.mark.timeout(1500)


@pytest.fixture(scope="module")
def project(cloud: LocalCloud, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The clone that the day begins in."""
    return clone(tmp_path_factory.mktemp("day") / "tenantnet", cloud)


@pytest.fixture(scope="module")
def day(project: Project) -> list[Entry]:
    """The day, played to its end."""
    return list(play(project, [entry.command for entry in WRITTEN]))


@pytest.mark.parametrize("number", range(len(WRITTEN)), ids=[entry.command for entry in WRITTEN])
def test_a_command_prints_what_the_transcript_says(day: list[Entry], number: int) -> None:
    assert day[number].comparable == WRITTEN[number].comparable


def test_no_password_is_printed(day: list[Entry]) -> None:
    assert not [entry.command for entry in day if PASSWORD in entry.output]


@pytest.mark.usefixtures("day")
def test_a_removed_tenant_leaves_its_final_snapshot_and_nothing_else(aws: Any) -> None:
    assert what_is_left(aws, tenant="acme") == {"rds snapshot acme-blue-10-1-2-0-final-1"}


class Terminal:
    """A command in a terminal of its own."""

    def __init__(self, project: Project, command: list[str]) -> None:
        self._here, there = pty.openpty()
        environment = {**project.environment, "TERM": "xterm", "COLUMNS": "160", "LINES": "40"}
        # As a shell's: the leader of a session whose terminal this is.
        self._process = subprocess.Popen(
            ["setsid", "--ctty", *command],
            cwd=project.folder,
            env=environment,
            stdin=there,
            stdout=there,
            stderr=there,
        )
        os.close(there)
        os.set_blocking(self._here, False)
        self.seen = ""

    def type(self, keys: bytes) -> None:
        os.write(self._here, keys)

    @retry(retry=retry_if_result(lambda found: not found), stop=stop_after_delay(180), wait=wait_fixed(0.2))
    def shows(self, words: str) -> bool:
        """Wait until it shows the words."""
        self._read()
        return words in self.seen

    @retry(retry=retry_if_result(lambda code: code is None), stop=stop_after_delay(300), wait=wait_fixed(0.2))
    def ends(self) -> int | None:
        """Wait until it has ended, reading what it writes meanwhile; its exit code."""
        code = self._process.poll()
        self._read()
        return code

    def _read(self) -> None:
        try:
            while piece := os.read(self._here, 65536):
                self.seen += piece.decode(errors="replace")
        except OSError:
            """Nothing there yet, or the other end is closed."""


@pytest.mark.usefixtures("day")
def test_a_terminal_shows_what_an_update_waits_for_and_ctrl_c_stops_it_cleanly(project: Project) -> None:
    settings = project.settings_file("platform-local")
    text = settings.read_text(encoding="utf-8")
    settings.write_text(
        text.replace("    zone:", "    services: {tunnelHostType: t4g.micro}\n    zone:"), encoding="utf-8"
    )
    terminal = Terminal(project, [str(Path(project.folder, ".venv/bin/tenantnet")), "up", "platform-local"])
    assert terminal.shows("Update platform-local?")
    terminal.type(b"y\n")
    assert terminal.shows("until EC2 has stopped it, changed it and started it again")
    terminal.type(CTRL_C)
    assert terminal.shows("nothing more is started, and running steps finish")
    assert terminal.ends() == 130
    assert "The update of platform-local was stopped." in terminal.seen
    assert "`tenantnet up platform-local` goes on with what is missing." in terminal.seen
    settings.write_text(text, encoding="utf-8")
