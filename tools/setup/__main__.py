"""What scripts/setup runs, with a Python that is new enough."""

from __future__ import annotations

import argparse
import sys

from tenantnet.failure import Failure

from tools.setup import go, official_engine, own_engine, python_packages, session_manager_plugin
from tools.setup.clone import CLONE, VIRTUALENV, alone_in, pinned_version
from tools.setup.progress import KEPT, run, say


def main() -> int:
    """Set the clone up; exit code 0 done, 1 failed."""
    parser = argparse.ArgumentParser(
        prog="scripts/setup",
        description="Installs the Python packages into .venv, and finds an official Pulumi or builds "
        "an engine. Running it again does only what is missing.",
    )
    parser.add_argument(
        "--print-go", action="store_true", help="only print which Go builds tools/, if any does"
    )
    parser.add_argument(
        "--packages",
        action="store_true",
        help="only install the Python packages, which lint and unit tests need",
    )
    arguments = parser.parse_args()
    if arguments.print_go:
        found = go.find()
        print(found or "")
        return 0 if found else 1
    try:
        with alone_in(CLONE):
            python_packages.install()
            if not arguments.packages:
                _set_up_engine()
                _set_up_databases()
                session_manager_plugin.install()
    except Failure as failure:
        sys.stderr.write(f"{failure}\n")
        return 1
    except OSError as error:
        stopped = Failure(
            "The set-up stopped",
            reason=str(error),
            remedy="See that this place may be read and written, and that the disk has space.",
            state=KEPT,
        )
        sys.stderr.write(f"{stopped}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write(f"\nInterrupted. {KEPT}\n")
        return 130
    return 0


def _set_up_engine() -> None:
    aws_version = pinned_version("pulumi-aws")
    # A clone that has its own engine must not try the download again every time.
    official = official_engine.find(aws_version, may_download=not own_engine.PULUMI.exists())
    if official is None:
        own_engine.install(aws_version)
        return
    own_engine.remove()
    say(f"Engine: the official one, {official}, with its AWS plugin {aws_version}")


def _set_up_databases() -> None:
    """Fetch MySQL for the local cloud; a machine that cannot have it goes on without."""
    try:
        run(
            "MySQL for the local cloud",
            [VIRTUALENV / "bin" / "python", "-m", "tenantnet.local_cloud.mysql.install"],
            cwd=CLONE,
            remedy="The local cloud simulates its databases without it. To have it, run scripts/setup again.",
        )
    except Failure as failure:
        sys.stderr.write(f"{failure}\n")


sys.exit(main())
