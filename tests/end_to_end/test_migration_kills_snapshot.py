"""A move by snapshot, killed inside and between every two phases while a client writes: the next run goes on.

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

from tests.support.kills import FENCE, PARAMETERS, PUT, RECORD, KilledMove, held, killed_move, unwritten
from tests.support.moves import migrate
from tests.support.processes import wait_until
from tests.support.project import Project

pytestmark = [pytest.mark.long, pytest.mark.timeout(1500)]


@pytest.fixture(scope="module")
def move(acme: Project, cloud: LocalCloud, aws: Any) -> Iterator[KilledMove]:
    with killed_move(acme, cloud, aws, Strategy.SNAPSHOT) as prepared:
        yield prepared


def test_an_abort_behind_a_killed_fence_lets_writes_through_again(move: KilledMove) -> None:
    """Neither the stack nor the journal knows of the fence."""
    move.kill_in(held(PARAMETERS, "acme-blue"))
    assert move.phase == Phase.FENCED
    before = len(move.traffic.acknowledged)
    migrate(move.project, "abort", "acme", "--yes").check()
    wait_until(lambda: len(move.traffic.acknowledged) > before, 30)
    assert move.phase == Phase.STEADY


@pytest.mark.parametrize(
    ("fault", "phase"),
    [
        (held(PUT, FENCE, done=False), Phase.FENCED),
        (held(PARAMETERS, "acme-blue"), Phase.FENCED),
        (unwritten(Phase.FENCED), Phase.FENCED),
        (held("rds CreateDBSnapshot"), Phase.FENCED),
        (held("rds CreateDBParameterGroup"), Phase.FENCED),
        (held("rds RestoreDBInstanceFromDBSnapshot"), Phase.FENCED),
    ],
    ids=[
        "between the fence's phase and the fence",
        "behind the fence, whose answer is lost",
        "behind the fence, which the journal does not know",
        "behind the snapshot",
        "as it makes the copy's parameter group",
        "as it restores the snapshot",
    ],
)
def test_a_run_killed_before_the_copy_is_there_leaves_the_phase_that_was_reached_last(
    move: KilledMove, fault: Fault, phase: Phase
) -> None:
    move.kill_in(fault)
    assert move.phase == phase


def test_a_run_killed_while_the_snapshot_is_restored_leaves_the_tenant_fenced(move: KilledMove) -> None:
    move.kill_within(60)
    assert move.phase == Phase.FENCED


@pytest.mark.parametrize(
    ("fault", "phase"),
    [
        (unwritten(Phase.RESTORED), Phase.RESTORED),
        (held(RECORD, done=False), Phase.RESTORED),
        (held(PARAMETERS, "acme-green"), Phase.RESTORED),
        (unwritten(Phase.SWITCHED), Phase.SWITCHED),
        (held("rds ModifyDBInstance", "acme-blue", done=False), Phase.SWITCHED),
        (unwritten(Phase.RETIRING), Phase.RETIRING),
        (held("rds DeleteDBSnapshot"), Phase.RETIRING),
        (held("rds DeleteDBInstance", done=False), Phase.RETIRING),
    ],
    ids=[
        "between restore and switch",
        "before the record",
        "behind the opening for writes, which the stack does not know",
        "between switch and retirement",
        "before the end of protection",
        "between retirement and deletion",
        "behind the deletion of the snapshot",
        "before the deletion of the former production",
    ],
)
def test_a_run_killed_in_a_call_leaves_the_phase_that_was_reached_last(
    move: KilledMove, fault: Fault, phase: Phase
) -> None:
    move.kill_in(fault)
    assert move.phase == phase


def test_the_last_run_finishes_and_no_acknowledged_write_is_lost(move: KilledMove) -> None:
    move.finish()
    move.assert_finished()


def test_the_journal_tells_every_phase_and_everybody_who_was_at_work(move: KilledMove) -> None:
    move.assert_told()
