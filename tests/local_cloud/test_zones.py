"""Hosted zones and their records."""

from __future__ import annotations

import re
from typing import Any

import pytest
from mypy_boto3_ec2 import EC2Client
from mypy_boto3_route53 import Route53Client
from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_fixed

from tests.local_cloud.conftest import Refusal


@pytest.fixture
def domain(name: str) -> str:
    return f"{name}.example.com"


@pytest.fixture
def zone(route53: Route53Client, domain: str) -> str:
    """A public zone's id."""
    return route53.create_hosted_zone(Name=domain, CallerReference=domain)["HostedZone"]["Id"]


def private_zone(route53: Route53Client, domain: str, vpc_id: str, **settings: Any) -> Any:
    return route53.create_hosted_zone(
        Name=domain,
        VPC={"VPCRegion": "eu-west-1", "VPCId": vpc_id},
        CallerReference=f"{domain}-{vpc_id}",
        **settings,
    )


def batch(*changes: tuple[str, str, str, str]) -> Any:
    """Changes given as action, name, type and value."""
    return {
        "Changes": [
            {
                "Action": action,
                "ResourceRecordSet": {
                    "Name": name,
                    "Type": kind,
                    "TTL": 5,
                    "ResourceRecords": [{"Value": value}],
                },
            }
            for action, name, kind, value in changes
        ]
    }


def records(route53: Route53Client, zone: str) -> dict[tuple[str, str], str]:
    """Values by name and type, without the zone's own records."""
    found = route53.list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]
    return {
        (record["Name"], record["Type"]): record["ResourceRecords"][0]["Value"]
        for record in found
        if record["Type"] not in ("NS", "SOA")
    }


@pytest.fixture
def vpc_id(ec2: EC2Client) -> str:
    return ec2.create_vpc(CidrBlock="10.5.0.0/26")["Vpc"]["VpcId"]


def test_a_zone_with_a_vpc_is_private(route53: Route53Client, domain: str, vpc_id: str) -> None:
    created = private_zone(route53, domain, vpc_id)
    assert created["HostedZone"]["Config"]["PrivateZone"] is True
    read = route53.get_hosted_zone(Id=created["HostedZone"]["Id"])
    assert read["HostedZone"]["Config"]["PrivateZone"] is True
    assert read["VPCs"] == [{"VPCRegion": "eu-west-1", "VPCId": vpc_id}]
    assert "DelegationSet" not in read, "nobody on the internet is to find it"


def test_a_zone_without_a_vpc_is_public(route53: Route53Client, zone: str) -> None:
    read = route53.get_hosted_zone(Id=zone)
    assert read["HostedZone"]["Config"]["PrivateZone"] is False
    assert len(read["DelegationSet"]["NameServers"]) == 4


def test_a_private_zone_needs_a_vpc_that_exists(
    route53: Route53Client, refusal: Refusal, domain: str
) -> None:
    without = refusal(
        route53.create_hosted_zone,
        Name=domain,
        CallerReference=domain,
        HostedZoneConfig={"PrivateZone": True},
    )
    assert without == "InvalidInput"
    assert refusal(private_zone, route53=route53, domain=domain, vpc_id="vpc-0123") == "InvalidVPCId"


def test_a_caller_reference_makes_one_zone(
    route53: Route53Client, refusal: Refusal, domain: str, zone: str
) -> None:
    code = refusal(route53.create_hosted_zone, Name=domain, CallerReference=domain)
    assert code == "HostedZoneAlreadyExists"


def test_a_vpc_sees_one_zone_of_a_name(
    route53: Route53Client, refusal: Refusal, domain: str, vpc_id: str
) -> None:
    private_zone(route53, domain, vpc_id)
    code = refusal(
        route53.create_hosted_zone,
        Name=domain,
        VPC={"VPCRegion": "eu-west-1", "VPCId": vpc_id},
        CallerReference="another",
    )
    assert code == "ConflictingDomainExists"


def test_more_vpcs_are_associated_with_private_zones_only(
    route53: Route53Client, ec2: EC2Client, refusal: Refusal, domain: str, zone: str, vpc_id: str
) -> None:
    private = private_zone(route53, domain, vpc_id)["HostedZone"]["Id"]
    second = ec2.create_vpc(CidrBlock="10.6.0.0/26")["Vpc"]["VpcId"]
    vpc: Any = {"VPCRegion": "eu-west-1", "VPCId": second}
    route53.associate_vpc_with_hosted_zone(HostedZoneId=private, VPC=vpc)
    assert len(route53.get_hosted_zone(Id=private)["VPCs"]) == 2
    code = refusal(route53.associate_vpc_with_hosted_zone, HostedZoneId=zone, VPC=vpc)
    assert code == "PublicZoneVPCAssociation"


def test_an_association_is_authorized_and_the_authorization_withdrawn(
    route53: Route53Client, refusal: Refusal, domain: str, vpc_id: str
) -> None:
    private = private_zone(route53, domain, vpc_id)["HostedZone"]["Id"]
    vpc: Any = {"VPCRegion": "eu-west-1", "VPCId": "vpc-0abc"}
    route53.create_vpc_association_authorization(HostedZoneId=private, VPC=vpc)
    assert route53.list_vpc_association_authorizations(HostedZoneId=private)["VPCs"] == [vpc]
    route53.delete_vpc_association_authorization(HostedZoneId=private, VPC=vpc)
    assert route53.list_vpc_association_authorizations(HostedZoneId=private)["VPCs"] == []
    code = refusal(route53.delete_vpc_association_authorization, HostedZoneId=private, VPC=vpc)
    assert code == "VPCAssociationAuthorizationNotFound"


def test_a_change_is_pending_and_then_in_sync(route53: Route53Client, zone: str, domain: str) -> None:
    change = route53.change_resource_record_sets(
        HostedZoneId=zone, ChangeBatch=batch(("CREATE", f"acme.{domain}", "CNAME", "blue.example.net"))
    )["ChangeInfo"]
    assert change["Status"] == "PENDING"

    @retry(
        retry=retry_if_exception_type(AssertionError),
        stop=stop_after_delay(10),
        wait=wait_fixed(0.1),
        reraise=True,
    )
    def in_sync() -> None:
        assert route53.get_change(Id=change["Id"])["ChangeInfo"]["Status"] == "INSYNC"

    in_sync()


def test_an_unknown_change_is_not_found(route53: Route53Client, refusal: Refusal) -> None:
    assert refusal(route53.get_change, Id="C0123456789") == "NoSuchChange"


def test_a_record_is_created_once_moved_and_deleted(
    route53: Route53Client, refusal: Refusal, zone: str, domain: str
) -> None:
    record = (f"acme.{domain}", "CNAME")
    route53.change_resource_record_sets(
        HostedZoneId=zone, ChangeBatch=batch(("CREATE", *record, "blue.example.net"))
    )
    twice = batch(("CREATE", *record, "green.example.net"))
    code = refusal(route53.change_resource_record_sets, HostedZoneId=zone, ChangeBatch=twice)
    assert code == "InvalidChangeBatch"
    assert records(route53, zone) == {(f"acme.{domain}.", "CNAME"): "blue.example.net"}
    route53.change_resource_record_sets(
        HostedZoneId=zone, ChangeBatch=batch(("UPSERT", *record, "green.example.net"))
    )
    assert records(route53, zone) == {(f"acme.{domain}.", "CNAME"): "green.example.net"}
    route53.change_resource_record_sets(
        HostedZoneId=zone, ChangeBatch=batch(("DELETE", *record, "green.example.net"))
    )
    assert records(route53, zone) == {}


def test_a_deleted_record_can_be_created_again_beside_others(
    route53: Route53Client, zone: str, domain: str
) -> None:
    acme, zeta = (f"acme.{domain}", "CNAME", "a.example.net"), (f"zeta.{domain}", "CNAME", "z.example.net")
    for changes in (
        [("CREATE", *acme), ("CREATE", *zeta)],
        [("DELETE", *acme)],
        [("CREATE", *acme)],
    ):
        route53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch=batch(*changes))
    assert len(records(route53, zone)) == 2


@pytest.mark.parametrize(
    ("name", "kind", "value"),
    [
        ("elsewhere.example.org", "CNAME", "x.example.net"),
        ("evil{domain}", "CNAME", "x.example.net"),
        ("{domain}", "CNAME", "x.example.net"),
        ("acme.{domain}", "A", "192.0.2.1"),
    ],
)
def test_a_record_that_cannot_stand_in_the_zone_is_refused_with_its_whole_batch(
    route53: Route53Client, refusal: Refusal, zone: str, domain: str, name: str, kind: str, value: str
) -> None:
    changes = batch(
        ("CREATE", f"acme.{domain}", "CNAME", "blue.example.net"),
        ("CREATE", name.format(domain=domain), kind, value),
    )
    code = refusal(route53.change_resource_record_sets, HostedZoneId=zone, ChangeBatch=changes)
    assert code == "InvalidChangeBatch"
    assert records(route53, zone) == {}


def test_a_deletion_must_know_the_record(
    route53: Route53Client, refusal: Refusal, zone: str, domain: str
) -> None:
    record = (f"acme.{domain}", "CNAME")
    missing = batch(("DELETE", *record, "blue.example.net"))
    assert refusal(route53.change_resource_record_sets, HostedZoneId=zone, ChangeBatch=missing) == (
        "InvalidChangeBatch"
    )
    route53.change_resource_record_sets(
        HostedZoneId=zone, ChangeBatch=batch(("CREATE", *record, "blue.example.net"))
    )
    other = batch(("DELETE", *record, "green.example.net"))
    assert refusal(route53.change_resource_record_sets, HostedZoneId=zone, ChangeBatch=other) == (
        "InvalidChangeBatch"
    )


def test_a_zone_with_records_is_not_deleted(
    route53: Route53Client, refusal: Refusal, zone: str, domain: str
) -> None:
    record = (f"acme.{domain}", "CNAME", "blue.example.net")
    route53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch=batch(("CREATE", *record)))
    assert refusal(route53.delete_hosted_zone, Id=zone) == "HostedZoneNotEmpty"
    route53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch=batch(("DELETE", *record)))
    route53.delete_hosted_zone(Id=zone)


def test_an_id_is_written_as_route_53_writes_it(zone: str) -> None:
    assert re.fullmatch(r"/hostedzone/Z[A-Z0-9]{1,31}", zone)
