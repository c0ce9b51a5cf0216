"""What the policy pack reads in AWS, beside the stack that it judges."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from tenantnet.addresses.claims import Claim, ClaimKind
from tenantnet.addresses.companies import Company
from tenantnet.addresses.connections import read_companies
from tenantnet.failure import Failure
from tenantnet.policies import reading
from tenantnet.policies.exports import read_untagged, refuse_others_networks
from tenantnet.policies.reading import PLATFORM_KEY, Reader
from tenantnet.stacks.outputs import PlatformOutputs
from tenantnet.tags import Owner, claims_table_name

from tests.local_cloud.test_status_observe import REGION, cloud, ec2
from tests.support import component_samples as samples
from tests.support.made_platform import made_platform, made_zone

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_ec2.type_defs import TagTypeDef
    from mypy_boto3_route53.type_defs import TagTypeDef as Route53Tag

__all__ = ["cloud", "ec2"]


def tags_of(owner: Owner, name: str) -> list[TagTypeDef]:
    return [{"Key": key, "Value": value} for key, value in owner.tags(name).items()]


def vpc_of(ec2: EC2Client, owner: Owner | None) -> str:
    vpc = ec2.create_vpc(CidrBlock="10.77.0.0/26")["Vpc"]["VpcId"]
    if owner:
        ec2.create_tags(Resources=[vpc], Tags=tags_of(owner, "a network"))
    return vpc


def platform(**changes: str) -> PlatformOutputs:
    return PlatformOutputs.model_validate({**samples.PLATFORM_OUTPUTS, **changes})


def deployed(**changes: str) -> PlatformOutputs:
    """The outputs of platform-local, which has what it exports but for the changes."""
    return PlatformOutputs.model_validate({**made_platform(client), **changes})


def client(service: str) -> Any:
    return boto3.client(service, region_name=REGION)  # type: ignore[call-overload]


def table_of(ec2: EC2Client, vpc: str) -> str:
    return ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]


@pytest.mark.parametrize("path", ["sessionsVpcId", "servicesVpcId"])
def test_a_platform_that_exports_the_network_of_a_tenant_or_of_another_cell_is_none(
    ec2: EC2Client, path: str
) -> None:
    """Any program can be called platform-local; beta is a tenant, and may have a cell's name."""
    for owner in (Owner(cell="eu1", tenant="beta"), Owner(cell="eu1", tenant="local"), Owner(cell="eu1")):
        with pytest.raises(Failure, match=r"exports vpc-.* as its own"):
            refuse_others_networks("platform-local", deployed(**{path: vpc_of(ec2, owner)}))
    other = vpc_of(ec2, None)
    ec2.create_tags(Resources=[other], Tags=[{"Key": "TenantNet:Tenant", "Value": "beta"}])
    with pytest.raises(Failure, match=r"that of tenant beta"):
        refuse_others_networks("platform-local", deployed(**{path: other}))


def test_a_platform_exports_its_own_networks_and_what_nobody_has_tagged(ec2: EC2Client) -> None:
    outputs = deployed()
    refuse_others_networks("platform-local", outputs)
    ec2.create_tags(Resources=[outputs.sessions_vpc_id], Tags=tags_of(Owner(cell="local"), "sessions"))
    refuse_others_networks("platform-local", outputs)


def test_who_shares_another_cells_claims_has_networks_of_its_own(ec2: EC2Client) -> None:
    outputs = deployed(claimsTable=claims_table_name("eu1"))
    refuse_others_networks("platform-local", outputs)
    ec2.create_tags(Resources=[outputs.sessions_vpc_id], Tags=tags_of(Owner(cell="eu1"), "sessions"))
    with pytest.raises(Failure, match=r"that of cell eu1"):
        refuse_others_networks("platform-local", outputs)


def test_what_a_platform_exports_is_as_aws_has_it(ec2: EC2Client) -> None:
    outputs = deployed()
    kms = boto3.client("kms", region_name=REGION)
    others_key = kms.create_key(Description="Tenantnet cell eu1")["KeyMetadata"]["Arn"]
    elsewhere = outputs.model_dump_json(by_alias=True).replace("eu-west-1", "us-east-1")
    for said, changes in (
        ("vpc-0123", {"sessionsVpcId": "vpc-0123"}),
        ("rtb-0123", {"servicesRouteTableId": "rtb-0123"}),
        ("servicesRouteTableId", {"servicesRouteTableId": table_of(ec2, outputs.sessions_vpc_id)}),
        ("sessionsCidr", {"sessionsCidr": "172.16.0.0/12"}),
        ("servicesCidr", {"servicesCidr": "10.0.0.0/8"}),
        ("tunnelHostAddress", {"tunnelHostAddress": "10.9.9.5"}),
        ("zoneName", {"zoneName": "corp.example.com"}),
        ("zoneId", {"zoneId": made_zone(client("route53"), "eu1")}),
        ("the zone", {"zoneId": "Z0123456789ABC"}),
        ("kmsKeyArn", {"kmsKeyArn": others_key}),
        ("us-east-1 has no such network", json.loads(elsewhere)),
    ):
        changed = PlatformOutputs.model_validate({**outputs.model_dump(by_alias=True), **changes})
        with pytest.raises(Failure) as failure:
            refuse_others_networks("platform-local", changed)
        assert said in f"{failure.value} {failure.value.reason}"
    host = ec2.run_instances(ImageId=an_image(ec2), MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"]
    ec2.create_tags(Resources=[host], Tags=tags_of(Owner(cell="eu1"), "eu1-tunnel-host"))
    with pytest.raises(Failure, match=r"that of cell eu1"):
        refuse_others_networks("platform-local", outputs.model_copy(update={"tunnel_host_id": host}))


def an_image(ec2: EC2Client) -> str:
    return ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]


def test_who_has_made_an_image_is_asked(ec2: EC2Client) -> None:
    image, host = an_image(ec2), ec2.run_instances(ImageId=an_image(ec2), MinCount=1, MaxCount=1)
    own = ec2.create_image(InstanceId=host["Instances"][0]["InstanceId"], Name="own")["ImageId"]
    assert [Reader().is_strangers(each, REGION) for each in (image, own, "ami-0123")] == [False, True, False]


def test_a_deployed_hosts_image_is_found_by_its_tags(ec2: EC2Client) -> None:
    owner = Owner(cell="local", tenant="acme", network="blue")
    image = an_image(ec2)
    vpc = vpc_of(ec2, owner)
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.77.0.0/28")["Subnet"]["SubnetId"]
    tags = tags_of(owner, "acme-blue-ping-host")
    ec2.run_instances(
        ImageId=image,
        InstanceType="t4g.nano",
        MinCount=1,
        MaxCount=1,
        SubnetId=subnet,
        TagSpecifications=[{"ResourceType": "instance", "Tags": tags}],
    )
    found = owner.tags("acme-blue-ping-host")
    assert Reader().images(found, REGION) == {image}
    assert Reader().images({**found, "tenantnet:tenant": "beta"}, REGION) == set()
    assert Reader().images({**found, "Name": "*"}, REGION) == set(), "a name is no pattern"


@pytest.mark.parametrize("cell", ["*", "loc?l", "local"])
def test_companies_are_those_of_the_cells_that_rows_name_and_a_cell_is_no_pattern(
    ec2: EC2Client, cell: str
) -> None:
    """A filter of EC2 takes 200 values: any tenant could fill it by rows that name further cells."""
    tags = tags_of(Owner(cell="local", tenant="zoe"), "zoe-blue-vpn")
    gateway = ec2.create_vpn_gateway(Type="ipsec.1")["VpnGateway"]["VpnGatewayId"]
    device = ec2.create_customer_gateway(Type="ipsec.1", IpAddress="198.51.100.9", BgpAsn=65000)
    made = ec2.create_vpn_connection(
        Type="ipsec.1",
        CustomerGatewayId=device["CustomerGateway"]["CustomerGatewayId"],
        VpnGatewayId=gateway,
        Options={"StaticRoutesOnly": True},
        TagSpecifications=[{"ResourceType": "vpn-connection", "Tags": tags}],
    )
    connection = made["VpnConnection"]["VpnConnectionId"]
    ec2.create_vpn_connection_route(VpnConnectionId=connection, DestinationCidrBlock="192.168.77.0/24")
    rows = [
        Claim(cidr="10.1.2.0/26", tenant="acme", stack="acme", kind=ClaimKind.NETWORK, cell=each)
        for each in (cell, *(f"c{number}" for number in range(201)))
    ]
    found = read_companies(claims_table_name("eu0"), rows, REGION)
    ec2.delete_vpn_connection(VpnConnectionId=connection)
    assert found == ([Company(cidr="192.168.77.0/24", tenant="zoe")] if cell == "local" else [])


def test_a_claim_counts_once_the_table_has_it_whatever_was_read_before(
    ec2: EC2Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert ec2
    dynamodb = boto3.client("dynamodb", region_name=REGION)
    table = claims_table_name("granted")
    dynamodb.create_table(
        TableName=table,
        KeySchema=[{"AttributeName": "cidr", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "cidr", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    outputs = platform(cell="granted", claimsTable=table)
    monkeypatch.setattr(Reader, "_read_platform", lambda _reader, _cell: outputs)
    monkeypatch.setattr(reading, "CLAIMS_LIMIT_SECONDS", 0.0)
    reader = Reader()
    ours = Claim(cidr="10.1.2.0/26", tenant="acme", stack="acme", kind=ClaimKind.NETWORK, slot="blue")
    never = Claim(cidr="10.1.3.0/26", tenant="acme", stack="acme", kind=ClaimKind.NETWORK, slot="green")
    assert list(reader.ranges("granted", REGION).claims) == []
    dynamodb.put_item(TableName=table, Item=ours.item())
    assert list(reader.granted([ours, never], "granted", REGION)) == [ours]


def test_a_database_that_is_not_there_has_no_address(ec2: EC2Client) -> None:
    assert ec2
    assert Reader().address("acme-blue", REGION) == ""


@pytest.mark.parametrize(
    ("owner", "claims"),
    [
        (None, None),
        (Owner(cell="local"), "platform-eu1"),
    ],
)
def test_a_platforms_settings_name_networks_of_the_cell_or_of_nobody(
    ec2: EC2Client, owner: Owner | None, claims: str | None
) -> None:
    assert existing(vpc_of(ec2, owner), claims)


@pytest.mark.parametrize(
    "owner", [Owner(cell="local", tenant="beta"), Owner(cell="eu1", tenant="beta"), Owner(cell="eu1")]
)
def test_a_platforms_settings_that_name_a_tenants_network_are_refused(ec2: EC2Client, owner: Owner) -> None:
    for claims in (None, "platform-eu1"):
        with pytest.raises(Failure, match=r"names vpc-.* as its own"):
            existing(vpc_of(ec2, owner), claims)


def test_what_a_platforms_settings_name_is_in_its_region(ec2: EC2Client) -> None:
    assert ec2
    for place, name in (
        ("vpcId", "vpc-0123"),
        ("subnetId", "subnet-0123"),
        ("routeTableId", "rtb-0123"),
        ("vpcId", "vpc-*"),
    ):
        with pytest.raises(Failure, match=r"eu-west-1 has no such network"):
            named({"services": {place: name}})


@pytest.mark.parametrize("place", ["subnetId", "routeTableId"])
def test_what_has_no_tags_is_its_networks(ec2: EC2Client, place: str) -> None:
    """AWS makes a VPC's main route table without tags."""
    vpc = vpc_of(ec2, Owner(cell="local", tenant="beta"))
    tables = ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["RouteTables"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.77.0.0/28")["Subnet"]["SubnetId"]
    found = {"subnetId": subnet, "routeTableId": tables[0]["RouteTableId"]}[place]
    with pytest.raises(Failure, match=r"names vpc-.* as its own"):
        named({"services": {place: found}})
    if place == "routeTableId":
        with pytest.raises(Failure, match=r"exports vpc-.* as its own"):
            refuse_others_networks("platform-local", deployed(servicesRouteTableId=found))


@pytest.mark.parametrize(("cell", "own"), [("local", True), ("eu1", False)])
def test_a_platforms_settings_name_no_zone_of_another_cell(
    ec2: EC2Client,
    cell: str,
    own: bool,
) -> None:
    assert ec2
    route53 = boto3.client("route53", region_name=REGION)
    made = route53.create_hosted_zone(Name="db.example.com", CallerReference=cell)["HostedZone"]["Id"]
    zone = made.rpartition("/")[2]
    tag: Route53Tag = {"Key": "tenantnet:cell", "Value": cell}
    route53.change_tags_for_resource(ResourceType="hostedzone", ResourceId=zone, AddTags=[tag])
    if own:
        assert named({"zone": {"zoneId": zone}}) == {zone}
    else:
        with pytest.raises(Failure, match=rf"names {zone} as its own"):
            named({"zone": {"zoneId": zone}})


def existing(vpc: str, claims: str | None) -> Collection[str]:
    return named({"services": {"vpcId": vpc}, **({"claimsPlatform": claims} if claims else {})})


def named(settings: object) -> Collection[str]:
    reader = Reader()
    reader.configure({PLATFORM_KEY: json.dumps(settings)})
    return reader.existing("local", REGION)


def test_a_network_is_a_teams_own_where_nothing_in_it_has_a_tag_of_tenantnets(ec2: EC2Client) -> None:
    own = vpc_of(ec2, None)
    ec2.create_tags(Resources=[own], Tags=[{"Key": "Name", "Value": "shop"}])
    subnet = ec2.create_subnet(VpcId=own, CidrBlock="10.77.0.0/28")["Subnet"]["SubnetId"]
    group = ec2.create_security_group(VpcId=own, GroupName="shop", Description="shop")["GroupId"]
    betas = vpc_of(ec2, Owner(cell="eu1", tenant="beta"))
    hidden = ec2.create_subnet(VpcId=betas, CidrBlock="10.77.0.0/28")["Subnet"]["SubnetId"]
    named = {own, subnet, group, betas, hidden, "vpc-0123456789abcdef0", "sg-0123456789abcdef0"}
    assert read_untagged(named, REGION) == dict.fromkeys([own, subnet, group], own)
    other = ec2.create_subnet(VpcId=own, CidrBlock="10.77.0.16/28")["Subnet"]["SubnetId"]
    ec2.create_tags(Resources=[other], Tags=[{"Key": "TenantNet:Tenant", "Value": "beta"}])
    assert read_untagged({own, subnet, group}, REGION) == {}
    assert read_untagged({"vpc-0123456789abcdef0"}, REGION) == {}
