"""The roles' policies: statements from the recorded calls, in documents within IAM's limits."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from importlib.resources import files
from typing import Any

from tenantnet.components.runner_permissions import RunnerPlace, runner_statements
from tenantnet.components.tunnel_access import tunnel_policy
from tenantnet.permissions.actions import actions_of, with_implied
from tenantnet.permissions.record import Call
from tenantnet.permissions.scopes import Condition, PolicyPlace, Scope, scopes
from tenantnet.settings.models import RunnerSettings

# A managed policy's limit, white space not counted.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
DOCUMENT_CHARACTERS = 6_144
# A tenant's group has this policy of its own stack, with the cell's tunnel host.
EXAMPLE_HOST = "i-0123456789abcdef0"
# A cell's runner has its policy of the platform's stack, with the cell's zone, key and settings.
EXAMPLE_ZONE = "Z0123456789ABCDEFGHIJ"
EXAMPLE_KEY = "11111111-2222-3333-4444-555555555555"
CALLS = "calls.json"
Statement = Mapping[str, Any]
Document = Mapping[str, Any]


class Role(StrEnum):
    """A role that works with Tenantnet.

    The last two have policies that their stacks declare; what represents them is made of the same statements.
    """

    REVIEWER = "reviewer"
    DEPLOYER = "deployer"
    MIGRATION_RUNNER = "migration-runner"
    TUNNEL_USER = "tunnel-user"


DECLARED = (Role.MIGRATION_RUNNER, Role.TUNNEL_USER)
# By role: the actions of the calls it made.
Recorded = Mapping[str, Sequence[str]]


def distil(calls: Iterable[Call]) -> Recorded:
    """The actions of a record, by caller."""
    found: dict[str, set[str]] = defaultdict(set)
    for call in calls:
        found[call.caller].update(actions_of(call.service, call.operation))
    return {caller: sorted(actions) for caller, actions in sorted(found.items())}


def shipped() -> Recorded:
    """The recorded calls of this version's end-to-end runs."""
    text = files("tenantnet.permissions").joinpath(CALLS).read_text(encoding="utf-8")
    return dict(json.loads(text))


def documents(role: Role, place: PolicyPlace, recorded: Recorded) -> list[Document]:
    """The role's policies, to be attached together: IAM limits the size of one."""
    if role is Role.TUNNEL_USER:
        name = f"{place.cell}-acme-tunnel"
        return [json.loads(tunnel_policy(place.region, place.account, EXAMPLE_HOST, name))]
    if role is Role.MIGRATION_RUNNER:
        return list(_packed(_for_runner(place)))
    return list(_packed(_statements(recorded[role], place)))


def _for_runner(place: PolicyPlace) -> list[Statement]:
    runner = RunnerPlace(
        cell=place.cell,
        region=place.region,
        account_id=place.account,
        zone_id=EXAMPLE_ZONE,
        kms_key_arn=place.arn("kms", f"key/{EXAMPLE_KEY}"),
        tunnel_host_id=EXAMPLE_HOST,
        log_group=f"/tenantnet/{place.cell}/runner",
        schedule_role=place.iam(f"role/tenantnet-{place.cell}-runner-schedules"),
    )
    settings = RunnerSettings.model_validate(
        {
            "repository": "https://github.com/example/tenants.git",
            "host": "github",
            "image": "example/pulumi-python:3.200.0",
            "backend": f"s3://{place.state_bucket}",
            "secretArn": place.arn("secretsmanager", "secret:example/pulumi-AbCdEf"),
        }
    )
    return list(runner_statements(runner, settings))


def _statements(actions: Sequence[str], place: PolicyPlace) -> list[Statement]:
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
        for scope, actions in sorted(granted.items(), key=_by_first_action)
    ]


def _by_first_action(granted: tuple[Scope, set[str]]) -> tuple[str, tuple[str, ...], str]:
    """The same order every time, whatever a set's is."""
    scope, actions = granted
    return min(actions), scope.resources, str(scope.condition)


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
