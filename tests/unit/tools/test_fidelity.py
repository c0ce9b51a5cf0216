"""How answers are judged by recorded facts."""

from __future__ import annotations

from typing import Any

import pytest

from tools.fidelity.answers import Answer
from tools.fidelity.facts import Kind, judge

OPERATION = "rds:DescribeDBInstances"
KEYS = {
    "DBInstances": {"always": True, "type": ["list"]},
    "DBInstances[].Endpoint": {"always": True, "type": ["object"]},
    "DBInstances[].Port": {"always": True, "type": ["integer"]},
    "DBInstances[].DBName": {"type": ["string"]},
}


def verdict(instances: list[dict[str, Any]], kind: Kind, fact: str, **known: Any) -> bool | None:
    """Whether the fact holds for an answer with these instances."""
    facts = {"operations": {OPERATION: {"keys": KEYS, **known}}, "sequences": known.pop("sequences", {})}
    answers = {OPERATION: [Answer(body={"DBInstances": [instance]}) for instance in instances]}
    (found,) = [each for each in judge(facts, answers) if each.kind is kind and each.fact.startswith(fact)]
    return found.holds


@pytest.mark.parametrize(("instance", "holds"), [({"Port": 3306}, True), ({}, False)])
def test_a_key_that_is_always_there_must_be(instance: dict[str, Any], holds: bool) -> None:
    assert verdict([instance], Kind.KEYS, "DBInstances[].Port") is holds


@pytest.mark.parametrize(("port", "holds"), [(3306, True), ("3306", False), (True, False)])
def test_a_value_has_the_recorded_type(port: object, holds: bool) -> None:
    assert verdict([{"Port": port}], Kind.TYPES, "DBInstances[].Port") is holds


@pytest.mark.parametrize(("word", "holds"), [("mysql", True), ("MySQL", False)])
def test_a_word_is_a_recorded_one(word: str, holds: bool) -> None:
    words = {"DBInstances[].Engine": {"mysql": 1, "postgres": 2}}
    assert verdict([{"Engine": word}], Kind.WORDS, "DBInstances[].Engine", words=words) is holds


def test_a_key_is_not_missed_in_a_state_that_lacks_it() -> None:
    by_state = {"creating": {"never": ["Endpoint"]}}
    creating = {"DBInstanceStatus": "creating"}
    assert verdict([creating], Kind.KEYS, "DBInstances[].Endpoint", by_state=by_state) is None
    assert verdict([creating], Kind.STATES, "creating", by_state=by_state) is True
    early = {**creating, "Endpoint": {}}
    assert verdict([early], Kind.STATES, "creating", by_state=by_state) is False


def test_a_step_is_seen_where_one_resource_takes_it() -> None:
    steps = {"sequences": {OPERATION: {"available -> deleting": 1}}}
    states = [{"DBInstanceIdentifier": "a", "DBInstanceStatus": state} for state in ("available", "deleting")]
    assert verdict(states, Kind.STATES, "available -> deleting", **steps) is True
    states[1]["DBInstanceIdentifier"] = "b"
    assert verdict(states, Kind.STATES, "available -> deleting", **steps) is None


def test_a_list_has_the_recorded_order() -> None:
    tags = [{"Key": "b"}, {"Key": "a"}]
    order = {"sorted_by": {"DBInstances[].TagList": "Key"}}
    assert verdict([{"TagList": tags}], Kind.ORDERS, "DBInstances[].TagList", **order) is False
    assert verdict([{"TagList": tags[::-1]}], Kind.ORDERS, "DBInstances[].TagList", **order) is True


@pytest.mark.parametrize(("status", "holds"), [(404, True), (400, False), (None, None)])
def test_an_error_has_the_recorded_status(status: int | None, holds: bool | None) -> None:
    facts = {
        "operations": {OPERATION: {"keys": {}, "errors": {"DBInstanceNotFound": {"http": [404]}}}},
        "sequences": {},
    }
    answer = Answer(body={}, code="DBInstanceNotFound", status=status) if status else Answer(body={})
    (found,) = judge(facts, {OPERATION: [answer]})
    assert found.holds is holds
