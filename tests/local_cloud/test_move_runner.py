"""The runner's steps of a move by replica or snapshot: what they do to real servers of both generations.

The stack is a stand-in: it does through RDS's API what the updates of a tenant's stack do to the databases.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pymysql
import pytest
from tenantnet.aws.sizes import DEFAULT_BACKUP_DAYS
from tenantnet.failure import Failure
from tenantnet.phases.journal import gap_acts, of_move, writes_stopped
from tenantnet.phases.phases import Phase, State
from tenantnet.phases.transitions import Condition, Decision
from tenantnet.refusal import Refused
from tenantnet.runner.databases import NEXT_MAINTENANCE
from tenantnet.runner.guards import LIMITS
from tenantnet.runner.inspector import WithLogin
from tenantnet.runner.runner import MovePlan
from tenantnet.runner.stop import TakenBack
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
            self.declare(requested)

        super().update(requested, both)

    def declare(self, requested: State) -> None:
        """Do to the databases what the update does."""
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


def at_the_fence(
    tenant: Tenant,
    monkeypatch: pytest.MonkeyPatch,
    before: Callable[[], object],
    behind: Callable[[], object],
) -> None:
    """Let something happen once right before RDS is told to hold back writes, and right behind that."""
    set_read_only = tenant.databases.set_read_only

    def told(slot: Slot, *, read_only: bool) -> None:
        if slot is BLUE and read_only:
            monkeypatch.setattr(tenant.databases, "set_read_only", set_read_only)
            before()
        set_read_only(slot, read_only=read_only)
        if slot is BLUE and read_only:
            behind()

    monkeypatch.setattr(tenant.databases, "set_read_only", told)


def nothing() -> None:
    """As what its name says."""


def lose_the_source(tenant: Tenant) -> None:
    server_at(tenant.cloud, tenant.databases.address(BLUE)).kill()
    wait_for(lambda: described()["acme-blue"]["DBInstanceStatus"] == "failed")


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
    updates = [] if strategy is Strategy.REPLICA else ["step to restored"]
    assert [act for act in gap if act.startswith("step to")] == ["step to fenced", *updates]


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
    behind_the_promotion(tenant, monkeypatch, lambda: lose_the_source(tenant))
    stack = LosingStack(tenant)
    with Traffic(tenant.cloud) as traffic:
        with pytest.raises(Failure) as failed:
            runner(tenant, stack).run(MovePlan(strategy=Strategy.REPLICA))
        assert failed.value.reason.startswith("RDS has lost blue")
        assert "migrate run --without-source" in failed.value.remedy
        with pytest.raises(Refused, match="a move is taken back to a database that lives"):
            runner(tenant, stack).abort()
        assert (stack.state().phase, tenant.journal.decision(1)) == (Phase.FENCED, None)
        # Behind a fence nothing waits, whatever the settings say by now.
        later = datetime.now(UTC) + timedelta(days=1)
        plan = MovePlan(without_source=True, fence_at=later, retire_after=timedelta(hours=1))
        switched = runner(tenant, stack).run(plan)
        assert (switched.phase, switched.production) == (Phase.SWITCHED, GREEN), tenant.told
        before = len(traffic.acknowledged)
        wait_for(lambda: len(traffic.acknowledged) > before)
    assert set(traffic.acknowledged) <= traffic.kept()


def test_without_its_source_no_move_goes_on_over_a_copy_that_is_not_known_to_be_level(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_the_fence(tenant, monkeypatch, nothing, lambda: lose_the_source(tenant))
    stack, leads_to = MovingStack(tenant), tenant.databases.endpoint_address()
    with pytest.raises(Failure) as failed:
        runner(tenant, stack).run(MovePlan(strategy=Strategy.REPLICA))
    assert "--without-source" not in failed.value.remedy
    with pytest.raises(Failure):
        runner(tenant, stack).run(MovePlan(without_source=True))
    assert (stack.state().phase, tenant.journal.decision(1)) == (Phase.FENCED, Decision.ABORT)
    assert tenant.databases.endpoint_address() == leads_to
    assert described()["acme-green"]["ReadReplicaSourceDBInstanceIdentifier"] == "acme-blue"


def test_a_run_that_sleeps_through_an_abort_at_its_fence_lets_writes_through_again(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack = MovingStack(tenant)

    def another_run_aborts() -> None:
        lease = tenant.journal.lease()
        assert lease is not None
        tenant.journal.release_lease(lease)
        assert runner(tenant, stack).abort().phase is Phase.STEADY

    at_the_fence(tenant, monkeypatch, another_run_aborts, nothing)
    with Traffic(tenant.cloud) as traffic:
        with pytest.raises(Failure, match="no longer works on the move"):
            runner(tenant, stack).run(MovePlan(strategy=Strategy.REPLICA))
        before = len(traffic.acknowledged)
        wait_for(lambda: len(traffic.acknowledged) > before)
    assert set(traffic.acknowledged) <= traffic.kept()


def test_an_abort_that_was_decided_before_the_fence_keeps_it_from_being_made(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack, waits_for = MovingStack(tenant), WithLogin.fence_waits_for

    def as_somebody_aborts(asked: WithLogin, slot: Slot) -> str | None:
        if stack.state().phase is Phase.FENCED:
            tenant.journal.decide(1, Decision.ABORT, "ada")
        return waits_for(asked, slot)

    monkeypatch.setattr(WithLogin, "fence_waits_for", as_somebody_aborts)
    with pytest.raises(TakenBack, match="it was aborted by ada"):
        runner(tenant, stack).run(MovePlan(strategy=Strategy.REPLICA))
    assert (stack.state().phase, tenant.journal.decision(1)) == (Phase.STEADY, Decision.ABORT)
    assert writes_stopped(tenant.journal.entries()) is None


def test_a_replica_that_has_fallen_behind_in_fenced_is_waited_for_before_the_fence(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack = MovingStack(tenant)
    declare = stack.declare

    def held_up(requested: State) -> None:
        if requested.phase is Phase.FENCED:
            green = server_at(tenant.cloud, tenant.databases.address(GREEN))
            # Its threads run, and RDS calls it normal.
            held.enter_context(as_administrator(green)).cursor().execute("FLUSH TABLES WITH READ LOCK")
        declare(requested)

    monkeypatch.setattr(stack, "declare", held_up)
    monkeypatch.setitem(LIMITS, Condition.TARGET_REPLICATES, timedelta(seconds=2))
    with ExitStack() as held, pytest.raises(Failure, match="follows the source: it is at"):
        runner(tenant, stack).run(MovePlan(strategy=Strategy.REPLICA))
    assert (stack.state().phase, writes_stopped(tenant.journal.entries())) == (Phase.FENCED, None)
