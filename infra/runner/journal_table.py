"""The journal of a cell's moves in DynamoDB: entries by tenant and time, one decision per move, one lease."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, cast

import boto3
from tenantnet.aws.answers import PATIENCE, aws_answers
from tenantnet.failure import Failure
from tenantnet.phases.journal import DECISION, Entry, Holder, decision_key, lease_key
from tenantnet.phases.transitions import Decision
from tenantnet.tags import journal_table_name

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# As DynamoDB stores it.
Item = Mapping[str, Any]


def decision_in(outcome: Item) -> Decision | None:
    """The decision about a move, in what the table has of how it ends."""
    return Decision(outcome["decision"]["S"]) if "decision" in outcome else None


class JournalTable:
    """One tenant's journal. Every read is consistent: it sees what was written before it began.

    Every method raises Failure if AWS does not answer or does not allow the call.
    """

    def __init__(self, client: DynamoDBClient, cell: str, tenant: str) -> None:
        self._client, self._cell, self._tenant = client, cell, tenant
        self.name = journal_table_name(cell)

    @classmethod
    def of(cls, cell: str, region: str, tenant: str) -> JournalTable:
        """The journal of `tenant` in the platform stack `platform-<cell>`."""
        with aws_answers(f"reach DynamoDB in {region}", region=region):
            return cls(boto3.client("dynamodb", region_name=region, config=PATIENCE), cell, tenant)

    def write(self, entry: Entry) -> None:
        """Add an entry."""
        with self._asking("write to the journal"):
            self._client.put_item(TableName=self.name, Item=entry.item(self._tenant))

    def entries(self) -> list[Entry]:
        """All entries of the tenant, in order of time."""
        pages = self._client.get_paginator("query").paginate(
            TableName=self.name,
            KeyConditionExpression="tenant = :tenant AND #at < :decision",
            ExpressionAttributeNames={"#at": "at"},
            ExpressionAttributeValues={":tenant": {"S": self._tenant}, ":decision": {"S": DECISION}},
            ConsistentRead=True,
        )
        with self._asking("read the journal"):
            items = [item for page in pages for item in page["Items"]]
        try:
            return [Entry.from_item(item) for item in items]
        except ValueError as error:
            raise self._unreadable(str(error)) from None

    def decision(self, move: int) -> Decision | None:
        """The decision about `move`; None before there is one."""
        return decision_in(self.outcome(move))

    def decide(self, move: int, wanted: Decision, who: str) -> Decision:
        """Decide `move`, once: returns `wanted`, or the decision that was written before."""
        while (found := decision_in(item := self.outcome(move))) is None:
            self.replace_outcome(move, item, {"decision": {"S": str(wanted)}, "who": {"S": who}})
        return found

    def outcome(self, move: int) -> Item:
        """What the table has of how `move` ends, beside the entries: empty before there is anything."""
        with self._asking("read the decision about a move"):
            answer = self._client.get_item(
                TableName=self.name, Key=decision_key(self._tenant, move), ConsistentRead=True
            )
        return cast("Item", answer.get("Item", {}))

    def replace_outcome(self, move: int, seen: Item, changes: Item) -> Item | None:
        """Change what the table has; what it has then. None if it has not any more what was seen."""
        revision = int(seen["revision"]["N"]) if "revision" in seen else None
        condition = "attribute_not_exists(tenant)" if not seen else "attribute_not_exists(revision)"
        values: Any = {}
        if revision is not None:
            condition = "revision = :seen"
            values = {"ExpressionAttributeValues": {":seen": seen["revision"]}}
        item = {
            **seen,
            **decision_key(self._tenant, move),
            **changes,
            "revision": {"N": str((revision or 0) + 1)},
        }
        with self._asking("write the decision about a move"):
            try:
                self._client.put_item(TableName=self.name, Item=item, ConditionExpression=condition, **values)
            except self._client.exceptions.ConditionalCheckFailedException:
                return None
        return item

    def lease(self) -> Holder | None:
        """The run that has the tenant's lease; None if none has."""
        with self._asking("read the lease of the tenant's moves"):
            answer = self._client.get_item(
                TableName=self.name, Key=lease_key(self._tenant), ConsistentRead=True
            )
        try:
            return Holder.from_item(answer["Item"]) if "Item" in answer else None
        except (KeyError, ValueError) as error:
            raise self._unreadable(f"the lease: {error}") from None

    def take_lease(self, mine: Holder, instead_of: Holder | None) -> bool:
        """Take the lease if no run has it, or `instead_of` has not renewed it since; whether that is so."""
        if instead_of is None:
            return self._put_lease(mine, "attribute_not_exists(tenant)")
        seen = instead_of.item()
        return self._put_lease(
            mine,
            "attribute_not_exists(tenant) OR (#run = :run AND renewals = :renewals)",
            {":run": seen["run"], ":renewals": seen["renewals"]},
        )

    def renew_lease(self, mine: Holder) -> bool:
        """Write `mine`, with its renewals, over its own lease; False if it has none any more."""
        return self._put_lease(mine, "#run = :run", {":run": {"S": mine.run}})

    def release_lease(self, mine: Holder) -> None:
        """Give the lease back; nothing happens if another run has it."""
        with (
            self._asking("release the lease of the tenant's moves"),
            suppress(self._client.exceptions.ConditionalCheckFailedException),
        ):
            self._client.delete_item(
                TableName=self.name,
                Key=lease_key(self._tenant),
                ConditionExpression="#run = :run",
                ExpressionAttributeNames={"#run": "run"},
                ExpressionAttributeValues={":run": {"S": mine.run}},
            )

    def _put_lease(self, mine: Holder, condition: str, values: Mapping[str, Any] | None = None) -> bool:
        facts: Any = {
            "ExpressionAttributeNames": {"#run": "run"},
            "ExpressionAttributeValues": values,
        }
        with self._asking("write the lease of the tenant's moves"):
            try:
                self._client.put_item(
                    TableName=self.name,
                    Item={**lease_key(self._tenant), **mine.item()},
                    ConditionExpression=condition,
                    **(facts if values else {}),
                )
            except self._client.exceptions.ConditionalCheckFailedException:
                return False
        return True

    def _unreadable(self, what: str) -> Failure:
        return Failure(
            f"Could not read the journal of {self._tenant}.",
            reason=f"a row in {self.name} was not written by this version of Tenantnet: {what}",
            remedy="complete the row or delete it",
        )

    @contextmanager
    def _asking(self, task: str) -> Iterator[None]:
        region = self._client.meta.region_name
        with aws_answers(f"{task} in {self.name}", region=region):
            try:
                yield
            except self._client.exceptions.ResourceNotFoundException:
                raise Failure(
                    f"Could not {task}.",
                    reason=f"this account has no table {self.name} in {region}",
                    remedy=f"update the platform: tenantnet up platform-{self._cell}",
                ) from None
