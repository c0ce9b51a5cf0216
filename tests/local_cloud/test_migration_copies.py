"""What a killed run has left of a copy: what is found of it, what is deleted, and what never is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from mypy_boto3_logs import CloudWatchLogsClient
from mypy_boto3_rds import RDSClient
from mypy_boto3_rds.type_defs import TagTypeDef
from tenantnet.failure import Failure
from tenantnet.local_cloud.process import LocalCloud
from tenantnet.runner.copies import Copies
from tenantnet.tags import Slot

from tests.support.aws import lead_here
from tests.support.databases import Database, wanted
from tests.support.network import Network

GREEN = Slot.GREEN
COPY: list[TagTypeDef] = [{"Key": "tenantnet:lifecycle", "Value": "test"}]


@dataclass(frozen=True)
class Parts:
    """Makes the parts of a tenant's copy in green, in the order in which Pulumi does."""

    rds: RDSClient
    logs: CloudWatchLogsClient
    network: Network
    tenant: str

    @property
    def copies(self) -> Copies:
        return Copies(self.tenant, "eu-west-1")

    @property
    def names(self) -> list[str]:
        return [part.name for part in self.copies.parts(GREEN)]

    def groups(self, tenant: str) -> None:
        tags: list[TagTypeDef] = [{"Key": "tenantnet:tenant", "Value": tenant}]
        green = f"{self.tenant}-green"
        self.rds.create_db_parameter_group(
            DBParameterGroupName=f"{green}-mysql84",
            DBParameterGroupFamily="mysql8.4",
            Description="x",
            Tags=tags,
        )
        self.rds.create_db_subnet_group(
            DBSubnetGroupName=green,
            DBSubnetGroupDescription="x",
            SubnetIds=list(self.network.subnet_ids),
            Tags=tags,
        )

    def log_group(self) -> None:
        self.logs.create_log_group(logGroupName=f"/aws/rds/instance/{self.tenant}-green/error")

    def instance(self, tags: list[TagTypeDef]) -> None:
        settings = wanted(f"{self.tenant}-green", DeletionProtection=True, Tags=tags)
        self.rds.create_db_instance(**settings)
        Database(rds=self.rds, identifier=settings["DBInstanceIdentifier"]).settled()


@pytest.fixture
def parts(
    rds: RDSClient,
    client: Callable[[str], CloudWatchLogsClient],
    network: Network,
    name: str,
    cloud: LocalCloud,
    monkeypatch: pytest.MonkeyPatch,
) -> Parts:
    lead_here(monkeypatch, cloud)
    return Parts(rds, client("logs"), network, name)


def test_nothing_is_found_where_nothing_was_left(parts: Parts) -> None:
    assert parts.names == []


def test_every_part_of_a_copy_is_found_and_deleted_in_turn_though_it_is_protected(parts: Parts) -> None:
    parts.groups(parts.tenant)
    parts.log_group()
    parts.instance(COPY)
    green = f"{parts.tenant}-green"
    assert parts.names == [green, green, f"{green}-mysql84", f"/aws/rds/instance/{green}/error"]
    for part in parts.copies.parts(GREEN):
        parts.copies.delete(part)
    assert parts.names == []


def test_parts_of_the_other_slot_and_of_other_tenants_are_not_found(parts: Parts) -> None:
    parts.groups(parts.tenant)
    assert parts.copies.parts(Slot.BLUE) == []
    assert Copies(f"{parts.tenant}-green", "eu-west-1").parts(GREEN) == []


@pytest.mark.parametrize("lifecycle", ["production", None])
def test_a_database_that_is_not_tagged_as_a_copy_is_never_deleted(
    parts: Parts, lifecycle: str | None
) -> None:
    parts.groups(parts.tenant)
    parts.instance([{"Key": "tenantnet:lifecycle", "Value": lifecycle}] if lifecycle else [])
    found = parts.copies.parts(GREEN)
    with pytest.raises(Failure, match="no tag tenantnet:lifecycle = test"):
        parts.copies.delete(found[0])
    assert parts.copies.parts(GREEN) == found


def test_groups_of_somebody_else_that_have_the_same_names_are_never_deleted(parts: Parts) -> None:
    parts.groups("somebody-else")
    found = parts.copies.parts(GREEN)
    for part in found:
        with pytest.raises(Failure, match="no tag tenantnet:tenant"):
            parts.copies.delete(part)
    assert parts.copies.parts(GREEN) == found
