"""Reads EC2 and RDS: one Describe call for each kind of record."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, TypeVar

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from tenantnet.aws.answers import MANY_CALLS, PATIENCE
from tenantnet.observed.deployed import WRITTEN, Describe, Described, Filters, Tagged
from tenantnet.tags import Tag

T = TypeVar("T", bound=Described)
Record = Mapping[str, Any]

# The most values that EC2 takes in one filter.
FILTER_VALUES = 200
# The largest page of an EC2 call for which boto3's model of it has no limit.
LARGEST_PAGE = 1000
TAG = "tag:"
# As AWS's services call the size of a page.
SIZES = ("MaxResults", "MaxRecords", "limit")
NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Part:
    """The part of a call's records that is listed, so that there are fewer pages.

    What is known and not in that part is asked for by ids. filters: of the part. key: of a record's id.
    by_id: the filter for ids, which begin with `start`. tagged: the type, in EC2's word, of which every
    tenant's are known.
    """

    filters: Filters
    key: str
    by_id: str
    start: str
    tagged: str = ""


OWNED: Filters = {"tag-key": (Tag.TENANT,)}
# Without default groups, default ACLs, main tables, and what the cells' stacks have.
PARTS: Mapping[str, Part] = {
    "describe_vpcs": Part(OWNED, "VpcId", "vpc-id", "vpc-"),
    "describe_subnets": Part(OWNED, "SubnetId", "subnet-id", "subnet-"),
    "describe_security_groups": Part(OWNED, "GroupId", "group-id", "sg-"),
    "describe_network_acls": Part(OWNED, "NetworkAclId", "network-acl-id", "acl-"),
    # Those with routes of somebody's, be it a main table. A table without any was not finished.
    "describe_route_tables": Part(
        *({"route.origin": (WRITTEN,)}, "RouteTableId", "route-table-id", "rtb-"), tagged="route-table"
    ),
}


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
    """Reads every kind once, in the largest pages, and chooses in memory.

    services: as boto3 calls them. known: the ids that are asked for beside PARTS; None to read every kind
    whole. calls: how many were sent, by operation.
    """

    # The filters of which a read may have one in memory, as a path in a record; so may it have one of a tag.
    # AWS is asked by all others.
    CHOSEN: Mapping[str, tuple[str, ...]] = {
        "vpc-id": ("VpcId",),
        "subnet-id": ("SubnetId",),
        "group-id": ("GroupId",),
        "route-table-id": ("RouteTableId",),
        "vpn-gateway-id": ("VpnGatewayId",),
        "requester-vpc-info.vpc-id": ("RequesterVpcInfo", "VpcId"),
        "accepter-vpc-info.vpc-id": ("AccepterVpcInfo", "VpcId"),
        "attachment.vpc-id": ("Attachments", "VpcId"),
    }

    def __init__(self, region: str, services: Collection[str], known: Collection[str] | None = None) -> None:
        super().__init__(region, services, MANY_CALLS)
        self._known = known
        # An error is AWS's answer, too: nobody asks a thousand times.
        self._whole: dict[str, list[Record] | BotoCoreError | ClientError] = {}
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
            part = None if filters or self._known is None else PARTS.get(by.call)
            records = self._part(by, part) if part else self._described(by, filters, further)
            try:
                self._whole[key] = list(records)
            except (BotoCoreError, ClientError) as error:
                self._whole[key] = error
        if isinstance(found := self._whole[key], Exception):
            raise found
        return found

    def _part(self, by: Describe, part: Part) -> Iterator[Record]:
        known = {each for each in self._known or () if each.startswith(part.start)}
        if part.tagged:
            owned = {"key": (Tag.TENANT,), "resource-type": (part.tagged,)}
            known |= {each["ResourceId"] for each in self.all(Tagged.described_by, owned)}
        for record in self._described(by, part.filters):
            known.discard(record[part.key])
            yield record
        if known:
            yield from super()._matching(by, {part.by_id: sorted(known)})

    def _matching(self, by: Describe, wanted: Filters) -> Iterator[Record]:
        filters = {
            name: values
            for name, values in wanted.items()
            if name not in self.CHOSEN and not name.startswith(TAG)
        }
        records = self.all(by, filters)
        if filters == wanted:
            return iter(records)
        (name,) = wanted.keys() - filters.keys()
        key = f"{by.call} {filters} {name}"
        if key not in self._chosen:
            tag = name.removeprefix(TAG)
            values = _of_tag(records, tag) if tag != name else _of_path(records, self.CHOSEN[name])
            self._chosen[key] = defaultdict(list)
            for value, record in values:
                self._chosen[key][value].append(record)
        return (each for value in dict.fromkeys(wanted[name]) for each in self._chosen[key].get(value, ()))

    def _paging(self, by: Describe) -> Mapping[str, int]:
        """Without a size, CloudWatch gives half a page, and EC2 slows down those who get large answers."""
        known = self._clients[by.service].meta
        call = known.service_model.operation_model(known.method_to_api_mapping[by.call])
        size = next(
            (call.input_shape.members[name] for name in SIZES if name in call.input_shape.members), None
        )
        most = size.metadata.get("max", LARGEST_PAGE if by.service == "ec2" else None) if size else None
        return {"PageSize": most} if most else {}


def _of_tag(records: Iterable[Record], key: str) -> Iterator[tuple[object, Record]]:
    """The value of the tag in each record that has it, with the record."""
    for record in records:
        yield from ((tag["Value"], record) for tag in record.get("Tags", ()) if tag["Key"] == key)


def _of_path(records: Iterable[Record], path: Sequence[str]) -> Iterator[tuple[object, Record]]:
    """Each value at a path in the records, with its record."""
    for record in records:
        places: list[Any] = [record]
        for key in path:
            inside = [place.get(key) for place in places]
            places = [each for one in inside for each in (one if isinstance(one, list) else [one]) if each]
        yield from ((value, record) for value in places)


def tagged(**tags: str) -> dict[str, list[str]]:
    """The filters for these of Tenantnet's tags."""
    return {f"{TAG}tenantnet:{key}": [value] for key, value in tags.items()}
