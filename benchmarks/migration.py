"""How long a move by replica holds writes back, part by part, as its journal tells.

    python -m benchmarks.migration

Prints Markdown. It deploys a cell and a tenant against a local cloud with real MySQL servers, and moves the
tenant's empty database; that takes about ten minutes, most of them the provider's waits outside the gap.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from tenantnet.local_cloud.environment import environment
from tenantnet.local_cloud.process import LocalCloud

from tests.end_to_end.conftest import ACME
from tests.support.clone import CLONE
from tests.support.moves import BOTH
from tests.support.project import Project

progress = Console(stderr=True)


def migrate(project: Project, *arguments: str) -> str:
    done = subprocess.run(
        [str(CLONE / ".venv" / "bin" / "tenantnet"), "migrate", *arguments],
        cwd=project.folder,
        env=project.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        sys.exit(f"migrate {' '.join(arguments)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


def markdown(found: Sequence[Mapping[str, Any]]) -> str:
    """found: the acts of the gap, as `tenantnet migrate status --json` has them."""
    total = sum(act["seconds"] for act in found)
    lines = ["| until the journal has | seconds | share |", "|---|---:|---:|"]
    lines += [f"| {act['act']} | {act['seconds']:.1f} | {act['seconds'] / total:.2f} |" for act in found]
    return "\n".join([*lines, f"| in all | {total:.1f} | 1.00 |", ""])


def report() -> str:
    """Move, and read the journal."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with LocalCloud(folder / "cloud") as cloud:
            project = Project.of_clone(folder / "project", environment(cloud.state_dir))
            project.write_platform("platform-local")
            progress.print("Deploying a cell and a tenant, and moving it (about ten minutes)")
            project.up("platform-local").check()
            for settings in (ACME, BOTH):
                project.write_tenant("acme", settings)
                project.up("acme").check()
            migrate(project, "run", "acme", "--now", "--unverified", "--without", "Seattle office")
            status = json.loads(migrate(project, "status", "acme", "--json"))
    return markdown(status["gap"])


if __name__ == "__main__":
    sys.stdout.write(report())
