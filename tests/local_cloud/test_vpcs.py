"""Peerings between VPCs, and instances in them."""

from __future__ import annotations

from typing import Any

import pytest
from mypy_boto3_ec2 import EC2Client
from mypy_boto3_ssm import SSMClient

from tests.local_cloud.conftest import Refusal
from tests.support.network import Network

IMAGE_PARAMETER = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64"


def vpc(ec2: EC2Client, cidr: str) -> str:
    return ec2.create_vpc(CidrBlock=cidr)["Vpc"]["VpcId"]


def peer(ec2: EC2Client, requester: str, accepter: str) -> str:
    peering = ec2.create_vpc_peering_connection(VpcId=requester, PeerVpcId=accepter)
    return peering["VpcPeeringConnection"]["VpcPeeringConnectionId"]


def peering_status(ec2: EC2Client, peering_id: str) -> str:
    found = ec2.describe_vpc_peering_connections(VpcPeeringConnectionIds=[peering_id])
    return found["VpcPeeringConnections"][0]["Status"]["Code"]


def test_a_peering_is_accepted_and_active(ec2: EC2Client) -> None:
    peering_id = peer(ec2, vpc(ec2, "10.1.0.0/26"), vpc(ec2, "10.2.0.0/26"))
    assert peering_status(ec2, peering_id) == "pending-acceptance"
    ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=peering_id)
    assert peering_status(ec2, peering_id) == "active"


def test_peerings_are_found_by_their_tags_states_and_vpcs(ec2: EC2Client) -> None:
    requester = vpc(ec2, "10.1.0.0/26")
    peering_id = peer(ec2, requester, vpc(ec2, "10.2.0.0/26"))
    ec2.create_tags(Resources=[peering_id], Tags=[{"Key": "Name", "Value": peering_id}])

    def found(code: str, side: str) -> list[str]:
        named = {
            "tag:Name": [peering_id],
            "status-code": [code],
            f"{side}-vpc-info.vpc-id": [requester],
        }
        peerings = ec2.describe_vpc_peering_connections(
            Filters=[{"Name": name, "Values": values} for name, values in named.items()]
        )
        return [each["VpcPeeringConnectionId"] for each in peerings["VpcPeeringConnections"]]

    assert found("pending-acceptance", "requester") == [peering_id]
    assert found("active", "requester") == found("pending-acceptance", "accepter") == []


@pytest.mark.parametrize("cidr", ["10.1.0.0/26", "10.1.0.0/16", "10.1.0.32/28"])
def test_a_peering_of_overlapping_vpcs_fails(ec2: EC2Client, refusal: Refusal, cidr: str) -> None:
    peering_id = peer(ec2, vpc(ec2, "10.1.0.0/26"), vpc(ec2, cidr))
    assert peering_status(ec2, peering_id) == "failed"
    code = refusal(ec2.accept_vpc_peering_connection, VpcPeeringConnectionId=peering_id)
    assert code == "InvalidStateTransition"


def test_two_vpcs_have_one_peering_whoever_asks(ec2: EC2Client, refusal: Refusal) -> None:
    first, second = vpc(ec2, "10.1.0.0/26"), vpc(ec2, "10.2.0.0/26")
    peering_id = peer(ec2, first, second)
    for requester, accepter in ((first, second), (second, first)):
        code = refusal(ec2.create_vpc_peering_connection, VpcId=requester, PeerVpcId=accepter)
        assert code == "VpcPeeringConnectionAlreadyExists"
    ec2.delete_vpc_peering_connection(VpcPeeringConnectionId=peering_id)
    peer(ec2, first, second)


@pytest.fixture
def image(client: Any) -> str:
    """The newest Amazon Linux 2023 for arm64, as AWS publishes it."""
    ssm: SSMClient = client("ssm")
    return ssm.get_parameter(Name=IMAGE_PARAMETER)["Parameter"]["Value"]


def run(ec2: EC2Client, network: Network, image: str, **settings: Any) -> str:
    group = ec2.create_security_group(GroupName="hosts", Description="hosts", VpcId=network.vpc_id)["GroupId"]
    interface = {
        "DeviceIndex": 0,
        "SubnetId": network.subnet_ids[0],
        "Groups": [group],
        "AssociatePublicIpAddress": False,
        "PrivateIpAddress": "10.1.2.10",
    }
    return ec2.run_instances(
        ImageId=image,
        InstanceType="t4g.nano",
        MinCount=1,
        MaxCount=1,
        NetworkInterfaces=[interface],  # type: ignore[list-item] # a literal
        **settings,
    )["Instances"][0]["InstanceId"]


def instance(ec2: EC2Client, instance_id: str) -> Any:
    return ec2.describe_instances(InstanceIds=[instance_id])["Reservations"][0]["Instances"][0]


def test_the_published_image_is_for_arm64(ec2: EC2Client, image: str) -> None:
    described = ec2.describe_images(ImageIds=[image])["Images"][0]
    assert described["Architecture"] == "arm64"
    assert described["State"] == "available"


def test_a_changed_metadata_option_leaves_the_others(ec2: EC2Client, network: Network, image: str) -> None:
    wanted: Any = {"HttpTokens": "required", "HttpPutResponseHopLimit": 2, "InstanceMetadataTags": "enabled"}
    host = run(ec2, network, image, MetadataOptions=wanted)
    before = instance(ec2, host)["MetadataOptions"]
    ec2.modify_instance_metadata_options(InstanceId=host, HttpTokens="optional")
    assert instance(ec2, host)["MetadataOptions"] == {**before, "HttpTokens": "optional"}
    ec2.modify_instance_metadata_options(InstanceId=host, HttpPutResponseHopLimit=1)
    assert instance(ec2, host)["MetadataOptions"]["HttpPutResponseHopLimit"] == 1


def test_an_instance_has_its_interfaces_groups_and_no_public_address(
    ec2: EC2Client, network: Network, image: str
) -> None:
    host = instance(ec2, run(ec2, network, image))
    assert [group["GroupName"] for group in host["SecurityGroups"]] == ["hosts"]
    assert host["PrivateIpAddress"] == "10.1.2.10"
    assert "PublicIpAddress" not in host
    assert "Association" not in host["NetworkInterfaces"][0], "an association means a public address"


def test_changing_the_interfaces_groups_changes_the_instances(
    ec2: EC2Client, network: Network, image: str
) -> None:
    host = instance(ec2, run(ec2, network, image))
    other = ec2.create_security_group(GroupName="other", Description="other", VpcId=network.vpc_id)
    interface_id = host["NetworkInterfaces"][0]["NetworkInterfaceId"]
    ec2.modify_network_interface_attribute(NetworkInterfaceId=interface_id, Groups=[other["GroupId"]])
    host = instance(ec2, host["InstanceId"])
    assert [group["GroupId"] for group in host["SecurityGroups"]] == [other["GroupId"]]
    assert [group["GroupId"] for group in host["NetworkInterfaces"][0]["Groups"]] == [other["GroupId"]]


def test_an_encrypted_root_volume_needs_no_size(ec2: EC2Client, network: Network, image: str) -> None:
    root = ec2.describe_images(ImageIds=[image])["Images"][0]["RootDeviceName"]
    mapping: Any = [{"DeviceName": root, "Ebs": {"Encrypted": True}}]
    host = instance(ec2, run(ec2, network, image, BlockDeviceMappings=mapping))
    volume_id = host["BlockDeviceMappings"][0]["Ebs"]["VolumeId"]
    volume = ec2.describe_volumes(VolumeIds=[volume_id])["Volumes"][0]
    assert (volume["Size"], volume["Encrypted"]) == (8, True)


def test_a_stopped_instance_changes_its_type(ec2: EC2Client, network: Network, image: str) -> None:
    instance_id = run(ec2, network, image)
    ec2.stop_instances(InstanceIds=[instance_id])
    ec2.modify_instance_attribute(InstanceId=instance_id, InstanceType={"Value": "t4g.micro"})
    ec2.start_instances(InstanceIds=[instance_id])
    ec2.get_waiter("instance_running").wait(
        InstanceIds=[instance_id], WaiterConfig={"Delay": 1, "MaxAttempts": 20}
    )
    host = instance(ec2, instance_id)
    assert (host["InstanceType"], host["State"]["Name"]) == ("t4g.micro", "running")
    assert host["PrivateIpAddress"] == "10.1.2.10"


def test_an_address_has_one_host_and_is_free_when_that_is_gone(
    ec2: EC2Client, network: Network, image: str, refusal: Refusal
) -> None:
    asked: dict[str, Any] = {
        "ImageId": image,
        "MinCount": 1,
        "MaxCount": 1,
        "SubnetId": network.subnet_ids[0],
        "PrivateIpAddress": "10.1.2.9",
    }
    first = ec2.run_instances(**asked)["Instances"][0]["InstanceId"]
    assert refusal(ec2.run_instances, **asked) == "InvalidIPAddress.InUse"
    outside = {**asked, "PrivateIpAddress": "10.1.2.20"}
    assert refusal(ec2.run_instances, **outside) == "InvalidParameterValue"
    ec2.terminate_instances(InstanceIds=[first])
    assert ec2.run_instances(**asked)["Instances"][0]["PrivateIpAddress"] == "10.1.2.9"
