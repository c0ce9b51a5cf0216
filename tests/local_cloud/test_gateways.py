"""Customer gateways, VPN gateways and route propagation."""

from __future__ import annotations

from typing import Any

import pytest
from mypy_boto3_ec2 import EC2Client

from tests.local_cloud.conftest import Refusal
from tests.support.network import Network, VpnSite, new_customer_gateway


def customer_gateway(ec2: EC2Client, **settings: Any) -> str:
    return ec2.create_customer_gateway(**{"Type": "ipsec.1", "BgpAsn": 65010, **settings})["CustomerGateway"][
        "CustomerGatewayId"
    ]


def test_two_customer_gateways_that_look_alike_are_one(ec2: EC2Client) -> None:
    address = "203.0.113.10"
    first = customer_gateway(ec2, IpAddress=address)
    assert customer_gateway(ec2, IpAddress=address) == first
    assert customer_gateway(ec2, IpAddress=address, DeviceName="other") != first
    assert customer_gateway(ec2, IpAddress=address, BgpAsn=65011) != first
    ec2.delete_customer_gateway(CustomerGatewayId=first)
    assert customer_gateway(ec2, IpAddress=address) != first, "a deleted one is not given out again"


def test_a_customer_gateway_is_described_with_its_devices_name(ec2: EC2Client, name: str) -> None:
    gateway_id = customer_gateway(ec2, IpAddress="203.0.113.11", DeviceName=name)
    described = ec2.describe_customer_gateways(CustomerGatewayIds=[gateway_id])["CustomerGateways"][0]
    assert described["DeviceName"] == name
    assert described["BgpAsn"] == "65010"
    assert described["State"] == "available"


def test_customer_gateways_are_found_by_tag(ec2: EC2Client, name: str) -> None:
    gateway_id = customer_gateway(
        ec2,
        IpAddress="203.0.113.12",
        TagSpecifications=[{"ResourceType": "customer-gateway", "Tags": [{"Key": "Name", "Value": name}]}],
    )
    found = ec2.describe_customer_gateways(Filters=[{"Name": "tag:Name", "Values": [name]}])
    assert [gateway["CustomerGatewayId"] for gateway in found["CustomerGateways"]] == [gateway_id]


def test_a_customer_gateway_needs_a_proper_address(ec2: EC2Client, refusal: Refusal) -> None:
    for address in ("300.1.1.1", "example.com"):
        code = refusal(ec2.create_customer_gateway, Type="ipsec.1", BgpAsn=65010, IpAddress=address)
        assert code == "InvalidParameterValue"
    assert refusal(ec2.create_customer_gateway, Type="ipsec.1", BgpAsn=65010) == "MissingParameter"


def test_a_customer_gateway_in_use_is_not_deleted(ec2: EC2Client, refusal: Refusal, site: VpnSite) -> None:
    customer = site.customer_gateway_id
    assert refusal(ec2.delete_customer_gateway, CustomerGatewayId=customer) == "IncorrectState"
    ec2.delete_vpn_connection(VpnConnectionId=site.connection_id)
    ec2.delete_customer_gateway(CustomerGatewayId=customer)


def test_an_unknown_customer_gateway_is_not_found(ec2: EC2Client, refusal: Refusal) -> None:
    code = refusal(ec2.describe_customer_gateways, CustomerGatewayIds=["cgw-0123"])
    assert code == "InvalidCustomerGatewayID.NotFound"


def test_a_vpc_has_one_vpn_gateway(ec2: EC2Client, refusal: Refusal, network: Network) -> None:
    second = ec2.create_vpn_gateway(Type="ipsec.1")["VpnGateway"]["VpnGatewayId"]
    code = refusal(ec2.attach_vpn_gateway, VpcId=network.vpc_id, VpnGatewayId=second)
    assert code == "InvalidVpcState"
    ec2.detach_vpn_gateway(VpcId=network.vpc_id, VpnGatewayId=network.vpn_gateway_id)
    ec2.attach_vpn_gateway(VpcId=network.vpc_id, VpnGatewayId=second)


def test_a_vpn_gateway_is_attached_to_one_vpc(ec2: EC2Client, refusal: Refusal, network: Network) -> None:
    other = ec2.create_vpc(CidrBlock="10.1.9.0/26")["Vpc"]["VpcId"]
    code = refusal(ec2.attach_vpn_gateway, VpcId=other, VpnGatewayId=network.vpn_gateway_id)
    assert code == "VpnGatewayAttachmentLimitExceeded"


def test_a_vpn_gateway_in_use_is_not_deleted(
    ec2: EC2Client, refusal: Refusal, network: Network, site: VpnSite
) -> None:
    gateway = network.vpn_gateway_id
    assert refusal(ec2.delete_vpn_gateway, VpnGatewayId=gateway) == "IncorrectState"
    ec2.detach_vpn_gateway(VpcId=network.vpc_id, VpnGatewayId=gateway)
    assert refusal(ec2.delete_vpn_gateway, VpnGatewayId=gateway) == "IncorrectState", "a connection is left"
    ec2.delete_vpn_connection(VpnConnectionId=site.connection_id)
    ec2.delete_vpn_gateway(VpnGatewayId=gateway)


def routes(ec2: EC2Client, network: Network) -> dict[str, str]:
    """Destination and origin of every route of the network's table."""
    table = ec2.describe_route_tables(RouteTableIds=[network.route_table_id])["RouteTables"][0]
    return {route["DestinationCidrBlock"]: route["Origin"] for route in table["Routes"]}


def propagating(ec2: EC2Client, network: Network) -> list[str]:
    table = ec2.describe_route_tables(RouteTableIds=[network.route_table_id])["RouteTables"][0]
    return [gateway["GatewayId"] for gateway in table["PropagatingVgws"]]


@pytest.fixture
def propagated(ec2: EC2Client, network: Network, site: VpnSite) -> VpnSite:
    """A site with one static route, which the network's table takes over."""
    ec2.create_vpn_connection_route(VpnConnectionId=site.connection_id, DestinationCidrBlock="192.168.4.0/24")
    ec2.enable_vgw_route_propagation(RouteTableId=network.route_table_id, GatewayId=network.vpn_gateway_id)
    return site


def test_propagation_brings_the_connections_routes(
    ec2: EC2Client, network: Network, propagated: VpnSite
) -> None:
    assert propagating(ec2, network) == [network.vpn_gateway_id]
    assert routes(ec2, network) == {
        "10.1.2.0/26": "CreateRouteTable",
        "192.168.4.0/24": "EnableVgwRoutePropagation",
    }


def test_tables_are_found_by_where_their_routes_come_from(
    ec2: EC2Client, network: Network, propagated: VpnSite
) -> None:
    ec2.create_route(
        RouteTableId=(written := ec2.create_route_table(VpcId=network.vpc_id)["RouteTable"]["RouteTableId"]),
        DestinationCidrBlock="192.168.9.0/24",
        GatewayId=network.vpn_gateway_id,
    )
    of_origin: dict[str, set[str]] = {}
    for origin in ("CreateRoute", "EnableVgwRoutePropagation", "CreateRouteTable"):
        found = ec2.describe_route_tables(
            Filters=[
                {"Name": "vpc-id", "Values": [network.vpc_id]},
                {"Name": "route.origin", "Values": [origin]},
            ]
        )
        of_origin[origin] = {each["RouteTableId"] for each in found["RouteTables"]}
    main = of_origin["CreateRouteTable"] - {written, network.route_table_id}
    assert len(main) == 1
    assert of_origin["CreateRoute"] == {written}
    assert of_origin["EnableVgwRoutePropagation"] == {network.route_table_id}


def test_a_route_is_gone_with_its_connection(ec2: EC2Client, network: Network, propagated: VpnSite) -> None:
    ec2.delete_vpn_connection(VpnConnectionId=propagated.connection_id)
    assert routes(ec2, network) == {"10.1.2.0/26": "CreateRouteTable"}


def test_propagation_ends_when_it_is_disabled(
    ec2: EC2Client, refusal: Refusal, network: Network, propagated: VpnSite
) -> None:
    table, gateway = network.route_table_id, network.vpn_gateway_id
    ec2.disable_vgw_route_propagation(RouteTableId=table, GatewayId=gateway)
    assert propagating(ec2, network) == []
    assert routes(ec2, network) == {"10.1.2.0/26": "CreateRouteTable"}
    code = refusal(ec2.disable_vgw_route_propagation, RouteTableId=table, GatewayId=gateway)
    assert code == "InvalidParameterValue"


def test_propagation_is_enabled_once_however_often_it_is_asked_for(
    ec2: EC2Client, network: Network, propagated: VpnSite
) -> None:
    ec2.enable_vgw_route_propagation(RouteTableId=network.route_table_id, GatewayId=network.vpn_gateway_id)
    assert propagating(ec2, network) == [network.vpn_gateway_id]


def test_a_static_route_goes_before_a_propagated_one(
    ec2: EC2Client, network: Network, propagated: VpnSite
) -> None:
    ec2.create_route(
        RouteTableId=network.route_table_id,
        DestinationCidrBlock="192.168.4.0/24",
        GatewayId=network.vpn_gateway_id,
    )
    assert routes(ec2, network)["192.168.4.0/24"] == "CreateRoute"


def test_only_an_attached_gateway_propagates(ec2: EC2Client, refusal: Refusal, network: Network) -> None:
    foreign = Network.create(ec2, "10.1.8.0/26").vpn_gateway_id
    code = refusal(ec2.enable_vgw_route_propagation, RouteTableId=network.route_table_id, GatewayId=foreign)
    assert code == "Gateway.NotAttached"


def test_a_detached_gateway_no_longer_propagates(
    ec2: EC2Client, network: Network, propagated: VpnSite
) -> None:
    ec2.detach_vpn_gateway(VpcId=network.vpc_id, VpnGatewayId=network.vpn_gateway_id)
    assert propagating(ec2, network) == []
    assert routes(ec2, network) == {"10.1.2.0/26": "CreateRouteTable"}


def test_a_customer_gateway_of_a_deleted_connection_serves_a_new_one(
    ec2: EC2Client, network: Network, site: VpnSite
) -> None:
    ec2.delete_vpn_connection(VpnConnectionId=site.connection_id)
    again = ec2.create_vpn_connection(
        Type="ipsec.1",
        CustomerGatewayId=site.customer_gateway_id,
        VpnGatewayId=network.vpn_gateway_id,
    )["VpnConnection"]
    assert again["VpnConnectionId"] != site.connection_id


def test_a_deleted_customer_gateway_serves_no_connection(
    ec2: EC2Client, refusal: Refusal, network: Network
) -> None:
    customer = new_customer_gateway(ec2)
    ec2.delete_customer_gateway(CustomerGatewayId=customer)
    code = refusal(
        ec2.create_vpn_connection,
        Type="ipsec.1",
        CustomerGatewayId=customer,
        VpnGatewayId=network.vpn_gateway_id,
    )
    assert code == "InvalidCustomerGatewayState"
