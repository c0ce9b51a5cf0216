"""`tenantnet fleet report`: a run on several machines, in one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from tenantnet.cli.options import AsJson
from tenantnet.cli.output import require_writable, say, show, write_file
from tenantnet.cli.project import working_project

if TYPE_CHECKING:
    from tenantnet.fleet.batches import Batch


def report(
    name: Annotated[str, typer.Argument(help="What the machines gave as --batch.")],
    *,
    file: Annotated[Path | None, typer.Option("--report", help="The file for a Markdown report.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show what all machines of a sliced run did, from the backend. Nothing is changed.

    Exit code 1: a tenant is not done, or a slice has not begun, not ended or not passed its waves, or is of
    another run than the others. 3: there is drift.

    Example: tenantnet fleet report 20260301-1 --report report.md
    """
    from tenantnet.cli.fleet.run import DRIFT_FOUND, NOT_ALL_DONE
    from tenantnet.fleet.batches import read_batch
    from tenantnet.fleet.words import as_markdown

    if file:
        require_writable(file, "--report")
    batch = read_batch(working_project(), name)
    if file:
        said = "".join(f"{each}\n\n" for each in (*batch.remarks(), batch.time))
        write_file(file, f"{said}{as_markdown(batch.run)}", "--report")
    show(batch, _print, as_json=as_json)
    if not batch.done:
        raise typer.Exit(NOT_ALL_DONE)
    if any(found.findings for found in batch.run.tenants.values()):
        raise typer.Exit(DRIFT_FOUND)


def _print(batch: Batch) -> None:
    from tenantnet.cli.fleet.run import print_run

    for line in (*batch.remarks(), batch.time):
        say(line)
    print_run(batch.run)
