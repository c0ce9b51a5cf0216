"""Processes of tests."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import AnyStr

from tenacity import Retrying, retry_if_result, stop_after_delay, wait_fixed

# The provider waits 80 s after each change of a database; making a replica takes three of them.
STEP_SECONDS = 600


class Begun(subprocess.Popen[AnyStr]):
    """A process that ends with a test that fails: `with` waits for it only where nothing was raised.

    Popen itself waits without a limit. A tunnel or a watch, which nobody ends then, would hold up all tests.
    """

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if exc_type:
            self.kill()
        super().__exit__(exc_type, value, traceback)


def a_program(path: Path, text: str) -> Path:
    """A script for sh, made with the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


def wait_until(condition: Callable[[], object], seconds: float = STEP_SECONDS) -> None:
    Retrying(
        retry=retry_if_result(lambda holds: not holds), stop=stop_after_delay(seconds), wait=wait_fixed(0.1)
    )(condition)
