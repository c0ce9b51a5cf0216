"""What commands print: tables for people, JSON for programs."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import typer
from tenantnet.failure import Failure
from tenantnet.refusal import Refused, Rule, printable

if TYPE_CHECKING:
    from pydantic import BaseModel
    from rich.console import Console
    from rich.table import Table

# The exit code of a command that was stopped by Ctrl-C or SIGTERM.
INTERRUPTED = 130
FILE_WRITABLE = Rule(
    id="file-writable",
    rule="the file for a result can be written",
    reason="{reason}",
    remedy="make its folder, or name another file",
)

_T = TypeVar("_T")
# A pipe or a log has no width of its own; rich would take 80 and break addresses in two.
_WIDTH_OF_A_LOG = 160
_WIDEST = 10_000


def console() -> Console:
    """Standard output as it is now: as wide as the terminal, plain text where it is none."""
    from rich.console import Console

    return Console(highlight=False, width=None if sys.stdout.isatty() else _WIDTH_OF_A_LOG)


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Table:
    """A table as all commands draw it. Cells are plain text, whatever brackets or controls they hold."""
    from rich.table import Table
    from rich.text import Text

    drawn = Table(
        title=title, title_justify="left", title_style="bold", box=None, pad_edge=False, padding=(0, 2, 0, 0)
    )
    for column in columns:
        drawn.add_column(column, overflow="fold")
    for row in rows:
        drawn.add_row(*(Text(printable(cell)) for cell in row))
    return drawn


def draw(drawn: Table) -> None:
    """Print a table. One that is wider than the terminal keeps its width: no cell is broken in two."""
    out = console()
    natural = out.measure(drawn, options=out.options.update(max_width=_WIDEST)).maximum
    out.width = max(out.width, natural)
    out.print(drawn)


def print_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table."""
    draw(table(title, columns, rows))


def say(text: str) -> None:
    """Print lines with words of AWS, of tags or of the engine in them. None of it moves the cursor."""
    typer.echo(printable(text.expandtabs()))


def print_json(value: Any, indent: int | None = 2) -> None:  # noqa: ANN401 - whatever JSON holds
    """Print a value, which may be or hold models, as JSON."""

    def plain(model: BaseModel) -> Any:  # noqa: ANN401
        return model.model_dump(mode="json", by_alias=True)

    typer.echo(json.dumps(value, indent=indent, default=plain))


def require_writable(file: Path, option: str) -> None:
    """Whether a file can be written, before that takes long whose result it is for. Raises Refused."""
    if os.path.isdir(file):  # noqa: PTH112 - Path's raises where a folder above may not be entered
        reason = "it is a folder"
    elif not os.path.isdir(file.parent):  # noqa: PTH112
        reason = f"there is no folder {file.parent}, or you may not enter it"
    elif not os.access(file if file.exists() else file.parent, os.W_OK):
        reason = "you may not write there"
    else:
        return
    raise Refused("The command", [FILE_WRITABLE.refuse(str(file), option, reason=reason)])


def write_file(file: Path, text: str, option: str) -> None:
    """Write a file, whether it is there or not. option: which names it. Raises Failure."""
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        remedy = f"name another file with {option}"
        raise Failure(f"Could not write {file}.", reason=str(error), remedy=remedy) from None


def follow(read: Callable[[], _T], shown: Callable[[_T], None], seconds: float) -> None:
    """Show every change until Ctrl-C, read once in so many seconds."""
    before = None
    with suppress(KeyboardInterrupt):
        while True:
            if (found := read()) != before:
                shown(found)
                before = found
            time.sleep(seconds)


def show(value: _T, draw: Callable[[_T], None], *, as_json: bool) -> None:
    """Print a value for programs, or draw it for people."""
    (print_json if as_json else draw)(value)
