"""The guards of a move, looking at databases through RDS's API: what holds, and what is said where not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from mypy_boto3_cloudwatch import CloudWatchClient
from mypy_boto3_rds import RDSClient
from tenantnet.failure import Failure
from tenantnet.local_cloud.process import LocalCloud
from tenantnet.phases.journal import Entry, What
from tenantnet.phases.phases import Phase, State
from tenantnet.phases.transitions import Condition
from tenantnet.runner.databases import Databases, Windows
from tenantnet.runner.guards import Guards
from tenantnet.runner.inspector import WithoutLogin
from tenantnet.tags import Slot, Strategy

from tests.support.aws import lead_here
from tests.support.databases import Database
from tests.support.network import Network

BLUE, GREEN = Slot.BLUE, Slot.GREEN
FENCED = State(phase=Phase.FENCED, production=BLUE, strategy=Strategy.REPLICA, move=1)
SHORT = timedelta(seconds=0.2)


class Tenant:
    """A tenant whose blue database is replicated to green, as the stack names them."""

    def __init__(self, rds: RDSClient, name: str, network: Network) -> None:
        self.rds, self.name = rds, name
        for slot in Slot:
            rds.create_db_parameter_group(
                DBParameterGroupName=f"{name}-{slot}", DBParameterGroupFamily="mysql8.4", Description="x"
            )
        self.blue = Database.create(rds, f"{name}-blue", network, DBParameterGroupName=f"{name}-blue")
        rds.create_db_instance_read_replica(
            DBInstanceIdentifier=f"{name}-green",
            SourceDBInstanceIdentifier=f"{name}-blue",
            DBParameterGroupName=f"{name}-green",
        )
        self.green = Database(rds=rds, identifier=f"{name}-green").settled()
        self.databases = Databases(name, "eu-west-1", "Z0", f"{name}.db.example.com")
        self.entries: list[Entry] = []
        self.guards = Guards(self.databases, lambda _: self.entries, WithoutLogin(self.databases))

    def fenced(self, at: datetime) -> None:
        for what in (What.WRITES_STOPPED, What.REACHED):
            self.entries.append(Entry(at=at, move=1, what=what, phase=Phase.FENCED, who="ada"))

    def holds(self, condition: Condition) -> bool:
        return self.guards.look(condition, FENCED).holds


@pytest.fixture
def tenant(
    rds: RDSClient, name: str, network: Network, cloud: LocalCloud, monkeypatch: pytest.MonkeyPatch
) -> Tenant:
    lead_here(monkeypatch, cloud)
    return Tenant(rds, name, network)


@pytest.fixture
def report_lag(client: Callable[[str], CloudWatchClient], tenant: Tenant) -> Callable[[float], None]:
    cloudwatch = client("cloudwatch")

    def report(seconds: float) -> None:
        dimensions = [{"Name": "DBInstanceIdentifier", "Value": f"{tenant.name}-green"}]
        cloudwatch.put_metric_data(
            Namespace="AWS/RDS",
            MetricData=[{"MetricName": "ReplicaLag", "Dimensions": dimensions, "Value": seconds}],  # type: ignore[typeddict-item] # a list of pairs
        )

    return report


def test_a_source_is_read_only_once_its_parameter_says_so(tenant: Tenant) -> None:
    assert not tenant.holds(Condition.SOURCE_READ_ONLY)
    tenant.databases.set_read_only(BLUE, read_only=True)
    tenant.blue.settled()
    tenant.fenced(datetime.now(UTC) - timedelta(minutes=4))
    assert tenant.holds(Condition.SOURCE_READ_ONLY)
    tenant.databases.set_read_only(BLUE, read_only=False)
    assert not tenant.holds(Condition.SOURCE_READ_ONLY)


def test_a_parameter_that_waits_for_a_reboot_keeps_no_move_waiting(tenant: Tenant) -> None:
    """RDS calls the group `pending-reboot` then, whatever else is in force or not."""
    tenant.rds.modify_db_parameter_group(
        DBParameterGroupName=f"{tenant.name}-blue",
        Parameters=[{"ParameterName": "gtid-mode", "ParameterValue": "ON", "ApplyMethod": "pending-reboot"}],
    )
    assert tenant.holds(Condition.SOURCE_WRITABLE)
    tenant.databases.set_read_only(BLUE, read_only=True)
    tenant.fenced(datetime.now(UTC) - timedelta(minutes=4))
    seen: list[tuple[str, bool]] = []
    while seen[-1:] != [("available", True)] or ("modifying", False) not in seen:
        found = tenant.databases.instance(BLUE)
        assert found is not None
        seen.append((found.status, found.parameters_in_force))
    assert ("modifying", True) not in seen
    assert tenant.holds(Condition.SOURCE_READ_ONLY)


@pytest.mark.parametrize("declared", [None, "2"])
def test_a_parameter_is_set_for_a_while_and_is_then_what_is_declared(
    tenant: Tenant, declared: str | None
) -> None:
    """Whatever a killed run has left."""
    name, group = "replica_parallel_workers", f"{tenant.name}-green"
    tenant.databases.set_parameter(GREEN, name, "1")

    def found() -> str | None:
        set_by_somebody = tenant.rds.describe_db_parameters(DBParameterGroupName=group, Source="user")
        values = {each["ParameterName"]: each["ParameterValue"] for each in set_by_somebody["Parameters"]}
        return values.get(name)

    with tenant.databases.with_parameter(GREEN, name, "1", declared):
        assert found() == "1"
    assert found() == declared


def test_without_a_login_rdss_word_for_the_fence_is_believed_only_some_minutes_later(tenant: Tenant) -> None:
    tenant.fenced(datetime.now(UTC))
    tenant.databases.set_read_only(BLUE, read_only=True)
    assert tenant.blue.settled().described()["DBParameterGroups"][0]["ParameterApplyStatus"] == "in-sync"
    seen = tenant.guards.look(Condition.SOURCE_READ_ONLY, FENCED)
    assert (seen.holds, seen.seen) == (False, "no server was asked; RDS has 0:03:00 from the fence on")


def test_the_databases_are_at_rest_when_rds_does_nothing_to_either(tenant: Tenant) -> None:
    assert tenant.holds(Condition.AT_REST)
    # On a slow machine a snapshot is over before anybody has looked.
    for number in range(1, 30):
        tenant.databases.take_snapshot(BLUE, number)
        seen = tenant.guards.look(Condition.AT_REST, FENCED)
        if not seen.holds:
            break
    assert (seen.holds, seen.seen) == (False, "blue is backing-up, green is available")
    assert tenant.guards.wait(Condition.AT_REST, FENCED).holds


def test_a_call_that_rds_refuses_meanwhile_is_made_again(tenant: Tenant) -> None:
    tenant.databases.take_snapshot(BLUE, 1)
    tenant.databases.make_way(BLUE)
    tenant.databases.take_snapshot(BLUE, 2)
    assert tenant.databases.snapshot_status(2)


def test_way_is_made_by_protection_and_windows_that_are_hours_away(tenant: Tenant) -> None:
    tenant.databases.make_way(GREEN)
    described = tenant.green.described()
    assert described["DeletionProtection"] is True
    begin = datetime.now(UTC) + timedelta(hours=20)
    minutes = {f"{begin - timedelta(minutes=each):%H:%M}" for each in range(3)}
    assert described["PreferredBackupWindow"][:5] in minutes
    assert described["PreferredMaintenanceWindow"][:3] == f"{begin + timedelta(hours=52):%a}".lower()


def test_windows_come_back_after_a_move_where_somebody_has_chosen_them(tenant: Tenant) -> None:
    tenant.databases.make_way(GREEN)
    moved = tenant.green.settled().described()
    tenant.databases.give_windows_back(GREEN)
    assert tenant.green.described()["PreferredBackupWindow"] == moved["PreferredBackupWindow"]
    chosen = Windows("03:00-03:30", "sun:04:00-sun:04:30")
    Databases(tenant.name, "eu-west-1", "Z0", "x.example.com", windows=chosen).give_windows_back(GREEN)
    described = tenant.green.settled().described()
    assert (described["PreferredBackupWindow"], described["PreferredMaintenanceWindow"]) == chosen


def test_a_promotion_keeps_as_many_days_of_backups_as_the_stack_declares(tenant: Tenant) -> None:
    tenant.databases.promote(GREEN)
    assert tenant.green.settled().described()["BackupRetentionPeriod"] == 14


def test_a_parameter_that_is_set_is_not_set_again(tenant: Tenant) -> None:
    tenant.databases.set_read_only(GREEN, read_only=False)
    assert tenant.green.settled().described()["DBInstanceStatus"] == "available"
    tenant.databases.set_read_only(GREEN, read_only=True)
    tenant.green.settled()
    tenant.databases.set_read_only(GREEN, read_only=True)
    assert tenant.green.described()["DBParameterGroups"][0]["ParameterApplyStatus"] == "in-sync"


def test_a_promoted_replica_is_independent_and_replicates_no_more(tenant: Tenant) -> None:
    assert tenant.holds(Condition.TARGET_REPLICATES)
    assert not tenant.holds(Condition.TARGET_INDEPENDENT)
    tenant.databases.promote(GREEN)
    assert not tenant.holds(Condition.TARGET_INDEPENDENT)
    tenant.green.settled()
    assert not tenant.holds(Condition.TARGET_REPLICATES)
    assert tenant.holds(Condition.TARGET_INDEPENDENT)


def test_promoting_twice_is_no_error(tenant: Tenant) -> None:
    for _ in range(2):
        tenant.databases.promote(GREEN)
        tenant.green.settled()
    assert tenant.holds(Condition.TARGET_INDEPENDENT)


def test_a_lag_measured_before_the_fence_says_nothing(
    tenant: Tenant, report_lag: Callable[[float], None]
) -> None:
    report_lag(0)
    tenant.fenced(datetime.now(UTC) + timedelta(seconds=5))
    assert not tenant.holds(Condition.TARGET_CAUGHT_UP)


def test_a_move_that_goes_on_days_after_its_fence_reads_the_lag_of_now(
    tenant: Tenant, report_lag: Callable[[float], None]
) -> None:
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricStatistics.html."""
    tenant.fenced(datetime.now(UTC) - timedelta(days=3))
    report_lag(0)
    assert tenant.holds(Condition.TARGET_CAUGHT_UP)


@pytest.mark.parametrize(("lag", "caught_up"), [(0, True), (3, False), (-1, False)])
def test_a_replica_has_caught_up_when_it_was_not_behind_since_the_fence(
    tenant: Tenant, report_lag: Callable[[float], None], lag: float, caught_up: bool
) -> None:
    tenant.fenced(datetime.now(UTC) - timedelta(seconds=5))
    report_lag(lag)
    assert tenant.holds(Condition.TARGET_CAUGHT_UP) is caught_up


def test_a_replica_that_somebody_else_promoted_has_not_caught_up(tenant: Tenant) -> None:
    now = datetime.now(UTC)
    tenant.fenced(now)
    tenant.databases.promote(GREEN)
    tenant.green.settled()
    assert not tenant.holds(Condition.TARGET_CAUGHT_UP)
    tenant.entries.append(Entry(at=now, move=1, what=What.BEGAN, phase=Phase.PROMOTED, who="ada"))
    assert tenant.holds(Condition.TARGET_CAUGHT_UP)


def test_the_snapshot_of_a_move_is_taken_once_and_deleted_once(tenant: Tenant) -> None:
    assert not tenant.holds(Condition.SNAPSHOT_TAKEN)
    for _ in range(2):
        tenant.databases.take_snapshot(BLUE, 1)
        tenant.blue.settled()
    assert tenant.holds(Condition.SNAPSHOT_TAKEN)
    for _ in range(2):
        tenant.databases.delete_snapshots(1)
    assert not tenant.holds(Condition.SNAPSHOT_TAKEN)


def test_a_protected_copy_is_not_given_up(tenant: Tenant, rds: RDSClient) -> None:
    assert tenant.holds(Condition.COPY_UNPROTECTED)
    rds.modify_db_instance(DBInstanceIdentifier=f"{tenant.name}-green", DeletionProtection=True)
    assert not tenant.holds(Condition.COPY_UNPROTECTED)


def test_a_guard_that_reaches_its_limit_says_what_it_saw_and_where_the_tenant_stays(tenant: Tenant) -> None:
    with pytest.raises(Failure) as failure:
        tenant.guards.wait(Condition.SOURCE_READ_ONLY, FENCED, SHORT)
    assert "read_only is 0" in failure.value.reason
    assert failure.value.state == "The tenant stays in phase fenced."


def test_a_database_that_is_not_there_is_said_so(tenant: Tenant, name: str) -> None:
    databases = Databases(f"{name}-x", "eu-west-1", "Z0", "x.db.example.com")
    nobody = Guards(databases, lambda _: [], WithoutLogin(databases))
    for condition in (Condition.TARGET_REPLICATES, Condition.SOURCE_READ_ONLY, Condition.TARGET_WRITABLE):
        sight = nobody.look(condition, FENCED)
        assert (sight.holds, sight.seen.startswith("there is no")) == (False, True)
