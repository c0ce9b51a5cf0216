"""Which versions of MySQL RDS offers, and on which classes.

https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/MySQL.Concepts.VersionMgmt.html
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from moto.rds.exceptions import RDSClientError
from tenantnet.aws.instance_classes import offered, supports_performance_insights

MYSQL = "mysql"
# Oldest first; RDS takes the last one where only the major version is asked for.
MINOR_VERSIONS = {
    "8.0": ("8.0.40", "8.0.41", "8.0.42", "8.0.43"),
    "8.4": ("8.4.4", "8.4.5", "8.4.6", "8.4.7"),
}
LOG_TYPES = ("audit", "error", "general", "iam-db-auth-error", "slowquery")


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineVersion:
    """One version of MySQL as RDS offers it: `8.4.7` of major version `8.4`."""

    number: str
    major: str

    @property
    def family(self) -> str:
        """The family of parameter groups: `mysql8.4`."""
        return f"{MYSQL}{self.major}"

    @property
    def upgrade_targets(self) -> list[EngineVersion]:
        """Newer minor versions, and every version of the next major one."""
        return [
            version
            for version in versions()
            if version.major > self.major or (version.major == self.major and version.number > self.number)
        ]

    @property
    def is_default(self) -> bool:
        """Whether RDS takes it for its major version."""
        return self.number == MINOR_VERSIONS[self.major][-1]

    def described(self) -> dict[str, Any]:
        """As DescribeDBEngineVersions has it."""
        return {
            "Engine": MYSQL,
            "EngineVersion": self.number,
            "MajorEngineVersion": self.major,
            "DBParameterGroupFamily": self.family,
            "DBEngineDescription": "MySQL Community Edition",
            "DBEngineVersionDescription": f"MySQL {self.number}",
            "ValidUpgradeTarget": [
                {
                    "Engine": MYSQL,
                    "EngineVersion": target.number,
                    "Description": f"MySQL {target.number}",
                    "AutoUpgrade": target.major == self.major and target.is_default,
                    "IsMajorVersionUpgrade": target.major != self.major,
                }
                for target in self.upgrade_targets
            ],
            "ExportableLogTypes": list(LOG_TYPES),
            "SupportsLogExportsToCloudwatchLogs": True,
            "SupportsReadReplica": True,
            "Status": "available",
        }


def versions() -> Iterator[EngineVersion]:
    """All offered, oldest first."""
    for major, minors in MINOR_VERSIONS.items():
        for number in minors:
            yield EngineVersion(number=number, major=major)


def families() -> set[str]:
    """The families of parameter groups."""
    return {version.family for version in versions()}


def find_version(asked: str) -> EngineVersion:
    """The version, asked for in full or by its major number. Raises RDS's error for an unknown one."""
    for version in versions():
        if asked == version.number or (asked == version.major and version.is_default):
            return version
    raise RDSClientError("InvalidParameterCombination", f"Cannot find version {asked} for {MYSQL}")


def check_class(instance_class: str) -> None:
    """Raise RDS's error for a class that MySQL does not run on."""
    if instance_class not in offered():
        raise RDSClientError("InvalidParameterValue", f"Invalid DB Instance class: {instance_class}")


def orderable_options(zones: list[str]) -> list[dict[str, Any]]:
    """Every version on every class, as DescribeOrderableDBInstanceOptions has them."""
    return [
        {
            "Engine": MYSQL,
            "EngineVersion": version.number,
            "DBInstanceClass": instance_class,
            "LicenseModel": "general-public-license",
            "AvailabilityZones": [{"Name": zone} for zone in zones],
            "MultiAZCapable": True,
            "ReadReplicaCapable": True,
            "Vpc": True,
            "SupportsStorageEncryption": True,
            "StorageType": "gp3",
            "SupportsIops": False,
            "SupportsPerformanceInsights": supports_performance_insights(instance_class),
            "MinStorageSize": 20,
            "MaxStorageSize": 65_536,
        }
        for version in versions()
        for instance_class in offered()
    ]
