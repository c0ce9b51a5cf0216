"""MySQL instances: created, replicated, promoted, modified at once or later, and deleted as RDS does.

https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Overview.DBInstance.Modifying.html
"""

from __future__ import annotations

import math
import secrets
import string
from collections.abc import Mapping
from datetime import UTC, datetime
from time import monotonic
from typing import Any

from moto.ec2.models import EC2Backend, ec2_backends
from moto.rds.exceptions import (
    DBInstanceAlreadyExists,
    DBInstanceNotFoundError,
    DBParameterGroupNotFoundError,
    KMSKeyNotAccessibleFault,
)
from moto.rds.models import DBInstance, RDSBackend
from moto.rds.utils import valid_preferred_maintenance_window
from tenantnet.local_cloud.pace import here
from tenantnet.local_cloud.rds.engines import MYSQL, EngineVersion, check_class, find_version
from tenantnet.local_cloud.rds.rules import (
    check_changeable,
    check_log_types,
    check_new_instance,
    invalid_combination,
    invalid_state,
    invalid_value,
)

# The zone of RDS's own names, one per region, as an alias record needs it.
# https://docs.aws.amazon.com/general/latest/gr/rds-service.html
HOSTED_ZONES = {
    "eu-central-1": "Z1RLNUO7B9Q6NB",
    "eu-north-1": "Z2IYUTAEG8VGFR",
    "eu-west-1": "Z29XKXDKYMONMX",
    "eu-west-2": "ZMESEXB7ZGGQ3",
    "eu-west-3": "ZMESEXB7ZGGQ3",
    "us-east-1": "Z2R2ITUGPM61AM",
    "us-east-2": "Z2XHWR1WZ565X2",
    "us-west-2": "Z1PVIF0B656C1W",
}
# These wait for the maintenance window unless ApplyImmediately is set; all others never wait.
DEFERRABLE = {
    "allocated_storage": "AllocatedStorage",
    "backup_retention_period": "BackupRetentionPeriod",
    "ca_certificate_identifier": "CACertificateIdentifier",
    "db_instance_class": "DBInstanceClass",
    "db_subnet_group_name": "DBSubnetGroupName",
    "engine_version": "EngineVersion",
    "iops": "Iops",
    "license_model": "LicenseModel",
    "multi_az": "MultiAZ",
    "new_db_instance_identifier": "DBInstanceIdentifier",
    "storage_throughput": "StorageThroughput",
    "storage_type": "StorageType",
}
# What a replica has from its source where the request does not say otherwise.
FROM_SOURCE = (
    "allocated_storage",
    "auto_minor_version_upgrade",
    "copy_tags_to_snapshot",
    "db_instance_class",
    "db_name",
    "engine",
    "engine_version",
    "kms_key_id",
    "license_model",
    "master_username",
    "port",
    "preferred_backup_window",
    "preferred_maintenance_window",
    "storage_encrypted",
    "storage_type",
)
# Minutes, and longer with a final snapshot.
DELETE_SECONDS = 60.0
RESOURCE_ID_CHARACTERS = string.ascii_uppercase + string.digits


class DatabaseInstance(DBInstance):
    """An instance with an id of its own and modifications that wait."""

    def __init__(self, backend: RDSBackend, **settings: Any) -> None:  # noqa: ANN401 - of any type
        super().__init__(backend, **settings)
        self.dbi_resource_id = "db-" + "".join(secrets.choice(RESOURCE_ID_CHARACTERS) for _ in range(26))
        self.waiting: dict[str, Any] = {}
        self.parameters_wait_for_reboot = False
        self.parameters_applying = False
        self.status_infos: list[dict[str, Any]] = []
        self.backup_target, self.network_type = "region", "IPV4"
        self.customer_owned_ip_enabled = False
        self.publicly_accessible = bool(self.publicly_accessible)
        self.performance_insights_enabled = bool(settings.get("enable_performance_insights"))
        self.performance_insights_kms_key_id = settings.get("performance_insights_kms_key_id")
        self.performance_insights_retention_period = self._insights_retention(settings)

    def _insights_retention(self, settings: Mapping[str, Any]) -> int | None:
        if not self.performance_insights_enabled:
            return None
        return int(settings.get("performance_insights_retention_period") or 7)

    @property
    def pending_modified_values(self) -> dict[str, Any]:
        """What waits for the maintenance window, as RDS describes it."""
        return {DEFERRABLE[name]: value for name, value in self.waiting.items()}

    @property  # type: ignore[override] # a plain attribute there
    def instance_create_time(self) -> datetime | None:
        return None if self.status == "creating" else self.created

    @instance_create_time.setter
    def instance_create_time(self, _value: datetime) -> None:
        """It is the time of creation, whatever moto would have."""

    @property
    def latest_restorable_time(self) -> datetime | None:  # type: ignore[override] # never None there
        return None if self.status in ("creating", "backing-up") else datetime.now(UTC)

    @property
    def endpoint(self) -> dict[str, Any] | None:  # type: ignore[override] # never None there
        """None as long as the instance is being created."""
        if self.status == "creating":
            return None
        zone = HOSTED_ZONES.get(self.region, HOSTED_ZONES["us-east-1"])
        return {"Address": self.address, "Port": self.port, "HostedZoneId": zone}

    @property
    def db_parameter_group_status_list(self) -> list[dict[str, str]]:
        status = "in-sync"
        if self.parameters_wait_for_reboot:
            status = "pending-reboot"
        elif self.parameters_applying:
            status = "applying"
        return [
            {"DBParameterGroupName": group.name, "ParameterApplyStatus": status}
            for group in self.db_parameter_groups()
        ]

    def present(self, setting: str) -> object:
        """What a deferrable setting is now."""
        if setting == "db_subnet_group_name":
            return self.db_subnet_group.name if self.db_subnet_group else None
        return getattr(self, setting, None)

    def leave_source(self) -> None:
        """Be an instance of one's own."""
        self.is_replica = False
        self.source_db_instance_identifier = None
        self.status_infos = []

    def apply(self, changes: dict[str, Any]) -> None:
        """Take over changed settings, by their snake_case names."""
        changes = dict(changes)
        exports = changes.pop("cloudwatch_logs_export_configuration", None) or {}
        logs = set(self.enabled_cloudwatch_logs_exports) - set(exports.get("DisableLogTypes", []))
        self.enabled_cloudwatch_logs_exports = sorted(logs | set(exports.get("EnableLogTypes", [])))
        if (insights := changes.pop("enable_performance_insights", None)) is not None:
            self.performance_insights_enabled = insights
            self.performance_insights_retention_period = self._insights_retention(changes)
        self.port = changes.pop("db_port_number", self.port)
        if changes.get("db_parameter_group_name") not in (None, self.db_parameter_group_name):
            self.parameters_wait_for_reboot = True
        self.update(**changes)


class InstanceBackend(RDSBackend):
    """Keeps instances; those of other engines are moto's own."""

    def __init__(self, region_name: str, account_id: str) -> None:
        # Deleted instances with the time until which they are described.
        self._leaving: dict[str, tuple[DBInstance, float]] = {}
        super().__init__(region_name, account_id)

    def leaving(self, identifier: str) -> DBInstance | None:
        """The instance that is being deleted."""
        instance, end = self._leaving.get(identifier, (None, 0.0))
        return instance if monotonic() < end else None

    def create_db_instance(self, db_kwargs: dict[str, Any]) -> DBInstance:
        """Create an instance, new or restored. Raises RDS's errors for what RDS refuses."""
        settings = dict(db_kwargs)
        if settings.get("engine") != MYSQL:
            return super().create_db_instance(db_kwargs)
        identifier = settings["db_instance_identifier"]
        if identifier in self.databases or self.leaving(identifier):
            raise DBInstanceAlreadyExists
        self._validate_db_identifier(identifier)
        version = find_version(settings.get("engine_version") or "8.4")
        check_new_instance(settings, version)
        settings["engine_version"] = version.number
        self._place(settings, version)
        # A restored instance is nobody's replica, whatever the one was that the snapshot is of.
        settings.pop("source_db_instance_identifier", None)
        instance = DatabaseInstance(self, **settings)  # type: ignore[abstract] # to CloudFormation only
        self.databases[identifier] = instance
        instance.add_event("DB_INSTANCE_CREATE")
        if instance.backup_retention_period:
            instance.save_automated_backup()
        return instance

    def _place(self, settings: dict[str, Any], version: EngineVersion) -> None:
        """Check what surrounds a new instance; without security groups it gets its VPC's default one."""
        if not settings.get("vpc_security_group_ids") and (name := settings.get("db_subnet_group_name")):
            vpc_id = self.describe_db_subnet_groups(name)[0].vpc_id
            group = self.ec2_backend.get_default_security_group(vpc_id)
            settings["vpc_security_group_ids"] = [group.id] if group else []
        self._check_surroundings(settings, version)

    def _check_surroundings(self, settings: Mapping[str, Any], version: EngineVersion) -> None:
        """What the instance refers to must exist and fit."""
        if key := settings.get("kms_key_id"):
            self._validate_kms_key(key)
        if name := settings.get("db_parameter_group_name"):
            self._check_parameter_group(name, version)
        vpc_id = None
        if subnet_group := settings.get("db_subnet_group_name"):
            vpc_id = self.describe_db_subnet_groups(subnet_group)[0].vpc_id
        for group_id in settings.get("vpc_security_group_ids") or []:
            self._check_security_group(group_id, vpc_id)

    def _validate_kms_key(self, kms_key_id: str) -> str:
        try:
            return super()._validate_kms_key(kms_key_id)
        except AttributeError:  # moto stumbles over an alias that is not there
            raise KMSKeyNotAccessibleFault(kms_key_id) from None

    def _check_parameter_group(self, name: str, version: EngineVersion) -> None:
        if name.startswith("default."):
            return
        if name not in self.db_parameter_groups:
            raise DBParameterGroupNotFoundError(name)
        family = self.db_parameter_groups[name].family
        if family != version.family:
            raise invalid_combination(
                f"The Parameter Group {name} with DBParameterGroupFamily {family} can't be used for this "
                f"instance. Please use a Parameter Group with DBParameterGroupFamily {version.family}"
            )

    def _check_security_group(self, group_id: str, vpc_id: str | None) -> None:
        group = self.ec2_backend.get_security_group_from_id(group_id)
        if group is None:
            raise invalid_combination(f"Invalid security group , groupId= {group_id}, groupName=.")
        if vpc_id and group.vpc_id != vpc_id:
            raise invalid_combination(
                "The DB instance and EC2 security group are in different VPCs. The DB instance is in "
                f"{vpc_id} and the EC2 security group is in {group.vpc_id}"
            )

    @property
    def ec2_backend(self) -> EC2Backend:
        return ec2_backends[self.account_id][self.region_name]

    def create_db_instance_read_replica(self, db_kwargs: dict[str, Any]) -> DBInstance:
        """Create a replica: an instance of its own that names its source."""
        asked = dict(db_kwargs)
        identifier, source_id = asked["db_instance_identifier"], asked["source_db_instance_identifier"]
        if identifier in self.databases or self.leaving(identifier):
            raise DBInstanceAlreadyExists
        self._validate_db_identifier(identifier)
        source = self._source(source_id)
        if not source.backup_retention_period:
            raise invalid_state(
                "Automated backups are not enabled for this database instance. To enable automated backups, "
                "use ModifyDBInstance to set the backup retention period to a non-zero value."
            )
        if asked.get("db_subnet_group_name") and ":" not in source_id:
            raise invalid_combination(
                "DBSubnetGroupName can be given only where SourceDBInstanceIdentifier is the source's ARN."
            )
        settings = {
            **{name: getattr(source, name) for name in FROM_SOURCE},
            "db_subnet_group_name": source.present("db_subnet_group_name"),
            "db_parameter_group_name": source.db_parameter_group_name,
            "master_user_password": source._master_user_password,
            "backup_retention_period": 0,
            **asked,
        }
        version = find_version(settings["engine_version"])
        check_class(settings["db_instance_class"])
        check_changeable(settings, version, settings["db_instance_class"])
        self._place(settings, version)
        replica = DatabaseInstance(self, **settings)  # type: ignore[abstract] # to CloudFormation only
        replica.set_as_replica()
        self.databases[identifier] = replica
        source.add_replica(replica)
        return replica

    def _source(self, identifier_or_arn: str) -> DatabaseInstance:
        source = self.find_db_from_id(identifier_or_arn)
        if not isinstance(source, DatabaseInstance):
            raise invalid_combination(f"{identifier_or_arn} is not a {MYSQL} instance.")
        return source

    def promote_read_replica(self, db_kwargs: dict[str, Any]) -> DBInstance:
        """Make the replica an instance of its own."""
        changes = dict(db_kwargs)
        replica = self._instance(changes.pop("db_instance_identifier"))
        if not replica.is_replica:
            raise invalid_state("DB Instance is not a read replica")
        self._forget_replica(replica)
        replica.apply(changes)
        return replica

    def _instance(self, identifier: str) -> DatabaseInstance:
        instance = self.databases.get(identifier)
        if not isinstance(instance, DatabaseInstance):
            raise DBInstanceNotFoundError(identifier)
        return instance

    def _forget_replica(self, replica: DatabaseInstance) -> None:
        source = self.find_db_from_id(str(replica.source_db_instance_identifier))
        source.remove_replica(replica)
        replica.leave_source()

    def modify_db_instance(self, db_instance_identifier: str, db_kwargs: dict[str, Any]) -> DBInstance:
        """Apply what does not wait, and what waits if asked to; keep the rest waiting."""
        instance = self.databases.get(db_instance_identifier)
        if not isinstance(instance, DatabaseInstance):
            return super().modify_db_instance(db_instance_identifier, db_kwargs)
        changes = {name: value for name, value in db_kwargs.items() if value is not None}
        changes.pop("db_instance_identifier", None)
        immediately = changes.pop("apply_immediately", False)
        self._check_change(instance, changes)
        deferred = {
            name: changes.pop(name)
            for name in list(changes)
            if name in DEFERRABLE and changes[name] != instance.present(name)
        }
        instance.waiting.update(deferred)
        if immediately:
            changes |= instance.waiting
            instance.waiting = {}
        instance.apply({name: value for name, value in changes.items() if name not in _NOT_SETTINGS})
        if name := changes.get("new_db_instance_identifier"):
            self._rename(instance, name)
        return instance

    def _check_change(self, instance: DatabaseInstance, changes: dict[str, Any]) -> None:
        version = find_version(instance.engine_version)
        if asked := changes.get("engine_version"):
            version = _upgrade(version, asked, major=bool(changes.get("allow_major_version_upgrade")))
            changes["engine_version"] = version.number
        if "db_instance_class" in changes:
            check_class(changes["db_instance_class"])
        instance_class = changes.get("db_instance_class", instance.db_instance_class)
        if (storage := changes.get("allocated_storage")) is not None:
            changes["allocated_storage"] = _grown(instance.allocated_storage, storage)
        check_changeable({"storage_type": instance.storage_type, **changes}, version, instance_class)
        exports = changes.get("cloudwatch_logs_export_configuration") or {}
        check_log_types(exports.get("EnableLogTypes", []), version)
        surroundings = {"db_subnet_group_name": instance.present("db_subnet_group_name"), **changes}
        self._check_surroundings(surroundings, version)
        if problem := valid_preferred_maintenance_window(
            changes.get("preferred_maintenance_window", instance.preferred_maintenance_window),
            changes.get("preferred_backup_window", instance.preferred_backup_window),
        ):
            raise invalid_value(problem)

    def _rename(self, instance: DatabaseInstance, name: str) -> None:
        self._validate_db_identifier(name)
        if name in self.databases:
            raise DBInstanceAlreadyExists
        del self.databases[instance.db_instance_identifier]
        instance.db_instance_identifier = name
        self.databases[name] = instance

    def check_available(self, identifier: str) -> None:
        """Raise RDS's error for an instance that is stopped or on its way to another state."""
        instance = self.databases.get(identifier)
        if isinstance(instance, DatabaseInstance) and instance.status != "available":
            raise invalid_state(f"Instance {identifier} is not in available state.")

    def reboot_db_instance(self, db_instance_identifier: str) -> DBInstance:
        """Reboot: parameters that waited for it apply."""
        self.check_available(db_instance_identifier)
        instance = super().reboot_db_instance(db_instance_identifier)
        if isinstance(instance, DatabaseInstance):
            instance.parameters_wait_for_reboot = False
        return instance

    def delete_db_instance(
        self,
        db_instance_identifier: str,
        final_db_snapshot_identifier: str | None = None,
        skip_final_snapshot: bool | None = False,
        delete_automated_backups: bool | None = True,
    ) -> DBInstance:
        """Delete an instance; its replicas become instances of their own."""
        instance = self.databases.get(db_instance_identifier)
        if isinstance(instance, DatabaseInstance):
            _check_deletion(instance, final_db_snapshot_identifier, skip=bool(skip_final_snapshot))
        deleted = super().delete_db_instance(
            db_instance_identifier,
            final_db_snapshot_identifier,
            skip_final_snapshot,
            delete_automated_backups,
        )
        for replica_id in deleted.replicas:
            replica = self.find_db_from_id(replica_id)
            if isinstance(replica, DatabaseInstance):
                replica.leave_source()
        self._leaving[db_instance_identifier] = (deleted, monotonic() + here(DELETE_SECONDS))
        return deleted


_NOT_SETTINGS = {"allow_major_version_upgrade", "new_db_instance_identifier"}


def _check_deletion(instance: DatabaseInstance, final_snapshot: str | None, *, skip: bool) -> None:
    if instance.deletion_protection:
        # moto refuses it, in RDS's words, before it does anything else.
        return
    if skip and final_snapshot:
        raise invalid_combination(
            "FinalDBSnapshotIdentifier can not be specified when SkipFinalSnapshot is enabled."
        )
    if instance.is_replica and final_snapshot:
        raise invalid_combination(
            "FinalDBSnapshotIdentifier can not be specified when deleting a replica instance."
        )
    if not skip and not final_snapshot:
        raise invalid_combination(
            "FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified."
        )


def _upgrade(present: EngineVersion, asked: str, *, major: bool) -> EngineVersion:
    """The version to go to. Raises RDS's error for a step that it does not take."""
    target = find_version(asked)
    # Only the major version asked for: any minor of it is that.
    if target == present or asked == present.major:
        return present
    if target not in present.upgrade_targets:
        raise invalid_combination(f"Cannot upgrade {MYSQL} from {present.number} to {target.number}")
    if target.major != present.major and not major:
        raise invalid_combination(
            "The AllowMajorVersionUpgrade flag must be present when upgrading to a new major version."
        )
    return target


def _grown(present: int, asked: int) -> int:
    """Storage grows by a tenth at least and never shrinks."""
    if asked < present:
        raise invalid_combination(
            f"The allocated storage can not be reduced: it is {present} GiB, and {asked} GiB was asked for."
        )
    return asked if asked == present else max(asked, math.ceil(present * 1.1))
