"""What a refresh has found changed of the stack's own resources, in sentences. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from tenantnet.engine.events import ResourceChange
from tenantnet.observed.drift import state as types
from tenantnet.observed.drift.state import StackState
from tenantnet.refusal import shown

# What Pulumi shows in a secret's place.
SECRET = "[secret]"  # noqa: S105

# What people call the types of which Pulumi's own name says too little.
NOUNS = {
    types.DATABASE: "database",
    types.INSTANCE: "instance",
    types.VPC: "VPC",
    types.DEFAULT_SECURITY_GROUP: "security group",
    types.PEERING: "peering",
    types.VPN_GATEWAY: "VPN gateway",
    "aws:dynamodb/tableItem:TableItem": "claim",
    "aws:ec2/networkAcl:NetworkAcl": "network ACL",
    "aws:ec2/vpnGatewayRoutePropagation:VpnGatewayRoutePropagation": "route propagation",
    "aws:rds/subnetGroup:SubnetGroup": "database subnet group",
    "aws:rds/parameterGroup:ParameterGroup": "database parameter group",
    "aws:route53/record:Record": "DNS record",
    "aws:ssm/document:Document": "session document",
    "aws:iam/group:Group": "IAM group",
    "aws:iam/groupPolicy:GroupPolicy": "IAM group policy",
}
# Changes that take a protection away, by type, property and new value.
ALARMING = {
    (types.DATABASE, "publiclyAccessible", True): "was made public: it has a public address",
    (types.DATABASE, "deletionProtection", False): "has lost its protection against deletion",
    (types.DATABASE, "backupRetentionPeriod", 0): "has lost its automated backups",
}


def changes_by_others(refreshed: Iterable[ResourceChange], state: StackState) -> list[str]:
    """One sentence for each resource that is gone and for each property that is another.

    In the order of types and names: a refresh tells of resources as AWS answers.
    """
    ordered = sorted(refreshed, key=lambda change: (change.type, change.name))
    return [sentence for change in ordered for sentence in _sentences(change, state)]


def _sentences(change: ResourceChange, state: StackState) -> Iterator[str]:
    if not change.type.startswith("aws:") or not change.old:
        return
    old = change.old.get("inputs") or {}
    if change.operation == "delete":
        yield _LOST.get(change.type, _gone)(change, old, state)
    elif change.operation == "update":
        for name in _declared(change):
            yield f"{_thing(change, state)} {_changed(change, name)}"


def _declared(change: ResourceChange) -> list[str]:
    """The changed properties that a program sets; AWS itself goes on changing others."""
    sides = [side.get("inputs") or {} for side in (change.old, change.new) if side]
    roots = dict.fromkeys(re.split(r"[.\[]", name)[0] for name in change.properties)
    return [name for name in roots if any(name in inputs for inputs in sides)]


def _changed(change: ResourceChange, name: str) -> str:
    was, now = (_property(side, name) for side in (change.old, change.new))
    if isinstance(now, bool | int) and (words := ALARMING.get((change.type, name, now))):
        return words
    if SECRET in (was, now):
        return f"has another {name} than the stack"
    if isinstance(was, Mapping) and isinstance(now, Mapping):
        return f"has other {name}: {_differences(was, now)}"
    return f"has {name} {_value(now)}; the stack says {_value(was)}"


def _property(side: Mapping[str, Any] | None, name: str) -> object:
    return ((side or {}).get("outputs") or {}).get(name)


def _differences(was: Mapping[str, object], now: Mapping[str, object]) -> str:
    keys = [key for key in sorted({*was, *now}) if was.get(key) != now.get(key)]
    return ", ".join(f"{key} is {_value(now.get(key))}, not {_value(was.get(key))}" for key in keys)


def _value(value: object) -> str:
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(map(shown, value)) or "nothing"
    return shown(value)


def _thing(change: ResourceChange, state: StackState) -> str:
    if change.type == types.VPN_CONNECTION:
        return f"VPN connection {state.vpn_connection(str((change.old or {}).get('id')))}"
    own_word = change.type.rsplit(":", 1)[-1]
    noun = NOUNS.get(change.type) or re.sub(r"(?<=[a-z])(?=[A-Z])", " ", own_word).lower()
    return f"{noun} {change.name}"


def _gone(change: ResourceChange, _: Mapping[str, Any], state: StackState) -> str:
    return f"{_thing(change, state)} is gone"


def _lost_vpn_route(_: ResourceChange, old: Mapping[str, Any], state: StackState) -> str:
    name = state.vpn_connection(str(old.get("vpnConnectionId")))
    return f"VPN connection {name} has lost its route to {old.get('destinationCidrBlock')}"


def _lost_route(_: ResourceChange, old: Mapping[str, Any], state: StackState) -> str:
    table = state.named(str(old.get("routeTableId")))
    return f"route table {table} has lost its route to {old.get('destinationCidrBlock')}"


def _lost_ingress(_: ResourceChange, old: Mapping[str, Any], state: StackState) -> str:
    group = state.named(str(old.get("securityGroupId")))
    peer = old.get("cidrIpv4") or old.get("referencedSecurityGroupId")
    return f"security group {group} no longer admits {peer} ({old.get('description') or 'no description'})"


_LOST: Mapping[str, Callable[[ResourceChange, Mapping[str, Any], StackState], str]] = {
    types.VPN_ROUTE: _lost_vpn_route,
    types.ROUTE: _lost_route,
    types.INGRESS_RULE: _lost_ingress,
}
