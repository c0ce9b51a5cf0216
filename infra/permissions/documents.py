"""The roles' policies: statements from the recorded calls, in documents within IAM's limits."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from importlib.resources import files
from typing import Any

from tenantnet.components.runner_permissions import RunnerPlace, runner_statements
from tenantnet.components.tunnel_access import tunnel_statements
from tenantnet.permissions.actions import actions_of, with_implied
from tenantnet.permissions.boundary import boundary_statements
from tenantnet.permissions.changes import OF_PLATFORMS, OF_TENANTS
from tenantnet.permissions.doctor import doctor_statements
from tenantnet.permissions.record import Call
from tenantnet.permissions.scopes import PolicyPlace, Scope, as_condition, scopes
from tenantnet.settings.models import RunnerSettings

# A managed policy's limit, white space not counted.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
DOCUMENT_CHARACTERS = 6_144
# A cell's runner has its policy of the platform's stack, with the cell's host, zone, key and settings.
EXAMPLE_HOST = "i-0123456789abcdef0"
EXAMPLE_ZONE = "Z0123456789ABCDEFGHIJ"
EXAMPLE_KEY = "99999999-8888-7777-6666-555555555555"
CALLS = "calls.json"
Statement = Mapping[str, Any]
Document = Mapping[str, Any]


class Role(StrEnum):
    """A role that works with Tenantnet, and what limits the roles of a cell."""

    REVIEWER = "reviewer"
    PLATFORM_DEPLOYER = "platform-deployer"
    TENANT_DEPLOYER = "tenant-deployer"
    # The platform's stack declares it; what represents it is made of the same statements.
    MIGRATION_RUNNER = "migration-runner"
    TUNNEL_USER = "tunnel-user"
    BOUNDARY = "boundary"
    # Beside one of the others, for whoever runs tenantnet doctor.
    DOCTOR = "doctor"


# Whose policies are made of what they were recorded to call, and what their stacks' resources need besides.
RECORDED: Mapping[Role, Mapping[str, Sequence[str]]] = {
    Role.REVIEWER: {},
    Role.PLATFORM_DEPLOYER: OF_PLATFORMS,
    Role.TENANT_DEPLOYER: OF_TENANTS,
}
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
    match role:
        case Role.TUNNEL_USER:
            return list(_packed(tunnel_statements(place.region, place.account, place.cell)))
        case Role.DOCTOR:
            return list(_packed(doctor_statements(place)))
        case Role.MIGRATION_RUNNER:
            return list(_packed(_for_runner(place)))
        case Role.BOUNDARY:
            return list(_packed(boundary_statements(place)))
    changes = {action for actions in RECORDED[role].values() for action in actions}
    return list(_packed(_statements({*recorded[role], *changes}, place)))


def _for_runner(place: PolicyPlace) -> list[Statement]:
    runner = RunnerPlace(
        cell=place.cell,
        region=place.region,
        account_id=place.account,
        zone_id=place.zone_id or EXAMPLE_ZONE,
        kms_key_arn=place.arn("kms", f"key/{EXAMPLE_KEY}"),
        tunnel_host_id=EXAMPLE_HOST,
        log_group=f"/tenantnet/{place.cell}/runner",
        schedule_role=place.iam(f"role/tenantnet-{place.cell}-runner-schedules"),
        claims_cell=place.claims_cell,
    )
    settings = RunnerSettings.model_validate(
        {
            "repository": "https://github.com/example/tenants.git",
            "host": "github",
            "image": "example/pulumi-python:3.274.1",
            "backend": f"s3://{place.state_bucket}",
            "secretsKeyArn": place.arn("kms", f"key/{place.secrets_key}"),
        }
    )
    return list(runner_statements(runner, settings))


def _statements(actions: Iterable[str], place: PolicyPlace) -> list[Statement]:
    granted: dict[Scope, set[str]] = defaultdict(set)
    for action in with_implied(actions):
        for scope in scopes(action, place):
            granted[scope].add(action)
    return [
        {
            "Effect": "Allow",
            "Action": sorted(actions),
            "Resource": list(scope.resources),
            **({"Condition": as_condition(scope.condition)} if scope.condition else {}),
        }
        for scope, actions in sorted(granted.items(), key=_by_first_action)
    ]


def _by_first_action(granted: tuple[Scope, set[str]]) -> tuple[str, tuple[str, ...], str]:
    """The same order every time, whatever a set's is."""
    scope, actions = granted
    return min(actions), scope.resources, str(scope.condition)


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
