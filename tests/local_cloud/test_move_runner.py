"""The runner's steps of a move by replica or snapshot: what they do to real servers of both generations.

The stack is a stand-in: it does through RDS's API what the updates of a tenant's stack do to the databases.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pymysql
import pytest
from tenantnet.aws.sizes import DEFAULT_BACKUP_DAYS
from tenantnet.failure import Failure
from tenantnet.phases.journal import gap_acts, of_move
from tenantnet.phases.phases import Phase, State
from tenantnet.phases.transitions import Decision
from tenantnet.refusal import Refused
from tenantnet.runner.databases import NEXT_MAINTENANCE
from tenantnet.runner.runner import MovePlan
from tenantnet.tags import Slot, Strategy, move_snapshot_name

from tests.local_cloud.test_live_move import BLUE, GREEN, TICK, Tenant, make_group, server_ids, tenant
from tests.local_cloud.test_live_runner import Stack, runner
from tests.support.databases import Database
from tests.support.moves import Traffic, as_administrator, server_at
from tests.support.mysql_client import wait_for

__all__ = ["tenant"]


class MovingStack(Stack):
    """What is described of the databases when writes are held back is kept."""

    def __init__(self, tenant: Tenant) -> None:
        super().__init__()
        self._tenant = tenant
        self.at_the_fence: dict[str, Any] = {}

    def update(
        self, requested: State, ahead: Callable[[], None], _opened: Mapping[str, str] | None = None
    ) -> None:
        def both() -> None:
            ahead()
            self._declare(requested)

        super().update(requested, both)

    def _declare(self, requested: State) -> None:
        rds = boto3.client("rds")
        copy: Any = {"DBInstanceIdentifier": "acme-green", "DBParameterGroupName": "acme-green"}
        if requested.phase in (Phase.REPLICATING, Phase.RESTORED):
            make_group(rds, "acme-green", read_only="1")
        if requested.phase is Phase.REPLICATING:
            rds.create_db_instance_read_replica(
                **copy, SourceDBInstanceIdentifier="acme-blue", DeletionProtection=True
            )
        if requested.phase is Phase.FENCED:
            self.at_the_fence = described()
            blue = self._tenant.client(BLUE)
            # Of a replica's beginning it would be enabled; what comes over the stream is not.
            blue.run(*TICK)
            wait_for(lambda: server_ids(blue))
        if requested.phase is Phase.RESTORED:
            rds.restore_db_instance_from_db_snapshot(
                **copy,
                DBSnapshotIdentifier=move_snapshot_name("acme", requested.move),
                DBSubnetGroupName="acme-blue",
            )


class LosingStack(MovingStack):
    """Records the switch of a move whose source is lost: nothing can be changed there."""

    def update(
        self, requested: State, ahead: Callable[[], None], _opened: Mapping[str, str] | None = None
    ) -> None:
        if requested.phase is not Phase.SWITCHED:
            super().update(requested, ahead)
            return
        ahead()
        self._state = requested


def behind_the_promotion(tenant: Tenant, monkeypatch: pytest.MonkeyPatch, act: Callable[[], None]) -> None:
    """Let something happen once in the phase in which a replica is promoted."""
    promote, green = tenant.databases.promote, Database(rds=boto3.client("rds"), identifier="acme-green")

    def promoted(slot: Slot) -> None:
        promote(slot)
        wait_for(lambda: "ReadReplicaSourceDBInstanceIdentifier" not in green.settled().described())
        monkeypatch.setattr(tenant.databases, "promote", promote)
        act()

    monkeypatch.setattr(tenant.databases, "promote", promoted)


def described() -> dict[str, Any]:
    """Each database by its identifier."""
    found = boto3.client("rds").describe_db_instances()["DBInstances"]
    return {each["DBInstanceIdentifier"]: each for each in found}


@pytest.mark.parametrize("strategy", [Strategy.REPLICA, Strategy.SNAPSHOT])
def test_clients_and_events_come_over_and_nothing_of_rdss_comes_in_between(
    tenant: Tenant, strategy: Strategy
) -> None:
    began = datetime.now(UTC)
    stack, plan = MovingStack(tenant), MovePlan(strategy=strategy, retire_after=timedelta(hours=1))
    with tenant.client(BLUE).connected() as kept, Traffic(tenant.cloud) as traffic:
        switched = runner(tenant, stack).run(plan)
        assert (switched.phase, switched.production) == (Phase.SWITCHED, GREEN), tenant.told
        # A pool keeps what answers: it would go on to read what was, and be refused each write.
        with pytest.raises(pymysql.MySQLError):
            kept.execute("SELECT 1")
    assert set(traffic.acknowledged) <= traffic.kept()
    assert tenant.databases.endpoint_address() == tenant.databases.address(GREEN)
    wait_for(lambda: len(set(server_ids(tenant.client(GREEN)))) == 2)
    days = {f"{each + NEXT_MAINTENANCE:%a}".lower() for each in (began, datetime.now(UTC))}
    for database in stack.at_the_fence.values():
        assert database["DeletionProtection"] is True
        assert database["PreferredMaintenanceWindow"][:3] in days
    assert described()["acme-green"]["BackupRetentionPeriod"] == DEFAULT_BACKUP_DAYS
    gap = [act for act, _ in gap_acts(of_move(tenant.journal.entries(), 1))]
    updates = [] if strategy is Strategy.REPLICA else ["reached restored"]
    assert [act for act in gap if act.startswith("reached")] == updates


def test_a_move_that_fails_behind_its_fence_takes_itself_back_and_clients_write_on(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    def meddle() -> None:
        green = server_at(tenant.cloud, tenant.databases.address(GREEN))
        with as_administrator(green) as session, session.cursor() as cursor:
            cursor.execute("INSERT INTO app.entry VALUES (-1, 'meddled')")

    behind_the_promotion(tenant, monkeypatch, meddle)
    stack = MovingStack(tenant)
    with Traffic(tenant.cloud) as traffic:
        with pytest.raises(Failure, match="source and target differ") as failed:
            runner(tenant, stack).run(MovePlan(strategy=Strategy.REPLICA))
        before = len(traffic.acknowledged)
        wait_for(lambda: len(traffic.acknowledged) > before)
    assert failed.value.state == "The move was taken back: clients write to blue, as before."
    assert (stack.state().phase, stack.state().production) == (Phase.STEADY, BLUE)
    assert "acme-green" not in described()
    assert set(traffic.acknowledged) <= traffic.kept()
    assert tenant.journal.decision(1) is Decision.ABORT
    # The copy had everything, and nobody has looked yet at why it differs.
    (left,) = boto3.client("rds").describe_db_snapshots(SnapshotType="manual")["DBSnapshots"]
    assert (left["DBSnapshotIdentifier"], left["Status"]) == ("acme-green-10-9-8-64-final-1", "available")


def test_a_level_copy_whose_source_dies_is_the_way_on_and_is_not_deleted(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lose() -> None:
        server_at(tenant.cloud, tenant.databases.address(BLUE)).kill()
        wait_for(lambda: described()["acme-blue"]["DBInstanceStatus"] == "failed")

    behind_the_promotion(tenant, monkeypatch, lose)
    stack = LosingStack(tenant)
    with Traffic(tenant.cloud) as traffic:
        with pytest.raises(Failure) as failed:
            runner(tenant, stack).run(MovePlan(strategy=Strategy.REPLICA))
        assert failed.value.reason.startswith("RDS has lost blue")
        assert "migrate run --without-source" in failed.value.remedy
        with pytest.raises(Refused, match="a move is taken back to a database that lives"):
            runner(tenant, stack).abort()
        assert (stack.state().phase, tenant.journal.decision(1)) == (Phase.FENCED, None)
        plan = MovePlan(without_source=True, retire_after=timedelta(hours=1))
        switched = runner(tenant, stack).run(plan)
        assert (switched.phase, switched.production) == (Phase.SWITCHED, GREEN), tenant.told
        before = len(traffic.acknowledged)
        wait_for(lambda: len(traffic.acknowledged) > before)
    assert set(traffic.acknowledged) <= traffic.kept()
