"""What the tests stand on: a network with a VPN gateway, and a customer's site that is connected to it."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any, cast

from mypy_boto3_ec2 import EC2Client
from mypy_boto3_ec2.type_defs import VpnConnectionOptionsSpecificationTypeDef, VpnConnectionTypeDef

_hosts = itertools.count(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    vpc_id: str
    subnet_ids: list[str]
    vpn_gateway_id: str
    route_table_id: str

    @classmethod
    def create(cls, ec2: EC2Client, cidr: str = "10.1.2.0/26") -> Network:
        vpc_id = ec2.create_vpc(CidrBlock=cidr)["Vpc"]["VpcId"]
        prefix = cidr.rpartition(".")[0]
        subnet_ids = [
            ec2.create_subnet(VpcId=vpc_id, CidrBlock=f"{prefix}.{start}/28", AvailabilityZone=zone)[
                "Subnet"
            ]["SubnetId"]
            for start, zone in ((0, "eu-west-1a"), (16, "eu-west-1b"))
        ]
        gateway_id = ec2.create_vpn_gateway(Type="ipsec.1")["VpnGateway"]["VpnGatewayId"]
        ec2.attach_vpn_gateway(VpcId=vpc_id, VpnGatewayId=gateway_id)
        table_id = ec2.create_route_table(VpcId=vpc_id)["RouteTable"]["RouteTableId"]
        return cls(vpc_id=vpc_id, subnet_ids=subnet_ids, vpn_gateway_id=gateway_id, route_table_id=table_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class VpnSite:
    connection_id: str
    customer_gateway_id: str

    @classmethod
    def create(cls, ec2: EC2Client, vpn_gateway_id: str, **options: Any) -> VpnSite:
        """Options as CreateVpnConnection has them, StaticRoutesOnly unless they say otherwise."""
        customer_gateway_id = new_customer_gateway(ec2)
        connection = ec2.create_vpn_connection(
            Type="ipsec.1",
            CustomerGatewayId=customer_gateway_id,
            VpnGatewayId=vpn_gateway_id,
            Options=cast(VpnConnectionOptionsSpecificationTypeDef, {"StaticRoutesOnly": True, **options}),
        )["VpnConnection"]
        return cls(connection_id=connection["VpnConnectionId"], customer_gateway_id=customer_gateway_id)

    def described(self, ec2: EC2Client) -> VpnConnectionTypeDef:
        return ec2.describe_vpn_connections(VpnConnectionIds=[self.connection_id])["VpnConnections"][0]

    def tunnels(self, ec2: EC2Client) -> list[Any]:
        return self.described(ec2)["Options"]["TunnelOptions"]


def new_customer_gateway(ec2: EC2Client) -> str:
    """A gateway at an address that no other test uses."""
    host = next(_hosts)
    return ec2.create_customer_gateway(
        Type="ipsec.1", BgpAsn=65000, IpAddress=f"198.51.{100 + host // 250}.{1 + host % 250}"
    )["CustomerGateway"]["CustomerGatewayId"]


def instance_in(ec2: EC2Client, network: Network, group: str) -> str:
    """A host in the network's first subnet."""
    image = ec2.describe_images(Filters=[{"Name": "architecture", "Values": ["arm64"]}])["Images"][0][
        "ImageId"
    ]
    return ec2.run_instances(
        ImageId=image,
        InstanceType="t4g.nano",
        MinCount=1,
        MaxCount=1,
        SubnetId=network.subnet_ids[0],
        SecurityGroupIds=[group],
    )["Instances"][0]["InstanceId"]
