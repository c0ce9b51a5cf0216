"""What AWS keeps of a tenant that was removed, and a later tenant of the name must pass over."""

from __future__ import annotations

from datetime import UTC, datetime

import boto3
import pytest
from mypy_boto3_dynamodb import DynamoDBClient
from mypy_boto3_rds import RDSClient
from tenantnet.failure import Failure
from tenantnet.local_cloud.process import LocalCloud
from tenantnet.permissions.documents import Role
from tenantnet.phases.journal import Entry, Holder, What
from tenantnet.phases.phases import Phase, State
from tenantnet.phases.transitions import Decision, Event, next_event
from tenantnet.phases.updates import beyond_used
from tenantnet.runner.journal_table import JournalTable
from tenantnet.runner.verification import Login, has_login, read_login, write_login
from tenantnet.stacks.former import moves_used
from tenantnet.tags import Slot, Strategy, final_snapshot_name, move_snapshot_name

from tests.support.aws import journal_table, lead_here
from tests.support.databases import Database
from tests.support.network import Network
from tests.support.permissions import PLACE, policies
from tests.support.roles import Iam

REGION = "eu-west-1"
NOW = datetime(2026, 12, 1, 1, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def here(monkeypatch: pytest.MonkeyPatch, cloud: LocalCloud) -> None:
    lead_here(monkeypatch, cloud)


@pytest.fixture
def journal(dynamodb: DynamoDBClient, cell: str, name: str) -> JournalTable:
    return JournalTable(dynamodb, cell, name)


def test_a_name_that_nobody_has_had_has_used_no_number(journal: JournalTable, name: str, cell: str) -> None:
    other = JournalTable.of(cell, REGION, f"{name}-2")
    other.decide(7, Decision.SWITCH, "ada")
    assert moves_used(name, cell, REGION) == 0


def test_entries_and_decisions_of_moves_use_their_numbers_and_a_lease_uses_none(
    journal: JournalTable, name: str, cell: str
) -> None:
    journal.take_lease(Holder(run="r", who="ada", machine="m", pid=1, since=NOW), None)
    assert moves_used(name, cell, REGION) == 0
    journal.write(Entry(at=NOW, move=2, what=What.BEGAN, phase=Phase.FENCED, who="ada"))
    assert moves_used(name, cell, REGION) == 2
    journal.decide(11, Decision.ABORT, "ada")
    assert moves_used(name, cell, REGION) == 11


def test_snapshots_use_their_numbers_also_after_their_database(
    rds: RDSClient, network: Network, journal: JournalTable, name: str, cell: str
) -> None:
    database = Database.create(rds, f"{name}-blue", network)
    final = final_snapshot_name(name, Slot.BLUE, "10.1.2.0/26", 4)
    for snapshot in (move_snapshot_name(name, 3), f"{name}-blue-by-hand-9"):
        rds.create_db_snapshot(DBSnapshotIdentifier=snapshot, DBInstanceIdentifier=database.identifier)
        database.settled()
    assert moves_used(name, cell, REGION) == 3
    rds.delete_db_instance(DBInstanceIdentifier=database.identifier, FinalDBSnapshotIdentifier=final)
    assert moves_used(name, cell, REGION) == 4


def test_a_first_move_begins_though_one_of_the_former_tenant_was_aborted(
    journal: JournalTable, name: str, cell: str
) -> None:
    journal.decide(1, Decision.ABORT, "ada")
    new = State(phase=Phase.STEADY, production=Slot.BLUE)
    state = beyond_used(new, moves_used(name, cell, REGION))
    events = [
        next_event(each, decision=journal.decision(each.move_at_stake), strategy=Strategy.SNAPSHOT)
        for each in (new, state)
    ]
    assert events == [Event.ABORT, Event.FENCE]


def test_the_login_of_a_former_tenant_is_replaced_while_it_is_being_deleted(name: str) -> None:
    secrets = boto3.client("secretsmanager", region_name=REGION)
    former, later = (Login(username="acmeadmin", password=password) for password in ("hunter-1", "hunter-2"))
    write_login(name, REGION, former)
    secrets.delete_secret(SecretId=f"tenantnet/{name}/verification", RecoveryWindowInDays=30)
    with pytest.raises(secrets.exceptions.InvalidRequestException, match="already scheduled for deletion"):
        secrets.create_secret(Name=f"tenantnet/{name}/verification", SecretString="{}")
    assert (has_login(name, REGION), read_login(name, REGION)) == (False, None)
    write_login(name, REGION, later)
    assert (has_login(name, REGION), read_login(name, REGION)) == (True, later)


def test_a_former_tenants_traces_that_cannot_be_asked_for_are_a_failure(name: str) -> None:
    with pytest.raises(Failure, match="what a former tenant"):
        moves_used(name, "no-such-cell", REGION)


@pytest.mark.parametrize("role", [Role.TENANT_DEPLOYER, Role.REVIEWER])
def test_who_deploys_or_reviews_a_tenant_may_look_for_them(
    cloud: LocalCloud, dynamodb: DynamoDBClient, name: str, role: Role, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable, value in Iam(cloud).role(*policies(role)).environment.items():
        monkeypatch.setenv(variable, value)
    with journal_table(dynamodb, PLACE.cell):
        assert moves_used(name, PLACE.cell, REGION) == 0
        with pytest.raises(Failure, match="not authorized"):
            moves_used(name, "another", REGION)
