"""AWS's Session Manager plugin, which carries the tunnels: an official one, else one built here."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from tenantnet.failure import Failure

from tools.setup import parts
from tools.setup.clone import CLONE, link
from tools.setup.progress import say

TOOLS = CLONE / ".tools"
PLUGIN = TOOLS / "bin" / parts.SESSION_MANAGER_PLUGIN.program


def install() -> None:
    """See that there is a plugin; a machine that cannot have it goes on without tunnels."""
    official = find_official(os.environ.get("PATH", os.defpath))
    if official is not None:
        # Else the one that was built before would come first in the PATH of `tenantnet local env`.
        PLUGIN.unlink(missing_ok=True)
        say(f"Session Manager plugin: the official one, {official}")
        return
    try:
        link(parts.build(parts.SESSION_MANAGER_PLUGIN), PLUGIN)
    except Failure as failure:
        sys.stderr.write(f"{failure}\n")
        return
    say(f"Session Manager plugin: built here, {PLUGIN}")


def find_official(path: str) -> Path | None:
    """The plugin on a PATH, without those that clones built for themselves."""
    folders = [folder for folder in path.split(os.pathsep) if Path(folder).parts[-2:] != (".tools", "bin")]
    found = shutil.which(PLUGIN.name, path=os.pathsep.join(folders))
    return Path(found) if found else None
