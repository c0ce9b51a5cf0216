"""What scripts/setup runs, with a Python that is new enough."""

from __future__ import annotations

import argparse
import sys

from tenantnet.failure import Failure
from tenantnet.toolchain import go, install
from tenantnet.toolchain.cache import alone_in
from tenantnet.toolchain.progress import KEPT

from tools.setup import python_packages
from tools.setup.clone import CLONE, pinned_version


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
            install.install(pinned_version("pulumi-aws"))
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


sys.exit(main())
