"""Who a request comes from, by its access key, and the policies that stand for them in moto's IAM."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.iam.access_control import AssumedRoleAccessKey, CreateAccessKeyFailure, create_access_key
from moto.iam.models import IAMBackend, iam_backends
from moto.sts.models import sts_backends
from tenantnet.local_cloud.iam.policy import Decision, Request, decide
from tenantnet.local_cloud.state import ADMINISTRATOR_KEY

PARTITION = "aws"
ADMINISTRATOR_POLICY = json.dumps(
    {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """name: the user's name, or that of the role session. user_id: IAM's `aws:userid`. policies: JSON."""

    arn: str
    name: str
    user_id: str
    policies: Sequence[str]
    is_user: bool = True

    def decide(
        self, action: str, resource: str, context: Mapping[str, str] = MappingProxyType({})
    ) -> Decision:
        """IAM's decision; context: condition keys beside those that every request has."""
        own = {"aws:userid": self.user_id, "aws:PrincipalArn": self.arn}
        if self.is_user:
            own["aws:username"] = self.name
        return decide(self.policies, Request(action=action, resource=resource, context={**own, **context}))

    def require(self, action: str, resource: str, context: Mapping[str, str] = MappingProxyType({})) -> None:
        """Raises AWS's AccessDeniedException unless IAM allows it."""
        decision = self.decide(action, resource, context)
        if decision is not Decision.ALLOWED:
            raise access_denied(self, action, resource, decision)


def access_denied(caller: Caller, action: str, resource: str, decision: Decision) -> JsonRESTError:
    """AWS's answer to who may not."""
    because = (
        "with an explicit deny in an identity-based policy"
        if decision is Decision.EXPLICIT_DENY
        else f"because no identity-based policy allows the {action} action"
    )
    return JsonRESTError(
        "AccessDeniedException",
        f"User: {caller.arn} is not authorized to perform: {action} on resource: {resource} {because}",
    )


def access_key_of(headers: Mapping[str, str]) -> str | None:
    """The access key that a request is signed with."""
    _, _, rest = headers.get("Authorization", "").partition("Credential=")
    return rest.partition("/")[0] or None


def caller_of(account_id: str, headers: Mapping[str, str]) -> Caller:
    """Who signed a request. Raises AWS's UnrecognizedClientException for a key that IAM does not know."""
    key = access_key_of(headers)
    if key == ADMINISTRATOR_KEY:
        arn = f"arn:{PARTITION}:iam::{account_id}:root"
        return Caller(
            arn=arn, name="root", user_id=account_id, policies=[ADMINISTRATOR_POLICY], is_user=False
        )
    try:
        found = create_access_key(account_id, PARTITION, key or "", dict(headers))
    except CreateAccessKeyFailure:
        raise JsonRESTError(
            "UnrecognizedClientException", "The security token included in the request is invalid."
        ) from None
    policies = [_document(policy) for policy in found.collect_policies()]
    if isinstance(found, AssumedRoleAccessKey):
        role = next(
            each for each in sts_backends[account_id][PARTITION].assumed_roles if each.access_key_id == key
        )
        return Caller(
            arn=role.arn, name=role.session_name, user_id=role.user_id, policies=policies, is_user=False
        )
    iam: IAMBackend = iam_backends[account_id][PARTITION]
    user = next(each for each in iam.users.values() if each.has_access_key(str(key)))
    return Caller(arn=user.arn, name=user.name, user_id=user.id, policies=policies)


def _document(policy: Any) -> str:  # noqa: ANN401 - moto keeps inline and managed policies unlike
    """The JSON of a policy, however moto keeps it."""
    if isinstance(policy, str):
        return policy
    if isinstance(policy, dict):
        return str(policy["policy_document"])
    return next(str(version.document) for version in policy.versions if version.is_default)
