"""The claims table through DynamoDB's API: who gets a range, also when many want it at once."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator, Mapping
from dataclasses import replace
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
import pytest
from tenantnet.addresses.claims import Claim, ClaimKind, ForeignRow
from tenantnet.addresses.claims_table import ClaimsTable
from tenantnet.failure import Failure
from tenantnet.local_cloud.clients import client
from tenantnet.local_cloud.environment import environment
from tenantnet.local_cloud.process import LocalCloud
from tenantnet.refusal import Refused
from tenantnet.tags import claims_table_name

from tests.support.aws import delete_table
from tests.support.claims import WritableClaims

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import WriteRequestTypeDef

REGION = "eu-west-1"
RACERS = 32


def network(cidr: str, tenant: str, slot: str = "blue") -> Claim:
    return Claim(cidr=cidr, tenant=tenant, stack=tenant, kind=ClaimKind.NETWORK, slot=slot)


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, str]]:
    """The environment of a local cloud."""
    with LocalCloud(tmp_path_factory.mktemp("cloud")) as cloud:
        yield environment(cloud.state_dir)


@pytest.fixture(scope="module")
def dynamodb(own: Mapping[str, str]) -> DynamoDBClient:
    return client("dynamodb", own)  # type: ignore[no-any-return]


@pytest.fixture
def cell(dynamodb: DynamoDBClient) -> Iterator[str]:
    """A cell with a claims table such as the platform stack makes."""
    cell = "eu1"
    dynamodb.create_table(
        TableName=claims_table_name(cell),
        KeySchema=[{"AttributeName": "cidr", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "cidr", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    yield cell
    delete_table(dynamodb, claims_table_name(cell))


@pytest.fixture
def table(dynamodb: DynamoDBClient, cell: str) -> WritableClaims:
    return WritableClaims(dynamodb, cell)


def test_a_claim_is_found_by_its_range(table: WritableClaims) -> None:
    wanted = network("10.1.2.0/26", "acme")
    table.claim(wanted)
    assert table.holder_of("10.1.2.0/26") == wanted
    assert table.holder_of("10.1.2.64/26") is None


def test_a_range_that_another_stack_holds_is_refused_by_its_holders_name_and_stays_its(
    table: WritableClaims,
) -> None:
    table.claim(network("10.1.2.0/26", "acme"))
    with pytest.raises(Refused, match="tenant acme holds it for its network blue"):
        table.claim(network("10.1.2.0/26", "beta", "green"))
    assert table.holder_of("10.1.2.0/26") == network("10.1.2.0/26", "acme")


def test_claiming_ones_own_range_again_is_no_error(table: WritableClaims) -> None:
    for _ in range(2):
        table.claim(network("10.1.2.0/26", "acme"))
    assert table.all() == [network("10.1.2.0/26", "acme")]


def test_all_claims_are_read_over_the_borders_of_pages(
    dynamodb: DynamoDBClient, table: WritableClaims
) -> None:
    # A page ends at 1 MB: these rows fill more than one.
    claims = [
        network(f"10.{first}.{second}.0/26", f"t{'x' * 900}") for first in range(6) for second in range(250)
    ]
    for start in range(0, len(claims), 25):
        requests: list[WriteRequestTypeDef] = [
            {"PutRequest": {"Item": claim.item()}} for claim in claims[start : start + 25]
        ]
        dynamodb.batch_write_item(RequestItems={table.name: requests})
    assert sorted(claim.cidr for claim in table.all()) == sorted(claim.cidr for claim in claims)


def test_a_row_that_somebody_else_wrote_is_read_as_one_and_keeps_its_range(
    dynamodb: DynamoDBClient, table: WritableClaims
) -> None:
    dynamodb.put_item(TableName=table.name, Item={"cidr": {"S": "10.1.2.0/26"}, "owner": {"S": "me"}})
    (row,) = table.all()
    assert isinstance(row, ForeignRow)
    assert (row.cidr, '"owner": {"S": "me"}' in row.text) == ("10.1.2.0/26", True)
    with pytest.raises(Refused, match="does not say who holds it"):
        table.claim(network("10.1.2.0/26", "acme"))


def test_a_claim_is_deleted_only_where_the_row_is_that_claim(table: WritableClaims) -> None:
    held = network("10.1.2.0/26", "acme")
    table.claim(held)
    for other in (replace(held, stack="beta"), replace(held, tenant="beta"), replace(held, slot="green")):
        assert not table.delete(other)
    assert table.all() == [held]
    assert table.delete(held)
    assert table.all() == []


def test_a_platform_that_is_not_deployed_is_a_failure_with_the_command_that_deploys_it(
    dynamodb: DynamoDBClient,
) -> None:
    with pytest.raises(Failure, match="tenantnet up platform-nowhere"):
        ClaimsTable(dynamodb, "nowhere").all()


def test_where_nobody_listens_the_failure_says_that_aws_did_not_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "local")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "local")
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    with pytest.raises(Failure, match=r"AWS did not answer(.|\n)*tenantnet local start"):
        ClaimsTable.of("eu1", REGION).all()


def test_without_credentials_the_failure_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for variable in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    with pytest.raises(Failure, match="no usable AWS credentials"):
        ClaimsTable.of("eu1", REGION).all()


def test_of_32_processes_that_claim_one_range_at_once_one_gets_it_and_all_others_are_told_who(
    own: Mapping[str, str], cell: str, table: WritableClaims
) -> None:
    processes = multiprocessing.get_context("spawn")
    barrier = processes.Barrier(RACERS)
    with processes.Manager() as manager:
        answers = manager.dict()
        racers = [
            processes.Process(target=_race, args=(own, cell, f"t{number}", barrier, answers))
            for number in range(RACERS)
        ]
        for racer in racers:
            racer.start()
        for racer in racers:
            racer.join(timeout=240)
        told = dict(answers)
    assert len(told) == RACERS, "every process must come to an answer"
    winners = [tenant for tenant, answer in told.items() if answer == "got it"]
    assert len(winners) == 1
    holder = table.holder_of("10.1.2.0/26")
    assert isinstance(holder, Claim)
    assert holder.tenant == winners[0]
    losers = [answer for answer in told.values() if answer != "got it"]
    assert all(
        f"tenant {winners[0]} holds it for its network blue (stack {winners[0]})" in answer
        for answer in losers
    )


def _race(own: Mapping[str, str], cell: str, tenant: str, barrier: Barrier, answers: dict[str, str]) -> None:
    table = WritableClaims(client("dynamodb", own), cell)
    # The first call loads what boto3 loads late; the race is about the claim alone.
    table.holder_of("10.0.0.0/26")
    barrier.wait(timeout=240)
    try:
        table.claim(network("10.1.2.0/26", tenant))
    except Refused as refused:
        answers[tenant] = str(refused)
    else:
        answers[tenant] = "got it"
