"""Whether the runner can decrypt a stack's secrets, by the settings files of both."""

from __future__ import annotations

from typing import Any

import pytest
from tenantnet.settings.models import RunnerSettings
from tenantnet.settings.providers import judge_provider, why_unreadable

ID, OTHER = "11111111-2222-3333-4444-555555555555", "99999999-2222-3333-4444-555555555555"
KEY = f"arn:aws:kms:eu-west-1:123456789012:key/{ID}"
SECRET = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:example/pulumi-AbCdEf"
KMS = {"secretsprovider": f"awskms://{ID}?region=eu-west-1", "encryptedkey": "AQ=="}
SALT = {"encryptionsalt": "v1:abc"}


def runner(**given: Any) -> RunnerSettings:
    own = {"backend": "s3://example-pulumi-state", "image": "example/pulumi-python:3.274.1", **given}
    return RunnerSettings.model_validate(
        {"repository": "https://github.com/example/tenants.git", "host": "github", **own}
    )


@pytest.mark.parametrize(
    "provider",
    [
        *(None, "", "default", "passphrase", f"awskms://{ID}", "awskms://alias/pulumi"),
        *(f"awskms:///{KEY}?region=eu-west-1&awssdk=v2&context_team=a", f"awskms://{KEY}?region=eu-west-1"),
    ],
)
def test_secrets_may_be_encrypted_by_a_passphrase_pulumis_service_or_kms(provider: object) -> None:
    assert judge_provider("acme", {"secretsprovider": provider}) == []


@pytest.mark.parametrize(
    "provider",
    [
        *("awskms://alias/pulumi?region=eu-west-1&endpoint=http://192.0.2.1", "awskms://alias/a?endpoint="),
        *("awskms://alias/a?role=arn:aws:iam::1:role/a", "awskms://alias/a?profile=mallory"),
        *(
            "awskms://alias/a?anonymous=true",
            "awskms://alias/a?region=192.0.2.1/",
            "awskms://alias/a?region=",
        ),
        *(
            "awskms://",
            "awskms://[",
            "AWSKMS://alias/a",
            "hashivault://key",
            "gcpkms://projects/p",
            "base64key://",
        ),
        *(
            "azurekeyvault://mallory.vault.azure.net/keys/k",
            "awskms://alias/a b",
            ["awskms://alias/a"],
            True,
            {},
        ),
    ],
)
def test_what_would_encrypt_them_elsewhere_is_refused_and_not_shown(provider: object) -> None:
    (refusal,) = judge_provider("acme", {"secretsprovider": provider})
    assert (refusal.path, refusal.rule_id) == ("secretsprovider", "secrets-provider")
    assert "mallory" not in str(refusal)


@pytest.mark.parametrize(
    ("document", "given"),
    [
        (KMS, {"secretsKeyArn": KEY}),
        ({"secretsprovider": f"awskms:///{KEY}?region=eu-west-1"}, {"secretsKeyArn": KEY}),
        # Only AWS knows which key an alias is.
        ({"secretsprovider": "awskms://alias/pulumi?region=eu-west-1"}, {"secretsKeyArn": KEY}),
        (SALT, {"secretArn": SECRET}),
        ({"secretsprovider": "passphrase", **SALT}, {"secretArn": SECRET}),
        # A Pulumi service has the secrets, and is asked with the token.
        ({}, {"backend": "https://api.pulumi.com", "secretArn": SECRET}),
    ],
)
def test_a_runner_that_has_what_the_stack_was_made_with_can(document: Any, given: Any) -> None:
    assert why_unreadable(document, runner(**given)) is None


@pytest.mark.parametrize(
    ("document", "given", "words"),
    [
        (KMS, {"secretArn": SECRET}, "runner.secretsKeyArn is not set"),
        ({"secretsprovider": "awskms://alias/pulumi"}, {"secretArn": SECRET}, "alias/pulumi"),
        (KMS, {"secretsKeyArn": KEY.replace(ID, OTHER)}, OTHER),
        (SALT, {"secretsKeyArn": KEY}, "runner.secretArn is not set"),
    ],
)
def test_one_that_has_not_is_named_with_what_is_missing(document: Any, given: Any, words: str) -> None:
    assert words in str(why_unreadable(document, runner(**given)))
