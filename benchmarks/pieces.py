"""A long measurement in pieces: how far it is, and each piece's text kept, so that a stopped one goes on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

# Told what is done next, and how much of the piece is done before it, from 0 to 1.
Tell = Callable[[str, float], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """name: also of the file that keeps it. minutes: about so many, on two cores that do nothing else.

    measure: its Markdown.
    """

    name: str
    minutes: float
    measure: Callable[[Tell], str]


def measured(pieces: Sequence[Piece], kept: Path | None) -> str:
    """The text of all of them, in order. kept: a folder, whose pieces are not measured again."""
    total = sum(piece.minutes for piece in pieces)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed:.0f} of about {task.total:.0f} min"),
        TimeElapsedColumn(),
    )
    texts, before = [], 0.0
    with Progress(*columns, console=Console(stderr=True)) as shown:
        task = shown.add_task("", total=total)
        for piece in pieces:

            def tell(what: str, done: float, piece: Piece = piece, before: float = before) -> None:
                said = f"{piece.name}: {what}"
                shown.update(task, description=said, completed=before + done * piece.minutes)
                # A file shows no bar.
                if not shown.console.is_terminal:
                    shown.print(f"{datetime.now():%H:%M:%S} {said}")

            texts.append(_measured(piece, tell, kept))
            before += piece.minutes
            shown.print(f"{piece.name}: done")
    return "\n\n".join(texts)


def _measured(piece: Piece, tell: Tell, kept: Path | None) -> str:
    if kept is None:
        return piece.measure(tell)
    file = kept / f"{piece.name}.md"
    if not file.exists():
        kept.mkdir(parents=True, exist_ok=True)
        # All of it or nothing: a run may be stopped at any moment.
        unfinished = file.with_suffix(".unfinished")
        unfinished.write_text(piece.measure(tell))
        unfinished.replace(file)
    return file.read_text()
