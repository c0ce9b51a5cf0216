"""The tunnel host's address and image, and what Session Manager's endpoints let through."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tenantnet.components.tunnel_host import AGENT_ACTIONS

from tests.support.mock_engine import RecordingEngine
from tests.support.mock_stacks import declare_cell

ENDPOINT, SUBNET = "aws:ec2/vpcEndpoint:VpcEndpoint", "aws:ec2/subnet:Subnet"
INSTANCE, EGRESS = "aws:ec2/instance:Instance", "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
EXISTING = {
    "vpcId": "vpc-0123456789abcdef0",
    "subnetId": "subnet-0123456789abcdef0",
    "routeTableId": "rtb-0123456789abcdef0",
}


def host(engine: RecordingEngine) -> dict[str, Any]:
    return engine.one(INSTANCE, "local-tunnel-host").inputs


@pytest.mark.parametrize("service", AGENT_ACTIONS)
def test_an_endpoint_lets_through_the_agents_calls_of_this_account_alone(
    cell: RecordingEngine, service: str
) -> None:
    endpoint = cell.one(ENDPOINT, f"local-tunnel-host-{service}").inputs
    [statement] = json.loads(endpoint["policy"])["Statement"]
    assert statement["Condition"] == {"StringEquals": {"aws:PrincipalAccount": "123456789012"}}
    assert statement["Action"].startswith(f"{service}:")


def test_the_endpoints_are_in_both_zones_of_the_cell(cell: RecordingEngine) -> None:
    subnets = {each.name: each.inputs for each in cell.of_type(SUBNET)}
    assert {each["availabilityZone"] for each in subnets.values()} == {"eu-west-1a", "eu-west-1b"}
    for endpoint in cell.of_type(ENDPOINT):
        assert endpoint.inputs["subnetIds"] == ["id-local-tunnel", "id-local-tunnel-b"]


def test_the_host_reaches_the_endpoints_in_both_zones_and_nobody_else_does(cell: RecordingEngine) -> None:
    https = {each.inputs["cidrIpv4"] for each in cell.of_type(EGRESS) if each.inputs["toPort"] == 443}
    assert https == {"10.32.0.0/26", "10.32.0.64/26"}
    [admitted] = [each.inputs["cidrIpv4"] for each in cell.of_type(INGRESS)]
    assert admitted == "10.32.0.0/26"


def test_a_services_range_of_one_subnet_has_endpoints_in_one_zone() -> None:
    cell = declare_cell(services={"cidr": "10.32.0.0/26"})
    assert [each.name for each in cell.of_type(SUBNET)] == ["local-tunnel"]
    assert {len(each.inputs["subnetIds"]) for each in cell.of_type(ENDPOINT)} == {1}


def test_ec2_chooses_the_address_of_the_first_host(cell: RecordingEngine) -> None:
    assert "privateIp" not in host(cell)


def test_a_later_host_gets_the_address_that_tenants_have_in_their_routes() -> None:
    assert host(declare_cell(previous={"tunnelHostAddress": "10.32.0.41"}))["privateIp"] == "10.32.0.41"


def test_an_address_of_a_network_that_the_settings_have_left_is_not_kept() -> None:
    moved = declare_cell(previous={"tunnelHostAddress": "10.32.0.41"}, services={"cidr": "10.40.0.0/16"})
    assert "privateIp" not in host(moved)


def test_a_host_in_an_existing_network_keeps_its_address_too() -> None:
    remembered = {"tunnelHostAddress": "10.32.7.5"}
    cell = declare_cell(previous=remembered, services={"cidr": "10.32.0.0/16", **EXISTING})
    assert host(cell)["privateIp"] == "10.32.7.5"
    assert {len(each.inputs["subnetIds"]) for each in cell.of_type(ENDPOINT)} == {1}


def test_the_image_of_the_settings_is_the_hosts() -> None:
    cell = declare_cell(services={"tunnelHostImage": "ami-0fedcba9876543210"})
    assert host(cell)["ami"] == "ami-0fedcba9876543210"
