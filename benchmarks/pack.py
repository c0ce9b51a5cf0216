"""What the policy pack adds to a preview of one tenant.

    python -m benchmarks.pack [--rounds 5]

Prints Markdown: the median of the rounds, and its ratio to a preview without the pack. The two take turns.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer
from tenantnet.local_cloud.environment import environment
from tenantnet.local_cloud.process import LocalCloud

from benchmarks.preview import medians, table
from tests.end_to_end.conftest import ACME
from tests.support.clone import CLONE
from tests.support.project import Project

WITHOUT, WITH = "pulumi preview", "pulumi preview --policy-pack policies"


def measure(rounds: int, folder: Path) -> str:
    """A new tenant and an unchanged one, against a local cloud without databases."""
    with LocalCloud(folder / "cloud", real_databases=False) as cloud:
        project = Project.of_clone(folder / "project", environment(cloud.state_dir))
        project.write_platform("platform-local")
        project.up("platform-local").check()
        project.write_tenant("acme", ACME)
        preview = ("preview", "--stack", "acme")
        tasks = {
            WITHOUT: lambda: project.pulumi(*preview).check(),
            WITH: lambda: project.pulumi(*preview, "--policy-pack", str(CLONE / "policies")).check(),
        }
        new = medians(rounds, tasks)
        project.up("acme").check()
        unchanged = medians(rounds, tasks)
    return "\n".join([table("a new tenant", new, WITHOUT), table("an unchanged tenant", unchanged, WITHOUT)])


def report(rounds: int) -> str:
    """Measure."""
    with tempfile.TemporaryDirectory() as folder:
        return measure(rounds, Path(folder))


def main(rounds: Annotated[int, typer.Option(min=1, help="Runs of each command")] = 5) -> None:
    """Measure and print."""
    sys.stdout.write(report(rounds))


if __name__ == "__main__":
    typer.run(main)
