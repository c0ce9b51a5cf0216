"""Reads EC2 and RDS: one Describe call for each kind of record."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar

import boto3
from tenantnet.aws.answers import PATIENCE
from tenantnet.observed.deployed import Describe, Described, Filters

T = TypeVar("T", bound=Described)

# The most values that EC2 takes in one filter.
FILTER_VALUES = 200


class Reader:
    """Asks AWS in one region. filters: values by AWS's own names of filters."""

    def __init__(self, region: str) -> None:
        self._clients: dict[str, Any] = {
            service: boto3.client(service, region_name=region, config=PATIENCE) for service in ("ec2", "rds")
        }

    def read(self, kind: type[T], filters: Filters | None = None) -> tuple[T, ...]:
        """All that match every filter. A filter without values matches nothing, and AWS is not asked.

        Raises what boto3 raises.
        """
        wanted = {name: list(values) for name, values in (filters or {}).items()}
        if not all(wanted.values()):
            return ()
        long = {name: values for name, values in wanted.items() if len(values) > FILTER_VALUES}
        parts: Sequence[Filters] = [wanted]
        for name, values in long.items():
            starts = range(0, len(values), FILTER_VALUES)
            parts = [{**part, name: values[at : at + FILTER_VALUES]} for part in parts for at in starts]
        answers = (each for part in parts for each in self._described(kind.described_by, part))
        return tuple(map(kind.model_validate, answers))

    def _described(self, by: Describe, filters: Filters) -> Iterator[Mapping[str, Any]]:
        client = self._clients[by.service]
        chosen = {**filters, **by.live}
        asked = {"Filters": [{"Name": name, "Values": list(values)} for name, values in chosen.items()]}
        pages = (
            client.get_paginator(by.call).paginate(**asked)
            if client.can_paginate(by.call)
            else [getattr(client, by.call)(**asked)]
        )
        for page in pages:
            for described in page[by.key]:
                yield from described["Instances"] if by.key == "Reservations" else (described,)


def tagged(**tags: str) -> dict[str, list[str]]:
    """The filters for these of Tenantnet's tags."""
    return {f"tag:tenantnet:{key}": [value] for key, value in tags.items()}
