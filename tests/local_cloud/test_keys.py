"""KMS keys: whose they are."""

from __future__ import annotations

from typing import Any

from mypy_boto3_kms import KMSClient


def test_a_key_that_a_service_made_for_itself_is_awss(client: Any) -> None:
    kms: KMSClient = client("kms")
    ours = kms.create_key()["KeyMetadata"]
    theirs = kms.describe_key(KeyId="alias/aws/dynamodb")["KeyMetadata"]
    assert (ours["KeyManager"], theirs["KeyManager"]) == ("CUSTOMER", "AWS")
