"""RDS as the local cloud serves it: moto's with everything in this package."""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from types import SimpleNamespace
from typing import Any

from moto.core.common_types import TYPE_RESPONSE
from moto.core.resource_tagging import TaggedResource
from moto.core.responses import ActionResult
from moto.rds import models, urls
from moto.rds.models import DBInstance, DBParameterGroup, DBSubnetGroup, rds_backends
from moto.rds.responses import RDSResponse
from tenantnet.aws.quotas import DATABASES, PARAMETER_GROUPS, SNAPSHOTS, SUBNET_GROUPS
from tenantnet.local_cloud.mysql.backend import ServedBackend
from tenantnet.local_cloud.quotas import require_room
from tenantnet.local_cloud.rds.backups import QUOTA_EXCEEDED, AutomatedBackups, wanted_backups
from tenantnet.local_cloud.rds.engines import MYSQL, orderable_options, versions
from tenantnet.local_cloud.rds.groups import described_subnets
from tenantnet.local_cloud.rds.instance import DatabaseInstance
from tenantnet.local_cloud.rds.snapshots import DBSnapshot


class CompletedRdsResponse(RDSResponse):
    """All calls; lists come on one page, however long."""

    @property
    def completed(self) -> CompletedRdsBackend:
        backend: Any = self.backend
        return backend  # type: ignore[no-any-return] # register_rds() put it there

    def call_action(self) -> TYPE_RESPONSE:
        """Answer the call as things are by now."""
        self.completed.settle()
        answer: TYPE_RESPONSE = super().call_action()  # untyped there: a decorator hides the type
        return answer

    def describe_db_snapshots(self) -> ActionResult:
        """Snapshots in the order of their identifiers."""
        answered: Any = super().describe_db_snapshots().result
        found = sorted(answered["DBSnapshots"], key=lambda each: str(each.db_snapshot_identifier))
        return ActionResult({"DBSnapshots": found})

    def restore_db_instance_from_db_snapshot(self) -> ActionResult:
        """The instance, whose option group is yet to be applied in this answer only."""
        answered: Any = super().restore_db_instance_from_db_snapshot().result
        instance = copy(answered["DBInstance"])
        instance.option_group_status = "pending-apply"
        return ActionResult({"DBInstance": instance})

    def describe_db_parameters(self) -> ActionResult:
        found = self.completed.described_parameters(
            self.params["DBParameterGroupName"], self.params.get("Source")
        )
        return ActionResult({"Parameters": found})

    def reset_db_parameter_group(self) -> ActionResult:
        every = self.params.get("ResetAllParameters", not self.params.get("Parameters"))
        asked = None if every else [item.original_dict() for item in self.params["Parameters"]]
        group = self.completed.reset_db_parameter_group(self.params["DBParameterGroupName"], asked)
        return ActionResult({"DBParameterGroupName": group.name})

    def describe_db_engine_versions(self) -> ActionResult:
        asked, family = self.params.get("EngineVersion"), self.params.get("DBParameterGroupFamily")
        found = [
            version.described()
            for version in versions()
            if self.params.get("Engine") in (None, MYSQL)
            and asked in (None, version.number, version.major)
            and family in (None, version.family)
            and (version.is_default or not self.params.get("DefaultOnly"))
        ]
        return ActionResult({"DBEngineVersions": found})

    def describe_orderable_db_instance_options(self) -> ActionResult:
        if self.params.get("Engine") != MYSQL:
            return super().describe_orderable_db_instance_options()
        wanted = {
            name: self.params[name]
            for name in ("EngineVersion", "DBInstanceClass", "LicenseModel")
            if self.params.get(name)
        }
        zones = [f"{self.region}{letter}" for letter in "abc"]
        found = [
            option
            for option in orderable_options(zones)
            if all(option[name] == value for name, value in wanted.items())
        ]
        return ActionResult({"OrderableDBInstanceOptions": found})

    def describe_db_instance_automated_backups(self) -> ActionResult:
        found = self.completed.backups.describe(self.completed.instances, wanted_backups(self.params))
        return ActionResult({"DBInstanceAutomatedBackups": found})

    def delete_db_instance_automated_backup(self) -> ActionResult:
        deleted = self.completed.backups.delete(self.completed.instances, self.params["DbiResourceId"])
        return ActionResult({"DBInstanceAutomatedBackup": deleted})

    def describe_pending_maintenance_actions(self) -> ActionResult:
        """Nothing ever is due here: a local instance is as new as the installed software."""
        return ActionResult({"PendingMaintenanceActions": []})


class CompletedRdsBackend(ServedBackend):
    """One region's RDS."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.backups = AutomatedBackups()

    @property
    def instances(self) -> list[DatabaseInstance]:
        """Those of MySQL."""
        return [each for each in self.databases.values() if isinstance(each, DatabaseInstance)]

    def delete_db_instance(
        self,
        db_instance_identifier: str,
        final_db_snapshot_identifier: str | None = None,
        skip_final_snapshot: bool | None = False,
        delete_automated_backups: bool | None = True,
    ) -> DBInstance:
        """Delete an instance; its backups stay if that is asked for, and there is room for them."""
        instance = self.databases.get(db_instance_identifier)
        leaves = isinstance(instance, DatabaseInstance) and bool(instance.backup_retention_period)
        if leaves and not delete_automated_backups:
            require_room(self, DATABASES, len(self.backups.retained), QUOTA_EXCEEDED)
        deleted = super().delete_db_instance(
            db_instance_identifier,
            final_db_snapshot_identifier,
            skip_final_snapshot,
            delete_automated_backups,
        )
        if isinstance(deleted, DatabaseInstance) and leaves and not delete_automated_backups:
            self.backups.retain(deleted)
        return deleted

    def create_db_instance(self, db_kwargs: dict[str, Any]) -> DBInstance:
        """Restores come here, too."""
        require_room(self, DATABASES, len(self.databases))
        return super().create_db_instance(db_kwargs)

    def create_db_instance_read_replica(self, db_kwargs: dict[str, Any]) -> DBInstance:
        require_room(self, DATABASES, len(self.databases))
        return super().create_db_instance_read_replica(db_kwargs)

    def create_db_parameter_group(self, db_parameter_group_kwargs: dict[str, Any]) -> DBParameterGroup:
        own = [name for name in self.db_parameter_groups if not name.startswith("default.")]
        require_room(self, PARAMETER_GROUPS, len(own))
        return super().create_db_parameter_group(db_parameter_group_kwargs)

    def create_subnet_group(self, *args: Any, **kwargs: Any) -> DBSubnetGroup:  # noqa: ANN401 - passed on
        require_room(self, SUBNET_GROUPS, len(self.subnet_groups))
        return super().create_subnet_group(*args, **kwargs)

    def create_db_snapshot(self, *args: Any, **kwargs: Any) -> models.DBSnapshot:  # noqa: ANN401 - passed on
        """Final ones come here, too."""
        if kwargs.get("snapshot_type", "manual") == "manual":
            manual = [each for each in self.database_snapshots.values() if each.snapshot_type == "manual"]
            require_room(self, SNAPSHOTS, len(manual))
        return super().create_db_snapshot(*args, **kwargs)

    def iter_tagged_resources(self) -> Iterator[TaggedResource]:
        """What the Resource Groups Tagging API finds: groups too."""
        yield from super().iter_tagged_resources()
        groups: dict[str, Any] = {"pg": self.db_parameter_groups, "subgrp": self.subnet_groups}
        for kind, members in groups.items():
            for group in members.values():
                tags = {tag["Key"]: tag["Value"] for tag in group.get_tags()}
                yield TaggedResource(arn=group.arn, tags=tags, resource_type=f"rds:{kind}")

    @property
    def _url_module(self) -> SimpleNamespace:
        """What moto looks for in `urls.py` beside the backend's module."""
        paths = dict.fromkeys(urls.url_paths, CompletedRdsResponse.dispatch)
        return SimpleNamespace(url_bases=urls.url_bases, url_paths=paths)


def register_rds() -> None:
    """Let moto make completed backends and snapshots from now on."""
    rds_backends.backend = CompletedRdsBackend
    models.DBSnapshot = DBSnapshot  # type: ignore[misc]
    subnet_group: Any = DBSubnetGroup
    subnet_group.subnets = described_subnets
