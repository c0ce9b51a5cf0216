"""A move by live, killed in its seed, its cut and behind it while a client writes: the next run goes on.

The tests of this module run in order on a tenant that they share.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from tenantnet.local_cloud.faults import Fault
from tenantnet.local_cloud.process import LocalCloud
from tenantnet.phases.phases import Phase

from tests.support.kills import (
    DECISION,
    LED_BACK,
    PARAMETERS,
    RECORD,
    KilledMove,
    held,
    killed_live_move,
    unwritten,
)
from tests.support.live_trace import strange
from tests.support.moves import database, migrate, status
from tests.support.project import Project

pytestmark = [pytest.mark.long, pytest.mark.timeout(1500)]

ROLLBACK = ("rollback", "acme", "--yes")


@pytest.fixture(scope="module")
def move(cell: Project, cloud: LocalCloud, aws: Any) -> Iterator[KilledMove]:
    with killed_live_move(cell, cloud, aws) as prepared:
        yield prepared


@pytest.mark.parametrize(
    ("fault", "phase"),
    [
        (held("rds RestoreDBInstanceFromDBSnapshot"), Phase.STEADY),
        (held("dynamodb PutItem", DECISION, done=False), Phase.FOLLOWING),
        (held("dynamodb PutItem", DECISION), Phase.FOLLOWING),
        (held(RECORD), Phase.FOLLOWING),
        (held(PARAMETERS, "acme-blue"), Phase.FOLLOWING),
        (unwritten(Phase.SWITCHED), Phase.SWITCHED),
    ],
    ids=[
        "as it restores the seed",
        "in the cut, before its decision",
        "in the cut, behind its decision",
        "behind the record",
        "as the former production becomes read-only",
        "between switch and retirement",
    ],
)
def test_a_run_killed_in_a_call_leaves_the_phase_that_was_reached_last(
    move: KilledMove, fault: Fault, phase: Phase
) -> None:
    move.kill_in(fault)
    assert move.phase == phase


@pytest.mark.parametrize(
    "fault",
    [
        held(PARAMETERS, "acme-blue"),
        held("dynamodb PutItem", LED_BACK, done=False),
        held("dynamodb PutItem", LED_BACK),
        held(PARAMETERS, "acme-green"),
    ],
    ids=[
        "as the former production takes writes again",
        "in the cut, before its decision",
        "in the cut, behind its decision",
        "as the other one becomes read-only",
    ],
)
def test_a_way_back_killed_in_a_call_is_gone_on_with(move: KilledMove, fault: Fault) -> None:
    move.kill_in(fault, command=ROLLBACK)
    outputs = move.project.outputs("acme")
    assert (outputs["phase"], outputs["production"]) == ("switched", "green")


def test_a_retirement_that_comes_in_between_deletes_nothing(move: KilledMove) -> None:
    migrate(move.project, "retire", "acme", "--yes").check()
    outputs = move.project.outputs("acme")
    assert (outputs["phase"], outputs["production"]) == ("switched", "blue")
    assert database(move.aws, "acme-blue")
    assert database(move.aws, "acme-green")
    migrate(move.project, *ROLLBACK).check()
    move.assert_sound()


def test_a_retirement_killed_before_its_deletion_is_finished(move: KilledMove) -> None:
    move.kill_in(held("rds DeleteDBInstance", done=False))
    assert move.phase == Phase.RETIRING


def test_the_last_run_finishes_and_no_acknowledged_write_is_lost(move: KilledMove) -> None:
    move.finish()
    move.assert_finished()


def test_the_journal_tells_every_phase_and_everybody_who_was_at_work(move: KilledMove) -> None:
    move.assert_told(ways_back=2)


def test_the_journal_is_a_trace_of_the_model(move: KilledMove) -> None:
    assert strange(status(move.project)["events"]) is None
