"""Judges answers by facts derived from public recordings of AWS's own. Pure.

A fact about what no answer had is neither held nor broken: it was not seen.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from tools.fidelity.answers import Answer

FILE = Path(__file__).with_name("facts.json")
Answers = Mapping[str, Sequence[Answer]]
Node = Any

# Members that hold a resource's state.
STATES = ("DBInstanceStatus", "Status", "State", "TableStatus", "KeyState")
# What AWS says since the recordings were made, or of resources that nobody recorded.
NEWER_WORDS = {"gp3", "mysql", "3des", "arm64", "aes", "local-zone", "opted-in"}


class Kind(StrEnum):
    KEYS = "keys"
    TYPES = "types"
    WORDS = "words"
    STATES = "states"
    ORDERS = "orders"
    ERRORS = "errors"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """holds: None where no answer shows it. found: what the answers have instead."""

    kind: Kind
    operation: str
    fact: str
    holds: bool | None
    found: str = ""


def load() -> dict[str, Any]:
    facts: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    return facts


def judge(facts: Mapping[str, Any], answers: Answers) -> list[Verdict]:
    """A verdict on every fact about an operation that was called."""
    verdicts: list[Verdict] = []
    for operation, known in facts["operations"].items():
        if operation in answers:
            bodies = [answer.body for answer in answers[operation] if not answer.code]
            verdicts += _keys(operation, known, bodies)
            verdicts += _words(operation, known, bodies)
            verdicts += _states(operation, known, bodies)
            verdicts += _orders(operation, known, bodies)
            verdicts += _errors(operation, known, answers[operation])
    verdicts += _sequences(facts["sequences"], answers)
    return verdicts


def _keys(operation: str, known: Mapping[str, Any], bodies: Sequence[Node]) -> Iterator[Verdict]:
    for path, fact in known["keys"].items():
        parent_path, _, key = path.rpartition(".")
        parents = [
            parent
            for body in bodies
            for parent in nodes(body, parent_path)
            if isinstance(parent, dict) and not _never(known, parent, key)
        ]
        name = key.removesuffix("[]")
        present = [parent[name] for parent in parents if name in parent]
        if fact.get("always") or fact.get("since") or fact.get("nearly"):
            holds = len(present) == len(parents) if parents else None
            found = f"in {len(present)} of {len(parents)}"
            yield Verdict(kind=Kind.KEYS, operation=operation, fact=path, holds=holds, found=found)
        if present and (types := {each for each in fact.get("type", []) if each not in {"?", "null"}}):
            other = sorted({kind_of(value) for value in present} - types)
            yield Verdict(
                kind=Kind.TYPES,
                operation=operation,
                fact=f"{path}: {' or '.join(sorted(types))}",
                holds=not other,
                found=" and ".join(other),
            )


def _never(known: Mapping[str, Any], node: Mapping[str, Any], key: str) -> bool:
    """Whether AWS leaves the key out in the state that the resource is in."""
    state = state_of(node)
    return key in known.get("by_state", {}).get(state, {}).get("never", [])


def _words(operation: str, known: Mapping[str, Any], bodies: Sequence[Node]) -> Iterator[Verdict]:
    for path, words in known.get("words", {}).items():
        seen = {str(value) for body in bodies for value in nodes(body, path)}
        other = sorted(seen - set(words) - NEWER_WORDS)
        yield Verdict(
            kind=Kind.WORDS,
            operation=operation,
            fact=f"{path}: {', '.join(words)}",
            holds=not other if seen else None,
            found=", ".join(other),
        )


def _states(operation: str, known: Mapping[str, Any], bodies: Sequence[Node]) -> Iterator[Verdict]:
    resources = [node for body in bodies for node in _all(body) if isinstance(node, dict)]
    for state, fact in known.get("by_state", {}).items():
        inside = [resource for resource in resources if state_of(resource) == state]
        present = sorted({key for key in fact["never"] for each in inside if key in each})
        without = f" without {', '.join(fact['never'])}" if fact["never"] else ""
        yield Verdict(
            kind=Kind.STATES,
            operation=operation,
            fact=f"{state}{without}",
            holds=not present if inside else None,
            found=", ".join(present),
        )


def _orders(operation: str, known: Mapping[str, Any], bodies: Sequence[Node]) -> Iterator[Verdict]:
    for path, key in known.get("sorted_by", {}).items():
        lists = [each for body in bodies for each in nodes(body, path) if len(each) > 1]
        unsorted = [each for each in lists if [x[key] for x in each] != sorted(x[key] for x in each)]
        yield Verdict(
            kind=Kind.ORDERS,
            operation=operation,
            fact=f"{path} by {key}",
            holds=not unsorted if lists else None,
            found=f"{len(unsorted)} of {len(lists)} are not",
        )


def _errors(operation: str, known: Mapping[str, Any], answers: Sequence[Answer]) -> Iterator[Verdict]:
    for code, fact in known.get("errors", {}).items():
        statuses = {answer.status for answer in answers if answer.code == code}
        holds = statuses <= set(fact["http"] or statuses) if statuses else None
        wanted = " or ".join(map(str, fact["http"])) or "any status"
        yield Verdict(
            kind=Kind.ERRORS,
            operation=operation,
            fact=f"{code} with {wanted}",
            holds=holds,
            found=", ".join(map(str, sorted(statuses))),
        )


def _sequences(sequences: Mapping[str, Any], answers: Answers) -> Iterator[Verdict]:
    for operation, steps in sequences.items():
        bodies = [answer.body for answer in answers.get(operation, ()) if not answer.code]
        seen = set(_steps(bodies))
        for step in steps:
            yield Verdict(
                kind=Kind.STATES, operation=operation, fact=step, holds=True if step in seen else None
            )


def _steps(bodies: Sequence[Node]) -> Iterator[str]:
    """The states that resources went through, as `available -> deleting`."""
    last: dict[str, str] = {}
    for body in bodies:
        for node in _all(body):
            if isinstance(node, dict) and (state := state_of(node)) and (identity := _identity(node)):
                if last.get(identity, state) != state:
                    yield f"{last[identity]} -> {state}"
                last[identity] = state


def _identity(node: Mapping[str, Any]) -> str:
    names = ("DBInstanceIdentifier", "VpnConnectionId", "InstanceId", "TableName")
    return next((str(node[name]) for name in names if name in node), "")


def state_of(node: Mapping[str, Any]) -> str:
    """The state that the resource says it is in; "" where it has none."""
    for name in STATES:
        value = node.get(name)
        if isinstance(value, dict):
            value = value.get("Name")
        if isinstance(value, str):
            return value
    return ""


def nodes(body: Node, path: str) -> Iterator[Node]:
    """All values at a path such as `Reservations[].Instances[].State.Name`."""
    if not path:
        yield body
        return
    head, _, rest = path.partition(".")
    name = head.removesuffix("[]")
    if not isinstance(body, dict) or name not in body:
        return
    each = body[name] if head.endswith("[]") else [body[name]]
    for value in each:
        yield from nodes(value, rest)


def _all(body: Node) -> Iterator[Node]:
    yield body
    for value in body.values() if isinstance(body, dict) else body if isinstance(body, list) else ():
        yield from _all(value)


def kind_of(value: object) -> str:
    """The type as the facts name it."""
    if isinstance(value, bool):
        return "boolean"
    names = {
        dict: "object",
        list: "list",
        str: "string",
        int: "integer",
        float: "double",
        bytes: "blob",
        datetime: "timestamp",
    }
    return next((name for type_, name in names.items() if isinstance(value, type_)), type(value).__name__)
