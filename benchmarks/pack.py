"""What the policy pack adds to a preview of one tenant.

    python -m benchmarks.pack [--rounds 5]

Prints Markdown: the median of the rounds, and its ratio to a preview without the pack. The two take turns.
What the processors spend on it depends less on what else the machine does.
"""

from __future__ import annotations

import resource
import statistics
import sys
from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Annotated

import typer

from benchmarks.ground import deployed_cell
from benchmarks.preview import medians, table
from tests.end_to_end.conftest import ACME
from tests.support.clone import CLONE

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


def report(rounds: int) -> str:
    """A new tenant and an unchanged one, against a local cloud without databases."""
    with deployed_cell() as project:
        project.write_tenant("acme", ACME)
        preview = ("preview", "--stack", "acme")
        tasks = {
            WITHOUT: lambda: project.pulumi(*preview).check(),
            WITH: lambda: project.pulumi(*preview, "--policy-pack", str(CLONE / "policies")).check(),
        }
        new = tables("a new tenant", rounds, tasks)
        project.up("acme").check()
        return "\n".join([new, tables("an unchanged tenant", rounds, tasks)])


def main(rounds: Annotated[int, typer.Option(min=1, help="Runs of each command")] = 5) -> None:
    """Measure and print."""
    sys.stdout.write(report(rounds))


if __name__ == "__main__":
    typer.run(main)
