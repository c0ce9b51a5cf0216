"""Which `pulumi` is on the path."""

from __future__ import annotations

import subprocess

from tenantnet.failure import Failure

ANSWER_SECONDS = 20


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
