"""The schedule that starts the migration runner for one tenant, once."""

from __future__ import annotations

import json
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws
from tenantnet.components.migration_runner import TENANT_VARIABLE
from tenantnet.phases.starts import LocalTime
from tenantnet.tags import Owner

START_BUILD = "arn:aws:scheduler:::aws-sdk:codebuild:startBuild"
# As long as CodeBuild knows a start's token again: a later try would be a second build.
# https://docs.aws.amazon.com/codebuild/latest/APIReference/API_StartBuild.html
MAXIMUM_EVENT_AGE_SECONDS = 300
MAXIMUM_RETRY_ATTEMPTS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class MigrationScheduleArgs:
    """When the runner starts, and for whom."""

    owner: Owner
    """The tenant whose database moves."""
    at: LocalTime
    """When: a time that comes once in its time zone."""
    project: str
    """The runner's CodeBuild project."""
    role_arn: str
    """The role that the schedule starts it with."""


class MigrationSchedule(pulumi.ComponentResource):
    """A start of the migration runner by EventBridge Scheduler."""

    arn: pulumi.Output[str]
    """The schedule's ARN, known once it exists."""

    def __init__(
        self, name: str, args: MigrationScheduleArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("tenantnet:index:MigrationSchedule", name, {}, opts)
        schedule = aws.scheduler.Schedule(
            name,
            name=f"tenantnet-{args.owner.cell}-{name}",
            description=f"Starts the migration runner for {args.owner.tenant}",
            schedule_expression=f"at({args.at.wall:%Y-%m-%dT%H:%M:%S})",
            schedule_expression_timezone=args.at.timezone,
            flexible_time_window={"mode": "OFF"},
            target={
                "arn": START_BUILD,
                "role_arn": args.role_arn,
                "input": start_input(args.project, str(args.owner.tenant)),
                "retry_policy": {
                    "maximum_event_age_in_seconds": MAXIMUM_EVENT_AGE_SECONDS,
                    "maximum_retry_attempts": MAXIMUM_RETRY_ATTEMPTS,
                },
            },
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.arn = schedule.arn
        self.register_outputs({"arn": self.arn})


def start_input(project: str, tenant: str) -> str:
    """The parameters of StartBuild, in the spelling of the scheduler's universal targets.

    The execution's id, which the scheduler fills in, stays the same when it tries again: a start whose answer
    was lost does not become a second build.
    https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html
    """
    return json.dumps(
        {
            "ProjectName": project,
            "EnvironmentVariablesOverride": [{"Name": TENANT_VARIABLE, "Value": tenant, "Type": "PLAINTEXT"}],
            "IdempotencyToken": "<aws.scheduler.execution-id>",
        }
    )
