"""Describes the changes that a refresh found in the stack's resources, in sentences. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from tenantnet.aws import types
from tenantnet.aws.properties import only_by_programs
from tenantnet.engine.events import Operation, Step
from tenantnet.observed.drift.state import StackState
from tenantnet.refusal import shown

# What Pulumi shows in a secret's place.
SECRET = "[secret]"  # noqa: S105

# Names of types whose name in Pulumi says too little.
NOUNS = {
    types.DATABASE: "database",
    types.INSTANCE: "instance",
    types.VPC: "VPC",
    types.DEFAULT_SECURITY_GROUP: "security group",
    types.PEERING: "peering",
    types.VPN_GATEWAY: "VPN gateway",
    types.TABLE_ITEM: "claim",
    types.NETWORK_ACL: "network ACL",
    types.ROUTE_PROPAGATION: "route propagation",
    types.SUBNET_GROUP: "database subnet group",
    types.PARAMETER_GROUP: "database parameter group",
    types.RECORD: "DNS record",
    types.DOCUMENT: "session document",
    types.IAM_GROUP: "IAM group",
    types.IAM_GROUP_POLICY: "IAM group policy",
}
# Changes that take a protection away, by type, property and new value.
ALARMING = {
    (types.DATABASE, "publiclyAccessible", True): "was made public: it has a public address",
    (types.DATABASE, "deletionProtection", False): "has lost its protection against deletion",
    (types.DATABASE, "backupRetentionPeriod", 0): "has lost its automated backups",
    (types.ALARM, "actionsEnabled", False): "was silenced: it tells nobody",
}


def changes_by_others(refreshed: Iterable[Step], state: StackState) -> list[str]:
    """One sentence for each resource that is gone and for each property that has changed.

    In the order of types and names, because a refresh reports resources as AWS answers.
    """
    ordered = sorted(refreshed, key=lambda change: (change.type, change.name))
    return [sentence for change in ordered for sentence in _sentences(change, state)]


def _sentences(change: Step, state: StackState) -> Iterator[str]:
    if not change.type.startswith("aws:") or not change.old:
        return
    if change.operation is Operation.DELETE:
        yield _lost(change, change.old.inputs or {}, state)
    elif change.operation is Operation.UPDATE:
        for name in _put_back(change):
            yield f"{_thing(change, state)} {_changed(change, name)}"


def _put_back(change: Step) -> list[str]:
    """The changed properties that an update puts back; AWS itself goes on changing others."""
    sides = [side.inputs or {} for side in (change.old, change.new) if side]
    return [
        name
        for name in change.properties
        if any(name in inputs for inputs in sides) or name in only_by_programs(change.type)
        if not _is_as_before(change, name)
    ]


def _is_as_before(change: Step, name: str) -> bool:
    """Nobody has changed what AWS has as the last update left it, be it another value than the program's."""
    was, now = _both(change, name)
    return was == now and was != SECRET


def _both(change: Step, name: str) -> tuple[object, object]:
    """What the state has, and what AWS has."""
    was, now = ((side.outputs or {}).get(name) if side else None for side in (change.old, change.new))
    return was, now


def _changed(change: Step, name: str) -> str:
    was, now = _both(change, name)
    was, now = _as_empty_as(now, was), _as_empty_as(was, now)
    if change.type == types.TABLE_ITEM:
        was, now = _row(was), _row(now)
    if isinstance(now, bool | int) and (words := ALARMING.get((change.type, name, now))):
        return words
    if SECRET in (was, now):
        return f"has another {name} than the stack"
    if (before := _entries(was)) is not None and (after := _entries(now)) is not None:
        # An update, also with --refresh, leaves alone what may be another tenant's.
        way = "; `tenantnet claims audit` says how to put it back" if change.type == types.TABLE_ITEM else ""
        return f"has other {name}: {_differences(before, after)}{way}"
    return f"has {name} {_value(now)}; the stack says {_value(was)}"


def _as_empty_as(other: object, value: object) -> object:
    """What is not there in the other's type, as providers have 0 or an empty text where AWS has nothing."""
    return type(other)() if value is None and isinstance(other, bool | int | float | str) else value


def _row(item: object) -> object:
    """A table's row by its columns, without DynamoDB's types."""
    if not isinstance(item, str):
        return item
    return {column: value for column, typed in json.loads(item).items() for value in typed.values()}


def _entries(value: object) -> Mapping[str, object] | None:
    """A mapping, or a list of mappings that have names: by these, the rest of each."""
    if isinstance(value, Mapping):
        return value
    if not isinstance(value, list) or not all(isinstance(each, Mapping) and "name" in each for each in value):
        return None
    return {str(each["name"]): {key: each[key] for key in each if key != "name"} for each in value}


def _differences(was: Mapping[str, object], now: Mapping[str, object]) -> str:
    keys = [key for key in sorted({*was, *now}) if was.get(key) != now.get(key)]
    return ", ".join(f"{key} is {_value(now.get(key))}, not {_value(was.get(key))}" for key in keys)


def _value(value: object) -> str:
    if isinstance(value, Mapping):
        # For what a rule does not have, the provider has nothing, an empty text or 0, by its own choice.
        said = (key for key in sorted(value) if value[key] is False or value[key] not in (None, "", 0))
        return f"({', '.join(f'{key} {_value(value[key])}' for key in said)})"
    if isinstance(value, float) and value.is_integer():
        # AWS has 90.0 where the state has 90.
        return shown(int(value))
    if isinstance(value, Sequence) and not isinstance(value, str):
        # At AWS almost every list is a set, and the provider's order is its own.
        return ", ".join(sorted(map(_value, value))) or "nothing"
    return "nothing" if value in (None, "") else shown(value)


def _thing(change: Step, state: StackState) -> str:
    if change.type == types.VPN_CONNECTION:
        return f"VPN connection {state.vpn_connection(change.old.id if change.old else '')}"
    own_word = change.type.rsplit(":", 1)[-1]
    noun = NOUNS.get(change.type) or re.sub(r"(?<=[a-z])(?=[A-Z])", " ", own_word).lower()
    return f"{noun} {change.name}"


def _lost(change: Step, old: Mapping[str, Any], state: StackState) -> str:
    match change.type:
        case types.VPN_CONNECTION_ROUTE:
            loser = f"VPN connection {state.vpn_connection(str(old.get('vpnConnectionId')))}"
        case types.ROUTE:
            loser = f"route table {state.named(str(old.get('routeTableId')))}"
        case types.INGRESS_RULE:
            group = state.named(str(old.get("securityGroupId")))
            peer = old.get("cidrIpv4") or old.get("referencedSecurityGroupId")
            what = old.get("description") or "no description"
            return f"security group {group} no longer admits {peer} ({what})"
        case _:
            return f"{_thing(change, state)} is gone"
    return f"{loser} has lost its route to {old.get('destinationCidrBlock')}"
