"""The changes of a preview in plain words, from the properties that may be shown. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from tenantnet.aws import types
from tenantnet.engine.events import Operation
from tenantnet.review import shown
from tenantnet.review.components import Components
from tenantnet.review.effects import vpn_name
from tenantnet.review.model import COMPONENT_PREFIX, Preview, PreviewedResource
from tenantnet.tags import Tag

# Components with sentences of their own, in the order of the comment.
ORDER = (
    "TenantNetwork",
    "TenantDatabase",
    "VpnConnection",
    "EndpointRecord",
    "SessionSubnet",
    "TunnelAccess",
    "ServicePeering",
    "RangeClaim",
    "MigrationSchedule",
)
NOUNS = {
    "PrivateVpc": "VPC",
    "PlatformKey": "the key of cell",
    "PlatformTables": "the tables of cell",
    "AlarmTopic": "the alarm topic of cell",
    "TunnelHost": "tunnel host",
    "ServiceRole": "role",
    "MigrationRunner": "the migration runner of cell",
    "ServicePeering": "peering",
}
VERBS = {
    Operation.CREATE: "adds",
    Operation.DELETE: "removes",
    Operation.UPDATE: "changes",
    Operation.REPLACE: "replaces",
}
# Changes together with other properties and has no meaning of its own.
NOISE = frozenset({"tagsAll", "__defaults", "region"})
# Labels for people, without effect.
LABELS = frozenset({"alarmDescription", "comment", "description", "tags", "tagsAll"})
PROPERTIES: Mapping[str, str] = {
    "allocatedStorage": "storage (GiB)",
    "backupRetentionPeriod": "days of backups",
    "engineVersion": "engine version",
    "evaluationPeriods": "periods",
    "instanceType": "instance type",
    "retentionInDays": "days of retention",
    "scheduleExpression": "time",
    "scheduleExpressionTimezone": "time zone",
    "storageType": "storage type",
}


def sentences(preview: Preview) -> list[str]:
    """The changes, the most interesting first, each sentence once."""
    components = Components(preview)
    subjects = _subjects(preview, components)
    implied = {
        _owner_name(subject)
        for subject in subjects
        if _kind(subject) in ("TenantNetwork", "SessionSubnet") and subject.operation is not Operation.SAME
    }
    ordered = sorted(subjects, key=lambda subject: _rank(subject, components))
    listed = (
        sentence
        for subject in ordered
        if not _is_implied(subject, implied) and not _is_relabelled(subject)
        for sentence in _speak(subject, components, preview)
    )
    return [*dict.fromkeys(listed), *_labels(ordered)]


def _labels(subjects: Iterable[PreviewedResource]) -> list[str]:
    count = sum(map(_is_relabelled, subjects))
    return [f"changes tags or descriptions of {count} resource{'' if count == 1 else 's'}"] if count else []


def _is_relabelled(subject: PreviewedResource) -> bool:
    """Whether only its labels change, and people need not read about that."""
    only_labels = subject.operation is Operation.UPDATE and LABELS.issuperset(subject.changed)
    return only_labels and not any(_renamed(subject))


def _renamed(connection: PreviewedResource) -> tuple[str, str] | tuple[()]:
    """The former and the new description of a VPN connection; nothing where it keeps it."""
    old = connection.old.get("tags")
    before = str(old.get(Tag.DESCRIPTION, "")) if isinstance(old, Mapping) else ""
    after = connection.tag(Tag.DESCRIPTION)
    return (before, after) if connection.type == types.VPN_CONNECTION and before not in ("", after) else ()


def _subjects(preview: Preview, components: Components) -> list[PreviewedResource]:
    """What the sentences are about: components that come or go as a whole, and single resources elsewhere."""
    found: dict[str, PreviewedResource] = {}
    for resource in preview.resources:
        if resource.operation is Operation.SAME or resource.is_component or resource.is_machinery:
            continue
        subject = components.whole(resource) or resource
        found.setdefault(subject.urn, subject)
    return list(found.values())


def _kind(resource: PreviewedResource) -> str:
    return resource.type.removeprefix(COMPONENT_PREFIX) if resource.is_component else ""


def _rank(subject: PreviewedResource, components: Components) -> tuple[int, str, str]:
    component = subject if subject.is_component else components.parent(subject)
    kind = _kind(component) if component else ""
    place = ORDER.index(kind) if kind in ORDER else len(ORDER)
    return place, subject.name, subject.type


def _owner_name(subject: PreviewedResource) -> str:
    return f"{subject.operation} {subject.name}"


def _is_implied(subject: PreviewedResource, implied: Iterable[str]) -> bool:
    """Whether a network or a session subnet that comes or goes says it: its claim, its peerings."""
    name = subject.name
    if _kind(subject) == "ServicePeering":
        name = name.rsplit("-", maxsplit=1)[0]
    elif _kind(subject) != "RangeClaim":
        return False
    return f"{subject.operation} {name}" in implied


def _speak(subject: PreviewedResource, components: Components, preview: Preview) -> Iterator[str]:
    if subject.is_component:
        speaker = _SPEAKERS.get(_kind(subject), _any_component)
        yield speaker(subject, components)
    elif subject.type in _OF_RESOURCES:
        yield from _OF_RESOURCES[subject.type](subject, components)
    else:
        yield _any_resource(subject)


def _verb(resource: PreviewedResource) -> str:
    return VERBS[resource.operation]


def _any_component(component: PreviewedResource, _: Components) -> str:
    return f"{_verb(component)} {NOUNS.get(_kind(component), _kind(component))} {component.name}"


def _first(component: PreviewedResource, components: Components, type_: str, name: str) -> Any:  # noqa: ANN401
    """A property of the first resource of a type in a component; what is not there is not known."""
    values = (each.current.get(name) for each in components.within(component) if each.type == type_)
    return next((value for value in values if value is not None), shown.NOT_KNOWN_YET)


def _network(network: PreviewedResource, components: Components) -> str:
    cidr = _first(network, components, types.VPC, "cidrBlock")
    host = _first(network, components, types.INSTANCE, "privateIp")
    return f"{_verb(network)} network {_slot(network)}, {cidr}, with its ping host {host}"


def _slot(resource: PreviewedResource) -> str:
    return resource.name.rsplit("-", maxsplit=1)[-1]


def _database(component: PreviewedResource, components: Components) -> str:
    def of(name: str) -> Any:  # noqa: ANN401 - a property's value
        return _first(component, components, types.DATABASE, name)

    standby = "two zones" if of("multiAz") is True else "one zone"
    return (
        f"{_verb(component)} database {component.name}: MySQL {of('engineVersion')}, {of('instanceClass')}, "
        f"{of('allocatedStorage')} GiB, {standby}"
    )


def _vpn(component: PreviewedResource, components: Components) -> str:
    connection = next(
        (each for each in components.within(component) if each.type == types.VPN_CONNECTION), component
    )
    description = connection.tag(Tag.DESCRIPTION) or component.name
    cidr = _first(component, components, types.VPN_CONNECTION_ROUTE, "destinationCidrBlock")
    gateway = _first(component, components, types.CUSTOMER_GATEWAY, "ipAddress")
    place = f" (network {connection.network})" if connection.network else ""
    return f"{_verb(component)} VPN connection {description}, {cidr} via {gateway}{place}"


def _endpoint(component: PreviewedResource, components: Components) -> str:
    return f"{_verb(component)} endpoint {_first(component, components, types.RECORD, 'name')}"


def _session(component: PreviewedResource, components: Components) -> str:
    return f"{_verb(component)} session subnet {_first(component, components, types.SUBNET, 'cidrBlock')}"


def _tunnel(component: PreviewedResource, components: Components) -> str:
    users = [
        str(each.current.get("user"))
        for each in components.within(component)
        if each.type == types.GROUP_MEMBERSHIP
    ]
    for_whom = f" for {', '.join(sorted(users))}" if users else ", for nobody yet"
    return f"{_verb(component)} tunnel access to the database{for_whom}"


def _claim(component: PreviewedResource, components: Components) -> str:
    verb = "claims" if component.operation is Operation.CREATE else "releases"
    return f"{verb} {_claimed(_first(component, components, types.TABLE_ITEM, 'item'))}"


def _schedule(component: PreviewedResource, components: Components) -> str:
    if component.operation is Operation.DELETE:
        return "no longer starts the migration runner by itself"
    time = str(_first(component, components, types.SCHEDULE, "scheduleExpression"))
    zone = _first(component, components, types.SCHEDULE, "scheduleExpressionTimezone")
    return f"starts the migration runner by itself at {time.removeprefix('at(').removesuffix(')')} {zone}"


def _claimed(item: object) -> str:
    """What a row of the claims table is about."""
    try:
        row = json.loads(str(item))
        cidr, kind, slot = (row.get(key, {}).get("S", "") for key in ("cidr", "kind", "slot"))
    except (ValueError, AttributeError):
        return "a range"
    return f"{cidr} for {'network ' + slot if slot else kind.replace('-', ' ')}"


def _changed_claim(claim: PreviewedResource, _: Components) -> Iterator[str]:
    if claim.operation is Operation.REPLACE:
        yield f"releases {_claimed(claim.old.get('item'))} and claims {_claimed(claim.new.get('item'))}"
    else:
        verb = "claims" if claim.operation is Operation.CREATE else "releases"
        yield f"{verb} {_claimed(claim.current.get('item'))}"


def _changed_database(database: PreviewedResource, _: Components) -> Iterator[str]:
    if database.operation in (Operation.CREATE, Operation.DELETE, Operation.REPLACE):
        size = f"{database.current.get('instanceClass')}, {database.current.get('allocatedStorage')} GiB"
        yield f"{_verb(database)} database {database.name}: {size}"
        return
    listed = {name: sentence for name in database.changed if (sentence := _changed_setting(database, name))}
    yield from listed.values()
    if rest := [name for name in database.changed if name not in listed]:
        yield from _changes(database, f"changes database {database.name}", rest)


def _changed_setting(database: PreviewedResource, name: str) -> str:
    """A sentence of its own for what people ask for; empty for all else."""
    called, old, new = f"database {database.name}", database.old.get(name), database.new.get(name)
    match name:
        case "instanceClass":
            return f"resizes {called} from {old} to {new}"
        case "allocatedStorage":
            return f"grows the storage of {called} from {old} to {new} GiB"
        case "multiAz":
            return (
                f"gives {called} a standby in a second zone" if new else f"takes the standby of {called} away"
            )
        case "deletionProtection":
            return f"{'protects' if new else 'no longer protects'} {called} against deletion"
        case "password":
            return f"changes the master password of {called}"
    return ""


def _changed_gateway(gateway: PreviewedResource, components: Components) -> Iterator[str]:
    if "ipAddress" in gateway.changed and gateway.operation is not Operation.CREATE:
        old, new = gateway.old.get("ipAddress"), gateway.new.get("ipAddress")
        yield f"moves VPN connection {vpn_name(gateway, components)} from gateway {old} to {new}"
    else:
        yield _any_resource(gateway)


def _changed_vpn(connection: PreviewedResource, components: Components) -> Iterator[str]:
    name = vpn_name(connection, components)
    if connection.operation is Operation.UPDATE and (renamed := _renamed(connection)):
        yield f"renames VPN connection {renamed[0]} to {name}"
    rest = [each for each in connection.changed if each not in ("customerGatewayId", "tags", "tagsAll")]
    if rest or connection.operation is not Operation.UPDATE:
        yield from _changes(connection, f"{_verb(connection)} VPN connection {name}", rest)


def _changed_membership(membership: PreviewedResource, _: Components) -> Iterator[str]:
    user = membership.current.get("user", membership.name)
    if membership.operation is Operation.DELETE:
        yield f"no longer lets {user} open a tunnel to the database"
    else:
        yield f"lets {user} open a tunnel to the database"


def _changed_alarm(alarm: PreviewedResource, _: Components) -> Iterator[str]:
    yield from _changes(alarm, f"{_verb(alarm)} alarm {alarm.name}", alarm.changed)


def _any_resource(resource: PreviewedResource) -> str:
    kind = resource.type.rsplit(":", maxsplit=1)[-1]
    start = f"{_verb(resource)} {kind} {resource.name}"
    return next(iter(_changes(resource, start, resource.changed)), start)


def _changes(resource: PreviewedResource, start: str, names: Iterable[str]) -> Iterator[str]:
    """`start`, and how each of the properties changes: with values where they may be shown."""
    works = [name for name in names if name not in NOISE | LABELS]
    listed = [_change(resource, name) for name in works]
    if listed or resource.operation is not Operation.UPDATE:
        yield f"{start}: {', '.join(listed)}" if listed else start


def _change(resource: PreviewedResource, name: str) -> str:
    word = PROPERTIES.get(name, name)
    old, new = resource.old.get(name), resource.new.get(name)
    if any(isinstance(value, dict | list) for value in (old, new)) or (old is None and new is None):
        return word
    return f"{word} {_value(old)} → {_value(new)}"


def _value(value: object) -> str:
    if value is None:
        return "none"
    return str(value).lower() if isinstance(value, bool) else str(value)


_SPEAKERS: Mapping[str, Callable[[PreviewedResource, Components], str]] = {
    "TenantNetwork": _network,
    "TenantDatabase": _database,
    "VpnConnection": _vpn,
    "EndpointRecord": _endpoint,
    "SessionSubnet": _session,
    "TunnelAccess": _tunnel,
    "RangeClaim": _claim,
    "MigrationSchedule": _schedule,
}
_OF_RESOURCES: Mapping[str, Callable[[PreviewedResource, Components], Iterator[str]]] = {
    types.DATABASE: _changed_database,
    types.CUSTOMER_GATEWAY: _changed_gateway,
    types.VPN_CONNECTION: _changed_vpn,
    types.GROUP_MEMBERSHIP: _changed_membership,
    types.ALARM: _changed_alarm,
    types.TABLE_ITEM: _changed_claim,
}
