"""How long moves hold clients back: on the servers, part by part, and as clients of each kind see it.

    python -m benchmarks.migration --kept FOLDER
    python -m benchmarks.migration --strategy live --cuts 2 --gigabytes 0 --rows 100000   # some minutes

Prints Markdown, and shows how far it is. Each piece deploys a cell and a tenant against a local cloud with
real MySQL servers, and moves the tenant while clients write and read. By live the first cut is of the move,
and each other one leads the clients back or over again. All pieces take 60 to 80 minutes on two cores that do
nothing else. It may be stopped (Ctrl-C): with the same FOLDER and options it goes on behind the last piece
that was done.
"""

from __future__ import annotations

import math
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from statistics import median
from typing import Annotated, Any
from unittest.mock import patch

import boto3
import typer
from tenantnet.local_cloud.environment import environment
from tenantnet.local_cloud.mysql.installation import Generation
from tenantnet.local_cloud.process import LocalCloud
from tenantnet.phases.journal import Entry, Topic, acts, gap_acts, held_back
from tenantnet.runner.journal_table import JournalTable
from tenantnet.tags import Strategy

from benchmarks import comparison
from benchmarks.load import Load, grow
from benchmarks.pieces import Piece, Tell, measured
from tests.support.moves import BOTH, NUMBERED, keep_login, migrate, offices_up
from tests.support.project import Project

WRITERS, READERS, PERCENTILE = 8, 4, 0.95
CUTS, GIGABYTES = 20, (0.0, 1.0, 4.0)
# Minutes of a piece, to show how far the measurement is.
DEPLOYED, A_GIGABYTE, A_CUT, BY_COPY, A_MILLION_ROWS = 3.0, 4.0, 0.25, 5.0, 2.0
# The part of a live piece that the rows take, and the move itself: the cuts are the rest.
GROWN, MOVED = 0.3, 0.6
# How often a cut that was taken back is tried again.
TRIES = 3
ON_THE_SERVERS = "on the servers, from the lock to open and led"
# Seconds that are aimed at: the median, and the 95th percentile.
AIMS = {
    ON_THE_SERVERS: (0.15, 0.6),
    **dict.fromkeys(("writes, pooled", "writes, reconnecting"), (0.5, 2.0)),
    **dict.fromkeys(("reads, pooled", "reads, reconnecting"), (0.5, 0.5)),
}
HEAD = (
    "| data | what | gaps | median, s | 95th percentile, s | longest, s | aim |",
    "|---|---|---:|---:|---:|---:|---|",
)


@dataclass(kw_only=True)
class Gaps:
    """Of some gaps in a row, by what was measured, the seconds of each."""

    seconds: dict[str, list[float]] = field(default_factory=dict)

    def add(self, what: str, seconds: float) -> None:
        self.seconds.setdefault(what, []).append(seconds)

    def rows(self, data: str, aims: Mapping[str, tuple[float, float]]) -> Iterator[str]:
        """As lines of a table. data: how much there was. aims: median and 95th percentile, by what."""
        yield from HEAD
        for what, found in self.seconds.items():
            middle, high = median(found), percentile(found)
            said = ""
            if bounds := aims.get(what):
                held = middle <= bounds[0] and high <= bounds[1]
                said = f"{bounds[0]:g} and {bounds[1]:g}: {'held' if held else '**not held**'}"
            yield (
                f"| {data} | {what} | {len(found)} | {middle:.3f} | {high:.3f} | {max(found):.3f} | {said} |"
            )


def percentile(found: Sequence[float]) -> float:
    """What so large a part of them does not exceed; the largest, of a few."""
    return sorted(found)[math.ceil(PERCENTILE * len(found)) - 1]


@dataclass(frozen=True, kw_only=True)
class Moving:
    """A tenant with a production network and a Test network, and clients at work."""

    project: Project
    cloud: LocalCloud
    load: Load
    journal: JournalTable

    def lead_over(self, *command: str) -> int:
        """Let a command of `tenantnet migrate` lead the clients over; how often it was taken back."""
        for taken_back in range(TRIES):
            ended = migrate(self.project, *command)
            if ended.code == 0:
                return taken_back
        raise AssertionError(f"taken back {TRIES} times:\n{ended.text}")

    def last(self) -> str:
        """The newest gap of each kind, in words: what is left of a measurement that is stopped."""
        found = self.gaps(self.journal.entries()).seconds
        return ", ".join(f"{what} {seconds[-1]:.3f} s" for what, seconds in found.items())

    def gaps(self, entries: Sequence[Entry]) -> Gaps:
        """What a move's journal, and its clients, have of its gaps."""
        found = Gaps()
        for entry in entries:
            if entry.topic is Topic.CUT:
                for act, seconds in acts(entry.parts):
                    found.add(act, seconds)
                # What is noted for a later run, before anybody is locked out, is no part of it.
                found.add(ON_THE_SERVERS, entry.parts["open"] - entry.parts["begun"])
        windows = [
            (begin.timestamp(), end.timestamp()) for begin, end in held_back(entries) if end is not None
        ]
        for group, longest in self.load.gaps(windows).items():
            found.seconds[group] = longest
        return found


@contextmanager
def moving(settings: Mapping[str, Any], mysql: Generation) -> Iterator[Moving]:
    """Deploy a cell and the tenant, and let clients begin."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with (
            LocalCloud(folder / "cloud", mysql=mysql) as cloud,
            patch.dict(os.environ, environment(cloud.state_dir)),
        ):
            project, aws = Project.of_clone(folder / "project", environment(cloud.state_dir)), boto3.Session()
            project.write_platform("platform-local")
            project.up("platform-local").check()
            for networks in ({"blue": settings["networks"]["blue"]}, settings["networks"]):
                project.write_tenant("acme", {**settings, "networks": networks})
                project.up("acme").check()
            offices_up(cloud, aws)
            keep_login(aws)
            journal = JournalTable.of("local", "eu-west-1", "acme")
            with Load(cloud, writers=WRITERS, readers=READERS) as load:
                yield Moving(project=project, cloud=cloud, load=load, journal=journal)


def by_live(mysql: Generation, cuts: int, gigabytes: float, tell: Tell) -> str:
    """The gaps of so many cuts with so much data."""
    tell("a cell and a tenant", 0)
    with moving(NUMBERED, mysql) as tenant:
        for made in grow(tenant.cloud, gigabytes):
            tell(f"{made:.1f} GB are there", GROWN * made / gigabytes)
        tell("the move: copy, comparison, first cut", GROWN)
        taken_back = tenant.lead_over("run", "acme", "--now", "--strategy", Strategy.LIVE)
        for number in range(1, cuts):
            tell(f"cut {number} of {cuts}: {tenant.last()}", MOVED + (1 - MOVED) * number / cuts)
            taken_back += tenant.lead_over("rollback", "acme", "--yes")
        lines = [*tenant.gaps(tenant.journal.entries()).rows(f"{gigabytes:g} GB", AIMS), ""]
        tenant.load.end()
        lines.append(f"{tenant.load.verdict()}. Cuts that were taken back: {taken_back}.")
    return titled(Strategy.LIVE, mysql, lines)


def by_copy(mysql: Generation, strategy: Strategy, tell: Tell) -> str:
    """The gap of one move by replica or snapshot of an empty database, and its parts."""
    tell("a cell and a tenant, then one move", 0)
    with moving(BOTH, mysql) as tenant:
        tenant.lead_over("run", "acme", "--now", "--strategy", strategy)
        entries = tenant.journal.entries()
        lines = [*tenant.gaps(entries).rows("empty", {}), ""]
        tenant.load.end()
        lines += [
            f"{tenant.load.verdict()}.",
            "",
            "| until the journal has | seconds | share |",
            "|---|---:|---:|",
        ]
    parts = gap_acts(entries)
    total = sum(seconds for _, seconds in parts)
    lines += [f"| {act} | {seconds:.1f} | {seconds / total:.2f} |" for act, seconds in parts]
    return titled(strategy, mysql, [*lines, f"| in all | {total:.1f} | 1.00 |"])


def titled(strategy: Strategy, mysql: Generation, lines: Sequence[str]) -> str:
    title = f"By {strategy}, with MySQL {mysql}, {WRITERS} writers and {READERS} readers of each kind:"
    return "\n".join([title, "", *lines])


def pieces(
    mysql: Generation, strategies: Sequence[Strategy], cuts: int, gigabytes: Sequence[float], rows: int
) -> Iterator[Piece]:
    """All that is measured, in order."""
    if Strategy.LIVE in strategies:
        for size in sorted(gigabytes):
            yield Piece(
                name=f"live-{mysql}-{size:g}GB-{cuts}-cuts",
                minutes=DEPLOYED + size * A_GIGABYTE + cuts * A_CUT,
                measure=partial(by_live, mysql, cuts, size),
            )
    for strategy in (Strategy.REPLICA, Strategy.SNAPSHOT):
        if strategy in strategies:
            yield Piece(
                name=f"{strategy}-{mysql}", minutes=BY_COPY, measure=partial(by_copy, mysql, strategy)
            )
    minutes = 1 + rows / 1_000_000 * A_MILLION_ROWS
    yield Piece(name=f"comparison-{rows}-rows", minutes=minutes, measure=partial(comparison.report, rows))


def report(
    *,
    mysql: Generation = Generation.MYSQL_9_7,
    strategies: Sequence[Strategy] = tuple(Strategy),
    cuts: int = CUTS,
    gigabytes: Sequence[float] = GIGABYTES,
    rows: int = comparison.ROWS,
    kept: Path | None = None,
) -> str:
    """Measure everything. kept: a folder whose pieces are not measured again."""
    return measured([*pieces(mysql, strategies, cuts, gigabytes, rows)], kept)


def main(
    *,
    mysql: Annotated[
        Generation, typer.Option(help="Of the servers that are moved; the comparison is by 9.7")
    ] = Generation.MYSQL_9_7,
    strategy: Annotated[list[Strategy] | None, typer.Option(help="One of several. [default: all]")] = None,
    cuts: Annotated[int, typer.Option(min=1, help="Of a move by live, with each amount of data")] = CUTS,
    gigabytes: Annotated[list[float] | None, typer.Option(help="One of several. [default: 0, 1, 4]")] = None,
    rows: Annotated[int, typer.Option(min=1, help="That are compared while clients write")] = comparison.ROWS,
    kept: Annotated[Path | None, typer.Option(help="A folder that keeps each piece that is done")] = None,
) -> None:
    """Measure and print."""
    print(
        report(
            mysql=mysql,
            strategies=strategy or tuple(Strategy),
            cuts=cuts,
            gigabytes=gigabytes or GIGABYTES,
            rows=rows,
            kept=kept,
        )
    )


if __name__ == "__main__":
    typer.run(main)
