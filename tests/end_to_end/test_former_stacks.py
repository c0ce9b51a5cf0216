"""Stacks that the code of commit 6d2caa1 deployed: today's code changes in them what CHANGELOG.md says."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from tenantnet.local_cloud.process import LocalCloud

from tests.support.clone import CLONE
from tests.support.project import PASSWORD, Project, Step

# How they were made is in the README there.
ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
STATES = Path(__file__).parent / "states_of_6d2caa1"
# Tunnels are opened by the tags of documents, and no longer by groups.
NO_GROUP = {
    Step(operation="delete", type="aws:iam/group:Group", name="acme-tunnel"),
    Step(operation="delete", type="aws:iam/groupPolicy:GroupPolicy", name="acme-tunnel"),
}
TAGS_FOR_ADA = {
    Step(operation="delete", type="aws:iam/userGroupMembership:UserGroupMembership", name="acme-tunnel-ada"),
    Step(operation="update", type="aws:ssm/document:Document", name="acme-tunnel"),
}
# Session Manager's endpoints are for this account alone, and in a second zone.
SECOND_ZONE = {
    *(
        Step(operation="create", type=f"aws:ec2/{kind}", name="local-tunnel-b")
        for kind in ("subnet:Subnet", "routeTableAssociation:RouteTableAssociation")
    ),
    Step(
        operation="create",
        type="aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule",
        name="local-tunnel-host-endpoints-b",
    ),
    *(
        Step(operation="update", type="aws:ec2/vpcEndpoint:VpcEndpoint", name=f"local-tunnel-host-{service}")
        for service in ("ssm", "ssmmessages", "ec2messages")
    ),
}
# The runner's role is held to its cell, and that of schedules to the tenant's name.
NARROWER_ROLES = {
    Step(operation="update", type="aws:iam/rolePolicy:RolePolicy", name=name)
    for name in ("local-runner", "local-runner-schedules")
}
# Both tables are protected against deletion.
PROTECTED_TABLES = {
    Step(operation="update", type="aws:dynamodb/table:Table", name=name)
    for name in ("local-claims", "local-journal")
}
# It builds Tenantnet with the setuptools of requirements.lock.
PINNED_BUILD = {Step(operation="update", type="aws:codebuild/project:Project", name="local-runner")}
# A start is tried again only while CodeBuild knows its token.
FIVE_MINUTES = {Step(operation="update", type="aws:scheduler/schedule:Schedule", name="acme-migration")}
# What a copy leaves behind when it is deleted: no backups either.
NO_BACKUPS = {Step(operation="update", type="aws:rds/instance:Instance", name="acme-green")}


def functions(*slots: str) -> set[Step]:
    """People may make functions and triggers."""
    group = "aws:rds/parameterGroup:ParameterGroup"
    return {Step(operation="update", type=group, name=f"acme-{slot}") for slot in slots}


CHANGES: dict[tuple[str, str], set[Step]] = {
    ("steady", "platform-local"): SECOND_ZONE | PROTECTED_TABLES,
    ("steady", "acme"): NO_GROUP | functions("blue"),
    ("scheduled", "platform-local"): SECOND_ZONE | NARROWER_ROLES | PROTECTED_TABLES | PINNED_BUILD,
    ("scheduled", "acme"): NO_GROUP | TAGS_FOR_ADA | FIVE_MINUTES | functions("blue"),
}
# Declares the tenant as the runner does, in the state that its stack remembers.
RUNNER = """
from pathlib import Path
from pulumi.runtime import get_root_directory
from tenantnet.phases.memory import remembered
from tenantnet.program import database_password, tenant_settings
from tenantnet.stacks.lookups import read_stack_outputs
from tenantnet.stacks.tenant import RequestedStep, plan
from tenantnet.tags import Slot

settings = tenant_settings(Path(get_root_directory(), "Pulumi.yaml"))
state = remembered(read_stack_outputs(settings.name))
step = RequestedStep(state=state, decision=None, missing=[*Slot])
plan(settings, step).declare(database_password())
"""


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    """A local cloud with nothing in it but the database that the retiring tenant gives up."""
    with LocalCloud(tmp_path_factory.mktemp("cloud"), real_databases=False) as running:
        yield running


@pytest.fixture(scope="module")
def giving_up(aws: boto3.Session) -> None:
    """The database that a retiring tenant gives up: it is declared only while it exists."""
    aws.client("rds").create_db_instance(
        DBInstanceIdentifier="acme-blue",
        DBInstanceClass="db.t4g.small",
        Engine="mysql",
        MasterUsername="acmeadmin",
        MasterUserPassword=PASSWORD,
        AllocatedStorage=100,
    )


# Their thresholds are lower than they were: CHANGELOG.md says why.
ALARMS = {"acme-blue-DatabaseConnections", "acme-green-DatabaseConnections"}


def changed(project: Project, stack: str) -> tuple[set[Step], set[str]]:
    """What a preview changes, but for alarms that it updates; and those."""
    steps = {*project.steps(stack)}
    alarms = {step for step in steps if (step.operation, step.type) == ("update", ALARM)}
    return steps - alarms, {step.name for step in alarms}


def bring(project: Project, case: str) -> None:
    """Take over the stacks of a case, with the settings that they were deployed with."""
    for stack in ("platform-local", "acme"):
        shutil.copy(STATES / case / f"Pulumi.{stack}.yaml", project.settings_file(stack))
        project.pulumi("stack", "select", "--create", stack).check()
        state = STATES / case / f"{stack}.json"
        project.pulumi("stack", "import", "--stack", stack, "--file", str(state)).check()


@pytest.mark.parametrize("case", ["steady", "scheduled"])
def test_only_what_is_said_changes_in_a_platform_and_its_tenant(project: Project, case: str) -> None:
    """Both networks with VPN connections; `scheduled`: a runner, and a move that it is to start."""
    bring(project, case)
    for stack, alarms in (("platform-local", set[str]()), ("acme", {"acme-blue-DatabaseConnections"})):
        assert changed(project, stack) == (CHANGES[case, stack], alarms)


@pytest.mark.parametrize("case", ["switched", "retiring"])
@pytest.mark.usefixtures("giving_up")
def test_only_the_group_goes_in_a_tenant_after_the_switch(project: Project, case: str) -> None:
    bring(project, case)
    others, alarms = changed(project, "acme")
    assert others == NO_GROUP | functions("blue", "green")
    assert alarms <= ALARMS


@pytest.mark.parametrize("case", ["replicating", "restored"])
def test_only_the_group_goes_in_a_tenant_that_only_the_runner_updates(project: Project, case: str) -> None:
    bring(project, case)
    program, infra = project.folder / "infra" / "__main__.py", project.folder / "infra"
    infra.unlink()
    infra.mkdir()
    program.write_text(RUNNER, encoding="utf-8")
    try:
        others, alarms = changed(project, "acme")
        # Behind a fence the parameters of its source stay as they are.
        groups = functions("green") if case == "restored" else functions("blue", "green")
        assert others == NO_GROUP | NO_BACKUPS | groups
        assert alarms <= ALARMS
    finally:
        program.unlink()
        infra.rmdir()
        infra.symlink_to(CLONE / "infra")


def test_every_state_that_is_kept_is_tried() -> None:
    kept = {folder.name for folder in STATES.iterdir() if folder.is_dir()}
    assert kept == {"steady", "scheduled", "switched", "retiring", "replicating", "restored"}
