"""Network ACLs: what is in them from the start, what they take, and when they go."""

from __future__ import annotations

from typing import Any

import pytest
from mypy_boto3_ec2 import EC2Client
from mypy_boto3_ec2.type_defs import NetworkAclTypeDef

from tests.local_cloud.conftest import Refusal
from tests.support.network import Network

LAST = 32767
DENY_LAST = {(LAST, True, "deny"), (LAST, False, "deny")}


def of_vpc(ec2: EC2Client, vpc_id: str) -> list[NetworkAclTypeDef]:
    return ec2.describe_network_acls(Filters=[{"Name": "vpc-id", "Values": [vpc_id]}])["NetworkAcls"]


def described(ec2: EC2Client, acl_id: str) -> NetworkAclTypeDef:
    return ec2.describe_network_acls(NetworkAclIds=[acl_id])["NetworkAcls"][0]


def rules(acl: NetworkAclTypeDef) -> set[tuple[int, bool, str]]:
    return {(each["RuleNumber"], each["Egress"], each["RuleAction"]) for each in acl["Entries"]}


def entry(acl_id: str, number: int, **changes: Any) -> dict[str, Any]:
    return {
        "NetworkAclId": acl_id,
        "RuleNumber": number,
        "Protocol": "-1",
        "RuleAction": "allow",
        "Egress": False,
        "CidrBlock": "0.0.0.0/0",
        **changes,
    }


@pytest.fixture
def acl_id(ec2: EC2Client, network: Network) -> str:
    """A new ACL of the network's VPC."""
    return ec2.create_network_acl(VpcId=network.vpc_id)["NetworkAcl"]["NetworkAclId"]


def associated(ec2: EC2Client, network: Network, acl_id: str) -> str:
    """Move the network's first subnet to the ACL: the new association's ID."""
    associations = [each for acl in of_vpc(ec2, network.vpc_id) for each in acl["Associations"]]
    (present,) = [
        each["NetworkAclAssociationId"] for each in associations if each["SubnetId"] == network.subnet_ids[0]
    ]
    moved = ec2.replace_network_acl_association(AssociationId=present, NetworkAclId=acl_id)
    return moved["NewAssociationId"]


def test_a_vpcs_default_acl_has_all_its_subnets_and_lets_everything_through(
    ec2: EC2Client, network: Network
) -> None:
    (acl,) = of_vpc(ec2, network.vpc_id)
    assert acl["IsDefault"]
    assert rules(acl) == {(100, True, "allow"), (100, False, "allow")} | DENY_LAST
    assert {each["SubnetId"] for each in acl["Associations"]} == set(network.subnet_ids)


def test_acls_are_found_by_their_ids_and_the_others_are_not(ec2: EC2Client, acl_id: str) -> None:
    wanted = [{"Name": "network-acl-id", "Values": [acl_id, "acl-0123456789abcdef0"]}]
    found = ec2.describe_network_acls(Filters=wanted)["NetworkAcls"]  # type: ignore[arg-type]
    assert [each["NetworkAclId"] for each in found] == [acl_id]


def test_a_new_acl_lets_nothing_through(ec2: EC2Client, acl_id: str) -> None:
    acl = described(ec2, acl_id)
    assert not acl["IsDefault"]
    assert rules(acl) == DENY_LAST


def test_a_number_is_used_once_in_either_direction(ec2: EC2Client, acl_id: str, refusal: Refusal) -> None:
    ec2.create_network_acl_entry(**entry(acl_id, 100))
    ec2.create_network_acl_entry(**entry(acl_id, 100, Egress=True, RuleAction="deny"))
    assert rules(described(ec2, acl_id)) == {(100, False, "allow"), (100, True, "deny")} | DENY_LAST
    code = refusal(ec2.create_network_acl_entry, **entry(acl_id, 100, RuleAction="deny"))
    assert code == "NetworkAclEntryAlreadyExists"


@pytest.mark.parametrize("number", [0, LAST, LAST + 1])
def test_the_last_rule_is_nobodys(ec2: EC2Client, acl_id: str, refusal: Refusal, number: int) -> None:
    assert refusal(ec2.create_network_acl_entry, **entry(acl_id, number)) == "InvalidParameterValue"
    named: dict[str, Any] = {"NetworkAclId": acl_id, "RuleNumber": number, "Egress": False}
    assert refusal(ec2.delete_network_acl_entry, **named) == "InvalidParameterValue"


def test_a_direction_has_twenty_rules_besides_the_last_one(
    ec2: EC2Client, acl_id: str, refusal: Refusal
) -> None:
    for number in range(1, 21):
        ec2.create_network_acl_entry(**entry(acl_id, number))
    assert refusal(ec2.create_network_acl_entry, **entry(acl_id, 21)) == "NetworkAclEntryLimitExceeded"
    ec2.create_network_acl_entry(**entry(acl_id, 21, Egress=True))


def test_an_entry_is_removed_once(ec2: EC2Client, acl_id: str, refusal: Refusal) -> None:
    named: dict[str, Any] = {"NetworkAclId": acl_id, "RuleNumber": 100, "Egress": False}
    ec2.create_network_acl_entry(**entry(acl_id, 100))
    ec2.delete_network_acl_entry(**named)
    assert rules(described(ec2, acl_id)) == DENY_LAST
    assert refusal(ec2.delete_network_acl_entry, **named) == "InvalidNetworkAclEntry.NotFound"


def test_a_subnet_has_one_acl_at_a_time(
    ec2: EC2Client, network: Network, acl_id: str, refusal: Refusal
) -> None:
    association = associated(ec2, network, acl_id)
    subnets = {
        acl["NetworkAclId"]: {each["SubnetId"] for each in acl["Associations"]}
        for acl in of_vpc(ec2, network.vpc_id)
    }
    assert subnets.pop(acl_id) == {network.subnet_ids[0]}
    assert [*subnets.values()] == [{network.subnet_ids[1]}]
    unknown: dict[str, Any] = {"AssociationId": association, "NetworkAclId": "acl-0123456789abcdef0"}
    assert refusal(ec2.replace_network_acl_association, **unknown) == "InvalidNetworkAclID.NotFound"
    (kept,) = described(ec2, acl_id)["Associations"]
    assert kept["NetworkAclAssociationId"] == association
    gone: dict[str, Any] = {"AssociationId": "aclassoc-0123456789abcdef0", "NetworkAclId": acl_id}
    assert refusal(ec2.replace_network_acl_association, **gone) == "InvalidAssociationID.NotFound"


def test_an_acl_goes_when_it_has_no_subnet_and_a_default_one_with_its_vpc(
    ec2: EC2Client, acl_id: str, network: Network, refusal: Refusal
) -> None:
    associated(ec2, network, acl_id)
    assert refusal(ec2.delete_network_acl, NetworkAclId=acl_id) == "DependencyViolation"
    ec2.delete_subnet(SubnetId=network.subnet_ids[0])
    ec2.delete_network_acl(NetworkAclId=acl_id)
    assert refusal(ec2.describe_network_acls, NetworkAclIds=[acl_id]) == "InvalidNetworkAclID.NotFound"
    (default,) = of_vpc(ec2, network.vpc_id)
    assert refusal(ec2.delete_network_acl, NetworkAclId=default["NetworkAclId"]) == "InvalidParameterValue"


def test_a_vpc_with_an_acl_of_its_own_stays_and_takes_its_default_one_with_it(
    ec2: EC2Client, refusal: Refusal
) -> None:
    vpc_id = ec2.create_vpc(CidrBlock="10.1.2.0/26")["Vpc"]["VpcId"]
    acl_id = ec2.create_network_acl(VpcId=vpc_id)["NetworkAcl"]["NetworkAclId"]
    assert refusal(ec2.delete_vpc, VpcId=vpc_id) == "DependencyViolation"
    ec2.delete_network_acl(NetworkAclId=acl_id)
    ec2.delete_vpc(VpcId=vpc_id)
    assert of_vpc(ec2, vpc_id) == []
