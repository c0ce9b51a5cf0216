"""The peering between a tenant network and a VPC of the platform, with one route each way."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws
from tenantnet.tags import Owner


@dataclass(frozen=True, slots=True, kw_only=True)
class PeeringSide:
    """One side of a peering.

    cidr: what the other side may reach here: a subnet of it, never more than is needed.
    route_table_id: the table that gets the route to the other side.
    """

    vpc_id: pulumi.Input[str]
    route_table_id: pulumi.Input[str]
    cidr: pulumi.Input[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServicePeeringArgs:
    """owner: with its network's slot. network: the tenant's side. platform: the platform's side."""

    owner: Owner
    network: PeeringSide
    platform: PeeringSide


class ServicePeering(pulumi.ComponentResource):
    """A peering within one account and region, accepted at once; it reaches the two named ranges only."""

    def __init__(
        self, name: str, args: ServicePeeringArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("tenantnet:index:ServicePeering", name, {}, opts)
        peering = aws.ec2.VpcPeeringConnection(
            name,
            vpc_id=args.network.vpc_id,
            peer_vpc_id=args.platform.vpc_id,
            auto_accept=True,
            tags=args.owner.tags(name),
            opts=pulumi.ResourceOptions(parent=self),
        )
        for direction, source, target in (
            ("out", args.network, args.platform),
            ("back", args.platform, args.network),
        ):
            aws.ec2.Route(
                f"{name}-{direction}",
                route_table_id=source.route_table_id,
                destination_cidr_block=target.cidr,
                vpc_peering_connection_id=peering.id,
                opts=pulumi.ResourceOptions(parent=self, delete_before_replace=True),
            )
        self.register_outputs({})
