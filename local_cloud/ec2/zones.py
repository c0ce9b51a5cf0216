"""Availability zones, and the Local Zone that this account has opted in to.

A region's zones come with the Local Zones that an account has opted in to, and those sort first: who takes
the first two names gets subnets where there is no RDS and no VPN gateway. AWS has none in most regions; this
one is invented.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeAvailabilityZones.html
"""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.models import EC2Backend
from moto.ec2.models.availability_zones_and_regions import Zone
from moto.ec2.responses import EC2Response
from moto.utilities.utils import filter_resources

LOCAL_ZONE = "local-zone"
FILTERS = (
    ("group-name", "group_name"),
    ("opt-in-status", "opt_in_status"),
    ("region-name", "region_name"),
    ("state", "state"),
    ("zone-id", "zone_id"),
    ("zone-name", "zone_name"),
    ("zone-type", "zone_type"),
)


class DescribedZone(Zone):
    """A zone with what EC2 says of its group."""

    def __init__(self, zone: Zone) -> None:
        super().__init__(zone.name, zone.region_name, zone.zone_id, zone.zone_type)
        is_local = zone.zone_type == LOCAL_ZONE
        group = zone.name[:-1] if is_local else f"{zone.region_name}-zg-1"
        self.zone_name = zone.name
        self.group_name = group
        self.group_long_name = group
        self.network_border_group = group if is_local else zone.region_name
        self.opt_in_status = "opted-in" if is_local else "opt-in-not-required"
        self.parent_zone_name = f"{zone.region_name}a" if is_local else None


class ZonesResponse(EC2Response):
    """Describes zones."""

    def describe_availability_zones(self) -> ActionResult:
        """All zones of the region that the filters leave."""
        self.error_on_dryrun()
        names, ids = self._get_param("ZoneNames", []), self._get_param("ZoneIds", [])
        found = filter_resources(_zones(self.ec2_backend), self._filters_from_querystring(), FILTERS)
        zones = [
            zone for zone in found if (not names or zone.name in names) and (not ids or zone.zone_id in ids)
        ]
        result: dict[str, Any] = {"AvailabilityZones": zones}
        return ActionResult(result)


def _zones(backend: EC2Backend) -> list[DescribedZone]:
    region: str = backend.region_name
    local = Zone(f"{region}-own-1a", region, f"{region}-own1-az1", LOCAL_ZONE)
    return [DescribedZone(zone) for zone in (local, *backend.zones.get(region, []))]
