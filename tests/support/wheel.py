"""A wheel of the clone, built in a copy, so that nothing of the build is left in it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from tests.support.clone import CLONE

PIP = [sys.executable, "-m", "pip", "--disable-pip-version-check", "-q"]
ALONE = ["--no-index", "--no-deps"]


def build_wheel(place: Path) -> Path:
    """The wheel, in the folder `place`, which must be there."""
    source = place / "source"
    for name in ("infra", "policies", "local_cloud"):
        shutil.copytree(CLONE / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "setup.py", "README.md", "LICENSE"):
        shutil.copy(CLONE / name, source)
    options = [*ALONE, "--no-build-isolation", "--wheel-dir", str(place)]
    subprocess.run([*PIP, "wheel", *options, str(source)], check=True)
    [wheel] = place.glob("tenantnet-*.whl")
    return wheel


def install_wheel(wheel: Path, venv: Path) -> None:
    """Install it without what it requires, in the place of another build of it."""
    into = ["--python", str(venv / "bin" / "python")]
    subprocess.run([*PIP, *into, "install", *ALONE, "--force-reinstall", str(wheel)], check=True)
