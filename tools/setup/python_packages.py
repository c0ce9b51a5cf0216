"""The virtual environment: exactly the packages of requirements.lock, and the project itself."""

from __future__ import annotations

import hashlib
import sys
import venv

from infra.failure import Failure
from tools.setup.clone import CLONE, LOCK_FILE, PIP_INSTALL, VIRTUALENV
from tools.setup.progress import run, say

# Says for which lock file the packages were completely installed.
MARK = VIRTUALENV / "tenantnet.sha256"


def install() -> None:
    """Bring .venv to the state that the lock file describes."""
    wanted = _fingerprint()
    python = VIRTUALENV / "bin" / "python"
    if python.exists() and MARK.exists() and MARK.read_text(encoding="ascii") == wanted:
        say("Python packages: up to date")
        return
    MARK.unlink(missing_ok=True)
    if not python.exists():
        _create()
    run(
        "Python packages",
        [*PIP_INSTALL, "--require-hashes", "--requirement", LOCK_FILE],
        remedy="Check the network, and pip's own settings where a package index of your own is in use.",
        counted="lines of pip's",
    )
    # The build tool comes from the lock file too, instead of from wherever pip would fetch it.
    run(
        "Tenantnet itself",
        [*PIP_INSTALL, "--no-deps", "--no-build-isolation", "--editable", CLONE],
        remedy="Remove the directory .venv and run scripts/setup again.",
    )
    MARK.write_text(wanted, encoding="ascii")


def _create() -> None:
    # Cleared, because an interrupted set-up may have left a part of one.
    try:
        venv.create(VIRTUALENV, clear=True, with_pip=True, prompt="tenantnet")
    except Exception as error:
        raise Failure(
            "Python packages: the virtual environment could not be created",
            reason=f"{sys.executable} -m venv: {error}",
            remedy="Install the rest of this Python (on Debian: python3-venv), or put another Python >= 3.11 "
            "first on the PATH.",
        ) from error


def _fingerprint() -> str:
    """Changes whenever the packages must be installed anew."""
    parts = [
        LOCK_FILE.read_bytes(),
        (CLONE / "pyproject.toml").read_bytes(),
        sys.version.encode(),
        bytes(CLONE),
    ]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()
