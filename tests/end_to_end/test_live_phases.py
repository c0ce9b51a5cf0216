"""A tenant's stack in the phases of a move by `live`, through the real engine and provider, with the pack.

The tests run in order on one tenant. The runner's acts beside its updates are played here, by AWS's API.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import boto3
import pytest
from tenantnet.components.security import rule_properties
from tenantnet.local_cloud.process import LocalCloud
from tenantnet.phases.journal import decision_key
from tenantnet.phases.memory import outputs_of, remembered
from tenantnet.phases.phases import Phase, State
from tenantnet.phases.transitions import Decision, Event, transition
from tenantnet.settings.loading import load_tenant
from tenantnet.stacks.clients import client_rules
from tenantnet.tags import Owner, Slot, Strategy, journal_table_name, seed_snapshot_name

from tests.support.clone import CLONE
from tests.support.moves import NUMBERED
from tests.support.project import PASSWORD, Project, Run

pytestmark = [pytest.mark.long, pytest.mark.timeout(1200)]

PACK = ("--policy-pack", str(CLONE / "policies"))
DECLARED = NUMBERED
# Declares the tenant as the runner does.
RUNNER = """
import json, os
from pathlib import Path
from pulumi.runtime import get_root_directory
from tenantnet.phases.memory import remembered
from tenantnet.phases.transitions import Decision
from tenantnet.program import as_run_errors, database_password, tenant_settings
from tenantnet.stacks.tenant import RequestedStep, plan

asked = json.loads(os.environ["ASKED"])
with as_run_errors():
    settings = tenant_settings(Path(get_root_directory(), "Pulumi.yaml"))
    decision = asked["decision"] and Decision(asked["decision"])
    step = RequestedStep(
        state=remembered(asked["state"]), decision=decision, missing=(), opened=asked["opened"]
    )
    plan(settings, step).declare(database_password())
"""


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    """A local cloud whose databases have no server: the stack asks for none."""
    with LocalCloud(tmp_path_factory.mktemp("cloud"), real_databases=False) as running:
        yield running


@pytest.fixture(scope="module")
def tenant(cell: Project) -> Project:
    """Acme with a Test network green beside blue."""
    cell.write_tenant("acme", DECLARED)
    first = {**DECLARED, "networks": {"blue": DECLARED["networks"]["blue"]}}
    cell.write_tenant("acme", first)
    cell.up("acme").check()
    cell.write_tenant("acme", DECLARED)
    cell.up("acme").check()
    return cell


def state_of(project: Project) -> State:
    state = remembered(project.outputs("acme"))
    assert state is not None
    return state


def step(
    project: Project, event: Event, decision: Decision | None = None, opened: dict[str, str] | None = None
) -> Run:
    """The runner's update for an event, with the pack."""
    requested = transition(state_of(project), event, decision=decision)
    infra = project.folder / "infra"
    infra.unlink()
    infra.mkdir()
    (infra / "__main__.py").write_text(RUNNER, encoding="utf-8")
    asked = {"state": outputs_of(requested), "decision": decision, "opened": opened or {}}
    project.environment["ASKED"] = json.dumps(asked)
    try:
        return project.pulumi("up", "--yes", "--skip-preview", "--stack", "acme", *PACK)
    finally:
        (infra / "__main__.py").unlink()
        infra.rmdir()
        infra.symlink_to(CLONE / "infra")


def assert_clean(project: Project) -> None:
    """Neither the program, nor AWS, nor the pack, nor the isolation has anything to say."""
    for refresh in ((), ("--refresh",)):
        project.pulumi("preview", "--expect-no-changes", "--stack", "acme", *refresh, *PACK).check()
    checked = subprocess.run(
        [CLONE / ".venv" / "bin" / "tenantnet", "isolation", "check", "acme"],
        cwd=project.folder,
        env=project.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


def take_seed(aws: boto3.Session, move: int) -> None:
    rds, name = aws.client("rds"), seed_snapshot_name("acme", move)
    rds.create_db_snapshot(DBSnapshotIdentifier=name, DBInstanceIdentifier="acme-blue")
    rds.get_waiter("db_snapshot_available").wait(DBSnapshotIdentifier=name, WaiterConfig={"Delay": 1})


def group_of(aws: boto3.Session, slot: str) -> str:
    (group,) = aws.client("ec2").describe_security_groups(
        Filters=[{"Name": "group-name", "Values": [f"acme-{slot}-database"]}]
    )["SecurityGroups"]
    return str(group["GroupId"])


def peers(aws: boto3.Session, slot: str) -> set[str]:
    """Whom the group of a slot's database lets in."""
    rules = aws.client("ec2").describe_security_group_rules(
        Filters=[{"Name": "group-id", "Values": [group_of(aws, slot)]}]
    )["SecurityGroupRules"]
    return {rule["CidrIpv4"] for rule in rules if not rule["IsEgress"]}


def open_to_clients(aws: boto3.Session, slot: Slot) -> dict[str, str]:
    """Let clients in as the runner does: the rules' ids by their names."""
    settings = load_tenant("acme", DECLARED, password=PASSWORD)
    owner, group = Owner(cell="local", tenant="acme", network=slot), group_of(aws, slot)
    opened = {}
    for name, args in client_rules(settings, owner, group).items():
        wanted = rule_properties(name, args)
        made = aws.client("ec2").authorize_security_group_ingress(
            GroupId=group,
            IpPermissions=[
                {
                    "IpProtocol": wanted["ip_protocol"],
                    "FromPort": wanted["from_port"],
                    "ToPort": wanted["to_port"],
                    "IpRanges": [{"CidrIp": wanted["cidr_ipv4"], "Description": wanted["description"]}],
                }
            ],
            TagSpecifications=[
                {
                    "ResourceType": "security-group-rule",
                    "Tags": [{"Key": key, "Value": value} for key, value in wanted["tags"].items()],
                }
            ],
        )
        opened[name] = made["SecurityGroupRules"][0]["SecurityGroupRuleId"]
    return opened


def decide(aws: boto3.Session, move: int, decision: Decision) -> None:
    item = {**decision_key("acme", move), "decision": {"S": str(decision)}}
    aws.client("dynamodb").put_item(TableName=journal_table_name("local"), Item=item)


def test_a_copy_follows_shut_to_clients_and_an_ordinary_update_works(
    tenant: Project, aws: boto3.Session
) -> None:
    take_seed(aws, 1)
    step(tenant, Event.SEED).check()
    assert state_of(tenant).phase is Phase.FOLLOWING
    assert_clean(tenant)
    assert peers(aws, "green") == {"10.1.2.0/27", f"{tunnel_host(tenant)}/32"}
    green = aws.client("rds").describe_db_instances(DBInstanceIdentifier="acme-green")["DBInstances"][0]
    assert (green["DeletionProtection"], green["BackupRetentionPeriod"]) == (True, 14)
    changed = {**DECLARED, "tunnelUsers": ["alice"]}
    tenant.write_tenant("acme", changed)
    tenant.up("acme").check()
    tenant.write_tenant("acme", DECLARED)
    tenant.up("acme").check()
    assert state_of(tenant).phase is Phase.FOLLOWING


def tunnel_host(project: Project) -> str:
    return str(project.outputs("platform-local")["tunnelHostAddress"])


def test_what_the_runner_sets_in_the_copys_parameters_stays(tenant: Project, aws: boto3.Session) -> None:
    scheduler = {"ParameterName": "event_scheduler", "ParameterValue": "ON", "ApplyMethod": "immediate"}
    aws.client("rds").modify_db_parameter_group(
        DBParameterGroupName="acme-green-mysql84",
        Parameters=[scheduler],  # type: ignore[list-item]
    )
    assert_clean(tenant)


def test_an_abort_parts_the_networks_and_opens_the_test_network_again(
    tenant: Project, aws: boto3.Session
) -> None:
    before = peers(aws, "blue") - {"10.9.8.64/27"}
    step(tenant, Event.ABORT, Decision.ABORT).check()
    assert state_of(tenant).phase is Phase.ABORTING
    assert peers(aws, "green") == {f"{tunnel_host(tenant)}/32"}
    step(tenant, Event.FINISH, Decision.ABORT).check()
    assert replace(state_of(tenant), networks={}) == State(phase=Phase.STEADY, production=Slot.BLUE, move=1)
    assert_clean(tenant)
    assert peers(aws, "blue") == before
    assert len(peers(aws, "green")) == len(client_rules_of("green")) + 1


def client_rules_of(slot: str) -> dict[str, Any]:
    settings = load_tenant("acme", DECLARED, password=PASSWORD)
    return dict(client_rules(settings, Owner(cell="local", tenant="acme", network=slot), "sg-1"))


def test_between_the_decision_and_its_record_an_ordinary_update_is_refused(
    tenant: Project, aws: boto3.Session
) -> None:
    take_seed(aws, 2)
    step(tenant, Event.SEED).check()
    decide(aws, 2, Decision.SWITCH)
    refused = tenant.up("acme")
    assert refused.code != 0
    assert "the switch of move 2 is decided, and the stack still says following" in refused.text
    assert "Nothing was created or changed." in refused.text


def test_the_switch_takes_over_the_rules_that_the_runner_has_opened(
    tenant: Project, aws: boto3.Session
) -> None:
    opened = open_to_clients(aws, Slot.GREEN)
    switched = step(tenant, Event.SWITCH, Decision.SWITCH, opened).check()
    assert f"{len(opened)} imported" in switched.text or "import" in switched.text
    assert (state_of(tenant).phase, state_of(tenant).strategy) == (Phase.SWITCHED, Strategy.LIVE)
    assert_clean(tenant)
    assert peers(aws, "blue") == {"10.9.8.64/27", f"{tunnel_host(tenant)}/32"}
    tenant.up("acme").check()
