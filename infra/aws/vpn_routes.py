"""The static routes of VPN connections, as EC2 describes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# A removed route stays described for a while, as `deleting` and `deleted`.
STANDING = ("pending", "available")


def company_ranges(connection: Mapping[str, Any]) -> list[str]:
    """The ranges, as CIDRs, that a connection of DescribeVpnConnections leads to now."""
    return [
        route["DestinationCidrBlock"]
        for route in connection.get("Routes", [])
        if route.get("State") in STANDING
    ]
