"""CodeBuild: projects without a source of their own, and builds that run on this machine."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from mypy_boto3_codebuild import CodeBuildClient
from tenacity import Retrying, retry_if_result, stop_after_delay, wait_fixed
from tenantnet.components.runner_permissions import PULLING
from tenantnet.local_cloud.builds import Build, Order
from tenantnet.local_cloud.codebuild import PRINCIPAL
from tenantnet.local_cloud.kernel import start_ticks
from tenantnet.local_cloud.process import LocalCloud

from tests.local_cloud.conftest import Refusal, make_runner_role
from tests.support.aws import aws_client
from tests.support.roles import allow, document

pytestmark = pytest.mark.usefixtures("runner_role")


@pytest.fixture
def codebuild(client: Any) -> CodeBuildClient:
    made: CodeBuildClient = client("codebuild")
    return made


def project(name: str) -> Any:
    return {
        "name": name,
        "source": {"type": "NO_SOURCE", "buildspec": "version: 0.2"},
        "artifacts": {"type": "NO_ARTIFACTS"},
        "environment": {
            "type": "ARM_CONTAINER",
            "image": "aws/codebuild/amazonlinux2-aarch64-standard:3.0",
            "computeType": "BUILD_GENERAL1_SMALL",
        },
        "serviceRole": "arn:aws:iam::123456789012:role/runner",
    }


def test_a_project_without_a_source_needs_no_location(codebuild: CodeBuildClient, name: str) -> None:
    created = codebuild.create_project(**project(name))["project"]
    assert created["source"] == {"type": "NO_SOURCE", "buildspec": "version: 0.2"}
    assert codebuild.batch_get_projects(names=[name])["projects"][0]["source"] == created["source"]


def test_a_project_changes_what_is_named_and_keeps_the_rest(codebuild: CodeBuildClient, name: str) -> None:
    codebuild.create_project(**project(name))
    codebuild.update_project(name=name, source={"type": "NO_SOURCE", "buildspec": "version: 0.1"})
    read = codebuild.batch_get_projects(names=[name])["projects"][0]
    assert read["source"]["buildspec"] == "version: 0.1"
    assert read["environment"]["type"] == "ARM_CONTAINER"


def test_an_unknown_project_does_not_change(codebuild: CodeBuildClient, refusal: Refusal, name: str) -> None:
    assert refusal(codebuild.update_project, name=name) == "ResourceNotFoundException"


@pytest.mark.parametrize("by", ["name", "arn"])
def test_a_project_is_deleted_by_its_name_or_its_arn(codebuild: CodeBuildClient, name: str, by: str) -> None:
    made = codebuild.create_project(**project(name))["project"]
    codebuild.delete_project(name=made["arn"] if by == "arn" else name)
    assert name not in codebuild.list_projects()["projects"]


class Runner:
    """A project whose builds run in a folder of the test's own."""

    def __init__(self, codebuild: CodeBuildClient, name: str) -> None:
        self.codebuild, self.name = codebuild, name

    def start(self, phases: dict[str, list[str]], **changes: Any) -> str:
        """Start a build with these commands; its id."""
        spec = {"version": 0.2, "phases": {phase: {"commands": given} for phase, given in phases.items()}}
        build = self.codebuild.start_build(
            projectName=self.name, buildspecOverride=json.dumps(spec), **changes
        )
        return build["build"]["id"]

    def read(self, build_id: str) -> Any:
        return self.codebuild.batch_get_builds(ids=[build_id])["builds"][0]

    def wait(self, build_id: str) -> Any:
        """The build once it is complete."""
        return Retrying(
            retry=retry_if_result(lambda build: not build["buildComplete"]),
            stop=stop_after_delay(30),
            wait=wait_fixed(0.05),
        )(self.read, build_id)

    def run(self, phases: dict[str, list[str]], **changes: Any) -> Any:
        return self.wait(self.start(phases, **changes))


@pytest.fixture
def runner(codebuild: CodeBuildClient, name: str, cloud: LocalCloud, tmp_path: Path) -> Runner:
    codebuild.create_project(**project(name))
    cloud.take_source(tmp_path)
    return Runner(codebuild, name)


def phase_of(build: Any, name: str) -> Any:
    return next(phase for phase in build["phases"] if phase["phaseType"] == name)


def test_a_build_runs_its_commands_in_the_source(runner: Runner, tmp_path: Path) -> None:
    build = runner.run({"install": ["echo first > made"], "build": ["cat made", "echo second >> made"]})
    assert build["buildStatus"] == "SUCCEEDED"
    assert build["currentPhase"] == "COMPLETED"
    assert (tmp_path / "made").read_text() == "first\nsecond\n"
    assert phase_of(build, "BUILD")["phaseStatus"] == "SUCCEEDED"


def test_a_command_that_fails_ends_its_phase_and_the_build(runner: Runner, tmp_path: Path) -> None:
    build = runner.run({"install": ["exit 7", "touch made"], "build": ["touch built"]})
    assert build["buildStatus"] == "FAILED"
    assert phase_of(build, "INSTALL")["phaseStatus"] == "FAILED"
    assert "exit status 7" in phase_of(build, "INSTALL")["contexts"][0]["message"]
    assert list(tmp_path.iterdir()) == []


def test_what_comes_after_the_build_is_done_where_it_has_failed(runner: Runner, tmp_path: Path) -> None:
    build = runner.run({"build": ["false"], "post_build": ["touch after"]})
    assert build["buildStatus"] == "FAILED"
    assert (tmp_path / "after").exists()


def test_a_build_has_its_variables_and_the_starts_own_come_first(runner: Runner, tmp_path: Path) -> None:
    environment = project(runner.name)["environment"]
    environment["environmentVariables"] = [
        {"name": "TENANT", "value": "nobody", "type": "PLAINTEXT"},
        {"name": "KEPT", "value": "kept", "type": "PLAINTEXT"},
    ]
    runner.codebuild.update_project(name=runner.name, environment=environment)
    runner.run(
        {"build": ['echo "$TENANT $KEPT $CODEBUILD_BUILD_ID" > made']},
        environmentVariablesOverride=[{"name": "TENANT", "value": "acme", "type": "PLAINTEXT"}],
    )
    tenant, kept, build_id = (tmp_path / "made").read_text().split()
    assert (tenant, kept) == ("acme", "kept")
    assert build_id.startswith(f"{runner.name}:")


def test_a_build_works_in_the_local_cloud_with_nothing_of_the_callers(
    runner: Runner, cloud: LocalCloud, tmp_path: Path
) -> None:
    runner.run({"build": ["env > made"]})
    made = dict(line.split("=", 1) for line in (tmp_path / "made").read_text().splitlines() if "=" in line)
    assert made["AWS_ENDPOINT_URL"] == cloud.url
    assert made["PULUMI_BACKEND_URL"] == f"file://{cloud.state.pulumi}?metadata=skip"
    assert "PYTEST_CURRENT_TEST" not in made


def test_a_secret_is_read_when_the_build_begins(
    runner: Runner, client: Any, name: str, tmp_path: Path
) -> None:
    arn = client("secretsmanager").create_secret(Name=name, SecretString="hunter2")["ARN"]
    variable = {"name": "SECRET", "value": arn, "type": "SECRETS_MANAGER"}
    build = runner.run({"build": ['echo "$SECRET" > made']}, environmentVariablesOverride=[variable])
    assert (tmp_path / "made").read_text() == "hunter2\n"
    assert "hunter2" not in str(build)


def test_a_secret_that_is_not_there_fails_the_build_before_its_commands(
    runner: Runner, tmp_path: Path
) -> None:
    variable = {"name": "SECRET", "value": "none", "type": "SECRETS_MANAGER"}
    build = runner.run({"build": ["touch made"]}, environmentVariablesOverride=[variable])
    assert build["buildStatus"] == "FAILED"
    assert phase_of(build, "DOWNLOAD_SOURCE")["phaseStatus"] == "FAILED"
    assert not (tmp_path / "made").exists()


def test_an_image_of_ones_own_registry_is_pulled_as_the_projects_role(
    codebuild: CodeBuildClient, cloud: LocalCloud, client: Any, name: str, tmp_path: Path
) -> None:
    """The runner's role of commit 6d2caa1 had nothing of ECR."""
    iam = client("iam")
    trust = {"Effect": "Allow", "Principal": {"Service": PRINCIPAL}, "Action": "sts:AssumeRole"}
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document(trust))["Role"]["Arn"]
    own = project(name)
    own["environment"] |= {
        "image": f"123456789012.dkr.ecr.eu-west-1.amazonaws.com/runner@sha256:{'0' * 64}",
        "imagePullCredentialsType": "SERVICE_ROLE",
    }
    codebuild.create_project(**{**own, "serviceRole": role})
    cloud.take_source(tmp_path)
    runner = Runner(codebuild, name)
    build = runner.run({"build": ["touch made"]})
    (context,) = phase_of(build, "PROVISIONING")["contexts"]
    assert (build["buildStatus"], context["statusCode"]) == ("FAILED", "BUILD_CONTAINER_UNABLE_TO_PULL_IMAGE")
    assert "is not authorized to perform: ecr:GetAuthorizationToken" in context["message"]
    assert not (tmp_path / "made").exists()
    rights = document(
        allow("ecr:GetAuthorizationToken"),
        allow(PULLING, "arn:aws:ecr:eu-west-1:123456789012:repository/runner"),
    )
    iam.put_role_policy(RoleName=name, PolicyName="pulls", PolicyDocument=rights)
    assert runner.run({"build": ["touch made"]})["buildStatus"] == "SUCCEEDED"


def test_a_stopped_build_ends_with_all_that_it_started(runner: Runner, tmp_path: Path) -> None:
    build_id = runner.start({"build": ["sleep 300 & echo $! > pid; wait"], "post_build": ["touch after"]})
    pid = int(_written(tmp_path / "pid"))
    runner.codebuild.stop_build(id=build_id)
    assert runner.wait(build_id)["buildStatus"] == "STOPPED"
    assert start_ticks(pid) is None
    assert not (tmp_path / "after").exists()


def test_one_token_starts_one_build(runner: Runner) -> None:
    token = uuid4().hex
    first = runner.start({"build": ["true"]}, idempotencyToken=token)
    assert runner.start({"build": ["true"]}, idempotencyToken=token) == first
    assert runner.codebuild.list_builds_for_project(projectName=runner.name)["ids"] == [first]


def test_what_a_build_prints_is_in_its_log_group_and_in_the_state_directory(
    runner: Runner, client: Any, name: str, cloud: LocalCloud
) -> None:
    logs = client("logs")
    logs.create_log_group(logGroupName=f"/{name}")
    runner.codebuild.update_project(
        name=name, logsConfig={"cloudWatchLogs": {"status": "ENABLED", "groupName": f"/{name}"}}
    )
    build = runner.run({"build": ["echo out; echo err >&2; exit 3"]})
    stream = build["id"].split(":")[1]
    events = logs.get_log_events(logGroupName=f"/{name}", logStreamName=stream)["events"]
    printed = [event["message"] for event in events]
    assert {"out", "err"} <= set(printed)
    assert (cloud.state.builds / f"{stream}.log").read_text().splitlines() == printed


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_builds_end_with_the_local_cloud_however_that_ends(tmp_path: Path, number: signal.Signals) -> None:
    with LocalCloud(tmp_path / "cloud", real_databases=False) as own:
        make_runner_role(own)
        codebuild = aws_client(own, "codebuild")
        codebuild.create_project(**project("waits"))
        own.take_source(tmp_path)
        Runner(codebuild, "waits").start({"build": ["echo $$ > pid; exec sleep 300"]})
        pid = int(_written(tmp_path / "pid"))
        os.kill(own.running_server().pid, number)
        Retrying(retry=retry_if_result(bool), stop=stop_after_delay(15), wait=wait_fixed(0.05))(
            start_ticks, pid
        )


def _written(file: Path) -> str:
    """What a build writes into a file, once it has."""
    return Retrying(
        retry=retry_if_result(lambda text: not text), stop=stop_after_delay(10), wait=wait_fixed(0.05)
    )(lambda: file.read_text() if file.exists() else "")


def test_a_build_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    said: list[str] = []
    build = Build(
        Order(
            id="test:1",
            buildspec='{"phases": {"build": {"commands": ["sleep 300"]}}}',
            folder=tmp_path,
            pull=lambda: None,
            variables=dict,
            tell=said.append,
            limit_seconds=0.3,
        )
    )
    build.run()
    assert build.status == "TIMED_OUT"


def test_a_source_at_gitlab_is_kept_as_it_was_given(codebuild: CodeBuildClient, name: str) -> None:
    source = {
        "type": "GITLAB",
        "location": "https://gitlab.com/example/tenants.git",
        "buildspec": "version: 0.2",
    }
    assert codebuild.create_project(**{**project(name), "source": source})["project"]["source"] == source
