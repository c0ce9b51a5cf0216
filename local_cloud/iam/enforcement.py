"""Every call of a user or a role: whether IAM allows all it needs, and AWS's answer where it does not."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus

from tenantnet.local_cloud.iam.callers import NOTHING, Caller, sentence
from tenantnet.local_cloud.iam.needs import Need, needs
from tenantnet.local_cloud.iam.policy import Decision, Verdict
from tenantnet.local_cloud.iam.resources import policy_of
from tenantnet.local_cloud.validation.request import ModelledCall

# How services call it; those of the JSON protocols say AccessDeniedException.
CODES = {
    "cloudwatch": "AccessDenied",
    "ec2": "UnauthorizedOperation",
    "iam": "AccessDenied",
    "rds": "AccessDenied",
    "route53": "AccessDenied",
    "s3": "AccessDenied",
    "sns": "AuthorizationError",
    "sts": "AccessDenied",
}
JSON_IN_REST = ("scheduler",)


@dataclass(frozen=True, slots=True)
class Denied:
    """An AWS error."""

    code: str
    message: str
    status: HTTPStatus


def denied(call: ModelledCall, caller: Caller, region: str) -> Denied | None:
    """What AWS answers a caller who may not; None for one who may."""
    for need in needs(call, region):
        verdict = _judged(caller, need)
        if verdict.decision is not Decision.ALLOWED:
            return _answer(call.service, sentence(caller, need.action, need.resource, verdict))
    return None


def _judged(caller: Caller, need: Need) -> Verdict:
    policy, required = policy_of(need.resource) if need.resource != "*" else (None, False)
    # A role's own policy is about who may assume it.
    if need.resource.split(":")[2:3] == ["iam"] and not need.action.startswith("sts:"):
        policy, required = None, False
    # What the call will make has no policy yet, and a role that is not there trusts nobody.
    if policy is None and need.action == "sts:AssumeRole":
        policy, required = NOTHING, True
    return caller.judge(need.action, need.resource, need.context, policy, required=required)


def _answer(service: str, message: str) -> Denied:
    code = CODES.get(service, "AccessDeniedException")
    if service == "ec2":
        message = f"You are not authorized to perform this operation. {message}"
    json = service not in CODES and service not in JSON_IN_REST
    return Denied(code, message, HTTPStatus.BAD_REQUEST if json else HTTPStatus.FORBIDDEN)
