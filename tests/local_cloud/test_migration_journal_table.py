"""The journal through DynamoDB's API: entries in order, and one decision per move, also in a race."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from tenantnet.failure import Failure
from tenantnet.phases.journal import Entry, What, led_to, retires
from tenantnet.phases.phases import Phase
from tenantnet.phases.transitions import Decision
from tenantnet.runner.journal_table import JournalTable
from tenantnet.runner.live.accounts import Account
from tenantnet.runner.live.cut import Before
from tenantnet.runner.live.cut import Decision as CutDecision
from tenantnet.runner.live.cut_journal import Begun, CutJournal, begun, close
from tenantnet.runner.live.events import Event
from tenantnet.runner.live.session import GuardError
from tenantnet.tags import Slot

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

BEGIN = datetime(2026, 12, 1, 1, 0, tzinfo=UTC)
RACERS = 16
BLUE, GREEN = Slot.BLUE, Slot.GREEN


@pytest.fixture
def journal(dynamodb: DynamoDBClient, cell: str) -> JournalTable:
    return JournalTable(dynamodb, cell, "acme")


def entry(seconds: float, note: str = "") -> Entry:
    at = BEGIN + timedelta(seconds=seconds)
    return Entry(at=at, move=1, what=What.SEEN, phase=Phase.FENCED, who="ada@host pid 7", note=note)


def test_entries_come_back_in_order_of_time_and_without_the_decisions(journal: JournalTable) -> None:
    journal.write(entry(2))
    journal.decide(1, Decision.SWITCH, "ada")
    journal.write(entry(1))
    assert journal.entries() == [entry(1), entry(2)]


def test_more_entries_than_one_page_of_dynamodb_come_back_whole(journal: JournalTable) -> None:
    for second in range(12):
        journal.write(entry(second, note="x" * 100_000))
    assert len(journal.entries()) == 12


def test_each_tenant_has_a_journal_of_its_own(
    journal: JournalTable, dynamodb: DynamoDBClient, cell: str
) -> None:
    other = JournalTable(dynamodb, cell, "globex")
    journal.write(entry(1))
    journal.decide(1, Decision.ABORT, "ada")
    assert (other.entries(), other.decision(1)) == ([], None)


def test_the_first_decision_stands_and_each_move_has_its_own(journal: JournalTable) -> None:
    assert journal.decision(1) is None
    assert journal.decide(1, Decision.ABORT, "ada") is Decision.ABORT
    assert journal.decide(1, Decision.SWITCH, "bob") is Decision.ABORT
    assert journal.decide(1, Decision.ABORT, "bob") is Decision.ABORT
    assert (journal.decision(1), journal.decision(2)) == (Decision.ABORT, None)


def test_of_racing_runners_all_are_told_the_same_decision(journal: JournalTable) -> None:
    wanted = [Decision.SWITCH, Decision.ABORT] * (RACERS // 2)
    with ThreadPoolExecutor(RACERS) as racers:
        told = set(racers.map(lambda each: journal.decide(7, each, "ada"), wanted))
    assert told == {journal.decision(7)}


BEFORE = Before(
    accounts=(Account("acmeadmin", "%"), Account("o'neill", "10.0.0.%")),
    events=(Event("app", "día", "owner@%", "latin1", "latin1_swedish_ci"),),
)


def test_what_a_cut_has_to_restore_is_read_as_it_was_written(journal: JournalTable) -> None:
    assert begun(journal, 1) is None
    CutJournal(journal, 1, "ada", GREEN).begin(BEFORE)
    assert begun(journal, 1) == Begun(number=1, target=GREEN, before=BEFORE, decided=None)
    assert journal.decision(1) is None
    assert journal.entries() == []


def test_a_cut_that_is_switched_decides_the_move(journal: JournalTable) -> None:
    cut = CutJournal(journal, 1, "ada", GREEN)
    cut.begin(BEFORE)
    assert cut.decide(CutDecision.SWITCH) is CutDecision.SWITCH
    assert cut.decide(CutDecision.BACK) is CutDecision.SWITCH
    assert journal.decide(1, Decision.ABORT, "bob") is Decision.SWITCH
    with pytest.raises(GuardError, match="decided"):
        CutJournal(journal, 1, "bob", GREEN).begin(BEFORE)


def test_a_cut_that_nobody_disturbs_is_decided_by_one_call(
    journal: JournalTable, dynamodb: DynamoDBClient
) -> None:
    cut, calls = CutJournal(journal, 1, "ada", GREEN), list[str]()
    cut.begin(BEFORE)
    dynamodb.meta.events.register("before-call.dynamodb", lambda model, **_: calls.append(model.name))
    assert cut.decide(CutDecision.SWITCH) is CutDecision.SWITCH
    assert calls == ["PutItem"]


def test_a_cut_that_was_taken_back_is_never_switched_and_another_one_may_be(journal: JournalTable) -> None:
    first, second = CutJournal(journal, 1, "ada", GREEN), CutJournal(journal, 1, "bob", GREEN)
    first.begin(BEFORE)
    with pytest.raises(GuardError, match="another run"):
        second.begin(BEFORE)
    assert CutJournal(journal, 1, "bob", GREEN, number=1).decide(CutDecision.BACK) is CutDecision.BACK
    assert first.decide(CutDecision.SWITCH) is CutDecision.BACK
    second.begin(BEFORE)
    assert second.decide(CutDecision.SWITCH) is CutDecision.SWITCH
    for decision in CutDecision:
        with pytest.raises(GuardError, match="since"):
            first.decide(decision)


def test_a_move_that_is_aborted_in_a_cut_is_taken_back(journal: JournalTable) -> None:
    cut = CutJournal(journal, 1, "ada", GREEN)
    cut.begin(BEFORE)
    assert journal.decide(1, Decision.ABORT, "bob") is Decision.ABORT
    assert cut.decide(CutDecision.SWITCH) is CutDecision.BACK
    assert begun(journal, 1) == Begun(number=1, target=GREEN, before=BEFORE, decided=CutDecision.BACK)
    with pytest.raises(GuardError, match="decided"):
        cut.begin(BEFORE)


def test_a_way_back_is_decided_as_the_switch_was_and_leads_the_other_way(journal: JournalTable) -> None:
    there, back = CutJournal(journal, 1, "ada", GREEN), CutJournal(journal, 1, "ada", BLUE)
    with pytest.raises(GuardError, match="since"):
        back.decide(CutDecision.SWITCH)
    there.begin(BEFORE)
    with pytest.raises(GuardError, match="another run"):
        back.begin(BEFORE)
    there.decide(CutDecision.SWITCH)
    back.begin(BEFORE)
    assert begun(journal, 1) == Begun(number=2, target=BLUE, before=BEFORE, decided=None)
    assert back.decide(CutDecision.BACK) is CutDecision.BACK
    with pytest.raises(GuardError, match="decided"):
        there.begin(BEFORE)
    assert led_to(journal.outcome(1)) is GREEN
    back.begin(BEFORE)
    assert back.decide(CutDecision.SWITCH) is CutDecision.SWITCH
    assert led_to(journal.outcome(1)) is BLUE
    assert journal.decision(1) is Decision.SWITCH


def test_nobody_is_led_back_to_what_retires_and_nothing_retires_that_clients_are_led_to(
    journal: JournalTable,
) -> None:
    there, back = CutJournal(journal, 1, "ada", GREEN), CutJournal(journal, 1, "ada", BLUE)
    with pytest.raises(GuardError, match="led to None"):
        close(journal, 1, GREEN)
    there.begin(BEFORE)
    there.decide(CutDecision.SWITCH)
    back.begin(BEFORE)
    with pytest.raises(GuardError, match="no end yet"):
        close(journal, 1, GREEN)
    back.decide(CutDecision.SWITCH)
    with pytest.raises(GuardError, match="led to blue"):
        close(journal, 1, GREEN)
    for _ in range(2):
        close(journal, 1, BLUE)
    with pytest.raises(GuardError, match="decided"):
        there.begin(BEFORE)


def test_of_a_way_back_and_a_retirement_that_race_one_counts(journal: JournalTable) -> None:
    there = CutJournal(journal, 1, "ada", GREEN)
    there.begin(BEFORE)
    there.decide(CutDecision.SWITCH)

    def attempt(number: int) -> str | None:
        with suppress(GuardError):
            if number % 2:
                close(journal, 1, GREEN)
                return "retires"
            back = CutJournal(journal, 1, "ada", BLUE)
            back.begin(BEFORE)
            back.decide(CutDecision.SWITCH)
            return "back"
        return None

    with ThreadPoolExecutor(RACERS) as racers:
        won = set(racers.map(attempt, range(RACERS))) - {None}
    assert len(won) == 1
    assert (led_to(journal.outcome(1)), retires(journal.outcome(1))) in ((BLUE, False), (GREEN, True))


def test_of_switches_ways_back_and_aborts_that_race_one_counts(journal: JournalTable) -> None:
    cut = CutJournal(journal, 1, "ada", GREEN)
    cut.begin(BEFORE)
    asked = [*[CutDecision.SWITCH, CutDecision.BACK] * RACERS]
    with ThreadPoolExecutor(RACERS) as racers:
        aborted = racers.submit(journal.decide, 1, Decision.ABORT, "bob")
        decided = set(racers.map(cut.decide, asked))
    assert len(decided) == 1
    assert (aborted.result() is Decision.SWITCH) == (decided == {CutDecision.SWITCH})


def test_a_platform_without_a_journal_is_named_with_what_to_do(dynamodb: DynamoDBClient) -> None:
    with pytest.raises(Failure) as failure:
        JournalTable(dynamodb, "nowhere", "acme").entries()
    assert "tenantnet up platform-nowhere" in str(failure.value)
