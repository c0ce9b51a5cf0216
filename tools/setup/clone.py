"""This clone: where its parts are, and what its lock file pins."""

from __future__ import annotations

import re
from pathlib import Path

CLONE = Path(__file__).resolve().parents[2]
VIRTUALENV = CLONE / ".venv"
LOCK_FILE = CLONE / "requirements.lock"


def pinned_version(package: str) -> str:
    """The version of a package in requirements.lock."""
    found = re.search(rf"^{re.escape(package)}==(\S+)", LOCK_FILE.read_text(encoding="utf-8"), re.MULTILINE)
    if found is None:
        raise LookupError(f"{LOCK_FILE.name} pins no {package}")
    return found[1]
