"""A database's port is opened and closed to its clients through EC2's API, as its stack declares it."""

from __future__ import annotations

from typing import Any

import pytest
from mypy_boto3_ec2 import EC2Client
from tenantnet.components.security import rule_properties
from tenantnet.failure import Failure
from tenantnet.local_cloud.process import LocalCloud
from tenantnet.runner.live.ports import ClientPorts
from tenantnet.settings.loading import load_tenant
from tenantnet.stacks.clients import client_rules
from tenantnet.tags import Owner, Part, Slot

from tests.support import component_samples as samples
from tests.support.aws import lead_here
from tests.support.databases import PASSWORD
from tests.support.network import Network

GREEN = Slot.GREEN


@pytest.fixture
def ports(name: str, cloud: LocalCloud, monkeypatch: pytest.MonkeyPatch) -> ClientPorts:
    lead_here(monkeypatch, cloud)
    networks = {
        "blue": samples.network("10.1.2.0/26"),
        "green": samples.network("10.9.8.64/26", "192.168.5.0/24"),
    }
    settings = load_tenant("acme", samples.tenant(networks=networks), password=PASSWORD)
    return ClientPorts(settings, Owner(cell="eu1", tenant=name), "eu-west-1")


@pytest.fixture
def group(ec2: EC2Client, network: Network, ports: ClientPorts) -> str:
    tags = ports.owner.in_network(GREEN).tags("its name", part=Part.DATABASE)
    return ec2.create_security_group(
        GroupName=str(ports.owner.tenant),
        Description="database",
        VpcId=network.vpc_id,
        TagSpecifications=[
            {
                "ResourceType": "security-group",
                "Tags": [{"Key": key, "Value": value} for key, value in tags.items()],
            }
        ],
    )["GroupId"]


def rules_of(ec2: EC2Client, group: str) -> list[dict[str, Any]]:
    found = ec2.describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [group]}])
    return [dict(rule) for rule in found["SecurityGroupRules"] if not rule["IsEgress"]]


def test_an_open_port_has_the_rules_that_the_stack_declares(
    ec2: EC2Client, ports: ClientPorts, group: str
) -> None:
    ports.open(GREEN)
    ports.open(GREEN)
    wanted = client_rules(ports.settings, ports.owner.in_network(GREEN), group)
    declared = [rule_properties(name, rule) for name, rule in wanted.items()]
    made = [
        {
            "security_group_id": rule["GroupId"],
            "cidr_ipv4": rule["CidrIpv4"],
            "ip_protocol": rule["IpProtocol"],
            "from_port": rule["FromPort"],
            "to_port": rule["ToPort"],
            "description": rule["Description"],
            "tags": {tag["Key"]: tag["Value"] for tag in rule["Tags"]},
        }
        for rule in rules_of(ec2, group)
    ]
    assert sorted(made, key=str) == sorted(declared, key=str)
    assert ports.opened(GREEN).keys() == wanted.keys()


def test_a_closed_port_keeps_what_lets_no_client_in(ec2: EC2Client, ports: ClientPorts, group: str) -> None:
    host = {"IpProtocol": "tcp", "FromPort": 3306, "ToPort": 3306, "IpRanges": [{"CidrIp": "10.32.0.10/32"}]}
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[host])  # type: ignore[list-item] # its words
    ports.close(GREEN)
    ports.open(GREEN)
    assert len(rules_of(ec2, group)) == 3
    ports.close(GREEN)
    assert [rule["CidrIpv4"] for rule in rules_of(ec2, group)] == ["10.32.0.10/32"]
    assert ports.opened(GREEN) == {}


def test_a_group_that_is_not_there_is_named(ports: ClientPorts) -> None:
    with pytest.raises(Failure, match="tenantnet up"):
        ports.open(Slot.BLUE)
