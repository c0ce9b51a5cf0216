"""The costs that docs/aws.md names are those of what the stacks declare."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.support.clone import CLONE
from tests.support.mock_engine import RecordingEngine
from tests.support.mock_stacks import declare_acme, declare_cell
from tools import costs


def test_the_documents_figures_follow_from_the_prices() -> None:
    document = (CLONE / "docs" / "aws.md").read_text(encoding="utf-8")
    assert costs.as_markdown() in document, "put there what this prints: python -m tools.costs"


def counted(engine: RecordingEngine) -> Counter[str]:
    return Counter(each.type for each in engine.registered if each.custom)


@pytest.mark.parametrize(
    ("lines", "declared"), [(costs.TENANT, declare_acme), (costs.CELL, declare_cell)], ids=["tenant", "cell"]
)
def test_as_much_is_paid_for_as_is_declared(lines: tuple[costs.Line, ...], declared: object) -> None:
    found = counted(declared())  # type: ignore[operator]
    assert {line.type: line.count for line in lines} == {line.type: found[line.type] for line in lines}


def test_an_endpoint_is_in_two_zones() -> None:
    (zones,) = {
        len(each.inputs["subnetIds"])
        for each in declare_cell().registered
        if each.type == "aws:ec2/vpcEndpoint:VpcEndpoint"
    }
    assert zones == costs.ZONES


def test_every_price_that_was_read_nowhere_says_so() -> None:
    rows = [row for row in costs.as_markdown().splitlines() if "| from memory |" in row]
    assert len(rows) == sum(not price.source for price in costs.PRICES.values())
