"""The recorded calls of the local cloud: one JSON object per line."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from tenantnet.failure import Failure


@dataclass(frozen=True, slots=True, kw_only=True)
class CalledResource:
    """arn: of something that the call names. tags: what it carried when it was called."""

    arn: str
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """caller: the access key's ID, under which the local cloud knows who calls.

    service: as in the request's signature, `ec2`. operation: as AWS's API calls it, `CreateVpc`.
    request_tags: those that the call gives.
    """

    caller: str
    service: str
    operation: str
    resources: tuple[CalledResource, ...] = ()
    request_tags: Mapping[str, str] = field(default_factory=dict)

    def to_line(self) -> str:
        """Itself as one line of a record."""
        return json.dumps(asdict(self), sort_keys=True)

    @classmethod
    def from_line(cls, line: str) -> Call:
        """The call of one line."""
        raw = json.loads(line)
        return cls(**{**raw, "resources": tuple(CalledResource(**each) for each in raw["resources"])})


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
