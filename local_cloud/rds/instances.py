"""MySQL instances: created, replicated, promoted, modified at once or later, and deleted as RDS does.

https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Overview.DBInstance.Modifying.html
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from typing import Any

from moto.ec2.models import EC2Backend, ec2_backends
from moto.rds.exceptions import (
    DBInstanceAlreadyExists,
    DBInstanceNotFoundError,
    DBParameterGroupNotFoundError,
    KMSKeyNotAccessibleFault,
    RDSClientError,
)
from moto.rds.models import DBInstance, DBSnapshot, RDSBackend
from tenantnet.local_cloud.mysql.database import Database
from tenantnet.local_cloud.mysql.parameters import Values
from tenantnet.local_cloud.pace import here
from tenantnet.local_cloud.rds.course import AVAILABLE, FAILED, Step
from tenantnet.local_cloud.rds.engines import MYSQL, EngineVersion, check_class, find_version
from tenantnet.local_cloud.rds.instance import BACKUP_SECONDS, DEFERRABLE, DatabaseInstance
from tenantnet.local_cloud.rds.rules import (
    GP3_STEP_GIB,
    add_gp3_performance,
    check_changeable,
    check_log_types,
    check_new_instance,
    invalid_combination,
    invalid_state,
)
from tenantnet.local_cloud.rds.windows import check_windows

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
    "storage_encrypted",
    "storage_type",
)
# How long RDS takes, about: by recordings, by its documents and by what people report.
CREATE_SECONDS, DELETE_SECONDS = 180.0, 180.0
MODIFY_SECONDS, PROMOTE_SECONDS = 60.0, 90.0
REBOOT_SECONDS, STOP_SECONDS, START_SECONDS = 30.0, 90.0, 120.0
# Until RDS begins with what it has answered to already: meanwhile it describes what was.
QUIET_SECONDS = 5.0
# Changed at once, without another state.
INSTANT = {
    "auto_minor_version_upgrade",
    "copy_tags_to_snapshot",
    "deletion_protection",
    "preferred_backup_window",
    "preferred_maintenance_window",
}
# Deleted without a final snapshot in these.
DELETING, DELETABLE = "deleting", {AVAILABLE, FAILED, "stopped"}
STORAGE = ("allocated_storage", "storage_type", "iops", "storage_throughput")
HIDDEN = "****"
# As moto calls the key that RDS makes for itself.
SERVICE_KEY = "default_kms_key_id"
# An entry of our own among a restored instance's settings, which moto passes on.
IMAGE = "image"


class InstanceBackend(RDSBackend):
    """Keeps instances; those of other engines are moto's own."""

    @property  # type: ignore[override] # a plain attribute there
    def databases(self) -> OrderedDict[str, DBInstance]:
        """All instances, also those that are being deleted, until they are gone."""
        for instance in list(self._kept.values()):
            if isinstance(instance, DatabaseInstance) and instance.course.deletes:
                instance.course.settle()
        return self._kept

    @databases.setter
    def databases(self, kept: OrderedDict[str, DBInstance]) -> None:
        self._kept = kept

    def settle(self) -> None:
        """Let all that time brings happen."""
        for instance in list(self.databases.values()):
            if isinstance(instance, DatabaseInstance):
                instance.course.settle()
                instance.back_up_if_due()

    def serve(
        self,
        instance: DatabaseInstance,
        image: Future[Path] | None = None,
        source: DatabaseInstance | None = None,
    ) -> Future[Any] | None:
        """Put a server behind a new instance; what to wait for."""
        return None

    def perform(
        self, _instance: DatabaseInstance, _task: Callable[[Database], Future[Any]]
    ) -> Future[Any] | None:
        """Do something to the server behind the instance; what to wait for."""
        return None

    def keep_image(self, _snapshot: DBSnapshot, _image: Future[Path] | None) -> None:
        """Let the snapshot have these data."""

    def discard(self, _instance: DBInstance) -> None:
        """End the server behind an instance that is deleted."""

    def create_db_instance(self, db_kwargs: dict[str, Any]) -> DBInstance:
        """Create an instance, new or restored. Raises RDS's errors for what RDS refuses."""
        settings = dict(db_kwargs)
        if settings.get("engine") != MYSQL:
            return super().create_db_instance(db_kwargs)
        image = settings.pop(IMAGE, None)
        identifier = settings["db_instance_identifier"]
        if identifier in self.databases:
            raise DBInstanceAlreadyExists
        self._validate_db_identifier(identifier)
        version = find_version(settings.get("engine_version") or "8.4")
        check_new_instance(settings, version)
        windows = [settings.get(f"preferred_{each}_window") for each in ("backup", "maintenance")]
        if windows[0] and windows[1]:
            check_windows(windows[0], windows[1])
        settings["engine_version"] = version.number
        if "dbi_resource_id" in settings and settings["allocated_storage"] < GP3_STEP_GIB:
            # A restored one: moto hands on what the former one had by itself.
            settings |= {"iops": None, "storage_throughput": None}
        add_gp3_performance(settings)
        self._place(settings, version)
        # A restored instance is nobody's replica, whatever the one was that the snapshot is of.
        settings.pop("source_db_instance_identifier", None)
        instance = DatabaseInstance(self, **settings)  # type: ignore[abstract] # to CloudFormation only
        if "dbi_resource_id" not in settings:
            instance.changing = {"MasterUserPassword": HIDDEN}
        self._launch(instance, self.serve(instance, image))
        instance.add_event("DB_INSTANCE_CREATE")
        if instance.backup_retention_period:
            instance.save_automated_backup()
        return instance

    def _launch(self, instance: DatabaseInstance, work: Future[Any] | None) -> None:
        creating = Step(status="creating", seconds=CREATE_SECONDS, work=work, finish=instance.changing.clear)
        instance.course.go(creating, *_first_backup(instance.backup_retention_period))
        self.databases[instance.db_instance_identifier] = instance

    def _place(self, settings: dict[str, Any], version: EngineVersion) -> None:
        """Check what surrounds a new instance; without security groups it gets its VPC's default one."""
        if not settings.get("vpc_security_group_ids") and (name := settings.get("db_subnet_group_name")):
            vpc_id = self.describe_db_subnet_groups(name)[0].vpc_id
            group = self.ec2_backend.get_default_security_group(vpc_id)
            settings["vpc_security_group_ids"] = [group.id] if group else []
        self._check_surroundings(settings, version)

    def _check_surroundings(self, settings: Mapping[str, Any], version: EngineVersion) -> None:
        """What the instance refers to must exist and fit."""
        if (key := settings.get("kms_key_id")) and key != SERVICE_KEY:
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
            arn = super()._validate_kms_key(kms_key_id)
        except AttributeError:  # moto stumbles over an alias that is not there
            raise KMSKeyNotAccessibleFault(kms_key_id) from None
        # A snapshot, too, has its own: nobody restores what a disabled or a leaving one encrypts.
        if not self.kms.describe_key(arn).enabled:
            raise KMSKeyNotAccessibleFault(kms_key_id)
        return arn

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
        if identifier in self.databases:
            raise DBInstanceAlreadyExists
        self._validate_db_identifier(identifier)
        source = self._source(source_id)
        if source.status in ("creating", "deleting", "stopped", "stopping", "starting", "failed"):
            raise invalid_state(f"Instance {source.db_instance_identifier} is not in available state.")
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
            # https://github.com/hashicorp/terraform-provider-aws: its test of a protected replica is skipped,
            # since "CreateDBInstanceReadReplica API currently ignores DeletionProtection=true".
            "deletion_protection": False,
        }
        version = find_version(settings["engine_version"])
        check_class(settings["db_instance_class"])
        check_changeable(settings, version, settings["db_instance_class"])
        add_gp3_performance(settings)
        self._place(settings, version)
        replica = DatabaseInstance(self, **settings)  # type: ignore[abstract] # to CloudFormation only
        replica.set_as_replica()
        source.add_replica(replica)
        self._launch(replica, self.serve(replica, source=source))
        return replica

    def _source(self, identifier_or_arn: str) -> DatabaseInstance:
        source = self.find_db_from_id(identifier_or_arn)
        if not isinstance(source, DatabaseInstance):
            raise invalid_combination(f"{identifier_or_arn} is not a {MYSQL} instance.")
        return source

    def promote_read_replica(self, db_kwargs: dict[str, Any]) -> DBInstance:
        """Make the replica an instance of its own, with backups of one day unless more are asked for."""
        changes = {"backup_retention_period": 1, **db_kwargs}
        replica = self._instance(changes.pop("db_instance_identifier"))
        if not replica.is_replica:
            raise invalid_state("DB Instance is not a read replica")
        self.check_available(replica, "DB Instance is not in available state.")
        replica.is_replica = False

        def leave() -> None:
            self._forget_replica(replica)
            replica.apply(changes)

        replica.course.go(
            Step(seconds=QUIET_SECONDS),
            self._promotion(replica, leave),
            # It is not replicating and looks at rest before its first backup begins.
            Step(seconds=QUIET_SECONDS),
            *_first_backup(changes["backup_retention_period"]),
        )
        return replica

    def _promotion(self, replica: DatabaseInstance, finish: Callable[[], None] | None = None) -> Step:
        work = self.perform(replica, lambda database: database.promote(replica.parameter_values))
        return Step(status="modifying", seconds=PROMOTE_SECONDS, work=work, finish=finish)

    def _instance(self, identifier: str) -> DatabaseInstance:
        instance = self.databases.get(identifier)
        if not isinstance(instance, DatabaseInstance):
            raise DBInstanceNotFoundError(identifier)
        return instance

    def _forget_replica(self, replica: DatabaseInstance) -> None:
        with suppress(DBInstanceNotFoundError):
            source = self.find_db_from_id(str(replica.source_db_instance_identifier))
            source.remove_replica(replica)
        replica.leave_source()

    def modify_db_instance(self, db_instance_identifier: str, db_kwargs: dict[str, Any]) -> DBInstance:
        """Apply what does not wait, and what waits if asked to, some time later; keep the rest waiting."""
        instance = self.databases.get(db_instance_identifier)
        if not isinstance(instance, DatabaseInstance):
            return super().modify_db_instance(db_instance_identifier, db_kwargs)
        self.check_available(instance, "Database instance is not in available state.")
        changes = {name: value for name, value in db_kwargs.items() if value is not None}
        changes.pop("db_instance_identifier", None)
        immediately = changes.pop("apply_immediately", False)
        self._check_change(instance, changes)
        instance.waiting |= {
            name: changes.pop(name)
            for name in list(changes)
            if name in DEFERRABLE and changes[name] != instance.present(name)
        }
        changes = {name: value for name, value in changes.items() if name not in DEFERRABLE}
        changes.pop("allow_major_version_upgrade", None)
        busy = any(name not in INSTANT and value != instance.present(name) for name, value in changes.items())
        instance.apply(changes)
        later = instance.waiting if immediately else {}
        if later:
            instance.waiting = {}
        if later or busy:
            self._change(instance, changes, later)
        return instance

    def _change(self, instance: DatabaseInstance, changes: Mapping[str, Any], later: dict[str, Any]) -> None:
        """Let the instance be changed: by what it has been told already, and by what applies afterwards."""
        status, work = "modifying", None
        instance.changing = {DEFERRABLE[name]: value for name, value in later.items()}
        if changes.get("master_user_password") or changes.get("manage_master_user_password"):
            status = "resetting-master-credentials"
            instance.changing["MasterUserPassword"] = HIDDEN
            work = self.perform(instance, lambda database: database.set_password(instance.master))
        retention = later.get("backup_retention_period", 0)
        first_backup = [] if instance.backup_retention_period else _first_backup(retention)

        def finish() -> None:
            instance.changing = {}
            name = later.pop("new_db_instance_identifier", None)
            instance.apply(later)
            if name:
                self._rename(instance, name)

        if "new_db_instance_identifier" in later:
            status = "renaming"
        instance.course.go(
            Step(seconds=QUIET_SECONDS),
            Step(status=status, seconds=MODIFY_SECONDS, work=work, finish=finish),
            *first_backup,
        )

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
        if not changes.keys().isdisjoint(STORAGE):
            performance = {name: getattr(instance, name) for name in ("allocated_storage", "storage_type")}
            performance |= {name: changes[name] for name in STORAGE if name in changes}
            add_gp3_performance(performance)
            changes |= {name: performance[name] for name in STORAGE if performance.get(name) is not None}
        if name := changes.get("new_db_instance_identifier"):
            self._validate_db_identifier(name)
            if name in self.databases:
                raise DBInstanceAlreadyExists
        check_changeable({"storage_type": instance.storage_type, **changes}, version, instance_class)
        exports = changes.get("cloudwatch_logs_export_configuration") or {}
        check_log_types(exports.get("EnableLogTypes", []), version)
        surroundings = {"db_subnet_group_name": instance.present("db_subnet_group_name"), **changes}
        self._check_surroundings(surroundings, version)
        check_windows(
            changes.get("preferred_backup_window", instance.preferred_backup_window),
            changes.get("preferred_maintenance_window", instance.preferred_maintenance_window),
        )

    def _rename(self, instance: DatabaseInstance, name: str) -> None:
        self.databases.pop(instance.db_instance_identifier)
        instance.db_instance_identifier = name
        self.databases[name] = instance
        work = self.perform(
            instance, lambda database: database.rename(instance.address, instance.parameter_values)
        )
        instance.course.go(Step(status="renaming", seconds=0, work=work))

    def check_available(self, instance: DBInstance | None, refusal: str) -> None:
        """Raise RDS's error for an instance that is stopped or on its way to another state."""
        if isinstance(instance, DatabaseInstance) and instance.status != AVAILABLE:
            raise invalid_state(refusal)

    def reboot_db_instance(self, db_instance_identifier: str) -> DBInstance:
        """Reboot: parameters that waited for it apply."""
        instance = super().reboot_db_instance(db_instance_identifier)
        # https://github.com/hashicorp/terraform/issues/29976
        self.check_available(
            instance, "Instance cannot currently reboot due to an in-progress management operation."
        )
        if isinstance(instance, DatabaseInstance):
            instance.parameters_wait_for_reboot = False
            instance.course.go(Step(status="rebooting", seconds=REBOOT_SECONDS, work=self._restart(instance)))
        return instance

    def _restart(self, instance: DatabaseInstance) -> Future[Any] | None:
        return self.perform(instance, lambda database: database.restart(instance.parameter_values))

    def stop_db_instance(
        self, db_instance_identifier: str, db_snapshot_identifier: str | None = None
    ) -> DBInstance:
        """Stop it. https://github.com/cloud-custodian/cloud-custodian/issues/1687"""
        self.check_available(
            self.databases.get(db_instance_identifier),
            f"Instance {db_instance_identifier} is not in available state.",
        )
        instance = super().stop_db_instance(db_instance_identifier, db_snapshot_identifier)
        if isinstance(instance, DatabaseInstance):
            work = self.perform(instance, lambda database: database.stop())
            instance.course.go(Step(status="stopping", seconds=STOP_SECONDS, work=work, then="stopped"))
        return instance

    def start_db_instance(self, db_instance_identifier: str) -> DBInstance:
        instance = self.databases.get(db_instance_identifier)
        if not isinstance(instance, DatabaseInstance):
            return super().start_db_instance(db_instance_identifier)
        if instance.status != "stopped":
            raise invalid_state(
                f"Instance {db_instance_identifier} cannot be started as it is not in one of the following "
                "statuses: 'stopped, inaccessible-encryption-credentials-recoverable'."
            )
        instance.course.go(Step(status="starting", seconds=START_SECONDS, work=self._restart(instance)))
        return instance

    def apply_parameters(self, instance: DatabaseInstance, values: Values) -> None:
        """Change parameters of the running server: RDS says nothing of it before it begins."""
        seconds = QUIET_SECONDS + MODIFY_SECONDS / 2
        work = self.perform(instance, lambda database: database.apply(values, here(seconds)))
        instance.course.go(
            Step(seconds=QUIET_SECONDS),
            Step(status="modifying", seconds=MODIFY_SECONDS, work=work, applying=True),
        )

    def create_db_snapshot(
        self,
        db_instance_identifier: str,
        db_snapshot_identifier: str,
        *args: Any,  # noqa: ANN401 - passed on as they are
        **kwargs: Any,  # noqa: ANN401
    ) -> DBSnapshot:
        """A snapshot of an instance that is available.

        In RDS's words: https://github.com/ministryofjustice/cloud-platform-user-guide/pull/1842
        """
        instance = self.databases.get(db_instance_identifier)
        automated = kwargs.get("snapshot_type") == "automated"
        if not automated:
            self.check_available(
                instance,
                f"Cannot create a snapshot because the database instance {db_instance_identifier} is not "
                "currently in the available state.",
            )
        snapshot: Any = super().create_db_snapshot(
            db_instance_identifier, db_snapshot_identifier, *args, **kwargs
        )
        if isinstance(instance, DatabaseInstance) and not automated:
            image = self.perform(instance, lambda database: database.image())
            self.keep_image(snapshot, image)
            snapshot.course.go(Step(status="creating", seconds=BACKUP_SECONDS, work=image))
            instance.course.go(Step(status="backing-up", seconds=BACKUP_SECONDS, work=image))
        return snapshot  # type: ignore[no-any-return] # register_rds() put its class there

    def copy_db_snapshot(
        self,
        source_db_snapshot_identifier: str,
        target_db_snapshot_identifier: str,
        *args: Any,  # noqa: ANN401 - passed on as they are
        **kwargs: Any,  # noqa: ANN401
    ) -> DBSnapshot:
        """A copy, which takes as long as a snapshot."""
        self._check_snapshot(source_db_snapshot_identifier)
        snapshot: Any = super().copy_db_snapshot(
            source_db_snapshot_identifier, target_db_snapshot_identifier, *args, **kwargs
        )
        snapshot.source_db_snapshot_identifier = source_db_snapshot_identifier
        snapshot.source_region = self.region_name
        snapshot.course.go(
            Step(status="pending", seconds=QUIET_SECONDS), Step(status="creating", seconds=BACKUP_SECONDS)
        )
        return snapshot  # type: ignore[no-any-return] # register_rds() put its class there

    def restore_db_instance_from_db_snapshot(
        self, from_snapshot_id: str, overrides: dict[str, Any]
    ) -> DBInstance:
        """A new instance with a snapshot's data; it is protected where that is asked for."""
        self._check_snapshot(from_snapshot_id)
        instance = super().restore_db_instance_from_db_snapshot(from_snapshot_id, overrides)
        instance.deletion_protection = bool(overrides.get("deletion_protection"))
        return instance

    def _check_snapshot(self, identifier_or_arn: str) -> None:
        """Raise RDS's error for a snapshot that is not made yet."""
        name = identifier_or_arn.rpartition(":snapshot:")[2]
        snapshot = self.database_snapshots.get(name)
        if snapshot and snapshot.status != AVAILABLE:
            raise RDSClientError("InvalidDBSnapshotState", f"Snapshot {name} is not in available state.")

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
            if not final_db_snapshot_identifier and instance.status not in DELETABLE:
                raise invalid_state(f"Instance {db_instance_identifier} is not in available state.")
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
                replica.course.go(self._promotion(replica))
        self.discard(deleted)
        if isinstance(deleted, DatabaseInstance):
            self.databases[db_instance_identifier] = deleted

            def gone() -> None:
                self._kept.pop(db_instance_identifier)

            deleted.course.leave(Step(status=DELETING, seconds=DELETE_SECONDS, finish=gone))
        return deleted


def _first_backup(retention_days: int) -> list[Step]:
    return [Step(status="backing-up", seconds=BACKUP_SECONDS)] if retention_days else []


def _check_deletion(instance: DatabaseInstance, final_snapshot: str | None, *, skip: bool) -> None:
    if instance.status == DELETING:
        # https://github.com/hashicorp/terraform-provider-aws/pull/5624
        raise invalid_state(f"Instance {instance.db_instance_identifier} is already being deleted.")
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
    # Asked for by its major version it is the default minor one, unless the present one is newer.
    if target == present or (asked == present.major and target not in present.upgrade_targets):
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
