"""Holds recorded calls against policies, as IAM would judge them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tenantnet.local_cloud.iam.policy import Decision, Request, decide
from tenantnet.permissions.actions import actions_of
from tenantnet.permissions.record import Call
from tenantnet.permissions.scopes import CREATED, PolicyPlace

from tests.support.iam_reference import ACCOUNT, REGION, action_details, an_arn, arn_forms, fits

# As the local cloud has it.
PLACE = PolicyPlace(
    account=ACCOUNT,
    region=REGION,
    cell="local",
    state_bucket="tenantnet-state",
    secrets_key="11111111-2222-3333-4444-555555555555",
)
# What a call leaves to AWS: the image is Amazon's, the disk encrypted, as the components ask for.
GIVEN = {
    "ec2:Owner": "amazon",
    "ec2:Encrypted": "true",
    "iam:PolicyARN": "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore",
}


def refused(calls: Iterable[Call], documents: list[Mapping[str, Any]]) -> set[tuple[str, str]]:
    """The actions and resources that the documents do not allow, of what the calls need."""
    policies = [json.dumps(document) for document in documents]
    return {
        (action, arn)
        for call in calls
        for action in actions_of(call.service, call.operation)
        for arn, context in _needed(call, action)
        if decide(policies, Request(action=action, resource=arn, context=context)) is not Decision.ALLOWED
    }


def _needed(call: Call, action: str) -> Iterator[tuple[str, dict[str, str]]]:
    """What IAM asks about: each resource that the call names, and those that it makes."""
    request = {f"aws:RequestTag/{key}": value for key, value in call.request_tags.items()} | GIVEN
    for alias in (each.arn for each in call.resources if ":alias/" in each.arn):
        request["kms:RequestAlias"] = alias.rpartition(":")[2]
    forms = arn_forms(action)
    if not forms:
        yield "*", request
        return
    named = [each for each in call.resources if any(fits(each.arn, form) for form in forms)]
    for resource in named:
        tags = {f"aws:ResourceTag/{key}": value for key, value in resource.tags.items()}
        yield resource.arn, request | tags
    service, _, name = action.partition(":")
    if kind := CREATED.get(name) if service == "ec2" else None:
        yield f"arn:aws:ec2:{REGION}:{ACCOUNT}:{kind}/new", request
    elif not named and action_details(action)["accessLevel"] in ("Read", "List"):
        yield an_arn(forms[0]).replace("new", "*"), request
