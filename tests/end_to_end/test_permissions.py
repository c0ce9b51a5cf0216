"""What Pulumi itself asks of AWS for its state in S3 and its secrets: the roles' policies allow it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import boto3
import pytest
from tenantnet.local_cloud.process import LocalCloud
from tenantnet.permissions.documents import Role
from tenantnet.permissions.scopes import PolicyPlace

from tests.support.permissions import PLACE, policies
from tests.support.project import Project
from tests.support.roles import Iam

PROGRAM = """\
import pulumi

pulumi.export("secret", pulumi.Config().require_secret("word"))
"""
DEPLOYERS = [Role.PLATFORM_DEPLOYER, Role.TENANT_DEPLOYER]


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    """A local cloud without databases."""
    with LocalCloud(tmp_path_factory.mktemp("cloud"), real_databases=False) as running:
        yield running


@pytest.fixture(scope="module")
def place(aws: boto3.Session) -> PolicyPlace:
    """The bucket and the key of an account, as somebody made them."""
    aws.client("s3").create_bucket(
        Bucket=PLACE.state_bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    key = aws.client("kms").create_key()["KeyMetadata"]["KeyId"]
    aws.client("kms").create_alias(AliasName="alias/pulumi-secrets", TargetKeyId=key)
    return replace(PLACE, secrets_key=key)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project with a program that makes no resource."""
    return Project.of_program(tmp_path, {}, PROGRAM).folder


def project_of(cloud: LocalCloud, place: PolicyPlace, folder: Path, role: Role) -> Project:
    """The project as the role, with its state in the bucket."""
    session = Iam(cloud).role(*policies(role, place)).environment
    endpoint = session["AWS_ENDPOINT_URL"].removeprefix("http://")
    query = f"region=eu-west-1&endpoint={endpoint}&disableSSL=true&s3ForcePathStyle=true"
    return Project(folder, {**session, "PULUMI_BACKEND_URL": f"s3://{PLACE.state_bucket}?{query}"})


@pytest.mark.parametrize("role", DEPLOYERS)
def test_a_deployer_keeps_stacks_and_secrets_and_the_reviewer_previews(
    cloud: LocalCloud, place: PolicyPlace, folder: Path, role: Role
) -> None:
    deployer = project_of(cloud, place, folder, role)
    secrets = "awskms://alias/pulumi-secrets?region=eu-west-1"
    deployer.pulumi("stack", "init", role, "--secrets-provider", secrets).check()
    deployer.pulumi("config", "set", "--secret", "word", "Correct-Horse-7", "--stack", role).check()
    deployer.up(role).check()
    project_of(cloud, place, folder, Role.REVIEWER).pulumi("preview", "--stack", role).check()
    deployer.destroy(role).check()
    deployer.pulumi("stack", "rm", "--yes", role).check()


@pytest.mark.parametrize("role", [*DEPLOYERS, Role.REVIEWER])
@pytest.mark.parametrize("elsewhere", [{"state_bucket": "of-another-cell"}, {"secrets_key": "1-2-3"}])
def test_another_cells_bucket_and_key_are_out_of_reach(
    cloud: LocalCloud, place: PolicyPlace, folder: Path, role: Role, elsewhere: dict[str, str]
) -> None:
    own = project_of(cloud, place, folder, Role.TENANT_DEPLOYER)
    name = f"{role}-{next(iter(elsewhere)).replace('_', '-')}"
    secrets = "awskms://alias/pulumi-secrets?region=eu-west-1"
    own.pulumi("stack", "init", name, "--secrets-provider", secrets).check()
    own.pulumi("config", "set", "--secret", "word", "Correct-Horse-7", "--stack", name).check()
    other = project_of(cloud, replace(place, **elsewhere), folder, role)
    run = other.pulumi("preview", "--stack", name)
    assert run.code != 0
    assert "is not authorized to perform: " + ("s3:" if "state_bucket" in elsewhere else "kms:") in run.text
