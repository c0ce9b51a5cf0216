"""Reads one tenant from AWS by tags: also what its stack does not remember yet."""

from __future__ import annotations

from tenantnet.aws.answers import aws_answers
from tenantnet.observed.deployed import Deployed
from tenantnet.observed.reader import (
    CUSTOMER_GATEWAYS,
    DATABASES,
    INSTANCES,
    VPCS,
    VPN_CONNECTIONS,
    Reader,
    tagged,
)
from tenantnet.tags import Part, Slot


def observe(tenant: str, region: str) -> Deployed:
    """Everything of `tenant` in `region`. Raises Failure if AWS does not answer or allow a call."""
    with aws_answers(f"read what AWS has of {tenant} in {region}", region=region):
        reader, own = Reader(region), tagged(tenant=tenant)
        return Deployed(
            vpcs=reader.read(VPCS, own | tagged(part=Part.NETWORK)),
            instances=reader.read(INSTANCES, own | tagged(part=Part.PING_HOST)),
            databases=reader.read(DATABASES, {"db-instance-id": [f"{tenant}-{slot}" for slot in Slot]}),
            vpn_connections=reader.read(VPN_CONNECTIONS, own),
            customer_gateways=reader.read(CUSTOMER_GATEWAYS, own),
        )
