"""One tenant's life with the real engine and the real provider: up, no change, change, gone.

The tests of this module run in order on stacks that they share.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from tenantnet.local_cloud.environment import environment
from tenantnet.local_cloud.process import LocalCloud
from tenantnet.permissions.documents import Role, documents, shipped
from tenantnet.permissions.record import read_record

from tests.end_to_end.conftest import ACME
from tests.support.inventory import what_is_left
from tests.support.permissions import PLACE, refused
from tests.support.project import PASSWORD, Project, Step
from tests.support.runner import deploy_cell_with_runner, schedule

CONNECTION = "acme-blue-vpn-10-200-0-0-16"


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    """A local cloud of this module's own, which records who calls what."""
    with LocalCloud(tmp_path_factory.mktemp("cloud"), record_calls=True) as running:
        yield running


@pytest.fixture(scope="module")
def project(cloud: LocalCloud, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project whose commands are the deployer's."""
    local = {**environment(cloud.state_dir), "AWS_ACCESS_KEY_ID": Role.DEPLOYER}
    return Project.of_clone(tmp_path_factory.mktemp("project") / "tenantnet", local)


def not_allowed(cloud: LocalCloud, role: Role) -> set[tuple[str, str]]:
    """What the role did and its policies do not allow."""
    calls = [call for call in read_record(cloud.state.calls) if call.caller == role]
    assert calls, f"nothing was recorded of the {role}"
    return refused(calls, documents(role, PLACE, shipped()))


def acme_with(**blue: Any) -> dict[str, Any]:
    settings = copy.deepcopy(ACME)
    settings["networks"]["blue"].update(blue)
    return settings


def second_connection() -> list[dict[str, str]]:
    return [
        *ACME["networks"]["blue"]["vpnConnections"],
        {"companyCidr": "10.200.0.0/16", "companyGatewayIp": "203.0.113.9", "description": "Oslo office"},
    ]


def scheduled(at: str) -> dict[str, Any]:
    """A Test network, and a move to it."""
    settings = copy.deepcopy(ACME)
    settings["networks"]["green"] = {"cidr": "10.9.8.64/26"}
    move = {"to": "green", "at": at, "timezone": "Europe/Amsterdam", "strategy": "replica"}
    return {**settings, "migration": move}


@pytest.fixture(scope="module")
def cell(project: Project, cloud: LocalCloud, aws: boto3.Session) -> Project:
    """The project with its platform cell deployed, which has a runner."""
    deploy_cell_with_runner(project, cloud, aws)
    return project


def names(steps: list[Step], operation: str) -> set[str]:
    return {step.name for step in steps if step.operation == operation}


@pytest.mark.parametrize("stack", ["platform-local", "acme"])
def test_a_second_preview_shows_no_change(acme: Project, stack: str) -> None:
    acme.pulumi("preview", "--expect-no-changes", "--stack", stack).check()


@pytest.mark.parametrize("stack", ["platform-local", "acme"])
def test_what_is_deployed_passes_every_policy(acme: Project, stack: str) -> None:
    run = acme.pulumi("preview", "--stack", stack, "--policy-pack", "policies").check()
    assert "\N{WHITE HEAVY CHECK MARK} tenantnet@" in run.text
    assert "[advisory]" not in run.text


@pytest.mark.parametrize("stack", ["platform-local", "acme"])
def test_a_preview_after_a_refresh_shows_no_change(acme: Project, stack: str) -> None:
    acme.pulumi("refresh", "--yes", "--skip-preview", "--expect-no-changes", "--stack", stack).check()
    acme.pulumi("preview", "--expect-no-changes", "--stack", stack).check()


def test_no_secret_is_in_clear_in_state_outputs_or_preview(acme: Project, cloud: Any, aws: Any) -> None:
    keys = re.findall(
        r"<pre_shared_key>([^<]+)</pre_shared_key>",
        "".join(
            connection["CustomerGatewayConfiguration"]
            for connection in aws.client("ec2").describe_vpn_connections()["VpnConnections"]
        ),
    )
    assert len(keys) == 2, "each tunnel has a pre-shared key of its own"
    shown = acme.pulumi("preview", "--diff", "--stack", "acme").text
    exported = acme.pulumi("stack", "export", "--stack", "acme").text
    outputs = acme.pulumi("stack", "output", "--json", "--stack", "acme").text
    files = [path for path in Path(cloud.state_dir).rglob("*") if path.is_file()]
    texts = {
        "preview": shown,
        "export": exported,
        "outputs": outputs,
        **{str(path): path.read_text(errors="replace") for path in files},
    }
    for where, text in texts.items():
        for secret in (PASSWORD, *keys):
            assert secret not in text, f"a secret is in clear in {where}"


def test_adding_a_vpn_connection_creates_only_that_connections_resources(acme: Project) -> None:
    acme.write_tenant("acme", acme_with(vpnConnections=second_connection()))
    steps = [step for step in acme.steps("acme") if step.name != "tenantnet-acme"]
    assert {step.operation for step in steps} == {"create"}
    assert all(step.name.startswith(CONNECTION) for step in steps), steps
    acme.up("acme").check()
    acme.pulumi("preview", "--expect-no-changes", "--stack", "acme").check()


def test_removing_a_vpn_connection_deletes_only_that_connections_resources(acme: Project) -> None:
    acme.write_tenant("acme", ACME)
    steps = [step for step in acme.steps("acme") if step.name != "tenantnet-acme"]
    assert {step.operation for step in steps} == {"delete"}
    assert all(step.name.startswith(CONNECTION) for step in steps), steps
    acme.up("acme").check()


def test_changing_the_ping_hosts_size_touches_only_the_ping_host(acme: Project) -> None:
    acme.write_tenant("acme", acme_with(pingHostType="t4g.micro"))
    steps = [step for step in acme.steps("acme") if step.name != "tenantnet-acme"]
    assert [(step.operation, step.name) for step in steps] == [("update", "acme-blue-ping-host")]
    acme.up("acme").check()


def test_a_scheduled_move_has_a_schedule_and_a_second_preview_shows_no_change(
    acme: Project, aws: boto3.Session
) -> None:
    acme.write_tenant("acme", scheduled("2096-12-01T02:00"))
    acme.up("acme").check()
    found = schedule(aws)
    assert found is not None
    assert (found["ScheduleExpression"], found["ScheduleExpressionTimezone"]) == (
        "at(2096-11-30T22:00:00)",
        "Europe/Amsterdam",
    )
    acme.pulumi("preview", "--expect-no-changes", "--stack", "acme").check()


def test_another_time_changes_the_schedule_alone(acme: Project) -> None:
    acme.write_tenant("acme", scheduled("2096-12-02T02:00"))
    steps = [step for step in acme.steps("acme") if step.name != "tenantnet-acme"]
    assert [(step.operation, step.type, step.name) for step in steps] == [
        ("update", "aws:scheduler/schedule:Schedule", "acme-migration")
    ]


def test_a_cancelled_move_has_no_schedule(acme: Project, aws: boto3.Session) -> None:
    acme.write_tenant("acme", ACME)
    acme.up("acme").check()
    assert schedule(aws) is None


@pytest.mark.parametrize("stack", ["platform-local", "acme"])
def test_the_reviewers_policy_allows_every_preview(acme: Project, cloud: LocalCloud, stack: str) -> None:
    reviewer = Project(acme.folder, {**acme.environment, "AWS_ACCESS_KEY_ID": Role.REVIEWER})
    reviewer.pulumi("preview", "--stack", stack, "--policy-pack", "policies").check()
    reviewer.pulumi("preview", "--refresh", "--stack", stack).check()
    assert not_allowed(cloud, Role.REVIEWER) == set()


def test_a_database_in_production_is_not_destroyed(acme: Project) -> None:
    run = acme.destroy("acme")
    assert run.code != 0
    assert "protect" in run.text


def test_a_retired_tenant_leaves_nothing_but_its_final_snapshot(acme: Project, aws: Any) -> None:
    acme.write_tenant("acme", {**ACME, "retiring": True})
    acme.up("acme").check()
    acme.destroy("acme").check()
    left = what_is_left(aws, tenant="acme")
    assert left == {"rds snapshot acme-blue-10-1-2-0-final-1"}


def test_a_destroyed_platform_leaves_nothing(acme: Project, aws: Any) -> None:
    acme.destroy("platform-local").check()
    assert what_is_left(aws) == {"rds snapshot acme-blue-10-1-2-0-final-1"}


def test_the_deployers_policy_allows_all_that_this_module_did(acme: Project, cloud: LocalCloud) -> None:
    assert not_allowed(cloud, Role.DEPLOYER) == set()
