"""KMS keys: whose they are, and what they may be used for."""

from __future__ import annotations

from typing import Any

from mypy_boto3_kms import KMSClient

from tests.local_cloud.conftest import Refusal


def test_a_key_that_a_service_made_for_itself_is_awss(client: Any) -> None:
    kms: KMSClient = client("kms")
    ours = kms.create_key()["KeyMetadata"]
    theirs = kms.describe_key(KeyId="alias/aws/dynamodb")["KeyMetadata"]
    assert (ours["KeyManager"], theirs["KeyManager"]) == ("CUSTOMER", "AWS")


def test_a_key_whose_material_is_to_be_imported_is_of_no_use_yet(client: Any, refusal: Refusal) -> None:
    kms: KMSClient = client("kms")
    made = kms.create_key(Origin="EXTERNAL")["KeyMetadata"]
    kept = kms.describe_key(KeyId=made["KeyId"])["KeyMetadata"]
    assert (
        (kept["KeyState"], kept["Enabled"]) == (made["KeyState"], made["Enabled"]) == ("PendingImport", False)
    )
    key = {"KeyId": made["KeyId"]}
    assert refusal(kms.encrypt, **key, Plaintext=b"x") == "KMSInvalidStateException"
    assert refusal(kms.generate_data_key, **key, KeySpec="AES_256") == "KMSInvalidStateException"
    assert refusal(kms.enable_key, **key) == "KMSInvalidStateException"
    kms.schedule_key_deletion(**key, PendingWindowInDays=7)
