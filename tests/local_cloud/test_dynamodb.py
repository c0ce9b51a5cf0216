"""DynamoDB: a write is made as a whole, however many come at once; a table takes a while to go."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from botocore.config import Config
from mypy_boto3_dynamodb import DynamoDBClient
from tenantnet.local_cloud.process import LocalCloud

from tests.support.aws import aws_client

CALLERS = 8
ROUNDS = 20
# So long that a server which judges it apart from the write would let another caller in between.
NOT_THERE = " AND ".join(["attribute_not_exists(#key)"] * 60)


@pytest.fixture
def dynamodb(client: Any) -> DynamoDBClient:
    made: DynamoDBClient = client(
        "dynamodb", Config(max_pool_connections=CALLERS, retries={"total_max_attempts": 1})
    )
    return made


@pytest.fixture
def table(dynamodb: DynamoDBClient, name: str) -> Iterator[str]:
    dynamodb.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "key", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "key", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    yield name
    dynamodb.delete_table(TableName=name)


def test_of_callers_that_write_one_item_at_once_if_it_is_not_there_one_does(
    dynamodb: DynamoDBClient, table: str
) -> None:
    start = Barrier(CALLERS)

    def write(caller: int) -> list[int]:
        """The rounds in which this caller was the one."""
        won = []
        for number in range(ROUNDS):
            start.wait(timeout=60)
            try:
                dynamodb.put_item(
                    TableName=table,
                    Item={"key": {"S": str(number)}, "caller": {"N": str(caller)}},
                    ConditionExpression=NOT_THERE,
                    ExpressionAttributeNames={"#key": "key"},
                )
            except dynamodb.exceptions.ConditionalCheckFailedException:
                continue
            won.append(number)
        return won

    with ThreadPoolExecutor(CALLERS) as callers:
        won = [number for numbers in callers.map(write, range(CALLERS)) for number in numbers]
    assert sorted(won) == list(range(ROUNDS))


def test_no_addition_of_callers_that_add_at_once_is_lost(dynamodb: DynamoDBClient, table: str) -> None:
    def add(_caller: int) -> None:
        for _ in range(ROUNDS):
            dynamodb.update_item(
                TableName=table,
                Key={"key": {"S": "sum"}},
                UpdateExpression="ADD added :one",
                ConditionExpression=NOT_THERE.replace("#key", "nothing"),
                ExpressionAttributeValues={":one": {"N": "1"}},
            )

    with ThreadPoolExecutor(CALLERS) as callers:
        list(callers.map(add, range(CALLERS)))
    item = dynamodb.get_item(TableName=table, Key={"key": {"S": "sum"}}, ConsistentRead=True)["Item"]
    assert item["added"] == {"N": str(CALLERS * ROUNDS)}


def test_a_protected_table_is_deleted_only_after_its_protection(dynamodb: DynamoDBClient, table: str) -> None:
    dynamodb.update_table(TableName=table, DeletionProtectionEnabled=True)
    with pytest.raises(dynamodb.exceptions.ClientError) as refused:
        dynamodb.delete_table(TableName=table)
    assert refused.value.response["Error"] == {
        "Code": "ValidationException",
        "Message": "Resource cannot be deleted as it is currently protected against deletion. "
        "Disable deletion protection first.",
    }
    dynamodb.update_table(TableName=table, DeletionProtectionEnabled=False)


def test_a_table_is_being_deleted_for_a_while_and_keeps_its_name_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TENANTNET_LOCAL_PACE", "2")
    with LocalCloud(tmp_path, real_databases=False) as slow:
        dynamodb = aws_client(slow, "dynamodb")
        table: Any = {
            "TableName": "leaving",
            "KeySchema": [{"AttributeName": "key", "KeyType": "HASH"}],
            "AttributeDefinitions": [{"AttributeName": "key", "AttributeType": "S"}],
            "BillingMode": "PAY_PER_REQUEST",
        }
        dynamodb.create_table(**table)
        for _ in range(2):
            deleted = dynamodb.delete_table(TableName="leaving")["TableDescription"]
            assert deleted["TableStatus"] == "DELETING"
        assert dynamodb.describe_table(TableName="leaving")["Table"]["TableStatus"] == "DELETING"
        with pytest.raises(dynamodb.exceptions.ResourceInUseException, match="being deleted"):
            dynamodb.create_table(**table)
        dynamodb.get_waiter("table_not_exists").wait(
            TableName="leaving", WaiterConfig={"Delay": 1, "MaxAttempts": 120}
        )
        dynamodb.create_table(**table)
