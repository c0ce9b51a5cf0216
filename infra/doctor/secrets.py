"""Pulumi's state and its stacks' secrets: where they are, and whether they can be reached."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from botocore.exceptions import ClientError
from tenantnet.doctor.finding import Finding, Planned, State, code_of
from tenantnet.engine.engine import Engine
from tenantnet.settings.models import RunnerSettings
from tenantnet.settings.reading import read_mapping

PROVIDER = "secretsprovider"
KMS, PASSPHRASE = "awskms", "passphrase"
PASSPHRASES = ("PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE")
BACKEND = "PULUMI_BACKEND_URL"


def backend(planned: Planned) -> Iterator[Finding]:
    """Whether Pulumi's state can be read, and what keeps it."""
    stacks = Engine(planned.project).stacks()
    where = os.environ.get(BACKEND) or "the backend that you are logged in to"
    yield Finding(about="state", found=f"{where} has {len(stacks)} stacks")
    if bucket := _bucket(os.environ.get(BACKEND, "")):
        versioning = planned.client("s3").get_bucket_versioning(Bucket=bucket).get("Status")
        if versioning != "Enabled":
            yield Finding(
                about="state",
                state=State.WARNING,
                found=f"the bucket {bucket} keeps no former versions, so a state that is overwritten is lost",
                remedy=f"aws s3api put-bucket-versioning --bucket {bucket} "
                "--versioning-configuration Status=Enabled",
            )


def providers(planned: Planned) -> Iterator[Finding]:
    """Whether the stacks' secrets can be decrypted here, and by the runner."""
    names = [planned.platform, *(tenant.name for tenant in planned.tenants)]
    for stack in names:
        document = read_mapping(planned.project.settings_file(stack))
        provider = document.get(PROVIDER)
        if isinstance(provider, str) and provider.startswith(f"{KMS}://"):
            yield _judge_key(planned, stack, provider)
        elif provider == PASSPHRASE or "encryptionsalt" in document:
            yield _judge_passphrase(stack)
    if runner := planned.cell.settings.runner:
        yield from _judge_runner(planned, runner)


def _judge_key(planned: Planned, stack: str, provider: str) -> Finding:
    key = key_of(provider)
    about = f"secrets of {stack}"
    try:
        found = planned.client("kms").describe_key(KeyId=key)["KeyMetadata"]
    except ClientError as error:
        if code_of(error) != "NotFoundException":
            raise
        remedy = f"pulumi stack change-secrets-provider --stack {stack}, to a key of {planned.region}"
        return Finding(about=about, state=State.FAULT, found=f"there is no key {key}", remedy=remedy)
    if found["KeyState"] != "Enabled":
        remedy = "enable it, or cancel its deletion"
        return Finding(about=about, state=State.FAULT, found=f"{key} is {found['KeyState']}", remedy=remedy)
    return Finding(about=about, found=found["Arn"])


def _judge_passphrase(stack: str) -> Finding:
    about = f"secrets of {stack}"
    if any(name in os.environ for name in PASSPHRASES):
        return Finding(about=about, found="a passphrase, which the environment has")
    return Finding(
        about=about,
        state=State.FAULT,
        found="a passphrase, which the environment has not",
        remedy=f"set {PASSPHRASES[0]} or {PASSPHRASES[1]}",
    )


def _judge_runner(planned: Planned, runner: RunnerSettings) -> Iterator[Finding]:
    about, here = "runner", os.environ.get(BACKEND)
    if here and here.rstrip("/") != runner.backend.rstrip("/"):
        yield Finding(
            about=about,
            state=State.FAULT,
            found=f"it looks for the stacks in {runner.backend}, and they are in {here}",
            remedy="correct runner.backend, or log in to that backend",
        )
    yield from _judge_secret(planned, runner)
    for tenant in planned.tenants:
        provider = read_mapping(planned.project.settings_file(tenant.name)).get(PROVIDER)
        key = key_of(provider) if isinstance(provider, str) and provider.startswith(f"{KMS}://") else None
        if key and not _same_key(planned, key, runner.secrets_key_arn):
            yield Finding(
                about=about,
                state=State.FAULT,
                found=f"the secrets of {tenant.name} are encrypted by {key}, which it may not use",
                remedy="set runner.secretsKeyArn to the key's ARN",
            )


def _judge_secret(planned: Planned, runner: RunnerSettings) -> Iterator[Finding]:
    if runner.secret_arn is None:
        return
    try:
        planned.client("secretsmanager").describe_secret(SecretId=runner.secret_arn)
    except ClientError as error:
        if code_of(error) != "ResourceNotFoundException":
            raise
        yield Finding(
            about="runner",
            state=State.FAULT,
            found=f"there is no secret {runner.secret_arn}",
            remedy="make it, or correct runner.secretArn",
        )


def _same_key(planned: Planned, key: str, arn: str | None) -> bool:
    if arn is None:
        return False
    try:
        found: Mapping[str, Any] = planned.client("kms").describe_key(KeyId=key)["KeyMetadata"]
    except ClientError:
        return True  # said of the stack itself
    return bool(found["Arn"] == arn)


def key_of(provider: str) -> str:
    """The key's ID, ARN or alias in `awskms://alias/name?region=eu-west-1`."""
    parts = urlsplit(provider)
    return f"{parts.netloc}{parts.path}".lstrip("/")


def secrets_key(planned: Planned) -> str | None:
    """The ID of the KMS key of the platform's secrets, where it has one that can be described."""
    provider = read_mapping(planned.project.settings_file(planned.platform)).get(PROVIDER)
    if not isinstance(provider, str) or not provider.startswith(f"{KMS}://"):
        return None
    try:
        return str(planned.client("kms").describe_key(KeyId=key_of(provider))["KeyMetadata"]["KeyId"])
    except ClientError:
        return None


def state_bucket(planned: Planned) -> str | None:
    """The S3 bucket of Pulumi's state, where that is in one."""
    runner = planned.cell.settings.runner
    return _bucket(os.environ.get(BACKEND, "")) or (_bucket(runner.backend) if runner else None)


def _bucket(url: str) -> str | None:
    parts = urlsplit(url)
    return parts.netloc if parts.scheme == "s3" else None
