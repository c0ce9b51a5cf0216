"""Whether this machine can have strongSwan in network namespaces; it is installed where it can be."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from uuid import uuid4

from tests.support.debian import install

CHARON = Path("/usr/lib/ipsec/charon")
PACKAGES = (
    "iproute2",
    "iputils-ping",
    "libcharon-extra-plugins",
    "libstrongswan-extra-plugins",
    "libstrongswan-standard-plugins",
    "strongswan-charon",
    "strongswan-swanctl",
)


def why_not() -> str | None:
    """What is in the way on this machine; None where nothing is."""
    if os.geteuid() != 0:
        return "network namespaces need root"
    if not Path("/dev/net/tun").exists():
        return "there is no /dev/net/tun"
    if not _installed() and (problem := install(PACKAGES) or _missing()):
        return f"it has no strongSwan with kernel-libipsec: {problem}"
    name = f"tn{uuid4().hex[:8]}"
    made = subprocess.run(["ip", "netns", "add", name], capture_output=True, text=True, check=False)
    if made.returncode:
        return f"network namespaces cannot be made: {made.stderr.strip()}"
    subprocess.run(["ip", "netns", "delete", name], check=True)
    return None


def _installed() -> bool:
    plugin = CHARON.parent / "plugins" / "libstrongswan-kernel-libipsec.so"
    return (
        CHARON.exists() and plugin.exists() and all(map(shutil.which, ("swanctl", "ip", "ping", "nsenter")))
    )


def _missing() -> str | None:
    return None if _installed() else "it is not where Debian's packages put it"
