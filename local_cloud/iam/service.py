"""IAM and STS, completed: policies are JSON, a group goes when nobody is in it, a session has tags, and
whoever asks is told what a user or a role may.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html
https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteGroup.html
https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html
"""

from __future__ import annotations

import json
from collections import defaultdict
from math import inf
from time import monotonic
from types import SimpleNamespace
from typing import Any

from moto.core.common_types import TYPE_RESPONSE
from moto.core.responses import ActionResult
from moto.iam import urls
from moto.iam.exceptions import (
    DeleteConflictException,
    EntityAlreadyExists,
    IAMException,
    InvalidInput,
    LimitExceededException,
    MalformedPolicyDocument,
)
from moto.iam.models import IAMBackend, InstanceProfile, Role, iam_backends
from moto.iam.responses import IamResponse
from moto.sts import urls as sts_urls
from moto.sts.models import STSBackend, sts_backends
from moto.sts.responses import TokenResponse
from tenantnet.local_cloud.iam.callers import access_key_of, caller_of, policies_of, rights
from tenantnet.local_cloud.iam.policy import Policies, Request, judge
from tenantnet.local_cloud.pace import LAG_SECONDS, here, now
from tenantnet.local_cloud.state import ADMINISTRATOR_KEY


class CompletedIamResponse(IamResponse):
    """All calls."""

    def call_action(self) -> TYPE_RESPONSE:
        """Answer the call, and keep what callers' rights were before it: services know no others yet."""
        backend: Any = self.backend
        reads = self._get_action().startswith(("Get", "List", "Simulate"))
        before = rights(backend) if LAG_SECONDS and not reads else {}
        answer: TYPE_RESPONSE = super().call_action()  # untyped there: a decorator hides the type
        for arn, present in (rights(backend) if before else {}).items():
            if (former := before.get(arn, Policies(identity=[]))) != present:
                backend.changed_rights[arn].append((monotonic(), former))
        return answer

    def get_group(self) -> ActionResult:
        return _whole(super().get_group())

    def list_instance_profiles_for_role(self) -> ActionResult:
        return _whole(super().list_instance_profiles_for_role())

    def simulate_principal_policy(self) -> ActionResult:
        """What the policies and the boundary of a user or a role say, whatever the resource's own say."""
        policies = policies_of(self.backend, self._get_param("PolicySourceArn"))
        context = {
            each["ContextKeyName"]: each["ContextKeyValues"]
            if each["ContextKeyType"].endswith("List")
            else each["ContextKeyValues"][0]
            for each in self._get_param("ContextEntries", [])
        }
        results = [
            {
                "EvalActionName": action,
                "EvalResourceName": resource,
                "EvalDecision": judge(
                    policies, Request(action=action, resource=resource, context=context)
                ).decision,
            }
            for action in self._get_param("ActionNames")
            for resource in self._get_param("ResourceArns", ["*"])
        ]
        return ActionResult({"EvaluationResults": results, "IsTruncated": False})


def _whole(answered: ActionResult) -> ActionResult:
    """The answer, of which nothing is left for another page."""
    answer: Any = answered.result
    return ActionResult({**answer, "IsTruncated": False})


# "Changes ... are eventually consistent": what services know of a role or a profile is some seconds old.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency
SPREAD_SECONDS = 10.0
# Which AWS raises for nobody. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
GROUPS_PER_USER = 10
# https://docs.aws.amazon.com/autoscaling/ec2/userguide/autoscaling-service-linked-role.html
WITH_SUFFIX = ("autoscaling.amazonaws.com",)


class UnmodifiableEntity(IAMException):
    """A role that AWS alone changes."""

    code = "UnmodifiableEntity"


class CompletedIamBackend(IAMBackend):
    """One partition's IAM."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self._changed: dict[str, float] = {}
        # By a user's or a role's ARN: when its rights changed, and what they were before.
        self.changed_rights: defaultdict[str, list[tuple[float, Policies]]] = defaultdict(list)

    def is_spread(self, name: str) -> bool:
        """Whether other services know a role, its rights or a profile as they are. name: of either."""
        return now() - self._changed.get(name, -inf) >= here(SPREAD_SECONDS)

    def put_role_policy(self, role_name: str, *args: Any) -> None:  # noqa: ANN401 - passed on as they are
        super().put_role_policy(role_name, *args)
        self._changed[role_name] = now()

    def attach_role_policy(self, policy_arn: str, role_name: str) -> None:
        super().attach_role_policy(policy_arn, role_name)
        self._changed[role_name] = now()

    def create_instance_profile(self, name: str, *args: Any, **kwargs: Any) -> InstanceProfile:  # noqa: ANN401
        self._changed[name] = now()
        return super().create_instance_profile(name, *args, **kwargs)

    @property
    def _url_module(self) -> SimpleNamespace:
        """What moto looks for in `urls.py` beside the backend's module."""
        paths = dict.fromkeys(urls.url_paths, CompletedIamResponse.dispatch)
        return SimpleNamespace(url_bases=urls.url_bases, url_paths=paths)

    def create_role(
        self,
        role_name: str,
        assume_role_policy_document: str,
        *args: Any,  # noqa: ANN401 - passed on as they are
        **kwargs: Any,  # noqa: ANN401
    ) -> Role:
        """Create a role whose trust policy is JSON."""
        try:
            json.loads(assume_role_policy_document)
        except ValueError:
            raise MalformedPolicyDocument("This policy contains invalid Json") from None
        self._changed[role_name] = now()
        return super().create_role(role_name, assume_role_policy_document, *args, **kwargs)

    def create_service_linked_role(self, service_name: str, description: str, suffix: str) -> Role:
        """The one role of a service; a second one needs a suffix, which few services allow.

        https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateServiceLinkedRole.html
        """
        if suffix and service_name not in WITH_SUFFIX:
            raise InvalidInput(f"Custom suffix is not allowed for {service_name}")
        try:
            return super().create_service_linked_role(service_name, description, suffix)
        except EntityAlreadyExists:
            message = "Service role name has been taken in this account, please try a different suffix."
            raise InvalidInput(message) from None

    def delete_role(self, role_name: str) -> None:
        """Delete a role that is not AWS's own."""
        if self.get_role(role_name).path.startswith("/aws-service-role/"):
            raise UnmodifiableEntity(
                f"Cannot perform the operation on the protected role '{role_name}' - this role is only "
                "modifiable by AWS"
            )
        super().delete_role(role_name)

    def get_instance_profiles_for_role(self, role_name: str) -> list[InstanceProfile]:
        """Those of a role that exists."""
        return super().get_instance_profiles_for_role(self.get_role(role_name).name)

    def add_user_to_group(self, group_name: str, user_name: str) -> None:
        """Add a user who is in fewer groups than a user may be in, or in this one."""
        others = [group for group in self.get_groups_for_user(user_name) if group.name != group_name]
        if len(others) >= GROUPS_PER_USER:
            raise LimitExceededException(f"Cannot exceed quota for GroupsPerUser: {GROUPS_PER_USER}")
        super().add_user_to_group(group_name, user_name)

    def delete_group(self, group_name: str) -> None:
        """Delete a group without users and inline policies."""
        group = self.get_group(group_name)
        if group.users:
            raise DeleteConflictException("Cannot delete entity, must remove users from group first.")
        if group.list_policies():
            raise DeleteConflictException("Cannot delete entity, must delete policies first.")
        super().delete_group(group_name)


class CompletedStsBackend(STSBackend):
    """STS, with what a session is given beside its role's."""

    @property
    def _url_module(self) -> SimpleNamespace:
        """What moto looks for in `urls.py` beside the backend's module."""
        paths = dict.fromkeys(sts_urls.url_paths, CompletedStsResponse.dispatch)
        return SimpleNamespace(url_bases=sts_urls.url_bases, url_paths=paths)


class CompletedStsResponse(TokenResponse):
    """All calls."""

    def get_caller_identity(self) -> ActionResult:
        """Who signed; this cloud's own key is the account's root user's."""
        key = access_key_of(self.headers)
        if key != ADMINISTRATOR_KEY:
            return super().get_caller_identity()
        root = caller_of(self.current_account, self.headers)
        return ActionResult({"UserId": root.user_id, "Account": root.account, "Arn": root.arn})

    def assume_role(self) -> ActionResult:
        answer = super().assume_role()
        session: Any = self.backend.assumed_roles[-1]
        session.tags = {each["Key"]: each["Value"] for each in self._get_param("Tags") or []}
        return answer


def _boundary(role: Role) -> dict[str, str] | None:
    """A role's boundary as IAM describes it: not by `PermissionsBoundaryPolicy`, its model's one word."""
    arn = role.permissions_boundary_arn
    return {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": arn} if arn else None


def register_iam() -> None:
    """Let moto make completed backends from now on."""
    role: Any = Role
    role.permissions_boundary = property(_boundary)
    iam_backends.backend = CompletedIamBackend
    sts_backends.backend = CompletedStsBackend
