"""MySQL instances: what RDS refuses, keeps waiting, replicates, promotes, deletes and restores."""

from __future__ import annotations

import re
from typing import Any

import pytest
from mypy_boto3_ec2 import EC2Client
from mypy_boto3_rds import RDSClient

from tests.local_cloud.conftest import Refusal
from tests.support.databases import Database, wanted
from tests.support.network import Network


@pytest.fixture
def database(rds: RDSClient, network: Network, name: str) -> Database:
    return Database.create(rds, name, network)


def test_each_instance_has_a_resource_id_of_its_own(
    rds: RDSClient, network: Network, name: str, database: Database
) -> None:
    other = Database.create(rds, f"{name}-other", network)
    ids = {instance.described()["DbiResourceId"] for instance in (database, other, database.replica())}
    assert len(ids) == 3
    assert all(re.fullmatch(r"db-[A-Z0-9]{26}", resource_id) for resource_id in ids)


def test_the_endpoint_is_a_name_in_rdss_zone(database: Database) -> None:
    endpoint = database.described()["Endpoint"]
    assert endpoint["Address"].startswith(f"{database.identifier}.")
    assert endpoint["Address"].endswith(".eu-west-1.rds.amazonaws.com")
    assert (endpoint["Port"], endpoint["HostedZoneId"]) == (3306, "Z29XKXDKYMONMX")


def test_a_major_version_stands_for_its_newest_minor_one(database: Database) -> None:
    assert re.fullmatch(r"8\.4\.\d+", database.described()["EngineVersion"])


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({"EngineVersion": "5.6"}, "InvalidParameterCombination"),
        ({"EngineVersion": "8.4.99"}, "InvalidParameterCombination"),
        ({"DBInstanceClass": "db.t4g.nano"}, "InvalidParameterValue"),
        ({"MasterUserPassword": "Short-7"}, "InvalidParameterValue"),
        ({"MasterUserPassword": "x" * 42}, "InvalidParameterValue"),
        ({"MasterUserPassword": "with a blank"}, "InvalidParameterValue"),
        ({"MasterUserPassword": "with/a/slash"}, "InvalidParameterValue"),
        ({"MasterUserPassword": 'with"a"quote'}, "InvalidParameterValue"),
        ({"MasterUserPassword": "with@an@at"}, "InvalidParameterValue"),
        ({"MasterUserPassword": "mit-Umlaut-ä"}, "InvalidParameterValue"),
        ({"MasterUserPassword": ""}, "InvalidParameterValue"),
        ({"MasterUsername": "rdsadmin"}, "InvalidParameterValue"),
        ({"MasterUsername": "1admin"}, "InvalidParameterValue"),
        ({"MasterUsername": "seventeen_letters"}, "InvalidParameterValue"),
        ({"AllocatedStorage": 19}, "InvalidParameterValue"),
        ({"AllocatedStorage": 65_537}, "InvalidParameterValue"),
        ({"StorageType": "floppy"}, "InvalidParameterValue"),
        ({"StorageType": "gp3", "AllocatedStorage": 399, "Iops": 12_000}, "InvalidParameterCombination"),
        ({"StorageType": "gp3", "AllocatedStorage": 400, "Iops": 11_999}, "InvalidParameterCombination"),
        (
            {"StorageType": "gp3", "AllocatedStorage": 400, "StorageThroughput": 3_001},
            "InvalidParameterCombination",
        ),
        ({"BackupRetentionPeriod": 36}, "InvalidParameterValue"),
        (
            {"PreferredBackupWindow": "03:00-03:30", "PreferredMaintenanceWindow": "sun:03:15-sun:03:45"},
            "InvalidParameterValue",
        ),
        ({"EnablePerformanceInsights": True}, "InvalidParameterCombination"),
        ({"EnableCloudwatchLogsExports": ["postgresql"]}, "InvalidParameterCombination"),
        ({"DBSubnetGroupName": "nowhere"}, "DBSubnetGroupNotFoundFault"),
        ({"DBParameterGroupName": "nothing"}, "DBParameterGroupNotFound"),
        ({"KmsKeyId": "alias/nothing"}, "KMSKeyNotAccessibleFault"),
        ({"VpcSecurityGroupIds": ["sg-0123"]}, "InvalidParameterCombination"),
    ],
    ids=str,
)
def test_what_rds_would_not_create_is_refused(
    rds: RDSClient, refusal: Refusal, network: Network, name: str, settings: dict[str, Any], code: str
) -> None:
    rds.create_db_subnet_group(
        DBSubnetGroupName=name, DBSubnetGroupDescription="two zones", SubnetIds=network.subnet_ids
    )
    assert refusal(rds.create_db_instance, **wanted(name, **settings)) == code
    assert refusal(rds.describe_db_instances, DBInstanceIdentifier=name) == "DBInstanceNotFound"


def test_an_identifier_is_used_once(rds: RDSClient, refusal: Refusal, database: Database) -> None:
    code = refusal(rds.create_db_instance, **wanted(database.identifier))
    assert code == "DBInstanceAlreadyExists"


def test_a_security_group_of_another_vpc_is_refused(
    rds: RDSClient, ec2: EC2Client, refusal: Refusal, network: Network, name: str
) -> None:
    rds.create_db_subnet_group(
        DBSubnetGroupName=name, DBSubnetGroupDescription="two zones", SubnetIds=network.subnet_ids
    )
    elsewhere = ec2.create_vpc(CidrBlock="10.9.0.0/26")["Vpc"]["VpcId"]
    group = ec2.create_security_group(GroupName=name, Description="elsewhere", VpcId=elsewhere)["GroupId"]
    code = refusal(rds.create_db_instance, **wanted(name, VpcSecurityGroupIds=[group]))
    assert code == "InvalidParameterCombination"


def test_without_security_groups_it_gets_its_vpcs_default_one(
    ec2: EC2Client, network: Network, database: Database
) -> None:
    (group,) = database.described()["VpcSecurityGroups"]
    described = ec2.describe_security_groups(GroupIds=[group["VpcSecurityGroupId"]])["SecurityGroups"][0]
    assert (described["GroupName"], described["VpcId"]) == ("default", network.vpc_id)


def test_performance_insights_are_described_where_they_are_enabled(
    rds: RDSClient, network: Network, name: str
) -> None:
    insights = {"DBInstanceClass": "db.m7g.large", "EnablePerformanceInsights": True}
    described = Database.create(rds, name, network, **insights).described()
    assert described["PerformanceInsightsEnabled"] is True
    assert described["PerformanceInsightsRetentionPeriod"] == 7


def test_what_may_wait_waits_for_the_maintenance_window(database: Database) -> None:
    changed = {"DBInstanceClass": "db.t4g.medium", "AllocatedStorage": 200, "MultiAZ": True}
    assert database.modify(**changed)["PendingModifiedValues"] == changed
    described = database.described()
    assert {key: described[key] for key in changed} == {
        "DBInstanceClass": "db.t4g.small",
        "AllocatedStorage": 100,
        "MultiAZ": False,
    }


def test_a_later_change_at_once_applies_what_waited(database: Database) -> None:
    database.modify(AllocatedStorage=200)
    changed = database.modify(DBInstanceClass="db.t4g.medium", ApplyImmediately=True)
    assert changed["DBInstanceStatus"] == "available"
    assert changed["PendingModifiedValues"] == {"AllocatedStorage": 200, "DBInstanceClass": "db.t4g.medium"}
    described = database.settled().described()
    assert described["PendingModifiedValues"] == {}
    assert (described["AllocatedStorage"], described["DBInstanceClass"]) == (200, "db.t4g.medium")


def test_what_never_waits_is_applied_at_once(database: Database) -> None:
    described = database.modify(DeletionProtection=True, CopyTagsToSnapshot=True)
    assert described["PendingModifiedValues"] == {}
    assert described["DeletionProtection"] is True
    assert described["CopyTagsToSnapshot"] is True


def test_asking_for_what_is_there_already_waits_for_nothing(database: Database) -> None:
    described = database.modify(AllocatedStorage=100, DBInstanceClass="db.t4g.small")
    assert described["PendingModifiedValues"] == {}


def test_storage_grows_by_a_tenth_at_least_and_never_shrinks(
    rds: RDSClient, refusal: Refusal, database: Database
) -> None:
    assert database.change(AllocatedStorage=105)["AllocatedStorage"] == 111
    code = refusal(rds.modify_db_instance, DBInstanceIdentifier=database.identifier, AllocatedStorage=100)
    assert code == "InvalidParameterCombination"


def test_a_new_major_version_is_asked_for_explicitly_and_never_an_older_one(
    rds: RDSClient, refusal: Refusal, network: Network, name: str
) -> None:
    old = Database.create(rds, name, network, EngineVersion="8.0")
    for settings in (
        {"EngineVersion": "8.4"},
        {"EngineVersion": "8.0.40"},
        {"EngineVersion": "9.9"},
    ):
        code = refusal(rds.modify_db_instance, DBInstanceIdentifier=name, **settings)
        assert code == "InvalidParameterCombination", settings
    upgraded = old.change(EngineVersion="8.4", AllowMajorVersionUpgrade=True)
    assert upgraded["EngineVersion"].startswith("8.4.")


def test_another_subnet_group_waits_and_another_port_does_not(
    rds: RDSClient, network: Network, name: str, database: Database
) -> None:
    rds.create_db_subnet_group(
        DBSubnetGroupName=f"{name}-2", DBSubnetGroupDescription="another", SubnetIds=network.subnet_ids
    )
    described = database.modify(DBSubnetGroupName=f"{name}-2", DBPortNumber=3307)
    assert described["PendingModifiedValues"] == {"DBSubnetGroupName": f"{name}-2"}
    assert described["Endpoint"]["Port"] == 3307
    applied = database.settled().change()
    assert applied["DBSubnetGroup"]["DBSubnetGroupName"] == f"{name}-2"


def test_windows_that_cannot_be_are_refused(rds: RDSClient, refusal: Refusal, database: Database) -> None:
    for windows in (
        {"PreferredMaintenanceWindow": "sometimes"},
        {"PreferredBackupWindow": "3:00-3:30"},
        {"PreferredBackupWindow": "03:00-03:29"},
        {"PreferredBackupWindow": "24:00-24:30"},
        {"PreferredMaintenanceWindow": "sun:04:00-sun:04:20"},
        {"PreferredMaintenanceWindow": "sun:04:00-mon:04:00"},
        {"PreferredMaintenanceWindow": "wed:13:00-wed:14:00", "PreferredBackupWindow": "13:10-13:50"},
    ):
        code = refusal(rds.modify_db_instance, DBInstanceIdentifier=database.identifier, **windows)
        assert code == "InvalidParameterValue", windows


def test_maintenance_may_be_at_the_turn_of_the_week(database: Database) -> None:
    """The example of RDS's own error; moto takes it for a day or longer."""
    windows = {"PreferredMaintenanceWindow": "Sun:23:45-Mon:00:15", "PreferredBackupWindow": "03:00-03:30"}
    assert database.modify(**windows)["PreferredMaintenanceWindow"].lower() == "sun:23:45-mon:00:15"


def test_exported_logs_change_one_by_one(database: Database) -> None:
    database.change(CloudwatchLogsExportConfiguration={"EnableLogTypes": ["error", "slowquery"]})
    database.change(CloudwatchLogsExportConfiguration={"EnableLogTypes": ["error"]})
    described = database.modify(CloudwatchLogsExportConfiguration={"DisableLogTypes": ["slowquery"]})
    assert described["EnabledCloudwatchLogsExports"] == ["error"]


def test_a_renamed_instance_is_found_by_its_new_name_only(
    rds: RDSClient, refusal: Refusal, database: Database
) -> None:
    assert database.rename(f"{database.identifier}-new").described()
    assert refusal(rds.describe_db_instances, DBInstanceIdentifier=database.identifier) == (
        "DBInstanceNotFound"
    )


def test_a_replica_names_its_source_and_is_named_by_it(database: Database) -> None:
    replica = database.replica()
    assert replica.described()["ReadReplicaSourceDBInstanceIdentifier"] == database.identifier
    assert database.described()["ReadReplicaDBInstanceIdentifiers"] == [replica.identifier]
    assert replica.described()["BackupRetentionPeriod"] == 0


def test_a_replica_in_another_vpc_needs_the_sources_arn(
    rds: RDSClient, ec2: EC2Client, refusal: Refusal, name: str, database: Database
) -> None:
    elsewhere = Network.create(ec2, "10.7.0.0/26")
    rds.create_db_subnet_group(
        DBSubnetGroupName=f"{name}-green", DBSubnetGroupDescription="green", SubnetIds=elsewhere.subnet_ids
    )
    asked = {"DBInstanceIdentifier": f"{name}-green", "DBSubnetGroupName": f"{name}-green"}
    code = refusal(
        rds.create_db_instance_read_replica, SourceDBInstanceIdentifier=database.identifier, **asked
    )
    assert code == "InvalidParameterCombination"
    replica = rds.create_db_instance_read_replica(
        SourceDBInstanceIdentifier=database.described()["DBInstanceArn"],
        DBInstanceIdentifier=f"{name}-green",
        DBSubnetGroupName=f"{name}-green",
    )["DBInstance"]
    assert replica["DBSubnetGroup"]["VpcId"] == elsewhere.vpc_id


def test_a_source_without_backups_has_no_replica(
    rds: RDSClient, refusal: Refusal, network: Network, name: str
) -> None:
    Database.create(rds, name, network, BackupRetentionPeriod=0)
    code = refusal(
        rds.create_db_instance_read_replica,
        DBInstanceIdentifier=f"{name}-replica",
        SourceDBInstanceIdentifier=name,
    )
    assert code == "InvalidDBInstanceState"


def test_a_promoted_replica_has_no_source_and_is_nobodys_replica(
    rds: RDSClient, refusal: Refusal, database: Database
) -> None:
    replica = database.replica()
    rds.promote_read_replica(DBInstanceIdentifier=replica.identifier, BackupRetentionPeriod=7)
    promoted = replica.settled().described()
    assert "ReadReplicaSourceDBInstanceIdentifier" not in promoted
    assert promoted["BackupRetentionPeriod"] == 7
    assert database.described()["ReadReplicaDBInstanceIdentifiers"] == []
    code = refusal(rds.promote_read_replica, DBInstanceIdentifier=replica.identifier)
    assert code == "InvalidDBInstanceState"


def test_deleting_a_source_promotes_its_replicas(rds: RDSClient, database: Database) -> None:
    replica = database.replica()
    rds.delete_db_instance(DBInstanceIdentifier=database.identifier, SkipFinalSnapshot=True)
    assert "ReadReplicaSourceDBInstanceIdentifier" not in replica.described()


def test_deleting_a_replica_leaves_its_source_without_it(
    rds: RDSClient, refusal: Refusal, database: Database
) -> None:
    replica = database.replica()
    code = refusal(
        rds.delete_db_instance,
        DBInstanceIdentifier=replica.identifier,
        FinalDBSnapshotIdentifier=f"{replica.identifier}-final",
    )
    assert code == "InvalidParameterCombination"
    rds.delete_db_instance(DBInstanceIdentifier=replica.identifier, SkipFinalSnapshot=True)
    assert database.described()["ReadReplicaDBInstanceIdentifiers"] == []


def test_a_protected_instance_is_not_deleted(rds: RDSClient, refusal: Refusal, database: Database) -> None:
    database.modify(DeletionProtection=True)
    code = refusal(rds.delete_db_instance, DBInstanceIdentifier=database.identifier, SkipFinalSnapshot=True)
    assert code == "InvalidParameterCombination"
    assert database.described()["DBInstanceStatus"] == "available"


def test_a_refused_deletion_of_a_replica_changes_nothing(
    rds: RDSClient, refusal: Refusal, database: Database
) -> None:
    replica = database.replica()
    replica.modify(DeletionProtection=True)
    code = refusal(rds.delete_db_instance, DBInstanceIdentifier=replica.identifier, SkipFinalSnapshot=True)
    assert code == "InvalidParameterCombination"
    assert replica.described()["ReadReplicaSourceDBInstanceIdentifier"] == database.identifier
    assert database.described()["ReadReplicaDBInstanceIdentifiers"] == [replica.identifier]


def test_deletion_says_what_becomes_of_the_data(rds: RDSClient, refusal: Refusal, database: Database) -> None:
    for choice in ({}, {"SkipFinalSnapshot": True, "FinalDBSnapshotIdentifier": "both"}):
        code = refusal(rds.delete_db_instance, DBInstanceIdentifier=database.identifier, **choice)
        assert code == "InvalidParameterCombination", choice


def test_a_final_snapshot_is_left_and_restores_into_another_vpc(
    rds: RDSClient, ec2: EC2Client, name: str, database: Database
) -> None:
    snapshot = f"{name}-final"
    rds.delete_db_instance(DBInstanceIdentifier=database.identifier, FinalDBSnapshotIdentifier=snapshot)
    rds.get_waiter("db_snapshot_available").wait(
        DBSnapshotIdentifier=snapshot, WaiterConfig={"Delay": 1, "MaxAttempts": 20}
    )
    elsewhere = Network.create(ec2, "10.7.0.0/26")
    rds.create_db_subnet_group(
        DBSubnetGroupName=f"{name}-green", DBSubnetGroupDescription="green", SubnetIds=elsewhere.subnet_ids
    )
    restored = rds.restore_db_instance_from_db_snapshot(
        DBInstanceIdentifier=f"{name}-green",
        DBSnapshotIdentifier=snapshot,
        DBSubnetGroupName=f"{name}-green",
    )["DBInstance"]
    assert restored["DBSubnetGroup"]["VpcId"] == elsewhere.vpc_id
    assert restored["MasterUsername"] == "acmeadmin"
    assert restored["AllocatedStorage"] == 100


def test_a_snapshot_of_a_replica_restores_to_an_instance_of_its_own(
    rds: RDSClient, name: str, database: Database
) -> None:
    replica = database.replica()
    rds.create_db_snapshot(DBSnapshotIdentifier=f"{name}-s", DBInstanceIdentifier=replica.identifier)
    replica.settled()
    restored = rds.restore_db_instance_from_db_snapshot(
        DBInstanceIdentifier=f"{name}-restored", DBSnapshotIdentifier=f"{name}-s"
    )["DBInstance"]
    assert "ReadReplicaSourceDBInstanceIdentifier" not in restored


def test_tags_are_listed_changed_and_removed(rds: RDSClient, database: Database) -> None:
    arn = database.described()["DBInstanceArn"]
    rds.add_tags_to_resource(ResourceName=arn, Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])
    rds.remove_tags_from_resource(ResourceName=arn, TagKeys=["a"])
    assert rds.list_tags_for_resource(ResourceName=arn)["TagList"] == [{"Key": "b", "Value": "2"}]


def test_the_offered_versions_lead_from_8_0_to_8_4(rds: RDSClient) -> None:
    versions = rds.describe_db_engine_versions(Engine="mysql")["DBEngineVersions"]
    assert {version["DBParameterGroupFamily"] for version in versions} == {"mysql8.0", "mysql8.4"}
    (newest,) = rds.describe_db_engine_versions(Engine="mysql", EngineVersion="8.0", DefaultOnly=True)[
        "DBEngineVersions"
    ]
    major = [target for target in newest["ValidUpgradeTarget"] if target["IsMajorVersionUpgrade"]]
    assert all(target["EngineVersion"].startswith("8.4.") for target in major)
    assert major


def test_what_can_be_ordered_can_be_created(rds: RDSClient, network: Network, name: str) -> None:
    options = rds.describe_orderable_db_instance_options(Engine="mysql", EngineVersion="8.4.7")
    classes = {option["DBInstanceClass"] for option in options["OrderableDBInstanceOptions"]}
    assert "db.t4g.small" in classes
    chosen = sorted(classes)[0]
    assert (
        Database.create(rds, name, network, DBInstanceClass=chosen).described()["DBInstanceClass"] == chosen
    )


def test_no_maintenance_is_pending(rds: RDSClient) -> None:
    assert rds.describe_pending_maintenance_actions()["PendingMaintenanceActions"] == []
