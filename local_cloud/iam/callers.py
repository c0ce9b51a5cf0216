"""Who a request comes from, by its access key, and what decides on it: from moto's IAM and STS."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from time import monotonic
from types import MappingProxyType
from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.iam.exceptions import NotFoundException
from moto.iam.models import IAMBackend, iam_backends
from moto.sts.models import sts_backends
from tenantnet.local_cloud.iam.policy import (
    RESOURCE,
    Decision,
    Policies,
    Request,
    ResourcePolicy,
    Verdict,
    judge,
)
from tenantnet.local_cloud.iam.resources import tags_of
from tenantnet.local_cloud.pace import LAG_SECONDS
from tenantnet.local_cloud.state import ADMINISTRATOR_KEY

PARTITION = "aws"
ADMINISTRATOR_POLICY = (
    '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}'
)
# A boundary that is gone allows nothing.
NOTHING = '{"Version": "2012-10-17", "Statement": []}'
BOUNDARY, SESSION = "permissions boundary", "session policy"


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """name: the user's name, or that of the role session. user_id: IAM's `aws:userid`. kind: its type in IAM.

    principals: the ARNs by which resource policies may call it, its own first. tags: of the principal.
    """

    account: str
    arn: str
    name: str
    user_id: str
    kind: str
    policies: Policies
    principals: Sequence[str] = ()
    tags: Mapping[str, str] = field(default_factory=dict)

    def context(self) -> dict[str, str]:
        """The condition keys about it."""
        own = {
            "aws:userid": self.user_id,
            "aws:PrincipalArn": self.principals[-1] if self.principals else self.arn,
            "aws:PrincipalAccount": self.account,
            "aws:PrincipalType": self.kind,
            **{f"aws:PrincipalTag/{key}": value for key, value in self.tags.items()},
        }
        return {**own, "aws:username": self.name} if self.kind == "User" else own

    def judge(
        self,
        action: str,
        resource: str,
        context: Mapping[str, str | Sequence[str]] = MappingProxyType({}),
        own_policy: str | None = None,
        *,
        required: bool = False,
    ) -> Verdict:
        """IAM's verdict. context: keys beside those about the caller. own_policy: the resource's."""
        request = Request(action=action, resource=resource, context={**self.context(), **context})
        if own_policy is None:
            return judge(self.policies, request)
        # Nothing else limits what a resource gives to a user or a session by name.
        policy = ResourcePolicy(
            policy=own_policy,
            principals=self.principals,
            account=self.account,
            exact=self.principals[:1],
            required=required,
        )
        return judge(self.policies, request, policy)

    def require(self, action: str, resource: str, context: Mapping[str, str] = MappingProxyType({})) -> None:
        """Raises AWS's AccessDeniedException unless IAM allows it."""
        verdict = self.judge(action, resource, context)
        if verdict.decision is not Decision.ALLOWED:
            raise JsonRESTError("AccessDeniedException", sentence(self, action, resource, verdict))


def sentence(caller: Caller, action: str, resource: str, verdict: Verdict) -> str:
    """What AWS says to who may not.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
    """
    where = "" if resource == "*" else f" on resource: {resource}"
    told = f"User: {caller.arn} is not authorized to perform: {action}{where}"
    if verdict.decision is Decision.EXPLICIT_DENY:
        article = "an" if verdict.because.startswith("i") else "a"
        return f"{told} with an explicit deny in {article} {verdict.because}"
    if action == "sts:AssumeRole" and verdict.because == RESOURCE:
        return told
    return f"{told} because no {verdict.because} allows the {action} action"


def access_key_of(headers: Mapping[str, str]) -> str | None:
    """The access key that a request is signed with."""
    _, _, rest = headers.get("Authorization", "").partition("Credential=")
    return rest.partition("/")[0] or None


def caller_of(account_id: str, headers: Mapping[str, str]) -> Caller:
    """Who signed a request. Raises AWS's UnrecognizedClientException for a key that IAM does not know."""
    key = access_key_of(headers)
    if key == ADMINISTRATOR_KEY:
        policies = Policies(identity=[ADMINISTRATOR_POLICY])
        arn = f"arn:{PARTITION}:iam::{account_id}:root"
        return Caller(
            account=account_id, arn=arn, name="root", user_id=account_id, kind="Account", policies=policies
        )
    if found := caller_with_key(account_id, key or ""):
        return found
    raise JsonRESTError(
        "UnrecognizedClientException", "The security token included in the request is invalid."
    )


def caller_with_key(account_id: str, key: str) -> Caller | None:
    """The user or the role session that has an access key."""
    iam: IAMBackend = iam_backends[account_id][PARTITION]
    for user in [*iam.users.values()]:
        if user.has_access_key(key):
            return _user(account_id, iam, user)
    for session in [*sts_backends[account_id][PARTITION].assumed_roles]:
        if session.access_key_id == key:
            return _session(account_id, iam, session)
    return None


def service_session(account_id: str, role_arn: str, service: str, name: str) -> dict[str, str]:
    """The variables of a session that a service has as a role which it was given.

    service: its principal. Raises AWS's AccessDenied where the role does not trust it, or is not there.
    """
    iam: IAMBackend = iam_backends[account_id][PARTITION]
    policies = [role.assume_role_policy_document for role in iam.get_roles() if role.arn == role_arn]
    request = Request(action="sts:AssumeRole", resource=role_arn, context={"aws:SourceAccount": account_id})
    trusted = [
        ResourcePolicy(policy=policy, principals=(service,), account=account_id, required=True)
        for policy in policies
    ]
    verdicts = [judge(Policies(identity=[]), request, each).decision for each in trusted]
    if verdicts != [Decision.ALLOWED]:
        message = f"{service} is not authorized to perform: sts:AssumeRole on {role_arn}"
        raise JsonRESTError("AccessDenied", message)
    session = sts_backends[account_id][PARTITION].assume_role(
        region_name="us-east-1",
        role_session_name=name,
        role_arn=role_arn,
        policy="",
        duration=43_200,
        external_id="",
    )
    return {
        "AWS_ACCESS_KEY_ID": session.access_key_id,
        "AWS_SECRET_ACCESS_KEY": session.secret_access_key,
        "AWS_SESSION_TOKEN": session.session_token,
    }


def _user(account_id: str, iam: IAMBackend, user: Any) -> Caller:  # noqa: ANN401 - moto has no types for it
    tags = iam.list_user_tags(user.name)
    return Caller(
        account=account_id,
        arn=user.arn,
        name=user.name,
        user_id=user.id,
        kind="User",
        policies=_known(iam, user.arn, _of_user(iam, user)),
        principals=(user.arn,),
        tags={each["Key"]: each["Value"] for each in tags},
    )


def _session(account_id: str, iam: IAMBackend, session: Any) -> Caller:  # noqa: ANN401 - likewise
    try:
        role: Any = iam.get_role_by_arn(session.role_arn)
    except NotFoundException:
        role = None
    own = _known(iam, session.role_arn, _of_role(iam, role) if role else Policies(identity=[]))
    session_policy = {SESSION: [session.policy]} if session.policy else {}
    return Caller(
        account=account_id,
        arn=session.arn,
        name=session.session_name,
        user_id=session.user_id,
        kind="AssumedRole",
        policies=Policies(identity=own.identity, boundaries={**session_policy, **own.boundaries}),
        principals=(session.arn, session.role_arn),
        tags={**tags_of(session.role_arn), **getattr(session, "tags", {})},
    )


def _known(iam: Any, arn: str, present: Policies) -> Policies:  # noqa: ANN401 - likewise
    """What services know of the policies: those from before the first change that they have not heard of."""
    changes: Iterable[tuple[float, Policies]] = iam.changed_rights.get(arn, ())
    return next((former for at, former in changes if monotonic() < at + LAG_SECONDS), present)


def rights(iam: IAMBackend) -> dict[str, Policies]:
    """What decides on the requests of each user and role, by its ARN."""
    users = {user.arn: _of_user(iam, user) for user in iam.users.values()}
    return {**users, **{role.arn: _of_role(iam, role) for role in iam.get_roles()}}


def _of_user(iam: IAMBackend, user: Any) -> Policies:  # noqa: ANN401 - likewise
    holders = [user, *iam.get_groups_for_user(user.name)]
    return Policies(identity=[text for each in holders for text in _documents(each)])


def _of_role(iam: IAMBackend, role: Any) -> Policies:  # noqa: ANN401 - likewise
    limit = role.permissions_boundary_arn
    boundaries = {BOUNDARY: [managed_document(iam, limit)]} if limit else {}
    return Policies(identity=[*_documents(role)], boundaries=boundaries)


def policies_of(iam: IAMBackend, arn: str) -> Policies:
    """What decides on a user's or a role's requests. Raises IAM's NoSuchEntity for anybody else."""
    for user in iam.users.values():
        if user.arn == arn:
            return _of_user(iam, user)
    return _of_role(iam, iam.get_role_by_arn(arn))


def _documents(holder: Any) -> Iterator[str]:  # noqa: ANN401 - a user, a group or a role
    yield from holder.policies.values()
    for policy in holder.managed_policies.values():
        yield from (str(version.document) for version in policy.versions if version.is_default)


def managed_document(iam: IAMBackend, arn: str) -> str:
    """The document of a managed policy in force."""
    policy: Any = iam.managed_policies.get(arn)
    versions = policy.versions if policy else ()
    return next((str(version.document) for version in versions if version.is_default), NOTHING)
