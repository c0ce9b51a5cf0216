"""The account: who calls, whether clocks agree, and what the caller may do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from botocore.exceptions import ClientError
from tenantnet.doctor.finding import Finding, Planned, State, code_of
from tenantnet.doctor.secrets import secrets_key, state_bucket
from tenantnet.permissions.documents import documents, shipped
from tenantnet.permissions.scopes import PolicyPlace

# AWS refuses a signature that is more than five minutes off.
SKEW_FAULT_SECONDS, SKEW_WARNING_SECONDS = 240, 60
NAMED_ACTIONS = 6
# A pattern of a policy stands for every name; one of them is asked about.
EXAMPLE = "example"
# Stands for a bucket or a key that Pulumi does not have: nothing is asked about it.
NOT_KNOWN = "not-known"


def identity(planned: Planned) -> Iterator[Finding]:
    """Who calls, and whether the clock here is AWS's."""
    before = datetime.now(UTC)
    answer = planned.client("sts").get_caller_identity()
    arn = answer["Arn"]
    if arn.endswith(":root"):
        yield Finding(
            about="identity",
            state=State.WARNING,
            found=f"{arn}: the account's root user, whom no policy limits",
            remedy="use a role with the policies of tenantnet permissions",
        )
    else:
        yield Finding(about="identity", found=arn)
    if date := answer["ResponseMetadata"]["HTTPHeaders"].get("date"):
        yield judge_clock((parsedate_to_datetime(date) - before).total_seconds())


def judge_clock(ahead: float) -> Finding:
    """ahead: by how many seconds AWS's clock is ahead of this one."""
    about, off = "clock", abs(ahead)
    if off < SKEW_WARNING_SECONDS:
        return Finding(about=about, found="agrees with AWS's")
    state = State.FAULT if off > SKEW_FAULT_SECONDS else State.WARNING
    found = f"{off:.0f} s {'behind' if ahead > 0 else 'ahead of'} AWS's, which refuses what is 300 s off"
    return Finding(about=about, state=state, found=found, remedy="set it by NTP")


def permissions(planned: Planned) -> Iterator[Finding]:
    """Whether IAM would let the caller do what its role does, asked statement by statement."""
    about = f"permissions ({planned.role})"
    answer = planned.client("sts").get_caller_identity()
    if answer["Arn"].endswith(":root"):
        yield Finding(about=about, found="no policy limits the root user")
        return
    principal = _principal(planned, answer["Arn"])
    try:
        denied = _denied(planned, principal, answer["Account"])
    except ClientError as error:
        if not code_of(error).startswith(("AccessDenied", "NoSuchEntity", "InvalidInput")):
            raise
        refused = "may not call iam:SimulatePrincipalPolicy"
        known = refused if code_of(error).startswith("AccessDenied") else "is nobody that IAM can simulate"
        yield Finding(
            about=about,
            state=State.WARNING,
            found=f"not known: {principal} {known}",
            remedy="let somebody who may run tenantnet doctor with this role's name, or allow the call and "
            "iam:GetRole",
        )
        return
    yield judge_denied(about, denied)


def judge_denied(about: str, denied: Sequence[str]) -> Finding:
    """denied: actions that the caller would be refused."""
    if not denied:
        return Finding(about=about, found="all that the role's policies give")
    more = f" and {len(denied) - NAMED_ACTIONS} more" if len(denied) > NAMED_ACTIONS else ""
    return Finding(
        about=about,
        state=State.FAULT,
        found=f"denied: {', '.join(denied[:NAMED_ACTIONS])}{more}",
        remedy="attach the policies that tenantnet permissions writes, and the boundary it names",
    )


def _principal(planned: Planned, arn: str) -> str:
    """The user's or role's ARN behind a caller's, which for a role is one of its session's."""
    _, partition, service, _, account, name = arn.split(":", 5)
    kind, _, session = name.partition("/")
    if (service, kind) != ("sts", "assumed-role"):
        return arn
    role = session.partition("/")[0]
    try:
        # Only IAM knows its path, such as that of roles that people sign in to.
        return str(planned.client("iam").get_role(RoleName=role)["Role"]["Arn"])
    except ClientError:
        return f"arn:{partition}:iam::{account}:role/{role}"


def _denied(planned: Planned, principal: str, account: str) -> list[str]:
    place = PolicyPlace(
        account=account,
        region=planned.region,
        cell=planned.cell.settings.cell,
        state_bucket=state_bucket(planned) or NOT_KNOWN,
        secrets_key=secrets_key(planned) or NOT_KNOWN,
        zone=planned.cell.settings.zone.name,
        zone_id=planned.cell.settings.zone.zone_id,
    )
    iam = planned.client("iam")
    denied: set[str] = set()
    for document in documents(planned.role, place, shipped()):
        for statement in document["Statement"]:
            if NOT_KNOWN in str(statement["Resource"]):
                continue
            asked = {
                "PolicySourceArn": principal,
                "ActionNames": [*statement["Action"]],
                "ResourceArns": [_example(statement["Resource"])],
                "ContextEntries": [*_context(statement.get("Condition", {}))],
            }
            answers = iam.get_paginator("simulate_principal_policy").paginate(**asked)
            denied |= {
                result["EvalActionName"]
                for page in answers
                for result in page["EvaluationResults"]
                if result["EvalDecision"] != "allowed"
            }
    return sorted(denied)


def _example(resources: str | Sequence[str]) -> str:
    pattern = resources if isinstance(resources, str) else resources[0]
    return pattern if pattern == "*" else pattern.replace("*", EXAMPLE)


def _context(condition: Mapping[str, Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """Values under which the condition holds. A key that must be absent is left out."""
    for operator, keys in condition.items():
        if operator == "Null":
            continue
        for key, wanted in keys.items():
            values = [wanted] if isinstance(wanted, str) else [*wanted]
            examples = [each.replace("*", EXAMPLE) for each in values]
            several = operator.startswith(("ForAllValues:", "ForAnyValue:"))
            yield {
                "ContextKeyName": key,
                "ContextKeyType": "stringList" if several else "string",
                "ContextKeyValues": examples if several else examples[:1],
            }
