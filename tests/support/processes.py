"""Processes of tests."""

from __future__ import annotations

import subprocess
from types import TracebackType
from typing import AnyStr


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
