"""One tenant's life with the real engine and the real provider: up, no change, change, gone.

The tests of this module run in order on stacks that they share, each command as the role that is for it, with
the policies that the project ships.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import boto3
import pytest
from tenantnet.aws import types
from tenantnet.local_cloud.faults import Effect, Fault
from tenantnet.local_cloud.process import LocalCloud
from tenantnet.permissions.documents import Role
from tenantnet.tags import boundary_name

from tests.end_to_end.conftest import ACME
from tests.support.inventory import what_is_left
from tests.support.permissions import PLACE, policies
from tests.support.project import PASSWORD, Project, Step
from tests.support.roles import Iam, Principal
from tests.support.runner import deploy_cell_with_runner, schedule

CONNECTION = "acme-blue-vpn-10-200-0-0-16"
# CodeBuild tries it when the project is made: its role must have its policy by then.
CONNECTION_ARN = (
    "arn:aws:codeconnections:eu-west-1:123456789012:connection/11111111-2222-3333-4444-555555555555"
)


@dataclass(frozen=True, kw_only=True)
class Roles:
    """Sessions of the shipped roles, by name."""

    iam: Iam
    sessions: Mapping[Role, Principal]

    def of(self, project: Project, role: Role) -> Project:
        """The project as the role."""
        return Project(project.folder, self.sessions[role].environment)

    def deployer(self, project: Project, stack: str) -> Project:
        """The project as the role that deploys the stack."""
        return self.of(project, Role.PLATFORM_DEPLOYER if stack == "platform-local" else Role.TENANT_DEPLOYER)


@pytest.fixture(scope="module")
def roles(cloud: LocalCloud) -> Roles:
    """What an administrator has made: the boundary, the roles."""
    iam = Iam(cloud)
    iam.policy(policies(Role.BOUNDARY)[0], boundary_name(PLACE.cell))
    named = (Role.PLATFORM_DEPLOYER, Role.TENANT_DEPLOYER, Role.REVIEWER)
    return Roles(iam=iam, sessions={role: iam.role(*policies(role), name=role) for role in named})


def acme_with(**blue: Any) -> dict[str, Any]:
    settings = copy.deepcopy(ACME)
    settings["networks"]["blue"].update(blue)
    return settings


def second_connection() -> list[dict[str, str]]:
    return [
        *ACME["networks"]["blue"]["vpnConnections"],
        {"companyCidr": "10.200.0.0/16", "companyGatewayIp": "203.0.113.9", "description": "Oslo office"},
    ]


def another_office_and_size() -> dict[str, Any]:
    """Each property that is changed in place."""
    (office,) = ACME["networks"]["blue"]["vpnConnections"]
    moved = {**office, "companyGatewayIp": "198.51.100.8", "description": "Seattle, 2nd floor"}
    database = {
        **ACME["database"],
        "instanceClass": "db.t4g.medium",
        "storageGb": 500,
        "iops": 20_000,
        "storageThroughput": 1_000,
        "multiAz": True,
        "backupRetentionDays": 21,
        "backupWindow": "03:00-03:30",
        "maintenanceWindow": "sun:04:00-sun:04:30",
        "engineVersion": "8.4",
        "parameters": {"max_allowed_packet": 67_108_864, "innodb_ft_min_token_size": 2},
        "gtid": True,
    }
    return {**acme_with(vpnConnections=[moved]), "database": database}


def scheduled(at: str) -> dict[str, Any]:
    """A Test network, and a move to it."""
    settings = copy.deepcopy(ACME)
    settings["networks"]["green"] = {"cidr": "10.9.8.64/26"}
    move = {"to": "green", "at": at, "timezone": "Europe/Amsterdam", "strategy": "replica"}
    return {**settings, "migration": move}


@pytest.fixture(scope="module")
def cell(project: Project, cloud: LocalCloud, aws: boto3.Session, roles: Roles) -> Project:
    """The project with its platform cell deployed, which has a runner; from then on the tenant deployer's."""
    deployer = roles.deployer(project, "platform-local")
    deploy_cell_with_runner(
        deployer,
        cloud,
        aws,
        permissionsBoundaryArn=PLACE.boundary,
        connectionArn=CONNECTION_ARN,
    )
    return roles.deployer(project, "acme")


def names(steps: list[Step], operation: str) -> set[str]:
    return {step.name for step in steps if step.operation == operation}


@pytest.mark.parametrize("stack", ["platform-local", "acme"])
def test_a_second_preview_shows_no_change_and_passes_every_policy(
    acme: Project, stack: str, roles: Roles
) -> None:
    asked = ("preview", "--expect-no-changes", "--stack", stack, "--policy-pack", "policies")
    run = roles.deployer(acme, stack).pulumi(*asked).check()
    assert "\N{WHITE HEAVY CHECK MARK} tenantnet@" in run.text
    assert "[advisory]" not in run.text


@pytest.mark.parametrize("stack", ["platform-local", "acme"])
def test_a_preview_after_a_refresh_shows_no_change(acme: Project, stack: str, roles: Roles) -> None:
    deployer = roles.deployer(acme, stack)
    deployer.pulumi("refresh", "--yes", "--skip-preview", "--expect-no-changes", "--stack", stack).check()
    deployer.pulumi("preview", "--expect-no-changes", "--stack", stack).check()


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
    acme: Project, aws: boto3.Session, roles: Roles
) -> None:
    acme.write_tenant("acme", scheduled("2096-12-01T02:00"))
    acme.up("acme").check()
    found = schedule(aws)
    assert found is not None
    assert (found["ScheduleExpression"], found["ScheduleExpressionTimezone"]) == (
        "at(2096-11-30T22:00:00)",
        "Europe/Amsterdam",
    )
    reviewer = roles.of(acme, Role.REVIEWER)
    reviewer.pulumi("preview", "--refresh", "--expect-no-changes", "--stack", "acme").check()


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


def test_a_person_gets_and_loses_a_tunnel_by_the_settings_alone(acme: Project, roles: Roles) -> None:
    alice = roles.iam.user(*policies(Role.TUNNEL_USER), name="alice").client("ssm")
    host = acme.outputs("platform-local")["tunnelHostId"]
    asked = {"Target": host, "DocumentName": "local-acme-tunnel"}
    with pytest.raises(alice.exceptions.ClientError, match="not authorized to perform: ssm:StartSession"):
        alice.start_session(**asked)
    acme.write_tenant("acme", {**ACME, "tunnelUsers": ["alice"]})
    acme.up("acme").check()
    alice.terminate_session(SessionId=alice.start_session(**asked)["SessionId"])
    acme.write_tenant("acme", ACME)
    acme.up("acme").check()
    with pytest.raises(alice.exceptions.ClientError, match="not authorized to perform: ssm:StartSession"):
        alice.start_session(**asked)


def test_tags_of_ones_own_are_added_and_taken_away_in_place(acme: Project, aws: boto3.Session) -> None:
    def tagged() -> set[str]:
        ec2: Any = aws.client("ec2")
        filters = [{"Name": "key", "Values": ["CostCenter"]}, {"Name": "value", "Values": ["4711"]}]
        pages = ec2.get_paginator("describe_tags").paginate(Filters=filters)
        return {each["ResourceType"] for page in pages for each in page["Tags"]}

    for tags in ({"CostCenter": "4711"}, {}):
        acme.write_tenant("acme", {**ACME, "tags": tags})
        steps = acme.steps("acme")
        assert {step.operation for step in steps} == {"update"}
        assert types.DATABASE in {step.type for step in steps}
        acme.up("acme").check()
        acme.pulumi("preview", "--refresh", "--expect-no-changes", "--stack", "acme").check()
        assert {"vpc", "subnet", "instance", "vpn-connection"} <= tagged() if tags else not tagged()


@pytest.mark.long
def test_whatever_else_can_change_changes_in_place(
    acme: Project, cloud: LocalCloud, aws: boto3.Session
) -> None:
    """One update has parameters and the database itself: RDS refuses the one while it does the other."""
    changed = another_office_and_size()
    acme.write_tenant("acme", changed, password="Another-Horse-8")
    steps = acme.steps("acme")
    for kind in (types.DATABASE, types.VPN_CONNECTION):
        assert [step.operation for step in steps if step.type == kind] == ["update"]
    # Whether RDS has begun with the parameters by then depends on the machine.
    busy = Fault(
        call="rds ModifyDBInstance",
        effect=Effect.ERROR,
        code="InvalidDBInstanceState",
        message="Database instance is not in available state.",
        count=1,
    )
    cloud.fail(busy)
    run = acme.up("acme").check()
    assert cloud.struck()[0]
    cloud.clear_faults()
    (database,) = aws.client("rds").describe_db_instances()["DBInstances"]
    has, wanted = dict(database), changed["database"]
    described = {
        "instanceClass": "DBInstanceClass",
        "storageGb": "AllocatedStorage",
        "iops": "Iops",
        "storageThroughput": "StorageThroughput",
        "multiAz": "MultiAZ",
        "backupRetentionDays": "BackupRetentionPeriod",
        "backupWindow": "PreferredBackupWindow",
        "maintenanceWindow": "PreferredMaintenanceWindow",
    }
    assert {key: has[name] for key, name in described.items()} == {key: wanted[key] for key in described}
    acme.pulumi("preview", "--refresh", "--expect-no-changes", "--stack", "acme").check()
    assert "AWS refuses this for now" in run.text, "it was the hook that tried again"


def _tunnel_host(aws: boto3.Session) -> Any:
    filters = [
        {"Name": "tag:tenantnet:part", "Values": ["tunnel-host"]},
        {"Name": "instance-state-name", "Values": ["running"]},
    ]
    ec2: Any = aws.client("ec2")
    [reservation] = ec2.describe_instances(Filters=filters)["Reservations"]
    return reservation["Instances"][0]


def _confirm(sns: Any, topic: str, address: str) -> None:
    asked = {"TopicArn": topic, "Protocol": "email", "Endpoint": address}
    arn = sns.subscribe(**asked, ReturnSubscriptionArn=True)["SubscriptionArn"]
    sns.confirm_subscription(TopicArn=topic, Token=arn.rpartition(":")[2])


def _another_image(aws: boto3.Session) -> str:
    ec2, used = aws.client("ec2"), _tunnel_host(aws)["ImageId"]
    images = ec2.describe_images(Filters=[{"Name": "name", "Values": ["al2023-ami-*-arm64"]}])["Images"]
    return next(each["ImageId"] for each in images if each["ImageId"] != used)


def test_the_platform_deployer_changes_what_the_settings_say(
    acme: Project, cloud: LocalCloud, aws: boto3.Session, roles: Roles
) -> None:
    """Another host at the same address, another image: updates that no first deployment shows."""
    deployer = roles.deployer(acme, "platform-local")
    runner = {**deployer.platform("platform-local")["runner"], "image": "example/other:2", "unverified": True}
    host, image = _tunnel_host(aws), _another_image(aws)
    services = {"tunnelHostType": "t4g.micro", "tunnelHostImage": image}
    others = {
        "permissionsBoundaryArn": PLACE.boundary,
        "tags": {"CostCenter": "4711"},
        "alarmEmails": ["oncall@example.com", "lead@example.com"],
    }
    deployer.write_platform("platform-local", runner=runner, services=services, **others)
    deployer.up("platform-local").check()
    _confirm(aws.client("sns"), deployer.outputs("platform-local")["alarmTopicArn"], "oncall@example.com")
    deployer.pulumi("preview", "--refresh", "--expect-no-changes", "--stack", "platform-local").check()
    # One that has confirmed goes, and one that has not.
    deployer.write_platform(
        "platform-local", runner=runner, services=services, **{**others, "alarmEmails": []}
    )
    deployer.up("platform-local").check()
    (project,) = aws.client("codebuild").batch_get_projects(names=["tenantnet-local-runner"])["projects"]
    assert project["environment"]["image"] == "example/other:2"
    replaced = _tunnel_host(aws)
    assert replaced["InstanceId"] != host["InstanceId"]
    assert (replaced["ImageId"], replaced["PrivateIpAddress"]) == (image, host["PrivateIpAddress"])


@pytest.mark.parametrize("stack", ["platform-local", "acme"])
def test_the_reviewer_previews_everything(acme: Project, stack: str, roles: Roles) -> None:
    reviewer = roles.of(acme, Role.REVIEWER)
    reviewer.pulumi("preview", "--stack", stack, "--policy-pack", "policies").check()
    reviewer.pulumi("preview", "--refresh", "--stack", stack).check()


def test_the_tenant_deployer_does_not_deploy_the_platform(acme: Project) -> None:
    settings = acme.platform("platform-local")
    acme.write_platform("platform-local", **{**settings, "services": {"tunnelHostType": "t4g.small"}})
    run = acme.up("platform-local")
    acme.write_platform("platform-local", **settings)
    assert run.code != 0
    assert "is not authorized to perform: " in run.text


def test_a_database_in_production_is_not_destroyed(acme: Project) -> None:
    run = acme.destroy("acme")
    assert run.code != 0
    assert "protect" in run.text


def test_a_retired_tenant_leaves_nothing_but_its_final_snapshot(acme: Project, aws: Any) -> None:
    acme.write_tenant("acme", {**acme.tenant("acme"), "retiring": True})
    acme.up("acme").check()
    acme.destroy("acme").check()
    left = what_is_left(aws, tenant="acme")
    assert left == {"rds snapshot acme-blue-10-1-2-0-final-1"}


def test_a_destroyed_platform_leaves_the_key_of_the_final_snapshot_and_nothing_else(
    acme: Project, aws: Any, roles: Roles
) -> None:
    zone = acme.outputs("platform-local")["zoneId"]
    # Only its ID tells a zone from another: the role can remove it once it is known.
    place = replace(PLACE, zone_id=zone)
    last = roles.iam.role(*policies(Role.PLATFORM_DEPLOYER, place))
    deployer = Project(acme.folder, last.environment)
    deployer.write_platform("platform-local", **{**acme.platform("platform-local"), "retiring": True})
    deployer.up("platform-local").check()
    deployer.destroy("platform-local").check()
    [snapshot] = aws.client("rds").describe_db_snapshots(SnapshotType="manual")["DBSnapshots"]
    key = aws.client("kms").describe_key(KeyId=snapshot["KmsKeyId"])["KeyMetadata"]
    assert what_is_left(aws) == {"rds snapshot acme-blue-10-1-2-0-final-1", f"kms key {key['KeyId']}"}
