"""The MySQL program that runs the local cloud's databases, as install.py leaves it in the cache."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

VERSION = "8.0.15"
# Changes with everything that makes a finished installation another one: the template's options, say.
REVISION = 1
INSTALL_COMMAND = "python -m infra.local.mysql.install"


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """folder: bin/mysqld with what it needs beside it, and template/, an initialised data directory whose one
    administrator, rdsadmin@localhost, is reached through the Unix socket only."""

    folder: Path

    @property
    def title(self) -> str:
        return f"MySQL {VERSION}"

    @property
    def template(self) -> Path:
        return self.folder / "template"

    def program(self, folder: Path | None = None) -> list[str]:
        """The command line up to the options that a server has of its own.

        folder: where a copy of the installation stands that is to be run instead.
        """
        base = folder or self.folder
        return [
            str(base / "bin" / "mysqld"),
            "--no-defaults",
            f"--basedir={base}",
            f"--lc-messages-dir={base / 'share'}",
            *SMALL,
        ]

    def complaint(self) -> str | None:
        """Why the program does not run here, in the loader's words; None where it runs."""
        try:
            ended = subprocess.run(
                [self.folder / "bin" / "mysqld", "--version"],
                capture_output=True,
                text=True,
                check=False,
                timeout=30,
            )
        except OSError as error:
            return f"{error.filename}: {error.strerror}"
        return None if ended.returncode == 0 else ended.stderr.strip()


# About 100 MB a server instead of 380. What they hold ends with the local cloud, so nothing waits for a disk:
# a write is safe in the kernel's memory from a killed server, which is what the databases must survive.
SMALL = [
    "--innodb-buffer-pool-size=32M",
    "--innodb-log-file-size=4M",
    "--innodb-log-buffer-size=1M",
    "--innodb-flush-method=nosync",
    # With asynchronous writes a stopped process would still write, and a snapshot of it be torn.
    "--innodb-use-native-aio=OFF",
    "--sync-binlog=0",
    "--performance-schema=OFF",
    "--table-open-cache=400",
]


def cache() -> Path:
    """The folder that all clones of a user share; it need not exist."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tenantnet"


def cached() -> Installation:
    """The installation where it belongs, complete or not there at all."""
    return Installation(folder=cache() / f"mysql-{VERSION}-{REVISION}")


def find() -> Installation | str:
    """The installation, or why there is none that runs."""
    installation = cached()
    if not installation.folder.is_dir():
        return f"no MySQL is installed for it; to install one: {INSTALL_COMMAND}"
    complaint = installation.complaint()
    return f"MySQL does not run here: {complaint}" if complaint else installation
