"""Several commands edit settings at once, and some are killed: no edit is lost, nothing is left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tenantnet.failure import Failure
from tenantnet.refusal import Refused
from tenantnet.settings import locking
from tenantnet.settings.edit import set_scalar
from tenantnet.settings.files import judge_file, read_defaults
from tenantnet.settings.project import Project, find_project
from tenantnet.settings.store import create_settings_file, read_settings_file, replace_settings_file

from tests.support.small_settings import ACME, small_project

PROCESSES, EDITS = 8, 200
SIZED = ACME.replace("acmeadmin", "acmeadmin, storageGb: 100")
HEAD = """\
import sys
from pathlib import Path
from tenantnet.failure import Failure
from tenantnet.settings.edit import set_scalar
from tenantnet.settings.locking import edit_lock
from tenantnet.settings.project import find_project
from tenantnet.settings.store import create_settings_file, read_settings_file, replace_settings_file
project = find_project(Path.cwd())
def grow():
    file = read_settings_file(project, "acme")
    database = file.config["tenantnet:tenant"]["database"]
    place = ("config", "tenantnet:tenant", "database")
    text = set_scalar(file.text, place, "storageGb", str(database["storageGb"] + 1))
    replace_settings_file(project, file, text)
"""
UNDER_LOCK = "for _ in range(int(sys.argv[1])):\n    with edit_lock(project.settings_folder): grow()\n"
TRY_AGAIN = """\
for _ in range(int(sys.argv[1])):
    while True:
        try:
            grow()
            break
        except Failure:
            pass
"""
FOR_EVER = """\
print(flush=True)
while True:
    with edit_lock(project.settings_folder): grow()
    for path in project.settings_folder.glob("Pulumi.new*"): path.unlink()
    create_settings_file(project, "new", project.settings_file("acme").read_text())
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return find_project(small_project(tmp_path, acme=SIZED))


def start(project: Project, program: str, *words: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", HEAD + program, *words],
        cwd=project.folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )


def edit_at_once(project: Project, program: str, processes: int, edits: int) -> int:
    """How much of all edits is in the file at the end."""
    started = [start(project, program, str(edits)) for _ in range(processes)]
    assert [each.wait() for each in started] == [0] * processes
    config = read_settings_file(project, "acme").config
    return int(config["tenantnet:tenant"]["database"]["storageGb"]) - 100  # type: ignore[index]


def left_behind(project: Project) -> list[str]:
    return sorted(entry.name for entry in project.settings_folder.iterdir() if "Pulumi." not in entry.name)


@pytest.mark.timeout(300)
def test_of_1600_edits_by_eight_processes_none_is_lost(project: Project) -> None:
    assert edit_at_once(project, UNDER_LOCK, PROCESSES, EDITS) == PROCESSES * EDITS
    assert left_behind(project) == []


def test_who_edits_without_the_lock_is_told_and_loses_nothing_either(project: Project) -> None:
    assert edit_at_once(project, TRY_AGAIN, 4, 15) == 60


def test_a_killed_command_leaves_nothing_behind_and_no_lock(project: Project) -> None:
    for number in range(8):
        process = start(project, FOR_EVER)
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(number / 40)
        process.send_signal(signal.SIGKILL)
        process.wait()
        # Between its two names a file may be killed: nobody reads it, and the next edit sweeps it.
        assert len(left_behind(project)) <= 1
        assert judge_file(project.settings_file("acme"), read_defaults(project.file)).settings
    replace_settings_file(project, read_settings_file(project, "acme"), SIZED + "# checked\n")
    assert left_behind(project) == []


def test_what_a_command_left_that_was_killed_at_the_last_moment_goes_with_the_next_edit(
    project: Project,
) -> None:
    (project.settings_folder / ".tenantnet-draft-abc").write_text(SIZED)
    replace_settings_file(project, read_settings_file(project, "acme"), SIZED + "# checked\n")
    assert left_behind(project) == []


def test_who_waits_too_long_is_told(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locking, "PATIENCE_SECONDS", 0.1)
    holder = start(project, "with edit_lock(project.settings_folder):\n    print(flush=True)\n    input()\n")
    assert holder.stdout is not None
    holder.stdout.readline()
    with pytest.raises(Failure, match="another process has been editing"):
        create_settings_file(project, "beta", SIZED)
    holder.kill()
    holder.wait()
    create_settings_file(project, "beta", SIZED)


def test_a_file_with_a_second_name_is_not_parted_from_it(project: Project) -> None:
    path = project.settings_file("acme")
    (path.parent / "other").hardlink_to(path)
    with pytest.raises(Refused, match="2 names") as refused:
        replace_settings_file(project, read_settings_file(project, "acme"), SIZED + "# checked\n")
    assert refused.value.refusals[0].rule_id == "settings-one-name"
    assert path.read_text() == SIZED


def test_a_read_only_file_stays_as_it_is(project: Project) -> None:
    path = project.settings_file("acme")
    path.chmod(0o444)
    with pytest.raises(Refused, match="read-only") as refused:
        replace_settings_file(project, read_settings_file(project, "acme"), SIZED + "# checked\n")
    assert refused.value.refusals[0].rule_id == "settings-writable"
    assert path.read_text() == SIZED


@pytest.mark.timeout(20)
@pytest.mark.parametrize("kind", ["pipe", "terminal", "zeros", "loop", "folder", "socket"])
def test_what_is_no_regular_file_is_refused_at_once(project: Project, kind: str) -> None:
    path = project.settings_file("beta")
    match kind:
        case "pipe":
            os.mkfifo(path)
        case "terminal":
            path.symlink_to(os.ttyname(os.openpty()[1]))
        case "zeros":
            path.symlink_to("/dev/zero")
        case "loop":
            path.symlink_to(path)
        case "folder":
            path.mkdir()
        case _:
            os.mknod(path, 0o600 | 0o140000)
    verdict = judge_file(path, read_defaults(project.file))
    assert [refusal.rule_id for refusal in verdict.refusals] == ["file-readable"]
    with pytest.raises(Refused, match="cannot be read"):
        read_settings_file(project, "beta")
    with pytest.raises(Refused, match="there is a settings file"):
        create_settings_file(project, "beta", SIZED)


def test_a_byte_order_mark_stays_in_an_edited_file(project: Project) -> None:
    path = project.settings_file("acme")
    path.write_bytes(b"\xef\xbb\xbf" + SIZED.encode())
    file = read_settings_file(project, "acme")
    text = set_scalar(file.text, ("config", "tenantnet:tenant", "database"), "storageGb", "200")
    replace_settings_file(project, file, text)
    assert path.read_bytes() == b"\xef\xbb\xbf" + SIZED.replace("100", "200").encode()
