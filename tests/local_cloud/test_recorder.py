"""The record of who calls what."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tenantnet.failure import Failure
from tenantnet.local_cloud import clients
from tenantnet.local_cloud.environment import environment
from tenantnet.local_cloud.process import LocalCloud
from tenantnet.permissions.record import Call, read_record


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    folder = tmp_path_factory.mktemp("cloud")
    with LocalCloud(folder, real_databases=False, record_calls=True) as running:
        yield running


def client(cloud: LocalCloud, service: str, caller: str) -> Any:
    """With the secret of the cloud's own key, which goes by other names while calls are recorded."""
    return clients.client(service, {**environment(cloud.state_dir), "AWS_ACCESS_KEY_ID": caller})


def recorded(cloud: LocalCloud, caller: str) -> list[Call]:
    return [call for call in read_record(cloud.state.calls) if call.caller == caller]


def test_a_call_is_its_callers(recording: LocalCloud) -> None:
    client(recording, "ec2", "ada").create_vpc(CidrBlock="10.1.2.0/26")
    assert recorded(recording, "ada") == [Call(caller="ada", service="ec2", operation="CreateVpc")]


def test_the_same_call_is_recorded_once(recording: LocalCloud) -> None:
    for _ in range(3):
        client(recording, "dynamodb", "eve").list_tables()
    assert [call.operation for call in recorded(recording, "eve")] == ["ListTables"]


@pytest.mark.parametrize(
    ("service", "operation", "parameters"),
    [
        ("rds", "describe_db_instances", {"DBInstanceIdentifier": "acme-blue"}),
        ("iam", "get_role", {"RoleName": "tenantnet-eu1"}),
        ("ssm", "get_document", {"Name": "eu1-acme"}),
        ("s3", "head_object", {"Bucket": "state", "Key": "a/b.json"}),
        ("route53", "get_change", {"Id": "C2682N5HXP0BZ4"}),
        ("scheduler", "get_schedule", {"Name": "acme"}),
    ],
)
def test_calls_of_every_protocol_are_recorded(
    recording: LocalCloud, service: str, operation: str, parameters: dict[str, str]
) -> None:
    aws = client(recording, service, f"{service}-{operation}")
    # What is asked for is not there; that it was asked for is recorded all the same.
    with pytest.raises(aws.exceptions.ClientError):
        getattr(aws, operation)(**parameters)
    (call,) = recorded(recording, f"{service}-{operation}")
    assert (call.service, call.operation.lower()) == (service, operation.replace("_", ""))


def test_no_password_and_no_content_is_recorded(recording: LocalCloud) -> None:
    rds, s3 = client(recording, "rds", "pat"), client(recording, "s3", "pat")
    with pytest.raises(rds.exceptions.ClientError):
        rds.modify_db_instance(DBInstanceIdentifier="acme-blue", MasterUserPassword="Correct-Horse-7")
    s3.create_bucket(Bucket="content", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_object(Bucket="content", Key="state.json", Body=b'{"arn": "arn:aws:iam::1:role/in-the-content"}')
    text = recording.state.calls.read_text(encoding="utf-8")
    assert "Correct-Horse-7" not in text
    assert "in-the-content" not in text


def test_a_cloud_that_was_not_asked_to_records_nothing(tmp_path: Path) -> None:
    with LocalCloud(tmp_path, real_databases=False) as running:
        client(running, "dynamodb", "local").list_tables()
        assert not running.state.calls.exists()


def test_a_record_that_is_none_is_a_failure_in_words(tmp_path: Path) -> None:
    (tmp_path / "calls.jsonl").write_text("not a record\n", encoding="utf-8")
    with pytest.raises(Failure, match="cannot be read"):
        list(read_record(tmp_path / "calls.jsonl"))
