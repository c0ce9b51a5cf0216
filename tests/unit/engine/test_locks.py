"""Whose lock it is, and whether that process still runs."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from tenantnet.engine.locks import clear_unfinished_locks, lock_holder
from tenantnet.toolchain.processes import begin_of, is_running


def locked_by(host: str, pid: int) -> str:
    lock = f"created by root@{host} (pid {pid}) at 2026-12-01T01:00:00Z"
    return f"error: the stack is currently locked by 1 lock(s).\n  file:///state/locks/1.json: {lock}"


def ended_process() -> int:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    return process.pid


@pytest.mark.parametrize(
    ("host", "pid", "gone"),
    [
        (socket.gethostname(), ended_process(), True),
        (socket.gethostname(), os.getpid(), False),
        ("another-machine", ended_process(), False),
    ],
    ids=["ended here", "runs here", "elsewhere"],
)
def test_only_a_process_of_this_machine_is_known_to_have_ended(host: str, pid: int, gone: bool) -> None:
    holder = lock_holder(locked_by(host, pid))
    assert holder is not None
    assert (holder.pid, holder.is_gone) == (pid, gone)
    assert holder.words.startswith("created by root@")


def test_a_process_that_nobody_has_reaped_has_ended() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert not is_running(process.pid)


def test_another_process_may_have_the_id_by_now() -> None:
    began = begin_of(os.getpid())
    assert began is not None
    assert is_running(os.getpid(), began)
    assert not is_running(os.getpid(), began - 60)
    assert begin_of(ended_process()) is None


def test_pulumis_service_names_nobody() -> None:
    holder = lock_holder("error: [409] Conflict: Another update is currently in progress.")
    assert holder is not None
    assert holder.words == "Another update is currently in progress."
    assert not holder.is_gone


@pytest.mark.parametrize("text", ["", "error: no stack named 'acme' found"])
def test_other_errors_are_no_locks(text: str) -> None:
    assert lock_holder(text) is None


@pytest.fixture
def locks(tmp_path: Path) -> Path:
    """Of acme in a file backend at `tmp_path`: a whole one, and the beginning of one."""
    folder = tmp_path / ".pulumi" / "locks" / "organization" / "tenantnet" / "acme"
    folder.mkdir(parents=True)
    (folder / "1.json").write_text("{}")
    (folder / "2.json.18eb2897b83290ab.tmp").touch()
    return folder


def test_the_beginning_of_a_lock_is_removed_and_a_whole_one_stays(tmp_path: Path, locks: Path) -> None:
    assert clear_unfinished_locks("error: unexpected end of JSON input", "acme", tmp_path)
    assert [each.name for each in locks.iterdir()] == ["1.json"]


@pytest.mark.parametrize(
    ("text", "stack"),
    [
        ("error: the stack is currently locked by 1 lock(s).", "acme"),
        ("unexpected end of JSON input", "beta"),
    ],
    ids=["another error", "another stack"],
)
def test_no_lock_is_touched_for(text: str, stack: str, tmp_path: Path, locks: Path) -> None:
    assert not clear_unfinished_locks(text, stack, tmp_path)
    assert len(list(locks.iterdir())) == 2
