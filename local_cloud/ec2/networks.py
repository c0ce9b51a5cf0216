"""Networks and their parts, as EC2 answers that it made them.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateVpc.html
"""

from __future__ import annotations

from copy import copy

from moto.core.responses import ActionResult
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.responses import EC2Response

RANGES = ("CidrBlock", "Ipv4IpamPoolId", "Ipv6CidrBlock", "Ipv6IpamPoolId")


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
