"""Everything that is found or built: the engine, MySQL for the local cloud, Session Manager's plugin."""

from __future__ import annotations

import shutil
import sys

from tenantnet.failure import Failure
from tenantnet.toolchain import official_engine, own_engine, session_manager_plugin
from tenantnet.toolchain.cache import alone_in
from tenantnet.toolchain.places import home, python
from tenantnet.toolchain.progress import run, say


def install(aws_version: str) -> None:
    """Do what is missing, for the clone or for the project that the working directory is in.

    aws_version: of the AWS plugin. Raises Failure where no engine can be had; all else is only said.
    """
    with alone_in(home()):
        _install_engine(aws_version)
        _install_databases()
        session_manager_plugin.install()


def install_first(aws_version: str) -> None:
    """Do the same in a project that has no engine at all: without one nothing there can be deployed."""
    if shutil.which("pulumi") or own_engine.is_there() or not (home() / "Pulumi.yaml").is_file():
        return
    say("There is no Pulumi on the path: one is built first, which takes up to 15 minutes on a new machine.")
    install(aws_version)


def _install_engine(aws_version: str) -> None:
    # Who has an own engine must not try the download again every time.
    official = official_engine.find(aws_version, may_download=not own_engine.is_there())
    if official is None:
        own_engine.install(aws_version)
        return
    own_engine.remove()
    say(f"Engine: the official one, {official}, with its AWS plugin {aws_version}")


def _install_databases() -> None:
    """Fetch MySQL for the local cloud; a machine that cannot have it goes on without."""
    try:
        run(
            "MySQL for the local cloud",
            [python(), "-P", "-m", "tenantnet.local_cloud.mysql.install"],
            remedy="The local cloud simulates its databases without it. To have it, run this again.",
        )
    except Failure as failure:
        sys.stderr.write(f"{failure}\n")
