"""Where the time of one tenant's preview goes: which process runs from when to when, and what it computes.

    python -m benchmarks.parts [--rounds 5]

Prints Markdown: medians of cold previews with the policy pack, of a new tenant and of an unchanged one. What
a process computes is looked up 20 times a second, so its last moments are missing.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

import psutil
import typer

from benchmarks.ground import deployed_cell
from tests.end_to_end.conftest import ACME
from tests.support.project import Project

SECONDS_BETWEEN_LOOKS = 0.05
# What a command line has, the first that fits.
PARTS: Mapping[str, str] = {
    "run.py program": "program",
    "run.py plugin": "policy pack",
    "pulumi-language-python": "language host",
    "pulumi-resource-aws": "AWS plugin",
    "pulumi-resource-terraform-provider": "Pulumi's bridge",
    "terraform-provider-aws_v": "Terraform's provider",
    # Under the name by which the bridge finds it.
    "terraform-provider-aws": "stand-in for the provider",
    "pulumi": "engine",
}


@dataclass(slots=True)
class Seen:
    """A part of a preview. begins, ends: seconds after the preview began. processor: seconds."""

    begins: float
    ends: float
    processor: float


def part_of(command: Sequence[str]) -> str | None:
    text = " ".join(command)
    return next((part for sign, part in PARTS.items() if sign in text), None)


def processes(root: int) -> Iterator[tuple[int, str, float]]:
    """Each that runs: its number, its part, and the seconds that it has computed."""
    try:
        first = psutil.Process(root)
        running = [first, *first.children(recursive=True)]
    except psutil.Error:
        return
    for process in running:
        try:
            times = process.cpu_times()
            if part := part_of(process.cmdline()):
                yield process.pid, part, times.user + times.system
        except psutil.Error:
            continue


def preview(project: Project) -> dict[str, Seen]:
    """One preview, part by part, and all of it under the name of its command."""
    command = ["pulumi", "--non-interactive", "preview", "--stack", "acme", "--policy-pack", "policies"]
    started = time.perf_counter()
    with (
        tempfile.TemporaryFile() as output,
        subprocess.Popen(
            command, cwd=project.folder, env=project.environment, stdout=output, stderr=subprocess.STDOUT
        ) as running,
    ):
        seen: dict[tuple[int, str], Seen] = {}
        while running.poll() is None:
            for pid, part, used in processes(running.pid):
                now = time.perf_counter() - started
                known = seen.setdefault((pid, part), Seen(now, now, used))
                known.ends, known.processor = now, used
            time.sleep(SECONDS_BETWEEN_LOOKS)
        taken = time.perf_counter() - started
        if running.returncode:
            output.seek(0)
            sys.exit(output.read().decode())
    return {**together(seen), "all of it": Seen(0, taken, sum(each.processor for each in seen.values()))}


def together(seen: Mapping[tuple[int, str], Seen]) -> dict[str, Seen]:
    """Processes of one part as one: the engine starts its language host twice."""
    found = defaultdict[str, list[Seen]](list)
    for (_, part), each in seen.items():
        found[part].append(each)
    return {
        part: Seen(
            min(each.begins for each in group),
            max(each.ends for each in group),
            sum(each.processor for each in group),
        )
        for part, group in found.items()
    }


def table(title: str, previews: Sequence[Mapping[str, Seen]]) -> str:
    """The medians, in the order in which the parts begin."""
    lines = [f"| {title} | from, s | to, s | processor, s |", "|---|---:|---:|---:|"]
    parts = {part for each in previews for part in each}
    rows = [(part, *middle([each[part] for each in previews if part in each])) for part in parts]
    lines += [
        f"| {part} | {begins:.2f} | {ends:.2f} | {processor:.2f} |"
        for part, begins, ends, processor in sorted(rows, key=lambda row: row[1])
    ]
    return "\n".join([*lines, ""])


def middle(seen: Sequence[Seen]) -> tuple[float, float, float]:
    """The medians of one part."""
    return (
        statistics.median(each.begins for each in seen),
        statistics.median(each.ends for each in seen),
        statistics.median(each.processor for each in seen),
    )


def report(rounds: int) -> str:
    """Against a local cloud without databases."""
    with deployed_cell() as project:
        project.write_tenant("acme", ACME)
        new = [preview(project) for _ in range(rounds)]
        project.up("acme").check()
        unchanged = [preview(project) for _ in range(rounds)]
    return "\n".join([table("a new tenant", new), table("an unchanged tenant", unchanged)])


def main(rounds: Annotated[int, typer.Option(min=1, help="Previews of each kind")] = 5) -> None:
    """Measure and print."""
    sys.stdout.write(report(rounds))


if __name__ == "__main__":
    typer.run(main)
