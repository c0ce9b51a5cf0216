"""Which `pulumi` is on the path."""

from __future__ import annotations

import shutil
import subprocess
from contextlib import suppress
from pathlib import Path

from tenantnet.failure import Failure
from tenantnet.toolchain.go import digest_of_program, identity_of

ANSWER_SECONDS = 20
# The engine has 120 MB. What is smaller may run another program, whose version it is then.
SMALLEST_ENGINE = 40_000_000


def engine_identity() -> str:
    """What tells the `pulumi` on the path from every other one, without starting it where that is sure.

    Raises Failure where none answers.
    """
    started = ""
    if program := shutil.which("pulumi"):
        # Managers of versions are scripts, or have another name behind a link.
        file = Path(program).resolve()
        with suppress(OSError):
            is_engine = file.name == "pulumi" and file.stat().st_size >= SMALLEST_ENGINE
            if is_engine and (identity := identity_of(file)):
                return identity
            # A script may give the engine variables and options, too.
            started = digest_of_program(file)
    return f"{engine_version()} {started}"


def engine_version() -> str:
    """What `pulumi version` prints, such as `v3.220.0`. Raises Failure where none answers."""
    try:
        done = subprocess.run(
            ["pulumi", "version"], capture_output=True, text=True, check=False, timeout=ANSWER_SECONDS
        )
    except FileNotFoundError:
        reason = "no `pulumi` is on the path"
    except (OSError, subprocess.TimeoutExpired) as error:
        reason = f"`pulumi version`: {error}"
    else:
        if version := done.stdout.strip():
            return version
        reason = f"`pulumi version` says: {done.stderr.strip()}"
    remedy = "install a current one (https://www.pulumi.com/docs/install/)"
    raise Failure("Could not ask Pulumi.", reason=reason, remedy=remedy)
