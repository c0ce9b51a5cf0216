"""What something else needs is not deleted; what is gone is described as EC2 does."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError
from mypy_boto3_ec2 import EC2Client
from mypy_boto3_rds import RDSClient

from tests.local_cloud.conftest import Refusal
from tests.support.databases import Database
from tests.support.network import Network, VpnSite, instance_in

VIOLATION = "DependencyViolation"


@pytest.fixture
def group(ec2: EC2Client, network: Network) -> str:
    name = uuid4().hex
    return ec2.create_security_group(GroupName=name, Description="d", VpcId=network.vpc_id)["GroupId"]


def test_a_subnet_and_a_group_stay_as_long_as_an_instance_is_in_them(
    ec2: EC2Client, network: Network, group: str, refusal: Refusal
) -> None:
    instance = instance_in(ec2, network, group)
    assert refusal(ec2.delete_subnet, SubnetId=network.subnet_ids[0]) == VIOLATION
    assert refusal(ec2.delete_security_group, GroupId=group) == VIOLATION
    ec2.terminate_instances(InstanceIds=[instance])
    ec2.get_waiter("instance_terminated").wait(
        InstanceIds=[instance], WaiterConfig={"Delay": 1, "MaxAttempts": 20}
    )
    ec2.delete_subnet(SubnetId=network.subnet_ids[0])
    ec2.delete_security_group(GroupId=group)


def test_a_group_stays_as_long_as_another_ones_rule_names_it(
    ec2: EC2Client, network: Network, group: str, refusal: Refusal
) -> None:
    other = ec2.create_security_group(GroupName=uuid4().hex, Description="d", VpcId=network.vpc_id)["GroupId"]
    rule: Any = [{"IpProtocol": "tcp", "FromPort": 1, "ToPort": 1, "UserIdGroupPairs": [{"GroupId": group}]}]
    ec2.authorize_security_group_ingress(GroupId=other, IpPermissions=rule)
    assert refusal(ec2.delete_security_group, GroupId=group) == VIOLATION
    ec2.revoke_security_group_ingress(GroupId=other, IpPermissions=rule)
    ec2.delete_security_group(GroupId=group)


def test_a_subnet_and_a_group_stay_as_long_as_a_database_is_in_them(
    ec2: EC2Client, rds: RDSClient, network: Network, group: str, name: str, refusal: Refusal
) -> None:
    rds.create_db_subnet_group(
        DBSubnetGroupName=name, DBSubnetGroupDescription="d", SubnetIds=network.subnet_ids
    )
    rds.create_db_instance(
        DBInstanceIdentifier=name,
        DBInstanceClass="db.t4g.small",
        Engine="mysql",
        MasterUsername="admin",
        MasterUserPassword="Correct-Horse-7",
        AllocatedStorage=20,
        DBSubnetGroupName=name,
        VpcSecurityGroupIds=[group],
    )
    assert refusal(ec2.delete_subnet, SubnetId=network.subnet_ids[0]) == VIOLATION
    assert refusal(ec2.delete_security_group, GroupId=group) == VIOLATION
    Database(rds=rds, identifier=name).settled().delete()
    ec2.delete_subnet(SubnetId=network.subnet_ids[0])
    ec2.delete_security_group(GroupId=group)


@pytest.mark.parametrize("direction", ["ingress", "egress"])
def test_a_rule_is_revoked_once_by_its_id_and_is_unknown_then(
    ec2: EC2Client, group: str, refusal: Refusal, direction: str
) -> None:
    authorize, revoke = (getattr(ec2, f"{act}_security_group_{direction}") for act in ("authorize", "revoke"))
    rule: Any = {"IpProtocol": "tcp", "FromPort": 1, "ToPort": 1, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}
    made = authorize(GroupId=group, IpPermissions=[rule])["SecurityGroupRules"][0]["SecurityGroupRuleId"]
    both = [made, "sgr-0123456789abcdef0"]
    assert refusal(revoke, GroupId=group, SecurityGroupRuleIds=both) == "InvalidSecurityGroupRuleId.NotFound"
    revoke(GroupId=group, SecurityGroupRuleIds=[made])
    assert (
        refusal(revoke, GroupId=group, SecurityGroupRuleIds=[made]) == "InvalidSecurityGroupRuleId.NotFound"
    )


@pytest.mark.parametrize("direction", ["ingress", "egress"])
@pytest.mark.parametrize(
    ("service", "words"),
    [
        (("tcp", 3306, 3306), "TCP, from port: 3306, to port: 3306"),
        (("icmp", 8, -1), "ICMP, type: 8, code: ALL"),
        (("50", -1, -1), "protocol: 50"),
        (("-1", -1, -1), "ALL"),
    ],
)
def test_a_group_has_a_rule_once_whatever_its_description(
    ec2: EC2Client, group: str, direction: str, service: tuple[str, int, int], words: str
) -> None:
    protocol, first, last = service
    rule: Any = {"IpProtocol": protocol, "FromPort": first, "ToPort": last}
    cidr = "172.17.6.0/24"
    for peer, named in (
        ({"IpRanges": [{"CidrIp": cidr}]}, {"IpRanges": [{"CidrIp": cidr, "Description": "sessions"}]}),
        (
            {"UserIdGroupPairs": [{"GroupId": group}]},
            {"UserIdGroupPairs": [{"GroupId": group, "Description": "its members"}]},
        ),
    ):
        authorize = getattr(ec2, f"authorize_security_group_{direction}")
        authorize(GroupId=group, IpPermissions=[{**rule, **peer}])
        with pytest.raises(ClientError) as caught:
            authorize(GroupId=group, IpPermissions=[{**rule, **named}])
        said = caught.value.response["Error"]
        who = cidr if "IpRanges" in peer else group
        assert said["Code"] == "InvalidPermission.Duplicate"
        assert said["Message"] == f'the specified rule "peer: {who}, {words}, ALLOW" already exists'


def test_a_deleted_vpn_connection_has_no_telemetry_and_no_configuration(
    ec2: EC2Client, site: VpnSite
) -> None:
    ec2.create_vpn_connection_route(VpnConnectionId=site.connection_id, DestinationCidrBlock="192.168.4.0/24")
    ec2.delete_vpn_connection(VpnConnectionId=site.connection_id)
    described = site.described(ec2)
    assert described["State"] == "deleted"
    assert not described.get("VgwTelemetry")
    assert "CustomerGatewayConfiguration" not in described
    assert [route["State"] for route in described["Routes"]] == ["deleted"]


def test_a_removed_vpn_route_stays_described_until_it_is_made_again(ec2: EC2Client, site: VpnSite) -> None:
    route = {"VpnConnectionId": site.connection_id, "DestinationCidrBlock": "192.168.4.0/24"}
    ec2.create_vpn_connection_route(**route)
    ec2.delete_vpn_connection_route(**route)
    assert [each["State"] for each in site.described(ec2)["Routes"]] == ["deleted"]
    ec2.create_vpn_connection_route(**route)
    assert [each["State"] for each in site.described(ec2)["Routes"]] == ["available"]


def test_a_vpn_connection_goes_to_one_gateway(ec2: EC2Client, network: Network, refusal: Refusal) -> None:
    customer = ec2.create_customer_gateway(Type="ipsec.1", BgpAsn=65000, IpAddress="198.51.99.1")
    sides = {"Type": "ipsec.1", "CustomerGatewayId": customer["CustomerGateway"]["CustomerGatewayId"]}
    both = {"VpnGatewayId": network.vpn_gateway_id, "TransitGatewayId": "tgw-0123456789abcdef0"}
    assert refusal(ec2.create_vpn_connection, **sides, **both) == "InvalidParameterValue"


def test_a_route_to_a_peering_that_is_gone_is_a_black_hole(ec2: EC2Client, network: Network) -> None:
    other = ec2.create_vpc(CidrBlock="10.77.0.0/24")["Vpc"]["VpcId"]
    made = ec2.create_vpc_peering_connection(VpcId=network.vpc_id, PeerVpcId=other)
    peering = made["VpcPeeringConnection"]["VpcPeeringConnectionId"]
    accepted = ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=peering)["VpcPeeringConnection"]
    assert accepted["Status"]["Code"] == "provisioning"
    ec2.create_route(
        RouteTableId=network.route_table_id,
        DestinationCidrBlock="10.77.0.0/24",
        VpcPeeringConnectionId=peering,
    )

    def state() -> str:
        tables = ec2.describe_route_tables(RouteTableIds=[network.route_table_id])["RouteTables"]
        routes = {route.get("DestinationCidrBlock"): route["State"] for route in tables[0]["Routes"]}
        return routes["10.77.0.0/24"]

    assert state() == "active"
    ec2.delete_vpc_peering_connection(VpcPeeringConnectionId=peering)
    assert state() == "blackhole"


def test_a_vpn_gateway_has_amazons_own_number(ec2: EC2Client) -> None:
    assert ec2.create_vpn_gateway(Type="ipsec.1")["VpnGateway"]["AmazonSideAsn"] == 64512
