"""One local cloud for all these tests, on a port of its own, and boto3 clients that talk to it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from uuid import uuid4

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from mypy_boto3_dynamodb import DynamoDBClient
from mypy_boto3_ec2 import EC2Client
from mypy_boto3_rds import RDSClient
from mypy_boto3_route53 import Route53Client
from tenantnet.local_cloud.process import LocalCloud

from tests.support.aws import aws_client, journal_table
from tests.support.network import Network, VpnSite
from tests.support.order import longest_first


def _forget_session() -> None:
    boto3.DEFAULT_SESSION = None


# boto3 keeps the key that it found first for all later clients, and every cloud has its own.
forget_session_of_another_module = pytest.fixture(scope="module", autouse=True)(_forget_session)
forget_session_of_another_test = pytest.fixture(autouse=True)(_forget_session)


@pytest.fixture(scope="session")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    with LocalCloud(tmp_path_factory.mktemp("cloud"), real_databases=False) as running:
        yield running


@pytest.fixture(scope="session")
def client(cloud: LocalCloud) -> Callable[[str], object]:
    """Makes clients; they never try again, so that a wrong answer is seen as it is."""
    once = Config(retries={"total_max_attempts": 1})

    def make(service: str, config: Config = once) -> object:
        return aws_client(cloud, service, config)

    return make


def make_runner_role(cloud: LocalCloud) -> None:
    """Make a role that CodeBuild and the scheduler may have, and that may everything."""
    services = {"Service": ["codebuild.amazonaws.com", "scheduler.amazonaws.com"]}
    trust = {"Statement": [{"Effect": "Allow", "Principal": services, "Action": "sts:AssumeRole"}]}
    iam = aws_client(cloud, "iam")
    iam.create_role(RoleName="runner", AssumeRolePolicyDocument=json.dumps(trust))
    iam.attach_role_policy(RoleName="runner", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")


@pytest.fixture(scope="session")
def runner_role(cloud: LocalCloud) -> None:
    """In the shared cloud."""
    make_runner_role(cloud)


@pytest.fixture(scope="session")
def ec2(client: Callable[[str], EC2Client]) -> EC2Client:
    return client("ec2")


@pytest.fixture(scope="session")
def rds(client: Callable[[str], RDSClient]) -> RDSClient:
    return client("rds")


@pytest.fixture(scope="session")
def route53(client: Callable[[str], Route53Client]) -> Route53Client:
    return client("route53")


@pytest.fixture
def name() -> str:
    """A name that no other test uses."""
    return f"t-{uuid4().hex[:12]}"


@pytest.fixture
def network(ec2: EC2Client) -> Network:
    """A VPC with two subnets in two zones, a VPN gateway attached to it, and a route table."""
    return Network.create(ec2)


@pytest.fixture
def site(ec2: EC2Client, network: Network) -> VpnSite:
    """A VPN connection with static routes from the network to a customer."""
    return VpnSite.create(ec2, network.vpn_gateway_id)


Refusal = Callable[..., str]


@pytest.fixture(scope="session")
def refusal() -> Refusal:
    """Calls an operation that must be refused: the error's code."""

    def call(operation: Callable[..., object], **parameters: object) -> str:
        with pytest.raises(ClientError) as caught:
            operation(**parameters)
        return caught.value.response["Error"]["Code"]

    return call


@pytest.fixture(scope="session")
def dynamodb(client: Callable[[str], DynamoDBClient]) -> DynamoDBClient:
    return client("dynamodb")


@pytest.fixture
def cell(dynamodb: DynamoDBClient, name: str) -> Iterator[str]:
    """A cell with a journal such as the platform stack makes."""
    with journal_table(dynamodb, name):
        yield name


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    longest_first(items)
