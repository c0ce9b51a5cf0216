"""The recorded calls of the local cloud: one JSON object per line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from tenantnet.failure import Failure


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """caller: the access key's ID, under which the local cloud knows who calls.

    service: as AWS's model of it is called, `ec2`. operation: as AWS's API calls it, `CreateVpc`.
    """

    caller: str
    service: str
    operation: str

    def to_line(self) -> str:
        """Itself as one line of a record."""
        return json.dumps(asdict(self), sort_keys=True)

    @classmethod
    def from_line(cls, line: str) -> Call:
        """The call of one line."""
        return cls(**json.loads(line))


def read_record(file: Path) -> Iterator[Call]:
    """The calls of a record. Raises Failure if it cannot be read."""
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
        yield from map(Call.from_line, lines)
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise Failure(
            f"The record {file} cannot be read.",
            reason=str(error),
            remedy="record one: tenantnet local start --record-calls, then work with the local cloud",
        ) from error
