"""Automated backups of RDS: those of an instance, and those that it leaves when it is deleted."""

from __future__ import annotations

from typing import Any

from mypy_boto3_rds import RDSClient

from tests.local_cloud.conftest import Refusal
from tests.support.databases import Database, wanted
from tests.support.network import Network


def backups(rds: RDSClient, name: str) -> list[Any]:
    return rds.describe_db_instance_automated_backups(DBInstanceIdentifier=name)["DBInstanceAutomatedBackups"]


def gone(rds: RDSClient, name: str, **asked: Any) -> None:
    """Delete the instance, and wait until its name is free."""
    rds.delete_db_instance(DBInstanceIdentifier=name, SkipFinalSnapshot=True, **asked)
    rds.get_waiter("db_instance_deleted").wait(
        DBInstanceIdentifier=name, WaiterConfig={"Delay": 1, "MaxAttempts": 60}
    )


def test_two_instances_of_one_name_have_backups_that_the_resource_id_tells_apart(
    rds: RDSClient, network: Network, name: str
) -> None:
    former = Database.create(rds, name, network).described()
    (active,) = backups(rds, name)
    assert (active["DbiResourceId"], active["Status"]) == (former["DbiResourceId"], "active")
    gone(rds, name, DeleteAutomatedBackups=False)
    rds.create_db_instance(**wanted(name))
    later = Database(rds=rds, identifier=name).settled().described()
    found = {each["DbiResourceId"]: each for each in backups(rds, name)}
    assert {key: each["Status"] for key, each in found.items()} == {
        former["DbiResourceId"]: "retained",
        later["DbiResourceId"]: "active",
    }
    kept = found[former["DbiResourceId"]]
    assert (kept["BackupRetentionPeriod"], kept["RestoreWindow"]["EarliestTime"]) == (
        14,
        former["InstanceCreateTime"],
    )
    filters = [{"Name": "status", "Values": ["retained"]}, {"Name": "db-instance-id", "Values": [name]}]
    asked: Any = rds.describe_db_instance_automated_backups(Filters=filters)  # type: ignore[arg-type]
    assert [each["DbiResourceId"] for each in asked["DBInstanceAutomatedBackups"]] == [kept["DbiResourceId"]]
    gone(rds, name)


def test_what_is_deleted_with_its_backups_or_has_none_leaves_none(
    rds: RDSClient, network: Network, name: str
) -> None:
    Database.create(rds, name, network)
    gone(rds, name, DeleteAutomatedBackups=True)
    rds.create_db_instance(**wanted(name, BackupRetentionPeriod=0))
    assert backups(rds, name) == []
    Database(rds=rds, identifier=name).settled()
    gone(rds, name, DeleteAutomatedBackups=False)
    assert backups(rds, name) == []


def test_only_retained_backups_are_deleted(
    rds: RDSClient, network: Network, name: str, refusal: Refusal
) -> None:
    resource = Database.create(rds, name, network).described()["DbiResourceId"]
    delete = rds.delete_db_instance_automated_backup
    assert refusal(delete, DbiResourceId=resource) == "InvalidDBInstanceAutomatedBackupState"
    gone(rds, name, DeleteAutomatedBackups=False)
    delete(DbiResourceId=resource)
    assert backups(rds, name) == []
    assert refusal(delete, DbiResourceId=resource) == "DBInstanceAutomatedBackupNotFound"
