"""A whole live move on real servers, by the APIs of RDS and Route 53, with clients that write; no stack."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from typing import Any

import boto3
import pytest
from tenantnet.failure import Failure
from tenantnet.local_cloud.environment import environment
from tenantnet.local_cloud.mysql.installation import mysql
from tenantnet.local_cloud.process import LocalCloud
from tenantnet.phases.phases import Phase, State
from tenantnet.phases.transitions import Decision
from tenantnet.runner.databases import Databases
from tenantnet.runner.journal_table import JournalTable
from tenantnet.runner.live.accounts import lock, open_accounts
from tenantnet.runner.live.cut import Before, Budgets
from tenantnet.runner.live.cut_journal import CutJournal
from tenantnet.runner.live.move import LONGEST_LAG, LiveMove
from tenantnet.runner.verification import Access, Login
from tenantnet.tags import Slot, Strategy

from tests.support.databases import PASSWORD, Database
from tests.support.generations import GENERATIONS
from tests.support.moves import Traffic, longest_gap
from tests.support.mysql_client import Client, wait_for
from tests.support.network import Network

BLUE, GREEN = Slot.BLUE, Slot.GREEN
LOCKED = 3118
# An idle session: a killed thread of 8.0.15 may wait for ever at a socket that another client has by then.
OLD_FAULT = "acmeadmin (Killed)"
FOLLOWING = State(phase=Phase.FENCED, production=BLUE, strategy=Strategy.REPLICA, move=1)
GOING_BACK = State(phase=Phase.FENCED, production=GREEN, strategy=Strategy.REPLICA, move=2)
SWITCHED = State(phase=Phase.SWITCHED, production=GREEN, strategy=Strategy.REPLICA, move=1)
# Two cores serve two databases, the cloud, and whatever tests run beside.
PATIENT = Budgets(lock=10, sessions=20, level=20)
TICK = (
    "CREATE DATABASE ticking",
    "CREATE TABLE ticking.run (id INT AUTO_INCREMENT PRIMARY KEY, server INT)",
    "CREATE EVENT ticking.tick ON SCHEDULE EVERY 1 SECOND "
    "DO INSERT ticking.run (server) VALUES (@@server_id)",
)


@dataclass
class Ports:
    """Which databases were opened to clients. The local cloud lets everybody in."""

    let_in: list[Slot] = field(default_factory=list)
    fails: bool = False

    def open(self, slot: Slot) -> None:
        if self.fails:
            raise Failure("Could not open it.", reason="AWS does not answer", remedy="try again")
        self.let_in.append(slot)

    def close(self, slot: Slot) -> None:
        self.let_in.clear()

    def opened(self, slot: Slot) -> Mapping[str, str]:
        return {}


@dataclass(frozen=True, kw_only=True)
class Tenant:
    cloud: LocalCloud
    databases: Databases
    journal: JournalTable
    ports: Ports = field(default_factory=Ports)
    told: list[str] = field(default_factory=list)

    @property
    def live(self) -> LiveMove:
        """As one run has it."""
        return LiveMove(
            tenant="acme",
            databases=self.databases,
            journal=self.journal,
            access=Access(login=Login(username="acmeadmin", password=PASSWORD)),
            ports=self.ports,
            parameters={},
            who="ada",
            tell=self.told.append,
        )

    def client(self, slot: Slot) -> Client:
        return Client(cloud=self.cloud, host=self.databases.address(slot))

    def seed(self) -> None:
        """What the update to `following` does: a copy of a snapshot, with its scheduler off."""
        rds = boto3.client("rds")
        rds.create_db_snapshot(DBSnapshotIdentifier="seed", DBInstanceIdentifier="acme-blue")
        rds.get_waiter("db_snapshot_available").wait(DBSnapshotIdentifier="seed", WaiterConfig={"Delay": 1})
        make_group(rds, "acme-green", event_scheduler="OFF")
        rds.restore_db_instance_from_db_snapshot(
            DBInstanceIdentifier="acme-green",
            DBSnapshotIdentifier="seed",
            DBSubnetGroupName="acme-blue",
            DBParameterGroupName="acme-green",
        )
        Database(rds=rds, identifier="acme-green").settled()


def make_group(rds: Any, name: str, **parameters: str) -> None:
    rds.create_db_parameter_group(
        DBParameterGroupName=name, DBParameterGroupFamily="mysql8.4", Description="its own"
    )
    for parameter, value in {"read_only": "0", **parameters}.items():
        rds.modify_db_parameter_group(
            DBParameterGroupName=name,
            Parameters=[{"ParameterName": parameter, "ParameterValue": value, "ApplyMethod": "immediate"}],
        )


def make_journal(cell: str) -> JournalTable:
    keys = {"tenant": "HASH", "at": "RANGE"}
    boto3.client("dynamodb").create_table(
        TableName=f"tenantnet-{cell}-journal",
        KeySchema=[{"AttributeName": name, "KeyType": kind} for name, kind in keys.items()],  # type: ignore[typeddict-item] # its words
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in keys],
        BillingMode="PAY_PER_REQUEST",
    )
    return JournalTable.of(cell, "eu-west-1", "acme")


@pytest.fixture(params=GENERATIONS)
def tenant(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tenant]:
    """Its database is blue, with events, and a name that leads to it."""
    if not mysql(request.param).folder.is_dir():
        pytest.skip(f"MYSQL {request.param} IS NOT TESTED: it is not installed")
    with (
        LocalCloud(tmp_path_factory.mktemp("cloud"), mysql=request.param) as cloud,
        tenant_of(cloud) as found,
    ):
        yield found


@contextmanager
def tenant_of(cloud: LocalCloud) -> Iterator[Tenant]:
    """The only one of a cloud."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment(cloud.state_dir).items():
            patch.setenv(name, value)
        rds, route53 = boto3.client("rds"), boto3.client("route53")
        make_group(rds, "acme-blue")
        network = Network.create(boto3.client("ec2"))
        Database.create(rds, "acme-blue", network, DBParameterGroupName="acme-blue")
        zone = route53.create_hosted_zone(Name="db.example.com", CallerReference="1")["HostedZone"]["Id"]
        databases = Databases("acme", "eu-west-1", zone, "acme.db.example.com")
        databases.lead_endpoint_to(databases.address(BLUE))
        yield Tenant(cloud=cloud, databases=databases, journal=make_journal("eu1"))


def server_ids(client: Client) -> list[int]:
    return [number for (number,) in client.run("SELECT server FROM ticking.run ORDER BY id")]


def test_a_tenants_clients_come_over_in_a_moment_and_the_former_production_follows(tenant: Tenant) -> None:
    live, blue = tenant.live, tenant.client(BLUE)
    blue.run(*TICK)
    live.get_ready(BLUE)
    tenant.seed()
    green = tenant.client(GREEN)
    compared: list[tuple[str, float | None]] = []
    with Traffic(tenant.cloud) as traffic:
        live.follow(FOLLOWING)
        lag = live.follow(FOLLOWING)
        assert lag is not None
        assert 0 <= lag < LONGEST_LAG
        assert green.refused("SELECT 1") == LOCKED
        assert live.differences(FOLLOWING, lambda *told: compared.append(told)) == []
        wait_for(lambda: len(traffic.acknowledged) > 20)
        print(f"\nrehearsed: {live.rehearse(FOLLOWING)}")
        outcome = live.cut(FOLLOWING, PATIENT, nullcontext)
        if OLD_FAULT in (outcome.why_back or "") and blue.run("SELECT @@version") == [("8.0.15",)]:
            pytest.skip("THE REST IS NOT TESTED: 8.0.15 has kept a killed session, see docs/local-cloud.md")
        assert outcome.why_back is None, outcome
        before = len(traffic.acknowledged)
        wait_for(lambda: len(traffic.acknowledged) > before + 20)
        # As the update to `switched` does.
        tenant.databases.set_read_only(BLUE, read_only=True)
        assert live.follow_back(SWITCHED) == "the former production follows the new one"
        before = len(traffic.acknowledged)
        wait_for(lambda: len(traffic.acknowledged) > before + 20)
        gap = longest_gap(traffic.writes_at)
    assert compared[-1][0].endswith("tables or chunks left: 0")
    assert set(traffic.acknowledged) <= traffic.kept()
    assert tenant.ports.let_in == [GREEN]
    assert tenant.journal.decision(1) is Decision.SWITCH
    # A client that asks for the name each time sees the servers' own gap, and the cloud's own for the record.
    print(f"\n{outcome.parts}; longest gap in writes {gap:.2f} s")
    ids = server_ids(green)
    assert sorted(ids, key=ids.index) == ids, "an event ran on both"
    assert len(set(ids)) == 2
    assert blue.refused("SELECT 1") == LOCKED
    assert live.differences(GOING_BACK, lambda *_: None) == []
    live.retire(SWITCHED)
    live.forget(GREEN)
    assert green.run("SELECT user FROM mysql.user WHERE user LIKE 'tenantnet%'") == []


def test_a_move_that_cannot_begin_leaves_no_account_behind(tenant: Tenant) -> None:
    blue = tenant.client(BLUE)
    blue.run("CREATE DATABASE app", "CREATE TABLE app.heap (id INT) ENGINE=MyISAM")
    with pytest.raises(Failure, match=r"app\.heap"):
        tenant.live.get_ready(BLUE)
    assert blue.run("SELECT user FROM mysql.user WHERE user LIKE 'tenantnet%'") == []


def test_a_login_without_the_masters_rights_is_named_and_leaves_no_account_behind(tenant: Tenant) -> None:
    blue = tenant.client(BLUE)
    blue.run("CREATE USER reader@'%' IDENTIFIED BY 'Another-Horse-8'", "GRANT SELECT ON *.* TO reader@'%'")
    reader = Access(login=Login(username="reader", password="Another-Horse-8"))
    with pytest.raises(Failure, match=r"has not the master user's rights: .*CREATE USER"):
        replace(tenant.live, access=reader).get_ready(BLUE)
    assert blue.run("SELECT user FROM mysql.user WHERE user LIKE 'tenantnet%'") == []


def test_a_cut_that_was_cut_off_is_taken_back_or_carried_out_by_the_next_run(tenant: Tenant) -> None:
    live, blue = tenant.live, tenant.client(BLUE)
    blue.run(*TICK)
    live.get_ready(BLUE)
    tenant.seed()
    live.follow(FOLLOWING)
    # A run that is killed between its lock and its decision.
    with live._servers(GREEN) as servers:
        before = Before(accounts=open_accounts(servers.source, servers.keep), events=())
        CutJournal(tenant.journal, 1, "ada", GREEN).begin(before)
        lock(servers.source, before.accounts)
    assert blue.refused("SELECT 1") == LOCKED
    assert live.take_back(FOLLOWING)
    assert live.take_back(FOLLOWING)
    assert blue.refused("SELECT 1") == 0
    # A run that AWS does not answer behind its decision.
    tenant.ports.fails = True
    with pytest.raises(Failure):
        live.cut(FOLLOWING, PATIENT, nullcontext)
    tenant.ports.fails = False
    assert not live.take_back(FOLLOWING)
    live.finish(FOLLOWING)
    live.finish(FOLLOWING)
    assert (blue.refused("SELECT 1"), tenant.client(GREEN).refused("SELECT 1")) == (LOCKED, 0)
    assert tenant.databases.endpoint_address() == tenant.databases.address(GREEN)
    wait_for(lambda: len(set(server_ids(tenant.client(GREEN)))) == 2)
