"""The region: whether it is enabled, its zones, and whether what is to be made is on offer in both."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tenantnet.aws import sizes
from tenantnet.aws.engines import DEFAULT_VERSION
from tenantnet.doctor.finding import Finding, Planned, State


def zones(planned: Planned) -> Iterator[Finding]:
    """Whether the region is enabled, and has two zones of its own."""
    ec2 = planned.client("ec2")
    (region,) = ec2.describe_regions(RegionNames=[planned.region], AllRegions=True)["Regions"]
    if region.get("OptInStatus") == "not-opted-in":
        yield Finding(
            about="region",
            state=State.FAULT,
            found=f"the account has not enabled {planned.region}",
            remedy=f"aws account enable-region --region-name {planned.region}",
        )
        return
    yield Finding(about="region", found=planned.region)
    kept = planned.outputs.get("availabilityZones", ())
    yield judge_zones(ec2.describe_availability_zones()["AvailabilityZones"], kept)


def judge_zones(described: Sequence[Mapping[str, Any]], kept: Sequence[str] = ()) -> Finding:
    """described: as EC2 describes the region's zones, Local Zones among them. kept: a deployed cell's."""
    own = [zone for zone in described if zone["ZoneType"] == "availability-zone"]
    usable = sorted(zone["ZoneName"] for zone in own if zone["State"] == "available")
    about, first = "zones", ", ".join(kept or usable[:2])
    if kept and {*kept} <= {*usable}:
        return Finding(about=about, found=first)
    if kept:
        lost = ", ".join(sorted({*kept} - {*usable}))
        found, remedy = f"the cell is in {first}, and not all can be used: {lost}", "wait for AWS to mend it"
        return Finding(about=about, state=State.WARNING, found=found, remedy=remedy)
    if len(usable) < 2:
        return Finding(
            about=about,
            state=State.FAULT,
            found=f"{len(usable)} of {len(own)} availability zones can be used: {first or 'none'}",
            remedy="wait until AWS has mended the others, or choose another region",
        )
    if impaired := sorted({zone["ZoneName"] for zone in own} - {*usable}):
        return Finding(
            about=about,
            state=State.WARNING,
            found=f"{first}; not {', '.join(impaired)} now, and a cell keeps the zones it begins with",
            remedy="wait, if the cell should be in one of these",
        )
    return Finding(about=about, found=first)


def database_offers(planned: Planned) -> Iterator[Finding]:
    """Whether RDS has the engine, and each tenant's instance class in both zones."""
    rds = planned.client("rds")
    versions = rds.describe_db_engine_versions(Engine="mysql", EngineVersion=DEFAULT_VERSION)
    numbers = [each["EngineVersion"] for each in versions["DBEngineVersions"]]
    if not numbers:
        yield Finding(
            about="MySQL",
            state=State.FAULT,
            found=f"RDS offers no MySQL {DEFAULT_VERSION} in {planned.region}",
            remedy="choose another region",
        )
        return
    yield Finding(about="MySQL", found=numbers[-1])
    wanted = {tenant.database.instance_class for tenant in planned.tenants} or {sizes.DEFAULT_INSTANCE_CLASS}
    for instance_class in sorted(wanted):
        pages = rds.get_paginator("describe_orderable_db_instance_options").paginate(
            Engine="mysql", EngineVersion=numbers[-1], DBInstanceClass=instance_class
        )
        offered = {
            zone["Name"]
            for page in pages
            for option in page["OrderableDBInstanceOptions"]
            for zone in option["AvailabilityZones"]
        }
        yield judge_offer(f"database {instance_class}", planned.zones, offered, "database.instanceClass")


def host_offers(planned: Planned) -> Iterator[Finding]:
    """Whether EC2 has the types of the tunnel host and the ping hosts in both zones."""
    types = {
        planned.cell.settings.services.tunnel_host_type: "services.tunnelHostType",
        **{
            network.ping_host_type: "networks.*.pingHostType"
            for tenant in planned.tenants
            for network in tenant.networks.values()
        },
    }
    pages = planned.client("ec2").get_paginator("describe_instance_type_offerings")
    for host_type, setting in sorted(types.items()):
        asked = pages.paginate(
            LocationType="availability-zone", Filters=[{"Name": "instance-type", "Values": [host_type]}]
        )
        offered = {each["Location"] for page in asked for each in page["InstanceTypeOfferings"]}
        yield judge_offer(f"host {host_type}", planned.zones, offered, setting)


def judge_offer(about: str, zones: Sequence[str], offered: set[str], setting: str) -> Finding:
    """zones: where it is needed. offered: where AWS has it. setting: where another can be chosen."""
    if missing := [zone for zone in zones if zone not in offered]:
        return Finding(
            about=about,
            state=State.FAULT,
            found=f"not on offer in {' and '.join(missing)}",
            remedy=f"choose another {setting}",
        )
    return Finding(about=about, found=f"on offer in {' and '.join(zones)}")
