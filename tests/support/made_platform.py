"""A platform's outputs that AWS confirms: what they name is there, though no stack has made it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

from tests.support import component_samples as samples


def made_platform(client: Callable[[str], Any]) -> dict[str, Any]:
    """Make the networks, the zone and the key of the component samples' cell. client: boto3's, by service."""
    ec2, outputs = client("ec2"), samples.PLATFORM_OUTPUTS
    sessions, services = (
        ec2.create_vpc(CidrBlock=outputs[each])["Vpc"]["VpcId"] for each in ("sessionsCidr", "servicesCidr")
    )
    cell = f"Tenantnet cell {outputs['cell']}"
    return {
        **outputs,
        "sessionsVpcId": sessions,
        "servicesVpcId": services,
        "servicesRouteTableId": ec2.create_route_table(VpcId=services)["RouteTable"]["RouteTableId"],
        "zoneId": made_zone(client("route53"), str(outputs["cell"])),
        "kmsKeyArn": client("kms").create_key(Description=cell)["KeyMetadata"]["Arn"],
    }


def made_zone(route53: Any, cell: str) -> str:
    """The ID of a zone that the platform of a cell has made."""
    made = route53.create_hosted_zone(
        Name=samples.PLATFORM_OUTPUTS["zoneName"],
        CallerReference=uuid4().hex,
        HostedZoneConfig={"Comment": f"Tenantnet cell {cell}: the tenants' endpoints"},
    )
    return str(made["HostedZone"]["Id"]).rpartition("/")[2]
