"""The subnet of the sessions VPC that one tenant's sessions run in, with a route table of its own."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.tags import Owner, Part


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionSubnetArgs:
    """cidr: an aligned /24 of the sessions VPC, already claimed."""

    owner: Owner
    vpc_id: pulumi.Input[str]
    cidr: str
    availability_zone: str


class SessionSubnet(pulumi.ComponentResource):
    """route_table_id: the table that gets one route per network of this tenant, and no other."""

    subnet_id: pulumi.Output[str]
    route_table_id: pulumi.Output[str]

    def __init__(
        self, name: str, args: SessionSubnetArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("tenantnet:index:SessionSubnet", name, {}, opts)
        subnet = aws.ec2.Subnet(
            name,
            vpc_id=args.vpc_id,
            cidr_block=args.cidr,
            availability_zone=args.availability_zone,
            map_public_ip_on_launch=False,
            tags=args.owner.tags(name, part=Part.SESSION),
            opts=pulumi.ResourceOptions(parent=self),
        )
        table = aws.ec2.RouteTable(
            name,
            vpc_id=args.vpc_id,
            tags=args.owner.tags(name, part=Part.SESSION),
            # Its routes are resources of their own, one per network of the tenant.
            opts=pulumi.ResourceOptions(parent=self, ignore_changes=["routes"]),
        )
        aws.ec2.RouteTableAssociation(
            name, route_table_id=table.id, subnet_id=subnet.id, opts=pulumi.ResourceOptions(parent=self)
        )
        self.subnet_id = subnet.id
        self.route_table_id = table.id
        self.register_outputs({"subnetId": self.subnet_id})
