"""The pack beside a platform with a runner, a boundary and keys of its own, in preview and update."""

from __future__ import annotations

from collections.abc import Iterator

import boto3
import pytest
from tenantnet.local_cloud.process import LocalCloud

from tests.support.clone import CLONE
from tests.support.project import Project
from tests.support.roles import allow, document


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    """A local cloud without databases: a platform has none."""
    with LocalCloud(tmp_path_factory.mktemp("cloud"), real_databases=False) as running:
        yield running


def whole_runner(aws: boto3.Session) -> dict[str, str]:
    key = aws.client("kms").create_key()["KeyMetadata"]["Arn"]
    secret = aws.client("secretsmanager").create_secret(Name="pulumi", SecretString="passphrase")["ARN"]
    return {
        "repository": "https://github.com/example/tenants.git",
        "host": "github",
        "image": "123456789012.dkr.ecr.eu-west-1.amazonaws.com/pulumi-python:1",
        "backend": "s3://example-pulumi-state",
        "secretArn": secret,
        "secretsKeyArn": key,
    }


def test_a_platform_with_a_runner_passes_the_pack_in_preview_and_update(
    project: Project, aws: boto3.Session
) -> None:
    boundary = aws.client("iam").create_policy(
        PolicyName="tenantnet-local-boundary", PolicyDocument=document(allow("*"))
    )["Policy"]["Arn"]
    project.write_platform("platform-local", runner=whole_runner(aws), permissionsBoundaryArn=boundary)
    pack = ("--stack", "platform-local", "--policy-pack", str(CLONE / "policies"))
    project.pulumi("preview", *pack).check()
    project.pulumi("up", "--yes", "--skip-preview", *pack).check()
    project.pulumi("preview", "--expect-no-changes", *pack).check()
