"""The journal through DynamoDB's API: entries in order, and one decision per move, also in a race."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from tenantnet.failure import Failure
from tenantnet.phases.journal import Entry, What
from tenantnet.phases.phases import Phase
from tenantnet.phases.transitions import Decision
from tenantnet.runner.journal_table import JournalTable

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

BEGIN = datetime(2026, 12, 1, 1, 0, tzinfo=UTC)
RACERS = 16


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


def test_a_platform_without_a_journal_is_named_with_what_to_do(dynamodb: DynamoDBClient) -> None:
    with pytest.raises(Failure) as failure:
        JournalTable(dynamodb, "nowhere", "acme").entries()
    assert "pulumi up --stack platform-nowhere" in str(failure.value)
