"""Every rule about settings has an example that breaks it and nothing else."""

from __future__ import annotations

import pytest
from tenantnet.addresses import addressing
from tenantnet.settings import rules

from tools.rulebook.book import rules_in
from tools.rulebook.settings import Example, examples

EXAMPLES = examples()
RULES = [*rules_in(rules), *rules_in(addressing)]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.rule.id)
def test_an_example_breaks_its_rule_alone(example: Example) -> None:
    assert {refusal.rule_id for refusal in example.refusals} == {example.rule.id}


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.rule.id)
def test_what_is_said_to_it_is_whole(example: Example) -> None:
    for refusal in example.refusals:
        for words in (refusal.value, refusal.rule, refusal.reason, refusal.remedy):
            assert words
            assert words.isprintable()


def test_every_rule_has_an_example() -> None:
    assert {example.rule.id for example in EXAMPLES} == {rule.id for rule in RULES}
    assert len(EXAMPLES) == len(RULES)
