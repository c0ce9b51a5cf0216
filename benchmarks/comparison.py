"""How long a move by live compares many rows while clients write, and whether it finds what differs.

    python -m benchmarks.comparison [--rows 10000000]

Prints Markdown. One MySQL server follows another, with nothing of AWS around them. Ten million rows take half
an hour, most of it to make them.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread
from typing import Annotated

import typer
from rich.console import Console
from tenantnet.local_cloud.mysql.installation import Generation

from benchmarks.pieces import Tell
from tests.support.raw_servers import MASTER, Pair, compared, installed, pair_of

ROWS, AT_ONCE = 10_000_000, 100_000
WRITES_A_SECOND, WRITERS = 500, 5
# The part of all the time that the rows take; the comparison is the rest.
MADE = 0.7
CONTENT = (
    "CREATE DATABASE app",
    "CREATE TABLE app.entry (id INT AUTO_INCREMENT PRIMARY KEY, text VARCHAR(40), number DOUBLE)",
    "CREATE TABLE app.written (id INT AUTO_INCREMENT PRIMARY KEY, text CHAR(20))",
    "CREATE VIEW app.texts AS SELECT text FROM app.entry",
    "CREATE TRIGGER app.once BEFORE DELETE ON app.entry FOR EACH ROW SET @gone = 1",
    "CREATE USER app_reader@'%' IDENTIFIED BY 'Another-Horse-8'",
)
MORE = (
    "INSERT app.entry (text, number) SELECT UUID(), RAND() "
    "FROM information_schema.columns AS some, information_schema.columns AS others LIMIT %s"
)
# In the follower alone. One row of all: the last but one, say.
CHANGES = {
    "a row": "UPDATE app.entry SET number = number + 1 WHERE id = (SELECT last - 1 FROM "
    "(SELECT MAX(id) AS last FROM app.entry) AS entries)",
    "a trigger": "DROP TRIGGER app.once",
    "a definer": "ALTER DEFINER = CURRENT_USER VIEW app.texts AS SELECT text FROM app.entry",
    "a grant": "GRANT SELECT ON app.* TO app_reader@'%'",
}


@dataclass(kw_only=True)
class Writers:
    """pair: whose leader they write to. took: the seconds of each write."""

    pair: Pair
    took: list[float] = field(default_factory=list)
    _ended: Event = field(default_factory=Event)

    def _write(self) -> None:
        pause = WRITERS / WRITES_A_SECOND
        with self.pair.connect(self.pair.blue, MASTER.username) as client, client.cursor() as cursor:
            due = time.monotonic()
            while not self._ended.wait(max(0.0, due - time.monotonic())):
                begun = time.monotonic()
                cursor.execute("INSERT app.written (text) VALUES ('written')")
                self.took.append(time.monotonic() - begun)
                due += pause

    @contextmanager
    def at_work(self) -> Iterator[None]:
        threads = [Thread(target=self._write) for _ in range(WRITERS)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._ended.set()
            for thread in threads:
                thread.join()


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """found: the differences, a sentence each. took: the seconds of each write meanwhile."""

    found: list[str]
    seconds: float
    took: list[float]

    @property
    def writes_a_second(self) -> float:
        return len(self.took) / self.seconds


def measure(rows: int, tell: Tell) -> Compared:
    """Make the rows, change what is to be found, compare."""
    tell("two servers", 0)
    with (
        tempfile.TemporaryDirectory() as folder,
        pair_of(installed(Generation.MYSQL_9_7), Path(folder)) as pair,
    ):
        pair.ask(pair.blue, "SET GLOBAL log_bin_trust_function_creators = ON")
        pair.master(*CONTENT)
        for made in range(0, rows, AT_ONCE):
            pair.master(MORE.replace("%s", str(min(AT_ONCE, rows - made))))
            pair.level()
            tell(f"{made} rows are there", MADE * made / rows)
        pair.lock_green()
        tell("the comparison", MADE)
        for change in CHANGES.values():
            pair.ask(pair.green, change)
        writers = Writers(pair=pair)
        with writers.at_work():
            begun = time.monotonic()
            found = compared(pair)
            seconds = time.monotonic() - begun
    return Compared(found=found, seconds=seconds, took=writers.took)


def report(rows: int, tell: Tell) -> str:
    """As a table of one line, and what was found."""
    of = measure(rows, tell)
    lines = [
        "| rows | seconds | writes a second meanwhile | the longest write, s | differences made | found |",
        "|---:|---:|---:|---:|---:|---:|",
        f"| {rows} | {of.seconds:.0f} | {of.writes_a_second:.0f} | {max(of.took):.2f} "
        f"| {len(CHANGES)} | {len(of.found)} |",
        "",
        *(f"- {each}" for each in of.found),
    ]
    return "\n".join(lines)


def main(rows: Annotated[int, typer.Option(min=2, help="That are compared")] = ROWS) -> None:
    """Measure and print."""
    console = Console(stderr=True)
    print(report(rows, lambda what, _: console.print(what)))


if __name__ == "__main__":
    typer.run(main)
