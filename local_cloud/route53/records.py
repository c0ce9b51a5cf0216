"""A batch of record changes: checked as a whole against the zone, then made, or refused and nothing made.

https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeResourceRecordSets.html
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from moto.route53.exceptions import Route53ClientError
from moto.route53.models import FakeZone, RecordSet

MAX_RECORDS = 1_000


class RecordKey(NamedTuple):
    """What tells record sets of a zone apart: the name in lower case with its final dot."""

    name: str
    type: str
    set_identifier: str | None

    def __str__(self) -> str:
        identifier = f", set-identifier='{self.set_identifier}'" if self.set_identifier else ""
        return f"[name='{self.name}', type='{self.type}'{identifier}]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change of a batch. action: CREATE, UPSERT or DELETE. record_set: as the request spells it."""

    action: str
    record_set: dict[str, Any]

    @property
    def key(self) -> RecordKey:
        name = str(self.record_set["Name"]).lower()
        return RecordKey(
            name if name.endswith(".") else f"{name}.",
            self.record_set["Type"],
            self.record_set.get("SetIdentifier"),
        )

    @property
    def values(self) -> list[str]:
        return [record["Value"] for record in self.record_set.get("ResourceRecords", [])]

    def stored(self) -> RecordSet:
        """As the zone keeps it."""
        stored = {**self.record_set, "Name": self.key.name, "ResourceRecords": self.values}
        return RecordSet(stored)  # type: ignore[abstract] # to CloudFormation only

    def matches(self, record_set: RecordSet) -> bool:
        """Whether it says the same as an existing record set, as a deletion must."""
        ttl = self.record_set.get("TTL")
        same_ttl = ttl is None or str(ttl) == str(record_set.ttl)
        return sorted(self.values) == sorted(record_set.records) and same_ttl


def invalid_batch(messages: Sequence[str]) -> Route53ClientError:
    return Route53ClientError("InvalidChangeBatch", f"[{', '.join(messages)}]")


def apply_changes(zone: FakeZone, changes: Sequence[Change]) -> None:
    """Make all changes, or raise Route 53's InvalidChangeBatch with everything that is wrong."""
    if sum(len(change.values) * (2 if change.action == "UPSERT" else 1) for change in changes) > MAX_RECORDS:
        raise invalid_batch([f"Number of records limit of {MAX_RECORDS} exceeded."])
    records = {_key(record_set): record_set for record_set in zone.rrsets}
    problems = []
    for change in changes:
        if problem := _problem(zone, records, change):
            problems.append(problem)
        elif change.action == "DELETE":
            del records[change.key]
        else:
            records[change.key] = change.stored()
    if problems:
        raise invalid_batch(problems)
    zone.rrsets = list(records.values())


def _key(record_set: RecordSet) -> RecordKey:
    return RecordKey(record_set.name.lower(), str(record_set.type), record_set.set_identifier)


def _problem(zone: FakeZone, records: dict[RecordKey, RecordSet], change: Change) -> str | None:
    key = change.key
    if not f".{key.name}".endswith(f".{zone.name.lower()}"):
        return f"RRSet with DNS name {key.name} is not permitted in zone {zone.name}"
    if change.action == "DELETE":
        if key not in records:
            return f"Tried to delete resource record set {key} but it was not found"
        if not change.matches(records[key]):
            return (
                f"Tried to delete resource record set {key} but the values provided do not match the "
                "current values"
            )
        return None
    if change.action == "CREATE" and key in records:
        return f"Tried to create resource record set {key} but it already exists"
    return _cname_problem(zone, records, key)


def _cname_problem(zone: FakeZone, records: dict[RecordKey, RecordSet], key: RecordKey) -> str | None:
    others = {other.type for other in records if other.name == key.name and other.type != key.type}
    if key.type == "CNAME" and key.name == zone.name.lower():
        return f"RRSet of type CNAME with DNS name {key.name} is not permitted at apex in zone {zone.name}"
    if (key.type == "CNAME" and others) or "CNAME" in others:
        return (
            f"RRSet of type {key.type} with DNS name {key.name} is not permitted as it conflicts with other "
            f"records with the same DNS name in zone {zone.name}"
        )
    return None
