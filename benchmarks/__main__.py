"""All benchmarks, as docs/benchmarks.md has them.

    python -m benchmarks > docs/benchmarks.md

Takes about two hours on two cores. What else the machine does at the time is written down with the figures.
"""

from __future__ import annotations

import os
import platform
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from benchmarks import claims, command_line, fleet, migration, pack, preview

TEMPLATE = Path(__file__).with_name("report.md")


def main(rounds: Annotated[int, typer.Option(min=1, help="Runs of each command")] = 5) -> None:
    """Measure everything and print docs/benchmarks.md."""
    before = os.getloadavg()[0]
    tables = {
        "command_line": command_line.report(rounds),
        "preview": preview.report(rounds),
        "pack": pack.report(rounds),
        "fleet": fleet.report(rounds=2),
        "claims": claims.report(),
        "migration": migration.report(),
    }
    text = TEMPLATE.read_text(encoding="utf-8").format(
        when=f"{datetime.now(UTC):%Y-%m-%d}",
        cores=os.cpu_count(),
        system=f"{platform.system()}, {platform.machine()}",
        before=before,
        after=os.getloadavg()[0],
        updates=fleet.UPDATES_AT_ONCE,
        **tables,
    )
    sys.stdout.write(text)


if __name__ == "__main__":
    typer.run(main)
