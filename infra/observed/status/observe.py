"""What AWS has of one tenant, read through boto3 by tag: also what no stack remembers yet."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import boto3
from tenantnet.aws.answers import PATIENCE, aws_answers
from tenantnet.observed.status.sources import (
    Observation,
    ObservedDatabase,
    ObservedHost,
    ObservedVpc,
    ObservedVpnConnection,
    Tunnel,
)
from tenantnet.observed.status.words import TunnelState
from tenantnet.tags import Part, Slot

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_ec2.type_defs import FilterTypeDef, VpnConnectionTypeDef
    from mypy_boto3_rds import RDSClient

# EC2 goes on describing what was deleted for about an hour.
LIVE_INSTANCES = ["pending", "running", "stopping", "stopped"]
LIVE_VPN_CONNECTIONS = ["pending", "available"]


def observe(tenant: str, region: str) -> Observation:
    """Everything of `tenant` in `region`. Raises Failure where AWS does not answer or allow a call."""
    with aws_answers(f"read what AWS has of {tenant} in {region}", region=region):
        ec2 = boto3.client("ec2", region_name=region, config=PATIENCE)
        rds = boto3.client("rds", region_name=region, config=PATIENCE)
        return Observation(
            vpcs=_vpcs(ec2, tenant),
            ping_hosts=_ping_hosts(ec2, tenant),
            databases=_databases(rds, tenant),
            vpn_connections=_vpn_connections(ec2, tenant),
        )


def _vpcs(ec2: EC2Client, tenant: str) -> dict[str, ObservedVpc]:
    pages = ec2.get_paginator("describe_vpcs").paginate(Filters=_tagged(tenant, Part.NETWORK))
    return {
        _tag(vpc, "tenantnet:network"): ObservedVpc(
            id=vpc["VpcId"], cidr=vpc["CidrBlock"], state=vpc["State"]
        )
        for page in pages
        for vpc in page["Vpcs"]
    }


def _ping_hosts(ec2: EC2Client, tenant: str) -> dict[str, ObservedHost]:
    live: FilterTypeDef = {"Name": "instance-state-name", "Values": LIVE_INSTANCES}
    pages = ec2.get_paginator("describe_instances").paginate(Filters=[*_tagged(tenant, Part.PING_HOST), live])
    return {
        _tag(host, "tenantnet:network"): ObservedHost(
            id=host["InstanceId"], address=host.get("PrivateIpAddress", ""), state=host["State"]["Name"]
        )
        for page in pages
        for reservation in page["Reservations"]
        for host in reservation["Instances"]
    }


def _databases(rds: RDSClient, tenant: str) -> dict[str, ObservedDatabase]:
    slots = {f"{tenant}-{slot}": str(slot) for slot in Slot}
    # As a filter an identifier that does not exist is no error.
    pages = rds.get_paginator("describe_db_instances").paginate(
        Filters=[{"Name": "db-instance-id", "Values": list(slots)}]
    )
    return {
        slots[database["DBInstanceIdentifier"]]: ObservedDatabase(
            identifier=database["DBInstanceIdentifier"],
            status=database["DBInstanceStatus"],
            address=database.get("Endpoint", {}).get("Address"),
            port=database.get("Endpoint", {}).get("Port"),
        )
        for page in pages
        for database in page["DBInstances"]
    }


def _vpn_connections(ec2: EC2Client, tenant: str) -> list[ObservedVpnConnection]:
    live: FilterTypeDef = {"Name": "state", "Values": LIVE_VPN_CONNECTIONS}
    connections = ec2.describe_vpn_connections(Filters=[*_tagged(tenant), live])["VpnConnections"]
    gateways = ec2.describe_customer_gateways(Filters=_tagged(tenant))["CustomerGateways"]
    addresses = {gateway["CustomerGatewayId"]: gateway.get("IpAddress", "") for gateway in gateways}
    return [
        ObservedVpnConnection(
            id=connection["VpnConnectionId"],
            slot=_tag(connection, "tenantnet:network"),
            state=connection["State"],
            company_cidr=", ".join(route["DestinationCidrBlock"] for route in connection.get("Routes", [])),
            company_gateway_ip=addresses.get(connection["CustomerGatewayId"], ""),
            description=_tag(connection, "tenantnet:description"),
            tunnels=_tunnels(connection),
        )
        for connection in connections
    ]


def _tunnels(connection: VpnConnectionTypeDef) -> tuple[Tunnel, ...]:
    return tuple(
        Tunnel(
            outside_ip=telemetry.get("OutsideIpAddress", ""),
            state=TunnelState(telemetry["Status"]),
            message=telemetry.get("StatusMessage", ""),
            last_change=telemetry.get("LastStatusChange"),
        )
        for telemetry in connection.get("VgwTelemetry", [])
    )


def _tagged(tenant: str, part: Part | None = None) -> list[FilterTypeDef]:
    tags = {"tenantnet:tenant": tenant, "tenantnet:part": part}
    return [{"Name": f"tag:{key}", "Values": [str(value)]} for key, value in tags.items() if value]


def _tag(described: Mapping[str, Any], key: str) -> str:
    tags: Iterable[Mapping[str, str]] = described.get("Tags", [])
    return next((tag["Value"] for tag in tags if tag["Key"] == key), "")
