"""A tenant made again under the name of one that was removed, with the real engine: it moves, and goes.

The tests of this module run in order on one stack.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from tenantnet.phases.transitions import Decision
from tenantnet.runner.journal_table import JournalTable

from tests.support.moves import SECRET, migrate, status, with_networks
from tests.support.project import PASSWORD, Project

pytestmark = [pytest.mark.long, pytest.mark.timeout(1500)]

BLUE = with_networks(blue={"cidr": "10.1.2.0/26"})
BOTH = with_networks(**BLUE["networks"], green={"cidr": "10.9.8.64/26"})


def remove(project: Project, aws: Any) -> None:
    """Remove acme and its stack. Its protection is taken off by hand: an update would take 80 s for that."""
    rds = aws.client("rds")
    for each in rds.describe_db_instances()["DBInstances"]:
        rds.modify_db_instance(DBInstanceIdentifier=each["DBInstanceIdentifier"], DeletionProtection=False)
    project.pulumi("state", "unprotect", "--all", "--yes", "--stack", "acme").check()
    project.destroy("acme").check()
    project.pulumi("stack", "rm", "acme", "--yes").check()


def snapshots(aws: Any) -> list[str]:
    found = aws.client("rds").describe_db_snapshots(SnapshotType="manual")["DBSnapshots"]
    return sorted(each["DBSnapshotIdentifier"] for each in found)


@pytest.fixture(scope="module")
def again(cell: Project, aws: Any) -> Project:
    """Acme, made again. Of the former one a final snapshot, a move in the journal and a login are left."""
    login = json.dumps({"username": "acmeadmin", "password": PASSWORD})
    aws.client("secretsmanager").create_secret(Name=SECRET, SecretString=login)
    cell.write_tenant("acme", BLUE)
    cell.up("acme").check()
    JournalTable(aws.client("dynamodb"), "local", "acme").decide(1, Decision.ABORT, "ada")
    remove(cell, aws)
    assert snapshots(aws) == ["acme-blue-10-1-2-0-final-1"]
    cell.write_tenant("acme", BLUE)
    cell.up("acme").check()
    return cell


def test_it_has_nothing_of_the_former_ones_moves(again: Project) -> None:
    found = status(again)
    assert (found["move"], found["events"], found["status"]) == (2, [], "")
    again.pulumi("preview", "--expect-no-changes", "--stack", "acme").check()


def test_it_moves_though_the_former_ones_move_was_aborted(again: Project) -> None:
    again.write_tenant("acme", BOTH)
    again.up("acme").check()
    migrate(again, "run", "acme", "--now", "--strategy", "snapshot").check()
    found = status(again)
    assert (found["phase"], found["production"], found["move"]) == ("switched", "green", 3)


def test_it_is_removed_though_the_former_ones_final_snapshot_is_there(again: Project, aws: Any) -> None:
    remove(again, aws)
    assert snapshots(aws) == [
        "acme-blue-10-1-2-0-final-1",
        "acme-blue-10-1-2-0-final-3",
        "acme-green-10-9-8-64-final-3",
        "acme-move-3",
    ]
