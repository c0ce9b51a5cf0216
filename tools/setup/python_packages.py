"""The virtual environment: exactly the packages of requirements.lock, and the project itself.

The packages are installed once a machine, in the cache, and linked from there: that takes a second instead
of a minute. Clones may share files because nothing writes into an installed one: pip replaces files.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
import tempfile
import venv
from pathlib import Path

from tenantnet.failure import Failure
from tenantnet.toolchain.cache import PIP_INSTALL, UNFINISHED, alone_in, cache, remove_left_overs
from tenantnet.toolchain.progress import run, say

from tools.setup.clone import CLONE, LOCK_FILE, VIRTUALENV

# Both say for what state of their sources the environment was completed.
PACKAGES_MARK, PROJECT_MARK = "packages.sha256", "project.sha256"
# The directory that an environment in the cache was made in, and that its scripts therefore name.
ORIGIN = "origin"
# For the shell the second line is its last; for Python it is a string that goes on to the third. A plain `#!`
# would not bear blanks in the path.
SCRIPT_HEAD = b"#!/bin/sh\n'''exec' \"%s\" \"$0\" \"$@\"\n' '''\n"


def install() -> None:
    """Bring .venv to the state that the lock file and pyproject.toml describe."""
    packages, project = _fingerprints()
    if not _is_marked(PACKAGES_MARK, packages):
        _install_packages(packages)
    if not _is_marked(PROJECT_MARK, project):
        run(
            "Tenantnet itself",
            # Its build tool comes from the lock file too, instead of from wherever pip would fetch it.
            [
                VIRTUALENV / "bin" / "python",
                *PIP_INSTALL,
                "--no-deps",
                "--no-build-isolation",
                "--editable",
                CLONE,
            ],
            remedy="Remove the directory .venv and run scripts/setup again.",
        )
        (VIRTUALENV / PROJECT_MARK).write_text(project, encoding="ascii")
    say("Python packages: as requirements.lock has them")


def relocate(environment: Path, target: Path, *, name: Path) -> None:
    """Make of a virtual environment in the cache one that will be called `name`, with shared files."""
    origin = (environment / ORIGIN).read_text(encoding="utf-8")
    shutil.copytree(environment, target, symlinks=True, copy_function=_link_or_copy)
    for path in [target / "pyvenv.cfg", *(target / "bin").iterdir()]:
        content = path.read_bytes() if path.is_file() and not path.is_symlink() else b""
        if origin.encode() in content:
            mode = path.stat().st_mode
            path.unlink()  # it is shared: write a new file, not into this one
            path.write_bytes(_renamed(content, origin.encode(), str(name).encode()))
            path.chmod(mode)


def _install_packages(fingerprint: str) -> None:
    environment = cache() / f"python-{fingerprint[:12]}"
    with alone_in(cache()):
        remove_left_overs()
        if not environment.exists():
            _build(environment)
    new, old = VIRTUALENV.with_name(".venv.new"), VIRTUALENV.with_name(".venv.old")
    for left_over in (new, old):
        shutil.rmtree(left_over, ignore_errors=True)
    relocate(environment, new, name=VIRTUALENV)
    (new / PACKAGES_MARK).write_text(fingerprint, encoding="ascii")
    if VIRTUALENV.exists():
        VIRTUALENV.rename(old)
    new.rename(VIRTUALENV)
    shutil.rmtree(old, ignore_errors=True)


def _build(environment: Path) -> None:
    with tempfile.TemporaryDirectory(prefix=UNFINISHED, dir=cache()) as unfinished:
        try:
            venv.create(unfinished, clear=True, with_pip=True, prompt="tenantnet")
        except Exception as error:
            raise Failure(
                "Python packages: no virtual environment could be created",
                reason=f"{sys.executable} -m venv: {error}",
                remedy="Install the rest of this Python (on Debian: python3-venv), or put another Python, "
                "3.11 or newer, first on the PATH.",
            ) from error
        run(
            "Python packages",
            [Path(unfinished, "bin", "python"), *PIP_INSTALL, "--require-hashes", "--requirement", LOCK_FILE],
            remedy="Check the network, and pip's own settings where a package index of your own is in use.",
            counted="lines of pip's",
        )
        Path(unfinished, ORIGIN).write_text(unfinished, encoding="utf-8")
        Path(unfinished).rename(environment)


def _renamed(content: bytes, origin: bytes, name: bytes) -> bytes:
    first, _, rest = content.partition(b"\n")
    if first.startswith(b"#!") and origin in first:
        return SCRIPT_HEAD % first.removeprefix(b"#!").strip().replace(origin, name) + rest
    return content.replace(origin, name)


def _link_or_copy(source: str, target: str) -> str:
    try:
        os.link(source, target)
    except OSError:  # another file system
        shutil.copy2(source, target)
    return target


def _is_marked(mark: str, fingerprint: str) -> bool:
    path = VIRTUALENV / mark
    return path.exists() and path.read_text(encoding="ascii") == fingerprint


def _fingerprints() -> tuple[str, str]:
    """Of the packages and of the project: each changes whenever it must be installed anew."""
    packages = hashlib.sha256(LOCK_FILE.read_bytes() + f"{sys.version}{sys.base_prefix}".encode())
    described = b"".join((CLONE / name).read_bytes() for name in ("pyproject.toml", "setup.py"))
    project = hashlib.sha256(described + bytes(CLONE))
    return packages.hexdigest(), project.hexdigest()
