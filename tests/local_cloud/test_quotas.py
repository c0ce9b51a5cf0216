"""Service Quotas, and what IAM says of somebody's permissions without a call being made."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tenantnet.aws import quotas as quota_table
from tenantnet.aws.quotas import ServiceQuota
from tenantnet.doctor.quotas import QUOTAS
from tenantnet.local_cloud.process import LocalCloud

from tests.local_cloud.conftest import Refusal
from tests.support.databases import wanted
from tests.support.roles import Iam, allow, document

SNAPSHOTS = {"ServiceCode": "rds", "QuotaCode": "L-272F1212"}


@pytest.fixture(scope="session")
def quotas(client: Callable[[str], Any]) -> Any:
    return client("service-quotas")


@pytest.mark.parametrize("quota", QUOTAS, ids=lambda quota: str(quota.about))
def test_what_the_doctor_asks_for_has_awss_name(quotas: Any, quota: Any) -> None:
    found = quotas.get_service_quota(ServiceCode=quota.of.service, QuotaCode=quota.of.code)["Quota"]
    assert found["QuotaName"] == quota.of.name


def test_an_increase_is_one(quotas: Any, refusal: Refusal) -> None:
    held = quotas.get_service_quota(**SNAPSHOTS)["Quota"]["Value"]
    assert refusal(quotas.request_service_quota_increase, **SNAPSHOTS, DesiredValue=held) == (
        "IllegalArgumentException"
    )


def test_an_unknown_quota_is_not_there(quotas: Any, refusal: Refusal) -> None:
    code = refusal(quotas.get_service_quota, ServiceCode="rds", QuotaCode="L-00000000")
    assert code == "NoSuchResourceException"


@pytest.fixture(scope="module")
def new(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Any]]:
    """Clients of an account that has asked for no increase, in a region where it has nothing."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TENANTNET_LOCAL_PACE", "0")
        patch.setenv("TENANTNET_LOCAL_QUOTAS", "aws")
        with LocalCloud(tmp_path_factory.mktemp("new"), real_databases=False) as running:
            yield Iam(running).administrator.client


@dataclass(frozen=True)
class Parts:
    """What is made until EC2 or RDS refuses it."""

    ec2: Any
    rds: Any

    def vpc(self) -> str:
        vpcs = self.ec2.describe_vpcs()["Vpcs"]
        made = [vpc["VpcId"] for vpc in vpcs if not vpc["IsDefault"]]
        return str(made[0] if made else self.ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"])

    def gateways(self) -> tuple[str, str]:
        customer = self.ec2.create_customer_gateway(Type="ipsec.1", BgpAsn=65000, IpAddress="198.51.100.250")
        gateways = self.ec2.describe_vpn_gateways()["VpnGateways"] or [
            self.ec2.create_vpn_gateway(Type="ipsec.1")["VpnGateway"]
        ]
        return customer["CustomerGateway"]["CustomerGatewayId"], gateways[0]["VpnGatewayId"]

    def subnets(self) -> list[str]:
        return [
            self.ec2.create_subnet(
                VpcId=self.vpc(), CidrBlock=f"10.1.255.{16 * n}/28", AvailabilityZone=f"eu-west-1{zone}"
            )["Subnet"]["SubnetId"]
            for n, zone in enumerate("ab")
        ]


def _vpcs(parts: Parts) -> Callable[[int], object]:
    return lambda n: parts.ec2.create_vpc(CidrBlock=f"10.{n}.0.0/16")


def _routes(parts: Parts) -> Callable[[int], object]:
    table = parts.ec2.create_route_table(VpcId=parts.vpc())["RouteTable"]["RouteTableId"]
    gateway = parts.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    parts.ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=parts.vpc())
    return lambda n: parts.ec2.create_route(
        RouteTableId=table, DestinationCidrBlock=f"11.{n // 256}.{n % 256}.0/24", GatewayId=gateway
    )


def _subnets(parts: Parts) -> Callable[[int], object]:
    return lambda n: parts.ec2.create_subnet(VpcId=parts.vpc(), CidrBlock=f"10.1.{n}.0/28")


def _tables(parts: Parts) -> Callable[[int], object]:
    return lambda _: parts.ec2.create_route_table(VpcId=parts.vpc())


def _acls(parts: Parts) -> Callable[[int], object]:
    return lambda _: parts.ec2.create_network_acl(VpcId=parts.vpc())


def _gateways(parts: Parts) -> Callable[[int], object]:
    return lambda _: parts.ec2.create_vpn_gateway(Type="ipsec.1")


def _customers(parts: Parts) -> Callable[[int], object]:
    return lambda n: parts.ec2.create_customer_gateway(
        Type="ipsec.1", BgpAsn=65000, IpAddress=f"198.51.100.{n + 1}"
    )


def _connections(parts: Parts) -> Callable[[int], object]:
    _, gateway = parts.gateways()

    def connect(n: int) -> object:
        customer = parts.ec2.create_customer_gateway(
            Type="ipsec.1", BgpAsn=65000, IpAddress=f"198.51.100.{n + 1}"
        )["CustomerGateway"]["CustomerGatewayId"]
        return parts.ec2.create_vpn_connection(
            Type="ipsec.1", CustomerGatewayId=customer, VpnGatewayId=gateway
        )

    return connect


def _databases(parts: Parts) -> Callable[[int], object]:
    parts.rds.create_db_subnet_group(
        DBSubnetGroupName="all", DBSubnetGroupDescription="two zones", SubnetIds=parts.subnets()
    )
    return lambda n: parts.rds.create_db_instance(**wanted(f"db-{n}", DBSubnetGroupName="all"))


def _groups(parts: Parts) -> Callable[[int], object]:
    return lambda n: parts.rds.create_db_parameter_group(
        DBParameterGroupName=f"group-{n}", DBParameterGroupFamily="mysql8.4", Description="one of many"
    )


def _snapshots(parts: Parts) -> Callable[[int], object]:
    return lambda n: parts.rds.create_db_snapshot(
        DBSnapshotIdentifier=f"snapshot-{n}", DBInstanceIdentifier="db-0"
    )


def test_a_route_table_has_as_many_routes_as_its_quota_says(new: Callable[[str], Any]) -> None:
    one = _routes(Parts(new("ec2"), new("rds")))
    for n in range(quota_table.ROUTES.default):
        one(n)
    with pytest.raises(ClientError, match="RouteLimitExceeded"):
        one(quota_table.ROUTES.default)


def test_rds_makes_as_many_as_the_quota_says_and_more_after_an_increase(
    new: Callable[[str], Any], refusal: Refusal
) -> None:
    parts = Parts(new("ec2"), new("rds"))
    for make, quota, code in (
        (_databases, quota_table.DATABASES, "InstanceQuotaExceeded"),
        (_groups, quota_table.PARAMETER_GROUPS, "DBParameterGroupQuotaExceeded"),
        (_snapshots, quota_table.SNAPSHOTS, "SnapshotQuotaExceeded"),
    ):
        one = make(parts)
        for n in range(quota.default):
            one(n)
        assert refusal(partial(one, quota.default)) == code
    new("service-quotas").request_service_quota_increase(**SNAPSHOTS, DesiredValue=101.0)
    one(100)
    assert refusal(partial(one, 101)) == "SnapshotQuotaExceeded"


@pytest.mark.parametrize(
    ("make", "quota", "code"),
    [
        (_subnets, quota_table.SUBNETS, "SubnetLimitExceeded"),
        (_tables, quota_table.ROUTE_TABLES, "RouteTableLimitExceeded"),
        (_acls, quota_table.NETWORK_ACLS, "NetworkAclLimitExceeded"),
        (_connections, quota_table.CONNECTIONS_OF_GATEWAY, "VpnConnectionLimitExceeded"),
        (_gateways, quota_table.VPN_GATEWAYS, "VpnGatewayLimitExceeded"),
        (_customers, quota_table.CUSTOMER_GATEWAYS, "CustomerGatewayLimitExceeded"),
        (_vpcs, quota_table.VPCS, "VpcLimitExceeded"),
    ],
    ids=lambda value: getattr(value, "name", None),
)
def test_ec2_makes_as_many_as_the_quota_says(
    new: Callable[[str], Any], make: Any, quota: ServiceQuota, code: str
) -> None:
    """Some are there already, in the VPC or the account; the first that is refused is told by its code."""
    one, made = make(Parts(new("ec2"), new("rds"))), 0
    try:
        for made in range(quota.default + 1):
            one(made)
    except ClientError as error:
        refused = error.response["Error"]["Code"]
    assert (refused, quota.default - 5 <= made <= quota.default) == (code, True)


def test_a_vpc_has_at_most_125_peerings_whatever_is_asked_for(quotas: Any) -> None:
    """The local cloud's account has asked for more of what docs/scale.md advises."""
    key = {"ServiceCode": "vpc", "QuotaCode": quota_table.PEERINGS.code}
    assert quotas.get_service_quota(**key)["Quota"]["Value"] == quota_table.PEERINGS.highest == 125


class TestASimulation:
    def test_is_of_policies_groups_boundary_and_context(self, cloud: LocalCloud) -> None:
        iam = Iam(cloud)
        limit = iam.policy(document(allow(["ec2:*", "s3:*"])))
        allowed = allow(["ec2:StopInstances", "rds:*"], StringEquals={"aws:ResourceTag/cell": "one"})
        caller = iam.role(document(allowed), boundary=limit)
        role = caller.arn.replace(":sts:", ":iam:").replace("assumed-role", "role").rpartition("/")[0]

        def decisions(**asked: Any) -> list[str]:
            answer = iam.iam.simulate_principal_policy(
                PolicySourceArn=role,
                ActionNames=["ec2:StopInstances", "rds:DeleteDBInstance", "s3:GetObject"],
                **asked,
            )
            return [each["EvalDecision"] for each in answer["EvaluationResults"]]

        given = {"ContextKeyName": "aws:ResourceTag/cell", "ContextKeyType": "string"}
        assert decisions() == ["implicitDeny"] * 3
        assert decisions(ContextEntries=[{**given, "ContextKeyValues": ["one"]}]) == [
            "allowed",
            "implicitDeny",
            "implicitDeny",
        ]

    def test_of_nobody_is_refused(self, cloud: LocalCloud, refusal: Refusal) -> None:
        simulate = Iam(cloud).iam.simulate_principal_policy
        nobody = "arn:aws:iam::123456789012:role/nobody"
        assert refusal(simulate, PolicySourceArn=nobody, ActionNames=["ec2:*"]) == "NoSuchEntity"
