"""What AWS has of a tenant, made and read through its API."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import boto3
import pytest
from tenantnet.failure import Failure
from tenantnet.local_cloud.process import LocalCloud
from tenantnet.observed.deployed import Deployed
from tenantnet.observed.status import observe as module
from tenantnet.observed.status.observe import observe, observe_each

from tests.support.aws import lead_here
from tests.support.databases import Database

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_ec2.literals import ResourceTypeType
    from mypy_boto3_ec2.type_defs import TagSpecificationTypeDef

REGION = "eu-west-1"
COMPANY = {"companyCidr": "192.168.4.0/24", "gateway": "198.51.100.7"}


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    with LocalCloud(tmp_path_factory.mktemp("cloud")) as cloud:
        yield cloud


@pytest.fixture
def ec2(cloud: LocalCloud, monkeypatch: pytest.MonkeyPatch) -> EC2Client:
    """EC2 of an empty cloud, to which boto3 in this process leads now."""
    cloud.reset()
    lead_here(monkeypatch, cloud)
    return boto3.client("ec2", region_name=REGION)


def tags(
    kind: ResourceTypeType, tenant: str, slot: str, part: str = "network", **further: str
) -> list[TagSpecificationTypeDef]:
    own = {"tenant": tenant, "network": slot, "part": part, **further}
    return [
        {
            "ResourceType": kind,
            "Tags": [{"Key": f"tenantnet:{key}", "Value": value} for key, value in own.items()],
        }
    ]


def make_network(ec2: EC2Client, tenant: str, slot: str, cidr: str) -> str:
    """A VPC with a running ping host; its id."""
    vpc = ec2.create_vpc(CidrBlock=cidr, TagSpecifications=tags("vpc", tenant, slot))["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock=cidr)["Subnet"]["SubnetId"]
    host = ec2.run_instances(
        MinCount=1,
        MaxCount=1,
        ImageId="ami-12c6146b",
        SubnetId=subnet,
        PrivateIpAddress=cidr.replace("0/26", "42"),
        TagSpecifications=tags("instance", tenant, slot, "ping-host"),
    )["Instances"][0]
    ec2.get_waiter("instance_running").wait(
        InstanceIds=[host["InstanceId"]], WaiterConfig={"Delay": 1, "MaxAttempts": 30}
    )
    return vpc


def make_vpn_connection(
    ec2: EC2Client, tenant: str, slot: str, vpc: str, *, company: str = COMPANY["gateway"]
) -> str:
    customer = ec2.create_customer_gateway(
        Type="ipsec.1",
        BgpAsn=65000,
        IpAddress=company,
        TagSpecifications=tags("customer-gateway", tenant, slot),
    )["CustomerGateway"]["CustomerGatewayId"]
    gateway = ec2.create_vpn_gateway(Type="ipsec.1")["VpnGateway"]["VpnGatewayId"]
    ec2.attach_vpn_gateway(VpcId=vpc, VpnGatewayId=gateway)
    connection = ec2.create_vpn_connection(
        Type="ipsec.1",
        CustomerGatewayId=customer,
        VpnGatewayId=gateway,
        Options={"StaticRoutesOnly": True},
        TagSpecifications=tags("vpn-connection", tenant, slot, description="Seattle office"),
    )["VpnConnection"]["VpnConnectionId"]
    ec2.create_vpn_connection_route(VpnConnectionId=connection, DestinationCidrBlock=COMPANY["companyCidr"])
    return connection


def make_database(identifier: str) -> None:
    rds = boto3.client("rds", region_name=REGION)
    rds.create_db_instance(
        DBInstanceIdentifier=identifier,
        DBInstanceClass="db.t4g.small",
        Engine="mysql",
        AllocatedStorage=20,
        MasterUsername="acmeadmin",
        MasterUserPassword="Correct-Horse-7",
    )
    Database(rds=rds, identifier=identifier).settled()


def test_a_network_and_its_ping_host_are_found_by_their_tags(ec2: EC2Client) -> None:
    vpc = make_network(ec2, "acme", "blue", "10.1.2.0/26")
    found = observe("acme", REGION)
    ((network,), (host,)) = found.vpcs, found.instances
    assert (network.id, network.cidrs, network.state) == (vpc, ("10.1.2.0/26",), "available")
    assert (host.address, host.state) == ("10.1.2.42", "running")


def test_what_another_tenant_has_is_not_found(ec2: EC2Client) -> None:
    vpc = make_network(ec2, "acme-2", "blue", "10.1.2.0/26")
    make_vpn_connection(ec2, "acme-2", "blue", vpc)
    make_database("acme-2-blue")
    assert observe("acme", REGION) == Deployed()


def test_a_vpn_connection_is_found_with_company_description_and_both_tunnels(ec2: EC2Client) -> None:
    connection = make_vpn_connection(ec2, "acme", "blue", make_network(ec2, "acme", "blue", "10.1.2.0/26"))
    ec2.get_waiter("vpn_connection_available").wait(
        VpnConnectionIds=[connection], WaiterConfig={"Delay": 1, "MaxAttempts": 30}
    )
    at_aws = observe("acme", REGION)
    ((found,), (company,)) = at_aws.vpn_connections, at_aws.customer_gateways
    assert (found.id, found.tags["tenantnet:network"], found.state) == (connection, "blue", "available")
    assert found.cidrs == ("192.168.4.0/24",)
    assert (company.id, company.address) == (found.customer_gateway_id, "198.51.100.7")
    assert found.tags["tenantnet:description"] == "Seattle office"
    assert len({tunnel.outside_ip for tunnel in found.tunnels}) == 2
    assert all(tunnel.last_change is not None for tunnel in found.tunnels)


def test_what_is_deleted_is_no_longer_there_although_ec2_still_describes_it(ec2: EC2Client) -> None:
    connection = make_vpn_connection(ec2, "acme", "blue", make_network(ec2, "acme", "blue", "10.1.2.0/26"))
    (host,) = observe("acme", REGION).instances
    ec2.delete_vpn_connection(VpnConnectionId=connection)
    ec2.terminate_instances(InstanceIds=[host.id])
    found = observe("acme", REGION)
    assert (found.vpn_connections, found.instances) == ((), ())


def test_the_databases_of_both_slots_are_found_by_their_identifiers(ec2: EC2Client) -> None:
    make_database("acme-blue")
    make_database("acme-green")
    blue, green = observe("acme", REGION).databases
    assert (blue.identifier, green.identifier) == ("acme-blue", "acme-green")
    assert (blue.status, blue.port) == ("available", 3306)
    assert blue.address


def test_two_networks_are_kept_apart_by_slot(ec2: EC2Client) -> None:
    make_network(ec2, "acme", "blue", "10.1.2.0/26")
    make_network(ec2, "acme", "green", "10.9.9.0/26")
    found = observe("acme", REGION)
    assert {vpc.tags["tenantnet:network"]: vpc.cidrs for vpc in found.vpcs} == {
        "blue": ("10.1.2.0/26",),
        "green": ("10.9.9.0/26",),
    }


@pytest.mark.parametrize("few", [module.FEW_DATABASES, 1])
def test_many_tenants_are_read_at_once_and_each_has_its_own(
    ec2: EC2Client, monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    """few: so many databases are asked for by their names, and of more of them all are listed."""
    monkeypatch.setattr(module, "FEW_DATABASES", few)
    for number, name in enumerate(("acme", "globex", "hooli")):
        vpc = make_network(ec2, name, "blue", f"10.1.{number}.0/26")
        # Of one address EC2 has one customer gateway, which the first tenant's tags would name.
        make_vpn_connection(ec2, name, "blue", vpc, company=f"198.51.100.{number}")
        make_database(f"{name}-blue")
    names = ["acme", "globex", "initech"]
    found = observe_each(names, REGION)
    assert found == {name: observe(name, REGION) for name in names}
    assert found["initech"] == Deployed()
    assert [each.identifier for each in found["globex"].databases] == ["globex-blue"]
    assert len(found["globex"].vpcs) == len(found["globex"].customer_gateways) == 1


@pytest.mark.usefixtures("ec2")
def test_where_nobody_listens_it_is_a_failure_and_no_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    with pytest.raises(Failure, match=r"Could not read what AWS has of acme(.|\n)*AWS did not answer"):
        observe("acme", REGION)
