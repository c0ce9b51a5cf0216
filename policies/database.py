"""Policies on the database: private, encrypted, reached over TLS only, recoverable."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tenantnet.aws import parameters as mysql
from tenantnet.aws.types import DATABASE, PARAMETER_GROUP, RECORD
from tenantnet.components.tenant_database import (
    GTID_PARAMETERS,
    PARAMETERS,
    SEED_PARAMETERS,
    read_only_value,
)
from tenantnet.policies.model import (
    KNOWN_IN_PREVIEW,
    UNKNOWN,
    Finding,
    PackSettings,
    Policy,
    Resource,
    Severity,
    Stack,
)
from tenantnet.refusal import Rule
from tenantnet.settings.rules import MAX_BACKUP_DAYS, MIN_BACKUP_DAYS
from tenantnet.tags import Lifecycle, Tag

# What a component sets, to which values.
PERMITTED_PARAMETERS: Mapping[str, tuple[str, ...]] = {
    **{name: (value,) for name, value in PARAMETERS.items()},
    **{name: (value,) for name, value in {**GTID_PARAMETERS, **SEED_PARAMETERS}.items()},
    "read_only": (read_only_value(read_only=True), read_only_value(read_only=False)),
}

NOT_PUBLIC = Rule(
    id="database-not-public",
    rule="a database has no public address: publiclyAccessible is false",
    reason="with one it is on the internet as soon as a route leads there",
    remedy="set publicly_accessible=False",
)
ENCRYPTED = Rule(
    id="storage-encrypted",
    rule="a database's storage is encrypted: storageEncrypted is true",
    reason="RDS encrypts on creation only, and snapshots and replicas are as their source is",
    remedy="set storage_encrypted=True; an existing database must be restored from an encrypted copy",
)
TLS_PARAMETER = Rule(
    id="tls-parameter",
    rule="a parameter group sets require_secure_transport to 1",
    reason="otherwise MySQL accepts connections without TLS, whatever the clients are configured to do",
    remedy='add {{"name": "require_secure_transport", "value": "1"}} to its parameters',
)
PARAMETER_PERMITTED = Rule(
    id="parameter-permitted",
    rule="a parameter group sets what TenantDatabase sets: {permitted}",
    reason="other parameters weaken TLS and passwords, read files, or let a move go wrong",
    remedy="leave it at MySQL's default",
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
    if resource.type == DATABASE and resource.props.get("publiclyAccessible", False) is not False:
        yield resource.refuse(NOT_PUBLIC, "publiclyAccessible")


DATABASE_PRIVATE = Policy(
    name="database-private",
    description="A database has no public address.",
    severity=Severity.CRITICAL,
    remediation="Declare it with tenantnet.components.tenant_database.",
    rules=(NOT_PUBLIC, KNOWN_IN_PREVIEW),
    judge_resource=_judge_privacy,
)


def _judge_encryption(resource: Resource, _: PackSettings) -> Iterator[Finding]:
    if resource.type == DATABASE and resource.props.get("storageEncrypted") is not True:
        yield resource.refuse(ENCRYPTED, "storageEncrypted")


DATABASE_ENCRYPTED = Policy(
    name="database-encrypted",
    description="A database's storage is encrypted.",
    severity=Severity.CRITICAL,
    remediation="Set storage_encrypted=True; only-known-resources wants the platform's key.",
    rules=(ENCRYPTED, KNOWN_IN_PREVIEW),
    judge_resource=_judge_encryption,
)


def _judge_parameters(resource: Resource, _: PackSettings) -> Iterator[Finding]:
    if resource.type != PARAMETER_GROUP:
        return
    given = resource.props.get("parameters")
    parameters = [each for each in given if isinstance(each, Mapping)] if isinstance(given, list) else []
    values = [each.get("value") for each in parameters if each.get("name") == "require_secure_transport"]
    if values not in (["1"], ["ON"]):
        yield resource.refuse(TLS_PARAMETER, "parameters", value=values[0] if values else given)
    if isinstance(given, list) and len(parameters) < len(given):
        yield resource.refuse(KNOWN_IN_PREVIEW, "parameters", value=UNKNOWN)
    for each in parameters:
        name, value = each.get("name"), each.get("value")
        permitted = PERMITTED_PARAMETERS.get(name) if isinstance(name, str) else None
        if name == "require_secure_transport" or (name in mysql.NAMES and mysql.takes(name, value)):
            continue
        if value not in (permitted or ()):
            yield resource.refuse(
                PARAMETER_PERMITTED,
                "parameters",
                value=f"{name} = {value}",
                permitted=_words(name, permitted),
            )


def _judge_kept_parameters(stack: Stack, settings: PackSettings) -> Iterator[Finding]:
    """Those of a group that ignores changes: a replacement is made with what no policy was given."""
    for group in stack.of_type(PARAMETER_GROUP):
        if "parameters" in group.kept:
            yield from _judge_parameters(group, settings)


def _words(name: object, permitted: tuple[str, ...] | None) -> str:
    if permitted:
        return f"{name} = {' or '.join(permitted)}"
    if name in mysql.NAMES:
        return f"{name} = {mysql.values(str(name))}"
    return ", ".join((*PERMITTED_PARAMETERS, *mysql.NAMES))


DATABASE_TLS_ONLY = Policy(
    name="database-tls-only",
    description="A database refuses connections without TLS.",
    severity=Severity.HIGH,
    remediation="Use a parameter group of the stack that sets require_secure_transport to 1.",
    rules=(TLS_PARAMETER, PARAMETER_PERMITTED, KNOWN_IN_PREVIEW),
    judge_resource=_judge_parameters,
    judge_stack=_judge_kept_parameters,
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
        for database in stack.targets(record, "records", DATABASE).found:
            lifecycle = database.tags.get(Tag.LIFECYCLE)
            if lifecycle in (Lifecycle.TEST, Lifecycle.DISCARDED):
                path = f"tags.{Tag.LIFECYCLE}"
                yield database.refuse(ENDPOINT_IN_PRODUCTION, path, value=lifecycle, database=database.name)


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
            "maximum": MAX_BACKUP_DAYS,
            "default": MIN_BACKUP_DAYS,
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
