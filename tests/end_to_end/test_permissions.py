"""What Pulumi itself asks of AWS for its state in S3 and its secrets: the roles' policies allow it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import boto3
import pytest
from tenantnet.local_cloud.environment import environment
from tenantnet.local_cloud.process import LocalCloud
from tenantnet.permissions.documents import Role, documents, shipped
from tenantnet.permissions.record import read_record
from tenantnet.permissions.scopes import PolicyPlace

from tests.support.permissions import PLACE, refused
from tests.support.project import Project

PROGRAM = """\
import pulumi

pulumi.export("secret", pulumi.Config().require_secret("word"))
"""


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    """A local cloud that records who calls what; it has no databases."""
    folder = tmp_path_factory.mktemp("cloud")
    with LocalCloud(folder, real_databases=False, record_calls=True) as running:
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


@pytest.fixture(scope="module")
def deployer(cloud: LocalCloud, place: PolicyPlace, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project with a stack that holds a secret and no resource."""
    local = environment(cloud.state_dir)
    endpoint = local["AWS_ENDPOINT_URL"].removeprefix("http://")
    backend = f"s3://{place.state_bucket}?region=eu-west-1&endpoint={endpoint}&disableSSL=true&s3ForcePathStyle=true"
    role = {"PULUMI_BACKEND_URL": backend, "AWS_ACCESS_KEY_ID": Role.DEPLOYER}
    project = Project.of_program(tmp_path_factory.mktemp("project"), {**local, **role}, PROGRAM)
    secrets = "awskms://alias/pulumi-secrets?region=eu-west-1"
    project.pulumi("stack", "init", "acme", "--secrets-provider", secrets).check()
    project.pulumi("config", "set", "--secret", "word", "Correct-Horse-7", "--stack", "acme").check()
    project.up("acme").check()
    return project


def not_allowed(cloud: LocalCloud, place: PolicyPlace, role: Role) -> set[tuple[str, str]]:
    """What the role did and its policies do not allow."""
    calls = [call for call in read_record(cloud.state.calls) if call.caller == role]
    assert {"s3", "kms"} <= {call.service for call in calls}
    return refused(calls, documents(role, place, shipped()))


def test_the_reviewers_policy_lets_pulumi_preview(
    deployer: Project, cloud: LocalCloud, place: PolicyPlace
) -> None:
    reviewer = Project(deployer.folder, {**deployer.environment, "AWS_ACCESS_KEY_ID": Role.REVIEWER})
    reviewer.pulumi("preview", "--stack", "acme").check()
    assert not_allowed(cloud, place, Role.REVIEWER) == set()


def test_the_deployers_policy_lets_pulumi_update_and_remove(
    deployer: Project, cloud: LocalCloud, place: PolicyPlace
) -> None:
    deployer.destroy("acme").check()
    deployer.pulumi("stack", "rm", "--yes", "acme").check()
    assert not_allowed(cloud, place, Role.DEPLOYER) == set()


def test_another_cells_bucket_is_out_of_reach(
    deployer: Project, cloud: LocalCloud, place: PolicyPlace
) -> None:
    calls = [call for call in read_record(cloud.state.calls) if call.caller == Role.DEPLOYER]
    elsewhere = documents(Role.DEPLOYER, replace(place, state_bucket="of-another-cell"), shipped())
    assert {action.partition(":")[0] for action, _ in refused(calls, elsewhere)} == {"s3"}
