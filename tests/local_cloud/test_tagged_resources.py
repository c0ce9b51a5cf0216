"""The Resource Groups Tagging API finds what is there, and not what is gone."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from mypy_boto3_ec2 import EC2Client
from mypy_boto3_rds import RDSClient
from mypy_boto3_resourcegroupstaggingapi import ResourceGroupsTaggingAPIClient
from mypy_boto3_route53 import Route53Client

from tests.support.databases import Database
from tests.support.network import Network, VpnSite


@pytest.fixture
def tagging(client: Any) -> ResourceGroupsTaggingAPIClient:
    made: ResourceGroupsTaggingAPIClient = client("resourcegroupstaggingapi")
    return made


def found(tagging: ResourceGroupsTaggingAPIClient, name: str) -> set[str]:
    """The resources, as the last part of their ARNs."""
    resources = tagging.get_resources(TagFilters=[{"Key": "tenantnet:tenant", "Values": [name]}])
    return {mapping["ResourceARN"].split("/")[-1] for mapping in resources["ResourceTagMappingList"]}


def tag(ec2: EC2Client, name: str, *ids: str) -> None:
    ec2.create_tags(Resources=list(ids), Tags=[{"Key": "tenantnet:tenant", "Value": name}])


def test_a_network_is_found_until_it_is_gone(
    ec2: EC2Client, tagging: ResourceGroupsTaggingAPIClient, network: Network, site: VpnSite, name: str
) -> None:
    ids = {
        network.vpc_id,
        network.vpn_gateway_id,
        network.route_table_id,
        site.connection_id,
        site.customer_gateway_id,
    }
    tag(ec2, name, *ids)
    assert found(tagging, name) == ids
    ec2.delete_vpn_connection(VpnConnectionId=site.connection_id)
    ec2.delete_customer_gateway(CustomerGatewayId=site.customer_gateway_id)
    ec2.detach_vpn_gateway(VpcId=network.vpc_id, VpnGatewayId=network.vpn_gateway_id)
    ec2.delete_vpn_gateway(VpnGatewayId=network.vpn_gateway_id)
    assert found(tagging, name) == {network.vpc_id, network.route_table_id}


def test_databases_groups_and_zones_are_found(
    rds: RDSClient,
    route53: Route53Client,
    tagging: ResourceGroupsTaggingAPIClient,
    network: Network,
    name: str,
) -> None:
    tags: Any = [{"Key": "tenantnet:tenant", "Value": name}]
    rds.create_db_parameter_group(
        DBParameterGroupName=name, DBParameterGroupFamily="mysql8.4", Description="a test's", Tags=tags
    )
    Database.create(rds, name, network, Tags=tags)
    zone = route53.create_hosted_zone(Name=f"{name}.example.com", CallerReference=name)["HostedZone"]["Id"]
    zone_id = zone.rpartition("/")[2]
    route53.change_tags_for_resource(ResourceType="hostedzone", ResourceId=zone_id, AddTags=tags)
    arn = "arn:aws:rds:eu-west-1:123456789012"
    assert {f"{arn}:db:{name}", f"{arn}:pg:{name}", zone_id} <= found(tagging, name)


def test_tags_that_change_while_they_are_listed_break_no_answer(
    ec2: EC2Client, network: Network, name: str
) -> None:
    """moto looks through all tags for those of one resource."""
    tags: Any = [{"Key": f"key-{number}", "Value": name} for number in range(40)]
    groups = [
        ec2.create_security_group(
            GroupName=f"{name}-{number}",
            Description=name,
            VpcId=network.vpc_id,
            TagSpecifications=[{"ResourceType": "security-group", "Tags": tags}],
        )["GroupId"]
        for number in range(40)
    ]
    with ThreadPoolExecutor() as pool:
        listed = [pool.submit(ec2.describe_security_groups, GroupIds=groups) for _ in range(20)]
        while not all(each.done() for each in listed):
            ec2.delete_tags(Resources=groups, Tags=tags)
            ec2.create_tags(Resources=groups, Tags=tags)
        assert [len(each.result()["SecurityGroups"]) for each in listed] == [40] * 20
