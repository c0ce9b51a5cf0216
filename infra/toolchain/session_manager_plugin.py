"""AWS's Session Manager plugin, which carries the tunnels: an official one, else one built here."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from tenantnet.failure import Failure
from tenantnet.toolchain import parts
from tenantnet.toolchain.cache import link
from tenantnet.toolchain.places import home
from tenantnet.toolchain.progress import say


def install() -> None:
    """See that there is a plugin; a machine that cannot have it goes on without tunnels."""
    plugin = home() / ".tools" / "bin" / parts.SESSION_MANAGER_PLUGIN.program
    official = find_official(os.environ.get("PATH", os.defpath))
    if official is not None:
        # Else the one that was built before would come first in the PATH of `tenantnet local env`.
        plugin.unlink(missing_ok=True)
        say(f"Session Manager plugin: the official one, {official}")
        return
    try:
        link(parts.build(parts.SESSION_MANAGER_PLUGIN), plugin)
    except Failure as failure:
        sys.stderr.write(f"{failure}\n")
        return
    say(f"Session Manager plugin: built here, {plugin}")


def find_official(path: str) -> Path | None:
    """The plugin on a PATH, without those that clones built for themselves."""
    folders = [folder for folder in path.split(os.pathsep) if Path(folder).parts[-2:] != (".tools", "bin")]
    found = shutil.which(parts.SESSION_MANAGER_PLUGIN.program, path=os.pathsep.join(folders))
    return Path(found) if found else None
