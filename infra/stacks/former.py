"""What AWS keeps of a tenant that was removed, under a name that a later tenant may have."""

from __future__ import annotations

from collections.abc import Iterator

import boto3
from tenantnet.aws.answers import PATIENCE, aws_answers
from tenantnet.phases.journal import move_of_item
from tenantnet.tags import Slot, journal_table_name, move_of_snapshot, network_name


def moves_used(tenant: str, cell: str, region: str) -> int:
    """The highest number that a move of a tenant of this name has had: journal and snapshots stay.

    0 if there was none. Raises Failure if AWS does not answer or does not allow the calls.
    """
    with aws_answers(f"look for what a former tenant {tenant} has left", region=region):
        return max([*_in_journal(tenant, cell, region), *_in_snapshots(tenant, region)], default=0)


def _in_journal(tenant: str, cell: str, region: str) -> Iterator[int]:
    client = boto3.client("dynamodb", region_name=region, config=PATIENCE)
    pages = client.get_paginator("query").paginate(
        TableName=journal_table_name(cell),
        KeyConditionExpression="tenant = :tenant",
        ExpressionAttributeValues={":tenant": {"S": tenant}},
        ConsistentRead=True,
    )
    for page in pages:
        yield from map(move_of_item, page["Items"])


def _in_snapshots(tenant: str, region: str) -> Iterator[int]:
    client = boto3.client("rds", region_name=region, config=PATIENCE)
    # As a filter an instance that is gone is no error, and its snapshots are found by it.
    databases = [network_name(tenant, slot) for slot in Slot]
    pages = client.get_paginator("describe_db_snapshots").paginate(
        SnapshotType="manual", Filters=[{"Name": "db-instance-id", "Values": databases}]
    )
    for page in pages:
        for snapshot in page["DBSnapshots"]:
            yield move_of_snapshot(tenant, snapshot["DBSnapshotIdentifier"])
