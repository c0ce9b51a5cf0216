"""Policies on the database: private, encrypted, reached over TLS only, recoverable."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tenantnet.aws.types import DATABASE, PARAMETER_GROUP, RECORD, SUBNET, SUBNET_GROUP
from tenantnet.policies.model import (
    KNOWN_IN_PREVIEW,
    Finding,
    PackSettings,
    Policy,
    Resource,
    Severity,
    Stack,
)
from tenantnet.refusal import Rule
from tenantnet.tags import Lifecycle, Part, Tag

# Other kinds of database that RDS offers; nothing of ours judges them.
OTHER_DATABASES = (
    "aws:rds/cluster:Cluster",
    "aws:rds/clusterInstance:ClusterInstance",
    "aws:rds/proxy:Proxy",
    "aws:rds/globalCluster:GlobalCluster",
)

SNAPSHOTS = ("aws:rds/snapshot:Snapshot", "aws:rds/snapshotCopy:SnapshotCopy")

NOT_PUBLIC = Rule(
    id="database-not-public",
    rule="a database has no public address: publiclyAccessible is false",
    reason="with one it is on the internet as soon as a route leads there",
    remedy="set publicly_accessible=False",
)
NOT_SHARED = Rule(
    id="snapshot-not-shared",
    rule="a snapshot is shared with no other account: sharedAccounts is empty",
    reason="everybody it is shared with can restore the tenant's data from it, and `all` is the public",
    remedy="leave shared_accounts away",
)
KNOWN_KIND = Rule(
    id="database-kind",
    rule="a tenant's database is one RDS instance",
    reason="no policy of this pack judges a {kind}",
    remedy="declare it with tenantnet.components.tenant_database",
)
IN_NETWORK = Rule(
    id="database-in-network",
    rule="a database is in subnets of the tenant's network: {property} names them and no others",
    reason="{problem}",
    remedy="declare a SubnetGroup of the network's database subnets and name it",
)
ENCRYPTED = Rule(
    id="storage-encrypted",
    rule="a database's storage is encrypted: storageEncrypted is true",
    reason="RDS encrypts on creation only, and snapshots and replicas are as their source is",
    remedy="set storage_encrypted=True; an existing database must be restored from an encrypted copy",
)
PLATFORM_KEY = Rule(
    id="database-key",
    rule="a database is encrypted with the platform's key: kmsKeyId names it",
    reason="AWS's own key for RDS can be neither revoked nor limited to this cell",
    remedy="set kms_key_id to the platform's kmsKeyArn",
)
TLS_PARAMETER = Rule(
    id="tls-parameter",
    rule="a parameter group sets require_secure_transport to 1",
    reason="otherwise MySQL accepts connections without TLS, whatever the clients are configured to do",
    remedy='add {{"name": "require_secure_transport", "value": "1"}} to its parameters',
)
TLS_GROUP_USED = Rule(
    id="tls-group-used",
    rule="a database uses a parameter group of this stack",
    reason="AWS's default groups do not require TLS, and one of another stack may not either",
    remedy="declare a ParameterGroup and set parameter_group_name",
)
BACKUPS_KEPT = Rule(
    id="backups-kept",
    rule="the automated backups of a database in production are kept for {days} days at least",
    reason="a mistake that is found after a weekend must still be undone",
    remedy="set backup_retention_period={days} or more",
)
PROTECTED = Rule(
    id="database-protected",
    rule="a database that is not retiring is protected: {property} is {wanted}",
    reason="one wrong word in a program, or one step of a move, must not delete or replace it",
    remedy="set {property} to {wanted}; a tenant that leaves is `retiring` in its settings",
)
BACKUPS_OUTLIVE = Rule(
    id="backups-outlive",
    rule="the automated backups of a database in production outlive it: deleteAutomatedBackups is false",
    reason="a deletion by mistake would delete them, too",
    remedy="set delete_automated_backups=False",
)
FINAL_SNAPSHOT = Rule(
    id="final-snapshot",
    rule="a database in production or retiring leaves a final snapshot: {property} is {wanted}",
    reason="what is deleted without one cannot be restored",
    remedy="set {property} to {wanted}",
)
SNAPSHOTS_TAGGED = Rule(
    id="snapshots-tagged",
    rule="a database's tags are copied to its snapshots: copyTagsToSnapshot is true",
    reason="a snapshot outlives its database, and must still show to whom it belongs",
    remedy="set copy_tags_to_snapshot=True",
)
LIFECYCLE_TAGGED = Rule(
    id="lifecycle-tagged",
    rule="a database is tagged tenantnet:lifecycle: production, test, retiring or discarded",
    reason="the tag says how it is protected",
    remedy="tag it with tenantnet.tags.Owner.tags(lifecycle=...)",
)
ENDPOINT_IN_PRODUCTION = Rule(
    id="endpoint-in-production",
    rule="the database that the endpoint leads to is tagged production or retiring",
    reason="clients are led to {database}, and it need not leave a snapshot or have backups",
    remedy="tag it tenantnet:lifecycle=production",
)


def _judge_privacy(resource: Resource, _: PackSettings) -> Iterator[Finding]:
    if resource.type in OTHER_DATABASES:
        yield resource.refuse(KNOWN_KIND, "", value=resource.type, kind=resource.type.rsplit(":")[-1])
    if resource.type in SNAPSHOTS and resource.props.get("sharedAccounts"):
        yield resource.refuse(NOT_SHARED, "sharedAccounts")
    if resource.type != DATABASE:
        return
    if resource.props.get("publiclyAccessible", False) is not False:
        yield resource.refuse(NOT_PUBLIC, "publiclyAccessible")
    if resource.props.get("dbSubnetGroupName") is None:
        problem = "without a subnet group RDS takes the account's default VPC"
        yield resource.refuse(IN_NETWORK, "dbSubnetGroupName", property="dbSubnetGroupName", problem=problem)


def _judge_place(stack: Stack, _: PackSettings) -> Iterator[Finding]:
    for database in stack.of_type(DATABASE):
        group = stack.targets(database, "dbSubnetGroupName", SUBNET_GROUP).only
        if database.props.get("dbSubnetGroupName") is not None and group is None:
            yield database.refuse(
                IN_NETWORK,
                "dbSubnetGroupName",
                property="dbSubnetGroupName",
                problem="the subnet group is not of this stack",
            )
    for group in stack.of_type(SUBNET_GROUP):
        subnets = stack.targets(group, "subnetIds", SUBNET)
        strangers = [subnet.name for subnet in subnets.found if subnet.part != Part.NETWORK]
        strangers += [str(subnet) for subnet in subnets.foreign]
        for stranger in strangers:
            problem = f"{stranger} is no subnet of a network of this stack"
            yield group.refuse(IN_NETWORK, "subnetIds", value=stranger, property="subnetIds", problem=problem)


DATABASE_PRIVATE = Policy(
    name="database-private",
    description="A database is in its tenant's network, without a public address, and is not shared.",
    severity=Severity.CRITICAL,
    remediation="Declare it with tenantnet.components.tenant_database.",
    rules=(NOT_PUBLIC, IN_NETWORK, NOT_SHARED, KNOWN_KIND, KNOWN_IN_PREVIEW),
    judge_resource=_judge_privacy,
    judge_stack=_judge_place,
)


def _judge_encryption(resource: Resource, _: PackSettings) -> Iterator[Finding]:
    if resource.type != DATABASE:
        return
    if resource.props.get("storageEncrypted") is not True:
        yield resource.refuse(ENCRYPTED, "storageEncrypted")
    if resource.props.get("kmsKeyId") is None:
        yield resource.refuse(PLATFORM_KEY, "kmsKeyId")


DATABASE_ENCRYPTED = Policy(
    name="database-encrypted",
    description="A database's storage is encrypted with the platform's key.",
    severity=Severity.CRITICAL,
    remediation="Set storage_encrypted=True and kms_key_id to the platform's key.",
    rules=(ENCRYPTED, PLATFORM_KEY, KNOWN_IN_PREVIEW),
    judge_resource=_judge_encryption,
)


def _judge_parameters(resource: Resource, _: PackSettings) -> Iterator[Finding]:
    if resource.type != PARAMETER_GROUP:
        return
    parameters = resource.props.get("parameters")
    values = [
        parameter.get("value")
        for parameter in (parameters if isinstance(parameters, list) else [])
        if isinstance(parameter, Mapping) and parameter.get("name") == "require_secure_transport"
    ]
    if values not in (["1"], ["ON"]):
        yield resource.refuse(TLS_PARAMETER, "parameters", value=values[0] if values else parameters)


def _judge_parameter_group(stack: Stack, _: PackSettings) -> Iterator[Finding]:
    for database in stack.of_type(DATABASE):
        if stack.targets(database, "parameterGroupName", PARAMETER_GROUP).only is None:
            yield database.refuse(TLS_GROUP_USED, "parameterGroupName")


DATABASE_TLS_ONLY = Policy(
    name="database-tls-only",
    description="A database refuses connections without TLS.",
    severity=Severity.HIGH,
    remediation="Use a parameter group of the stack that sets require_secure_transport to 1.",
    rules=(TLS_PARAMETER, TLS_GROUP_USED, KNOWN_IN_PREVIEW),
    judge_resource=_judge_parameters,
    judge_stack=_judge_parameter_group,
)


def _judge_recovery(resource: Resource, settings: PackSettings) -> Iterator[Finding]:
    if resource.type != DATABASE:
        return
    lifecycle = resource.tags.get(Tag.LIFECYCLE)
    if lifecycle not in list(Lifecycle):
        yield resource.refuse(LIFECYCLE_TAGGED, f"tags.{Tag.LIFECYCLE}", value=lifecycle)
    if resource.props.get("copyTagsToSnapshot") is not True:
        yield resource.refuse(SNAPSHOTS_TAGGED, "copyTagsToSnapshot")
    if lifecycle not in (Lifecycle.TEST, Lifecycle.DISCARDED):
        yield from _judge_final_snapshot(resource)
    if lifecycle not in (Lifecycle.RETIRING, Lifecycle.DISCARDED):
        yield from _judge_protection(resource)
    if lifecycle not in (Lifecycle.TEST, Lifecycle.RETIRING, Lifecycle.DISCARDED):
        yield from _judge_backups(resource, settings.minimum_backup_days)


def _judge_final_snapshot(database: Resource) -> Iterator[Finding]:
    if database.props.get("skipFinalSnapshot", False) is not False:
        path = "skipFinalSnapshot"
        yield database.refuse(FINAL_SNAPSHOT, path, property=path, wanted="false")
    if database.props.get("finalSnapshotIdentifier") is None:
        path = "finalSnapshotIdentifier"
        yield database.refuse(FINAL_SNAPSHOT, path, property=path, wanted="a name")


def _judge_protection(database: Resource) -> Iterator[Finding]:
    if database.props.get("deletionProtection") is not True:
        path = "deletionProtection"
        yield database.refuse(PROTECTED, path, property=path, wanted="true")
    if not database.protect:
        path = "options.protect"
        yield database.refuse(PROTECTED, path, value=False, property="Pulumi's protect", wanted="true")


def _judge_backups(database: Resource, days: int) -> Iterator[Finding]:
    kept = database.props.get("backupRetentionPeriod")
    if not (isinstance(kept, int) and kept >= days):
        yield database.refuse(BACKUPS_KEPT, "backupRetentionPeriod", days=days)
    if database.props.get("deleteAutomatedBackups") is not False:
        yield database.refuse(BACKUPS_OUTLIVE, "deleteAutomatedBackups")


def _judge_endpoint(stack: Stack, _: PackSettings) -> Iterator[Finding]:
    for record in stack.of_type(RECORD):
        for database in _databases_of(stack, record):
            lifecycle = database.tags.get(Tag.LIFECYCLE)
            if lifecycle in (Lifecycle.TEST, Lifecycle.DISCARDED):
                path = f"tags.{Tag.LIFECYCLE}"
                yield database.refuse(ENDPOINT_IN_PRODUCTION, path, value=lifecycle, database=database.name)


def _databases_of(stack: Stack, record: Resource) -> Iterator[Resource]:
    origins = set(record.property_depends_on.get("records", ()))
    records = record.props.get("records")
    names = records if isinstance(records, list) else []
    for database in stack.of_type(DATABASE):
        address = database.props.get("address")
        if address in names if isinstance(address, str) else database.urn in origins:
            yield database


DATABASE_RECOVERABLE = Policy(
    name="database-recoverable",
    description="A database in production can be restored: backups, deletion protection, a final snapshot.",
    severity=Severity.CRITICAL,
    remediation="Declare it with tenantnet.components.tenant_database and the lifecycle that it has.",
    rules=(
        BACKUPS_KEPT,
        BACKUPS_OUTLIVE,
        PROTECTED,
        FINAL_SNAPSHOT,
        SNAPSHOTS_TAGGED,
        LIFECYCLE_TAGGED,
        ENDPOINT_IN_PRODUCTION,
        KNOWN_IN_PREVIEW,
    ),
    judge_resource=_judge_recovery,
    judge_stack=_judge_endpoint,
    schema={
        "minimumBackupDays": {
            "type": "integer",
            "minimum": 1,
            "maximum": 35,
            "default": 7,
            "description": "How many days automated backups of a database in production are kept at least.",
        }
    },
)


POLICIES = (
    DATABASE_PRIVATE,
    DATABASE_ENCRYPTED,
    DATABASE_TLS_ONLY,
    DATABASE_RECOVERABLE,
)
