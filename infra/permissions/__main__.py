"""Adds what a record shows to the calls that Tenantnet ships: python -m tenantnet.permissions RECORD."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from tenantnet.permissions.documents import CALLS, RECORDED, distil, shipped
from tenantnet.permissions.record import read_record


def main(record: Annotated[Path, typer.Argument(exists=True, dir_okay=False)]) -> None:
    """Add what a record of the local cloud shows; callers that are no role of ours are left out."""
    known, found = shipped(), distil(read_record(record))
    merged = {str(role): sorted({*known.get(role, ()), *found.get(role, ())}) for role in RECORDED}
    Path(__file__).with_name(CALLS).write_text(json.dumps(merged, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    typer.run(main)
