"""Reads one tenant from AWS by tags: also what its stack does not remember yet."""

from __future__ import annotations

from tenantnet.aws.answers import aws_answers
from tenantnet.observed import deployed as aws
from tenantnet.observed.reader import Reader, tagged
from tenantnet.tags import Part, Slot, network_name


def observe(tenant: str, region: str) -> aws.Deployed:
    """Everything of `tenant` in `region`. Raises Failure if AWS does not answer or allow a call."""
    with aws_answers(f"read what AWS has of {tenant} in {region}", region=region):
        reader, own = Reader(region), tagged(tenant=tenant)
        identifiers = [network_name(tenant, slot) for slot in Slot]
        return aws.Deployed(
            vpcs=reader.read(aws.Vpc, own | tagged(part=Part.NETWORK)),
            instances=reader.read(aws.Ec2Instance, own | tagged(part=Part.PING_HOST)),
            databases=reader.read(aws.DatabaseInstance, {"db-instance-id": identifiers}),
            vpn_connections=reader.read(aws.SiteToSiteVpn, own),
            customer_gateways=reader.read(aws.CustomerGateway, own),
        )
