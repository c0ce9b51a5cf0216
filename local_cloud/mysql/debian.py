"""Fetches the later MySQL from Debian, with every library it needs, and leaves the system as it is.

apt works on folders of its own here: an empty list of installed packages lets it fetch the C library too.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

SUITE = "sid"
PACKAGE = "mysql-server-core"
LOADER = "usr/lib64/ld-linux-x86-64.so.2"
LIBRARIES = "usr/lib/x86_64-linux-gnu"
# What the installation has instead of a program: it runs with the C library that came with it.
STARTER = """#!/bin/sh
here="${0%/bin/*}"
exec "$here/lib/ld-linux-x86-64.so.2" --library-path "$here/lib" "$here/lib/mysqld" "$@"
"""


class NotToBeHad(Exception):  # noqa: N818 - what it says is a reason, not yet an error
    """Why this machine cannot have it."""


def fetch(series: str, work: Path, folder: Path) -> None:
    """Put bin/, lib/ and share/ of a series (`9.7`) into a folder that is not there yet.

    work: an empty folder for what is fetched. Raises NotToBeHad.
    """
    for program in ("apt-get", "apt-cache", "dpkg"):
        if not shutil.which(program):
            raise NotToBeHad(f"{program} is not on the PATH: only Debian and its kin have this package")
    options = _own_apt(work)
    _run(["apt-get", *options, "-qq", "update"])
    version = _candidate(_run(["apt-cache", *options, "policy", PACKAGE]))
    if not version.startswith(f"{series}."):
        raise NotToBeHad(f"Debian has {PACKAGE} {version or 'no more'}, not {series}")
    _run(["apt-get", *options, "-qq", "-y", "--download-only", "install", f"{PACKAGE}={version}"])
    root = work / "root"
    for package in sorted((work / "cache" / "archives").glob("*.deb")):
        _run(["dpkg", "-x", str(package), str(root)])
    _lay_out(root, folder)


def _own_apt(work: Path) -> list[str]:
    """apt's options: the machine's mirror and keys, the other suite, and nothing of the system's state."""
    mirror, keys = _mirror()
    signed = f"[signed-by={keys}] " if keys else ""
    sources = work / "sources.list"
    sources.write_text(f"deb {signed}{mirror} {SUITE} main\n")
    for needed in ("lists/partial", "cache/archives/partial"):
        (work / needed).mkdir(parents=True)
    (work / "status").touch()
    chosen = {
        "Dir::Etc::SourceList": sources,
        "Dir::Etc::SourceParts": "/dev/null",
        "Dir::Etc::Preferences": "/dev/null",
        "Dir::Etc::PreferencesParts": "/dev/null",
        "Dir::State": work,
        "Dir::State::status": work / "status",
        "Dir::Cache": work / "cache",
        "Acquire::Languages": "none",
        "Acquire::IndexTargets::deb::DEP-11::DefaultEnabled": "false",
        "APT::Install-Recommends": "false",
        "APT::Architecture": "amd64",
        # apt's own user has no way into this folder.
        "APT::Sandbox::User": "root",
    }
    return [part for name, value in chosen.items() for part in ("-o", f"{name}={value}")]


def _mirror() -> tuple[str, str]:
    """The address and the keys of the Debian mirror that this machine's apt uses."""
    shown = _run(["apt-get", "indextargets", "--format", "$(REPO_URI) $(SIGNED_BY)", "Created-By: Packages"])
    for line in shown.splitlines():
        address, _, keys = line.partition(" ")
        if address.rstrip("/").endswith("/debian"):
            return address, keys if keys.startswith("/") else ""
    raise NotToBeHad("this machine's apt has no mirror of Debian's archive among its sources")


def _candidate(policy: str) -> str:
    found = re.search(r"Candidate: (\d\S*)", policy)
    return found[1] if found else ""


def _lay_out(root: Path, folder: Path) -> None:
    """Keep of the unpacked packages what the server needs: a fifth of them."""
    program = root / "usr/sbin/mysqld"
    path = f"{root / LIBRARIES}:{root / 'usr/lib/mysql/private'}"
    needed = _run([str(root / LOADER), "--library-path", path, "--list", str(program)])
    library = folder / "lib"
    library.mkdir(parents=True)
    found = [Path(match) for match in re.findall(r"=> (/\S+)", needed) if match.startswith(str(root))]
    for file in {program, root / LOADER, *found}:
        shutil.copy2(file, library / file.name)
    shutil.copytree(root / "usr/share/mysql", folder / "share")
    starter = folder / "bin" / "mysqld"
    starter.parent.mkdir()
    starter.write_text(STARTER)
    starter.chmod(0o755)


def _run(command: Sequence[str]) -> str:
    ended = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if ended.returncode != 0:
        said = (ended.stderr or ended.stdout).strip().splitlines()[-3:]
        raise NotToBeHad("; ".join([f"{Path(command[0]).name} ended with {ended.returncode}", *said]))
    return ended.stdout
