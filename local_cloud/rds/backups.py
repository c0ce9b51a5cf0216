"""Automated backups: of instances, and those that a deleted instance leaves for its retention.

https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_WorkingWithAutomatedBackups.Retaining.html
A retention is days by the calendar, which no local cloud lives.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from moto.rds.exceptions import RDSClientError
from tenantnet.local_cloud.rds.instance import DatabaseInstance

# At what limit, and in RDS's words: https://github.com/hashicorp/terraform-provider-aws/issues/26530
QUOTA_EXCEEDED = (
    "DBInstanceAutomatedBackupQuotaExceeded",
    "Can't retain automated backup because the quota for retained automated backups was exceeded. The "
    "retained automated backups quota is the same as your DB Instance quota.",
)
_ACTIVE, _CREATING, _RETAINED = "active", "creating", "retained"
# Filters of DescribeDBInstanceAutomatedBackups, by the keys that they compare.
_FILTERS = {"status": "Status", "db-instance-id": "DBInstanceIdentifier", "dbi-resource-id": "DbiResourceId"}


class AutomatedBackups:
    """The backups of one region's deleted instances, beside those of the ones that it has."""

    def __init__(self) -> None:
        self.retained: dict[str, dict[str, Any]] = {}

    def retain(self, instance: DatabaseInstance) -> None:
        """Keep the backups of an instance that is being deleted."""
        now = datetime.now(UTC)
        window = {"EarliestTime": instance.created, "LatestTime": now}
        self.retained[instance.dbi_resource_id] = {**_described(instance, _RETAINED), "RestoreWindow": window}

    def describe(
        self, instances: list[DatabaseInstance], wanted: dict[str, list[str]]
    ) -> list[dict[str, Any]]:
        """instances: those that there are. wanted: values by the key that has one of them."""
        found = [
            *(_described(each, _ACTIVE) for each in instances if each.backup_retention_period),
            *self.retained.values(),
        ]
        return [each for each in found if all(each[key] in values for key, values in wanted.items())]

    def delete(self, instances: list[DatabaseInstance], resource_id: str) -> dict[str, Any]:
        """Delete retained ones. Raises RDS's errors."""
        if any(each.dbi_resource_id == resource_id for each in instances):
            raise RDSClientError(
                "InvalidDBInstanceAutomatedBackupState", f"The automated backup {resource_id} is active."
            )
        if resource_id not in self.retained:
            raise RDSClientError(
                "DBInstanceAutomatedBackupNotFound", f"DBInstanceAutomatedBackup {resource_id} not found."
            )
        return self.retained.pop(resource_id)


def wanted_backups(asked: dict[str, Any]) -> dict[str, list[str]]:
    """What a call asks for, by the keys of the answer."""
    named = {key: [asked[key]] for key in ("DbiResourceId", "DBInstanceIdentifier") if asked.get(key)}
    filters = {_FILTERS[each["Name"]]: list(each["Values"]) for each in asked.get("Filters") or []}
    return {**filters, **named}


def _described(instance: DatabaseInstance, status: str) -> dict[str, Any]:
    made = instance.status != _CREATING
    return {
        "DBInstanceArn": instance.db_instance_arn,
        "DbiResourceId": instance.dbi_resource_id,
        "Region": instance.region,
        "DBInstanceIdentifier": instance.db_instance_identifier,
        "RestoreWindow": {"EarliestTime": instance.created, "LatestTime": instance.latest_restorable_time},
        "AllocatedStorage": instance.allocated_storage,
        "Status": status if made else _CREATING,
        "Port": instance.port,
        "AvailabilityZone": instance.availability_zone,
        "InstanceCreateTime": instance.created,
        "MasterUsername": instance.master_username,
        "Engine": instance.engine,
        "EngineVersion": instance.engine_version,
        "Encrypted": instance.storage_encrypted,
        "StorageType": instance.storage_type,
        "KmsKeyId": instance.kms_key_id,
        "BackupRetentionPeriod": instance.backup_retention_period,
        "BackupTarget": "region",
    }
