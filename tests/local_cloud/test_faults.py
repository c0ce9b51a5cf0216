"""Calls that fail on purpose, as boto3 sees them; a cloud of their own, which no other test has to share."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from time import monotonic
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError, ReadTimeoutError
from tenacity import retry, retry_if_result, stop_after_delay, wait_fixed
from tenantnet.failure import Failure
from tenantnet.local_cloud.faults import Effect, Fault
from tenantnet.local_cloud.process import LocalCloud, request

from tests.support.aws import aws_client

GROUP: dict[str, Any] = {"DBParameterGroupFamily": "mysql8.4", "Description": "x"}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    with LocalCloud(tmp_path_factory.mktemp("cloud"), real_databases=False) as cloud:
        yield cloud


@pytest.fixture
def faulty(running: LocalCloud) -> Iterator[LocalCloud]:
    yield running
    running.clear_faults()


def aws(cloud: LocalCloud, service: str, attempts: int = 1, read_timeout: float = 60) -> Any:
    config = Config(retries={"total_max_attempts": attempts}, read_timeout=read_timeout)
    return aws_client(cloud, service, config)


def groups(cloud: LocalCloud, name: str) -> list[Any]:
    found = aws(cloud, "rds").describe_db_parameter_groups()["DBParameterGroups"]
    return [group for group in found if group["DBParameterGroupName"] == name]


@pytest.mark.parametrize(
    ("service", "operation", "call"),
    [
        ("rds", "describe_db_instances", "rds DescribeDBInstances"),
        ("ec2", "describe_vpcs", "ec2 DescribeVpcs"),
        ("dynamodb", "list_tables", "dynamodb ListTables"),
        ("logs", "describe_log_groups", "logs DescribeLogGroups"),
        ("route53", "list_hosted_zones", "route53 GET */hostedzone"),
    ],
)
def test_a_chosen_call_fails_with_the_chosen_error(
    faulty: LocalCloud, service: str, operation: str, call: str
) -> None:
    faulty.fail(
        Fault(call=call, effect=Effect.ERROR, code="Throttling", message="too much of it", status=429)
    )
    with pytest.raises(ClientError) as caught:
        getattr(aws(faulty, service), operation)()
    answer = caught.value.response
    assert (answer["Error"]["Code"], answer["Error"]["Message"]) == ("Throttling", "too much of it")
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 429


def test_other_calls_and_other_resources_go_on(faulty: LocalCloud, name: str) -> None:
    faulty.fail(Fault(call="rds CreateDBParameterGroup", containing=f"{name}-green", effect=Effect.ERROR))
    rds = aws(faulty, "rds")
    rds.create_db_parameter_group(DBParameterGroupName=f"{name}-blue", **GROUP)
    with pytest.raises(ClientError, match="InternalFailure"):
        rds.create_db_parameter_group(DBParameterGroupName=f"{name}-green", **GROUP)
    assert groups(faulty, f"{name}-blue")
    assert not groups(faulty, f"{name}-green")


def test_so_many_calls_fail_and_no_more(faulty: LocalCloud) -> None:
    faulty.fail(Fault(call="ec2 *", effect=Effect.ERROR, count=2))
    ec2 = aws(faulty, "ec2")
    for _ in range(2):
        with pytest.raises(ClientError):
            ec2.describe_vpcs()
    ec2.describe_vpcs()
    assert faulty.struck() == [["ec2 DescribeVpcs", "ec2 DescribeVpcs"]]


def test_a_dropped_connection_has_no_answer_and_leaves_nothing_done(faulty: LocalCloud, name: str) -> None:
    faulty.fail(Fault(call="*", effect=Effect.DROP, count=1))
    with pytest.raises(ConnectionClosedError):
        aws(faulty, "rds").create_db_parameter_group(DBParameterGroupName=name, **GROUP)
    assert not groups(faulty, name)


def test_an_sdk_that_tries_again_finds_done_what_it_got_no_answer_to(faulty: LocalCloud, name: str) -> None:
    faulty.fail(Fault(call="rds Create*", effect=Effect.DROP, count=1, done=True))
    with pytest.raises(ClientError, match="DBParameterGroupAlreadyExists"):
        aws(faulty, "rds", attempts=2).create_db_parameter_group(DBParameterGroupName=name, **GROUP)


def test_an_error_may_hide_that_the_call_was_done(faulty: LocalCloud, name: str) -> None:
    faulty.fail(Fault(call="rds Create*", effect=Effect.ERROR, done=True))
    with pytest.raises(ClientError, match="InternalFailure"):
        aws(faulty, "rds").create_db_parameter_group(DBParameterGroupName=name, **GROUP)
    assert groups(faulty, name)


def test_an_answer_is_held_back_until_its_time_is_over(faulty: LocalCloud) -> None:
    faulty.fail(Fault(call="ec2 DescribeVpcs", effect=Effect.HOLD, seconds=0.5))
    began = monotonic()
    aws(faulty, "ec2").describe_vpcs()
    assert monotonic() - began >= 0.5


def test_clearing_lets_go_what_is_held_back_and_what_was_to_be_done_is_done(
    faulty: LocalCloud, name: str
) -> None:
    faulty.fail(Fault(call="rds Create*", effect=Effect.HOLD, done=True))
    with ThreadPoolExecutor() as pool:
        held = pool.submit(aws(faulty, "rds").create_db_parameter_group, DBParameterGroupName=name, **GROUP)
        _until_struck(faulty)
        assert groups(faulty, name)
        assert not held.done()
        faulty.clear_faults()
        assert held.result(timeout=10)["DBParameterGroup"]["DBParameterGroupName"] == name


def test_what_is_held_back_undone_is_never_done_for_a_client_that_has_gone(
    faulty: LocalCloud, name: str
) -> None:
    faulty.fail(Fault(call="rds Create*", effect=Effect.HOLD))
    impatient = aws(faulty, "rds", read_timeout=1)
    with pytest.raises(ReadTimeoutError):
        impatient.create_db_parameter_group(DBParameterGroupName=name, **GROUP)
    faulty.clear_faults()
    # Refused as one that exists, had the first been done.
    aws(faulty, "rds").create_db_parameter_group(DBParameterGroupName=name, **GROUP)
    assert len(groups(faulty, name)) == 1


@retry(retry=retry_if_result(lambda struck: not struck), stop=stop_after_delay(10), wait=wait_fixed(0.02))
def _until_struck(cloud: LocalCloud) -> bool:
    return all(cloud.struck())


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (None, "the body is the fields of a fault"),
        ({"call": "*"}, "'None' is not a valid Effect"),
        ({"call": "*", "effect": "explode"}, "'explode' is not a valid Effect"),
        ({"effect": "drop"}, "missing 1 required keyword-only argument: 'call'"),
        ({"call": "*", "effect": "drop", "when": 1}, "unexpected keyword argument 'when'"),
    ],
)
def test_what_is_no_fault_is_refused_in_words(faulty: LocalCloud, body: object, words: str) -> None:
    with pytest.raises(Failure, match="refused a request") as failure:
        request(faulty.running_server(), "POST", "/_local/faults", body)
    assert words in failure.value.reason


def test_the_log_names_a_call_that_failed_on_purpose(faulty: LocalCloud) -> None:
    faulty.fail(Fault(call="ec2 DescribeVpcs", effect=Effect.ERROR, status=503))
    with pytest.raises(ClientError):
        aws(faulty, "ec2").describe_vpcs()
    assert "ec2 DescribeVpcs 503" in faulty.state.log.read_text()
