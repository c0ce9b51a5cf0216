"""A `pulumi` that runs, while another thread runs one of its own: as the program of an update may."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest
from pulumi.automation import CommandError, CommandResult
from tenantnet.engine.process import StackProcess
from tenantnet.engine.update import Command

# Once something is written to the pipe, `linger` goes on and `wait` ends with 3; where it is interrupted
# it ends with 4.
PULUMI = """#!/bin/sh
case " $* " in
*version*) echo v3.999.0 ;;
*' linger '*) exec 3<> "$PIPE"; echo > "$BEGAN"; read -r _ <&3; echo said; echo went on >> "$DONE" ;;
*' up '*|*' refresh '*) echo "$*" >> "$DONE" ;;
*' wait '*) trap 'exit 4' INT; exec 3<> "$PIPE"; echo > "$BEGAN"; read -r _ <&3; exit 3 ;;
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
    monkeypatch.setenv("DONE", str(tmp_path / "done"))
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


@pytest.mark.parametrize("operation", ["up", "refresh"])
def test_after_an_interrupt_nothing_more_begins_and_what_is_left_can_be_read(
    command: Command, operation: str, tmp_path: Path
) -> None:
    command.interrupt()
    with pytest.raises(CommandError, match="interrupted before it began"):
        command.run([operation, "--yes"], str(tmp_path), {})
    assert command.run(["stack", "output"], str(tmp_path), {}).code == 0
    assert not (tmp_path / "done").exists()


class Interrupting(Mapping[str, str]):
    """Variables of a command that is interrupted while it is being started."""

    def __init__(self, command: Command) -> None:
        self._command = command

    def __iter__(self) -> Iterator[str]:
        assert self._command.runs
        self._command.interrupt()
        return iter(())

    def __getitem__(self, key: str) -> str:
        raise KeyError(key)

    def __len__(self) -> int:
        return 0


def test_an_interrupt_reaches_what_is_just_being_started(command: Command, tmp_path: Path) -> None:
    with pytest.raises(CommandError):
        command.run(["wait"], str(tmp_path), Interrupting(command))
    assert (command.interrupted, command.runs) == (1, False)


def test_what_is_no_text_does_not_hide_what_the_engine_said(command: Command, tmp_path: Path) -> None:
    (tmp_path / "pulumi").write_text("#!/bin/sh\nprintf 'a\\377b'\n", encoding="utf-8")
    assert command.run(["stack"], str(tmp_path), {}).stdout == "a\N{REPLACEMENT CHARACTER}b"


@pytest.mark.usefixtures("pipe")
def test_a_stack_that_was_interrupted_is_not_updated_once_its_process_begins(tmp_path: Path) -> None:
    process = StackProcess(tmp_path, "acme", tmp_path / "log")
    process.interrupt()
    waiting = asyncio.wait_for(process.run(["wait"], {}, began=lambda _: None), 30)
    result = asyncio.run(waiting)
    assert result.code in {-signal.SIGINT, 4}


@pytest.mark.usefixtures("pipe")
def test_a_refresh_says_what_an_update_would_put_back_whatever_the_shell_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    variable = "PULUMI_ENABLE_LEGACY_REFRESH_DIFF"
    monkeypatch.setenv(variable, "true")
    (tmp_path / "pulumi").write_text(f'#!/bin/sh\necho "${variable}"\n', encoding="utf-8")
    process = StackProcess(tmp_path, "acme", tmp_path / "log")
    asyncio.run(process.run(["refresh"], {}, began=lambda _: None))
    assert (tmp_path / "log").read_text(encoding="utf-8") == "false\n"


def test_what_has_begun_goes_on_when_the_process_that_began_it_is_killed(pipe: Path, tmp_path: Path) -> None:
    code = f"from tenantnet.engine.update import Command; Command().run(['linger'], {str(tmp_path)!r}, {{}})"
    with subprocess.Popen([sys.executable, "-c", code]) as beginner:
        (tmp_path / "began").read_text(encoding="utf-8")
        beginner.kill()
    pipe.write_text("\n", encoding="utf-8")
    done, end = tmp_path / "done", time.monotonic() + 30
    while not done.exists() and time.monotonic() < end:
        time.sleep(0.05)
    assert done.read_text(encoding="utf-8") == "went on\n"
