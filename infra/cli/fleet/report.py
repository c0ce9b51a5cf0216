"""`tenantnet fleet report`: a run on several machines, in one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from tenantnet.cli.options import AsJson
from tenantnet.cli.output import show
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

    Exit code 1: a tenant is not done, or a slice has not begun or not ended. 3: there is drift.

    Example: tenantnet fleet report 20260301-1 --report report.md
    """
    from tenantnet.cli.fleet.run import DRIFT_FOUND, NOT_ALL_DONE
    from tenantnet.fleet.batches import read_batch
    from tenantnet.fleet.words import as_markdown

    batch = read_batch(working_project(), name)
    if file:
        remarks = "".join(f"{remark}\n\n" for remark in batch.remarks())
        file.write_text(f"{remarks}{as_markdown(batch.run)}", encoding="utf-8")
    show(batch, _print, as_json=as_json)
    if not batch.done:
        raise typer.Exit(NOT_ALL_DONE)
    if any(found.findings for found in batch.run.tenants.values()):
        raise typer.Exit(DRIFT_FOUND)


def _print(batch: Batch) -> None:
    from tenantnet.cli.fleet.run import print_run

    for remark in batch.remarks():
        typer.echo(remark)
    print_run(batch.run)
