"""The lease of a tenant's moves through DynamoDB's API: one run at a time, and no killed one for ever."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Event, Thread, Timer
from time import monotonic
from typing import TYPE_CHECKING

import pytest
from tenantnet.failure import Failure
from tenantnet.phases.journal import LEASE, Holder
from tenantnet.runner.clock import Clock
from tenantnet.runner.journal_table import JournalTable
from tenantnet.runner.lease import Lease

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

LIFE = timedelta(seconds=3)
RACERS = 12
ADA = Holder(
    run="r1", who="ada@desk pid 7", machine="elsewhere", pid=7, since=datetime(2026, 12, 1, 1, tzinfo=UTC)
)


@pytest.fixture
def journal(dynamodb: DynamoDBClient, cell: str) -> JournalTable:
    return JournalTable(dynamodb, cell, "acme")


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def lease(journal: JournalTable, said: list[str]) -> Callable[..., Lease]:
    """Makes leases of runs; renewed_every: seconds."""

    def make(who: str, renewed_every: float = 0.2) -> Lease:
        every = timedelta(seconds=renewed_every)
        return Lease(
            "acme", who=who, journal=journal, tell=said.append, clock=Clock(), life=LIFE, renewed_every=every
        )

    return make


@contextmanager
def working(lease: Lease) -> Iterator[Event]:
    """Another run that has the lease until the event is set."""
    begun, ends = Event(), Event()

    def work() -> None:
        with lease.held():
            begun.set()
            ends.wait()

    run = Thread(target=work)
    run.start()
    begun.wait()
    try:
        yield ends
    finally:
        ends.set()
        run.join()


def test_of_racing_runs_one_has_the_lease(journal: JournalTable) -> None:
    with ThreadPoolExecutor(RACERS) as racers:
        took = racers.map(
            lambda number: journal.take_lease(replace(ADA, run=f"r{number}"), None), range(RACERS)
        )
    assert sorted(took) == [False] * (RACERS - 1) + [True]


def test_a_second_run_is_refused_while_the_first_lives_and_says_who_that_is(
    lease: Callable[..., Lease], said: list[str]
) -> None:
    with working(lease("ada@desk pid 7")):
        began = monotonic()
        with pytest.raises(Failure, match=r"ada@desk pid 7, since 20\d\d-") as refused, lease("bob").held():
            pytest.fail("both work on the move")
        assert monotonic() - began < LIFE.total_seconds()
    assert "tenantnet migrate status acme" in str(refused.value)
    assert "Nothing was changed." in str(refused.value)
    assert "ada@desk pid 7 works on the move" in said[0]


def test_a_run_that_has_ended_leaves_the_lease_to_the_next(
    lease: Callable[..., Lease], journal: JournalTable, said: list[str]
) -> None:
    with working(lease("ada")):
        assert journal.lease() is not None
    with lease("bob").held():
        pass
    assert (journal.lease(), said) == (None, [])


def test_a_run_that_is_stopped_before_the_answer_leaves_no_lease(
    lease: Callable[..., Lease], journal: JournalTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    take = journal.take_lease

    def stopped(mine: Holder, instead_of: Holder | None) -> bool:
        assert take(mine, instead_of)
        raise KeyboardInterrupt

    monkeypatch.setattr(journal, "take_lease", stopped)
    with pytest.raises(KeyboardInterrupt), lease("ada@desk pid 7").held():
        pass
    assert journal.lease() is None


def test_a_killed_run_of_this_machine_is_replaced_at_once(
    lease: Callable[..., Lease], journal: JournalTable, said: list[str]
) -> None:
    killed = subprocess.Popen([sys.executable, "-c", ""])
    killed.wait()
    with working(lease("bob")):
        here = journal.lease()
        assert here is not None
    journal.take_lease(replace(ADA, machine=here.machine, pid=killed.pid), None)
    with lease("bob").held():
        now = journal.lease()
    assert (now and now.who, said) == ("bob", [])


def test_a_killed_run_of_another_machine_is_replaced_after_its_life(
    lease: Callable[..., Lease], journal: JournalTable, said: list[str]
) -> None:
    journal.take_lease(ADA, None)
    began = monotonic()
    with lease("bob").held():
        now = journal.lease()
    assert monotonic() - began >= LIFE.total_seconds()
    assert (now and now.who, len(said)) == ("bob", 1)


def test_a_run_that_slept_finds_that_another_one_has_taken_over(
    lease: Callable[..., Lease], journal: JournalTable
) -> None:
    asleep = lease("ada", renewed_every=3600)
    with asleep.held(), lease("bob").held():
        with pytest.raises(Failure, match="another run has taken it"):
            asleep.confirm()
        now = journal.lease()
        assert (now and now.who) == "bob"


def test_the_end_of_a_run_that_slept_leaves_the_other_run_its_lease(
    lease: Callable[..., Lease], journal: JournalTable
) -> None:
    with ExitStack() as asleep:
        asleep.enter_context(lease("ada", renewed_every=3600).held())
        with lease("bob").held():
            asleep.close()
            now = journal.lease()
    assert (now and now.who) == "bob"


def test_a_run_that_waits_for_its_time_lets_others_work(
    lease: Callable[..., Lease], journal: JournalTable
) -> None:
    waits = lease("ada")
    with waits.held():
        with waits.lent(), lease("bob").held():
            pass
        waits.confirm()
        now = journal.lease()
    assert (now and now.who) == "ada"


def test_a_patient_run_waits_for_the_other_ones_end(
    lease: Callable[..., Lease], journal: JournalTable, said: list[str]
) -> None:
    with working(lease("ada")) as ends:
        # Longer than a life: the other run is renewed all the time.
        Timer(LIFE.total_seconds() + 1, ends.set).start()
        with lease("bob").held(patient=True):
            assert ends.is_set()
    assert "waiting for its end" in said[0]


def test_a_lease_is_no_entry_of_the_journal(lease: Callable[..., Lease], journal: JournalTable) -> None:
    with lease("ada").held():
        assert (journal.entries(), journal.decision(1)) == ([], None)


def test_a_row_that_nobody_wrote_is_named(
    dynamodb: DynamoDBClient, journal: JournalTable, lease: Callable[..., Lease]
) -> None:
    dynamodb.put_item(TableName=journal.name, Item={"tenant": {"S": "acme"}, "at": {"S": LEASE}})
    with pytest.raises(Failure, match="the lease: 'run'"), lease("bob").held():
        pass
