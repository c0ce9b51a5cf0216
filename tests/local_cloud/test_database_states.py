"""The states of a MySQL instance in a cloud where fifty seconds of RDS's are one: their order, and what RDS
refuses meanwhile, with its own words.

Sources: tools/fidelity/facts.json (recorded), RDS's API reference (documented), and issues that quote RDS.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from botocore.exceptions import ClientError
from mypy_boto3_rds import RDSClient
from mypy_boto3_rds.literals import ApplyMethodType
from tenantnet.local_cloud.process import LocalCloud

from tests.support.aws import aws_client
from tests.support.databases import PASSWORD, Database, wanted
from tests.support.network import Network

# Of RDS's seconds, here.
PACE, QUIET = 0.02, 5 * 0.02
AVAILABLE, MODIFYING, BACKING_UP = "available", "modifying", "backing-up"


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TENANTNET_LOCAL_PACE", str(PACE))
        with LocalCloud(tmp_path_factory.mktemp("slow"), real_databases=False) as running:
            yield running


@pytest.fixture(scope="module")
def rds(cloud: LocalCloud) -> RDSClient:
    return aws_client(cloud, "rds")  # type: ignore[no-any-return]


@pytest.fixture
def network(cloud: LocalCloud) -> Network:
    return Network.create(aws_client(cloud, "ec2"))


@pytest.fixture
def database(rds: RDSClient, network: Network, name: str) -> Database:
    """One with a parameter group of its own."""
    rds.create_db_parameter_group(
        DBParameterGroupName=name, DBParameterGroupFamily="mysql8.4", Description="its own"
    )
    return Database.create(rds, name, network, DBParameterGroupName=name)


def refusal(call: Callable[[], object]) -> tuple[str, str]:
    """RDS's code and words."""
    with pytest.raises(ClientError) as caught:
        call()
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def states(database: Database, *, until: Callable[[Any], bool]) -> list[str]:
    """What is described, once for each change, until the last description."""
    seen: list[str] = []
    end = time.monotonic() + 30
    while True:
        described = database.described()
        assert time.monotonic() < end, seen
        (group,) = described["DBParameterGroups"]
        state = described["DBInstanceStatus"]
        if group["ParameterApplyStatus"] != "in-sync":
            state += f" {group['ParameterApplyStatus']}"
        if seen[-1:] != [state]:
            seen.append(state)
        if until(described):
            return seen
        time.sleep(QUIET / 10)


def at_rest(seconds: float = QUIET * 2) -> Callable[[Any], bool]:
    """Whether it has been available for so long."""
    since: list[float] = []

    def judge(described: Any) -> bool:
        if described["DBInstanceStatus"] != AVAILABLE:
            since.clear()
        elif not since:
            since.append(time.monotonic())
        return bool(since) and time.monotonic() - since[0] > seconds

    return judge


def in_order(seen: list[str], *expected: str) -> bool:
    """Whether these were seen in this order, but for an `available` at first that may be too short."""
    return seen[seen[0] == AVAILABLE != expected[0] :] == list(expected)


def set_parameter(database: Database, name: str, value: str, method: ApplyMethodType = "immediate") -> None:
    database.rds.modify_db_parameter_group(
        DBParameterGroupName=database.identifier,
        Parameters=[{"ParameterName": name, "ParameterValue": value, "ApplyMethod": method}],
    )


def test_a_new_instance_has_no_endpoint_before_it_is_made_and_is_backed_up_first(
    rds: RDSClient, network: Network, name: str
) -> None:
    """Recorded: `creating` without Endpoint, InstanceCreateTime, LatestRestorableTime."""
    rds.create_db_subnet_group(
        DBSubnetGroupName=name, DBSubnetGroupDescription="d", SubnetIds=network.subnet_ids
    )
    created = rds.create_db_instance(**wanted(name))["DBInstance"]
    assert created["DBInstanceStatus"] == "creating"
    assert created["PendingModifiedValues"] == {"MasterUserPassword": "****"}
    assert not {"Endpoint", "InstanceCreateTime", "LatestRestorableTime"} & created.keys()
    database = Database(rds=rds, identifier=name)
    assert states(database, until=at_rest()) == ["creating", BACKING_UP, AVAILABLE]


def test_an_instance_without_backups_is_not_backed_up(rds: RDSClient, network: Network, name: str) -> None:
    rds.create_db_subnet_group(
        DBSubnetGroupName=name, DBSubnetGroupDescription="d", SubnetIds=network.subnet_ids
    )
    rds.create_db_instance(**wanted(name, BackupRetentionPeriod=0))
    database = Database(rds=rds, identifier=name)
    assert states(database, until=at_rest()) == ["creating", AVAILABLE]


def test_a_dynamic_parameter_is_in_sync_before_rds_begins_and_after_it_has_ended(database: Database) -> None:
    """aws-cloudformation-resource-providers-rds PR 238 had to wait for it to be stable."""
    set_parameter(database, "read_only", "1")
    assert database.described()["DBParameterGroups"][0]["ParameterApplyStatus"] == "in-sync"
    assert in_order(states(database, until=at_rest()), f"{MODIFYING} applying", AVAILABLE)


def test_a_static_parameter_waits_for_the_reboot(database: Database) -> None:
    set_parameter(database, "gtid-mode", "ON", "pending-reboot")
    waiting = f"{AVAILABLE} pending-reboot"
    assert states(database, until=at_rest()) == [waiting]
    rebooted = database.rds.reboot_db_instance(DBInstanceIdentifier=database.identifier)["DBInstance"]
    assert rebooted["DBInstanceStatus"] == "rebooting"
    assert states(database, until=at_rest()) == ["rebooting", AVAILABLE]


def test_a_change_is_pending_while_the_instance_is_modifying(database: Database) -> None:
    """Recorded: ModifyDBInstance answers `available`; then `available -> modifying`."""
    changed = database.modify(DBInstanceClass="db.t4g.medium", ApplyImmediately=True)
    assert changed["DBInstanceStatus"] == AVAILABLE
    assert changed["PendingModifiedValues"] == {"DBInstanceClass": "db.t4g.medium"}
    assert changed["DBInstanceClass"] == "db.t4g.small"
    assert in_order(states(database, until=at_rest()), MODIFYING, AVAILABLE)
    assert database.described()["PendingModifiedValues"] == {}
    assert database.described()["DBInstanceClass"] == "db.t4g.medium"


def test_the_first_backups_of_an_instance_that_had_none_begin_at_once(
    rds: RDSClient, network: Network, name: str
) -> None:
    database = Database.create(rds, name, network, BackupRetentionPeriod=0)
    database.modify(BackupRetentionPeriod=7, ApplyImmediately=True)
    assert in_order(states(database, until=at_rest()), MODIFYING, BACKING_UP, AVAILABLE)


def window(minutes: int, day: str = "") -> str:
    """Half an hour that began so many minutes ago."""
    begin = datetime.now(UTC) - timedelta(minutes=minutes)
    return f"{day}{begin:%H:%M}-{day}{begin + timedelta(minutes=30):%H:%M}"


def test_an_instance_is_backed_up_once_in_its_window(rds: RDSClient, network: Network, name: str) -> None:
    """Backup window: `rds` user guide, Introduction to backups."""
    windows = {
        "PreferredBackupWindow": window(minutes=60 * 12),
        "PreferredMaintenanceWindow": window(minutes=60 * 6, day="sun:"),
    }
    database = Database.create(rds, name, network, **windows)
    database.modify(PreferredBackupWindow=window(minutes=10))
    assert states(database, until=at_rest(QUIET * 5))[-2:] == [BACKING_UP, AVAILABLE]


def test_a_manual_snapshot_is_creating_while_its_instance_is_backing_up(
    rds: RDSClient, database: Database, name: str
) -> None:
    """Recorded: `creating` without SnapshotCreateTime."""
    made = rds.create_db_snapshot(DBInstanceIdentifier=name, DBSnapshotIdentifier=name)["DBSnapshot"]
    assert made["Status"] == "creating"
    assert "SnapshotCreateTime" not in made
    code, _ = refusal(
        lambda: rds.restore_db_instance_from_db_snapshot(
            DBInstanceIdentifier=f"{name}-copy", DBSnapshotIdentifier=name
        )
    )
    assert code == "InvalidDBSnapshotState"
    assert states(database, until=at_rest()) == [BACKING_UP, AVAILABLE]
    (made,) = rds.describe_db_snapshots(DBSnapshotIdentifier=name)["DBSnapshots"]
    assert made["Status"] == AVAILABLE
    assert "SnapshotCreateTime" in made
    copied = rds.copy_db_snapshot(SourceDBSnapshotIdentifier=name, TargetDBSnapshotIdentifier=f"{name}-copy")[
        "DBSnapshot"
    ]
    assert copied["Status"] == "pending"


def test_an_instance_stops_and_starts_in_steps(rds: RDSClient, database: Database, name: str) -> None:
    """Recorded: `available -> stopping`, `stopped -> starting`."""
    assert rds.stop_db_instance(DBInstanceIdentifier=name)["DBInstance"]["DBInstanceStatus"] == "stopping"
    stopping = states(database, until=lambda described: described["DBInstanceStatus"] == "stopped")
    assert stopping == ["stopping", "stopped"]
    assert rds.start_db_instance(DBInstanceIdentifier=name)["DBInstance"]["DBInstanceStatus"] == "starting"
    assert states(database, until=at_rest()) == ["starting", AVAILABLE]


def test_a_promoted_replica_looks_at_rest_twice_before_it_is(database: Database) -> None:
    """PromoteReadReplica answers before it begins, and the first backup begins after it has ended."""
    replica = database.replica()
    promoted = replica.rds.promote_read_replica(DBInstanceIdentifier=replica.identifier)["DBInstance"]
    assert promoted["DBInstanceStatus"] == AVAILABLE
    assert promoted["ReadReplicaSourceDBInstanceIdentifier"] == database.identifier
    seen = states(replica, until=at_rest(QUIET * 3))
    assert in_order(seen, MODIFYING, AVAILABLE, BACKING_UP, AVAILABLE)
    assert "ReadReplicaSourceDBInstanceIdentifier" not in replica.described()
    assert database.described()["ReadReplicaDBInstanceIdentifiers"] == []


def test_a_promotion_that_asks_for_no_retention_leaves_one_day(database: Database) -> None:
    """PromoteReadReplica: "BackupRetentionPeriod … Default: 1" (API reference)."""
    replica = database.replica()
    replica.rds.promote_read_replica(DBInstanceIdentifier=replica.identifier)
    states(replica, until=at_rest())
    assert replica.described()["BackupRetentionPeriod"] == 1


def test_a_replica_is_made_without_the_protection_that_was_asked_for(database: Database) -> None:
    """terraform-provider-aws, instance_test.go: its test of it is skipped for that reason."""
    replica = database.replica(DeletionProtection=True)
    assert replica.described()["DeletionProtection"] is False
    assert replica.modify(DeletionProtection=True)["DeletionProtection"] is True


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    # https://github.com/hashicorp/terraform-provider-aws/issues/31594
    "modify_db_instance": ({"AllocatedStorage": 200}, "Database instance is not in available state."),
    # https://github.com/ministryofjustice/cloud-platform-user-guide/pull/1842
    "create_db_snapshot": (
        {"DBSnapshotIdentifier": "s"},
        "Cannot create a snapshot because the database instance {} is not currently in the available state.",
    ),
    # https://github.com/hashicorp/terraform/issues/29976
    "reboot_db_instance": (
        {},
        "Instance cannot currently reboot due to an in-progress management operation.",
    ),
    # https://github.com/cloud-custodian/cloud-custodian/issues/1687
    "stop_db_instance": ({}, "Instance {} is not in available state."),
    "delete_db_instance": (
        {"FinalDBSnapshotIdentifier": "f"},
        "Cannot create a snapshot because the database instance {} is not currently in the available state.",
    ),
}


def check_refused(database: Database, *operations: str) -> None:
    identifier = {"DBInstanceIdentifier": database.identifier}
    for operation in operations or REFUSED:
        parameters, words = REFUSED[operation]
        found = refusal(partial(getattr(database.rds, operation), **identifier, **parameters))
        assert found == ("InvalidDBInstanceState", words.format(database.identifier)), operation


def test_a_call_is_refused_while_the_instance_is_being_made_backed_up_or_modified(
    rds: RDSClient, network: Network, name: str
) -> None:
    rds.create_db_subnet_group(
        DBSubnetGroupName=name, DBSubnetGroupDescription="d", SubnetIds=network.subnet_ids
    )
    rds.create_db_instance(**wanted(name))
    database = Database(rds=rds, identifier=name)
    check_refused(database)
    skipping = partial(rds.delete_db_instance, DBInstanceIdentifier=name, SkipFinalSnapshot=True)
    assert refusal(skipping)[0] == "InvalidDBInstanceState"
    states(database, until=lambda described: described["DBInstanceStatus"] == BACKING_UP)
    check_refused(database)
    database.settled()
    database.modify(MasterUserPassword=f"{PASSWORD}-2")
    resetting = "resetting-master-credentials"
    states(database, until=lambda described: described["DBInstanceStatus"] == resetting)
    check_refused(database)


def test_a_change_of_parameters_refuses_calls_once_rds_has_begun_with_it(database: Database) -> None:
    set_parameter(database, "read_only", "1")
    states(database, until=lambda described: described["DBInstanceStatus"] == MODIFYING)
    check_refused(database)


def test_a_replica_is_not_promoted_while_it_is_backed_up(database: Database) -> None:
    """PromoteReadReplica: not "when it is in the backing-up status" (API reference)."""
    replica = database.replica()
    replica.change(BackupRetentionPeriod=7)
    replica.rds.create_db_snapshot(
        DBInstanceIdentifier=replica.identifier, DBSnapshotIdentifier=replica.identifier
    )
    promote = partial(replica.rds.promote_read_replica, DBInstanceIdentifier=replica.identifier)
    assert refusal(promote) == ("InvalidDBInstanceState", "DB Instance is not in available state.")
    replica.settled()
    promote()


def test_what_is_being_deleted_keeps_its_groups_and_is_not_deleted_twice(
    rds: RDSClient, database: Database, name: str
) -> None:
    """https://github.com/hashicorp/terraform-provider-aws/pull/5624"""
    gone = partial(rds.delete_db_instance, DBInstanceIdentifier=name, SkipFinalSnapshot=True)
    assert gone()["DBInstance"]["DBInstanceStatus"] == "deleting"
    words = f"Instance {name} is already being deleted."
    assert refusal(gone) == ("InvalidDBInstanceState", words)
    assert name in [each["DBInstanceIdentifier"] for each in rds.describe_db_instances()["DBInstances"]]
    code, _ = refusal(partial(rds.delete_db_parameter_group, DBParameterGroupName=name))
    assert code == "InvalidDBParameterGroupState"
    rds.get_waiter("db_instance_deleted").wait(
        DBInstanceIdentifier=name, WaiterConfig={"Delay": 1, "MaxAttempts": 30}
    )
    rds.delete_db_parameter_group(DBParameterGroupName=name)


def test_a_major_version_alone_moves_an_older_instance_to_the_default_minor_version(
    rds: RDSClient, network: Network, name: str
) -> None:
    """ModifyDBInstance: "If you specify only a major version, … updates … to the default minor version"."""
    old = Database.create(rds, name, network, EngineVersion="8.4.5")
    rds.create_db_snapshot(DBInstanceIdentifier=name, DBSnapshotIdentifier=name)
    old.settled()
    rds.restore_db_instance_from_db_snapshot(
        DBInstanceIdentifier=f"{name}-copy", DBSnapshotIdentifier=name, DBSubnetGroupName=name
    )
    restored = Database(rds=rds, identifier=f"{name}-copy").settled()
    assert restored.described()["EngineVersion"] == "8.4.5"
    assert restored.change(EngineVersion="8.4")["EngineVersion"] == "8.4.7"
    assert restored.modify(EngineVersion="8.4", ApplyImmediately=True)["PendingModifiedValues"] == {}


def test_gp3_has_other_performance_from_400_gib_on(rds: RDSClient, network: Network, name: str) -> None:
    """cloudtools/troposphere PR 2153 and hashicorp/terraform-provider-aws issue 28382 quote both refusals."""
    database = Database.create(rds, name, network)
    described = database.described()
    assert (described["Iops"], described["StorageThroughput"]) == (3000, 125)
    small = partial(database.modify, AllocatedStorage=200, Iops=3000)
    assert refusal(small) == (
        "InvalidParameterCombination",
        "You can't specify IOPS or storage throughput for engine mysql and a storage size less than 400.",
    )
    code, words = refusal(partial(database.modify, AllocatedStorage=400, Iops=3000, ApplyImmediately=True))
    assert (code, "Invalid iops value" in words) == ("InvalidParameterCombination", True)
    grown = database.change(AllocatedStorage=400, Iops=12000, StorageThroughput=500)
    assert (grown["Iops"], grown["StorageThroughput"]) == (12000, 500)
    with pytest.raises(ClientError, match="less than 400"):
        rds.create_db_instance(**wanted(f"{name}-2", DBSubnetGroupName=name, Iops=3000))
    large = rds.create_db_instance(**wanted(f"{name}-3", DBSubnetGroupName=name, AllocatedStorage=500))
    assert large["DBInstance"]["Iops"] == 12000
