"""What people will notice of an update, derived from the operation on each resource. Pure.

The engine decides whether a resource is replaced or updated in place. What an update in place interrupts is
from AWS: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_ModifyInstance.Settings.html and
https://docs.aws.amazon.com/vpn/latest/s2svpn/modify-vpn-target.html, modify-vpn-tunnel-options.html.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial

from tenantnet.aws import types
from tenantnet.engine.events import Operation
from tenantnet.phases.kept import STORAGE, refuse_changes
from tenantnet.refusal import Refusal
from tenantnet.review.model import Effect, Preview, PreviewedResource, tag
from tenantnet.review.verdict import Verdict
from tenantnet.settings.resize import refuse_storage
from tenantnet.tags import Lifecycle, Tag

# Settings of an RDS instance whose change interrupts nothing.
UNINTERRUPTED = {
    "allocatedStorage",
    "allowMajorVersionUpgrade",
    "applyImmediately",
    "autoMinorVersionUpgrade",
    "backupRetentionPeriod",
    "backupWindow",
    # MySQL 8 takes another certificate without a restart.
    "caCertIdentifier",
    "copyTagsToSnapshot",
    "deleteAutomatedBackups",
    "deletionProtection",
    "enabledCloudwatchLogsExports",
    "finalSnapshotIdentifier",
    "iamDatabaseAuthenticationEnabled",
    "iops",
    "maintenanceWindow",
    "maxAllocatedStorage",
    "monitoringInterval",
    "monitoringRoleArn",
    "multiAz",
    # Another group waits for the next restart.
    "parameterGroupName",
    "password",
    "performanceInsightsEnabled",
    "performanceInsightsKmsKeyId",
    "performanceInsightsRetentionPeriod",
    "publiclyAccessible",
    "skipFinalSnapshot",
    "storageThroughput",
    "storageType",
    "tags",
    "tagsAll",
    "vpcSecurityGroupIds",
}
# Why a change of these interrupts clients; any other setting is assumed to interrupt.
INTERRUPTED: Mapping[str, str] = {
    "instanceClass": "for its new class",
    "engineVersion": "for its new engine version",
    "identifier": "for its new name",
    "port": "for its new port",
    "replicateSourceDb": "to be promoted",
}

# What RDS moves an instance's data for, in the state `storage-optimization`.
# https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_PIOPS.ModifyingExisting.html
MOVED = {"allocatedStorage", "iops", "storageThroughput", "storageType"}

# While AWS has them on, it deletes nothing.
PROTECTIONS = ("deletionProtection", "deletionProtectionEnabled")

BOTH_TUNNELS = {
    "customerGatewayId",
    "vpnGatewayId",
    "transitGatewayId",
    "localIpv4NetworkCidr",
    "remoteIpv4NetworkCidr",
}

# Types without data. Any type that is not listed here or below may hold data.
WITHOUT_DATA = (
    "aws:cloudwatch/",
    "aws:codebuild/",
    "aws:iam/",
    "aws:scheduler/",
    "aws:sns/",
    "aws:ssm/document:",
    "aws:vpc/",
    "aws:rds/subnetGroup:",
    "aws:rds/parameterGroup:",
    "aws:kms/alias:",
    "aws:dynamodb/tableItem:",
    "aws:route53/",
    "aws:ec2/",
)
# Of ec2, what does hold data.
WITH_DATA = ("aws:ec2/snapshot", "aws:ec2/ami", "aws:ebs/")

# What is lost with a resource, by its type and else for any type with data. In braces: what is gone, its name
# and its type.
LOST = {
    types.ZONE: "no tenant's endpoint in {name} is found: {gone}",
    types.TABLE: "{gone}, and its rows with it",
    types.KEY: "{gone}: what is encrypted with it can no longer be read, databases and backups",
}
LOST_DATA = "{gone}, and what it holds with it: {type}"

# Of a VPN connection that is another one for AWS.
_NEW_GUIDE = (
    "the new connection has other addresses and keys, and stays down until the company's device has its new "
    "guide (tenantnet vpn download)"
)

# What a network's traffic with the platform needs.
PATHS = (
    types.VPC,
    types.SUBNET,
    types.PEERING,
    types.ROUTE,
    types.ROUTE_TABLE,
    types.ROUTE_TABLE_ASSOCIATION,
)

Found = Iterator[Effect]

safe = partial(Effect, Verdict.SAFE)
tunnel_down = partial(Effect, Verdict.TUNNEL_DOWN)
database_down = partial(Effect, Verdict.DATABASE_DOWN)
unprotects = partial(Effect, Verdict.UNPROTECTS)
destroys_data = partial(Effect, Verdict.DESTROYS_DATA)
imports = partial(Effect, Verdict.IMPORTS)


def effects(preview: Preview) -> list[Effect]:
    """Everything that people will notice, the worst first, each sentence once."""
    found = dict.fromkeys(
        [
            *(effect for resource in preview.changes for effect in _resource_effects(resource, preview)),
            *(effect for resource in preview.resources for effect in _protection_effects(resource)),
            *(effect for resource in preview.resources if resource.imported for effect in _imports(resource)),
        ]
    )
    return sorted(found, key=lambda effect: -effect.verdict.severity)


def _resource_effects(resource: PreviewedResource, preview: Preview) -> Found:
    if judge := _JUDGES.get(resource.type):
        yield from judge(resource, preview)
    elif resource.operation.removes and (resource.type in LOST or not _is_without_data(resource.type)):
        lost = LOST.get(resource.type, LOST_DATA)
        text = lost.format(gone=_gone(resource), name=resource.name, type=resource.type)
        yield database_down(text) if resource.type == types.ZONE else destroys_data(text)
    if resource.operation.removes and _is_joint(resource, preview):
        yield safe("the database in one network no longer follows that in the other: clients do not notice")
    elif resource.type in PATHS and resource.operation.removes:
        yield from _path_effects(resource, preview)


def _is_joint(resource: PreviewedResource, preview: Preview) -> bool:
    """Whether it is a part of the way between two databases, which no client takes."""
    parent = preview.parent(resource)
    return parent is not None and parent.component == "DatabasePeering"


def _protection_effects(resource: PreviewedResource) -> Found:
    """Pulumi's own protection goes without any change in AWS."""
    off = [
        name
        for name in PROTECTIONS
        if name in resource.changed and resource.old.get(name) is True and resource.new.get(name) is not True
    ]
    if resource.protected and not resource.stays_protected:
        off.append("protect")
    if off and not resource.operation.removes:
        lost = f"{resource.name} is no longer protected ({', '.join(off)})"
        yield unprotects(f"{lost}: from then on `pulumi destroy` deletes it")


def _imports(resource: PreviewedResource) -> Found:
    """Tenantnet imports nothing in a review: what a move has opened, the update of its runner does."""
    becomes = f", and changes {', '.join(resource.changed)} of it" if resource.changed else ""
    taken = f"{resource.name} is imported ({resource.type})"
    yield imports(f"{taken}: the stack takes over what AWS has, whosever it is{becomes}")


def _is_without_data(type_: str) -> bool:
    return type_.startswith(WITHOUT_DATA) and not type_.startswith(WITH_DATA)


def _gone(resource: PreviewedResource) -> str:
    return f"{resource.name} is {'replaced' if resource.operation is Operation.REPLACE else 'deleted'}"


def _database_effects(database: PreviewedResource, _: Preview) -> Found:
    name = f"database {database.name}"
    match database.operation:
        case Operation.REPLACE:
            yield destroys_data(
                f"{name} is replaced: the new one is empty{_because(database)}; {_what_is_left(database)}"
            )
        case Operation.DELETE if tag(database.old, Tag.LIFECYCLE) == Lifecycle.DISCARDED:
            yield safe(f"{name} is deleted: a copy that never was in production")
        case Operation.DELETE:
            yield destroys_data(f"{name} is deleted; {_what_is_left(database)}")
        case Operation.UPDATE:
            yield from _database_update_effects(database)


def _because(resource: PreviewedResource) -> str:
    return f", because of {', '.join(resource.changed)}" if resource.changed else ""


def _what_is_left(database: PreviewedResource) -> str:
    snapshot = database.old.get("finalSnapshotIdentifier")
    if database.old.get("skipFinalSnapshot") is not True and snapshot:
        return f"its data is left in the snapshot {snapshot}, and in its automated backups while they last"
    return "no final snapshot is taken"


def _database_update_effects(database: PreviewedResource) -> Found:
    causes = [name for name in database.changed if name not in UNINTERRUPTED]
    kept = (database.old.get("backupRetentionPeriod"), database.new.get("backupRetentionPeriod"))
    if "backupRetentionPeriod" in database.changed and 0 in kept:
        causes.append("backupRetentionPeriod")
    if MOVED.intersection(database.changed):
        slower = f"RDS optimizes the storage of database {database.name} for hours: it serves, maybe slower"
        yield safe(f"{slower}, and its storage cannot be changed again for six hours")
    if "maintenanceWindow" in database.changed:
        begins = f"what RDS has put off for the maintenance of database {database.name} begins at once"
        yield safe(f"{begins} if the new window is now, and may restart it")
    if fewer := _fewer_backups(database.name, *kept):
        yield unprotects(fewer)
    yield from _size_effects(
        database.name, *(each.get("allocatedStorage") for each in (database.old, database.new))
    )
    if "password" in database.changed and tag(database.new, Tag.LIFECYCLE) == Lifecycle.PRODUCTION:
        former = f"clients with the former password of database {database.name} are refused"
        yield database_down(f"{former} at their next login; open connections stay")
    if causes:
        why = "; ".join(INTERRUPTED.get(name, f"because {name} changes") for name in causes)
        long = "without a standby it is down for some minutes"
        if database.old.get("multiAz") is True:
            long = "its standby takes over, and connections break for a minute or two"
        when = "at once" if database.new.get("applyImmediately") is True else "in its next maintenance window"
        yield database_down(f"database {database.name} restarts {why}: {long}, {when}")


def _size_effects(name: str, before: object, after: object) -> Found:
    """A size that RDS makes another one of. A smaller one is refused: `refused_sizes`."""
    if isinstance(before, int) and isinstance(after, int) and after > before:
        for refusal in refuse_storage(before, after):
            wanted = f"the storage of database {name} cannot go from {before} to {after} GiB"
            yield safe(f"{wanted}: {refusal.rule}. {refusal.reason}")


def refused_sizes(preview: Preview) -> list[Refusal]:
    """What RDS refuses of the databases' storage, which Pulumi would ask it for."""
    sizes = (
        [each.get("allocatedStorage") for each in (database.old, database.new)]
        for database in preview.of_type(types.DATABASE)
    )
    return [refusal for old, new in sizes for refusal in refuse_changes({STORAGE: old}, {STORAGE: new})]


def _fewer_backups(name: str, before: object, after: object) -> str:
    if not (isinstance(before, int) and isinstance(after, int) and after < before):
        return ""
    kept = f"database {name} keeps its backups for {after} days, no longer {before}"
    return f"{kept}: RDS deletes what is older at once"


def _parameters_effects(group: PreviewedResource, _: Preview) -> Found:
    before, after = _is_read_only(group.old), _is_read_only(group.new)
    if group.operation is Operation.UPDATE and after and not before:
        yield database_down(f"database {group.name} refuses writes from now on (read_only)")
    elif group.operation is Operation.UPDATE and before and not after:
        yield safe(f"database {group.name} takes writes again (read_only)")
    if group.operation is Operation.UPDATE and _late(group.old) != _late(group.new):
        names = ", ".join(sorted({name for name, _ in _late(group.old) ^ _late(group.new)}))
        waits = "is in force only after a restart, which this update does not do"
        reboot = f"aws rds reboot-db-instance --db-instance-identifier {group.name}"
        yield safe(f"{names} of database {group.name} {waits}: {reboot}")


def _late(properties: Mapping[str, object]) -> set[tuple[str, object]]:
    """The parameters that wait for a restart."""
    parameters = properties.get("parameters")
    return {
        (str(each.get("name")), each.get("value"))
        for each in (parameters if isinstance(parameters, list) else [])
        if isinstance(each, Mapping) and each.get("applyMethod") == "pending-reboot"
    }


def _is_read_only(properties: Mapping[str, object]) -> bool:
    parameters, wanted = properties.get("parameters"), {"name": "read_only", "value": "1"}
    listed = parameters if isinstance(parameters, list) else []
    return any(isinstance(each, Mapping) and wanted.items() <= each.items() for each in listed)


def _vpn_connection_effects(connection: PreviewedResource, preview: Preview) -> Found:
    name, changed, because = vpn_name(connection, preview), connection.changed, _because(connection)
    if connection.operation is Operation.DELETE and (new := _in_its_place(connection, preview)):
        yield tunnel_down(f"both tunnels of {name} go down, and {new} takes its place: {_NEW_GUIDE}")
    elif connection.operation is Operation.DELETE:
        yield tunnel_down(f"both tunnels of {name} go down for good")
    elif connection.operation is Operation.REPLACE:
        yield tunnel_down(f"both tunnels of {name} go down{because}: {_NEW_GUIDE}")
    elif connection.operation is Operation.UPDATE and BOTH_TUNNELS.intersection(changed):
        while_changed = "for some minutes while AWS changes the connection"
        yield tunnel_down(f"both tunnels of {name} go down {while_changed}{because}")
    elif connection.operation is Operation.UPDATE:
        for number in (1, 2):
            if options := ", ".join(each for each in changed if each.startswith(f"tunnel{number}")):
                while_changed = "for some minutes while AWS changes its options"
                yield tunnel_down(f"tunnel {number} of {name} goes down {while_changed}: {options}")


def _in_its_place(connection: PreviewedResource, preview: Preview) -> str:
    """The name of a new connection of the same network and place, as with another range; else empty."""
    place = (connection.network, connection.tag(Tag.DESCRIPTION))
    new = (
        each
        for each in preview.of_type(types.VPN_CONNECTION)
        if each.operation is Operation.CREATE and (each.network, each.tag(Tag.DESCRIPTION)) == place
    )
    return next((vpn_name(each, preview) for each in new), "")


def vpn_name(resource: PreviewedResource, preview: Preview) -> str:
    """The name of the VPN connection that a resource belongs to: its description and its range."""
    found = preview.siblings(resource)
    description = next((each.tag(Tag.DESCRIPTION) for each in found if each.type == types.VPN_CONNECTION), "")
    routes = [each for each in found if each.type == types.VPN_CONNECTION_ROUTE]
    cidr = f" ({routes[0].current.get('destinationCidrBlock')})" if routes else ""
    return f"{description or resource.name}{cidr}"


def _vpn_part_effects(part: PreviewedResource, preview: Preview) -> Found:
    """A route or a rule of a connection that itself stays."""
    connections = [each for each in preview.siblings(part) if each.type == types.VPN_CONNECTION]
    if part.operation.removes and connections and not connections[0].operation.removes:
        yield tunnel_down(f"no traffic gets through {vpn_name(part, preview)}: {_gone(part)}")


def _gateway_effects(gateway: PreviewedResource, preview: Preview) -> Found:
    # Both of a network's gateway and its propagation have the network's name; so have its connections.
    staying = any(
        each.name.startswith(f"{gateway.name}-") and each.old and not each.operation.removes
        for each in preview.of_type(types.VPN_CONNECTION)
    )
    if gateway.operation.removes and staying:
        yield tunnel_down(f"every VPN connection of network {gateway.name} is cut off: {_gone(gateway)}")


def _ingress_effects(rule: PreviewedResource, preview: Preview) -> Found:
    parent = preview.parent(rule)
    if parent and parent.component == "VpnConnection":
        yield from _vpn_part_effects(rule, preview)
    elif rule.operation.removes and holds_database(preview, rule.network) and not _is_joint(rule, preview):
        peer = rule.old.get("description") or rule.name
        yield database_down(f"{peer} no longer reaches the database of {rule.network}: {_gone(rule)}")


def _path_effects(path: PreviewedResource, preview: Preview) -> Found:
    slot = path.network
    if not slot and path.type == types.ROUTE:
        slot = next((each for each in ("blue", "green") if f"-{each}-" in path.name), "")
    if slot and not holds_database(preview, slot):
        return
    # Where the whole stack goes, nobody misses the way.
    own = [each for each in preview.resources if each.in_aws or each.component]
    if not all(each.operation is Operation.DELETE for each in own):
        yield database_down(f"the way to the database is cut: {_gone(path)}")


def holds_database(preview: Preview, slot: str) -> bool:
    """Whether the network of a slot holds a database before and after the update."""
    return any(
        database.network == slot and database.old and database.operation is not Operation.DELETE
        for database in preview.of_type(types.DATABASE)
    )


def _record_effects(record: PreviewedResource, preview: Preview) -> Found:
    name = record.current.get("name", record.name)
    if record.operation.removes:
        until = "any more" if record.operation is Operation.DELETE else "until its new record is known"
        yield database_down(f"{name} leads nowhere {until}")
    elif "records" in record.changed and preview.outputs:
        yield database_down(f"{name} leads to another database; open connections stay with the former")


def _host_effects(host: PreviewedResource, _: Preview) -> Found:
    resized = host.operation is Operation.UPDATE and "instanceType" in host.changed
    interrupted = host.operation.removes or resized
    if interrupted and host.tag(Tag.PART) == "tunnel-host":
        yield tunnel_down(f"open tunnels from desks end: the tunnel host {host.name} is renewed")
    elif interrupted and host.operation is not Operation.DELETE:
        yield safe(f"{host.name} does not answer pings meanwhile")


_JUDGES: Mapping[str, Callable[[PreviewedResource, Preview], Found]] = {
    types.DATABASE: _database_effects,
    types.PARAMETER_GROUP: _parameters_effects,
    types.VPN_CONNECTION: _vpn_connection_effects,
    types.VPN_CONNECTION_ROUTE: _vpn_part_effects,
    types.VPN_GATEWAY: _gateway_effects,
    types.ROUTE_PROPAGATION: _gateway_effects,
    types.INGRESS_RULE: _ingress_effects,
    types.RECORD: _record_effects,
    types.INSTANCE: _host_effects,
}
