"""What a stack's state has already: what came into it unseen is not deleted by the next update.

The engine shows a policy neither an import nor a deletion. So what is in the state is judged by whose it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tenantnet.aws import types as aws
from tenantnet.policies.allowed import ALLOWED
from tenantnet.policies.model import (
    PLATFORM_PREFIX,
    Finding,
    Reading,
    Resource,
    Stack,
)
from tenantnet.refusal import Rule
from tenantnet.tags import Tag

HELD_OWN = Rule(
    id="held-own",
    rule="what a stack's state has is the stack's own",
    reason="{kind} {name} is {owner}, by its tags or by what it is of. An import has brought it in here, "
    "and an update deletes it as soon as the program does not declare it",
    remedy="pulumi state delete '{urn}' --stack {stack}",
)
DELETED_GONE = Rule(
    id="deleted-gone",
    rule="what a program does not declare any more is gone from AWS, too",
    reason="{kind} {name} was deployed with retain_on_delete or deleted_with: it stays there, and its range "
    "or name is free for others",
    remedy="declare it without the option, update, and remove it then",
)
# How the state marks what it keeps encrypted.
SECRET_MARK = "4dabf18193072939515e22adb298388d"  # noqa: S105 - of Pulumi's format
# What has no tags is of something that has.
_OF = {
    aws.ROUTE: "vpcPeeringConnectionId",
    aws.ROUTE_TABLE_ASSOCIATION: "subnetId",
    aws.ROUTE_PROPAGATION: "vpnGatewayId",
    aws.VPN_CONNECTION_ROUTE: "vpnConnectionId",
}


def judge_held(stack: Stack, reading: Reading, *, all_of_it: bool) -> Iterator[Finding]:
    """What is another's, and what would stay in AWS. Raises Failure if the state cannot be read.

    all_of_it: also what the program declares: at the beginning of an update nobody knows what that will be.
    """
    held = reading.held(stack.name)
    ids = {str(value) for each in held for value in each.ids}
    declared = {each.urn for each in stack.resources}
    for resource in held:
        facts = {"kind": resource.kind, "name": resource.name, "urn": resource.urn, "stack": stack.name}
        is_left = resource.urn not in declared
        if (all_of_it or is_left) and (owner := _owner(resource, stack, ids, reading)):
            yield stack.root.refuse(HELD_OWN, "", value=resource.urn, owner=owner, **facts)
        elif not all_of_it and is_left and resource.retained and resource.type != aws.KEY:
            yield stack.root.refuse(DELETED_GONE, "", value=resource.urn, **facts)


def _owner(resource: Resource, stack: Stack, ids: set[str], reading: Reading) -> str:
    """Whose it is, in words, if it is another's."""
    path = _OF.get(resource.type, "tags")
    value, all_tags = (resource.props.get(each) for each in (path, "tagsAll"))
    if any(isinstance(each, Mapping) and SECRET_MARK in each for each in (value, all_tags)):
        return "nobody's that can be seen"
    if resource.type == aws.TABLE_ITEM:
        claim = resource.claim
        return f"tenant {claim.tenant}'s" if claim and claim.stack != stack.name else ""
    if resource.type == aws.RECORD and not str(resource.props.get("name")).startswith(f"{stack.name}."):
        return "another tenant's"
    tags: Mapping[str, object] = resource.tags
    if isinstance(value, str) and value not in ids:
        tags = reading.tags([value], resource.region or stack.region).get(value, {})
    if resource.type not in ALLOWED and not tags.get(Tag.TENANT):
        return ""  # a team's own type, in a stack that is no tenant's
    return _by_tags(tags, stack)


def _by_tags(tags: Mapping[str, object], stack: Stack) -> str:
    tenant, cell = tags.get(Tag.TENANT), tags.get(Tag.CELL)
    if stack.is_platform:
        is_own = not tenant and cell in (None, stack.name.removeprefix(PLATFORM_PREFIX))
    else:
        is_own = tenant == stack.name or (not tenant and not cell)
    return "" if is_own else f"tenant {tenant}'s" if tenant else f"cell {cell}'s"
