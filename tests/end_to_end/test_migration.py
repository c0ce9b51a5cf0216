"""A tenant's database moves with the real engine and provider: aborted, killed, resumed, moved, moved back.

The tests of this module run in order on a tenant that they share: acme, Production in blue, Test in green.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from tenantnet.local_cloud.process import LocalCloud

from tests.support.moves import (
    BLUE,
    BOTH,
    GREEN,
    HELD_BACK,
    SECRET,
    Traffic,
    database,
    endpoint,
    keep_login,
    longest_gap,
    migrate,
    offices_up,
    start,
    status,
    stopped_at,
    with_networks,
)
from tests.support.project import Project

pytestmark = [
    pytest.mark.long,
    # The provider waits 80 s after each change of a database; making a replica takes three of them.
    pytest.mark.timeout(1500),
]

# What people have chosen for the database, whichever network it is in, and how RDS calls it.
CHOSEN = {
    "instanceClass": ("DBInstanceClass", "db.t4g.medium"),
    "storageGb": ("AllocatedStorage", 500),
    "iops": ("Iops", 20_000),
    "storageThroughput": ("StorageThroughput", 1_000),
    "multiAz": ("MultiAZ", True),
    "backupRetentionDays": ("BackupRetentionPeriod", 21),
    "backupWindow": ("PreferredBackupWindow", "03:00-03:30"),
    "maintenanceWindow": ("PreferredMaintenanceWindow", "sun:04:00-sun:04:30"),
}
PARAMETERS = {"max_allowed_packet": "67108864"}
TAGS = {"CostCenter": "4711"}
WINDOWS = {"backupWindow", "maintenanceWindow"}
# No update of the stack lies in it.
LONGEST_GAP_IN_WRITES, LONGEST_GAP_IN_READS = 20, 15


def chosen(settings: dict[str, Any]) -> dict[str, Any]:
    wanted = {name: value for name, (_, value) in CHOSEN.items()}
    return {
        **settings,
        "database": {**settings["database"], **wanted, "parameters": PARAMETERS},
        "tags": TAGS,
    }


def not_as_chosen(aws: Any, identifier: str) -> set[str]:
    """What a database has otherwise than in the settings."""
    found = database(aws, identifier)
    assert found is not None
    pages = aws.client("rds").get_paginator("describe_db_parameters")
    group = found["DBParameterGroups"][0]["DBParameterGroupName"]
    parameters = {
        each["ParameterName"]: each.get("ParameterValue")
        for page in pages.paginate(DBParameterGroupName=group, Source="user")
        for each in page["Parameters"]
    }
    tags = {each["Key"]: each["Value"] for each in found["TagList"]}
    return {
        *(name for name, (word, value) in CHOSEN.items() if found[word] != value),
        *(name for name, value in PARAMETERS.items() if parameters.get(name) != value),
        *(name for name, value in TAGS.items() if tags.get(name) != value),
    }


def switched_long_ago(aws: Any) -> None:
    """Let the last switch have been 25 hours before it was."""
    dynamodb, table = aws.client("dynamodb"), "tenantnet-local-journal"
    reached = [
        item
        for item in dynamodb.scan(TableName=table)["Items"]
        if (item.get("what"), item.get("phase")) == ({"S": "reached"}, {"S": "switched"})
    ]
    last = max(reached, key=lambda item: str(item["at"]["S"]))
    earlier = datetime.fromisoformat(last["at"]["S"]) - timedelta(hours=25)
    dynamodb.delete_item(TableName=table, Key={"tenant": last["tenant"], "at": last["at"]})
    dynamodb.put_item(TableName=table, Item={**last, "at": {"S": f"{earlier:%Y-%m-%dT%H:%M:%S.%fZ}"}})


@pytest.fixture(scope="module")
def moving(acme: Project, cloud: LocalCloud, aws: Any) -> Project:
    """Acme with a Test network green beside blue."""
    acme.write_tenant("acme", chosen(BOTH))
    acme.up("acme").check()
    offices_up(cloud, aws)
    return acme


def test_a_move_needs_somebody_to_say_that_its_data_is_not_compared(moving: Project) -> None:
    run = migrate(moving, "run", "acme", "--now")
    assert (run.code, "--unverified" in run.text) == (2, True), run.text


def test_a_login_that_does_not_work_is_found_before_anything_is_changed(moving: Project, aws: Any) -> None:
    login = json.dumps({"username": "acmeadmin", "password": "Wrong-Horse-9"})
    secrets = aws.client("secretsmanager")
    secret = secrets.create_secret(Name=SECRET, SecretString=login)["ARN"]
    run = migrate(moving, "run", "acme", "--now")
    secrets.delete_secret(SecretId=secret, ForceDeleteWithoutRecovery=True)
    assert (run.code, "Access denied" in run.text, "Wrong-Horse-9" in run.text) == (1, True, False), run.text
    assert status(moving)["phase"] == "steady"
    assert database(aws, "acme-green") is None


def test_with_a_login_in_secrets_manager_the_data_is_going_to_be_compared(moving: Project, aws: Any) -> None:
    keep_login(aws)
    run = migrate(moving, "run", "acme")
    assert (run.code, "--unverified" in run.text, "--now" in run.text) == (2, False, True), run.text


def test_there_is_nothing_to_abort_and_nothing_to_retire_before_a_move(moving: Project) -> None:
    for command in ("abort", "retire"):
        run = migrate(moving, command, "acme", "--yes")
        assert (run.code, "Nothing was changed." in run.text) == (2, True), run.text


def test_a_run_killed_behind_the_replica_leaves_a_stack_that_only_the_runner_updates(moving: Project) -> None:
    with stopped_at(moving, "replicating: reached", "run", "acme", "--now"):
        pass
    before = moving.pulumi("stack", "history", "--json", "--stack", "acme").check().text
    run = moving.up("acme")
    assert (run.code != 0, "only the migration runner updates the stack" in run.text) == (True, True), (
        run.text
    )
    assert status(moving)["status"] == "In Progress"
    assert moving.outputs("acme")["phase"] == "replicating", before


def test_an_abort_brings_back_the_former_state_and_removes_the_replica(moving: Project, aws: Any) -> None:
    migrate(moving, "abort", "acme", "--yes").check()
    outputs = moving.outputs("acme")
    assert (outputs["phase"], outputs["production"]) == ("steady", "blue")
    assert database(aws, "acme-green") is None
    assert not_as_chosen(aws, "acme-blue") == set()
    moving.pulumi("preview", "--refresh", "--expect-no-changes", "--stack", "acme").check()


def test_a_run_killed_behind_the_fence_goes_on_to_the_switch(moving: Project, aws: Any) -> None:
    with stopped_at(moving, HELD_BACK, "run", "acme", "--now"):
        assert not_as_chosen(aws, "acme-blue") == WINDOWS, "they are out of the way"
    run = migrate(moving, "run", "acme", "--now").check()
    outputs = moving.outputs("acme")
    assert (outputs["phase"], outputs["production"]) == ("switched", "green"), run.text
    found = database(aws, "acme-green")
    assert found is not None
    assert "ReadReplicaSourceDBInstanceIdentifier" not in found
    assert endpoint(moving, aws) == found["Endpoint"]["Address"]


def test_the_move_cannot_be_aborted_after_the_switch(moving: Project) -> None:
    run = migrate(moving, "abort", "acme", "--yes")
    assert (run.code, "before the switch" in run.text) == (2, True), run.text


def test_the_former_production_waits_until_its_time_is_over(moving: Project) -> None:
    run = migrate(moving, "run", "acme").check()
    assert "blue waits, read-only" in run.text
    assert moving.outputs("acme")["phase"] == "switched"


def test_an_ordinary_update_works_between_switch_and_retirement_and_changes_nothing(moving: Project) -> None:
    moving.pulumi("preview", "--expect-no-changes", "--stack", "acme").check()
    moving.up("acme").check()
    assert moving.outputs("acme")["phase"] == "switched"


def test_the_retired_network_is_gone_though_the_settings_still_name_it(moving: Project, aws: Any) -> None:
    migrate(moving, "retire", "acme", "--yes").check()
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
    assert not_as_chosen(aws, "acme-green") == set()
    moving.pulumi("preview", "--expect-no-changes", "--stack", "acme").check()


def test_the_move_goes_back_by_snapshot_and_the_former_production_goes_when_its_time_is_over(
    moving: Project, cloud: LocalCloud, aws: Any
) -> None:
    moving.write_tenant("acme", chosen(with_networks(green=GREEN)))
    moving.up("acme").check()
    moving.write_tenant("acme", chosen(BOTH))
    moving.up("acme").check()
    offices_up(cloud, aws)
    run = migrate(moving, "run", "acme", "--now", "--strategy", "snapshot").check()
    found = status(moving)
    assert (found["phase"], found["production"]) == ("switched", "blue"), run.text
    print(f"\nwrites held back by snapshot: {found['downtimeSeconds']} s")
    switched_long_ago(aws)
    migrate(moving, "run", "acme").check()
    assert moving.outputs("acme")["phase"] == "steady"
    assert database(aws, "acme-green") is None
    snapshots = aws.client("rds").describe_db_snapshots(SnapshotType="manual")["DBSnapshots"]
    assert not [each for each in snapshots if "-move-" in each["DBSnapshotIdentifier"]]
    assert not_as_chosen(aws, "acme-blue") == set()
    moving.pulumi("preview", "--expect-no-changes", "--stack", "acme").check()


def test_a_move_by_replica_under_traffic_loses_no_acknowledged_write(
    moving: Project, cloud: LocalCloud, aws: Any
) -> None:
    """Two runners are started: one moves the database, the other says who does."""
    moving.write_tenant("acme", chosen(with_networks(blue=BLUE)))
    moving.up("acme").check()
    moving.write_tenant("acme", chosen(BOTH))
    moving.up("acme").check()
    offices_up(cloud, aws)
    arguments = ("run", "acme", "--now")
    with (
        Traffic(cloud) as traffic,
        start(moving, *arguments) as first,
        start(moving, *arguments) as second,
    ):
        texts = [running.communicate()[0] for running in (first, second)]
    assert sorted([first.returncode, second.returncode]) == [0, 1], texts
    moved, refused = texts if second.returncode else reversed(texts)
    assert "another run does: " in refused
    found = status(moving)
    assert found["production"] == "green"
    print(
        f"\nby replica: {len(traffic.acknowledged)} writes acknowledged, "
        f"longest gap in writes {longest_gap(traffic.writes_at):.1f} s, "
        f"in reads {longest_gap(traffic.reads_at):.1f} s; the runner measured {found['downtimeSeconds']} s\n"
        f"{moved}"
    )
    assert set(traffic.acknowledged) <= traffic.kept()
    assert longest_gap(traffic.writes_at) <= LONGEST_GAP_IN_WRITES
    assert longest_gap(traffic.reads_at) <= LONGEST_GAP_IN_READS
