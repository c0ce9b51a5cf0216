"""Which zones a region has, for an account that has opted in to a Local Zone."""

from __future__ import annotations

from mypy_boto3_ec2 import EC2Client


def test_an_opted_in_local_zone_comes_with_a_regions_zones_and_sorts_first(ec2: EC2Client) -> None:
    zones = ec2.describe_availability_zones()["AvailabilityZones"]
    first = min(zones, key=lambda zone: zone["ZoneName"])
    assert first["ZoneType"] == "local-zone"
    assert first["OptInStatus"] == "opted-in"
    assert first["GroupName"] == first["NetworkBorderGroup"] == first["ZoneName"].removesuffix("a")


def test_the_filter_by_type_leaves_it_out(ec2: EC2Client) -> None:
    zones = ec2.describe_availability_zones(Filters=[{"Name": "zone-type", "Values": ["availability-zone"]}])[
        "AvailabilityZones"
    ]
    assert {zone["ZoneName"] for zone in zones} == {"eu-west-1a", "eu-west-1b", "eu-west-1c"}
    assert {zone["OptInStatus"] for zone in zones} == {"opt-in-not-required"}
    assert {zone["NetworkBorderGroup"] for zone in zones} == {"eu-west-1"}
    assert all(zone["GroupName"] for zone in zones)


def test_zones_are_found_by_name_and_id(ec2: EC2Client) -> None:
    by_name = ec2.describe_availability_zones(ZoneNames=["eu-west-1b"])["AvailabilityZones"]
    by_id = ec2.describe_availability_zones(ZoneIds=[by_name[0]["ZoneId"]])["AvailabilityZones"]
    assert [zone["ZoneName"] for zone in by_id] == ["eu-west-1b"]
