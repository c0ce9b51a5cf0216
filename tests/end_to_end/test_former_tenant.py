"""A tenant made again under the name of one that was removed, with the real engine."""

from __future__ import annotations

from typing import Any

import pytest
from tenantnet.phases.transitions import Decision
from tenantnet.runner.journal_table import JournalTable

from tests.support.moves import status, with_networks
from tests.support.project import Project

pytestmark = [pytest.mark.long, pytest.mark.timeout(1500)]

BLUE = with_networks(blue={"cidr": "10.1.2.0/26"})


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
    """Acme, made again. Of the former one a final snapshot and a move in the journal are left."""
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
