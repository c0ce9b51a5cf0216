"""Snapshots, with all that RDS says of them.

https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DBSnapshot.html
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from moto.rds.models import DBSnapshot as MotoSnapshot
from tenantnet.local_cloud.rds.course import Course


class DBSnapshot(MotoSnapshot):
    """moto names it so; RDS's keys are made of the class's name."""

    snapshot_target = "region"
    processor_features: tuple[object, ...] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - passed on as they are
        self.course = Course()
        super().__init__(*args, **kwargs)

    @property
    def status(self) -> str:
        return self.course.status

    @status.setter
    def status(self, _value: str) -> None:
        """It is the course's, whatever moto would have."""

    @property
    def availability_zone(self) -> str:
        return str(self.database.availability_zone)

    @property
    def license_model(self) -> str:
        return str(self.database.license_model)

    @property
    def option_group_name(self) -> str:
        major = ".".join(str(self.engine_version).split(".")[:2])
        return f"default:{self.engine}-{major.replace('.', '-')}"

    @property
    def storage_type(self) -> str:
        return str(self.database.storage_type)

    @property
    def vpc_id(self) -> str | None:
        group = self.database.db_subnet_group
        return group.vpc_id if group else None

    @property
    def percent_progress(self) -> int:
        return 100 if self.status == "available" else 0

    @property
    def snapshot_create_time(self) -> datetime | None:  # type: ignore[override] # never None there
        """Not before it is made."""
        return self.created if self.status == "available" else None
