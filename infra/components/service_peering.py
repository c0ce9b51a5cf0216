"""The peering between a tenant network and a VPC of the platform, with one route each way."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws
from tenantnet.addresses.addressing import check_private_cidr
from tenantnet.components.checked import known, require
from tenantnet.tags import Owner


@dataclass(frozen=True, slots=True, kw_only=True)
class PeeringSide:
    """One side of a peering. Raises Refused for a range that is not private."""

    vpc_id: pulumi.Input[str]
    """The side's VPC."""
    route_table_id: pulumi.Input[str]
    """The route table that gets the route to the other side."""
    cidr: pulumi.Input[str]
    """What the other side may reach here: a part of the VPC's range, no more than it needs."""

    def __post_init__(self) -> None:
        require("The side of a peering", None, {"cidr": known(check_private_cidr, self.cidr)})


@dataclass(frozen=True, slots=True, kw_only=True)
class ServicePeeringArgs:
    """The two sides of a peering. Raises Refused for an owner that cannot be."""

    owner: Owner
    """The tenant that it belongs to, with its network's slot."""
    network: PeeringSide
    """The tenant's side."""
    platform: PeeringSide
    """The platform's side."""

    def __post_init__(self) -> None:
        require(f"The peering of {self.owner.prefix}", self.owner, {})


class ServicePeering(pulumi.ComponentResource):
    """A peering within one account and region, accepted at once; it reaches the two named ranges only."""

    def __init__(
        self, name: str, args: ServicePeeringArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("tenantnet:index:ServicePeering", name, {}, opts)
        peer(name, args.owner, args.network, args.platform, parent=self)
        self.register_outputs({})


def peer(name: str, owner: Owner, near: PeeringSide, far: PeeringSide, *, parent: pulumi.Resource) -> None:
    """Declare a peering, and on each side the route to what the other one lets be reached."""
    peering = aws.ec2.VpcPeeringConnection(
        name,
        vpc_id=near.vpc_id,
        peer_vpc_id=far.vpc_id,
        auto_accept=True,
        tags=owner.tags(name),
        opts=pulumi.ResourceOptions(parent=parent),
    )
    for direction, source, target in (("out", near, far), ("back", far, near)):
        aws.ec2.Route(
            f"{name}-{direction}",
            route_table_id=source.route_table_id,
            destination_cidr_block=target.cidr,
            vpc_peering_connection_id=peering.id,
            opts=pulumi.ResourceOptions(parent=parent, delete_before_replace=True),
        )
