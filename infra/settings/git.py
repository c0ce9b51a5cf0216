"""Runs git beside the settings files."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from tenantnet.failure import Failure


@dataclass(frozen=True, slots=True, kw_only=True)
class Git:
    """git in a folder. task: what it is run for, as in "Could not …". remedy: what to do where it fails.

    variables: over this process's own.
    """

    folder: Path
    task: str
    remedy: str
    variables: Mapping[str, str] = field(default_factory=dict)

    def ask(self, *arguments: str, given: str | None = None) -> str:
        """What git prints, as it is. given: its standard input. Raises Failure if git fails."""
        done = self.run(*arguments, given=given)
        if done.returncode != 0:
            raise self.failed(said(done))
        return done.stdout.decode(errors="surrogateescape")

    def run(
        self, *arguments: str, given: str | None = None, output: IO[bytes] | int = subprocess.PIPE
    ) -> subprocess.CompletedProcess[bytes]:
        """One run, whatever its exit code. output: where it prints. Raises Failure if there is no git."""
        command = ["git", "-C", str(self.folder), *arguments]
        try:
            return subprocess.run(
                command,
                input=(given or "").encode(errors="surrogateescape"),
                stdout=output,
                stderr=subprocess.PIPE,
                env={**os.environ, **self.variables},
                check=False,
            )
        except OSError as error:
            raise self.failed(str(error)) from None

    def failed(self, reason: str) -> Failure:
        """The failure of the task."""
        return Failure(f"Could not {self.task}.", reason=reason, remedy=self.remedy)


def said(done: subprocess.CompletedProcess[bytes]) -> str:
    """What git says about an error, without the blanks around it."""
    return done.stderr.decode(errors="replace").strip()
