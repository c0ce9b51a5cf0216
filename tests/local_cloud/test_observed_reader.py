"""Every kind of thing that AWS has is read by the filters that drift and isolation use."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from pulumi.automation.events import StepEventStateMetadata
from tenantnet.aws import types
from tenantnet.engine.events import Operation, Step
from tenantnet.observed import reader
from tenantnet.observed.deployed import Vpc
from tenantnet.observed.drift import find_drift
from tenantnet.observed.reachability.observe import observe_cell
from tenantnet.observed.reader import FILTER_VALUES, Reader

from tests.local_cloud.test_status_observe import (
    REGION,
    cloud,
    ec2,
    make_database,
    make_network,
    make_vpn_connection,
)

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client

__all__ = ["cloud", "ec2"]


def resource(kind: str, name: str, identifier: str) -> Step:
    old = StepEventStateMetadata.from_json({"id": identifier, "inputs": {}, "outputs": {}})
    urn = f"urn:pulumi:acme::t::{kind}::{name}"
    return Step(operation=Operation.SAME, urn=urn, type=kind, old=old, new=None)


def test_tags_of_what_is_deleted_are_no_drift_and_those_of_what_was_left_are(ec2: EC2Client) -> None:
    """EC2, and the local cloud, go on describing the tags of a deleted network."""
    tags = [{"ResourceType": "vpc", "Tags": [{"Key": "tenantnet:tenant", "Value": "hooli"}]}]
    gone, left = (
        ec2.create_vpc(CidrBlock=cidr, TagSpecifications=tags)["Vpc"]["VpcId"]  # type: ignore[arg-type]
        for cidr in ("10.7.7.0/26", "10.7.8.0/26")
    )
    ec2.delete_vpc(VpcId=gone)
    assert ec2.describe_tags(Filters=[{"Name": "resource-id", "Values": [gone]}])["Tags"]
    drift = find_drift("hooli", REGION, [])
    assert [each for each in drift if gone in each] == []
    assert [each for each in drift if left in each] == [
        f"vpc {left} has the tenant's tags, and the stack does not have it"
    ]


@pytest.fixture
def vpc(ec2: EC2Client) -> str:
    """A tenant's network with everything that somebody may add to one."""
    vpc = make_network(ec2, "acme", "blue", "10.1.2.0/26")
    ec2.create_tags(Resources=[vpc], Tags=[{"Key": "tenantnet:cell", "Value": "eu1"}])
    internet = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=internet, VpcId=vpc)
    (subnet,) = ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["Subnets"]
    ec2.create_nat_gateway(SubnetId=subnet["SubnetId"], ConnectivityType="private")
    ec2.create_vpc_endpoint(VpcId=vpc, ServiceName=f"com.amazonaws.{REGION}.s3")
    other = make_network(ec2, "zeta", "blue", "10.1.3.0/26")
    peering = ec2.create_vpc_peering_connection(VpcId=other, PeerVpcId=vpc)["VpcPeeringConnection"]
    identifier = peering["VpcPeeringConnectionId"]
    ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=identifier)
    (table,) = ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["RouteTables"]
    ec2.create_route(
        RouteTableId=table["RouteTableId"],
        DestinationCidrBlock="10.1.3.0/26",
        VpcPeeringConnectionId=identifier,
    )
    (group,) = ec2.describe_security_groups(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["SecurityGroups"]
    ec2.authorize_security_group_ingress(
        GroupId=group["GroupId"], IpProtocol="tcp", FromPort=22, ToPort=22, CidrIp="203.0.113.0/24"
    )
    make_vpn_connection(ec2, "acme", "blue", vpc)
    return vpc


def test_everything_that_was_added_to_a_network_is_drift(ec2: EC2Client, vpc: str) -> None:
    (group,) = ec2.describe_security_groups(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["SecurityGroups"]
    (gateway,) = ec2.describe_vpn_gateways()["VpnGateways"]
    stack = [
        resource(types.VPC, "acme-blue", vpc),
        resource(types.DEFAULT_SECURITY_GROUP, "acme-blue", group["GroupId"]),
        resource(types.VPN_GATEWAY, "acme-blue", gateway["VpnGatewayId"]),
    ]
    found = "\n".join(find_drift("acme", REGION, stack))
    for words in (
        "admits TCP 22 from 203.0.113.0/24",
        "leads 10.1.3.0/26 to pcx-",
        "network acme-blue is peered with vpc-",
        "VPN gateway acme-blue has a connection vpn-",
        "has an internet gateway",
        "has a NAT gateway",
        "has an instance",
        f"has a VPC endpoint for com.amazonaws.{REGION}.s3",
    ):
        assert words in found


def test_a_cell_is_its_tenants_networks_and_those_that_its_platform_names(ec2: EC2Client, vpc: str) -> None:
    platform = ec2.create_vpc(CidrBlock="10.32.0.0/16")["Vpc"]["VpcId"]
    make_database("acme-blue")
    found = observe_cell("eu1", REGION, platform_vpc_ids=[platform], tunnel_host_id="i-1")
    assert {each.id for each in found.vpcs} == {vpc, platform}
    assert {each.vpc_id for each in found.subnets} == {each.vpc_id for each in found.instances} == {vpc}
    (peering,) = found.peerings
    assert vpc in peering.vpc_ids
    (table,) = (each for each in found.route_tables if each.vpc_id == vpc)
    assert (table.main, {route.target for route in table.routes}) == (True, {"local", peering.id})
    assert [each.cidrs for each in found.vpn_connections] == [("192.168.4.0/24",)]
    assert "203.0.113.0/24" in {rule.cidr for rule in found.rules}
    assert all(acl.rules for acl in found.network_acls)


def test_more_ids_than_ec2_takes_in_one_filter_are_asked_for_in_parts(
    ec2: EC2Client, vpc: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [f"vpc-{number}" for number in range(FILTER_VALUES)]
    monkeypatch.setattr(reader, "FILTER_VALUES", 7)
    assert [each.id for each in Reader(REGION).read(Vpc, {"vpc-id": [*names, vpc]})] == [vpc]


def test_of_no_ids_nothing_is_there_and_nobody_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    assert Reader(REGION).read(Vpc, {"vpc-id": []}) == ()
