"""Long tasks: run, shown while they run, explained when they fail."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TextIO

from tenantnet.failure import Failure

FIRST_SIGN = 2.0  # seconds of silence that nobody minds
SIGN_EVERY = 30.0  # seconds between two lines, where a line cannot be overwritten
LINES_KEPT = 15  # of a failed command's output
PAUSE = 0.2
KEPT = "What was complete before is kept: the next run goes on from there."


def say(line: str) -> None:
    """Tell the user, at once."""
    print(line, flush=True)


def duration(seconds: float) -> str:
    """1 min 20 s."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


class Progress:
    """Shows that a task goes on, and for how long already: `Pulumi CLI … 1 min 20 s, 312 packages`."""

    def __init__(self, title: str) -> None:
        self._title = title
        self._started = time.monotonic()
        self._next_sign = self._started + FIRST_SIGN
        self._line_open = False

    @property
    def elapsed(self) -> str:
        """The time since the start, for people."""
        return duration(time.monotonic() - self._started)

    def tick(self, detail: str) -> None:
        """Give a sign if one is due."""
        if time.monotonic() < self._next_sign:
            return
        line = ", ".join(filter(None, [f"{self._title} … {self.elapsed}", detail]))
        if sys.stdout.isatty():
            print(f"\r\033[K{line}", end="", flush=True)
            self._line_open = True
        else:
            say(line)
            self._next_sign = time.monotonic() + SIGN_EVERY

    def end(self) -> None:
        """Clear the line for what comes next."""
        if self._line_open:
            print("\r\033[K", end="")


def run(
    title: str,
    command: Sequence[str | Path],
    *,
    remedy: str,
    cwd: Path | None = None,
    environment: Mapping[str, str] | None = None,
    counted: str = "",
) -> None:
    """Run a command that may take long.

    counted: what each line that it prints stands for, `packages`, where a count says how far it is.
    Raises Failure with its last lines when it fails.
    """
    progress = Progress(title)
    with (
        tempfile.NamedTemporaryFile() as output,
        Path(output.name).open(errors="replace") as reader,
        subprocess.Popen(
            [str(word) for word in command],
            cwd=cwd,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        ) as process,
    ):
        last_lines = _follow(process, reader, progress, counted)
    progress.end()
    if process.returncode != 0:
        words = "".join(f"\n    {line}" for line in last_lines)
        raise Failure(
            f"{title}: failed after {progress.elapsed}",
            reason=f"{Path(command[0]).name} ended with {process.returncode}, its last words:{words}",
            remedy=remedy,
            state=KEPT,
        )
    say(f"{title}: done in {progress.elapsed}")


def _follow(
    process: subprocess.Popen[bytes], output: TextIO, progress: Progress, counted: str
) -> Iterable[str]:
    """Show how far it is until it ends; its last lines."""
    last_lines: deque[str] = deque(maxlen=LINES_KEPT)
    lines = 0
    while True:
        ended = process.poll() is not None
        for line in output:
            last_lines.append(line.rstrip())
            lines += 1
        if ended:
            return last_lines
        progress.tick(f"{lines} {counted}" if counted else "")
        time.sleep(PAUSE)
