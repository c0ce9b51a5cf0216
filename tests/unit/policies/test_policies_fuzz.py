"""Whatever a program declares, a policy answers with findings: an exception would hide all others."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from tenantnet.policies.model import UNKNOWN
from tenantnet.policies.rules import POLICIES

from tests.support.examples import examples
from tools.rulebook.samples import Resources, good_stack, judge, with_props

GOOD = good_stack()
EXTRA_PATHS = ("tags", "routes", "policyArn", "ingress")
PLACES = [(key, path) for key, resource in GOOD.items() for path in (*resource.props, *EXTRA_PATHS)]

words = st.sampled_from(["10.1.2.0/26", "0.0.0.0/0", "ikev2", "network", "session", "ssm:*", "{}", "[]", ""])
keys = st.sampled_from(
    [
        "Statement",
        "Effect",
        "Action",
        "Resource",
        "Condition",
        "BoolIfExists",
        "Sid",
        "properties",
        "parameters",
    ]
)
json_leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | words


def nested(leaves: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.recursive(
        leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys | words, inner, max_size=4)
    )


def every_policy_answers(stack: Resources) -> None:
    for policy in POLICIES:
        assert all(str(finding.refusal) for finding in judge(policy, stack))


@settings(max_examples=examples(500))
@given(st.lists(st.tuples(st.sampled_from(PLACES), nested(json_leaves | st.just(UNKNOWN))), max_size=3))
def test_no_value_makes_a_policy_fail(changes: list[tuple[tuple[str, str], object]]) -> None:
    stack = GOOD
    for (key, path), value in changes:
        stack = with_props(key, **{path: value, **({"tagsAll": value} if path == "tags" else {})})(stack)
    every_policy_answers(stack)


@settings(max_examples=examples(500))
@given(nested(json_leaves))
def test_no_document_makes_a_policy_fail(document: object) -> None:
    text = json.dumps(document)
    changed = with_props("document", content=text)(GOOD)
    every_policy_answers(with_props("network-claim", item=text)(changed))
