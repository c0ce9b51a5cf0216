"""What encrypts a stack's secrets, as Pulumi writes it into the stack's settings file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import parse_qs, urlsplit

from tenantnet.aws.endpoint import REGION
from tenantnet.forms import because
from tenantnet.refusal import Refusal, shown
from tenantnet.settings import rules
from tenantnet.settings.models import RunnerSettings

PROVIDER = "secretsprovider"
KMS, PASSPHRASE = "awskms", "passphrase"
REGION_IN_ARN = 3
_KEY = re.compile(r"[A-Za-z0-9:/_-]{1,300}")


def key_of(provider: str) -> str:
    """The key's ID, ARN or alias in `awskms://alias/name?region=eu-west-1`."""
    parts = urlsplit(provider)
    return f"{parts.netloc}{parts.path}".lstrip("/")


def region_of(provider: str) -> str | None:
    """The key's region, where the address or the key's ARN names one."""
    asked = parse_qs(urlsplit(provider).query).get("region")
    if asked:
        return asked[0]
    arn = key_of(provider).split(":")
    return arn[REGION_IN_ARN] if arn[:1] == ["arn"] and len(arn) > REGION_IN_ARN else None


def judge_provider(stack: str, document: Mapping[object, object]) -> list[Refusal]:
    """The refusal of what would encrypt the stack's secrets elsewhere. document: its settings file."""
    provider = document.get(PROVIDER)
    if provider in (None, "", "default", PASSPHRASE) or not (problem := _kms_problem(provider)):
        return []
    # An address may have a password in it.
    return [because(rules.SECRETS_PROVIDER.refuse_secret(PROVIDER, stack=shown(stack)), problem)]


def _kms_problem(provider: object) -> str:
    """Why it is no key of KMS at AWS's own address, called by whoever runs Pulumi; empty if it is one."""
    if not isinstance(provider, str) or not provider.startswith(f"{KMS}://"):
        return f"does not begin with {KMS}://"
    try:
        asked = parse_qs(urlsplit(provider).query, keep_blank_values=True)
    except ValueError:
        return "is no address"
    if not all(re.fullmatch(REGION, region) for region in asked.pop("region", [])):
        return "has a region that AWS has none like"
    if not all(name == "awssdk" or name.startswith("context_") for name in asked):
        return "has another parameter"
    return "" if _KEY.fullmatch(key_of(provider)) else "names no key"


def kms_provider(document: Mapping[object, object]) -> str | None:
    """The KMS key of a stack's secrets, where it is one. document: the stack's settings file."""
    provider = document.get(PROVIDER)
    return provider if isinstance(provider, str) and provider.startswith(f"{KMS}://") else None


def by_passphrase(document: Mapping[object, object]) -> bool:
    """Whether a stack's secrets are encrypted with a passphrase. document: the stack's settings file."""
    return document.get(PROVIDER) == PASSPHRASE or "encryptionsalt" in document


def why_unreadable(document: Mapping[object, object], runner: RunnerSettings) -> str | None:
    """Why the runner cannot decrypt a stack's secrets; None if it can, as far as the two files say.

    document: the stack's settings file.
    """
    if provider := kms_provider(document):
        key, own = key_of(provider), runner.secrets_key_arn
        if own is None:
            return f"they are encrypted by the KMS key {key}, and runner.secretsKeyArn is not set"
        # Only AWS knows which key an alias is.
        if not key.split(":")[-1].startswith("alias/") and key.rpartition("/")[2] != own.rpartition("/")[2]:
            return f"they are encrypted by the KMS key {key}, and runner.secretsKeyArn is {own}"
    elif by_passphrase(document) and runner.backend.startswith("s3://") and runner.secret_arn is None:
        return "they are encrypted with a passphrase, and runner.secretArn is not set"
    return None
