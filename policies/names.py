"""Names: under a name of its own, a resource of one tenant is not taken for another's.

A log group, an alarm or a snapshot has one name in the account. Whoever takes it first keeps its owner from
it, and AWS changes an alarm of the same name without a word.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tenantnet.aws import types as aws
from tenantnet.aws.engines import FAMILIES
from tenantnet.components.tenant_database import EXPORTED_LOGS, log_group_name, parameter_group_name
from tenantnet.policies.model import PLATFORM_PREFIX, Finding, Resource
from tenantnet.policies.shapes import PROPERTY_PERMITTED
from tenantnet.refusal import Rule
from tenantnet.tags import Part, Slot, Tag, network_name

NAME_OWN = Rule(
    id="name-own",
    rule="{property} of {kind} is {permitted}",
    reason="the name says whose it is: under any other it is another's, or nobody's",
    remedy="set {property} to {permitted}",
)
# Words that tell one thing of a network from another. A slot among them would make it another tenant's.
_REST = rf"(?:-(?!(?:{'|'.join(Slot)})(?:-|$))[A-Za-z0-9]+)*"
# The dimensions of metrics that are names.
WATCHED = ("DBInstanceIdentifier", "ProjectName")
# By the namespace of what is watched.
DIMENSIONS = dict(zip(("AWS/RDS", "AWS/CodeBuild", "AWS/VPN"), (*WATCHED, "VpnId"), strict=True))
_ALL_TOGETHER = "without its name an alarm watches what all tenants have, together"
_ANYTHING = ", ending in what it is for"
# The other snapshots of a tenant are a move's, and one that is there is what a move would restore.
_FINAL = ", with its range or without, and -final or -final- and a number"
_ENDINGS = {"": "", _ANYTHING: _REST, _FINAL: "(?:-[0-9]{1,3})*-final(?:-[0-9]+)?"}


def named(
    resource: Resource, path: str, *permitted: str, words: str = "", props: Mapping[str, Any] | None = None
) -> Iterator[Finding]:
    """The finding that the property is none of the names permitted. words: how they go on, of _ENDINGS.

    props: where the property is, if not at the top.
    """
    value, rest = (resource.props if props is None else props).get(path), _ENDINGS[words]
    forms = [re.escape(each) + rest for each in permitted]
    if not (isinstance(value, str) and any(re.fullmatch(form, value) for form in forms)):
        listed = " or ".join(permitted) or "that of a tenant of this stack"
        facts = {"kind": resource.kind, "property": path, "permitted": f"{listed}{words}"}
        yield resource.refuse(NAME_OWN, path, value=value, **facts)


def judge_names(resource: Resource) -> Iterator[Finding]:
    """The names of what a stack of a tenant or of a platform has."""
    if resource.stack.startswith(PLATFORM_PREFIX):
        cell = resource.stack.removeprefix(PLATFORM_PREFIX)
        if permitted := _of_platform(cell).get(resource.type):
            yield from named(resource, "name", *permitted)
        yield from _judge_watched(resource, projects=[f"tenantnet-{cell}-runner"])
        return
    # That tags are there is judged by the policy on tags.
    slots = [slot for slot in Slot if slot == resource.tags.get(Tag.NETWORK)] or [*Slot]
    own = [network_name(resource.stack, slot) for slot in slots]
    permitted = [name for each in own for name in _of_network(resource, each).get(resource.type, ())]
    if permitted:
        yield from named(resource, "name", *permitted)
    if resource.type == aws.DATABASE:
        yield from named(resource, "identifier", *own)
        if resource.props.get("finalSnapshotIdentifier") is not None:
            yield from named(resource, "finalSnapshotIdentifier", *own, words=_FINAL)
    elif resource.type in _BEGIN:
        yield from named(resource, _BEGIN[resource.type], *own, words=_ANYTHING)
        yield from _judge_watched(resource, databases=own)


def foreign_name(resource: Resource) -> str:
    """What calls a resource of the state another's; empty for what is called after its own stack.

    Former versions ended names in other words.
    """
    path = "identifier" if resource.type == aws.DATABASE else "name"
    if resource.stack.startswith(PLATFORM_PREFIX):
        return next((each.refusal.value for each in judge_names(resource) if each.refusal.path == path), "")
    own = "|".join(re.escape(network_name(resource.stack, slot)) for slot in Slot)
    form = rf"(?:/aws/rds/instance/|/tenantnet/[^/]+/flow/)?(?:{own}){_REST}(?:/[a-z-]+)?"
    name = str(resource.props.get(path))
    return name if resource.type in _CALLED_AFTER and not re.fullmatch(form, name) else ""


def _judge_watched(
    alarm: Resource, databases: Sequence[str] = (), projects: Sequence[str] = ()
) -> Iterator[Finding]:
    """What an alarm is about, where a name tells it."""
    dimensions = alarm.props.get("dimensions")
    if alarm.type != aws.ALARM or not dimensions:
        return  # that there must be some, the alarm's shape says
    by_name = dimensions if isinstance(dimensions, Mapping) else {}
    given = [path for path, value in by_name.items() if value]
    if given != [wanted := DIMENSIONS.get(str(alarm.props.get("namespace")), "of nothing")]:
        facts = {"kind": alarm.kind, "property": "dimensions", "permitted": f"one {wanted}"}
        yield alarm.refuse(PROPERTY_PERMITTED, "dimensions", reason=_ALL_TOGETHER, **facts)
    for path, own in zip(WATCHED, (databases, projects), strict=True):
        if path in by_name:
            yield from named(alarm, path, *own, props=by_name)


_CALLED_AFTER = (aws.DATABASE, aws.LOG_GROUP, aws.SUBNET_GROUP, aws.PARAMETER_GROUP, aws.ALARM)
# What is called after its network, with more words.
_BEGIN = {aws.ALARM: "name", aws.CUSTOMER_GATEWAY: "deviceName"}


def _of_network(resource: Resource, own: str) -> Mapping[str, Sequence[str]]:
    cell = resource.tags.get(Tag.CELL)
    flow = [f"/tenantnet/{cell}/flow/{own}"] if cell else []
    return {
        aws.LOG_GROUP: [*flow, *(log_group_name(own, log) for log in EXPORTED_LOGS)],
        aws.SUBNET_GROUP: [own],
        aws.PARAMETER_GROUP: [parameter_group_name(own, version) for version in FAMILIES],
    }


def _of_platform(cell: str) -> Mapping[str, Sequence[str]]:
    return {
        aws.LOG_GROUP: [
            f"/tenantnet/{cell}/runner",
            *(f"/tenantnet/{cell}/flow/{cell}-{part}" for part in (Part.SESSIONS, Part.SERVICES)),
        ],
        aws.ALARM: [f"tenantnet-{cell}-runner-failed"],
        aws.ALIAS: [f"alias/tenantnet-{cell}"],
        aws.INSTANCE_PROFILE: [f"tenantnet-{cell}-tunnel-host"],
    }
