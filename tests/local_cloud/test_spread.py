"""What was just made is not known everywhere yet: IAM to other services, changes to all name servers."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tenantnet.local_cloud.process import LocalCloud

from tests.support.roles import Iam, allow, document

CONNECTION = "arn:aws:codeconnections:eu-west-1:123456789012:connection/11111111-2222-3333-4444-555555555555"
PACE = 0.05
# How long AWS takes, by its documentation; see the constants of the local cloud.
IAM_SECONDS, DNS_SECONDS = 10.0, 60.0
# Of EC2's describes and of callers' rights. Time enough for three calls, on a busy machine too.
LAG_SECONDS = 2.0


@pytest.fixture(scope="module")
def administrator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Iam]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TENANTNET_LOCAL_PACE", str(PACE))
        patch.setenv("TENANTNET_LOCAL_LAG", str(LAG_SECONDS))
        with LocalCloud(tmp_path_factory.mktemp("slow"), real_databases=False) as running:
            yield Iam(running)


@pytest.fixture(scope="module")
def slow(administrator: Iam) -> Callable[[str], Any]:
    return administrator.administrator.client


def role(iam: Any, name: str, service: str) -> str:
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    return str(iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"])


def first_success(call: Callable[[], object], code: str) -> float:
    """Seconds until a call is no longer refused with this code."""
    began = time.monotonic()
    while time.monotonic() < began + 30:
        try:
            call()
        except ClientError as error:
            if error.response["Error"]["Code"] != code:
                raise
            time.sleep(0.02)
        else:
            return time.monotonic() - began
    raise AssertionError("it is refused for ever")


def test_codebuild_refuses_a_connection_until_it_knows_the_roles_rights(slow: Callable[[str], Any]) -> None:
    """https://github.com/aws/aws-cdk/issues/38504."""
    iam, codebuild = slow("iam"), slow("codebuild")
    arn = role(iam, "builder", "codebuild.amazonaws.com")
    use = {"Effect": "Allow", "Action": "codeconnections:UseConnection", "Resource": CONNECTION}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [use]})
    iam.put_role_policy(RoleName="builder", PolicyName="builder", PolicyDocument=policy)

    def create() -> None:
        codebuild.create_project(
            name="runner",
            serviceRole=arn,
            source={
                "type": "GITHUB",
                "location": "https://github.com/example/tenants.git",
                "auth": {"type": "CODECONNECTIONS", "resource": CONNECTION},
            },
            artifacts={"type": "NO_ARTIFACTS"},
            environment={
                "type": "LINUX_CONTAINER",
                "image": "example/runner:1",
                "computeType": "BUILD_GENERAL1_SMALL",
            },
        )

    assert first_success(create, "OAuthProviderException") >= IAM_SECONDS * PACE * 0.5


def test_ec2_refuses_a_profile_until_it_knows_it(slow: Callable[[str], Any]) -> None:
    """As the provider expects it: it tries "Invalid IAM Instance Profile" again for two minutes."""
    iam, ec2 = slow("iam"), slow("ec2")
    image = ec2.describe_images()["Images"][0]["ImageId"]
    role(iam, "host", "ec2.amazonaws.com")
    iam.create_instance_profile(InstanceProfileName="host")
    iam.add_role_to_instance_profile(InstanceProfileName="host", RoleName="host")

    def run() -> None:
        ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1, IamInstanceProfile={"Name": "host"})

    assert first_success(run, "InvalidParameterValue") >= IAM_SECONDS * PACE * 0.5


def test_what_a_caller_may_is_known_a_moment_later(administrator: Iam) -> None:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency."""
    user = administrator.user(name="late")
    topics = user.client("sns").list_topics
    asked = {"UserName": "late", "PolicyName": "p"}
    administrator.iam.put_user_policy(**asked, PolicyDocument=document(allow("sns:ListTopics")))
    with pytest.raises(ClientError, match="AuthorizationError"):
        topics()
    first_success(topics, "AuthorizationError")
    administrator.iam.delete_user_policy(**asked)
    topics()
    time.sleep(LAG_SECONDS)
    with pytest.raises(ClientError, match="AuthorizationError"):
        topics()


def test_ec2_describes_what_it_made_a_moment_later(slow: Callable[[str], Any]) -> None:
    """https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html."""
    ec2 = slow("ec2")
    image = ec2.describe_images()["Images"][0]["ImageId"]
    later: list[tuple[Callable[[], object], str]] = []

    def late(what: str, made: str, code: str) -> str:
        """An ID that its describe does not know yet, neither by name nor in its list."""
        describe = getattr(ec2, f"describe_{what}s")
        ids = {f"{what.title().replace('_', '')}Ids".replace("SecurityGroupIds", "GroupIds"): [made]}
        with pytest.raises(ClientError, match=code):
            describe(**ids)
        assert made not in str(describe())
        later.append((lambda: describe(**ids), code))
        return made

    made = ec2.create_vpc(CidrBlock="10.1.0.0/24")["Vpc"]["VpcId"]
    vpc = late("vpc", made, "InvalidVpcID.NotFound")
    made = ec2.create_subnet(VpcId=vpc, CidrBlock="10.1.0.0/28")["Subnet"]["SubnetId"]
    subnet = late("subnet", made, "InvalidSubnetID.NotFound")
    made = ec2.create_security_group(GroupName="g", Description="d", VpcId=vpc)["GroupId"]
    group = late("security_group", made, "InvalidGroup.NotFound")
    rule = {"IpProtocol": "tcp", "FromPort": 1, "ToPort": 1, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}
    rules = ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[rule])["SecurityGroupRules"]
    late("security_group_rule", rules[0]["SecurityGroupRuleId"], "InvalidSecurityGroupRuleId.NotFound")
    made = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    late("route_table", made, "InvalidRouteTableID.NotFound")
    hosts = ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1, SubnetId=subnet)["Instances"]
    late("instance", hosts[0]["InstanceId"], "InvalidInstanceID.NotFound")
    made = ec2.create_vpn_gateway(Type="ipsec.1")["VpnGateway"]["VpnGatewayId"]
    gateway = late("vpn_gateway", made, "InvalidVpnGatewayID.NotFound")
    company = ec2.create_customer_gateway(Type="ipsec.1", BgpAsn=65000, IpAddress="198.51.100.7")
    made = late(
        "customer_gateway",
        company["CustomerGateway"]["CustomerGatewayId"],
        "InvalidCustomerGatewayID.NotFound",
    )
    vpn = ec2.create_vpn_connection(Type="ipsec.1", VpnGatewayId=gateway, CustomerGatewayId=made)
    late("vpn_connection", vpn["VpnConnection"]["VpnConnectionId"], "InvalidVpnConnectionID.NotFound")
    endpoint = ec2.create_vpc_endpoint(VpcId=vpc, ServiceName="com.amazonaws.eu-west-1.s3")["VpcEndpoint"]
    late("vpc_endpoint", endpoint["VpcEndpointId"], "InvalidVpcEndpointId.NotFound")
    for describe, code in later:
        first_success(describe, code)


def test_a_change_in_dns_is_pending_for_a_minute_of_awss(slow: Callable[[str], Any]) -> None:
    route53 = slow("route53")
    began = time.monotonic()
    change = route53.create_hosted_zone(Name="late.example.com", CallerReference="late")["ChangeInfo"]
    assert change["Status"] == "PENDING"
    while route53.get_change(Id=change["Id"])["ChangeInfo"]["Status"] == "PENDING":
        assert time.monotonic() < began + 30
        time.sleep(0.05)
    assert time.monotonic() - began >= DNS_SECONDS * PACE * 0.9
