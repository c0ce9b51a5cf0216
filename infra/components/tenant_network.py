"""One network of a tenant: a /26 VPC with four /28 subnets, a VPN gateway and a host to ping."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle

import pulumi
import pulumi_aws as aws
from tenantnet.addresses.addressing import (
    DEFAULT_RESERVED,
    ReservedRange,
    check_network_cidr,
    ping_host_address,
    subnet_plan,
)
from tenantnet.aws.sizes import DEFAULT_HOST_TYPE
from tenantnet.components.checked import require
from tenantnet.components.private_vpc import PrivateVpc, PrivateVpcArgs
from tenantnet.components.security import private_host, security_group
from tenantnet.settings.checks import check_host_type
from tenantnet.tags import Owner, Part


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantNetworkArgs:
    """A network's settings and what it needs of its cell. Raises Refused for what the settings refuse."""

    owner: Owner
    """Whose network it is, with its slot."""
    cidr: str
    """An aligned /26 in a private range, already claimed, outside the reserved ranges."""
    availability_zones: tuple[str, str]
    """Two zones, for the database's subnets; the hosts are in the first."""
    ping_host_type: str = DEFAULT_HOST_TYPE
    """The ping host's instance type: t4g.nano, t4g.micro or t4g.small."""
    ping_host_image: pulumi.Input[str]
    """An arm64 AMI that answers ping without any set-up, such as Amazon Linux 2023."""
    kms_key_arn: pulumi.Input[str]
    """The key that encrypts logs and disks."""
    flow_log_role_arn: pulumi.Input[str]
    """The role that VPC flow logs are written with."""
    reserved: Sequence[ReservedRange] = DEFAULT_RESERVED
    """Ranges that no tenant's network may overlap."""

    def __post_init__(self) -> None:
        require(
            f"The network {self.owner.prefix}",
            self.owner,
            {
                "cidr": check_network_cidr(self.cidr, self.reserved),
                "ping_host_type": check_host_type(self.ping_host_type),
            },
        )


class TenantNetwork(pulumi.ComponentResource):
    """One network of a tenant: a /26 VPC with four /28 subnets, a VPN gateway and a host to ping."""

    vpc_id: pulumi.Output[str]
    """The VPC's ID."""
    route_table_id: pulumi.Output[str]
    """The table of all four subnets."""
    vpn_gateway_id: pulumi.Output[str]
    """The virtual private gateway's ID."""
    database_subnet_ids: list[pulumi.Output[str]]
    """The subnets of the database, in two zones."""
    database_security_group_id: pulumi.Output[str]
    """The database's group, without any rule: peers add their own."""
    ping_host_security_group_id: pulumi.Output[str]
    """The ping host's group, without any rule."""
    ping_host_id: pulumi.Output[str]
    """The ping host's instance ID."""
    ping_host: str
    """The ping host's address, known before anything exists."""

    def __init__(
        self, name: str, args: TenantNetworkArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("tenantnet:index:TenantNetwork", name, {}, opts)
        self._name, self._args = name, args
        self.vpc_id = PrivateVpc(
            name,
            PrivateVpcArgs(
                owner=args.owner,
                part=Part.NETWORK,
                cidr=args.cidr,
                kms_key_arn=args.kms_key_arn,
                flow_log_role_arn=args.flow_log_role_arn,
            ),
            pulumi.ResourceOptions(parent=self, depends_on=opts.depends_on if opts else None),
        ).id
        subnets = self._subnets()
        self.database_subnet_ids = [subnets["database-a"].id, subnets["database-b"].id]
        self.vpn_gateway_id = self._vpn_gateway()
        self.route_table_id = self._routes(subnets)
        self.database_security_group_id = self._security_group(Part.DATABASE, "database of the tenant")
        self.ping_host_security_group_id = self._security_group(Part.PING_HOST, "the host to ping")
        self.ping_host = ping_host_address(args.cidr)
        self.ping_host_id = self._ping_host(subnets["hosts"].id)
        self.register_outputs({"vpcId": self.vpc_id, "pingHost": self.ping_host})

    def _child(self) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self)

    def _subnets(self) -> dict[str, aws.ec2.Subnet]:
        plan = subnet_plan(self._args.cidr)._asdict()
        places = {part.replace("_", "-"): cidr for part, cidr in plan.items()}
        # In turn: the database needs two, and the hosts are in the first.
        zones = cycle(self._args.availability_zones)
        return {
            place: aws.ec2.Subnet(
                f"{self._name}-{place}",
                vpc_id=self.vpc_id,
                cidr_block=cidr,
                availability_zone=zone,
                map_public_ip_on_launch=False,
                tags=self._args.owner.tags(f"{self._name}-{place}", part=Part.NETWORK),
                opts=self._child(),
            )
            for (place, cidr), zone in zip(places.items(), zones, strict=False)
        }

    def _vpn_gateway(self) -> pulumi.Output[str]:
        return aws.ec2.VpnGateway(
            self._name, vpc_id=self.vpc_id, tags=self._args.owner.tags(self._name), opts=self._child()
        ).id

    def _routes(self, subnets: dict[str, aws.ec2.Subnet]) -> pulumi.Output[str]:
        table = aws.ec2.RouteTable(
            self._name,
            vpc_id=self.vpc_id,
            tags=self._args.owner.tags(self._name, part=Part.NETWORK),
            # Every route is a resource or propagated: the table itself must not claim to hold them all.
            opts=pulumi.ResourceOptions(parent=self, ignore_changes=["routes", "propagatingVgws"]),
        )
        for place, subnet in subnets.items():
            aws.ec2.RouteTableAssociation(
                f"{self._name}-{place}",
                route_table_id=table.id,
                subnet_id=subnet.id,
                opts=self._child(),
            )
        aws.ec2.VpnGatewayRoutePropagation(
            self._name, route_table_id=table.id, vpn_gateway_id=self.vpn_gateway_id, opts=self._child()
        )
        return table.id

    def _security_group(self, part: Part, description: str) -> pulumi.Output[str]:
        return security_group(
            f"{self._name}-{part}",
            owner=self._args.owner,
            part=part,
            vpc_id=self.vpc_id,
            description=description,
            parent=self,
        )

    def _ping_host(self, subnet_id: pulumi.Output[str]) -> pulumi.Output[str]:
        name = f"{self._name}-ping-host"
        return aws.ec2.Instance(
            name,
            ami=self._args.ping_host_image,
            instance_type=self._args.ping_host_type,
            subnet_id=subnet_id,
            private_ip=self.ping_host,
            vpc_security_group_ids=[self.ping_host_security_group_id],
            **private_host(self._args.kms_key_arn),
            tags=self._args.owner.tags(name, part=Part.PING_HOST),
            # A newer image is no reason to replace a host whose only duty is to answer.
            opts=pulumi.ResourceOptions(parent=self, ignore_changes=["ami"], delete_before_replace=True),
        ).id
