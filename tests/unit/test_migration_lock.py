"""A lock whose holder has ended does not stop a move; any other does."""

from __future__ import annotations

import os
import socket
import subprocess
import sys

import pytest
from pulumi.automation import CommandError, CommandResult

from infra.migration.stack import holder_is_gone


def locked_by(host: str, pid: int) -> CommandError:
    lock = f"created by root@{host} (pid {pid}) at 2026-12-01T01:00:00Z"
    text = f"error: the stack is currently locked by 1 lock(s).\n  file:///state/locks/1.json: {lock}"
    return CommandError(CommandResult(stdout="", stderr=text, code=255))


def ended_process() -> int:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    return process.pid


def test_a_holder_on_this_machine_that_has_ended_is_gone() -> None:
    assert holder_is_gone(locked_by(socket.gethostname(), ended_process()))


def test_a_holder_that_runs_is_not_gone() -> None:
    assert not holder_is_gone(locked_by(socket.gethostname(), os.getpid()))


def test_of_a_holder_on_another_machine_nothing_is_known() -> None:
    assert not holder_is_gone(locked_by("another-machine", ended_process()))


@pytest.mark.parametrize("text", ["", "error: [409] Conflict: Another update is currently in progress."])
def test_a_lock_without_a_name_is_left_alone(text: str) -> None:
    assert not holder_is_gone(CommandError(CommandResult(stdout="", stderr=text, code=255)))
