"""Reads the companies of cells from their VPN connections in EC2."""

from __future__ import annotations

from collections.abc import Collection

import boto3
from tenantnet.addresses.claims import Claim, Row
from tenantnet.addresses.companies import Company
from tenantnet.aws.answers import PATIENCE, aws_answers
from tenantnet.tags import Tag, cell_of_claims_table

GONE = ("deleting", "deleted")


def read_companies(table: str, rows: Collection[Row], region: str) -> list[Company]:
    """The companies of every cell that has rows in a claims table, and of the one that has the table.

    Raises Failure if AWS does not answer.
    """
    cells = {cell_of_claims_table(table), *(row.cell for row in rows if isinstance(row, Claim))} - {""}
    with aws_answers("read the VPN connections of the cells that share the claims", region=region):
        ec2 = boto3.client("ec2", region_name=region, config=PATIENCE)
        # No filter by cell: a filter takes 200 values, and `*` in a row's cell would be a wildcard there.
        connections = ec2.describe_vpn_connections()["VpnConnections"]
    return [
        Company(cidr=route["DestinationCidrBlock"], tenant=tags.get(Tag.TENANT, ""))
        for connection in connections
        if (tags := {tag["Key"]: tag["Value"] for tag in connection.get("Tags", [])}).get(Tag.CELL) in cells
        and connection.get("State") not in GONE
        for route in connection.get("Routes", [])
        if "DestinationCidrBlock" in route and route.get("State") not in GONE
    ]
