"""The policy on tunnel access: Session Manager leads a person to one tenant's database, and no further.

A session document with a parameter for the host, or a statement without SessionDocumentAccessCheck, would
turn the tunnel host into a way to every tenant's database or into a shell.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

from tenantnet.aws import types
from tenantnet.aws.session_documents import runner_document
from tenantnet.aws.types import DOCUMENT
from tenantnet.policies.model import (
    KNOWN_IN_PREVIEW,
    Finding,
    NotJudged,
    PackSettings,
    Policy,
    Resource,
    Severity,
    Stack,
    Unknown,
)
from tenantnet.policies.places import texts
from tenantnet.refusal import Rule

ROLE_POLICY = "aws:iam/rolePolicy:RolePolicy"
# The property with an IAM policy, by type of resource.
POLICY_PROPERTIES = {
    "aws:iam/policy:Policy": "policy",
    types.IAM_GROUP_POLICY: "policy",
    ROLE_POLICY: "policy",
    "aws:iam/userPolicy:UserPolicy": "policy",
}
ATTACHMENTS = (
    "aws:iam/groupPolicyAttachment:GroupPolicyAttachment",
    "aws:iam/userPolicyAttachment:UserPolicyAttachment",
    "aws:iam/policyAttachment:PolicyAttachment",
)
ROLE = "aws:iam/role:Role"
ROLE_ATTACHMENT = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
# What the Session Manager agent itself needs; it cannot start a session.
HARMLESS_FOR_ROLES = ("arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore",)

SESSION_ACTIONS = ("ssm:StartSession", "ssm:ResumeSession", "ssm:TerminateSession")
OWN_SESSIONS = re.compile(r"arn:aws[\w-]*:ssm:[\w-]+:\d{12}:session/\$\{aws:(username|userid)\}-\*")
TARGET = re.compile(r"arn:aws[\w-]*:ec2:[\w-]+:\d{12}:instance/i-[0-9a-f]+")
ANY_SESSION = re.compile(r"arn:aws[\w-]*:ssm:[\w-]+:\d{12}:session/\*")
OWN_DOCUMENT = re.compile(r"arn:aws[\w-]*:ssm:[\w-]+:\d{12}:document/(?!AWS-)([\w.-]+)")
# What Session Manager itself says about a session: who started it. A role's sessions have no other sign.
OWN_BY_TAG = ("ssm:resourceTag/aws:ssmmessages:session-id", "${aws:userid}")
LITERAL_PORT = re.compile(r"[0-9]{1,5}")
FREE_PARAMETERS = {"localPortNumber"}

DOCUMENT_READABLE = Rule(
    id="document-readable",
    rule="{what} is JSON of the form that AWS documents",
    reason="what cannot be read cannot be checked",
    remedy="write it with json.dumps",
)
DOCUMENT_IS_TUNNEL = Rule(
    id="document-is-tunnel",
    rule="a session document forwards one port: sessionType Port, properties.type LocalPortForwarding",
    reason="any other session is a shell on the tunnel host, from where every tenant's database is in reach",
    remedy="take tenantnet.aws.session_documents.tenant_document",
)
DOCUMENT_LITERAL = Rule(
    id="document-literal",
    rule="a session document names host and port literally; only localPortNumber is a parameter, and in the "
    "migration runner's own document, which names no port but MySQL's, the name of a database in RDS",
    reason="the person who starts the session fills in a parameter, and could name any tenant's database",
    remedy="write the endpoint's name and 3306 into the document",
)
ANY_DATABASE_FOR_ROLES = Rule(
    id="any-database-for-roles",
    rule="only a role's policy names the session document that leads to any database: {document}",
    reason="a person who starts a session with it reaches every tenant's database",
    remedy="give people the document of their tenant: tenantnet.components.tunnel_access",
)
ACCESS_CHECKED = Rule(
    id="session-document-access-check",
    rule="every statement that allows sessions has the condition BoolIfExists "
    "ssm:SessionDocumentAccessCheck = true",
    reason="without it a caller who names no document gets a shell on the tunnel host",
    remedy="add the condition to the statement",
)
EXACT_RESOURCES = Rule(
    id="exact-session-resources",
    rule="a statement that allows sessions names its resources exactly: an instance and a document of this "
    "stack to start one, the caller's own sessions to resume or end them",
    reason="{resource} is more than one tenant's tunnel",
    remedy="name the tunnel host's ARN and the document's, without wildcards",
)
PLAIN_STATEMENT = Rule(
    id="plain-statement",
    rule="a statement says what it allows: Action and Resource, never NotAction or NotResource",
    reason="everything that is not named is allowed, starting sessions too",
    remedy="list the actions and resources that are meant",
)
NO_ATTACHED_POLICY = Rule(
    id="no-attached-policy",
    rule="people and groups have no policy that is defined elsewhere, and roles only {harmless}",
    reason="what {policy} allows does not show here and can be changed elsewhere",
    remedy="write the statements into a GroupPolicy or RolePolicy of this stack",
)


def _judge_resource(resource: Resource, _: PackSettings) -> Iterator[Finding]:
    if resource.type == DOCUMENT and resource.props.get("documentType") == "Session":
        yield from _judge_document(resource)
    if (path := POLICY_PROPERTIES.get(resource.type)) is not None:
        yield from _judge_policy(resource, path)
    for path, policy in _attached(resource):
        harmless = ", ".join(HARMLESS_FOR_ROLES)
        yield resource.refuse(NO_ATTACHED_POLICY, path, value=policy, harmless=harmless, policy=policy)


def _attached(resource: Resource) -> Iterator[tuple[str, object]]:
    """Policies that the resource takes from elsewhere, except those that are harmless; and where it does."""
    policy = resource.props.get("policyArn")
    if resource.type in ATTACHMENTS:
        yield "policyArn", policy
    if resource.type == ROLE_ATTACHMENT and policy not in HARMLESS_FOR_ROLES:
        yield "policyArn", policy
    if resource.type == ROLE:
        for path in ("managedPolicyArns", "inlinePolicies"):
            yield from ((path, policy) for policy in _listed(resource.props.get(path)))


def _judge_document(document: Resource) -> Iterator[Finding]:
    content = document.props.get("content")
    parsed = _parse(content)
    parameters = parsed.get("parameters", {}) if parsed else None
    if parsed is None or not isinstance(parameters, Mapping):
        yield document.refuse(DOCUMENT_READABLE, "content", what="the content of a session document")
        return
    properties = parsed.get("properties")
    properties = properties if isinstance(properties, Mapping) else {}
    kind = (parsed.get("sessionType"), properties.get("type"))
    if kind != ("Port", "LocalPortForwarding"):
        yield document.refuse(DOCUMENT_IS_TUNNEL, "content", value=f"{kind[0]}, {kind[1]}")
    if _leads_to_any_database(parsed):
        return
    host, port = properties.get("host"), properties.get("portNumber")
    if not isinstance(host, str) or "{{" in host or not host:
        yield document.refuse(DOCUMENT_LITERAL, "content", value=f"host {host}")
    if not LITERAL_PORT.fullmatch(str(port)):
        yield document.refuse(DOCUMENT_LITERAL, "content", value=f"portNumber {port}")
    for parameter in sorted(set(parameters) - FREE_PARAMETERS):
        yield document.refuse(DOCUMENT_LITERAL, "content", value=f"parameter {parameter}")


def _leads_to_any_database(content: Mapping[str, Any] | None) -> bool:
    """Whether it leads where the migration runner's does, with the same choice for its caller."""
    own = json.loads(runner_document())
    return content is not None and all(content.get(key) == own[key] for key in ("parameters", "properties"))


def _parse(text: object) -> Mapping[str, Any] | None:
    try:
        parsed = json.loads(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return parsed if isinstance(parsed, Mapping) else None


def _judge_policy(resource: Resource, path: str) -> Iterator[Finding]:
    policy = resource.props.get(path)
    if isinstance(policy, Unknown) and resource.type == ROLE_POLICY:
        raise NotJudged(f"the policy of role {resource.name} is known after deployment, and judged then")
    statements = _statements(policy)
    if statements is None:
        yield resource.refuse(DOCUMENT_READABLE, path, what="an IAM policy")
        return
    for statement in statements:
        if statement.get("Effect") == "Deny":
            continue
        if {"NotAction", "NotResource"} & set(statement):
            yield resource.refuse(PLAIN_STATEMENT, path, value=_named(statement))
        elif actions := _session_actions(statement):
            yield from _judge_statement(resource, path, statement, actions)


def _statements(policy: object) -> list[Mapping[str, Any]] | None:
    parsed = _parse(policy)
    statements = _listed(parsed.get("Statement")) if parsed else []
    return statements if statements and all(isinstance(each, Mapping) for each in statements) else None


def _session_actions(statement: Mapping[str, Any]) -> list[str]:
    """Which session actions the statement allows, wildcards resolved; IAM compares without case."""
    patterns = [str(action).lower() for action in _listed(statement.get("Action"))]
    return [
        action
        for action in SESSION_ACTIONS
        if any(fnmatchcase(action.lower(), pattern) for pattern in patterns)
    ]


def _judge_statement(
    resource: Resource, path: str, statement: Mapping[str, Any], actions: list[str]
) -> Iterator[Finding]:
    condition = statement.get("Condition")
    checks = condition.get("BoolIfExists") if isinstance(condition, Mapping) else None
    checked = checks.get("ssm:SessionDocumentAccessCheck") if isinstance(checks, Mapping) else None
    if str(checked).lower() != "true":
        yield resource.refuse(ACCESS_CHECKED, path, value=_named(statement))
    permitted = [TARGET, OWN_DOCUMENT] if "ssm:StartSession" in actions else [OWN_SESSIONS]
    if "ssm:StartSession" not in actions and _is_own_by_tag(condition):
        permitted.append(ANY_SESSION)
    for named in map(str, _listed(statement.get("Resource"))):
        if not any(form.fullmatch(named) for form in permitted):
            yield resource.refuse(EXACT_RESOURCES, path, value=named, resource=named)


def _is_own_by_tag(condition: object) -> bool:
    equal = condition.get("StringEquals") if isinstance(condition, Mapping) else None
    tag, value = OWN_BY_TAG
    return isinstance(equal, Mapping) and equal.get(tag) == value


def _named(statement: Mapping[str, Any]) -> str:
    actions = ", ".join(map(str, _listed(statement.get("Action", statement.get("NotAction")))))
    return f"statement {statement.get('Sid', 'without Sid')} ({actions})"


def _listed(value: object) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _judge_stack(stack: Stack, _: PackSettings) -> Iterator[Finding]:
    documents = texts(stack.of_type(DOCUMENT), "name")
    for_roles = [
        each for each in stack.of_type(DOCUMENT) if _leads_to_any_database(_parse(each.props.get("content")))
    ]
    to_any_database = texts(for_roles, "name")
    for resource in stack.of_type(*POLICY_PROPERTIES):
        path = POLICY_PROPERTIES[resource.type]
        for named in _documents_to_start(resource.props.get(path)):
            name = OWN_DOCUMENT.fullmatch(named)
            if name and name[1] not in documents:
                yield resource.refuse(EXACT_RESOURCES, path, value=named, resource=named)
            if name and name[1] in to_any_database and resource.type != ROLE_POLICY:
                yield resource.refuse(ANY_DATABASE_FOR_ROLES, path, value=named, document=name[1])


def _documents_to_start(policy: object) -> Iterator[str]:
    for statement in _statements(policy) or ():
        if "ssm:StartSession" in _session_actions(statement):
            yield from map(str, _listed(statement.get("Resource")))


TUNNEL_ACCESS_EXACT = Policy(
    name="tunnel-access-exact",
    description="A session leads to one tenant's database: literal host and port, checked, exact ARNs.",
    severity=Severity.CRITICAL,
    remediation="Declare it with tenantnet.components.tunnel_access.",
    rules=(
        DOCUMENT_IS_TUNNEL,
        DOCUMENT_LITERAL,
        DOCUMENT_READABLE,
        ANY_DATABASE_FOR_ROLES,
        ACCESS_CHECKED,
        EXACT_RESOURCES,
        PLAIN_STATEMENT,
        NO_ATTACHED_POLICY,
        KNOWN_IN_PREVIEW,
    ),
    judge_resource=_judge_resource,
    judge_stack=_judge_stack,
)

POLICIES = (TUNNEL_ACCESS_EXACT,)
