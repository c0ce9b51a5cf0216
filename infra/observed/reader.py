"""Reads EC2 and RDS: one Describe call for each kind of record."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, TypeVar

import boto3
from botocore.config import Config
from tenantnet.aws.answers import MANY_CALLS, PATIENCE
from tenantnet.observed.deployed import Describe, Described, Filters

T = TypeVar("T", bound=Described)
Record = Mapping[str, Any]

# The most values that EC2 takes in one filter.
FILTER_VALUES = 200
# The largest page of a call for which boto3's model of it has no limit.
LARGEST_PAGE = 1000
NOTHING: Mapping[str, Any] = MappingProxyType({})


class Reader:
    """Asks AWS in one region. filters: values by AWS's own names of filters."""

    def __init__(
        self, region: str, services: Collection[str] = ("ec2", "rds"), config: Config = PATIENCE
    ) -> None:
        client: Any = boto3.client  # typed only where the service is known before it runs
        self._clients = {service: client(service, region_name=region, config=config) for service in services}

    def read(self, kind: type[T], filters: Filters | None = None) -> tuple[T, ...]:
        """All that match every filter. A filter without values matches nothing, and AWS is not asked.

        Raises what boto3 raises.
        """
        wanted = {name: list(values) for name, values in (filters or {}).items()}
        if not all(wanted.values()):
            return ()
        return tuple(map(kind.model_validate, self._matching(kind.described_by, wanted)))

    def _matching(self, by: Describe, wanted: Filters) -> Iterator[Record]:
        long = {name: values for name, values in wanted.items() if len(values) > FILTER_VALUES}
        parts: Sequence[Filters] = [wanted]
        for name, values in long.items():
            starts = range(0, len(values), FILTER_VALUES)
            parts = [{**part, name: values[at : at + FILTER_VALUES]} for part in parts for at in starts]
        return (each for part in parts for each in self._described(by, part))

    def _described(
        self, by: Describe, filters: Filters, further: Mapping[str, str] = NOTHING
    ) -> Iterator[Record]:
        client, asked = self._clients[by.service], dict[str, Any](further)
        if chosen := {**filters, **by.live}:
            asked["Filters"] = [{"Name": name, "Values": list(values)} for name, values in chosen.items()]
        pages = (
            client.get_paginator(by.call).paginate(**asked, PaginationConfig=self._paging(by))
            if client.can_paginate(by.call)
            else [getattr(client, by.call)(**asked)]
        )
        for page in pages:
            for described in page[by.key]:
                yield from described["Instances"] if by.key == "Reservations" else (described,)

    def _paging(self, by: Describe) -> Mapping[str, int]:
        return {}


class Pages(Reader):
    """Reads every kind once and whole, in the largest pages, and chooses in memory.

    services: as boto3 calls them. calls: how many were sent, by operation.
    """

    # The filters of which a read may have one in memory, as a path in a record. AWS is asked by all others.
    CHOSEN: Mapping[str, tuple[str, ...]] = {
        "vpc-id": ("VpcId",),
        "subnet-id": ("SubnetId",),
        "group-id": ("GroupId",),
        "route-table-id": ("RouteTableId",),
        "vpn-gateway-id": ("VpnGatewayId",),
        "requester-vpc-info.vpc-id": ("RequesterVpcInfo", "VpcId"),
        "accepter-vpc-info.vpc-id": ("AccepterVpcInfo", "VpcId"),
        "attachment.vpc-id": ("Attachments", "VpcId"),
        "value": ("Value",),
    }

    def __init__(self, region: str, services: Collection[str]) -> None:
        super().__init__(region, services, MANY_CALLS)
        self._whole: dict[str, list[Record]] = {}
        self._chosen: dict[str, dict[object, list[Record]]] = {}
        self.calls: Counter[str] = Counter()
        for client in self._clients.values():
            client.meta.events.register("before-send", self._count)

    def _count(self, event_name: str, **_: object) -> None:
        self.calls[event_name.rpartition(".")[2]] += 1

    def all(
        self, by: Describe, filters: Filters = NOTHING, further: Mapping[str, str] = NOTHING
    ) -> list[Record]:
        """Everything that AWS lists so. further: arguments of the call. Raises what boto3 raises."""
        key = f"{by.call} {dict(filters)} {dict(further)}"
        if key not in self._whole:
            self._whole[key] = list(self._described(by, filters, further))
        return self._whole[key]

    def _matching(self, by: Describe, wanted: Filters) -> Iterator[Record]:
        filters = {name: values for name, values in wanted.items() if name not in self.CHOSEN}
        records = self.all(by, filters)
        if filters == wanted:
            return iter(records)
        (name,) = wanted.keys() - filters.keys()
        key = f"{by.call} {filters} {name}"
        if key not in self._chosen:
            self._chosen[key] = _by_value(records, self.CHOSEN[name])
        return (each for value in dict.fromkeys(wanted[name]) for each in self._chosen[key].get(value, ()))

    def _paging(self, by: Describe) -> Mapping[str, int]:
        """Of EC2's calls without a size, AWS slows down those that are large."""
        known = self._clients[by.service].meta
        call = known.service_model.operation_model(known.method_to_api_mapping[by.call])
        size = call.input_shape.members.get("MaxResults")
        return {"PageSize": size.metadata.get("max", LARGEST_PAGE)} if size else {}


def _by_value(records: list[Record], path: Sequence[str]) -> dict[object, list[Record]]:
    """The records by their values at a path."""
    found: dict[object, list[Record]] = defaultdict(list)
    for record in records:
        places: list[Any] = [record]
        for key in path:
            inside = [place.get(key) for place in places]
            places = [each for one in inside for each in (one if isinstance(one, list) else [one]) if each]
        for value in places:
            found[value].append(record)
    return found


def tagged(**tags: str) -> dict[str, list[str]]:
    """The filters for these of Tenantnet's tags."""
    return {f"tag:tenantnet:{key}": [value] for key, value in tags.items()}
