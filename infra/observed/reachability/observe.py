"""Reads a cell from AWS: its tenants' networks, and the platform's."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from tenantnet.aws.answers import aws_answers
from tenantnet.observed import deployed as aws
from tenantnet.observed.reader import Reader, tagged
from tenantnet.tags import Tag


def observe_cell(
    cell: str, region: str, *, platform_vpc_ids: Sequence[str], tunnel_host_id: str
) -> aws.Deployed:
    """Everything of the cell's tenants, and of the platform's VPCs, also of those that the settings name.

    A tenant's VPC is found by its tags: unseen.require_all_seen compares them with the stacks. What is in a
    VPC is found by the VPC. Raises Failure if AWS does not answer or allow a call.
    """
    with aws_answers(f"read the networks of cell {cell} in {region}", region=region):
        reader, own = Reader(region), tagged(cell=cell)
        found = (*reader.read(aws.Vpc, own), *reader.read(aws.Vpc, {"vpc-id": platform_vpc_ids}))
        vpcs = {vpc.id: vpc for vpc in found}
        inside = {"vpc-id": list(vpcs)}
        groups = reader.read(aws.SecurityGroup, inside)
        gateways = tuple(gateway for gateway in reader.read(aws.VpnGateway) if gateway.vpc_id in vpcs)
        return aws.Deployed(
            tunnel_host_id=tunnel_host_id,
            vpcs=tuple(vpcs.values()),
            subnets=reader.read(aws.Subnet, inside),
            route_tables=reader.read(aws.RouteTable, inside),
            network_acls=reader.read(aws.NetworkAcl, inside),
            peerings=_peerings(reader, vpcs),
            vpn_gateways=gateways,
            vpn_connections=_vpn_connections(reader, cell, gateways),
            customer_gateways=reader.read(aws.CustomerGateway, own),
            security_groups=groups,
            rules=reader.read(aws.SecurityGroupRule, {"group-id": [group.id for group in groups]}),
            instances=reader.read(aws.Ec2Instance, inside),
            # Others' VPCs have others' hosts, perhaps thousands.
            interfaces=reader.read(
                aws.NetworkInterface,
                {"vpc-id": [vpc.id for vpc in vpcs.values() if vpc.tags.get(Tag.CELL) == cell]},
            ),
            databases=tuple(each for each in reader.read(aws.DatabaseInstance) if each.vpc_id in vpcs),
            endpoints=reader.read(aws.VpcEndpoint, own),
        )


def _peerings(reader: Reader, vpcs: Collection[str]) -> tuple[aws.Peering, ...]:
    return tuple(
        peering
        for peering in reader.read(aws.Peering)
        if peering.state == "active" and any(vpc in vpcs for vpc in peering.vpc_ids)
    )


def _vpn_connections(
    reader: Reader, cell: str, gateways: Iterable[aws.VpnGateway]
) -> tuple[aws.SiteToSiteVpn, ...]:
    """Those of the cell by its gateways or by its tag."""
    own = {gateway.id for gateway in gateways}
    return tuple(
        connection
        for connection in reader.read(aws.SiteToSiteVpn)
        if connection.gateway_id in own or connection.tags.get(Tag.CELL) == cell
    )
