"""Reads a tenant's networks from AWS: all ways in and out, also those that Tenantnet did not create."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeVar

from tenantnet.aws import types
from tenantnet.aws.answers import aws_answers
from tenantnet.observed import deployed as aws
from tenantnet.observed.drift.state import StackState
from tenantnet.observed.reader import Reader, tagged

_OfSeveralNetworks = TypeVar("_OfSeveralNetworks", aws.RouteTable, aws.Peering)
_Owned = aws.Vpc | aws.Subnet | aws.SecurityGroup | aws.RouteTable | aws.NetworkAcl | aws.VpnGateway
# What an update makes first, by EC2's words: what it left behind has the tenant's tags.
OWNED: Mapping[str, type[_Owned]] = {
    "vpc": aws.Vpc,
    "subnet": aws.Subnet,
    "security-group": aws.SecurityGroup,
    "route-table": aws.RouteTable,
    "network-acl": aws.NetworkAcl,
    "vpn-gateway": aws.VpnGateway,
}


def observe_networks(
    tenant: str, state: StackState, region: str, reader: Reader | None = None
) -> aws.Deployed:
    """Of the networks in the tenant's stack. reader: None for one that asks for this tenant alone.

    Raises Failure if AWS does not answer or allow a call.
    """
    with aws_answers(f"look for what was added to {tenant} in {region}", region=region):
        asked, vpcs = reader or Reader(region), state.ids(types.VPC)
        inside, groups = {"vpc-id": vpcs}, state.ids(types.SECURITY_GROUP, types.DEFAULT_SECURITY_GROUP)

        def read_all(kind: type[_OfSeveralNetworks], *filters: aws.Filters) -> tuple[_OfSeveralNetworks, ...]:
            """What matches one of the filters, each once."""
            return tuple({each.id: each for one in filters for each in asked.read(kind, one)}.values())

        return aws.Deployed(
            rules=asked.read(aws.SecurityGroupRule, {"group-id": groups}),
            # Those in the tenant's VPCs, their main ones too, and its own in others' VPCs.
            route_tables=read_all(aws.RouteTable, inside, {"route-table-id": state.ids(types.ROUTE_TABLE)}),
            peerings=read_all(
                aws.Peering, {"requester-vpc-info.vpc-id": vpcs}, {"accepter-vpc-info.vpc-id": vpcs}
            ),
            vpn_connections=asked.read(aws.SiteToSiteVpn, {"vpn-gateway-id": state.ids(types.VPN_GATEWAY)}),
            internet_gateways=asked.read(aws.InternetGateway, {"attachment.vpc-id": vpcs}),
            nat_gateways=asked.read(aws.NatGateway, inside),
            endpoints=asked.read(aws.VpcEndpoint, inside),
            instances=asked.read(aws.Ec2Instance, inside),
            tagged=tuple(_strangers(asked, tenant, state)),
        )


def _strangers(reader: Reader, tenant: str, state: StackState) -> Iterator[aws.Tagged]:
    """What has the tenant's tags and is not in its stack."""
    known = {each.id for each in state.resources}
    for type_, kind in OWNED.items():
        for each in reader.read(kind, tagged(tenant=tenant)):
            if each.id not in known:
                yield aws.Tagged(id=each.id, type=type_)
