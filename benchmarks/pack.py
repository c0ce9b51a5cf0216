"""What the policy pack adds to a preview of one tenant.

    python -m benchmarks.pack [--rounds 5]

Prints Markdown: the median of the rounds, and its ratio to a preview without the pack. The two take turns.
What the processors spend on it depends less on what else the machine does.
"""

from __future__ import annotations

import resource
import statistics
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Mapping
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


def tables(title: str, rounds: int, tasks: Mapping[str, Callable[[], object]]) -> str:
    """The seconds that pass, and those that the processors spend on the tasks' processes."""
    spent: defaultdict[str, list[float]] = defaultdict(list)

    def counted(name: str, task: Callable[[], object]) -> Callable[[], None]:
        def run() -> None:
            before = _of_children()
            task()
            spent[name].append(_of_children() - before)

        return run

    seconds = medians(rounds, {name: counted(name, task) for name, task in tasks.items()})
    of_processors = {name: statistics.median(each) for name, each in spent.items()}
    return "\n".join([table(title, seconds, WITHOUT), table(f"{title}, processors", of_processors, WITHOUT)])


def _of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


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
        new = tables("a new tenant", rounds, tasks)
        project.up("acme").check()
        return "\n".join([new, tables("an unchanged tenant", rounds, tasks)])


def report(rounds: int) -> str:
    """Measure."""
    with tempfile.TemporaryDirectory() as folder:
        return measure(rounds, Path(folder))


def main(rounds: Annotated[int, typer.Option(min=1, help="Runs of each command")] = 5) -> None:
    """Measure and print."""
    sys.stdout.write(report(rounds))


if __name__ == "__main__":
    typer.run(main)
