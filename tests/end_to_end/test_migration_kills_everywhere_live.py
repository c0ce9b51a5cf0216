"""Forty kills in a move by live, its ways back and its end: of all that take part, in each act, under writes.

They are the same in each run, of the later MySQL: `test_migration_kills_live` kills on the earlier one. The
tests of this module run in order on a tenant that they share. A part of them comes without the others, by
`-k "back0 or finally"` for example, which are the first nine on the way back, or `-k "over13 or finally"`.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import pytest
from tenantnet.local_cloud.faults import Fault
from tenantnet.local_cloud.mysql.installation import Generation
from tenantnet.local_cloud.process import LocalCloud
from tenantnet.phases.phases import Phase
from tenantnet.tags import Slot

from tests.support.kills import (
    DECISION,
    FENCE,
    PARAMETERS,
    PUT,
    RECORD,
    KilledMove,
    Victim,
    held,
    killed_live_move,
    unwritten,
)
from tests.support.live_trace import strange
from tests.support.moves import migrate, status
from tests.support.project import Project
from tests.support.raw_servers import installed

pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]

RUN = ("run", "acme", "--now", "--strategy", "live")
ROLLBACK, RETIRE = ("rollback", "acme", "--yes"), ("retire", "acme", "--yes")
CUT_BEGINS = '"before": {"S"'
PORT, SHUT = "ec2 AuthorizeSecurityGroupIngress", "ec2 RevokeSecurityGroupIngress"
# Each once, in the order in which a move comes to them: who is killed can be found again by the next run.
OVER = (
    ("as the snapshot is taken", held("rds CreateDBSnapshot"), Victim.RUN),
    ("as the copy is made", held("rds RestoreDBInstanceFromDBSnapshot", done=False), Victim.PULUMI),
    ("as the copy is made", held("rds RestoreDBInstanceFromDBSnapshot", done=False), Victim.PLUGIN),
    ("as the copy is made", held("rds RestoreDBInstanceFromDBSnapshot"), Victim.RUN),
    ("as the comparison begins", held(PARAMETERS, "parallel_workers"), Victim.RUN),
    ("between gate and fence", held(PUT, FENCE, done=False), Victim.RUN),
    ("as the cut begins", held(PUT, CUT_BEGINS), Victim.RUN),
    ("before the decision", held(PUT, DECISION, done=False), Victim.RUN),
    ("behind the decision", held(PUT, DECISION), Victim.RUN),
    ("behind the record", held(RECORD), Victim.RUN),
    ("as the port is opened", held(PORT), Victim.RUN),
    ("as the former production becomes read-only", held(PARAMETERS, "acme-blue"), Victim.RUN),
    ("as the update shuts the former production", held(SHUT, done=False), Victim.PLUGIN),
    ("as the update shuts the former production", held(SHUT, done=False), Victim.PULUMI),
    ("behind the switch", unwritten(Phase.SWITCHED), Victim.RUN),
)
# Of a way back, which leads to one database and then to the other.
ACTS: Mapping[str, Callable[[Slot], Fault]] = {
    "as it takes writes again": lambda to: held(PARAMETERS, f"acme-{to}"),
    "between gate and fence": lambda _: held(PUT, FENCE, done=False),
    "as the cut begins, or the last one is taken back": lambda _: held(PUT, CUT_BEGINS),
    "before the decision": lambda to: held(PUT, f'"ledTo": {{"S": "{to}"}}', done=False),
    "behind the decision": lambda to: held(PUT, f'"ledTo": {{"S": "{to}"}}'),
    "behind the record": lambda _: held(RECORD),
    "as the port is opened": lambda _: held(PORT),
    "as the other one becomes read-only": lambda to: held(PARAMETERS, f"acme-{to.other}"),
}
VICTIMS = (Victim.RUN, Victim.RUNNER, Victim.BLUE, Victim.GREEN, Victim.CLOUD)
KILLS_ON_THE_WAY_BACK = 22
RETIREMENT = (
    ("behind the end of protection", unwritten(Phase.RETIRING), Victim.RUN),
    ("as the former production is deleted", held("rds DeleteDBInstance", done=False), Victim.PLUGIN),
    ("as the former production is deleted", held("rds DeleteDBInstance", done=False), Victim.PULUMI),
)


def ways_back(seed: int = 15) -> list[tuple[str, Victim]]:
    """Each act, and each victim, as often as the others, in an order that the seed gives."""
    acts, victims = [*ACTS], [*VICTIMS]
    chosen = random.Random(seed)  # noqa: S311 - no secret
    chosen.shuffle(acts)
    chosen.shuffle(victims)
    rounds = (divmod(number, len(acts)) for number in range(KILLS_ON_THE_WAY_BACK))
    return [(acts[act], victims[(act + number) % len(victims)]) for number, act in rounds]


def named(word: str, kills: Sequence[tuple[Any, ...]]) -> list[str]:
    """Ids of tests, by which `-k` chooses some."""
    return [f"{word}{number:02} {kill[0]}: {kill[-1]}" for number, kill in enumerate(kills, start=1)]


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    installed(Generation.MYSQL_9_7)
    with LocalCloud(tmp_path_factory.mktemp("cloud"), mysql=Generation.MYSQL_9_7) as running:
        yield running


@pytest.fixture(scope="module")
def move(cell: Project, cloud: LocalCloud, aws: Any) -> Iterator[KilledMove]:
    with killed_live_move(cell, cloud, aws) as prepared:
        yield prepared


@pytest.fixture(scope="module")
def switched(move: KilledMove) -> KilledMove:
    """The same; where the kills on the way over are left out, this leads the clients over."""
    if move.phase != Phase.SWITCHED:
        migrate(move.project, *RUN).check()
    return move


def test_there_are_forty_kills_and_each_act_and_each_victim_is_among_them() -> None:
    kills = [*OVER, *ways_back(), *RETIREMENT]
    assert len(kills) == 40
    assert {kill[0] for kill in ways_back()} == {*ACTS}
    assert {kill[-1] for kill in kills} == {*Victim}


@pytest.mark.parametrize(("fault", "victim"), [kill[1:] for kill in OVER], ids=named("over", OVER))
def test_on_the_way_over_the_next_run_goes_on(move: KilledMove, fault: Fault, victim: Victim) -> None:
    assert move.kill_one(victim, fault, *RUN)


@pytest.mark.parametrize(("act", "victim"), ways_back(), ids=named("back", ways_back()))
def test_on_a_way_back_the_next_run_goes_on(switched: KilledMove, act: str, victim: Victim) -> None:
    # What the last one has left is finished first, where it was behind that act.
    for _ in range(2):
        to = Slot(switched.project.outputs("acme")["production"]).other
        if switched.kill_one(victim, ACTS[act](to), *ROLLBACK):
            return
    raise AssertionError(f"no run came to that: {act}")


def test_finally_the_clients_are_led_over_once_more(move: KilledMove) -> None:
    # Finishes what the last kill has left: a way back may be decided that the stack does not know of.
    migrate(move.project, *RUN).check()
    if move.project.outputs("acme")["production"] == "blue":
        migrate(move.project, *ROLLBACK).check()
    assert move.project.outputs("acme")["production"] == "green"
    move.assert_sound()


@pytest.mark.parametrize(("fault", "victim"), [kill[1:] for kill in RETIREMENT], ids=named("end", RETIREMENT))
def test_in_the_retirement_the_next_run_goes_on(move: KilledMove, fault: Fault, victim: Victim) -> None:
    assert move.kill_one(victim, fault, *RETIRE)


def test_finally_a_run_finishes_and_no_acknowledged_write_is_lost(move: KilledMove) -> None:
    # The stack may say steady already, of an update that failed at what it deletes last.
    migrate(move.project, *RETIRE).check()
    move.finish()
    move.assert_finished()


def test_finally_the_journal_is_a_trace_of_the_model(move: KilledMove) -> None:
    assert strange(status(move.project)["events"]) is None
