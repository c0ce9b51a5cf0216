"""What is looked at, and what is said of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any

import boto3
from tenantnet.aws.answers import PATIENCE
from tenantnet.engine.engine import Engine
from tenantnet.failure import Failure
from tenantnet.permissions.documents import Role
from tenantnet.refusal import Refused
from tenantnet.settings.cells import Cell
from tenantnet.settings.models import TenantSettings
from tenantnet.settings.project import Project


class State(StrEnum):
    """FAULT: an update would fail, or something it makes would not work. WARNING: later, or not known."""

    OK = "ok"
    WARNING = "warning"
    FAULT = "fault"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """about: what was looked at. found: what is there. remedy: the way out; empty where it is ok."""

    about: str
    state: State = State.OK
    found: str
    remedy: str = ""


@dataclass(frozen=True, kw_only=True)
class Planned:
    """What is to be deployed, and by whom.

    platform: the stack's name. tenants: the settings of its tenants in this project. unread: why, by name,
    where a tenant's cannot be read.
    role: which role's permissions the caller should have.
    """

    project: Project
    platform: str
    cell: Cell
    tenants: Sequence[TenantSettings]
    unread: Mapping[str, Refused]
    role: Role

    @property
    def region(self) -> str:
        """AWS's name of it."""
        return self.cell.region

    @cached_property
    def deployed(self) -> frozenset[str]:
        """The project's stacks that have resources; none where the state cannot be read."""
        try:
            counts = Engine(self.project).resource_counts()
        except Failure:  # said of the state itself
            return frozenset()
        return frozenset(stack for stack, count in counts.items() if count)

    @cached_property
    def outputs(self) -> Mapping[str, Any]:
        """What the platform's stack remembers; empty before it is deployed."""
        if self.platform not in self.deployed:
            return {}
        return Engine(self.project).outputs(self.platform) or {}

    @cached_property
    def zones(self) -> Sequence[str]:
        """The cell's zones, which it keeps; for a new one those it would take, fewer if there are not two."""
        if kept := self.outputs.get("availabilityZones"):
            return [*kept]
        described = self.client("ec2").describe_availability_zones(
            Filters=[{"Name": "zone-type", "Values": ["availability-zone"]}]
        )["AvailabilityZones"]
        usable = sorted(each["ZoneName"] for each in described if each["State"] == "available")
        return usable[:2]

    def client(self, service: str, region: str | None = None) -> Any:  # noqa: ANN401 - each has its own type
        """A client of an AWS service, in the cell's region or in another one."""
        return boto3.client(service, region_name=region or self.region, config=PATIENCE)  # type: ignore[call-overload]


def code_of(error: Exception) -> str:
    """AWS's code of a ClientError."""
    response: Any = getattr(error, "response", {})
    return str(response.get("Error", {}).get("Code", ""))
