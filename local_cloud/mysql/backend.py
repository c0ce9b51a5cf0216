"""RDS's instances with servers behind them."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

from moto.rds.models import DBInstance, DBSnapshot
from tenantnet.local_cloud.mysql.database import Beginning, Database
from tenantnet.local_cloud.mysql.fleet import Fleet
from tenantnet.local_cloud.mysql.observation import report_replication
from tenantnet.local_cloud.rds.groups import ParameterGroupBackend, SubnetGroupBackend
from tenantnet.local_cloud.rds.instance import DatabaseInstance
from tenantnet.local_cloud.rds.instances import IMAGE


class ServedBackend(ParameterGroupBackend, SubnetGroupBackend):
    """Instances whose API is RDS's and whose data is real, where there is a fleet."""

    fleet: ClassVar[Fleet | None] = None

    def _database(self, instance: DBInstance | None) -> Database | None:
        return self.fleet.find(instance.dbi_resource_id) if self.fleet and instance else None

    def serve(
        self,
        instance: DatabaseInstance,
        image: Future[Path] | None = None,
        source: DatabaseInstance | None = None,
    ) -> Future[Any] | None:
        followed = self._database(source)
        if self.fleet is None or (source and not followed):
            return None
        beginning = Beginning(
            master=(source or instance).master,
            parameters=instance.parameter_values,
            image=image,
            source=followed,
            schema=instance.db_name if not (source or image) else None,
        )
        observe = partial(report_replication, instance)
        return self.fleet.create(instance.dbi_resource_id, instance, beginning, observe)

    def perform(
        self, instance: DatabaseInstance, task: Callable[[Database], Future[Any]]
    ) -> Future[Any] | None:
        database = self._database(instance)
        return task(database) if database else None

    def discard(self, instance: DBInstance) -> None:
        if self.fleet:
            self.fleet.remove(instance.dbi_resource_id)

    def keep_image(self, snapshot: DBSnapshot, image: Future[Path] | None) -> None:
        if self.fleet and image:
            self.fleet.keep_image(snapshot.arn, image)

    def create_db_instance(self, db_kwargs: dict[str, Any]) -> DBInstance:
        instance = super().create_db_instance(db_kwargs)
        for snapshot in self.database_snapshots.values():
            # The first backup is as old as the instance.
            if snapshot.dbi_resource_id == instance.dbi_resource_id:
                self.keep_image(snapshot, db_kwargs.get(IMAGE))
        return instance

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
        self.keep_image(snapshot, self.fleet.image(source.arn) if self.fleet else None)
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

    def reset(self) -> None:
        if self.fleet:
            self.fleet.clear()
        super().reset()
