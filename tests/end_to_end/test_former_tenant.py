"""A tenant made again under the name of one that was removed, with the real engine: it moves, and goes.

The tests of this module run in order on one stack, each command as the role that is for it, with the policies
that the project ships, on both MySQLs.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from tenantnet.local_cloud.process import LocalCloud
from tenantnet.phases.transitions import Decision
from tenantnet.runner.journal_table import JournalTable

from tests.end_to_end.test_one_tenant import cell, roles
from tests.support.databases import Database
from tests.support.generations import cloud
from tests.support.moves import SECRET, migrate, status, with_networks
from tests.support.network import Network
from tests.support.project import PASSWORD, Project
from tests.support.runner import as_the_runner

__all__ = ["cell", "cloud", "roles"]
pytestmark = [pytest.mark.long, pytest.mark.timeout(1500)]

BLUE = {"cidr": "10.1.2.0/26"}
FINAL = "acme-blue-10-1-2-0-final-1"


@pytest.fixture(scope="module")
def again(cell: Project, cloud: LocalCloud, aws: Any) -> Project:
    """Acme, made again. AWS has a final snapshot, retained backups and an aborted move of the former one."""
    rds = aws.client("rds")
    tags = [{"Key": "tenantnet:cell", "Value": "local"}, {"Key": "tenantnet:tenant", "Value": "acme"}]
    Database.create(rds, "acme-blue", Network.create(aws.client("ec2")), Tags=tags, CopyTagsToSnapshot=True)
    rds.delete_db_instance(
        DBInstanceIdentifier="acme-blue", FinalDBSnapshotIdentifier=FINAL, DeleteAutomatedBackups=False
    )
    rds.get_waiter("db_instance_deleted").wait(
        DBInstanceIdentifier="acme-blue", WaiterConfig={"Delay": 1, "MaxAttempts": 60}
    )
    rds.delete_db_subnet_group(DBSubnetGroupName="acme-blue")
    JournalTable(aws.client("dynamodb"), "local", "acme").decide(1, Decision.ABORT, "ada")
    login = json.dumps({"username": "acmeadmin", "password": PASSWORD})
    aws.client("secretsmanager").create_secret(Name=SECRET, SecretString=login)
    cell.write_tenant("acme", with_networks(blue=BLUE))
    cell.up("acme").check()
    return cell


@pytest.fixture(scope="module")
def runner(again: Project, cloud: LocalCloud) -> Project:
    return as_the_runner(again, cloud)


def test_it_has_nothing_of_the_former_ones_moves(again: Project, runner: Project) -> None:
    found = status(runner)
    assert (found["move"], found["events"], found["status"]) == (2, [], "")
    again.pulumi("preview", "--expect-no-changes", "--stack", "acme").check()


def test_it_moves_though_the_former_ones_move_was_aborted(again: Project, runner: Project) -> None:
    again.write_tenant("acme", with_networks(blue=BLUE, green={"cidr": "10.9.8.64/26"}))
    again.up("acme").check()
    run = migrate(runner, "run", "acme", "--now", "--strategy", "snapshot").check()
    found = status(runner)
    assert (found["phase"], found["production"], found["move"]) == ("switched", "green", 3), run.text


def test_it_is_removed_though_the_former_ones_final_snapshot_is_there(again: Project, aws: Any) -> None:
    """Its protection is taken off by hand: an update would take 80 s for that."""
    rds = aws.client("rds")
    for each in rds.describe_db_instances()["DBInstances"]:
        Database(rds=rds, identifier=each["DBInstanceIdentifier"]).change(DeletionProtection=False)
    again.pulumi("state", "unprotect", "--all", "--yes", "--stack", "acme").check()
    again.destroy("acme").check()
    found = rds.describe_db_snapshots(SnapshotType="manual")["DBSnapshots"]
    assert sorted(each["DBSnapshotIdentifier"] for each in found) == [
        FINAL,
        "acme-blue-10-1-2-0-final-3",
        "acme-green-10-9-8-64-final-3",
        "acme-move-3",
    ]
