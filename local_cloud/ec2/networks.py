"""Networks and their parts, as EC2 answers that it made them.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateVpc.html
"""

from __future__ import annotations

from copy import copy
from ipaddress import ip_address
from typing import ClassVar

from moto.core.responses import ActionResult
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models.instances import Instance
from moto.ec2.models.subnets import Subnet as MotoSubnet
from moto.ec2.responses import EC2Response

RANGES = ("CidrBlock", "Ipv4IpamPoolId", "Ipv6CidrBlock", "Ipv6IpamPoolId")


class Subnet(MotoSubnet):
    """A subnet with one host for each of its addresses."""

    enable_dns64 = False
    # What EC2 says of every subnet, here of those that are on no Outpost and whose account blocks nothing.
    block_public_access_states: ClassVar[dict[str, str]] = {"InternetGatewayBlockMode": "off"}
    map_customer_owned_ip_on_launch = False

    def request_ip(self, ip: str, instance: Instance) -> None:
        """Give the address to the instance."""
        if ip_address(ip) not in self.cidr:
            raise EC2ClientError(
                "InvalidParameterValue", f"Address {ip} does not fall within the subnet's address range"
            )
        if ip in self._subnet_ips:
            raise EC2ClientError("InvalidIPAddress.InUse", f"Address {ip} is in use.")
        super().request_ip(ip, instance)


class NetworkResponse(EC2Response):
    """Creates VPCs, subnets and endpoints."""

    def create_vpc(self) -> ActionResult:
        """The VPC, which is pending in this answer and available in the next."""
        made = super().create_vpc()
        vpc = copy(made.result["Vpc"])  # type: ignore[index] # a mapping, whatever its type says
        vpc.state = "pending"
        return ActionResult({"Vpc": vpc})

    def create_subnet(self) -> ActionResult:
        """A subnet needs a range."""
        if not any(self._get_param(name) for name in RANGES):
            raise EC2ClientError(
                "MissingParameter", "Either 'cidrBlock' or 'ipv4IpamPoolId' should be provided."
            )
        return super().create_subnet()

    def create_vpc_endpoint(self) -> ActionResult:
        """An endpoint of no type is a gateway."""
        self.params.setdefault("VpcEndpointType", "Gateway")
        return super().create_vpc_endpoint()
