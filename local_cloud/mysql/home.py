"""Where the servers of one local cloud keep their files, and as which user they run."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import tempfile
from itertools import count
from pathlib import Path

from tenantnet.local_cloud.mysql.dialects import Dialect
from tenantnet.local_cloud.mysql.installation import Installation
from tenantnet.local_cloud.state import StateDir

# systemd's for users without a name, of whom nothing else runs: whatever else is `nobody` shares its files.
NAMELESS_USERS = range(61_184, 65_520)


class Home:
    """Made when it is first needed.

    It is in the state directory. For root it is a folder in the temporary directory that the state directory
    links to, with a copy of the program: the servers then run as a user without a name, who may have no way
    to files of root.
    """

    def __init__(self, state: StateDir, installation: Installation) -> None:
        self._installation = installation
        self._place = place(state)
        self._is_root = os.geteuid() == 0
        self._user = secrets.choice(NAMELESS_USERS)
        self._numbers = count(1)
        self._ready = False

    @property
    def as_user(self) -> list[str]:
        """What to put before a server's command line. The kernel ends the server when its starter dies."""
        tied = ["setpriv", "--pdeathsig=KILL"]
        if self._is_root:
            tied += [f"--reuid={self._user}", f"--regid={self._user}", "--clear-groups"]
        return tied

    @property
    def dialect(self) -> Dialect:
        return self._installation.dialect

    def program(self) -> list[str]:
        """The command line of the program that is to be run."""
        return self._installation.program(self._place.resolve() / "program" if self._is_root else None)

    def new_folder(self, kind: str) -> Path:
        """A new folder that only the servers' user may look into."""
        folder = self._place.resolve() / f"{kind}-{next(self._numbers)}"
        folder.mkdir(mode=0o700)
        self.give(folder)
        return folder

    def copy_template(self, target: Path) -> None:
        """Make a data directory without a past."""
        copy(self._installation.template, target)
        self.give(target)

    def give(self, path: Path) -> None:
        """Let a file or a whole folder be the servers' user's."""
        if self._is_root:
            for found in (path, *path.rglob("*")):
                os.chown(found, self._user, self._user)

    def make(self) -> None:
        """Make it, once, empty."""
        if self._ready:
            return
        self.remove()
        if self._is_root:
            folder = Path(tempfile.mkdtemp(prefix="tenantnet-mysql-"))
            folder.chmod(0o711)
            self._place.symlink_to(folder)
            (folder / "program").mkdir()
            (folder / "program").chmod(0o755)
            for part in self._installation.parts:
                copy(self._installation.folder / part, folder / "program" / part)
        else:
            self._place.mkdir(mode=0o711)
        self._ready = True

    def remove(self) -> None:
        """Remove it with all that is in it; it can be made again."""
        remove_left_over(self._place)
        self._ready = False


def place(state: StateDir) -> Path:
    """Where a cloud's servers keep their files, or what leads there; it need not exist."""
    return state.path / "mysql"


def remove_left_over(home: Path) -> None:
    """Remove what stands at place(), of a cloud that is gone."""
    if home.is_symlink():
        shutil.rmtree(home.resolve(), ignore_errors=True)
        home.unlink()
    shutil.rmtree(home, ignore_errors=True)


def copy(source: Path, target: Path) -> None:
    """Copy a folder to a path that is not there yet; where the file system can, without copying a byte."""
    subprocess.run(["cp", "-a", "--reflink=auto", source, target], check=True)
