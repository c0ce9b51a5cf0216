"""The runner in AWS: what the platform declares for it, and when a tenant's schedule starts it."""

from __future__ import annotations

import json
import subprocess
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pulumi
import pytest
from tenantnet.aws.session_documents import runner_document
from tenantnet.components.service_role import ServiceRole, ServiceRoleArgs
from tenantnet.tags import Owner, return_schedule_name

from tests.support import component_samples as samples
from tests.support import mock_stacks as stacks
from tests.support.mock_engine import RecordingEngine, run_program

PROJECT = "aws:codebuild/project:Project"
ROLE_POLICY = "aws:iam/rolePolicy:RolePolicy"
DOCUMENT = "aws:ssm/document:Document"
SCHEDULE = "aws:scheduler/schedule:Schedule"
RUNNER = "local-runner"
LONGEST_INLINE_POLICY = 10_240
# StartBuild, idempotencyToken: "The token is valid for 5 minutes."
TOKEN_SECONDS = 300


def statements(engine: RecordingEngine, role: str) -> list[dict[str, Any]]:
    policy = json.loads(engine.one(ROLE_POLICY, role).inputs["policy"])
    found: list[dict[str, Any]] = policy["Statement"]
    return found


def listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def schedules(engine: RecordingEngine) -> list[dict[str, Any]]:
    return [schedule.inputs for schedule in engine.of_type(SCHEDULE)]


def test_a_platform_without_a_runner_declares_none(cell: RecordingEngine) -> None:
    assert cell.of_type(PROJECT) == []


def test_a_build_installs_what_is_locked_and_moves_the_tenant(cell_with_runner: RecordingEngine) -> None:
    project = cell_with_runner.one(PROJECT, RUNNER).inputs
    phases = json.loads(project["source"]["buildspec"])["phases"]
    assert "--require-hashes --requirement requirements.lock" in phases["install"]["commands"][0]
    (move,) = phases["build"]["commands"]
    assert move.endswith('.venv/bin/tenantnet migrate run "$TENANT" --through-tunnel-host')
    assert subprocess.run(["/bin/sh", "-n", "-c", move], check=False).returncode == 0
    assert project["artifacts"] == {"type": "NO_ARTIFACTS"}


def test_the_authorities_of_rds_are_downloaded_unless_others_are_named(
    cell_with_runner: RecordingEngine, tmp_path: Path
) -> None:
    project = cell_with_runner.one(PROJECT, RUNNER).inputs
    (move,) = json.loads(project["source"]["buildspec"])["phases"]["build"]["commands"]
    for program in (tmp_path / "curl", tmp_path / ".venv" / "bin" / "tenantnet"):
        program.parent.mkdir(parents=True, exist_ok=True)
        program.write_text('#!/bin/sh\necho "$0 $TENANTNET_DATABASE_CA"\n')
        program.chmod(0o755)

    def run(**variables: str) -> list[str]:
        environment = {"PATH": f"{tmp_path}:/usr/bin:/bin", "TENANT": "acme", **variables}
        said = subprocess.run(
            ["/bin/sh", "-c", move], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
        )
        return said.stdout.splitlines()

    assert [line.rpartition("/")[2] for line in run()] == ["rds.pem", "rds.pem"]
    assert run(TENANTNET_DATABASE_CA="own.pem") == [".venv/bin/tenantnet own.pem"]
    (tmp_path / "curl").write_text("#!/bin/sh\nexit 22\n")
    with pytest.raises(subprocess.CalledProcessError):
        run()


def test_a_runner_that_compares_nothing_reaches_no_database() -> None:
    engine = stacks.declare_cell(runner={**samples.RUNNER, "unverified": True})
    project = engine.one(PROJECT, RUNNER).inputs
    (move,) = json.loads(project["source"]["buildspec"])["phases"]["build"]["commands"]
    assert move == '.venv/bin/tenantnet migrate run "$TENANT" --unverified'
    assert engine.of_type(DOCUMENT) == []
    actions = {action for each in statements(engine, RUNNER) for action in listed(each["Action"])}
    assert not any(action.startswith(("ssm:", "ssmmessages:")) for action in actions)
    secrets = [
        each for each in statements(engine, RUNNER) if "secretsmanager:GetSecretValue" in each["Action"]
    ]
    assert [each["Resource"] for each in secrets] == [[samples.RUNNER["secretArn"]]]


def test_a_runner_that_compares_reaches_databases_by_its_own_document_and_the_tunnel_host(
    cell_with_runner: RecordingEngine,
) -> None:
    document = cell_with_runner.one(DOCUMENT, RUNNER).inputs
    assert (document["name"], document["content"]) == ("local-migration-runner", runner_document())
    started = [each for each in statements(cell_with_runner, RUNNER) if "ssm:StartSession" in each["Action"]]
    assert [each["Resource"] for each in started] == [
        [
            "arn:aws:ec2:eu-west-1:123456789012:instance/id-local-tunnel-host",
            "arn:aws:ssm:eu-west-1:123456789012:document/local-migration-runner",
        ]
    ]


def test_the_build_takes_source_and_state_from_the_settings(cell_with_runner: RecordingEngine) -> None:
    project = cell_with_runner.one(PROJECT, RUNNER).inputs
    assert project["source"]["location"] == samples.RUNNER["repository"]
    assert project["source"]["type"] == "GITHUB"
    assert project["source"]["auth"]["resource"] == samples.RUNNER["connectionArn"]
    assert project["sourceVersion"] == "main"
    variables = {each["name"]: each for each in project["environment"]["environmentVariables"]}
    assert variables["PULUMI_BACKEND_URL"]["value"] == samples.RUNNER["backend"]
    secret = variables["PULUMI_CONFIG_PASSPHRASE"]
    assert (secret["type"], secret["value"]) == ("SECRETS_MANAGER", samples.RUNNER["secretArn"])


def test_with_a_pulumi_service_the_secret_is_an_access_token() -> None:
    engine = stacks.declare_cell(runner={**samples.RUNNER, "backend": "https://api.pulumi.com"})
    variables = engine.one(PROJECT, RUNNER).inputs["environment"]["environmentVariables"]
    assert "PULUMI_ACCESS_TOKEN" in {each["name"] for each in variables}
    assert not any(
        "s3:" in action for each in statements(engine, RUNNER) for action in listed(each["Action"])
    )


def test_stacks_that_a_key_encrypts_are_read_with_that_key_and_without_a_passphrase() -> None:
    """Pulumi decrypts a stack's data key at each operation: whoever runs it has to have kms:Decrypt."""
    key = "arn:aws:kms:eu-west-1:123456789012:key/11111111-2222-3333-4444-555555555555"
    encrypted = {name: value for name, value in samples.RUNNER.items() if name != "secretArn"}
    engine = stacks.declare_cell(runner={**encrypted, "secretsKeyArn": key})
    used = [each["Action"] for each in statements(engine, RUNNER) if each["Resource"] == [key]]
    assert used == [["kms:Decrypt", "kms:Encrypt"]]
    variables = engine.one(PROJECT, RUNNER).inputs["environment"]["environmentVariables"]
    assert [each["name"] for each in variables if each["type"] != "PLAINTEXT"] == []


def test_an_image_of_ones_own_registry_is_pulled_with_the_projects_role() -> None:
    """imagePullCredentialsType: SERVICE_ROLE for all images but CodeBuild's own (CodeBuild's API)."""
    image = f"210987654321.dkr.ecr.eu-central-1.amazonaws.com/tools/runner@sha256:{'0123456789abcdef' * 4}"
    engine = stacks.declare_cell(runner={**samples.RUNNER, "image": image})
    environment = engine.one(PROJECT, RUNNER).inputs["environment"]
    assert environment["imagePullCredentialsType"] == "SERVICE_ROLE"
    allowed = {
        action: each["Resource"]
        for each in statements(engine, RUNNER)
        for action in listed(each["Action"])
        if action.startswith("ecr:")
    }
    repository = ["arn:aws:ecr:eu-central-1:210987654321:repository/tools/runner"]
    assert allowed == {
        "ecr:GetAuthorizationToken": ["*"],
        "ecr:BatchCheckLayerAvailability": repository,
        "ecr:BatchGetImage": repository,
        "ecr:GetDownloadUrlForLayer": repository,
    }


def test_whoever_is_given_a_role_waits_until_it_has_its_policies() -> None:
    """CodeBuild tries a connection at once, with the rights that the role has by then."""
    waited_for: list[set[str]] = []

    def program() -> None:
        role = ServiceRole(
            "local-runner",
            ServiceRoleArgs(
                owner=Owner(cell="local"),
                account_id="123456789012",
                service="codebuild.amazonaws.com",
                statements=pulumi.Output.from_input([{"Effect": "Allow", "Action": "s3:GetObject"}]),
                managed_policy_arns=["arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"],
            ),
        )
        note(role.arn)
        note(role.role_name)

    def note(value: pulumi.Output[str]) -> None:
        def keep(found: set[pulumi.Resource]) -> int:
            waited_for.append({type(each).__name__ for each in found})
            return len(found)

        resources: pulumi.Output[set[pulumi.Resource]] = pulumi.Output.from_input(value.resources())
        resources.apply(keep)

    run_program(program)
    assert waited_for == [{"Role", "RolePolicy", "RolePolicyAttachment"}] * 2


def test_no_statement_for_runner_has_a_wildcard_action(cell_with_runner: RecordingEngine) -> None:
    for role in (RUNNER, f"{RUNNER}-schedules"):
        for statement in statements(cell_with_runner, role):
            assert not any("*" in action for action in listed(statement["Action"])), statement["Sid"]


def test_the_runner_may_keep_the_schedule_that_brings_it_back(cell_with_runner: RecordingEngine) -> None:
    name = f"schedule/default/{return_schedule_name('local', 'acme')}"
    schedule = f"arn:aws:scheduler:eu-west-1:123456789012:{name}"
    allowed = {
        action
        for each in statements(cell_with_runner, RUNNER)
        if any(fnmatch(schedule, resource) for resource in listed(each["Resource"]))
        for action in listed(each["Action"])
    }
    assert {f"scheduler:{verb}Schedule" for verb in ("Create", "Update", "Delete")} <= allowed
    (passing,) = (each for each in statements(cell_with_runner, RUNNER) if "iam:PassRole" in each["Action"])
    assert passing["Resource"] == [f"arn:aws:iam::123456789012:role/tenantnet-{RUNNER}-schedules"]


def test_only_looking_is_allowed_on_every_resource(cell_with_runner: RecordingEngine) -> None:
    everywhere = [each for each in statements(cell_with_runner, RUNNER) if "*" in listed(each["Resource"])]
    actions = {action.split(":")[1] for each in everywhere for action in listed(each["Action"])}
    assert actions
    assert all(action.startswith(("Describe", "Get")) for action in actions)


def test_the_runner_makes_no_network_and_reads_no_secret_but_pulumis_and_the_logins(
    cell_with_runner: RecordingEngine,
) -> None:
    allowed = statements(cell_with_runner, RUNNER)
    actions = {action for each in allowed for action in listed(each["Action"])}
    joining = {"ec2:CreateRoute", "ec2:CreateTags", "ec2:CreateVpcPeeringConnection"}
    assert {action for action in actions if action.startswith("ec2:Create")} == joining
    secrets = [each for each in allowed if "secretsmanager:GetSecretValue" in listed(each["Action"])]
    assert [each["Resource"] for each in secrets] == [
        [samples.RUNNER["secretArn"]],
        ["arn:aws:secretsmanager:eu-west-1:123456789012:secret:tenantnet/*/verification-*"],
    ]


def test_the_runners_policy_fits_into_a_role(cell_with_runner: RecordingEngine) -> None:
    policy = cell_with_runner.one(ROLE_POLICY, RUNNER).inputs["policy"]
    assert len("".join(policy.split())) <= LONGEST_INLINE_POLICY


def test_schedules_may_start_this_project_and_nothing_else(cell_with_runner: RecordingEngine) -> None:
    (statement,) = statements(cell_with_runner, f"{RUNNER}-schedules")
    assert statement["Action"] == "codebuild:StartBuild"
    project = cell_with_runner.one(PROJECT, RUNNER).inputs["name"]
    assert statement["Resource"] == f"arn:aws:codebuild:eu-west-1:123456789012:project/{project}"


def test_a_failed_run_raises_the_alarm(cell_with_runner: RecordingEngine) -> None:
    alarm = cell_with_runner.one("aws:cloudwatch/metricAlarm:MetricAlarm", RUNNER).inputs
    assert (alarm["namespace"], alarm["metricName"]) == ("AWS/CodeBuild", "FailedBuilds")
    assert alarm["alarmActions"]


def test_a_scheduled_move_starts_the_runner_four_hours_ahead_in_the_tenants_zone(
    scheduled_acme: RecordingEngine,
) -> None:
    (schedule,) = schedules(scheduled_acme)
    assert schedule["scheduleExpression"] == "at(2096-11-30T22:00:00)"
    assert schedule["scheduleExpressionTimezone"] == "Europe/Amsterdam"
    assert schedule["flexibleTimeWindow"] == {"mode": "OFF"}


def test_the_schedule_starts_a_build_for_its_tenant_once(scheduled_acme: RecordingEngine) -> None:
    (schedule,) = schedules(scheduled_acme)
    target = schedule["target"]
    assert target["arn"] == "arn:aws:scheduler:::aws-sdk:codebuild:startBuild"
    assert target["roleArn"] == samples.RUNNER_OUTPUTS["runnerScheduleRoleArn"]
    sent = json.loads(target["input"])
    assert sent["ProjectName"] == samples.RUNNER_OUTPUTS["runnerProject"]
    assert sent["EnvironmentVariablesOverride"] == [{"Name": "TENANT", "Value": "acme", "Type": "PLAINTEXT"}]
    assert sent["IdempotencyToken"] == "<aws.scheduler.execution-id>"
    assert target["retryPolicy"]["maximumEventAgeInSeconds"] <= TOKEN_SECONDS


def test_without_a_runner_or_without_a_move_there_is_no_schedule(acme: RecordingEngine) -> None:
    assert schedules(acme) == []
    assert schedules(stacks.declare_acme(runner=True)) == []


def test_a_former_production_has_a_schedule_for_its_retirement() -> None:
    since = datetime(2096, 12, 1, 1, 7, tzinfo=UTC)
    engine = stacks.declare_scheduled_acme(
        {
            "phase": "switched",
            "production": "green",
            "target": "green",
            "strategy": "replica",
            "move": 1,
            "runnerStart": {
                "purpose": "retire",
                "order": "another",
                "since": since.isoformat(),
                "at": (since + timedelta(days=9)).isoformat(),
            },
        },
        retireAfter="48h",
    )
    (schedule,) = schedules(engine)
    assert schedule["scheduleExpression"] == "at(2096-12-03T02:37:00)"


def test_a_start_that_is_past_is_not_scheduled_again() -> None:
    first = {"phase": "steady", "production": "blue"}
    order = "green 2096-12-01T02:00 Europe/Amsterdam replica"
    past = datetime(2026, 1, 1, tzinfo=UTC).isoformat()
    remembered = {"purpose": "move", "order": order, "since": past, "at": past}
    assert schedules(stacks.declare_scheduled_acme({**first, "runnerStart": remembered})) == []


def test_a_move_whose_time_is_past_is_no_reason_to_refuse_an_update() -> None:
    engine = stacks.declare_scheduled_acme(at="2020-12-01T02:00")
    assert schedules(engine) == []
    assert engine.of_type("aws:rds/instance:Instance")
