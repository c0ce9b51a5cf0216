"""Debian's packages that a test needs, installed where this machine lets it."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence

LIMIT_SECONDS = 300


def install(packages: Sequence[str]) -> str | None:
    """What is in the way; None where they are installed now."""
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return "only root can install it, with apt-get"
    for command in (["update"], ["install", "--yes", "--no-install-recommends", *packages]):
        try:
            done = subprocess.run(
                ["apt-get", "--quiet", "--option", "DPkg::Lock::Timeout=120", *command],
                env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
                capture_output=True,
                text=True,
                timeout=LIMIT_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return f"apt-get {command[0]} does not end"
        if done.returncode:
            return f"apt-get {command[0]} fails: {done.stderr.strip()}"
    return None
