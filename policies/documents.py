"""The policy on rights: documents and names are the ones that the components write, to the letter.

A statement, a trust or a session document with one word more may lead to every tenant's database. So none is
searched for what it should not have: the component's function writes it again, and the two are compared.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from pydantic.alias_generators import to_camel
from tenantnet.aws import types as aws
from tenantnet.aws.session_documents import runner_document, tenant_document
from tenantnet.components.alarm_topic import alarm_topic_name, topic_policy
from tenantnet.components.migration_runner import project_environment, project_source, start_statements
from tenantnet.components.migration_schedule import start_input
from tenantnet.components.platform_key import key_policy
from tenantnet.components.private_vpc import FLOW_LOG_STATEMENTS
from tenantnet.components.runner_permissions import RunnerPlace, runner_statements
from tenantnet.components.service_role import trust_policy
from tenantnet.components.tunnel_host import AGENT_ACTIONS, endpoint_policy
from tenantnet.failure import Failure
from tenantnet.policies.allowed import PROJECT, ROLE, ROLE_POLICY, TOPIC, TOPIC_POLICY
from tenantnet.policies.model import (
    KNOWN_IN_PREVIEW,
    PLATFORM_PREFIX,
    PLATFORM_READ,
    Finding,
    PackSettings,
    Policy,
    Resource,
    Severity,
    Stack,
    Unknown,
    before_creation,
    parse_json,
    unread,
    with_platform,
)
from tenantnet.policies.names import NAME_OWN, judge_names, named
from tenantnet.policies.shapes import NOT_SET, PROPERTY_PERMITTED
from tenantnet.refusal import Rule, shown
from tenantnet.stacks.outputs import PlatformOutputs
from tenantnet.tags import (
    cell_of_claims_table,
    claims_table_name,
    journal_table_name,
    move_snapshot_name,
    runner_document_name,
    seed_snapshot_name,
    tunnel_name,
)

# Stands for an ID that AWS makes up, in a document that is written again.
WILD = "\N{BULLET}"
WILD_FORM = "[A-Za-z0-9-]+"

_TABLES = (
    "with other keys a range has two holders, and unprotected tables go with one wrong word; a platform that "
    "is removed is `retiring` in its settings"
)
DOCUMENT_OWN = Rule(
    id="document-own",
    rule="{property} of {kind} is what its component writes, to the letter",
    reason="whatever else stands there gives rights, or leads somewhere, that no policy has judged",
    remedy="take it from the component: {component}",
)


def _difference(given: object, wanted: object, path: str = "it") -> str:
    """The first difference, in words; empty if there is none."""
    if isinstance(given, Mapping) and isinstance(wanted, Mapping):
        missing = [f"{path} has no {key}" for key in wanted if key not in given]
        added = [f"{path} has also {key}" for key in given if key not in wanted]
        inner = [
            _difference(given[key], wanted[key], _within(path, f".{key}")) for key in wanted if key in given
        ]
        return next(filter(None, [*missing, *added, *inner]), "")
    if isinstance(given, list) and isinstance(wanted, list):
        counted = [] if len(given) == len(wanted) else [f"{path} has {len(given)} entries, not {len(wanted)}"]
        pairs = enumerate(zip(given, wanted, strict=False))
        inner = [_difference(one, other, _within(path, f"[{index}]")) for index, (one, other) in pairs]
        return next(filter(None, [*inner, *counted]), "")
    return "" if _is_alike(given, wanted) else f"{path} is {shown(given)}"


def _within(path: str, inner: str) -> str:
    return inner.removeprefix(".") if path == "it" else f"{path}{inner}"


def _is_alike(given: object, wanted: object) -> bool:
    if isinstance(given, str) and isinstance(wanted, str) and WILD in wanted:
        return re.fullmatch(WILD_FORM.join(map(re.escape, wanted.split(WILD))), given) is not None
    return given == wanted and type(given) is type(wanted)


def _parsed(text: object) -> object:
    try:
        return parse_json(text) if isinstance(text, str) else text
    except (ValueError, RecursionError):
        return text


def _compare(
    resource: Resource, path: str, value: object, wanted: Sequence[str], component: str
) -> Iterator[Finding]:
    """Whether the document is one of those wanted; the difference from the last is shown."""
    if isinstance(value, Unknown):
        yield resource.refuse(KNOWN_IN_PREVIEW, path)
        return
    given = _parsed(value)
    differences = [_difference(given, _parsed(each)) for each in wanted] or ["no component writes one here"]
    if all(differences):
        facts = {"kind": resource.kind, "property": path, "component": component}
        yield resource.refuse(DOCUMENT_OWN, path, value=differences[-1], **facts)


def _statements(*statements: Mapping[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def _judge_resource(resource: Resource, settings: PackSettings) -> Iterator[Finding]:
    """The platform's own documents, before they are created: what a preview does not know, an update does."""
    yield from judge_names(resource)
    if resource.type == aws.DATABASE:
        yield from _database(resource)
    judge = _OF_PLATFORM.get(resource.type)
    if judge is None or not resource.stack.startswith(PLATFORM_PREFIX):
        return
    try:
        yield from judge(resource, resource.stack.removeprefix(PLATFORM_PREFIX), settings)
    except Failure as failure:
        yield unread(resource, resource.stack, failure)


def _database(database: Resource) -> Iterator[Finding]:
    tenant, snapshot = database.stack, database.props.get("snapshotIdentifier")
    if snapshot and not re.fullmatch(re.escape(tenant) + "-(move|seed)-[0-9]+", str(snapshot)):
        permitted = move_snapshot_name(tenant, 1), seed_snapshot_name(tenant, 1)
        yield from named(database, "snapshotIdentifier", *permitted)


def _key(resource: Resource, cell: str, settings: PackSettings) -> Iterator[Finding]:
    wanted = key_policy(settings.reading.account_id(), resource.region or settings.reading.region())
    yield from _compare(resource, "policy", resource.props.get("policy"), [wanted], "PlatformKey")


def _topic(resource: Resource, cell: str, settings: PackSettings) -> Iterator[Finding]:
    yield from named(resource, "name", alarm_topic_name(cell))


def _topic_policy(resource: Resource, cell: str, settings: PackSettings) -> Iterator[Finding]:
    place = resource.region or settings.reading.region(), settings.reading.account_id()
    wanted = topic_policy(*place, alarm_topic_name(cell))
    yield from _compare(resource, "policy", resource.props.get("policy"), [wanted], "AlarmTopic")


def _endpoint(resource: Resource, cell: str, settings: PackSettings) -> Iterator[Finding]:
    service = str(resource.props.get("serviceName")).rpartition(".")[2]
    account_id = settings.reading.account_id()
    wanted = [endpoint_policy(account_id, service)] if service in AGENT_ACTIONS else []
    yield from _compare(resource, "policy", resource.props.get("policy"), wanted, "TunnelHost")


def _table(resource: Resource, cell: str, settings: PackSettings) -> Iterator[Finding]:
    keys = {claims_table_name(cell): ("cidr", None), journal_table_name(cell): ("tenant", "at")}
    yield from named(resource, "name", *keys)
    given = keys.get(str(resource.props.get("name")), ())
    wanted: dict[str, object] = dict(zip(("hashKey", "rangeKey"), given, strict=False))
    if not settings.reading.retiring():
        wanted["deletionProtectionEnabled"] = True
    for path, value in wanted.items():
        if (resource.props.get(path) or None) != value:
            facts = {"kind": resource.kind, "property": path, "permitted": value or NOT_SET}
            yield resource.refuse(PROPERTY_PERMITTED, path, reason=_TABLES, **facts)


def _runner_document(resource: Resource, cell: str, settings: PackSettings) -> Iterator[Finding]:
    yield from named(resource, "name", runner_document_name(cell))
    yield from _compare(
        resource, "content", resource.props.get("content"), [runner_document()], "MigrationRunner"
    )


def _role(resource: Resource, cell: str, settings: PackSettings) -> Iterator[Finding]:
    names = {physical_name(cell, purpose): service for purpose, service in SERVICES.items()}
    yield from named(resource, "name", *names)
    boundary = settings.reading.boundary()
    if resource.props.get("permissionsBoundary") != boundary:
        yield from named(resource, "permissionsBoundary", boundary or "not set")
    if service := names.get(str(resource.props.get("name"))):
        wanted = trust_policy(service, settings.reading.account_id())
        path = "assumeRolePolicy"
        yield from _compare(resource, path, resource.props.get(path), [wanted], "ServiceRole")


def _role_policy(resource: Resource, cell: str, settings: PackSettings) -> Iterator[Finding]:
    if isinstance(policy := resource.props.get("policy"), Unknown):
        return  # it names what the update creates before, and is judged then, before it is created
    wanted: Mapping[str, Sequence[Mapping[str, object]]] = {
        physical_name(cell, "flow-logs"): FLOW_LOG_STATEMENTS,
        physical_name(cell, "runner-schedules"): start_statements(
            resource.region or settings.reading.region(),
            settings.reading.account_id(),
            physical_name(cell, "runner"),
        ),
        physical_name(cell, "runner"): _runner_statements(resource, cell, settings, cell),
    }
    role = resource.props.get("role")
    yield from named(resource, "name", *wanted)
    if role != resource.props.get("name"):
        yield from named(resource, "role", str(resource.props.get("name")))
    statements = wanted.get(str(role))
    documents = [_statements(*statements)] if statements else []
    if role == physical_name(cell, "runner") and statements:
        region = resource.region or settings.reading.region()
        for holder in _claims_cells(cell, settings, region) - {cell}:
            documents.insert(0, _statements(*_runner_statements(resource, cell, settings, holder)))
    yield from _compare(resource, "policy", policy, documents, "ServiceRole")


def _judge_runners_ids(stack: Stack, settings: PackSettings) -> Iterator[Finding]:
    """Host, key and zone in the runner's policy, where they are known: they are the stack's own."""
    cell, runner = stack.name.removeprefix(PLATFORM_PREFIX), settings.reading.runner()
    own = {str(each).rpartition("/")[2] for it in stack.of_type(*_OF_RUNNER) for each in it.ids}
    own |= {*settings.reading.existing(cell, stack.region)}
    own |= {arn.rpartition("/")[2] for arn in [runner and runner.secrets_key_arn] if arn}
    for policy in stack.of_type(ROLE_POLICY):
        if policy.props.get("role") == physical_name(cell, "runner"):
            named = _RUNNERS_ID.findall(str(policy.props.get("policy")))
            for given in dict.fromkeys(each for each in named if each not in own):
                facts = {"kind": policy.kind, "property": "policy", "component": "MigrationRunner"}
                yield policy.refuse(DOCUMENT_OWN, "policy", value=f"it names {given}", **facts)


_OF_RUNNER = (aws.INSTANCE, aws.KEY, aws.ZONE)
_RUNNERS_ID = re.compile(r":(?:instance|key|hostedzone)/([A-Za-z0-9-]+)")


def _claims_cells(cell: str, settings: PackSettings, region: str) -> set[str]:
    """The cells whose claims the cell may use: as its settings say, as it does, or the one of its place.

    Where a place has several, Tenantnet has a new platform's settings say which.
    """
    reading = settings.reading
    if named := reading.claims_platform():
        return {named.removeprefix(PLATFORM_PREFIX)}
    place, deployed = (region, reading.account_id()), [platform for platform, _ in reading.cells()]
    own = {cell_of_claims_table(each.claims_table) for each in deployed if each.cell == cell}
    others = {
        cell_of_claims_table(each.claims_table)
        for each in deployed
        if (each.region, each.account_id) == place
    }
    return own or (others if len(others) == 1 else set())


def _runner_statements(
    resource: Resource, cell: str, settings: PackSettings, claims_cell: str
) -> Sequence[Mapping[str, object]]:
    if (runner := settings.reading.runner()) is None:
        return ()
    region, account_id = resource.region or settings.reading.region(), settings.reading.account_id()
    place = RunnerPlace(
        cell=cell,
        region=region,
        account_id=account_id,
        zone_id=WILD,
        kms_key_arn=f"arn:aws:kms:{region}:{account_id}:key/{WILD}",
        tunnel_host_id=WILD,
        log_group=f"/tenantnet/{cell}/runner",
        schedule_role=f"arn:aws:iam::{account_id}:role/{physical_name(cell, 'runner-schedules')}",
        claims_cell=claims_cell,
    )
    return runner_statements(place, runner)


def _project(resource: Resource, cell: str, settings: PackSettings) -> Iterator[Finding]:
    yield from named(resource, "name", physical_name(cell, "runner"))
    runner = settings.reading.runner()
    parts = {"source": project_source(runner), "environment": project_environment(runner)} if runner else {}
    for path in ("source", "environment"):
        wanted = {to_camel(key): value for key, value in parts.get(path, {}).items()}
        value = resource.props.get(path)
        # The provider adds what is not set, and its own notes.
        given = (
            {key: each for key, each in value.items() if key in wanted or (each and key != "__defaults")}
            if isinstance(value, Mapping)
            else value
        )
        documents = [json.dumps(wanted)] if wanted else []
        component = "MigrationRunner, by the platform's settings"
        yield from _compare(resource, path, given, documents, component)
    if runner:
        yield from named(resource, "sourceVersion", runner.version)
    match resource.props.get("logsConfig"):
        case {"cloudwatchLogs": {"groupName": str()} as logs}:
            yield from named(resource, "groupName", f"/tenantnet/{cell}/runner", props=logs)


# Which service assumes the role of a purpose.
SERVICES = {
    "flow-logs": "vpc-flow-logs.amazonaws.com",
    "tunnel-host": "ec2.amazonaws.com",
    "runner": "codebuild.amazonaws.com",
    "runner-schedules": "scheduler.amazonaws.com",
}
_OF_PLATFORM: Mapping[str, Callable[[Resource, str, PackSettings], Iterator[Finding]]] = {
    aws.KEY: _key,
    TOPIC: _topic,
    TOPIC_POLICY: _topic_policy,
    aws.VPC_ENDPOINT: _endpoint,
    aws.TABLE: _table,
    aws.DOCUMENT: _runner_document,
    ROLE: _role,
    ROLE_POLICY: _role_policy,
    PROJECT: _project,
}


def physical_name(cell: str, purpose: str) -> str:
    """The name of a role of the cell, and of the runner's project."""
    return f"tenantnet-{cell}-{purpose}"


def migration_name(cell: str, tenant: str) -> str:
    """The name of the schedule that starts a tenant's move."""
    return f"tenantnet-{cell}-{tenant}-migration"


def _judge_tenants(resource: Resource, platform: PlatformOutputs) -> Iterator[Finding]:
    """What a tenant's stack has in the zone, in Session Manager and in the scheduler."""
    tenant, endpoint = resource.stack, f"{resource.stack}.{platform.zone_name}"
    if resource.type == aws.RECORD:
        yield from named(resource, "name", endpoint)
    elif resource.type == aws.DOCUMENT:
        yield from named(resource, "name", tunnel_name(platform.cell, tenant))
        content, wanted = resource.props.get("content"), [tenant_document(endpoint)]
        yield from _compare(resource, "content", content, wanted, "TunnelAccess")
    else:
        yield from named(resource, "name", migration_name(platform.cell, tenant))
        target = resource.props.get("target")
        given = target.get("input") if isinstance(target, Mapping) else target
        wanted = [start_input(platform.runner_project or "", tenant)]
        yield from _compare(resource, "target.input", given, wanted, "MigrationSchedule")


_OF_TENANT = (aws.RECORD, aws.DOCUMENT, aws.SCHEDULE)


@with_platform
def _judge_stack(stack: Stack, settings: PackSettings, platform: PlatformOutputs | None) -> Iterator[Finding]:
    if platform is not None:
        for resource in stack.of_type(*_OF_TENANT):
            yield from _judge_tenants(resource, platform)
        for database in stack.of_type(aws.DATABASE):
            if "snapshotIdentifier" in database.kept:
                yield from _database(database)  # a replacement is restored from one that was not shown
    elif stack.is_platform:
        yield from _judge_runners_ids(stack, settings)


@before_creation(*_OF_TENANT)
def _judge_update(
    resource: Resource, stack: Stack, settings: PackSettings, platform: PlatformOutputs
) -> Iterator[Finding]:
    yield from _judge_tenants(resource, platform)


RIGHTS_EXACT = Policy(
    name="rights-exact",
    description="Session documents, IAM policies, trusts and names are what components write, to the letter.",
    severity=Severity.CRITICAL,
    remediation="Declare it with tenantnet.components.",
    rules=(DOCUMENT_OWN, NAME_OWN, PROPERTY_PERMITTED, PLATFORM_READ, KNOWN_IN_PREVIEW),
    judge_resource=_judge_resource,
    judge_stack=_judge_stack,
    judge_update=_judge_update,
)

POLICIES = (RIGHTS_EXACT,)
