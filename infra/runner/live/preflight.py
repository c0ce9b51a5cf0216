"""What would stop a live move later, looked for in the production before anything is made."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from tenantnet.runner.live import sql
from tenantnet.runner.live.session import Session

# Below, RDS cannot tell a copy where its source's transactions begin, and ends no sessions of long names.
OLDEST = {(8, 0): 37, (8, 4): 0}
NEEDED = {"gtid_mode": "ON", "enforce_gtid_consistency": "ON", "binlog_format": "ROW"}
MOST_SHOWN = 5


def complaints(source: Session, version: str) -> list[str]:
    """Everything at once, one sentence each, with the way out; empty if a live move can begin.

    version: as RDS names it. Raises MySQL's error where the runner's account may not ask.
    """
    looks: tuple[Callable[[], Iterator[str]], ...] = (
        lambda: _version(version),
        lambda: _settings(source),
        lambda: _engines(source),
        lambda: _prepared(source),
        lambda: _history(source),
        lambda: _procedures(source),
    )
    return [complaint for look in looks for complaint in look()]


def _version(version: str) -> Iterator[str]:
    numbers = [int(number) for number in re.findall(r"\d+", version)]
    family, patch = (numbers[0], numbers[1]), numbers[2] if len(numbers) > 2 else None
    oldest = OLDEST.get(family, 0 if family > max(OLDEST) else None)
    # A family without a number is kept at its newest by RDS.
    if oldest is None or (patch is not None and patch < oldest):
        yield f"MySQL is {version}: upgrade it to 8.0.37, 8.4 or later, or move by replica"


def _settings(source: Session) -> Iterator[str]:
    (found,) = source.rows(sql.SETTINGS)
    for name, wanted in NEEDED.items():
        if str(found[name]).upper() != wanted:
            yield (
                f"{name} is {found[name]}: set it to {wanted} in the parameter group, and reboot; or move by "
                "replica"
            )


def _engines(source: Session) -> Iterator[str]:
    tables = [f"{row['schema']}.{row['name']} ({row['engine']})" for row in source.rows(sql.OTHER_ENGINES)]
    if tables:
        yield (
            f"tables are not InnoDB's, so a copy does not follow them exactly: {_shown(tables)}; "
            "convert them (ALTER TABLE ... ENGINE=InnoDB), or move by replica"
        )


def _prepared(source: Session) -> Iterator[str]:
    if branches := [str(row["data"]) for row in source.rows(sql.PREPARED_BRANCHES)]:
        yield (
            f"transactions of XA are prepared, which no copy takes over: {_shown(branches)}; "
            "commit them or roll them back"
        )


def _history(source: Session) -> Iterator[str]:
    if source.answer(sql.OF_A_REPLICA):
        yield (
            "RDS takes this database for a read replica of its own, and lets it follow nobody else; "
            "move by replica"
        )


def _procedures(source: Session) -> Iterator[str]:
    names = {str(row["name"]) for row in source.rows(sql.PROCEDURES)}
    if not any(name.startswith("rds_set_external_") for name in names):
        yield "the server has no procedure of RDS's that lets it follow another one; move by replica"


def _shown(names: list[str]) -> str:
    more = len(names) - MOST_SHOWN
    return ", ".join(names[:MOST_SHOWN]) + (f" and {more} more" if more > 0 else "")
