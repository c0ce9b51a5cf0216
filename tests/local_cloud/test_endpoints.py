"""VPC endpoints: their policies and zones, and whether Session Manager's agent gets through them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from mypy_boto3_ec2 import EC2Client
from tenacity import retry, retry_if_exception_message, stop_after_delay, wait_fixed
from tenantnet.components.tunnel_host import AGENT_ACTIONS, endpoint_policy

from tests.local_cloud.conftest import Refusal
from tests.support.network import Network
from tests.support.tunnels import ACCOUNT, REGION

Clients = Callable[[str], Any]
STRANGER = "999999999999"


def service(name: str) -> str:
    return f"com.amazonaws.{REGION}.{name}"


def endpoint(ec2: EC2Client, network: Network, **settings: Any) -> str:
    asked = {
        "ServiceName": service("ssm"),
        "VpcEndpointType": "Interface",
        "SubnetIds": network.subnet_ids,
        **settings,
    }
    return ec2.create_vpc_endpoint(VpcId=network.vpc_id, **asked)["VpcEndpoint"]["VpcEndpointId"]


def described(ec2: EC2Client, endpoint_id: str) -> Any:
    return ec2.describe_vpc_endpoints(VpcEndpointIds=[endpoint_id])["VpcEndpoints"][0]


def subnets_of(ec2: EC2Client, endpoint_id: str) -> set[str]:
    """Where the endpoint's interfaces are."""
    ids = described(ec2, endpoint_id)["NetworkInterfaceIds"]
    found = ec2.describe_network_interfaces(NetworkInterfaceIds=ids)["NetworkInterfaces"]
    return {each["SubnetId"] for each in found}


def test_an_endpoint_keeps_the_policy_that_it_was_given(ec2: EC2Client, network: Network) -> None:
    policy = endpoint_policy(ACCOUNT, "ssm")
    made = endpoint(ec2, network, PolicyDocument=policy)
    assert json.loads(described(ec2, made)["PolicyDocument"]) == json.loads(policy)


@pytest.mark.parametrize(
    "policy",
    [
        "no JSON",
        "[]",
        '{"Version": "2012-10-17", "Statement": []}',
        '{"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}',
        '{"Statement": [{"Effect": "Perhaps", "Principal": "*", "Action": "*", "Resource": "*"}]}',
    ],
)
def test_what_is_no_policy_is_refused_when_it_is_made_and_when_it_is_changed(
    ec2: EC2Client, network: Network, refusal: Refusal, policy: str
) -> None:
    made = endpoint(ec2, network)
    asked = {"ec2": ec2, "network": network, "PolicyDocument": policy}
    assert refusal(endpoint, **asked) == "InvalidPolicyDocument"
    code = refusal(ec2.modify_vpc_endpoint, VpcEndpointId=made, PolicyDocument=policy)
    assert code == "InvalidPolicyDocument"


def test_a_second_zone_brings_an_interface_of_its_own(ec2: EC2Client, network: Network) -> None:
    first, second = network.subnet_ids
    made = endpoint(ec2, network, SubnetIds=[first])
    ec2.modify_vpc_endpoint(VpcEndpointId=made, AddSubnetIds=[second])
    assert subnets_of(ec2, made) == {first, second}
    ec2.modify_vpc_endpoint(VpcEndpointId=made, RemoveSubnetIds=[first])
    assert subnets_of(ec2, made) == {second}


def test_two_subnets_of_one_zone_are_refused(ec2: EC2Client, network: Network, refusal: Refusal) -> None:
    more = ec2.create_subnet(VpcId=network.vpc_id, CidrBlock="10.1.2.32/28", AvailabilityZone=f"{REGION}a")[
        "Subnet"
    ]["SubnetId"]
    made = endpoint(ec2, network)
    code = refusal(ec2.modify_vpc_endpoint, VpcEndpointId=made, AddSubnetIds=[more])
    assert code == "DuplicateSubnetsInSameZone"
    both = [network.subnet_ids[0], more]
    code = refusal(endpoint, ec2=ec2, network=network, SubnetIds=both)
    assert code == "DuplicateSubnetsInSameZone"


@pytest.fixture
def host(client: Clients, ec2: EC2Client, network: Network, name: str) -> str:
    """A running instance with a role, whose agent needs Session Manager."""
    iam = client("iam")
    iam.create_role(RoleName=name, AssumeRolePolicyDocument='{"Version": "2012-10-17", "Statement": []}')
    iam.create_instance_profile(InstanceProfileName=name)
    iam.add_role_to_instance_profile(InstanceProfileName=name, RoleName=name)
    instance = started(ec2, network, name)
    ec2.get_waiter("instance_running").wait(InstanceIds=[instance], WaiterConfig={"Delay": 1})
    return instance


# As the provider does while IAM tells EC2 of the profile.
@retry(
    retry=retry_if_exception_message(match=".*Invalid IAM Instance Profile"),
    stop=stop_after_delay(10),
    wait=wait_fixed(0.05),
    reraise=True,
)
def started(ec2: EC2Client, network: Network, profile: str) -> str:
    return ec2.run_instances(
        ImageId=ec2.describe_images()["Images"][0]["ImageId"],
        MinCount=1,
        MaxCount=1,
        SubnetId=network.subnet_ids[0],
        IamInstanceProfile={"Name": profile},
    )["Instances"][0]["InstanceId"]


def start(client: Clients, host: str) -> object:
    return client("ssm").start_session(
        Target=host,
        DocumentName="AWS-StartPortForwardingSessionToRemoteHost",
        Parameters={"host": ["acme.db.example.com"], "portNumber": ["3306"]},
    )


def test_the_agent_gets_through_the_endpoints_of_the_component(
    client: Clients, ec2: EC2Client, network: Network, host: str
) -> None:
    for each in AGENT_ACTIONS:
        endpoint(ec2, network, ServiceName=service(each), PolicyDocument=endpoint_policy(ACCOUNT, each))
    assert start(client, host)


@pytest.mark.parametrize("closed", ["ssm", "ssmmessages"])
def test_an_endpoint_for_another_account_cuts_the_agent_off(
    client: Clients, ec2: EC2Client, network: Network, host: str, refusal: Refusal, closed: str
) -> None:
    for each in AGENT_ACTIONS:
        policy = endpoint_policy(STRANGER if each == closed else ACCOUNT, each)
        endpoint(ec2, network, ServiceName=service(each), PolicyDocument=policy)
    assert refusal(start, client=client, host=host) == "TargetNotConnected"
