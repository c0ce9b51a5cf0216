"""The runner's steps of a live move: what each phase does to real servers, in order. The stack is a stand-in.

It does through RDS's API what the updates of a tenant's stack do to the databases.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from tenantnet.failure import Failure
from tenantnet.local_cloud.process import LocalCloud
from tenantnet.phases.journal import Entry, Topic, What, gap_acts
from tenantnet.phases.phases import Phase, State
from tenantnet.phases.transitions import Decision
from tenantnet.runner.copies import Copies, CopyPart
from tenantnet.runner.databases import describe_instance
from tenantnet.runner.inspector import WithLogin, WithoutLogin
from tenantnet.runner.live import cut, gate
from tenantnet.runner.live.cut_journal import CutJournal
from tenantnet.runner.live.session import GuardError
from tenantnet.runner.runner import MovePlan, Runner
from tenantnet.runner.stop import Stop, TakenBack
from tenantnet.tags import Slot, Strategy, seed_snapshot_name

from tests.local_cloud.test_live_move import (
    BLUE,
    GREEN,
    LOCKED,
    TICK,
    Tenant,
    make_group,
    server_ids,
    tenant,
    tenant_of,
)
from tests.support.databases import Database
from tests.support.live_trace import strange
from tests.support.moves import Traffic, longest_gap
from tests.support.mysql_client import wait_for

__all__ = ["tenant"]
NETWORKS = {BLUE: "10.1.2.0/26", GREEN: "10.9.8.64/26"}
MOVE = MovePlan(strategy=Strategy.LIVE, retire_after=timedelta(hours=1))
GO_ON = MovePlan(retire_after=timedelta(hours=1))
LEAVER_IS_LOCKED = "SELECT account_locked FROM mysql.user WHERE user = 'leaver'"
hold = cut._hold
OWN_ACCOUNTS = "SELECT user FROM mysql.user WHERE user LIKE 'tenantnet%'"


class Stack:
    """Keeps the phase, and does to the databases what an update to it does."""

    def __init__(self) -> None:
        self._state = State(phase=Phase.STEADY, production=BLUE, networks=NETWORKS)

    def state(self) -> State:
        return self._state

    def adopt(self, slot: Slot) -> None:
        """Nothing: it remembers no resources."""

    def adopt_rules(self, slot: Slot) -> None:
        """Nothing, as above."""

    def parts(self) -> set[CopyPart]:
        return set(Copies("acme", "eu-west-1").parts(GREEN))

    def update(
        self, requested: State, ahead: Callable[[], None], _opened: Mapping[str, str] | None = None
    ) -> None:
        ahead()
        rds, other = boto3.client("rds"), f"acme-{requested.production.other}"
        if requested.phase is Phase.FOLLOWING:
            make_group(rds, other, event_scheduler="OFF")
            rds.restore_db_instance_from_db_snapshot(
                DBInstanceIdentifier=other,
                DBSnapshotIdentifier=seed_snapshot_name("acme", requested.move),
                DBSubnetGroupName="acme-blue",
                DBParameterGroupName=other,
            )
        if describe_instance(rds, other):
            if requested.phase in (Phase.RETIRING, Phase.ABORTING):
                rds.modify_db_instance(
                    DBInstanceIdentifier=other, DeletionProtection=False, ApplyImmediately=True
                )
            if requested.phase is Phase.STEADY:
                Database(rds=rds, identifier=other).delete()
            else:
                Database(rds=rds, identifier=other).settled()
        self._state = requested


def runner(
    tenant: Tenant, stack: Stack, *, login: bool = True, at: Callable[[str], None] = lambda _: None
) -> Runner:
    return Runner(
        "acme",
        stack=stack,  # type: ignore[arg-type] # a stand-in
        journal=tenant.journal,
        databases=tenant.databases,
        copies=Copies("acme", "eu-west-1"),
        tell=tenant.told.append,
        at=at,
        inspector=WithLogin(tenant.databases, tenant.live.access)
        if login
        else WithoutLogin(tenant.databases),
        live=tenant.live if login else None,
        stop=Stop(tenant.told.append),
    )


def test_a_run_leads_clients_over_and_the_next_ones_go_on_to_the_end(tenant: Tenant) -> None:
    tenant.client(BLUE).run(*TICK)
    stack, at = Stack(), list[str]()
    with Traffic(tenant.cloud) as traffic:
        switched = runner(tenant, stack, at=at.append).run(MOVE)
    assert (switched.phase, switched.production) == (Phase.SWITCHED, GREEN), tenant.told
    # What is said while one of them takes long; the lines in between are about what has ended.
    waits = "following: wait until nothing is in the way (no backup, change or lock)"
    update = next(line for line in tenant.told if line.startswith("following: "))
    assert at.index(waits) < at.index(update)
    assert set(traffic.acknowledged) <= traffic.kept()
    # Two cores serve two databases, the cloud and whatever tests run beside.
    assert longest_gap(traffic.writes_at) < 10, tenant.told
    assert tenant.client(BLUE).refused("SELECT 1") == LOCKED
    assert runner(tenant, stack).run(GO_ON).phase is Phase.SWITCHED
    assert tenant.told[-1] == "switched: the former production follows the new one"
    acts = ["begun", "locked", "sessions gone", "level", "decided", "open"]
    assert [act for act, _ in gap_acts(tenant.journal.entries())] == acts
    lead_back_and_over_again(tenant, stack)
    assert runner(tenant, stack).retire().phase is Phase.STEADY
    green = tenant.client(GREEN)
    assert green.run(OWN_ACCOUNTS) == []
    wait_for(lambda: len(set(server_ids(green))) == 2)
    entries = tenant.journal.entries()
    assert strange(map(asdict, entries)) is None
    assert {Topic.LAG, Topic.COMPARISON, Topic.CUT} <= {entry.topic for entry in entries}


def lead_back_and_over_again(tenant: Tenant, stack: Stack) -> None:
    """Once by a run that goes through, and once by one that AWS does not answer behind its decision."""
    with Traffic(tenant.cloud) as traffic:
        locked_out(tenant, stack)
        cut_off(tenant, stack)
        led_back = runner(tenant, stack).roll_back(BLUE)
        assert (led_back.phase, led_back.production) == (Phase.SWITCHED, BLUE), tenant.told
        assert tenant.told[-1] == "switched: the former production follows the new one"
        assert tenant.client(GREEN).refused("SELECT 1") == LOCKED
        before = len(traffic.acknowledged)
        wait_for(lambda: len(traffic.acknowledged) > before + 20)
        # Somebody who has asked for the same at the same time.
        assert runner(tenant, stack).roll_back(BLUE) == led_back
        tenant.ports.fails = True
        with pytest.raises(Failure, match="AWS does not answer"):
            runner(tenant, stack).roll_back(GREEN)
        tenant.ports.fails = False
        # It would delete what is in production by now: it goes no further than the record.
        over = runner(tenant, stack).retire()
    assert (over.phase, over.production) == (Phase.SWITCHED, GREEN), tenant.told
    assert set(traffic.acknowledged) <= traffic.kept()
    assert tenant.client(BLUE).refused("SELECT 1") == LOCKED


def locked_out(tenant: Tenant, stack: Stack) -> None:
    """A run that is killed right before its decision to lead clients back, and the next one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(CutJournal, "decide", killed)
        with pytest.raises(SystemExit):
            runner(tenant, stack).roll_back(BLUE)
    assert [tenant.client(slot).refused("SELECT 1") for slot in Slot] == [LOCKED] * 2
    assert runner(tenant, stack).run(GO_ON).production is GREEN
    assert tenant.told[-1] == "switched: the former production follows the new one"
    assert [tenant.client(slot).refused("SELECT 1") for slot in (BLUE, GREEN)] == [LOCKED, 0]
    former = tenant.databases.instance(BLUE)
    assert former is not None
    assert former.read_only


def cut_off(tenant: Tenant, stack: Stack) -> None:
    """A run that loses its sessions behind the fence of a way back takes that back itself."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cut, "_hold", held_and_cut_off)
        with pytest.raises(Failure, match="Could not lead the clients over"):
            runner(tenant, stack).roll_back(BLUE)
    assert [tenant.client(slot).refused("SELECT 1") for slot in (BLUE, GREEN)] == [LOCKED, 0]
    assert tenant.told[-1] == "switched: the former production follows the new one"


def killed(*_: object) -> None:
    raise SystemExit


def test_a_move_that_is_taken_back_leaves_the_production_as_it_was(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack, blue = Stack(), tenant.client(BLUE)
    blue.run("CREATE USER leaver")
    with monkeypatch.context() as patch:
        patch.setattr(cut, "_hold", held_in_vain)
        with pytest.raises(Failure, match="clients were not led over"):
            runner(tenant, stack).run(MOVE)
    assert stack.state().phase is Phase.FOLLOWING
    assert blue.run(LEAVER_IS_LOCKED) == [("N",)]
    blue.run("ALTER USER leaver ACCOUNT LOCK")
    with monkeypatch.context() as patch:
        patch.setattr(gate, "wait", killed)
        with pytest.raises(SystemExit):
            runner(tenant, stack).run(GO_ON)
    assert blue.run(LEAVER_IS_LOCKED) == [("Y",)]
    steady = runner(tenant, stack).abort()
    assert (steady.phase, steady.production) == (Phase.STEADY, BLUE)
    assert blue.run(LEAVER_IS_LOCKED) == [("Y",)]
    assert blue.run(OWN_ACCOUNTS) == []
    assert tenant.journal.decision(1) is Decision.ABORT
    assert strange(map(asdict, tenant.journal.entries())) is None


def held_in_vain(*arguments: Any) -> None:
    hold(*arguments)
    raise GuardError("something else is in the way")


def held_and_cut_off(servers: cut.Servers, *arguments: Any) -> None:
    hold(servers, *arguments)
    servers.source.close()
    raise GuardError("nobody answers")


@pytest.fixture
def without_servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tenant]:
    """Its databases are simulated."""
    cloud = LocalCloud(tmp_path_factory.mktemp("cloud"), real_databases=False)
    with cloud as running, tenant_of(running) as found:
        yield found


def test_a_first_step_by_replica_is_taken_back_without_a_login(without_servers: Tenant) -> None:
    """The stack does not remember how the move began, so it takes what it removes for one that may follow."""
    now = datetime.now(UTC)
    without_servers.journal.write(Entry(at=now, move=1, what=What.BEGAN, phase=Phase.REPLICATING, who="ada"))
    steady = runner(without_servers, Stack(), login=False).abort()
    assert (steady.phase, steady.production) == (Phase.STEADY, BLUE)


def test_a_run_whose_move_somebody_has_aborted_takes_it_back_says_who_and_when_and_fails(
    without_servers: Tenant,
) -> None:
    journal, at = without_servers.journal, datetime(2026, 12, 1, 1, tzinfo=UTC)
    began = Entry(at=at, move=1, what=What.BEGAN, phase=Phase.REPLICATING, who="ada@desk pid 7")
    journal.write(began)
    journal.decide(1, Decision.ABORT, "bob@desk pid 8")
    decided = replace(
        began, at=at + timedelta(minutes=1), what=What.DECIDED, who="bob@desk pid 8", note="abort"
    )
    journal.write(decided)
    stack = Stack()
    with pytest.raises(TakenBack) as failed:
        runner(without_servers, stack, login=False).run(MovePlan(strategy=Strategy.REPLICA))
    assert failed.value.reason == "it was aborted by bob@desk pid 8 at 2026-12-01 01:01:00 UTC"
    assert (stack.state().phase, stack.state().production) == (Phase.STEADY, BLUE)
    # What it asks for later is another move.
    assert runner(without_servers, stack, login=False).run(MovePlan()).phase is Phase.STEADY


def test_a_run_that_carries_out_what_another_one_decided_says_so_in_the_journal(tenant: Tenant) -> None:
    stack = Stack()
    tenant.ports.fails = True
    with pytest.raises(Failure, match="AWS does not answer"):
        runner(tenant, stack).run(MOVE)
    assert tenant.journal.decision(1) is Decision.SWITCH
    tenant.ports.fails = False
    assert runner(tenant, stack).run(GO_ON).phase is Phase.SWITCHED
    entries = tenant.journal.entries()
    assert [entry.note for entry in entries if entry.what is What.DECIDED] == [
        "switch, by a run that has ended"
    ]
    assert strange(map(asdict, entries)) is None
