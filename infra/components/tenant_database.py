"""A tenant's MySQL database: RDS in two zones of one tenant network, private, encrypted, recoverable."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import pulumi
import pulumi_aws as aws
from tenantnet.aws.engines import DEFAULT_VERSION, FAMILIES
from tenantnet.aws.instance_classes import GIB, max_connections, memory_bytes, supports_performance_insights
from tenantnet.aws.parameters import STATIC
from tenantnet.aws.sizes import DEFAULT_BACKUP_DAYS, DEFAULT_INSTANCE_CLASS, DEFAULT_STORAGE_GB
from tenantnet.aws.storage import IOPS, STRIPED_GIB, performance
from tenantnet.components.again import ForAWhile
from tenantnet.components.checked import known, require
from tenantnet.refusal import Refusal
from tenantnet.settings.checks import (
    check_backup_days,
    check_backup_window,
    check_engine_version,
    check_instance_class,
    check_iops,
    check_maintenance_window,
    check_parameters,
    check_password,
    check_storage,
    check_throughput,
    check_username,
    check_windows,
)
from tenantnet.tags import Lifecycle, Owner, Part

LOG_RETENTION_DAYS = 90
EXPORTED_LOGS = ("error", "slowquery")
# Copies and final snapshots of terabytes take hours; the provider's own limits are 40 to 80 minutes.
TIMEOUTS = pulumi.CustomTimeouts(create="6h", update="6h", delete="3h")
# RDS refuses a change while it does something else: takes the daily backup, or pushes the parameters that the
# same update has changed. As a move does, an update tries again for half an hour.
BUSY = ForAWhile(code="InvalidDBInstanceState", pause_seconds=5.0, most_tries=64)
PARAMETERS = {
    # Clients without TLS are refused by the server itself (error 3159), whatever they were configured to do.
    "require_secure_transport": "1",
    "slow_query_log": "1",
    "log_output": "FILE",
    # Row images replay the same on every replica; statements need not.
    "binlog_format": "ROW",
    # So a function need not be declared safe for replaying statements (error 1419), which RDS lets nobody be.
    "log_bin_trust_function_creators": "1",
}
# Static: in force from the next reboot on.
GTID_PARAMETERS = {"gtid-mode": "ON", "enforce_gtid_consistency": "ON"}
# What a seed is born with: an event of its source would change it before it follows. The runner switches the
# scheduler on once the events themselves are disabled.
SEED_PARAMETERS = {"event_scheduler": "OFF"}

# What every database has.
ALWAYS: dict[str, Any] = {
    "engine": "mysql",
    "storage_type": "gp3",
    "storage_encrypted": True,
    "publicly_accessible": False,
    "copy_tags_to_snapshot": True,
    "enabled_cloudwatch_logs_exports": list(EXPORTED_LOGS),
    "auto_minor_version_upgrade": True,
    # What a preview showed is what happens, and when; a change that waits for a maintenance window
    # would show up as a difference in every preview until then.
    "apply_immediately": True,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class MasterUser:
    """The user that RDS creates with a database."""

    username: str
    """Its name."""
    password: pulumi.Input[str]
    """Its password: a secret."""


@dataclass(frozen=True, slots=True)
class Fresh:
    """A new, empty database, or one that the last move made the tenant's own."""

    user: MasterUser
    """Its master user."""


@dataclass(frozen=True, slots=True)
class Promoted:
    """A former replica, which replicates from nowhere any more and keeps the users of its source."""


@dataclass(frozen=True, slots=True)
class ReplicaOf:
    """A replica of another instance, with that one's users."""

    arn: pulumi.Input[str]
    """The instance that it replicates."""


@dataclass(frozen=True, slots=True)
class Restored:
    """Restored from a snapshot, with the users in it; an instance that exists already stays as it is."""

    snapshot: str
    """The snapshot's identifier."""


@dataclass(frozen=True, slots=True)
class Seed:
    """Restored from a snapshot, to follow the database that the snapshot is of."""

    snapshot: str
    """The snapshot's identifier."""


@dataclass(frozen=True, slots=True)
class Leaving:
    """Being removed: it stays as it was created, even as a replica."""

    user: MasterUser | None
    """Its master user; None where it has the users of its source."""


@dataclass(frozen=True, slots=True)
class FinalSnapshot:
    """Deletion takes a last snapshot."""

    identifier: str
    """The snapshot's identifier."""


@dataclass(frozen=True, slots=True)
class Nothing:
    """Deletion leaves nothing behind; AWS takes no final snapshot of a replica."""


Source = Fresh | Promoted | ReplicaOf | Restored | Seed | Leaving


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantDatabaseArgs:
    """A database, where it comes from, and what its deletion leaves behind.

    Raises Refused for what the settings refuse.
    """

    owner: Owner
    """Whose database it is, with its network's slot."""
    subnet_ids: pulumi.Input[Sequence[pulumi.Input[str]]]
    """Subnets of two zones."""
    security_group_id: pulumi.Input[str]
    """The group that lets clients in."""
    source: Source
    """Where it comes from: Fresh, Promoted, ReplicaOf, Restored, Seed or Leaving."""
    on_delete: FinalSnapshot | Nothing
    """What deletion leaves behind: FinalSnapshot or Nothing."""
    engine_version: str = DEFAULT_VERSION
    """The major version of MySQL: one that the settings take. A database keeps its own."""
    instance_class: str = DEFAULT_INSTANCE_CLASS
    """An RDS instance class that MySQL runs on."""
    storage_gb: int = DEFAULT_STORAGE_GB
    """GiB, 20 to 65536."""
    iops: int | None = None
    """12000 to 64000, for 400 GiB or more; None for 12000 there."""
    storage_throughput: int | None = None
    """MiB/s, 500 to 4000 and a quarter of the IOPS at most, for 400 GiB or more; None for 500 there."""
    multi_az: bool = False
    """Whether a standby is kept in a second zone."""
    backup_retention_days: int = DEFAULT_BACKUP_DAYS
    """Days that automated backups are kept, 7 to 35."""
    backup_window: str | None = None
    """When RDS takes the daily backup, in UTC; with maintenance_window. None: RDS chooses, or has chosen."""
    maintenance_window: str | None = None
    """When RDS maintains it each week, in UTC; with backup_window. None: RDS chooses, or has chosen."""
    lifecycle: Lifecycle = Lifecycle.PRODUCTION
    """What it is for. It is protected against deletion, by AWS and by Pulumi, unless it is being removed."""
    parameters: Mapping[str, str | int] = field(default_factory=dict)
    """Parameters of MySQL, by name: those that the settings take."""
    read_only: bool | None = False
    """Whether the server refuses writes, by its parameter group, to everybody. None: all parameters stay."""
    gtid: bool = False
    """Whether its transactions have global identifiers; a change takes effect with a reboot."""
    kms_key_arn: pulumi.Input[str]
    """The key that encrypts the database and its logs."""
    alarm_topic_arn: pulumi.Input[str]
    """Where its alarms go."""

    def __post_init__(self) -> None:
        user = self.source.user if isinstance(self.source, Fresh | Leaving) else None
        require(
            f"The database {self.owner.prefix}",
            self.owner,
            {
                "engine_version": check_engine_version(self.engine_version),
                "instance_class": check_instance_class(self.instance_class),
                "storage_gb": check_storage(self.storage_gb),
                **self._performance_problems(),
                **_window_problems(self.backup_window, self.maintenance_window),
                "backup_retention_days": check_backup_days(self.backup_retention_days),
                "parameters": check_parameters(self.parameters),
                "username": check_username(user.username) if user else [],
                "password": known(check_password, user.password) if user else [],
            },
        )

    def _performance_problems(self) -> dict[str, list[Refusal]]:
        size = STRIPED_GIB if check_storage(self.storage_gb) else self.storage_gb
        iops = [] if self.iops is None else check_iops(self.iops, size)
        has = IOPS[1] if iops else self.iops or IOPS[0]
        asked = self.storage_throughput
        return {
            "iops": iops,
            "storage_throughput": [] if asked is None else check_throughput(asked, size, has),
        }


def _window_problems(backup: str | None, maintenance: str | None) -> dict[str, list[Refusal]]:
    found = {
        "backup_window": [] if backup is None else check_backup_window(backup),
        "maintenance_window": [] if maintenance is None else check_maintenance_window(maintenance),
    }
    place = "backup_window" if maintenance is None else "maintenance_window"
    return found if any(found.values()) else {place: check_windows(backup, maintenance)}


class _Alarm(NamedTuple):
    """When the alarm is raised: `metric` of AWS/RDS, averaged over `minutes`, beyond `threshold`."""

    metric: str
    comparison: str
    threshold: float
    minutes: int
    description: str


class TenantDatabase(pulumi.ComponentResource):
    """A tenant's MySQL database: private, encrypted, TLS only, protected against deletion."""

    identifier: pulumi.Output[str]
    """The instance's identifier, known once it is available."""
    arn: pulumi.Output[str]
    """The instance's ARN."""
    address: pulumi.Output[str]
    """The instance's DNS name."""

    def __init__(
        self, name: str, args: TenantDatabaseArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("tenantnet:index:TenantDatabase", name, {}, opts)
        self._name, self._args = name, args
        instance = self._instance()
        for alarm in _alarms(args):
            self._alarm(alarm)
        self.identifier = instance.identifier
        self.arn = instance.arn
        self.address = instance.address
        self.register_outputs({"identifier": self.identifier, "address": self.address})

    def _child(self) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self)

    def _instance(self) -> aws.rds.Instance:
        args = self._args
        protected = args.lifecycle.protected
        return aws.rds.Instance(
            self._name,
            identifier=self._name,
            instance_class=args.instance_class,
            allocated_storage=args.storage_gb,
            kms_key_id=args.kms_key_arn,
            multi_az=args.multi_az,
            db_subnet_group_name=self._subnet_group(),
            vpc_security_group_ids=[args.security_group_id],
            parameter_group_name=self._parameter_group(),
            deletion_protection=protected,
            backup_retention_period=args.backup_retention_days,
            backup_window=args.backup_window,
            maintenance_window=args.maintenance_window,
            **_source(args.source),
            **performance(args.storage_gb, args.iops, args.storage_throughput),
            **_on_delete(args.on_delete),
            performance_insights_enabled=supports_performance_insights(args.instance_class),
            # A restored one keeps its snapshot's minor version: a major one alone would mean an upgrade.
            engine_version=None if isinstance(args.source, Restored | Seed) else args.engine_version,
            **ALWAYS,
            tags=args.owner.tags(self._name, part=Part.DATABASE, lifecycle=args.lifecycle),
            opts=pulumi.ResourceOptions(
                parent=self,
                protect=protected,
                depends_on=self._log_groups(),
                custom_timeouts=TIMEOUTS,
                hooks=BUSY.tried_again(f"{self._name}-busy"),
                # Origin and version of an instance matter once; removing them must change nothing.
                ignore_changes=["engineVersion", "snapshotIdentifier", *_KEPT.get(type(args.source), ())],
            ),
        )

    def _subnet_group(self) -> pulumi.Output[str]:
        return aws.rds.SubnetGroup(
            self._name,
            name=self._name,
            description=f"{self._name}: two zones of the tenant's network",
            subnet_ids=self._args.subnet_ids,
            tags=self._args.owner.tags(self._name),
            opts=self._child(),
        ).name

    def _parameter_group(self) -> pulumi.Output[str]:
        name = parameter_group_name(self._name, self._args.engine_version)
        is_seed, read_only = isinstance(self._args.source, Seed), self._args.read_only
        parameters = {
            **PARAMETERS,
            "read_only": read_only_value(read_only=bool(read_only)),
            **{key: str(value) for key, value in self._args.parameters.items()},
            **(GTID_PARAMETERS if self._args.gtid else {}),
            **(SEED_PARAMETERS if is_seed else {}),
        }
        return aws.rds.ParameterGroup(
            self._name,
            name=name,
            family=FAMILIES[self._args.engine_version],
            description=f"{self._name}: TLS only, row-based binlog",
            parameters=[
                aws.rds.ParameterGroupParameterArgs(
                    name=key,
                    value=value,
                    apply_method="pending-reboot" if key in STATIC | GTID_PARAMETERS.keys() else None,
                )
                for key, value in parameters.items()
            ],
            tags=self._args.owner.tags(name),
            opts=pulumi.ResourceOptions(
                parent=self, ignore_changes=["parameters"] if is_seed or read_only is None else []
            ),
        ).name

    def _log_groups(self) -> list[pulumi.Resource]:
        """RDS would make these itself, without a retention, and leave them behind."""
        return [
            aws.cloudwatch.LogGroup(
                f"{self._name}-{log}",
                name=log_group_name(self._name, log),
                retention_in_days=LOG_RETENTION_DAYS,
                kms_key_id=self._args.kms_key_arn,
                tags=self._args.owner.tags(f"{self._name}-{log}"),
                opts=self._child(),
            )
            for log in EXPORTED_LOGS
        ]

    def _alarm(self, alarm: _Alarm) -> None:
        name = f"{self._name}-{alarm.metric}"
        aws.cloudwatch.MetricAlarm(
            name,
            name=name,
            alarm_description=f"{self._name}: {alarm.description}",
            namespace="AWS/RDS",
            metric_name=alarm.metric,
            dimensions={"DBInstanceIdentifier": self._name},
            statistic="Average",
            period=60,
            evaluation_periods=alarm.minutes,
            threshold=alarm.threshold,
            comparison_operator=alarm.comparison,
            treat_missing_data="missing",
            alarm_actions=[self._args.alarm_topic_arn],
            ok_actions=[self._args.alarm_topic_arn],
            tags=self._args.owner.tags(name),
            opts=self._child(),
        )


def read_only_value(*, read_only: bool) -> str:
    """The parameter `read_only`.

    Never 0: RDS makes a replica with its source's parameter group, and gives it its own later; until then 0
    would let writes into it.
    """
    return "1" if read_only else "{TrueIfReplica}"


def parameter_group_name(identifier: str, version: str) -> str:
    """The parameter group of the instance `identifier`, of that major version."""
    return f"{identifier}-{FAMILIES[version].replace('.', '')}"


def log_group_name(identifier: str, log: str) -> str:
    """Where RDS writes a log of the instance `identifier`."""
    return f"/aws/rds/instance/{identifier}/{log}"


def _source(source: Source) -> dict[str, Any]:
    """The properties that say where an instance comes from.

    A copy has its source's users; to set them again is a modification, for which the provider waits.
    """
    match source:
        case Fresh(user=MasterUser() as user) | Leaving(user=MasterUser() as user):
            return {"username": user.username, "password": user.password}
        case ReplicaOf(arn=arn):
            return {"replicate_source_db": arn}
        case Restored(snapshot=snapshot) | Seed(snapshot=snapshot):
            return {"snapshot_identifier": snapshot}
        case _:
            return {}


# What an instance keeps though it is not declared, or not declared yet.
_KEPT: dict[type[Source], tuple[str, ...]] = {
    Leaving: ("replicateSourceDb",),
    Promoted: ("username", "password"),
}


def _on_delete(on_delete: FinalSnapshot | Nothing) -> dict[str, Any]:
    if isinstance(on_delete, FinalSnapshot):
        kept = {"skip_final_snapshot": False, "final_snapshot_identifier": on_delete.identifier}
        return {**kept, "delete_automated_backups": False}
    # An account keeps the backups of as many deleted databases as it may have databases; at that limit none
    # with backups can be deleted.
    return {"skip_final_snapshot": True, "delete_automated_backups": True}


def _alarms(args: TenantDatabaseArgs) -> tuple[_Alarm, ...]:
    above, below = "GreaterThanThreshold", "LessThanThreshold"
    connections, storage = max_connections(args.instance_class), args.storage_gb * GIB
    memory = memory_bytes(args.instance_class)
    return (
        _Alarm("FreeStorageSpace", below, storage // 10, 5, "less than 10 % of storage is free"),
        _Alarm("CPUUtilization", above, 90, 15, "CPU above 90 %"),
        _Alarm(
            "DatabaseConnections", above, connections * 8 // 10, 5, f"over 80 % of {connections} connections"
        ),
        _Alarm("FreeableMemory", below, memory // 20, 15, "less than 5 % of memory is free"),
    )
