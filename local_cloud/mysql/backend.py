"""RDS's instances with servers behind them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import partial
from typing import Any, ClassVar

from moto.rds.models import DBInstance, DBParameterGroup, DBSnapshot
from tenantnet.local_cloud.mysql.accounts import Account
from tenantnet.local_cloud.mysql.database import Beginning, Database
from tenantnet.local_cloud.mysql.fleet import Fleet
from tenantnet.local_cloud.mysql.observation import report_replication
from tenantnet.local_cloud.mysql.parameters import Values
from tenantnet.local_cloud.rds.groups import ParameterGroupBackend, SubnetGroupBackend
from tenantnet.local_cloud.rds.instances import DatabaseInstance

IMMEDIATE = "immediate"
# An entry of our own among a restored instance's settings, which moto passes on.
IMAGE = "image"


class ServedBackend(ParameterGroupBackend, SubnetGroupBackend):
    """Instances whose API is RDS's and whose data is real, where there is a fleet."""

    fleet: ClassVar[Fleet | None] = None

    def _database(self, instance: DBInstance | None) -> Database | None:
        return self.fleet.find(instance.dbi_resource_id) if self.fleet and instance else None

    def create_db_instance(self, db_kwargs: dict[str, Any]) -> DBInstance:
        settings = dict(db_kwargs)
        image = settings.pop(IMAGE, None)
        instance = super().create_db_instance(settings)
        if self.fleet and isinstance(instance, DatabaseInstance):
            beginning = Beginning(
                master=master_account(instance),
                parameters=set_values(instance),
                image=image,
                schema=instance.db_name if image is None else None,
            )
            self._serve(instance, beginning)
            for snapshot in self.database_snapshots.values():
                # The first backup is as old as the instance.
                if image and snapshot.dbi_resource_id == instance.dbi_resource_id:
                    self.fleet.keep_image(snapshot.arn, image)
        return instance

    def _serve(self, instance: DatabaseInstance, beginning: Beginning) -> None:
        if self.fleet:
            observe = partial(report_replication, instance)
            self.fleet.create(instance.dbi_resource_id, instance, beginning, observe)

    def create_db_instance_read_replica(self, db_kwargs: dict[str, Any]) -> DBInstance:
        replica = super().create_db_instance_read_replica(db_kwargs)
        source = self.find_db_from_id(str(replica.source_db_instance_identifier))
        if (database := self._database(source)) and isinstance(replica, DatabaseInstance):
            beginning = Beginning(
                master=master_account(source), parameters=set_values(replica), source=database
            )
            self._serve(replica, beginning)
        return replica

    def promote_read_replica(self, db_kwargs: dict[str, Any]) -> DBInstance:
        instance = super().promote_read_replica(db_kwargs)
        self._promote(instance)
        return instance

    def _promote(self, instance: DBInstance) -> None:
        if database := self._database(instance):
            database.promote(set_values(instance))

    def modify_db_instance(self, db_instance_identifier: str, db_kwargs: dict[str, Any]) -> DBInstance:
        before = self.databases.get(db_instance_identifier)
        address = before.address if before else None
        instance = super().modify_db_instance(db_instance_identifier, db_kwargs)
        if database := self._database(instance):
            if db_kwargs.get("master_user_password") or db_kwargs.get("manage_master_user_password"):
                database.set_password(master_account(instance))
            if instance.address != address:
                database.rename(instance.address, set_values(instance))
        return instance

    def modify_db_parameter_group(
        self, db_parameter_group_name: str, db_parameter_group_parameters: Iterable[dict[str, Any]]
    ) -> DBParameterGroup:
        asked = list(db_parameter_group_parameters)
        group = super().modify_db_parameter_group(db_parameter_group_name, asked)
        immediate = [item for item in asked if item.get("ApplyMethod") == IMMEDIATE]
        self._apply(group, {item["ParameterName"]: str(item["ParameterValue"]) for item in immediate})
        return group

    def reset_db_parameter_group(self, name: str, asked: list[dict[str, Any]] | None) -> DBParameterGroup:
        chosen = list(self.parameter_group(name).parameters.values()) if asked is None else asked
        immediate = [item["ParameterName"] for item in chosen if item.get("ApplyMethod") == IMMEDIATE]
        group = super().reset_db_parameter_group(name, asked)
        self._apply(group, dict.fromkeys(immediate))
        return group

    def _apply(self, group: DBParameterGroup, values: Values) -> None:
        for instance in self._members(group):
            if values and (database := self._database(instance)):
                database.apply(values)

    def reboot_db_instance(self, db_instance_identifier: str) -> DBInstance:
        instance = super().reboot_db_instance(db_instance_identifier)
        if database := self._database(instance):
            database.reboot(set_values(instance))
        return instance

    def stop_db_instance(
        self, db_instance_identifier: str, db_snapshot_identifier: str | None = None
    ) -> DBInstance:
        instance = super().stop_db_instance(db_instance_identifier, db_snapshot_identifier)
        if database := self._database(instance):
            database.stop()
        return instance

    def start_db_instance(self, db_instance_identifier: str) -> DBInstance:
        instance = super().start_db_instance(db_instance_identifier)
        if database := self._database(instance):
            database.start(set_values(instance))
        return instance

    def create_db_snapshot(
        self,
        db_instance_identifier: str,
        db_snapshot_identifier: str,
        *args: Any,  # noqa: ANN401 - passed on as they are
        **kwargs: Any,  # noqa: ANN401
    ) -> DBSnapshot:
        snapshot = super().create_db_snapshot(db_instance_identifier, db_snapshot_identifier, *args, **kwargs)
        if self.fleet and (database := self._database(self.databases[db_instance_identifier])):
            snapshot.status = "creating"
            image = database.image()
            self.fleet.keep_image(snapshot.arn, image)
            image.add_done_callback(lambda done: _finish(snapshot, done.exception() is None))
        return snapshot

    def copy_db_snapshot(
        self,
        source_db_snapshot_identifier: str,
        target_db_snapshot_identifier: str,
        *args: Any,  # noqa: ANN401 - passed on as they are
        **kwargs: Any,  # noqa: ANN401
    ) -> DBSnapshot:
        snapshot = super().copy_db_snapshot(
            source_db_snapshot_identifier, target_db_snapshot_identifier, *args, **kwargs
        )
        source = self.get_db_snapshot(source_db_snapshot_identifier)
        if self.fleet and (image := self.fleet.image(source.arn)):
            self.fleet.keep_image(snapshot.arn, image)
        return snapshot

    def delete_db_snapshot(self, db_snapshot_identifier: str) -> DBSnapshot:
        snapshot = super().delete_db_snapshot(db_snapshot_identifier)
        if self.fleet:
            self.fleet.remove_image(snapshot.arn)
        return snapshot

    def restore_db_instance_from_db_snapshot(
        self, from_snapshot_id: str, overrides: dict[str, Any]
    ) -> DBInstance:
        name = from_snapshot_id.rpartition(":snapshot:")[2]
        if self.fleet and (snapshot := self.database_snapshots.get(name)):
            overrides = {**overrides, IMAGE: self.fleet.image(snapshot.arn)}
        return super().restore_db_instance_from_db_snapshot(from_snapshot_id, overrides)

    def restore_db_instance_to_point_in_time(
        self, source_db_identifier: str, target_db_identifier: str, overrides: dict[str, Any]
    ) -> DBInstance:
        """Restore to now, whichever time is asked for: older data is not kept."""
        if database := self._database(self.databases.get(source_db_identifier)):
            overrides = {**overrides, IMAGE: database.image()}
        return super().restore_db_instance_to_point_in_time(
            source_db_identifier, target_db_identifier, overrides
        )

    def delete_db_instance(
        self,
        db_instance_identifier: str,
        final_db_snapshot_identifier: str | None = None,
        skip_final_snapshot: bool | None = False,
        delete_automated_backups: bool | None = True,
    ) -> DBInstance:
        present = self.databases.get(db_instance_identifier)
        replicas = list(present.replicas) if present else []
        instance = super().delete_db_instance(
            db_instance_identifier,
            final_db_snapshot_identifier,
            skip_final_snapshot,
            delete_automated_backups,
        )
        for replica_id in replicas:
            self._promote(self.find_db_from_id(replica_id))
        if self.fleet:
            self.fleet.remove(instance.dbi_resource_id)
        return instance

    def reset(self) -> None:
        if self.fleet:
            self.fleet.clear()
        super().reset()


def _finish(snapshot: DBSnapshot, succeeded: bool) -> None:
    snapshot.status = "available" if succeeded else "failed"


def master_account(instance: DBInstance) -> Account:
    """The master user with the password that RDS was given, or has made."""
    if instance.manage_master_user_password:
        secret = instance.master_user_secret.secret
        backend = instance.master_user_secret.secretsmanager
        password = json.loads(backend.get_secret_value(secret.arn, "", "")["SecretString"])["password"]
    else:
        password = instance._master_user_password
    return Account(username=str(instance.master_username), password=str(password))


def set_values(instance: DBInstance) -> Values:
    """What somebody has set in the instance's parameter group, of the parameters that need no restart."""
    return {
        name: str(parameter["ParameterValue"])
        for group in instance.db_parameter_groups()
        for name, parameter in group.parameters.items()
        if parameter.get("ParameterValue") is not None and parameter.get("ApplyType") != "static"
    }
