"""What RDS refuses of a MySQL instance, in RDS's words where they are known.

https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstance.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from moto.rds.exceptions import RDSClientError
from tenantnet.aws.instance_classes import supports_performance_insights
from tenantnet.local_cloud.rds.engines import LOG_TYPES, EngineVersion, check_class

Settings = Mapping[str, Any]

STORAGE_GIB = {"gp2": (20, 65_536), "gp3": (20, 65_536), "io1": (100, 65_536), "io2": (100, 65_536)}
# From this size on gp3 of MySQL is striped over four volumes: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Storage.html
GP3_STEP_GIB = 400
RESERVED_USERNAMES = {"rdsadmin", "mysql", "root", "rdsrepladmin", "rds_superuser_role"}
USERNAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,15}")
PASSWORD = re.compile(r"[!-~]*")
FORBIDDEN_IN_PASSWORD = re.compile(r'[/"@]')


def invalid_value(message: str) -> RDSClientError:
    return RDSClientError("InvalidParameterValue", message)


def invalid_combination(message: str) -> RDSClientError:
    return RDSClientError("InvalidParameterCombination", message)


def invalid_state(message: str) -> RDSClientError:
    return RDSClientError("InvalidDBInstanceState", message)


def check_new_instance(settings: Settings, version: EngineVersion) -> None:
    """Raise RDS's error for an instance that it would not create; settings by their snake_case names."""
    _require(settings, "db_instance_class", "DBInstanceClass")
    check_class(settings["db_instance_class"])
    _check_username(settings)
    if not settings.get("manage_master_user_password"):
        _require(settings, "master_user_password", "MasterUserPassword")
    _require(settings, "allocated_storage", "AllocatedStorage")
    check_changeable(settings, version, settings["db_instance_class"])


def check_changeable(settings: Settings, version: EngineVersion, instance_class: str) -> None:
    """Raise RDS's error for settings that no instance may have, new or changed."""
    if (password := settings.get("master_user_password")) is not None:
        _check_password(password)
    if (storage := settings.get("allocated_storage")) is not None:
        _check_storage(settings.get("storage_type") or "gp2", storage)
    retention = settings.get("backup_retention_period")
    if retention is not None and not 0 <= retention <= 35:
        raise invalid_value(f"Invalid backup retention period: {retention}. Must be between 0 and 35.")
    if settings.get("enable_performance_insights") and not supports_performance_insights(instance_class):
        raise invalid_combination("Performance Insights not supported for this configuration.")
    check_log_types(settings.get("enable_cloudwatch_logs_exports") or [], version)


def check_log_types(log_types: list[str], version: EngineVersion) -> None:
    """Raise RDS's error for a log that MySQL does not write."""
    if unknown := [log_type for log_type in log_types if log_type not in LOG_TYPES]:
        raise invalid_combination(
            f"You cannot use the log types '{', '.join(unknown)}' with engine version mysql "
            f"{version.number}. For supported log types, see the documentation."
        )


def add_gp3_performance(settings: dict[str, Any]) -> None:
    """Fill in a gp3 volume's IOPS and MB/s. Raises RDS's errors for values that its size does not have."""
    if settings.get("storage_type") != "gp3":
        return
    iops, throughput = settings.get("iops"), settings.get("storage_throughput")
    if settings["allocated_storage"] < GP3_STEP_GIB:
        if iops or throughput:
            # https://github.com/cloudtools/troposphere/pull/2153
            raise invalid_combination(
                "You can't specify IOPS or storage throughput for engine mysql and a storage size less than "
                f"{GP3_STEP_GIB}."
            )
        settings |= {"iops": 3_000, "storage_throughput": 125}
        return
    # https://github.com/hashicorp/terraform-provider-aws/issues/28382
    if iops and not 12_000 <= iops <= 64_000:
        raise invalid_combination(f"Invalid iops value with engine name mysql and storage type gp3: {iops}")
    if throughput and not 500 <= throughput <= 4_000:
        raise invalid_combination(
            f"Invalid storage throughput value with engine name mysql and storage type gp3: {throughput}"
        )
    iops, throughput = iops or 12_000, throughput or 500
    if throughput * 4 > iops:
        raise invalid_combination(
            "Invalid storage throughput to iops ratio for engine name mysql and storage type gp3: "
            f"{throughput / iops:.4f}"
        )
    settings |= {"iops": iops, "storage_throughput": throughput}


def _require(settings: Settings, name: str, parameter: str) -> None:
    if not settings.get(name):
        raise invalid_value(f"The parameter {parameter} must be provided and must not be blank.")


def _check_username(settings: Settings) -> None:
    _require(settings, "master_username", "MasterUsername")
    name = settings["master_username"]
    if name.lower() in RESERVED_USERNAMES:
        raise invalid_value(
            f"MasterUsername {name} cannot be used as it is a reserved word used by the engine"
        )
    if not USERNAME.fullmatch(name):
        raise invalid_value(
            f"The parameter MasterUsername {name} is not valid: it must be 1 to 16 letters, digits or "
            "underscores, the first a letter."
        )


def _check_password(password: str) -> None:
    what = "The parameter MasterUserPassword is not a valid password"
    if not PASSWORD.fullmatch(password) or FORBIDDEN_IN_PASSWORD.search(password):
        raise invalid_value(
            f"{what}. Only printable ASCII characters besides '/', '@', '\"', ' ' may be used."
        )
    if len(password) < 8:
        raise invalid_value(f"{what} because it is shorter than 8 characters.")
    if len(password) > 41:
        raise invalid_value(f"{what} because it is longer than 41 characters.")


def _check_storage(storage_type: str, storage: int) -> None:
    if storage_type not in STORAGE_GIB:
        raise invalid_value(f"Invalid storage type: {storage_type}")
    low, high = STORAGE_GIB[storage_type]
    if not low <= storage <= high:
        raise invalid_value(
            f"Invalid storage size for engine name mysql and storage type {storage_type}: {storage}"
        )
