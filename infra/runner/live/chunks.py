"""The rows of a table in chunks, by primary key, and what is read of one: their number and a checksum."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from tenantnet.runner.live import sql
from tenantnet.runner.live.session import Session

ROWS = 20_000
# Those that MySQL sorts as it compares them; an ENUM is sorted by number and compared as text.
_NUMBERS = ("tinyint", "smallint", "mediumint", "int", "bigint", "decimal", "year")
_TEXTS = ("char", "varchar", "binary", "varbinary")
_TIMES = ("date", "datetime", "timestamp", "time")
ORDERED = frozenset((*_NUMBERS, *_TEXTS, *_TIMES))
_SHORT = frozenset((*_NUMBERS, *_TIMES, "float", "double"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """Rows of one table behind a key, up to another one; None for no bound. first: the first row's place."""

    schema: str
    table: str
    after: tuple[Any, ...] | None = None
    up_to: tuple[Any, ...] | None = None
    first: int = 1

    def __str__(self) -> str:
        last = f" to {self.first + ROWS - 1}" if self.up_to else ""
        return f"table {sql.qualified(self.schema, self.table)}: rows {self.first}{last or ' and following'}"


class Part(NamedTuple):
    """The first part of a chunk and how it is read; rest: what is left of the chunk."""

    chunk: Chunk
    statement: str
    arguments: tuple[Any, ...]
    rest: tuple[Chunk, ...]


class Content(NamedTuple):
    """Of the rows of a chunk, whatever their order."""

    rows: int
    checksum: str

    def __str__(self) -> str:
        return f"{self.rows} rows with checksum {self.checksum}"


def first_of(session: Session, chunk: Chunk) -> Part:
    """Cut off so many rows as are read at once. Raises MySQL's error if the table is gone, say."""
    table = f"{sql.identifier(chunk.schema)}.{sql.identifier(chunk.table)}"
    columns = [_column(row) for row in session.rows(sql.COLUMNS, chunk.schema, chunk.table)]
    key = _key(session, chunk)
    rest: tuple[Chunk, ...] = ()
    if key and chunk.up_to is None:
        names = ", ".join(map(sql.identifier, key))
        where, arguments = _within(key, chunk)
        bounds = session.rows(
            f"SELECT {names} FROM {table} WHERE {where} ORDER BY {names} LIMIT 1 OFFSET {ROWS - 1}",  # noqa: S608 - quoted
            *arguments,
        )
        if bounds:
            bound = tuple(bounds[0][name] for name in key)
            rest = (replace(chunk, after=bound, first=chunk.first + ROWS),)
            chunk = replace(chunk, up_to=bound)
    where, arguments = _within(key, chunk)
    # A table that is gone has no columns; the statement's error says so.
    listed = ", ".join(columns) or "''"
    return Part(chunk, sql.CHECKSUM.format(columns=listed, table=table, where=where), tuple(arguments), rest)


def _column(row: Mapping[str, Any]) -> str:
    """The column in a form that has no comma and is never NULL; short, since a packet has a limit."""
    name = sql.identifier(str(row["name"]))
    return f"IFNULL({name if str(row['type']).lower() in _SHORT else f'SHA2({name}, 256)'}, '-')"


def read(session: Session, part: Part) -> Content:
    """What a server has of it."""
    (row,) = session.rows(part.statement, *part.arguments)
    return Content(int(row["rows"]), f"{int(row['low']):x}.{int(row['high']):x}")


def _key(session: Session, chunk: Chunk) -> Sequence[str]:
    """The primary key, if rows can be told apart by order and comparison; else nothing."""
    rows = session.rows(sql.KEY, chunk.schema, chunk.table)
    usable = all(str(row["type"]).lower() in ORDERED and row["part"] is None for row in rows)
    return [str(row["name"]) for row in rows] if usable else []


def _within(key: Sequence[str], chunk: Chunk) -> tuple[str, list[Any]]:
    conditions, arguments = ["1 = 1"], []
    for bound, sign, last in ((chunk.after, ">", ">"), (chunk.up_to, "<", "<=")):
        if bound is not None:
            condition, values = _beside(key, bound, sign, last)
            conditions.append(condition)
            arguments += values
    return " AND ".join(conditions), arguments


def _beside(key: Sequence[str], bound: Sequence[Any], sign: str, last: str) -> tuple[str, list[Any]]:
    """Spelled out: MySQL finds no range of an index for `(a, b) > (x, y)`."""
    quoted, alternatives, arguments = [*map(sql.identifier, key)], [], []
    for place, name in enumerate(quoted):
        same = [f"{each} = %s" for each in quoted[:place]]
        operator = last if place == len(quoted) - 1 else sign
        alternatives.append(" AND ".join([*same, f"{name} {operator} %s"]))
        arguments += [*bound[: place + 1]]
    return f"({' OR '.join(f'({each})' for each in alternatives)})", arguments
