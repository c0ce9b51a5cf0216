"""How soon the command line answers where nothing is run: help, and what the shell asks at each press of TAB.

    python -m benchmarks.command_line [--rounds 5]

Prints Markdown: medians of processor time, and the most memory at any moment, beside `python -c pass`. The
rows take turns, so that whatever else the machine does meets all of them.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Annotated

import typer

COMMAND = str(Path(sys.executable).with_name("tenantnet"))
# Starts what is measured. The kernel counts the starter's memory too, so that must be small.
MEASURE = """\
import os, sys
nowhere = (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)
pid = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ, file_actions=[nowhere])
_, status, usage = os.wait4(pid, 0)
print(usage.ru_utime + usage.ru_stime, usage.ru_maxrss)
sys.exit(os.waitstatus_to_exitcode(status))
"""


def main(rounds: Annotated[int, typer.Option(min=1, help="Runs of each row")] = 5) -> None:
    """Measure the rows and print them."""
    print(report(rounds))


def report(rounds: int) -> str:
    """Measure the rows."""
    rows = {
        "`python -c pass`": ([sys.executable, "-c", "pass"], None),
        "`tenantnet --help`": ([COMMAND, "--help"], None),
        "completion of a command": ([COMMAND], "tenantnet to"),
        "completion of a tenant's name": ([COMMAND], "tenantnet status te"),
    }
    with tempfile.TemporaryDirectory() as folder:
        _write_project(Path(folder))
        measured = [
            {name: _measure(command, typed, folder) for name, (command, typed) in rows.items()}
            for _ in range(rounds)
        ]
    lines = ["| | processor time, s | peak memory, MiB |", "|---|---:|---:|"]
    for name in rows:
        seconds = median(each[name][0] for each in measured)
        memory = max(each[name][1] for each in measured)
        lines.append(f"| {name} | {seconds:.2f} | {memory:.0f} |")
    return "\n".join(lines)


def _write_project(folder: Path) -> None:
    """A project of 100 tenants."""
    (folder / "Pulumi.yaml").write_text("name: tenantnet\nruntime: python\n")
    for number in range(100):
        (folder / f"Pulumi.tenant-{number}.yaml").write_text("config: {}\n")


def _measure(command: list[str], typed: str | None, folder: str) -> tuple[float, float]:
    """Seconds of processor time and MiB of one process. typed: what a shell wants to have completed."""
    environment = dict(os.environ)
    if typed:
        position = str(len(typed.split()) - 1)
        environment |= {"_TENANTNET_COMPLETE": "complete_bash", "COMP_WORDS": typed, "COMP_CWORD": position}
    measured = subprocess.run(
        [sys.executable, "-S", "-c", MEASURE, *command],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    seconds, kibibytes = measured.stdout.split()
    return float(seconds), int(kibibytes) / 1024


if __name__ == "__main__":
    typer.run(main)
