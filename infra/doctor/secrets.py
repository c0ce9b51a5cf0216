"""Pulumi's state and its stacks' secrets: where they are, and whether they can be reached."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from botocore.exceptions import ClientError
from tenantnet.doctor.finding import Finding, Planned, State, code_of
from tenantnet.engine.engine import Engine
from tenantnet.engine.states import BACKEND
from tenantnet.permissions.boundary import within_boundary
from tenantnet.settings.models import RunnerSettings
from tenantnet.settings.providers import REGION_IN_ARN, by_passphrase, key_of, kms_provider, region_of
from tenantnet.settings.reading import read_mapping
from tenantnet.tags import Tag, boundary_name

PASSPHRASES = ("PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE")


def backend(planned: Planned) -> Iterator[Finding]:
    """Whether Pulumi's state can be read, and what keeps it."""
    stacks = Engine(planned.project).stacks()
    where = shown_backend(os.environ.get(BACKEND, "")) or "the backend that you are logged in to"
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
        if provider := kms_provider(document):
            yield _judge_key(planned, stack, provider)
        elif by_passphrase(document):
            yield _judge_passphrase(stack)
    if runner := planned.cell.settings.runner:
        yield from _judge_runner(planned, runner)


def _judge_key(planned: Planned, stack: str, provider: str) -> Finding:
    key = key_of(provider)
    about = f"secrets of {stack}"
    try:
        found = _described(planned, provider)
    except ClientError as error:
        code = code_of(error)
        if code.startswith("AccessDenied"):
            remedy = "allow kms:DescribeKey, and in the key's own policy where it is another account's"
            problem = f"not known: you may not look at {key}"
            return Finding(about=about, state=State.WARNING, found=problem, remedy=remedy)
        if code != "NotFoundException":
            raise
        region = region_of(provider) or planned.region
        remedy = f"pulumi stack change-secrets-provider --stack {stack}, to a key of {region}"
        return Finding(about=about, state=State.FAULT, found=f"there is no key {key}", remedy=remedy)
    if found["KeyState"] != "Enabled":
        remedy = "enable it, or cancel its deletion"
        return Finding(about=about, state=State.FAULT, found=f"{key} is {found['KeyState']}", remedy=remedy)
    return Finding(about=about, found=found["Arn"])


def _judge_passphrase(stack: str) -> Finding:
    about = f"secrets of {stack}"
    # As Pulumi: an empty passphrase is one, an empty name of a file is none.
    file = os.environ.get(PASSPHRASES[1])
    if PASSPHRASES[0] not in os.environ and file and not os.access(file, os.R_OK):
        return Finding(
            about=about,
            state=State.FAULT,
            found=f"a passphrase, and {PASSPHRASES[1]} names {file}, which cannot be read",
            remedy=f"correct {PASSPHRASES[1]}, or set {PASSPHRASES[0]}",
        )
    if PASSPHRASES[0] in os.environ or file:
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
            found=f"it looks for the stacks in {shown_backend(runner.backend)}, and they are in "
            f"{shown_backend(here)}",
            remedy="correct runner.backend, or log in to that backend",
        )
    yield from _judge_secret(planned, runner)
    for tenant in planned.tenants:
        provider = kms_provider(read_mapping(planned.project.settings_file(tenant.name)))
        if provider and not _same_key(planned, provider, runner.secrets_key_arn):
            yield Finding(
                about=about,
                state=State.FAULT,
                found=f"the secrets of {tenant.name} are encrypted by {key_of(provider)}, which it may not "
                "use",
                remedy="set runner.secretsKeyArn to the key's ARN",
            )


def _judge_secret(planned: Planned, runner: RunnerSettings) -> Iterator[Finding]:
    if runner.secret_arn is None:
        return
    try:
        found = planned.client("secretsmanager").describe_secret(SecretId=runner.secret_arn)
    except ClientError as error:
        if code_of(error) != "ResourceNotFoundException":
            raise
        yield Finding(
            about="runner",
            state=State.FAULT,
            found=f"there is no secret {runner.secret_arn}",
            remedy="make it, or correct runner.secretArn",
        )
        return
    settings = planned.cell.settings
    yield judge_secret(settings.cell, settings.permissions_boundary_arn, found)


def judge_secret(cell: str, boundary: str | None, described: Mapping[str, Any]) -> Finding:
    """boundary: the ARN of the policy that limits the runner's role; what one's own allows is not known here.

    described: the secret with the passphrase or the access token, as Secrets Manager does it.
    """
    name, tags = described["Name"], {each["Key"]: each["Value"] for each in described.get("Tags", [])}
    shipped = boundary is not None and boundary.endswith(f"/{boundary_name(cell)}")
    if shipped and not within_boundary(cell, name, tags):
        return Finding(
            about="runner",
            state=State.FAULT,
            found=f"its role's boundary keeps it from the secret {name}",
            remedy=f"aws secretsmanager tag-resource --secret-id {name} --tags Key={Tag.CELL},Value={cell}",
        )
    return Finding(about="runner", found=f"the secret {name}")


def _same_key(planned: Planned, provider: str, arn: str | None) -> bool:
    if arn is None:
        return False
    try:
        return bool(_described(planned, provider)["Arn"] == arn)
    except ClientError:
        return True  # said of the stack itself


def _described(planned: Planned, provider: str) -> Mapping[str, Any]:
    client = planned.client("kms", region_of(provider))
    described: Mapping[str, Any] = client.describe_key(KeyId=key_of(provider))["KeyMetadata"]
    return described


def shown_backend(url: str) -> str:
    """The address without what may be a password: PostgreSQL's has one, and some have it as a parameter."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "an address that is none"
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl()


def secrets_key(planned: Planned) -> str | None:
    """The ID of the KMS key of the platform's secrets, where it has one in its region that is described."""
    provider = kms_provider(read_mapping(planned.project.settings_file(planned.platform)))
    if provider is None:
        return None
    try:
        found = _described(planned, provider)
    except ClientError:
        return None
    return str(found["KeyId"]) if found["Arn"].split(":")[REGION_IN_ARN] == planned.region else None


def state_bucket(planned: Planned) -> str | None:
    """The S3 bucket of Pulumi's state, where that is in one."""
    runner = planned.cell.settings.runner
    return _bucket(os.environ.get(BACKEND, "")) or (_bucket(runner.backend) if runner else None)


def _bucket(url: str) -> str | None:
    parts = urlsplit(url)
    return parts.netloc if parts.scheme == "s3" else None
