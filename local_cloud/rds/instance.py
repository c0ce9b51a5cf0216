"""One MySQL instance as RDS describes it: its states, what waits, and what is being changed."""

from __future__ import annotations

import json
import secrets
import string
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from operator import itemgetter
from typing import Any

from moto.rds.exceptions import DBSnapshotAlreadyExistsError
from moto.rds.models import DBInstance, RDSBackend
from tenantnet.local_cloud.mysql.accounts import Account
from tenantnet.local_cloud.mysql.parameters import Values
from tenantnet.local_cloud.rds.course import Course, Step
from tenantnet.local_cloud.rds.windows import choose_windows, window_start

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
# How long RDS takes for a backup, about.
BACKUP_SECONDS = 60.0
RESOURCE_ID_CHARACTERS = string.ascii_uppercase + string.digits


class DatabaseInstance(DBInstance):
    """An instance with an id of its own, states that take their time, and modifications that wait."""

    def __init__(self, backend: RDSBackend, **settings: Any) -> None:  # noqa: ANN401 - of any type
        self.course = Course()
        super().__init__(backend, **{**choose_windows(backend.region_name), **settings})
        self.dbi_resource_id = "db-" + "".join(secrets.choice(RESOURCE_ID_CHARACTERS) for _ in range(26))
        self.waiting: dict[str, Any] = {}
        # What RDS was told to change at once and has not changed yet, as it describes it.
        self.changing: dict[str, Any] = {}
        self.backed_up = window_start(self.preferred_backup_window)
        self.parameters_wait_for_reboot = False
        self.status_infos: list[dict[str, Any]] = []
        self.backup_target, self.network_type = "region", "IPV4"
        self.customer_owned_ip_enabled = False
        self.option_group_status = "in-sync"
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
        """What waits for the maintenance window or is being changed, as RDS describes it."""
        return {**{DEFERRABLE[name]: value for name, value in self.waiting.items()}, **self.changing}

    @property
    def tag_list(self) -> list[dict[str, str]]:
        """By their keys, as RDS describes them."""
        return sorted(super().tag_list, key=itemgetter("Key"))

    @property
    def status(self) -> str:
        return self.course.status

    @status.setter
    def status(self, _value: str) -> None:
        """It is the course's, whatever moto would have."""

    def save_automated_backup(self) -> None:
        # A former instance of the name may have left one of the same minute, which their names end with.
        with suppress(DBSnapshotAlreadyExistsError):
            super().save_automated_backup()

    def fail(self) -> None:
        self.course.fail()

    @property
    def master(self) -> Account:
        """The master user with the password that RDS was given, or has made."""
        if self.manage_master_user_password:
            backend, secret = self.master_user_secret.secretsmanager, self.master_user_secret.secret
            password = json.loads(backend.get_secret_value(secret.arn, "", "")["SecretString"])["password"]
        else:
            password = self._master_user_password
        return Account(username=str(self.master_username), password=str(password))

    @property
    def parameter_values(self) -> Values:
        """What somebody has set in its parameter group, of the parameters that need no restart."""
        return {
            name: str(parameter["ParameterValue"])
            for group in self.db_parameter_groups()
            for name, parameter in group.parameters.items()
            if parameter.get("ParameterValue") is not None and parameter.get("ApplyType") != "static"
        }

    def back_up_if_due(self) -> None:
        """Be backing up once in each backup window, if nothing else goes on."""
        begun = window_start(self.preferred_backup_window)
        if begun and begun != self.backed_up and self.backup_retention_period and self.course.idle:
            self.backed_up = begun
            self.course.go(Step(status="backing-up", seconds=BACKUP_SECONDS))

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
    def option_group_memberships(self) -> list[dict[str, Any]]:
        return [{"OptionGroupName": self.option_group_name, "Status": self.option_group_status}]

    @property
    def db_parameter_group_status_list(self) -> list[dict[str, str]]:
        status = "in-sync"
        if self.parameters_wait_for_reboot:
            status = "pending-reboot"
        elif self.course.applying:
            status = "applying"
        return [
            {"DBParameterGroupName": group.name, "ParameterApplyStatus": status}
            for group in self.db_parameter_groups()
        ]

    def present(self, setting: str) -> object:
        """What a setting is now; None for the password."""
        if setting == "db_subnet_group_name":
            # An instance that was made without one has no such attribute.
            group = getattr(self, setting.removesuffix("_name"), None)
            return group.name if group else None
        # moto hides it even from itself; a password that is given is a new one.
        return None if setting == "master_user_password" else getattr(self, setting, None)

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
