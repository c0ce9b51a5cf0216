"""The changes of a preview in plain words, from the properties that may be shown. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any

from tenantnet.aws import types
from tenantnet.engine.events import Operation
from tenantnet.review import shown
from tenantnet.review.effects import vpn_name
from tenantnet.review.model import Preview, PreviewedResource, tag
from tenantnet.secret_forms import hide_value
from tenantnet.tags import Tag, tunnel_users

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
# Metrics of AWS/RDS.
IN_BYTES = frozenset({"FreeStorageSpace", "FreeableMemory"})
# Of a security group's rule: with whom.
_PEERS = ("cidrIpv4", "cidrIpv6", "prefixListId", "referencedSecurityGroupId")
PROPERTIES: Mapping[str, str] = {
    "allocatedStorage": "storage (GiB)",
    "backupRetentionPeriod": "days of backups",
    "engineVersion": "engine version",
    "evaluationPeriods": "periods",
    "instanceType": "instance type",
    "iops": "IOPS",
    "retentionInDays": "days of retention",
    "scheduleExpression": "time",
    "scheduleExpressionTimezone": "time zone",
    "storageThroughput": "throughput (MiB/s)",
    "storageType": "storage type",
}

Inside = Sequence[PreviewedResource]


def sentences(preview: Preview) -> list[str]:
    """The changes, the most interesting first, each sentence once."""
    # Components that come or go as a whole, and single resources elsewhere.
    found = {subject.urn: subject for subject in map(preview.whole, preview.changes)}
    subjects = sorted(found.values(), key=lambda subject: _rank(subject, preview))
    implying = {
        (each.operation, each.name)
        for each in subjects
        if each.component in ("TenantNetwork", "SessionSubnet")
    }
    told = [
        sentence
        for subject in subjects
        if not (_is_implied(subject, implying) or _is_relabelled(subject))
        for sentence in _speak(subject, preview)
    ]
    relabelled = [subject for subject in subjects if _is_relabelled(subject)]
    return [*_unsafe(preview), *dict.fromkeys(told), *_labels(relabelled)]


def _labels(relabelled: Sequence[PreviewedResource]) -> Iterator[str]:
    """Which labels differ, of how many resources; of tags their keys."""
    if not relabelled:
        return
    changed = {name for each in relabelled for name in each.changed}
    keys = sorted({key for each in relabelled for key, _ in _tags(each.old) ^ _tags(each.new)})
    labels = [f"tag{'' if len(keys) == 1 else 's'} {', '.join(keys)}".rstrip()] if "tags" in changed else []
    labels += ["descriptions"] if changed - {"tags", "tagsAll"} else []
    count = f"{len(relabelled)} resource{'' if len(relabelled) == 1 else 's'}"
    yield f"changes {' and '.join(labels or ['tags'])} of {count}"


def _tags(properties: Mapping[str, Any]) -> set[tuple[str, str]]:
    tags = properties.get("tags")
    return {(str(key), str(value)) for key, value in tags.items()} if isinstance(tags, Mapping) else set()


def _unsafe(preview: Preview) -> Iterator[str]:
    """What a new resource has of values that are safe for a reason only."""
    for resource in preview.changes:
        if resource.operation in (Operation.CREATE, Operation.REPLACE):
            for name, value in shown.UNSAFE.items():
                if resource.new.get(name) == value:
                    yield f"{_called(resource)} is new with {name} {_value(value)}"


def _called(resource: PreviewedResource) -> str:
    return f"{types.in_words(resource.type)} {resource.name}"


def _is_relabelled(subject: PreviewedResource) -> bool:
    """Whether only its labels change, and people need not read about that."""
    only_labels = subject.operation is Operation.UPDATE and LABELS.issuperset(subject.changed)
    return only_labels and not _former_description(subject) and _named(subject.old) == _named(subject.new)


def _former_description(resource: PreviewedResource) -> str:
    """Of a VPN connection that gets another one; else empty."""
    before = tag(resource.old, Tag.DESCRIPTION)
    renamed = resource.type == types.VPN_CONNECTION and before != resource.tag(Tag.DESCRIPTION)
    return before if renamed else ""


def _rank(subject: PreviewedResource, preview: Preview) -> tuple[int, str, str]:
    component = subject if subject.component else preview.parent(subject)
    kind = component.component if component else ""
    order = [*_SPEAKERS]
    return order.index(kind) if kind in order else len(order), subject.name, subject.type


def _is_implied(subject: PreviewedResource, implying: Collection[tuple[Operation, str]]) -> bool:
    """Whether a network or a session subnet that comes or goes says it: its claim, its peerings."""
    if subject.component == "ServicePeering":
        return (subject.operation, subject.name.rsplit("-", maxsplit=1)[0]) in implying
    return subject.component == "RangeClaim" and (subject.operation, subject.name) in implying


def _speak(subject: PreviewedResource, preview: Preview) -> Iterator[str]:
    if subject.component:
        yield _SPEAKERS.get(subject.component, _any_component)(subject, list(preview.within(subject)))
    elif subject.type in _OF_RESOURCES:
        yield from _OF_RESOURCES[subject.type](subject, preview)
    else:
        yield from _any_resource(subject)


def _verb(resource: PreviewedResource) -> str:
    return VERBS[resource.operation]


def _first(inside: Iterable[PreviewedResource], type_: str, name: str) -> Any:  # noqa: ANN401
    """A property of the first resource of a type in a component; what is not there is not known."""
    values = (each.current.get(name) for each in inside if each.type == type_)
    return next((value for value in values if value is not None), shown.NOT_KNOWN_YET)


def _any_component(component: PreviewedResource, _: Inside) -> str:
    return f"{_verb(component)} {NOUNS.get(component.component, component.component)} {component.name}"


def _network(network: PreviewedResource, inside: Inside) -> str:
    cidr, host = _first(inside, types.VPC, "cidrBlock"), _first(inside, types.INSTANCE, "privateIp")
    slot = network.name.rsplit("-", maxsplit=1)[-1]
    return f"{_verb(network)} network {slot}, {cidr}, with its ping host {host}"


def _database(component: PreviewedResource, inside: Inside) -> str:
    of = partial(_first, inside, types.DATABASE)
    standby = "two zones" if of("multiAz") is True else "one zone"
    return (
        f"{_verb(component)} database {component.name}: MySQL {of('engineVersion')}, {of('instanceClass')}, "
        f"{of('allocatedStorage')} GiB, {standby}"
    )


def _vpn(component: PreviewedResource, inside: Inside) -> str:
    connection = next((each for each in inside if each.type == types.VPN_CONNECTION), component)
    description = connection.tag(Tag.DESCRIPTION) or component.name
    cidr = _first(inside, types.VPN_CONNECTION_ROUTE, "destinationCidrBlock")
    gateway = _first(inside, types.CUSTOMER_GATEWAY, "ipAddress")
    place = f" (network {connection.network})" if connection.network else ""
    return f"{_verb(component)} VPN connection {description}, {cidr} via {gateway}{place}"


def _joint(component: PreviewedResource, _: Inside) -> str:
    if component.operation is Operation.DELETE:
        return "parts the two networks: neither database reaches the other any more"
    return f"{_verb(component)} a way between the two databases, for MySQL alone: the one follows the other"


def _endpoint(component: PreviewedResource, inside: Inside) -> str:
    return f"{_verb(component)} endpoint {_first(inside, types.RECORD, 'name')}"


def _session(component: PreviewedResource, inside: Inside) -> str:
    return f"{_verb(component)} session subnet {_first(inside, types.SUBNET, 'cidrBlock')}"


def _tunnel(component: PreviewedResource, inside: Inside) -> str:
    users = sorted(user for each in inside if each.type == types.DOCUMENT for user in _named(each.current))
    for_whom = f" for {', '.join(users)}" if users else ", for nobody yet"
    return f"{_verb(component)} tunnel access to the database{for_whom}"


def _claim(component: PreviewedResource, inside: Inside) -> str:
    item = _first(inside, types.TABLE_ITEM, "item")
    return _changed_claim(replace(component, new={"item": item}))


def _schedule(component: PreviewedResource, inside: Inside) -> str:
    if component.operation is Operation.DELETE:
        return "no longer starts the migration runner by itself"
    time = str(_first(inside, types.SCHEDULE, "scheduleExpression"))
    zone = _first(inside, types.SCHEDULE, "scheduleExpressionTimezone")
    return f"starts the migration runner by itself at {time.removeprefix('at(').removesuffix(')')} {zone}"


def _claimed(item: object) -> str:
    """What a row of the claims table is about."""
    try:
        row = json.loads(str(item))
        cidr, kind, slot = (row.get(key, {}).get("S", "") for key in ("cidr", "kind", "slot"))
    except (ValueError, AttributeError):
        return "a range"
    return f"{cidr} for {'network ' + slot if slot else kind.replace('-', ' ')}"


def _changed_claim(claim: PreviewedResource) -> str:
    if claim.operation is Operation.REPLACE:
        return f"releases {_claimed(claim.old.get('item'))} and claims {_claimed(claim.new.get('item'))}"
    verb = "claims" if claim.operation is Operation.CREATE else "releases"
    return f"{verb} {_claimed(claim.current.get('item'))}"


def _changed_database(database: PreviewedResource, _: Preview) -> Iterator[str]:
    if database.operation in (Operation.CREATE, Operation.DELETE, Operation.REPLACE):
        size = f"{database.current.get('instanceClass')}, {database.current.get('allocatedStorage')} GiB"
        yield f"{_verb(database)} database {database.name}: {size}"
        if safety := shown.SAFETY.intersection(database.changed):
            yield from _changes(database, f"{_verb(database)} database {database.name}", sorted(safety))
        return
    # A protection that goes is among the effects.
    unprotected = {"deletionProtection"} if database.new.get("deletionProtection") is False else set[str]()
    changed = [name for name in database.changed if name not in unprotected]
    listed = {name: sentence for name in changed if (sentence := _changed_setting(database, name))}
    yield from listed.values()
    if rest := [name for name in changed if name not in listed]:
        yield from _changes(database, f"changes database {database.name}", rest)


def _changed_setting(database: PreviewedResource, name: str) -> str:
    """A sentence of its own for what people ask for; empty for all else."""
    called, old, new = f"database {database.name}", database.old.get(name), database.new.get(name)
    standby = "gives {} a standby in a second zone" if new else "takes the standby of {} away"
    grows = "shrinks" if isinstance(old, int) and isinstance(new, int) and new < old else "grows"
    sentences = {
        "instanceClass": f"resizes {called} from {old} to {new}",
        "allocatedStorage": f"{grows} the storage of {called} from {old} to {new} GiB",
        "multiAz": standby.format(called),
        "deletionProtection": f"protects {called} against deletion",
        "backupWindow": f"moves the daily backup of {called} to {new} UTC",
        "maintenanceWindow": f"moves the weekly maintenance of {called} to {new} UTC",
        "password": f"changes the master password of {called}",
    }
    return sentences.get(name, "")


def _changed_parameters(group: PreviewedResource) -> Iterator[str]:
    before, after = _parameters(group.old), _parameters(group.new)
    if group.operation is not Operation.UPDATE or before == after:
        yield from _any_resource(group)
        return
    for name in sorted(before.keys() | after.keys()):
        if before.get(name) != after.get(name):
            values = f"{_value(before.get(name))} → {_value(after.get(name))}"
            yield f"changes {name} of database {group.name}: {values}"
    if rest := [name for name in group.changed if name not in NOISE | LABELS | {"parameters"}]:
        yield from _changes(group, f"changes {_called(group)}", rest)


def _parameters(properties: Mapping[str, Any]) -> Mapping[str, object]:
    listed = properties.get("parameters")
    entries = [each for each in (listed if isinstance(listed, list) else []) if isinstance(each, Mapping)]
    return {str(each.get("name")): each.get("value") for each in entries}


def _changed_gateway(gateway: PreviewedResource, preview: Preview) -> Iterator[str]:
    if "ipAddress" in gateway.changed and gateway.operation is not Operation.CREATE:
        old, new = gateway.old.get("ipAddress"), gateway.new.get("ipAddress")
        yield f"moves VPN connection {vpn_name(gateway, preview)} from gateway {old} to {new}"
    else:
        yield from _any_resource(gateway)


def _changed_vpn(connection: PreviewedResource, preview: Preview) -> Iterator[str]:
    if connection.operation is Operation.CREATE:
        # As a whole one: its component is left of an update that failed, or of a deletion by hand.
        yield _vpn(connection, preview.siblings(connection))
        return
    name = vpn_name(connection, preview)
    if connection.operation is Operation.UPDATE and (former := _former_description(connection)):
        yield f"renames VPN connection {former} to {name}"
    rest = [each for each in connection.changed if each not in ("customerGatewayId", "tags", "tagsAll")]
    if rest or connection.operation is not Operation.UPDATE:
        yield from _changes(connection, f"{_verb(connection)} VPN connection {name}", rest)


def _follows_vpn(part: PreviewedResource, preview: Preview, *properties: str) -> bool:
    """Whether a route or an alarm differs only as its VPN connection is a new one: in these properties."""
    made = (Operation.CREATE, Operation.REPLACE)
    siblings = preview.siblings(part)
    is_new = any(each.type == types.VPN_CONNECTION and each.operation in made for each in siblings)
    return is_new and not (part.old and {*part.changed} - {*properties} - NOISE - LABELS)


def _named(document: Mapping[str, Any]) -> set[str]:
    """Who may open a tunnel with the document."""
    tags = document.get("tags")
    return tunnel_users(tags) if isinstance(tags, Mapping) else set()


def _changed_document(document: PreviewedResource) -> Iterator[str]:
    before, after = _named(document.old), _named(document.new)
    if document.operation is Operation.UPDATE:
        yield from (f"lets {user} open a tunnel to the database" for user in sorted(after - before))
        yield from (f"no longer lets {user} open a tunnel to the database" for user in sorted(before - after))
    yield from _changes(document, f"{_verb(document)} {_called(document)}", document.changed)


def _changed_rule(rule: PreviewedResource, toward: str) -> Iterator[str]:
    admitted = rule.current
    peers = [admitted[name] for name in _PEERS if name in admitted]
    is_whole = rule.operation in (Operation.CREATE, Operation.DELETE) and "ipProtocol" in admitted
    if not (is_whole and peers):
        yield from _any_resource(rule)
        return
    protocol = str(admitted["ipProtocol"])
    service = "all traffic" if protocol == "-1" else protocol.upper()
    ports = dict.fromkeys(str(admitted[name]) for name in ("fromPort", "toPort") if name in admitted)
    through = " ".join(filter(None, [service, "-".join(ports)]))
    yield f"{_verb(rule)} {_called(rule)}: {through} {toward} {', '.join(map(_value, peers))}"


def _any_resource(resource: PreviewedResource) -> Iterator[str]:
    start = f"{_verb(resource)} {_called(resource)}"
    if resource.operation is Operation.CREATE:
        values = [f"{name} {_value(resource.new[name])}" for name in sorted(shown.SAFETY & {*resource.new})]
        yield f"{start}: {', '.join(values)}" if values else start
    else:
        yield from list(_changes(resource, start, resource.changed)) or [start]


def _changes(resource: PreviewedResource, start: str, names: Iterable[str]) -> Iterator[str]:
    """`start`, and how each of the properties changes: with values where they may be shown.

    What differs in documents and lists that safety depends on has a sentence each: none is cut off by others.
    """
    named = [name for name in names if name not in NOISE | LABELS]
    within = {name: list(_differences(resource, name)) for name in named if name in shown.SAFETY}
    listed = [_change(resource, name) for name in named if not within.get(name)]
    if listed or not (resource.operation is Operation.UPDATE or any(within.values())):
        yield f"{start}: {', '.join(listed)}" if listed else start
    yield from (f"{start}: {each}" for differences in within.values() for each in differences)


def _change(resource: PreviewedResource, name: str) -> str:
    word = PROPERTIES.get(name, name)
    old, new = resource.old.get(name), resource.new.get(name)
    if any(isinstance(value, dict | list) for value in (old, new)) or (old is None and new is None):
        return word
    if name == "threshold" and resource.current.get("metricName") in IN_BYTES:
        old, new = _size(old), _size(new)
    return f"{word} {_value(old)} → {_value(new)}"


def _size(value: object) -> object:
    """Bytes as people count them."""
    if not isinstance(value, int):
        return value
    return f"{value / 2**30:.4g} GiB" if value >= 2**30 else f"{value / 2**20:.4g} MiB"


def _differences(resource: PreviewedResource, name: str) -> Iterator[str]:
    """How the leaves of a list or a document differ; nothing for a plain value."""
    old, new = (_document(each.get(name)) for each in (resource.old, resource.new))
    if isinstance(old, dict | list) or isinstance(new, dict | list):
        before, after = dict(_leaves(old, name)), dict(_leaves(new, name))
        for place in dict.fromkeys([*before, *after]):
            if before.get(place) != after.get(place):
                yield f"{place} {_value(before.get(place))} → {_value(after.get(place))}"


def _document(value: object) -> Any:  # noqa: ANN401 - of any shape
    """What a text in JSON holds; any other value itself."""
    if isinstance(value, str) and value.startswith(("{", "[")):
        with suppress(ValueError, RecursionError):
            return json.loads(value)
    return value


def _leaves(value: object, place: str) -> Iterator[tuple[str, object]]:
    inside: Iterable[tuple[str, object]] = ()
    if isinstance(value, dict):
        inside = ((f"{place}.{key}", each) for key, each in value.items())
    elif isinstance(value, list):
        inside = ((f"{place}[{number}]", each) for number, each in enumerate(value))
    elif value is not None:
        yield place, value
    for deeper, each in inside:
        yield from _leaves(each, deeper)


def _value(value: object) -> str:
    if isinstance(value, dict | list):
        return hide_value(json.dumps(value, separators=(",", ":"), sort_keys=True))
    return str(value).lower() if value is None or isinstance(value, bool) else hide_value(str(value))


# In the order of the comment.
_SPEAKERS: Mapping[str, Callable[[PreviewedResource, Inside], str]] = {
    "TenantNetwork": _network,
    "TenantDatabase": _database,
    "VpnConnection": _vpn,
    "EndpointRecord": _endpoint,
    "SessionSubnet": _session,
    "TunnelAccess": _tunnel,
    "ServicePeering": _any_component,
    "DatabasePeering": _joint,
    "RangeClaim": _claim,
    "MigrationSchedule": _schedule,
}
_OF_RESOURCES: Mapping[str, Callable[[PreviewedResource, Preview], Iterable[str]]] = {
    types.DATABASE: _changed_database,
    types.PARAMETER_GROUP: lambda group, _: _changed_parameters(group),
    types.CUSTOMER_GATEWAY: _changed_gateway,
    types.VPN_CONNECTION: _changed_vpn,
    types.DOCUMENT: lambda document, _: _changed_document(document),
    types.VPN_CONNECTION_ROUTE: lambda route, preview: (
        () if _follows_vpn(route, preview, "vpnConnectionId") else _any_resource(route)
    ),
    types.ALARM: lambda alarm, preview: (
        ()
        if _follows_vpn(alarm, preview, "dimensions")
        else _changes(alarm, f"{_verb(alarm)} alarm {alarm.name}", alarm.changed)
    ),
    types.TABLE_ITEM: lambda claim, _: [_changed_claim(claim)],
    types.INGRESS_RULE: lambda rule, _: _changed_rule(rule, "from"),
    types.EGRESS_RULE: lambda rule, _: _changed_rule(rule, "to"),
}
