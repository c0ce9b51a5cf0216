"""What boto3 raises, in words."""

from __future__ import annotations

import socket
from typing import Any

import pytest
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ReadTimeoutError,
)
from tenantnet.aws.answers import aws_answers
from tenantnet.failure import Failure

ENDPOINT = "http://127.0.0.1:9"


def failure(error: Exception) -> str:
    with pytest.raises(Failure) as caught, aws_answers("read acme's networks", region="eu-west-1"):
        raise error
    return str(caught.value)


@pytest.fixture(autouse=True)
def in_the_cloud(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)


@pytest.mark.parametrize(
    "error",
    [
        EndpointConnectionError(endpoint_url=ENDPOINT),
        ConnectTimeoutError(endpoint_url=ENDPOINT),
        ReadTimeoutError(endpoint_url=ENDPOINT),
    ],
)
def test_where_aws_did_not_answer_nothing_is_concluded(error: BotoCoreError) -> None:
    text = failure(error)
    assert "Could not read acme's networks." in text
    assert "AWS did not answer" in text
    assert "says nothing about the resources" in text
    assert "eu-west-1" in text


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]"])
def test_where_the_address_is_this_machine_the_local_cloud_is_to_be_started(
    host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://{host}:9")
    assert "tenantnet local start" in failure(EndpointConnectionError(endpoint_url=ENDPOINT))


def test_a_local_cloud_that_listens_and_is_slow_is_not_to_be_started(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as busy:
        endpoint = f"http://127.0.0.1:{busy.getsockname()[1]}"
        monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
        text = failure(ReadTimeoutError(endpoint_url=endpoint))
    assert "gave no answer in time: try again" in text
    assert "nothing listens" not in text


def test_another_endpoint_is_not_taken_for_the_local_cloud(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "https://aws.example.com")
    assert "tenantnet local" not in failure(EndpointConnectionError(endpoint_url="https://aws.example.com"))


def test_a_call_that_is_not_allowed_is_named_with_awss_own_words() -> None:
    text = failure(
        ClientError(
            {"Error": {"Code": "UnauthorizedOperation", "Message": "You are not authorized."}}, "DescribeVpcs"
        )
    )
    assert "AWS answered UnauthorizedOperation: You are not authorized." in text
    assert "DescribeVpcs" in text


@pytest.mark.parametrize(("code", "status"), [("SlowDown", 503), ("ThrottlingException", 400)])
def test_what_aws_slows_down_is_tried_later_with_the_same_credentials(code: str, status: int) -> None:
    answer: Any = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
    text = failure(ClientError(answer, "PutObject"))
    assert "wait some minutes" in text
    assert "credentials" not in text


def test_missing_credentials_come_with_the_way_to_get_some() -> None:
    assert "no usable AWS credentials" in failure(NoCredentialsError())


def test_an_endpoint_that_is_no_address_is_a_failure_in_words() -> None:
    assert "Invalid endpoint: nonsense" in failure(ValueError("Invalid endpoint: nonsense"))


def test_a_failure_passes_through_as_it_is() -> None:
    inner = Failure("Could not.", reason="because", remedy="try again")
    with pytest.raises(Failure) as caught, aws_answers("read", region="eu-west-1"):
        raise inner
    assert caught.value is inner
