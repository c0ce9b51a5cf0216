"""A `pulumi` that runs, while another thread runs one of its own: as the program of an update may."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest
from pulumi.automation import CommandError, CommandResult
from tenantnet.engine.update import Command

# `wait` ends with 3 once something is written to the pipe, and with 4 where it is interrupted.
PULUMI = """#!/bin/sh
case "$*" in
*version*) echo v3.999.0 ;;
*wait*) trap 'exit 4' INT; exec 3<> "$PIPE"; echo > "$BEGAN"; read -r _ <&3; exit 3 ;;
esac
"""


@pytest.fixture
def pipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    program, pipe, began = tmp_path / "pulumi", tmp_path / "pipe", tmp_path / "began"
    program.write_text(PULUMI, encoding="utf-8")
    program.chmod(0o755)
    os.mkfifo(pipe)
    os.mkfifo(began)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setenv("PIPE", str(pipe))
    monkeypatch.setenv("BEGAN", str(began))
    return pipe


@pytest.fixture
def command(pipe: Path) -> Command:
    return Command()


@pytest.fixture
def waiting(command: Command, pipe: Path, tmp_path: Path) -> Iterator[Future[CommandResult]]:
    """The first one, which runs, after a second one has begun and succeeded."""
    with ThreadPoolExecutor() as pool:
        first = pool.submit(command.run, ["wait"], str(tmp_path), {})
        (tmp_path / "began").read_text(encoding="utf-8")
        command.run(["succeed"], str(tmp_path), {})
        yield first
        if not first.done():
            pipe.write_text("\n", encoding="utf-8")


def test_that_another_one_succeeds_does_not_make_a_failed_one_succeed(
    waiting: Future[CommandResult], pipe: Path
) -> None:
    pipe.write_text("\n", encoding="utf-8")
    with pytest.raises(CommandError, match="code: 3"):
        waiting.result(timeout=30)


def test_what_still_runs_is_interrupted(waiting: Future[CommandResult], command: Command) -> None:
    assert command.runs
    command.interrupt()
    with pytest.raises(CommandError, match="code: 4"):
        waiting.result(timeout=30)
    assert not command.runs
