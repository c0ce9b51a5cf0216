"""A move by replica, killed inside and between every two phases while a client writes: the next run goes on.

The tests of this module run in order on a tenant that they share.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from tenantnet.local_cloud.faults import Fault
from tenantnet.local_cloud.process import LocalCloud
from tenantnet.phases.phases import Phase
from tenantnet.tags import Strategy
from tenantnet.toolchain.processes import is_running

from tests.support.kills import (
    DECISION,
    FENCE,
    PARAMETERS,
    PUT,
    RECORD,
    KilledMove,
    held,
    killed_move,
    lock_holders,
    unwritten,
)
from tests.support.moves import start, stopped_at
from tests.support.processes import wait_until
from tests.support.project import Project

pytestmark = [pytest.mark.long, pytest.mark.timeout(1500)]

REPLICA = "rds CreateDBInstanceReadReplica"


@pytest.fixture(scope="module")
def move(acme: Project, cloud: LocalCloud, aws: Any) -> Iterator[KilledMove]:
    with killed_move(acme, cloud, aws, Strategy.REPLICA) as prepared:
        yield prepared


@pytest.mark.parametrize(
    "call",
    [
        "rds CreateDBParameterGroup",
        "rds CreateDBSubnetGroup",
        "logs CreateLogGroup",
        "monitoring PutMetricAlarm",
        REPLICA,
    ],
)
def test_a_run_killed_as_it_makes_a_part_of_the_replica_leaves_a_tenant_that_is_steady(
    move: KilledMove, call: str
) -> None:
    """AWS has that part, and the stack knows of none: what is made beside it never reaches AWS.

    In the next run the part is found, deleted and made anew.
    """
    others = ("rds Create*", "logs Create*", "monitoring Put*")
    beside = [held(other, done=False) for other in others if call != REPLICA]
    move.kill_in(held(call), beside)
    assert move.phase == Phase.STEADY


def test_a_replica_that_was_left_is_no_ordinary_updates_business(move: KilledMove) -> None:
    move.project.pulumi("cancel", "--yes", "--stack", "acme").check()
    run = move.project.up("acme")
    assert run.code != 0
    assert "green has a copy of a move whose preparation was interrupted" in run.text
    assert "Nothing was created or changed." in run.text


def test_a_run_killed_while_the_replica_is_made_leaves_a_tenant_that_is_steady(move: KilledMove) -> None:
    move.kill_within(100)
    assert move.phase == Phase.STEADY


def test_a_run_killed_between_replica_and_fence_has_reached_the_replica(move: KilledMove) -> None:
    move.kill_behind(Phase.REPLICATING)
    assert move.phase == Phase.REPLICATING


@pytest.mark.parametrize(
    ("fault", "phase"),
    [
        (held(PUT, FENCE, done=False), Phase.FENCED),
        (held(PARAMETERS, "acme-blue", done=False), Phase.FENCED),
        (held(PARAMETERS, "acme-blue"), Phase.FENCED),
        (unwritten(Phase.FENCED), Phase.FENCED),
        (held("rds PromoteReadReplica"), Phase.FENCED),
        (held(PUT, DECISION, done=False), Phase.FENCED),
        (held(PUT, DECISION), Phase.FENCED),
        (held(RECORD), Phase.FENCED),
        (held(PARAMETERS, "acme-green"), Phase.FENCED),
        (unwritten(Phase.SWITCHED), Phase.SWITCHED),
        (held("rds ModifyDBInstance", "acme-blue"), Phase.SWITCHED),
    ],
    ids=[
        "between the fence's phase and the fence",
        "before the fence",
        "behind the fence, whose answer is lost",
        "behind the fence, which the journal does not know",
        "behind the promotion, which the stack does not know",
        "before the decision",
        "behind the decision",
        "behind the record, which the stack does not know",
        "behind the opening for writes, which the stack does not know",
        "between switch and retirement",
        "behind the end of protection, which the stack does not know",
    ],
)
def test_a_run_killed_in_a_call_leaves_the_phase_that_was_reached_last(
    move: KilledMove, fault: Fault, phase: Phase
) -> None:
    move.kill_in(fault)
    assert move.phase == phase


def test_where_the_killed_runs_pulumi_still_works_the_next_run_says_who_holds_the_lock(
    move: KilledMove,
) -> None:
    """Killed is the runner alone; what it has started ends by itself."""
    with stopped_at(
        move.project, "retiring: remove the former production's protection", *move.command()
    ) as running:
        wait_until(lambda: lock_holders(move.cloud))
        with start(move.project, *move.command()) as second:
            said, _ = second.communicate()
    assert running.wait()
    assert second.returncode == 1
    assert "another update holds the stack's lock: created by" in said
    move.assert_sound()


def test_a_run_killed_between_retirement_and_deletion_has_reached_the_retirement(move: KilledMove) -> None:
    wait_until(lambda: not any(is_running(pid) for pid in lock_holders(move.cloud)))
    move.kill_behind(Phase.RETIRING)
    assert move.phase == Phase.RETIRING


@pytest.mark.parametrize(
    "call", ["rds DeleteDBInstance", "ec2 DeleteVpnConnectionRoute", "ec2 DeleteVpnConnection"]
)
def test_a_run_killed_as_it_deletes_the_former_production_leaves_it_retiring(
    move: KilledMove, call: str
) -> None:
    # Route and database are deleted side by side: the first run is to reach the database alone.
    move.kill_in(held(call), [held("ec2 DeleteVpnConnectionRoute", done=False)])
    assert move.phase == Phase.RETIRING


def test_the_last_run_finishes_and_no_acknowledged_write_is_lost(move: KilledMove) -> None:
    move.finish()
    move.assert_finished()


def test_the_journal_tells_every_phase_and_everybody_who_was_at_work(move: KilledMove) -> None:
    move.assert_told()
