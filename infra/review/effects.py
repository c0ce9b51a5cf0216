"""What people will notice of an update, derived from the operation on each resource. Pure.

The engine decides whether a resource is replaced or updated in place. What an update in place interrupts is
from AWS: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_ModifyInstance.Settings.html and
https://docs.aws.amazon.com/vpn/latest/s2svpn/modify-vpn-target.html, modify-vpn-tunnel-options.html.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from tenantnet.aws import types
from tenantnet.engine.events import Operation
from tenantnet.review.components import Components
from tenantnet.review.model import Effect, Preview, PreviewedResource
from tenantnet.review.verdict import Verdict
from tenantnet.tags import Lifecycle, Tag

# Settings of an RDS instance whose change interrupts nothing.
UNINTERRUPTED = frozenset(
    {
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
)
# Why a change of these interrupts clients; any other setting is assumed to interrupt.
INTERRUPTED: Mapping[str, str] = {
    "instanceClass": "for its new class",
    "engineVersion": "for its new engine version",
    "identifier": "for its new name",
    "port": "for its new port",
    "replicateSourceDb": "to be promoted",
}

BOTH_TUNNELS = frozenset(
    {
        "customerGatewayId",
        "vpnGatewayId",
        "transitGatewayId",
        "localIpv4NetworkCidr",
        "remoteIpv4NetworkCidr",
    }
)

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


def effects(preview: Preview) -> list[Effect]:
    """Everything that people will notice, the worst first, each sentence once."""
    components = Components(preview)
    found = dict.fromkeys(
        effect
        for resource in preview.resources
        for effect in _resource_effects(resource, components, preview)
    )
    return sorted(found, key=lambda effect: -effect.verdict.severity)


def _resource_effects(resource: PreviewedResource, components: Components, preview: Preview) -> Found:
    if resource.operation is Operation.SAME or resource.is_component or resource.is_machinery:
        return
    if judge := _JUDGES.get(resource.type):
        yield from judge(resource, components, preview)
    elif resource.operation.removes and not _is_without_data(resource.type):
        yield Effect(Verdict.DESTROYS_DATA, f"{_gone(resource)}, and what it holds with it: {resource.type}")
    if resource.type in PATHS and resource.operation.removes:
        yield from _path_effects(resource, preview)


def _is_without_data(type_: str) -> bool:
    return type_.startswith(WITHOUT_DATA) and not type_.startswith(WITH_DATA)


def _gone(resource: PreviewedResource) -> str:
    return f"{resource.name} is {'replaced' if resource.operation is Operation.REPLACE else 'deleted'}"


def _database_effects(database: PreviewedResource, *_: object) -> Found:
    name = f"database {database.name}"
    match database.operation:
        case Operation.REPLACE:
            yield Effect(
                Verdict.DESTROYS_DATA,
                f"{name} is replaced: the new one is empty{_because(database)}; {_what_is_left(database)}",
            )
        case Operation.DELETE if _lifecycle(database) == Lifecycle.DISCARDED:
            yield Effect(Verdict.SAFE, f"{name} is deleted: a copy that never was in production")
        case Operation.DELETE:
            yield Effect(Verdict.DESTROYS_DATA, f"{name} is deleted; {_what_is_left(database)}")
        case Operation.UPDATE:
            yield from _database_update_effects(database)


def _lifecycle(database: PreviewedResource) -> object:
    tags = database.old.get("tags")
    return tags.get(Tag.LIFECYCLE) if isinstance(tags, Mapping) else None


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
    if causes:
        why = "; ".join(INTERRUPTED.get(name, f"because {name} changes") for name in causes)
        yield Effect(
            Verdict.DATABASE_DOWN,
            f"database {database.name} restarts {why}: {_how_long(database)}{_when(database)}",
        )


def _how_long(database: PreviewedResource) -> str:
    if database.old.get("multiAz") is True:
        return "its standby takes over, and connections break for a minute or two"
    return "without a standby it is down for some minutes"


def _when(database: PreviewedResource) -> str:
    if database.new.get("applyImmediately") is True:
        return ", at once"
    return ", in its next maintenance window"


def _parameters_effects(group: PreviewedResource, *_: object) -> Found:
    before, after = _read_only(group.old), _read_only(group.new)
    if group.operation is Operation.UPDATE and before != after:
        says = "refuses writes from now on" if after == "1" else "takes writes again"
        verdict = Verdict.DATABASE_DOWN if after == "1" else Verdict.SAFE
        yield Effect(verdict, f"database {group.name} {says} (read_only)")


def _read_only(properties: Mapping[str, object]) -> object:
    parameters = properties.get("parameters")
    values = [
        each.get("value")
        for each in (parameters if isinstance(parameters, list) else [])
        if isinstance(each, Mapping) and each.get("name") == "read_only"
    ]
    return values[0] if values else "0"


def _vpn_connection_effects(connection: PreviewedResource, components: Components, _: Preview) -> Found:
    name = vpn_name(connection, components)
    if connection.operation is Operation.DELETE:
        yield Effect(Verdict.TUNNEL_DOWN, f"both tunnels of {name} go down for good")
    elif connection.operation is Operation.REPLACE:
        yield Effect(
            Verdict.TUNNEL_DOWN,
            f"both tunnels of {name} go down{_because(connection)}: the new connection has other addresses "
            "and keys, and stays down until the company's device has them (tenantnet vpn download)",
        )
    elif connection.operation is Operation.UPDATE:
        yield from _vpn_update_effects(connection, name)


def _vpn_update_effects(connection: PreviewedResource, name: str) -> Found:
    if BOTH_TUNNELS.intersection(connection.changed):
        yield Effect(
            Verdict.TUNNEL_DOWN,
            f"both tunnels of {name} go down for some minutes while AWS changes the connection"
            f"{_because(connection)}",
        )
        return
    for number in (1, 2):
        options = [option for option in connection.changed if option.startswith(f"tunnel{number}")]
        if options:
            yield Effect(
                Verdict.TUNNEL_DOWN,
                f"tunnel {number} of {name} goes down for some minutes while AWS changes its options: "
                f"{', '.join(options)}",
            )


def vpn_name(resource: PreviewedResource, components: Components) -> str:
    """The name of the VPN connection that a resource belongs to: its description and its range."""
    found = components.siblings(resource)
    description = next((each.tag(Tag.DESCRIPTION) for each in found if each.type == types.VPN_CONNECTION), "")
    routes = [each for each in found if each.type == types.VPN_CONNECTION_ROUTE]
    cidr = f" ({routes[0].current.get('destinationCidrBlock')})" if routes else ""
    return f"{description or resource.name}{cidr}"


def _vpn_part_effects(part: PreviewedResource, components: Components, _: Preview) -> Found:
    """A route or a rule of a connection that itself stays."""
    connections = [each for each in components.siblings(part) if each.type == types.VPN_CONNECTION]
    if part.operation.removes and connections and not connections[0].operation.removes:
        yield Effect(
            Verdict.TUNNEL_DOWN, f"no traffic gets through {vpn_name(part, components)}: {_gone(part)}"
        )


def _gateway_effects(gateway: PreviewedResource, _: Components, preview: Preview) -> Found:
    # Both of a network's gateway and its propagation have the network's name; so have its connections.
    connections = [
        each
        for each in preview.of_type(types.VPN_CONNECTION)
        if each.name.startswith(f"{gateway.name}-") and each.old and not each.operation.removes
    ]
    if gateway.operation.removes and connections:
        yield Effect(
            Verdict.TUNNEL_DOWN,
            f"every VPN connection of network {gateway.name} is cut off: {_gone(gateway)}",
        )


def _ingress_effects(rule: PreviewedResource, components: Components, preview: Preview) -> Found:
    parent = components.parent(rule)
    if parent and parent.type.endswith(":VpnConnection"):
        yield from _vpn_part_effects(rule, components, preview)
    elif rule.operation.removes and holds_database(preview, rule.network):
        peer = rule.old.get("description") or rule.name
        yield Effect(
            Verdict.DATABASE_DOWN, f"{peer} no longer reaches the database of {rule.network}: {_gone(rule)}"
        )


def _path_effects(path: PreviewedResource, preview: Preview) -> Found:
    slot = path.network
    if not slot and path.type == types.ROUTE:
        slot = next((each for each in ("blue", "green") if f"-{each}-" in path.name), "")
    if slot and not holds_database(preview, slot):
        return
    if _gone_altogether(preview):
        return
    yield Effect(Verdict.DATABASE_DOWN, f"the way to the database is cut: {_gone(path)}")


def holds_database(preview: Preview, slot: str) -> bool:
    """Whether the network of a slot holds a database before and after the update."""
    return any(
        database.network == slot and database.old and database.operation is not Operation.DELETE
        for database in preview.of_type(types.DATABASE)
    )


def _gone_altogether(preview: Preview) -> bool:
    return all(
        resource.operation is Operation.DELETE for resource in preview.resources if not resource.is_machinery
    )


def _record_effects(record: PreviewedResource, _: Components, preview: Preview) -> Found:
    name = record.current.get("name", record.name)
    if record.operation.removes:
        until = "any more" if record.operation is Operation.DELETE else "until its new record is known"
        yield Effect(Verdict.DATABASE_DOWN, f"{name} leads nowhere {until}")
    elif "records" in record.changed and preview.outputs:
        yield Effect(
            Verdict.DATABASE_DOWN, f"{name} leads to another database; open connections stay with the former"
        )


def _zone_effects(zone: PreviewedResource, *_: object) -> Found:
    if zone.operation.removes:
        yield Effect(Verdict.DATABASE_DOWN, f"no tenant's endpoint in {zone.name} is found: {_gone(zone)}")


def _table_effects(table: PreviewedResource, *_: object) -> Found:
    if table.operation.removes:
        yield Effect(Verdict.DESTROYS_DATA, f"{_gone(table)}, and its rows with it")


def _key_effects(key: PreviewedResource, *_: object) -> Found:
    if key.operation.removes:
        yield Effect(
            Verdict.DESTROYS_DATA,
            f"{_gone(key)}: what is encrypted with it can no longer be read, databases and backups",
        )


def _host_effects(host: PreviewedResource, *_: object) -> Found:
    interrupted = host.operation.removes or (
        host.operation is Operation.UPDATE and "instanceType" in host.changed
    )
    if interrupted and host.tag(Tag.PART) == "tunnel-host":
        yield Effect(
            Verdict.TUNNEL_DOWN, f"open tunnels from desks end: the tunnel host {host.name} is renewed"
        )
    elif interrupted and host.operation is not Operation.DELETE:
        yield Effect(Verdict.SAFE, f"{host.name} does not answer pings meanwhile")


_JUDGES: Mapping[str, Callable[[PreviewedResource, Components, Preview], Found]] = {
    types.DATABASE: _database_effects,
    types.PARAMETER_GROUP: _parameters_effects,
    types.VPN_CONNECTION: _vpn_connection_effects,
    types.VPN_CONNECTION_ROUTE: _vpn_part_effects,
    types.VPN_GATEWAY: _gateway_effects,
    types.ROUTE_PROPAGATION: _gateway_effects,
    types.INGRESS_RULE: _ingress_effects,
    types.RECORD: _record_effects,
    types.ZONE: _zone_effects,
    types.TABLE: _table_effects,
    types.KEY: _key_effects,
    types.INSTANCE: _host_effects,
}
