"""What a killed run has left of a copy: what is found of it, what is deleted, and what never is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any
from zlib import crc32

import pytest
from mypy_boto3_ec2 import EC2Client
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


@dataclass(frozen=True)
class Joined:
    """The two networks of a tenant, joined as Pulumi does it."""

    ec2: EC2Client
    tenant: str
    vpcs: tuple[str, str]

    def tags(self, kind: str, name: str) -> list[Any]:
        tags = {"Name": name, "tenantnet:tenant": self.tenant}
        return [{"ResourceType": kind, "Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}]

    def peer(self) -> str:
        own, other = self.vpcs
        made = self.ec2.create_vpc_peering_connection(
            VpcId=own,
            PeerVpcId=other,
            TagSpecifications=self.tags("vpc-peering-connection", f"{self.tenant}-databases"),
        )["VpcPeeringConnection"]["VpcPeeringConnectionId"]
        self.ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=made)
        return made

    def route(self, peering: str) -> str:
        table = self.ec2.create_route_table(VpcId=self.vpcs[0])["RouteTable"]["RouteTableId"]
        self.ec2.create_route(
            RouteTableId=table, DestinationCidrBlock="10.9.8.64/27", VpcPeeringConnectionId=peering
        )
        return table

    def rules(self, vpc: str, near: str, far: str) -> None:
        name = f"{self.tenant}-{near}"
        group = self.ec2.create_security_group(GroupName=f"{name}-x", Description="x", VpcId=vpc)["GroupId"]
        peer: list[Any] = [
            {
                "IpProtocol": "tcp",
                "FromPort": 3306,
                "ToPort": 3306,
                "IpRanges": [{"CidrIp": "10.9.8.64/27"}],
            }
        ]
        kind = "security-group-rule"
        self.ec2.authorize_security_group_ingress(
            GroupId=group, IpPermissions=peer, TagSpecifications=self.tags(kind, f"{name}-from-{far}")
        )
        self.ec2.authorize_security_group_egress(
            GroupId=group, IpPermissions=peer, TagSpecifications=self.tags(kind, f"{name}-to-{far}")
        )


@pytest.fixture
def joined(ec2: EC2Client, parts: Parts) -> Joined:
    own, other = (ec2.create_vpc(CidrBlock=cidr)["Vpc"]["VpcId"] for cidr in ("10.1.2.0/26", "10.9.8.64/26"))
    return Joined(ec2, parts.tenant, (own, other))


def test_what_joins_two_databases_is_found_and_deleted_in_turn(parts: Parts, joined: Joined) -> None:
    table = joined.route(joined.peer())
    for vpc, near, far in zip(joined.vpcs, ("blue", "green"), ("green", "blue"), strict=True):
        joined.rules(vpc, near, far)
    found = parts.copies.parts(GREEN)
    kinds = [part.type.rpartition(":")[2] for part in found]
    assert kinds == [
        "Route",
        *["SecurityGroupIngressRule"] * 2,
        *["SecurityGroupEgressRule"] * 2,
        "VpcPeeringConnection",
    ]
    # As the provider of Pulumi identifies it.
    assert found[0].name == f"r-{table}{crc32(b'10.9.8.64/27')}"
    for part in found:
        parts.copies.delete(part)
    assert parts.copies.parts(GREEN) == []
    again = joined.peer()
    assert [part.name for part in parts.copies.parts(GREEN)] == [again]


def test_what_joins_other_tenants_databases_is_not_found(parts: Parts, joined: Joined) -> None:
    somebody_else = replace(joined, tenant=f"{parts.tenant}-else")
    somebody_else.route(somebody_else.peer())
    somebody_else.rules(joined.vpcs[0], "blue", "green")
    assert parts.copies.parts(GREEN) == []
    assert len(Copies(somebody_else.tenant, "eu-west-1").parts(GREEN)) == 4
