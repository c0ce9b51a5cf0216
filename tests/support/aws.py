"""boto3 led to a local cloud, with the credentials of its own `tenantnet local env`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPConnection
from types import MappingProxyType
from typing import Any

import boto3
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from mypy_boto3_dynamodb import DynamoDBClient
from tenantnet.local_cloud import clients
from tenantnet.local_cloud.environment import environment
from tenantnet.local_cloud.process import LocalCloud
from tenantnet.local_cloud.state import ADMINISTRATOR_KEY
from tenantnet.tags import journal_table_name

Headers = Mapping[str, str]
NONE: Headers = MappingProxyType({})


def aws_client(cloud: LocalCloud, service: str, config: Config | None = None) -> Any:
    return clients.client(service, environment(cloud.state_dir), config=config)


def lead_here(monkeypatch: pytest.MonkeyPatch, cloud: LocalCloud) -> None:
    """Let boto3 in this process, and what it starts, talk to the cloud."""
    for name, value in environment(cloud.state_dir).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)


def signed(
    credentials: Credentials, service: str, method: str, url: str, body: str = "", headers: Headers = NONE
) -> Headers:
    """The headers of a request that no SDK makes, with its signature."""
    made = AWSRequest(method, url, dict(headers), body)
    SigV4Auth(credentials, service, "eu-west-1").add_auth(made)
    return dict(made.headers.items())


def send(
    cloud: LocalCloud, method: str, target: str, body: str = "", headers: Headers = NONE
) -> tuple[int, bytes]:
    """A request that no SDK makes, signed with the cloud's own secret: status and answer."""
    server = cloud.running_server()
    own = Credentials(ADMINISTRATOR_KEY, server.secret)
    complete = signed(own, "ec2", method, f"{server.url}{target}", body, headers)
    return send_as_it_is(cloud, method, target, body, complete)


def send_as_it_is(
    cloud: LocalCloud, method: str, target: str, body: str = "", headers: Headers = NONE
) -> tuple[int, bytes]:
    """A request with these headers and no signature but theirs: status and answer."""
    connection = HTTPConnection("127.0.0.1", cloud.running_server().port)
    try:
        connection.request(method, target, body, dict(headers))
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


@contextmanager
def journal_table(dynamodb: DynamoDBClient, cell: str) -> Iterator[None]:
    """Within it there is a cell's journal such as the platform stack makes, empty."""
    name = journal_table_name(cell)
    dynamodb.create_table(
        TableName=name,
        KeySchema=[
            {"AttributeName": "tenant", "KeyType": "HASH"},
            {"AttributeName": "at", "KeyType": "RANGE"},
        ],
        AttributeDefinitions=[
            {"AttributeName": "tenant", "AttributeType": "S"},
            {"AttributeName": "at", "AttributeType": "S"},
        ],
        BillingMode="PAY_PER_REQUEST",
    )
    yield
    delete_table(dynamodb, name)


def delete_table(dynamodb: DynamoDBClient, name: str) -> None:
    """Delete it and wait until its name is free."""
    dynamodb.delete_table(TableName=name)
    waiter = dynamodb.get_waiter("table_not_exists")
    waiter.wait(TableName=name, WaiterConfig={"Delay": 0, "MaxAttempts": 1000})
