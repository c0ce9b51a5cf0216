"""The runner of moves in AWS: a CodeBuild project that runs `tenantnet migrate run`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import pulumi
import pulumi_aws as aws
from tenantnet.aws.authorities import AUTHORITIES_OF_RDS, AUTHORITY_VARIABLE
from tenantnet.aws.session_documents import runner_document
from tenantnet.components.again import ForAWhile
from tenantnet.components.private_vpc import LOG_RETENTION_DAYS
from tenantnet.components.runner_permissions import RunnerPlace, runner_statements
from tenantnet.components.service_role import ServiceRole, ServiceRoleArgs
from tenantnet.settings.models import RunnerSettings
from tenantnet.tags import Owner, runner_document_name

# The tenant whose database moves; each start of a build names it.
TENANT_VARIABLE = "TENANT"
# A run waits for its time, and a large database takes hours to copy. CodeBuild ends a build after 36 hours.
TIMEOUT_MINUTES = 24 * 60
QUEUED_TIMEOUT_MINUTES = 60

# CodeBuild tries a connection at once, as the role, and IAM tells it of the role's rights some seconds later.
# https://github.com/aws/aws-cdk/issues/38504
RIGHTS_NOT_KNOWN = ForAWhile(code="OAuthProviderException", pause_seconds=10.0, most_tries=6)

# If the checkout has its programs already, nothing is installed.
INSTALL = """\
test -x .venv/bin/tenantnet || {
  python3 -P -m venv .venv
  .venv/bin/pip install --quiet --require-hashes --requirement requirements.lock
  .venv/bin/pip install --quiet --no-deps --no-build-isolation --editable .
}"""
MOVE = f'.venv/bin/tenantnet migrate run "${TENANT_VARIABLE}"'
# If the environment names an authority already, there is nothing to download.
MOVE_COMPARED = f"""\
if test -z "${AUTHORITY_VARIABLE}"; then
  export {AUTHORITY_VARIABLE}="$PWD/rds.pem"
  curl --fail --silent --show-error --output "${AUTHORITY_VARIABLE}" {AUTHORITIES_OF_RDS} || exit 1
fi
{MOVE} --through-tunnel-host"""


# Whoever writes a schedule chooses the tenant, and neither what a build runs nor as whom.
# https://docs.aws.amazon.com/codebuild/latest/userguide/auth-and-access-control-iam-identity-based-access-control.html
AS_DECLARED = {
    "Null": {
        f"codebuild:{key}": "true"
        for key in (
            "environment.image",
            "secondarySources",
            "serviceRole",
            "source.buildspec",
            "source.location",
        )
    },
    "ForAllValues:StringEquals": {"codebuild:environment.environmentVariables.name": [TENANT_VARIABLE]},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class MigrationRunnerArgs:
    """What the runner needs of its cell."""

    owner: Owner
    """The cell that it belongs to."""
    account_id: str
    """The AWS account's ID."""
    region: str
    """The AWS region."""
    settings: RunnerSettings
    """What the platform's settings say of it."""
    zone_id: pulumi.Input[str]
    """The zone with the tenants' endpoints."""
    kms_key_arn: pulumi.Input[str]
    """The cell's KMS key."""
    alarm_topic_arn: pulumi.Input[str]
    """Where the alarm of a failed run goes."""
    tunnel_host_id: pulumi.Input[str]
    """The host through which it reaches the databases."""
    permissions_boundary: str | None = None
    """The ARN of the policy that limits its roles."""
    claims_cell: str | None = None
    """The cell that has the claims table, if it is not its own."""


class MigrationRunner(pulumi.ComponentResource):
    """The CodeBuild project that moves databases at the time in the settings."""

    project: pulumi.Output[str]
    """The CodeBuild project's name."""
    schedule_role_arn: pulumi.Output[str]
    """The role that schedules start builds with."""

    def __init__(
        self, name: str, args: MigrationRunnerArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("tenantnet:index:MigrationRunner", name, {}, opts)
        self._name, self._args = name, args
        self._project_name = f"tenantnet-{name}"
        self._log_name = f"/tenantnet/{args.owner.cell}/runner"
        log = self._log_group()
        if not args.settings.unverified:
            self._document()
        project = self._project(self._role(), log)
        self._alarm()
        self.project = project.name
        self.schedule_role_arn = self._schedule_role()
        self.register_outputs({"project": self.project, "scheduleRoleArn": self.schedule_role_arn})

    def _child(self) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self)

    def _log_group(self) -> pulumi.Output[str]:
        return aws.cloudwatch.LogGroup(
            self._name,
            name=self._log_name,
            retention_in_days=LOG_RETENTION_DAYS,
            kms_key_id=self._args.kms_key_arn,
            tags=self._args.owner.tags(self._log_name),
            opts=self._child(),
        ).name

    def _document(self) -> None:
        name = runner_document_name(self._args.owner.cell)
        aws.ssm.Document(
            self._name,
            name=name,
            document_type="Session",
            document_format="JSON",
            content=runner_document(),
            tags=self._args.owner.tags(name),
            opts=self._child(),
        )

    def _role(self) -> pulumi.Output[str]:
        schedule_role = f"arn:aws:iam::{self._args.account_id}:role/tenantnet-{self._name}-schedules"
        place = partial(
            RunnerPlace,
            cell=self._args.owner.cell,
            claims_cell=self._args.claims_cell,
            region=self._args.region,
            account_id=self._args.account_id,
            log_group=self._log_name,
            schedule_role=schedule_role,
        )
        known = (self._args.zone_id, self._args.kms_key_arn, self._args.tunnel_host_id)
        statements = pulumi.Output.all(*known).apply(
            lambda known: runner_statements(
                place(zone_id=known[0], kms_key_arn=known[1], tunnel_host_id=known[2]), self._args.settings
            )
        )
        return ServiceRole(
            self._name,
            ServiceRoleArgs(
                owner=self._args.owner,
                account_id=self._args.account_id,
                service="codebuild.amazonaws.com",
                statements=statements,
                permissions_boundary=self._args.permissions_boundary,
            ),
            self._child(),
        ).arn

    def _project(self, role_arn: pulumi.Output[str], log: pulumi.Output[str]) -> aws.codebuild.Project:
        settings = self._args.settings
        return aws.codebuild.Project(
            self._name,
            name=self._project_name,
            description=f"Tenantnet cell {self._args.owner.cell}: moves databases",
            service_role=role_arn,
            build_timeout=TIMEOUT_MINUTES,
            queued_timeout=QUEUED_TIMEOUT_MINUTES,
            encryption_key=self._args.kms_key_arn,
            artifacts={"type": "NO_ARTIFACTS"},
            source=project_source(settings),
            source_version=settings.version,
            environment=project_environment(settings),
            logs_config={"cloudwatch_logs": {"status": "ENABLED", "group_name": log}},
            tags=self._args.owner.tags(self._project_name),
            opts=pulumi.ResourceOptions(
                parent=self,
                hooks=RIGHTS_NOT_KNOWN.tried_again(f"{self._name}-connection"),
            ),
        )

    def _schedule_role(self) -> pulumi.Output[str]:
        return ServiceRole(
            f"{self._name}-schedules",
            ServiceRoleArgs(
                owner=self._args.owner,
                account_id=self._args.account_id,
                service="scheduler.amazonaws.com",
                statements=start_statements(self._args.region, self._args.account_id, self._project_name),
                permissions_boundary=self._args.permissions_boundary,
            ),
            self._child(),
        ).arn

    def _alarm(self) -> None:
        """A run that ends early may leave a tenant's writes held back: a person must look at it."""
        name = f"{self._project_name}-failed"
        aws.cloudwatch.MetricAlarm(
            self._name,
            name=name,
            alarm_description=f"{self._project_name}: a run has failed; see tenantnet migrate status TENANT",
            namespace="AWS/CodeBuild",
            metric_name="FailedBuilds",
            dimensions={"ProjectName": self._project_name},
            statistic="Sum",
            period=60,
            evaluation_periods=1,
            threshold=0,
            comparison_operator="GreaterThanThreshold",
            treat_missing_data="notBreaching",
            alarm_actions=[self._args.alarm_topic_arn],
            tags=self._args.owner.tags(name),
            opts=self._child(),
        )


def start_statements(region: str, account_id: str, project: str) -> list[Mapping[str, object]]:
    """What the schedules' role may do: start the runner, as its project says."""
    return [
        {
            "Sid": "StartTheRunner",
            "Effect": "Allow",
            "Action": "codebuild:StartBuild",
            "Resource": f"arn:aws:codebuild:{region}:{account_id}:project/{project}",
            "Condition": AS_DECLARED,
        }
    ]


def buildspec(settings: RunnerSettings) -> dict[str, object]:
    """What a build does."""
    move = f"{MOVE} --unverified" if settings.unverified else MOVE_COMPARED
    return {"version": 0.2, "phases": {"install": {"commands": [INSTALL]}, "build": {"commands": [move]}}}


def project_source(settings: RunnerSettings) -> aws.codebuild.ProjectSourceArgsDict:
    """Where the project's code comes from, and what a build does with it."""
    source: aws.codebuild.ProjectSourceArgsDict = {
        "type": settings.host.upper(),
        "location": settings.repository,
        "git_clone_depth": 1,
        "buildspec": json.dumps(buildspec(settings)),
    }
    if settings.connection_arn:
        source["auth"] = {"type": "CODECONNECTIONS", "resource": settings.connection_arn}
    return source


def project_environment(settings: RunnerSettings) -> aws.codebuild.ProjectEnvironmentArgsDict:
    """What a build runs in: the image, and where the state is."""
    variables: list[aws.codebuild.ProjectEnvironmentEnvironmentVariableArgsDict] = [
        {"name": "PULUMI_BACKEND_URL", "value": settings.backend, "type": "PLAINTEXT"},
        {"name": "PULUMI_SKIP_UPDATE_CHECK", "value": "true", "type": "PLAINTEXT"},
    ]
    if settings.secret_arn:
        own_state = settings.backend.startswith("s3://")
        secret = "PULUMI_CONFIG_PASSPHRASE" if own_state else "PULUMI_ACCESS_TOKEN"
        variables.append({"name": secret, "value": settings.secret_arn, "type": "SECRETS_MANAGER"})
    return {
        "type": "LINUX_CONTAINER",
        "compute_type": "BUILD_GENERAL1_SMALL",
        "image": settings.image,
        "image_pull_credentials_type": _puller(settings.image),
        "environment_variables": variables,
    }


def _puller(image: str) -> str:
    """Which credentials pull the image: CodeBuild's for AWS's own images, the role's for all others."""
    return "CODEBUILD" if image.startswith("aws/codebuild/") else "SERVICE_ROLE"
