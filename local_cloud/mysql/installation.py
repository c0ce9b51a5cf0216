"""The program that runs the local cloud's databases, as install.py leaves it in the cache."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from tenantnet.local_cloud.mysql.dialects import MARIADB, MYSQL, MYSQL_9, Dialect

VERSION = "8.0.15"


class Generation(StrEnum):
    """RDS's 8.4 lies between the two; the later one has given up the same words as 8.4."""

    MYSQL_8_0 = "8.0"
    MYSQL_9_7 = "9.7"


# Changes with everything that makes a finished installation another one: the template's options, say.
REVISION = 1
INSTALL_COMMAND = "python -m tenantnet.local_cloud.mysql.install"
# About 100 MB a server instead of 380. What they hold ends with the local cloud, so nothing waits for a disk:
# a write is safe in the kernel's memory from a killed server, which is what the databases must survive.
SMALL = (
    "--innodb-buffer-pool-size=32M",
    "--innodb-log-buffer-size=1M",
    "--innodb-flush-method=nosync",
    # With asynchronous writes a stopped process would still write, and a snapshot of it be torn.
    "--innodb-use-native-aio=OFF",
    "--sync-binlog=0",
    "--performance-schema=OFF",
    "--table-open-cache=400",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """folder: holds template/, an initialised data directory whose one administrator, rdsadmin@localhost, is
    reached through the Unix socket only; and, without a program of the system's, bin/mysqld and its parts.
    """

    title: str
    folder: Path
    dialect: Dialect
    system_program: str | None = None

    @property
    def template(self) -> Path:
        return self.folder / "template"

    @property
    def parts(self) -> tuple[str, ...]:
        """The folders of the program."""
        return () if self.system_program else ("bin", "lib", "share")

    def program(self, folder: Path | None = None) -> list[str]:
        """The command line up to the options that a server has of its own.

        folder: where a copy of the program's parts is that is to be run instead.
        """
        if self.system_program:
            return [self.system_program, "--no-defaults", *SMALL, self.dialect.redo_log]
        base = folder or self.folder
        where = [f"--basedir={base}", f"--lc-messages-dir={base / 'share'}"]
        return [str(base / "bin" / "mysqld"), "--no-defaults", *where, *SMALL, self.dialect.redo_log]

    def complaint(self) -> str | None:
        """Why the program does not run here, in the loader's words; None where it runs."""
        try:
            ended = _version(self.program()[0])
        except OSError as error:
            return f"{error.filename}: {error.strerror}"
        return None if ended.returncode == 0 else ended.stderr.strip()


def cache() -> Path:
    """The folder that all clones of a user share; it need not exist."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tenantnet"


def mysql(generation: Generation = Generation.MYSQL_8_0) -> Installation:
    """MySQL of a generation where it belongs, complete or not there at all."""
    if generation is Generation.MYSQL_9_7:
        folder = cache() / f"mysql-{generation}-{REVISION}"
        return Installation(title=f"MySQL {generation}", folder=folder, dialect=MYSQL_9)
    return Installation(
        title=f"MySQL {VERSION}", folder=cache() / f"mysql-{VERSION}-{REVISION}", dialect=MYSQL
    )


def mariadb() -> Installation | None:
    """The system's MariaDB, with or without a template in the cache; None where the system has none."""
    program = shutil.which("mariadbd", path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin")
    if not program:
        return None
    said = _version(program).stdout
    version = found[1] if (found := re.search(r"Ver (\d+\.\d+\.\d+)", said)) else "of unknown version"
    return Installation(
        title=f"MariaDB {version}",
        folder=cache() / f"mariadb-{version}-{REVISION}",
        dialect=MARIADB,
        system_program=program,
    )


def find(generation: Generation = Generation.MYSQL_8_0) -> Installation | str:
    """What was installed: this generation, else what can stand for it and says so; or why nothing runs."""
    complaint = None
    wanted = mysql(generation)
    for installation in (wanted, mysql(), mariadb()):
        if installation and installation.folder.is_dir():
            complaint = installation.complaint()
            if complaint is None:
                instead = "" if installation == wanted else f", for {wanted.title} is not installed"
                return replace(installation, title=f"{installation.title}{instead}")
    return f"{complaint or 'no MySQL is installed for it'}; to install one: {INSTALL_COMMAND}"


def _version(program: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [program, "--no-defaults", "--version"], capture_output=True, text=True, check=False, timeout=30
    )
