"""A tenant's database moves with the real engine and provider: aborted, killed, resumed, moved, moved back.

The tests of this module run in order on a tenant that they share: acme, Production in blue, Test in green.
"""

from __future__ import annotations

import copy
import json
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.end_to_end.conftest import ACME
from tests.end_to_end.project import CLONE, Project, Run

pytestmark = [
    pytest.mark.long,
    pytest.mark.xdist_group("migration"),
    # The provider waits 80 s after each change of a database; making a replica takes three of them.
    pytest.mark.timeout(1500),
]

GREEN = {
    "cidr": "10.9.8.64/26",
    "vpnConnections": [
        {"companyCidr": "192.168.4.0/24", "companyGatewayIp": "198.51.100.7", "description": "Seattle office"}
    ],
}
LONGEST_DOWNTIME_BY_REPLICA = 45


def with_networks(**networks: dict[str, Any]) -> dict[str, Any]:
    settings = copy.deepcopy(ACME)
    settings["networks"] = networks
    return settings


BLUE = ACME["networks"]["blue"]
BOTH = with_networks(blue=BLUE, green=GREEN)


def start(project: Project, *arguments: str) -> subprocess.Popen[str]:
    """Begin `tenantnet migrate …`, with its lines to be read as they come."""
    return subprocess.Popen(
        [str(CLONE / ".venv" / "bin" / "tenantnet"), "migrate", *arguments],
        cwd=project.folder,
        env=project.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def migrate(project: Project, *arguments: str) -> Run:
    """Run `tenantnet migrate …` to its end."""
    with start(project, *arguments) as running:
        text, _ = running.communicate()
    return Run(code=running.returncode, text=text)


@contextmanager
def stopped_at(project: Project, line: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A run that is stopped (SIGSTOP) once it has said `line`, and killed (SIGKILL) at the end."""
    with start(project, *arguments) as running:
        assert running.stdout is not None
        said = []
        for each in running.stdout:
            said.append(each)
            if each.startswith(line):
                break
        else:
            raise AssertionError(f"the run ended without {line!r}:\n{''.join(said)}")
        os.kill(running.pid, signal.SIGSTOP)
        try:
            yield running
        finally:
            running.kill()


def status(project: Project) -> dict[str, Any]:
    return dict(json.loads(migrate(project, "status", "acme", "--json").check().text))


def database(aws: Any, identifier: str) -> dict[str, Any] | None:
    found = aws.client("rds").describe_db_instances(
        Filters=[{"Name": "db-instance-id", "Values": [identifier]}]
    )["DBInstances"]
    return dict(found[0]) if found else None


def endpoint(project: Project, aws: Any) -> str:
    zone = project.outputs("platform-local")["zoneId"]
    records = aws.client("route53").list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]
    (record,) = [record for record in records if record["Name"].startswith("acme.")]
    return str(record["ResourceRecords"][0]["Value"])


@pytest.fixture(scope="module")
def moving(acme: Project) -> Project:
    """Acme with a Test network green beside blue."""
    acme.write_tenant("acme", BOTH)
    acme.up("acme").check()
    return acme


def test_a_move_needs_somebody_to_say_that_its_data_is_not_compared(moving: Project) -> None:
    run = migrate(moving, "run", "acme", "--now")
    assert (run.code, "--unverified" in run.text) == (2, True), run.text


def test_there_is_nothing_to_abort_and_nothing_to_retire_before_a_move(moving: Project) -> None:
    for command in ("abort", "retire"):
        run = migrate(moving, command, "acme")
        assert (run.code, "Nothing was changed." in run.text) == (2, True), run.text


def test_a_run_killed_behind_the_replica_leaves_a_stack_that_only_the_runner_updates(moving: Project) -> None:
    with stopped_at(moving, "replicating: reached", "run", "acme", "--now", "--unverified"):
        pass
    before = moving.pulumi("stack", "history", "--json", "--stack", "acme").check().text
    run = moving.up("acme")
    assert (run.code != 0, "only the migration runner updates the stack" in run.text) == (True, True), (
        run.text
    )
    assert status(moving)["status"] == "In Progress"
    assert moving.outputs("acme")["phase"] == "replicating", before


def test_an_abort_brings_back_the_former_state_and_removes_the_replica(moving: Project, aws: Any) -> None:
    migrate(moving, "abort", "acme").check()
    outputs = moving.outputs("acme")
    assert (outputs["phase"], outputs["production"]) == ("steady", "blue")
    assert database(aws, "acme-green") is None
    moving.pulumi("preview", "--expect-no-changes", "--stack", "acme").check()


def test_a_run_killed_behind_the_fence_goes_on_to_the_switch(moving: Project, aws: Any) -> None:
    with stopped_at(moving, "fenced: reached", "run", "acme", "--now", "--unverified"):
        pass
    run = migrate(moving, "run", "acme", "--now", "--unverified").check()
    outputs = moving.outputs("acme")
    assert (outputs["phase"], outputs["production"]) == ("switched", "green"), run.text
    found = database(aws, "acme-green")
    assert found is not None
    assert "ReadReplicaSourceDBInstanceIdentifier" not in found
    assert endpoint(moving, aws) == found["Endpoint"]["Address"]


def test_the_move_cannot_be_aborted_after_the_switch(moving: Project) -> None:
    run = migrate(moving, "abort", "acme")
    assert (run.code, "before the switch" in run.text) == (2, True), run.text


def test_an_ordinary_update_works_between_switch_and_retirement_and_changes_nothing(moving: Project) -> None:
    moving.pulumi("preview", "--expect-no-changes", "--stack", "acme").check()
    moving.up("acme").check()
    assert moving.outputs("acme")["phase"] == "switched"


def test_the_retired_network_is_gone_though_the_settings_still_name_it(moving: Project, aws: Any) -> None:
    migrate(moving, "retire", "acme").check()
    outputs = moving.outputs("acme")
    assert (outputs["phase"], outputs["production"], list(outputs["networks"])) == (
        "steady",
        "green",
        ["green"],
    )
    assert database(aws, "acme-blue") is None
    table = aws.client("dynamodb").scan(TableName="tenantnet-local-claims")["Items"]
    assert "10.1.2.0/26" not in {item["cidr"]["S"] for item in table}
    left = aws.client("ec2").describe_vpn_connections()["VpnConnections"]
    assert len([each for each in left if each["State"] == "available"]) == 1
    moving.pulumi("preview", "--expect-no-changes", "--stack", "acme").check()


def test_the_move_goes_back_by_snapshot_with_its_downtime_measured(moving: Project, aws: Any) -> None:
    moving.write_tenant("acme", with_networks(green=GREEN))
    moving.up("acme").check()
    moving.write_tenant("acme", BOTH)
    moving.up("acme").check()
    run = migrate(moving, "run", "acme", "--now", "--unverified", "--strategy", "snapshot").check()
    found = status(moving)
    assert (found["phase"], found["production"]) == ("switched", "blue"), run.text
    print(f"\nwrites held back by snapshot: {found['downtimeSeconds']} s")
    migrate(moving, "retire", "acme").check()
    assert moving.outputs("acme")["phase"] == "steady"
    assert database(aws, "acme-green") is None
    snapshots = aws.client("rds").describe_db_snapshots(SnapshotType="manual")["DBSnapshots"]
    assert not [each for each in snapshots if "-move-" in each["DBSnapshotIdentifier"]]
    moving.pulumi("preview", "--expect-no-changes", "--stack", "acme").check()


def test_of_two_runners_one_moves_the_database_and_the_other_says_who_holds_the_lock(moving: Project) -> None:
    moving.write_tenant("acme", with_networks(blue=BLUE))
    moving.up("acme").check()
    moving.write_tenant("acme", BOTH)
    moving.up("acme").check()
    arguments = ("run", "acme", "--now", "--unverified")
    with start(moving, *arguments) as first, start(moving, *arguments) as second:
        texts = [running.communicate()[0] for running in (first, second)]
    assert sorted([first.returncode, second.returncode]) == [0, 1], texts
    refused = texts[0] if first.returncode else texts[1]
    assert "another update holds the stack's lock: created by" in refused


def test_a_move_by_replica_that_nobody_disturbs_holds_writes_back_for_less_than_a_minute(
    moving: Project,
) -> None:
    found = status(moving)
    print(f"\nwrites held back by replica: {found['downtimeSeconds']} s")
    assert found["production"] == "green"
    assert found["downtimeSeconds"] < LONGEST_DOWNTIME_BY_REPLICA
