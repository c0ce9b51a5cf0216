"""The journal of a cell's moves in DynamoDB: entries by tenant and time, and one decision per move."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

import boto3
from tenantnet.aws.answers import PATIENCE, aws_answers
from tenantnet.failure import Failure
from tenantnet.phases.journal import Entry
from tenantnet.phases.transitions import Decision
from tenantnet.tags import journal_table_name

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# The decisions are in the same table as the entries, whose range key is a time: a digit sorts before any
# letter.
DECISION = "decision#"


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
            raise Failure(
                f"Could not read the journal of {self._tenant}.",
                reason=f"a row in {self.name} was not written by this version of Tenantnet: {error}",
                remedy="complete the row or delete it",
            ) from None

    def decision(self, move: int) -> Decision | None:
        """The decision about `move`; None before there is one."""
        with self._asking("read the decision about a move"):
            answer = self._client.get_item(TableName=self.name, Key=self._key(move), ConsistentRead=True)
        return Decision(answer["Item"]["decision"]["S"]) if "Item" in answer else None

    def decide(self, move: int, wanted: Decision, who: str) -> Decision:
        """Decide `move`, once: returns `wanted`, or the decision that was written before."""
        item = {**self._key(move), "decision": {"S": str(wanted)}, "who": {"S": who}}
        with self._asking("write the decision about a move"):
            try:
                self._client.put_item(
                    TableName=self.name,
                    Item=item,
                    ConditionExpression="attribute_not_exists(decision)",
                    # The refused write itself returns the decision.
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
            except self._client.exceptions.ConditionalCheckFailedException as lost:
                return Decision(cast("dict[str, Any]", lost.response)["Item"]["decision"]["S"])
        return wanted

    def _key(self, move: int) -> dict[str, Any]:
        return {"tenant": {"S": self._tenant}, "at": {"S": f"{DECISION}{move:06d}"}}

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
                    remedy=f"update the platform: pulumi up --stack platform-{self._cell}",
                ) from None
