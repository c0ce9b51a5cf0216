"""The roles' policies: statements of what was recorded, in documents that IAM takes."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from importlib.resources import files
from typing import Any

from infra.components.tunnel_access import tunnel_policy
from infra.permissions.actions import actions_of, with_implied
from infra.permissions.record import Call
from infra.permissions.scopes import Condition, Place, Scope, scopes

# A managed policy's limit, white space not counted.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
DOCUMENT_CHARACTERS = 6_144
# A tenant's group has this policy of its own stack, with the cell's tunnel host.
EXAMPLE_HOST = "i-0123456789abcdef0"
CALLS = "calls.json"
Statement = Mapping[str, Any]
Document = Mapping[str, Any]


class Role(StrEnum):
    """Who works with Tenantnet. The migration runner's role is declared by the cell itself."""

    REVIEWER = "reviewer"
    DEPLOYER = "deployer"
    TUNNEL_USER = "tunnel-user"


# By role: the actions of the calls it made.
Recorded = Mapping[str, Sequence[str]]


def distil(calls: Iterable[Call]) -> Recorded:
    """The actions of a record, by caller."""
    found: dict[str, set[str]] = defaultdict(set)
    for call in calls:
        found[call.caller].update(actions_of(call.service, call.operation))
    return {caller: sorted(actions) for caller, actions in sorted(found.items())}


def shipped() -> Recorded:
    """What was recorded of the end-to-end runs of this version."""
    text = files("infra.permissions").joinpath(CALLS).read_text(encoding="utf-8")
    return dict(json.loads(text))


def documents(role: Role, place: Place, recorded: Recorded) -> list[Document]:
    """The role's policies, to be attached together: IAM limits the size of one."""
    if role is Role.TUNNEL_USER:
        name = f"{place.cell}-acme-tunnel"
        return [json.loads(tunnel_policy(place.region, place.account, EXAMPLE_HOST, name))]
    return list(_packed(_statements(recorded[role], place)))


def _statements(actions: Sequence[str], place: Place) -> list[Statement]:
    granted: dict[Scope, set[str]] = defaultdict(set)
    for action in with_implied(actions):
        for scope in scopes(action, place):
            granted[scope].add(action)
    return [
        {
            "Effect": "Allow",
            "Action": sorted(actions),
            "Resource": list(scope.resources),
            **({"Condition": _condition(scope.condition)} if scope.condition else {}),
        }
        for scope, actions in sorted(granted.items(), key=lambda item: sorted(item[1])[0])
    ]


def _condition(condition: Condition) -> dict[str, dict[str, str | list[str]]]:
    operators: dict[str, dict[str, str | list[str]]] = defaultdict(dict)
    for operator, key, value in condition:
        operators[operator][key] = value if isinstance(value, str) else list(value)
    return dict(operators)


def _packed(statements: Iterable[Statement]) -> Iterator[Document]:
    packed: list[Statement] = []
    for statement in statements:
        if packed and size(_document([*packed, statement])) > DOCUMENT_CHARACTERS:
            yield _document(packed)
            packed = []
        packed.append(statement)
    yield _document(packed)


def _document(statements: Sequence[Statement]) -> Document:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def size(document: Document) -> int:
    """Its length as IAM counts it."""
    return len(json.dumps(document, separators=(",", ":")))
