"""Debian's Libreswan, unpacked and not installed: its package cannot stand beside strongSwan's."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.support.vpn_lab import Host, run

# Libreswan's own programs, and the libraries that strongSwan and the system do not bring.
PACKAGES = (
    *("libreswan", "libnss3", "libnss3-tools", "libnspr4", "libldns3", "libunbound8"),
    *("libevent-core-2.1-7", "libevent-pthreads-2.1-7", "libcurl3-nss"),
)
LIMIT_SECONDS = 120
# What makes these places of a process its own. The libraries of the machine stay.
PRIVATE = " && ".join(
    f'mount --bind "$1/{mine}" "/{place}"'
    for mine, place in (
        ("usr/libexec", "usr/libexec"),
        ("etc", "etc"),
        ("run", "run"),
        ("var/lib", "var/lib"),
    )
)


def unpack(folder: Path) -> str | None:
    """Put it into a folder that is not there yet; what is in the way, None if nothing is."""
    folder.mkdir(parents=True)
    with suppress(OSError, subprocess.SubprocessError):
        fetched = subprocess.run(
            ["apt-get", "--quiet", "download", *PACKAGES],
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=LIMIT_SECONDS,
            check=False,
        )
        if fetched.returncode:
            return f"apt-get download fails: {fetched.stderr.strip()}"
        for package in folder.glob("*.deb"):
            run(["dpkg", "--extract", str(package), str(folder)])
        return None
    return "only Debian and its kin have the package"


class Libreswan:
    """The unpacked package as the gateway of a host, with an /etc, a /run and a /var/lib of its own."""

    def __init__(self, folder: Path, host: Host) -> None:
        self.folder, self.host = folder, host
        for place in ("run/pluto", "var/lib/ipsec/nss"):
            (folder / place).mkdir(parents=True, exist_ok=True)
        # It asks for nothing by name; its resolver wants the file.
        (folder / "etc" / "resolv.conf").write_text("nameserver 127.0.0.1\n")
        self._do("certutil -N -d sql:/var/lib/ipsec/nss --empty-password")

    def shell(self, script: str, guide: Path) -> None:
        """Run a script as root of this machine, in the guide's folder."""
        self._do(f'cd "{guide}" && {{ {script}\n}}')

    def check(self) -> subprocess.CompletedProcess[str]:
        """What its own parser says of what is configured."""
        return self._do("/usr/libexec/ipsec/addconn --checkconfig", check=False)

    @contextmanager
    def running(self) -> Iterator[None]:
        """With the daemon, and all connections that are to start."""
        command = self._inside("exec /usr/libexec/ipsec/pluto --nofork --logfile /run/pluto.log")
        with (
            (self.folder / "output.log").open("ab") as log,
            subprocess.Popen(command, env=self._variables, stdout=log, stderr=log) as process,
        ):
            try:
                yield
            finally:
                process.kill()

    def log(self) -> str:
        path = self.folder / "run" / "pluto.log"
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""

    @property
    def _variables(self) -> dict[str, str]:
        libraries = self.folder / "usr" / "lib" / "x86_64-linux-gnu"
        programs = f"{self.folder / 'usr' / 'bin'}:{os.environ['PATH']}"
        return {**os.environ, "LD_LIBRARY_PATH": str(libraries), "PATH": programs}

    def _inside(self, command: str) -> Sequence[str]:
        return self.host.inside("sh", "-c", f"{PRIVATE} && {command}", "sh", str(self.folder))

    def _do(self, command: str, *, check: bool = True) -> subprocess.CompletedProcess[str]:
        return run(self._inside(command), check=check, variables=self._variables)
