"""A platform whose moves are started by EventBridge Scheduler in CodeBuild, in the local cloud."""

from __future__ import annotations

import json
from typing import Any

import boto3
from tenantnet.local_cloud.process import LocalCloud

from tests.support.project import Project
from tests.support.roles import Iam

RIGHTS = "tenantnet-local-runner"
SCHEDULE = "tenantnet-local-acme-migration"
PROJECT = "tenantnet-local-runner"


def deploy_cell_with_runner(
    project: Project,
    cloud: LocalCloud,
    aws: boto3.Session,
    *,
    connectionArn: str | None = None,  # noqa: N803 - as the settings spell it
    **settings: Any,
) -> None:
    """Deploy the platform with a runner, whose source is the project's folder as it stands.

    settings: of the platform besides, in the file's own spelling.
    """
    secret = aws.client("secretsmanager").create_secret(Name="tenantnet/pulumi", SecretString="passphrase")
    runner = {
        "repository": "https://github.com/example/tenants.git",
        "host": "github",
        "image": f"123456789012.dkr.ecr.eu-west-1.amazonaws.com/tenantnet-runner@sha256:{'0' * 64}",
        "backend": "s3://example-pulumi-state",
        "secretArn": secret["ARN"],
    }
    if connectionArn:
        runner["connectionArn"] = connectionArn
    project.write_platform("platform-local", runner=runner, **settings)
    project.up("platform-local").check()
    cloud.take_source(project.folder)


def schedule(aws: boto3.Session) -> dict[str, Any] | None:
    """Acme's schedule; None where there is none."""
    scheduler = aws.client("scheduler")
    try:
        return dict(scheduler.get_schedule(Name=SCHEDULE))
    except scheduler.exceptions.ResourceNotFoundException:
        return None


def as_the_runner(project: Project, cloud: LocalCloud) -> Project:
    """The project, as a session of a role with the rights and limits of the deployed platform's runner."""
    iam = Iam(cloud)
    rights = iam.iam.get_role_policy(RoleName=RIGHTS, PolicyName=RIGHTS)["PolicyDocument"]
    limit = iam.iam.get_role(RoleName=RIGHTS)["Role"]["PermissionsBoundary"]["PermissionsBoundaryArn"]
    session = iam.role(name="like-the-runner", boundary=limit).environment
    iam.iam.put_role_policy(
        RoleName="like-the-runner", PolicyName="rights", PolicyDocument=json.dumps(rights)
    )
    return Project(project.folder, {**project.environment, **session})
