"""Parameter groups and subnet groups of databases."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from mypy_boto3_ec2 import EC2Client
from mypy_boto3_rds import RDSClient

from tests.local_cloud.conftest import Refusal
from tests.support.databases import Database, wanted
from tests.support.network import Network


@pytest.fixture
def group(rds: RDSClient, name: str) -> str:
    rds.create_db_parameter_group(
        DBParameterGroupName=name, DBParameterGroupFamily="mysql8.4", Description="a test's"
    )
    return name


def values(rds: RDSClient, group: str, source: str) -> dict[str, str]:
    pages = rds.get_paginator("describe_db_parameters").paginate(DBParameterGroupName=group, Source=source)
    return {
        parameter["ParameterName"]: parameter["ParameterValue"]
        for page in pages
        for parameter in page["Parameters"]
    }


def set_parameter(rds: RDSClient, group: str, name: str, value: str, method: Any = "immediate") -> None:
    rds.modify_db_parameter_group(
        DBParameterGroupName=group,
        Parameters=[{"ParameterName": name, "ParameterValue": value, "ApplyMethod": method}],
    )


def test_the_fence_is_a_dynamic_parameter(rds: RDSClient, group: str) -> None:
    assert values(rds, group, "system")["read_only"] == "{TrueIfReplica}"
    set_parameter(rds, group, "read_only", "1")
    set_parameter(rds, group, "require_secure_transport", "1")
    assert values(rds, group, "user") == {"read_only": "1", "require_secure_transport": "1"}
    rds.reset_db_parameter_group(
        DBParameterGroupName=group,
        Parameters=[{"ParameterName": "read_only", "ApplyMethod": "immediate"}],
    )
    assert values(rds, group, "user") == {"require_secure_transport": "1"}
    rds.reset_db_parameter_group(DBParameterGroupName=group, ResetAllParameters=True)
    assert values(rds, group, "user") == {}


@pytest.mark.parametrize(
    ("parameter", "value", "method", "code"),
    [
        ("read_only", "2", "immediate", "InvalidParameterValue"),
        ("require_secure_transport", "yes", "immediate", "InvalidParameterValue"),
        ("binlog_format", "row", "immediate", "InvalidParameterValue"),
        ("max_connections", "0", "immediate", "InvalidParameterValue"),
        ("long_query_time", "-1", "immediate", "InvalidParameterValue"),
        ("read-only", "1", "immediate", "InvalidParameterValue"),
        ("expire_logs_days", "3", "immediate", "InvalidParameterValue"),
        ("gtid-mode", "ON", "immediate", "InvalidParameterCombination"),
    ],
)
def test_a_parameter_keeps_its_rules(
    rds: RDSClient, refusal: Refusal, group: str, parameter: str, value: str, method: str, code: str
) -> None:
    asked = {"ParameterName": parameter, "ParameterValue": value, "ApplyMethod": method}
    good = {"ParameterName": "slow_query_log", "ParameterValue": "1", "ApplyMethod": "immediate"}
    given = refusal(rds.modify_db_parameter_group, DBParameterGroupName=group, Parameters=[good, asked])
    assert given == code
    assert values(rds, group, "user") == {}, "a refused call sets nothing"


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("long_query_time", "0.5"),
        ("max_connections", "{DBInstanceClassMemory/12582880}"),
        ("read_only", "{TrueIfReplica}"),
        ("sql_mode", "STRICT_TRANS_TABLES,NO_ZERO_DATE"),
    ],
)
def test_numbers_formulas_and_lists_are_values(
    rds: RDSClient, group: str, parameter: str, value: str
) -> None:
    set_parameter(rds, group, parameter, value)
    assert values(rds, group, "user") == {parameter: value}


def test_a_call_sets_twenty_parameters_at_most(rds: RDSClient, refusal: Refusal, group: str) -> None:
    one = {"ParameterName": "slow_query_log", "ParameterValue": "1", "ApplyMethod": "immediate"}
    code = refusal(rds.modify_db_parameter_group, DBParameterGroupName=group, Parameters=[one] * 21)
    assert code == "InvalidParameterValue"


def test_an_unknown_family_is_refused(rds: RDSClient, refusal: Refusal, name: str) -> None:
    code = refusal(
        rds.create_db_parameter_group,
        DBParameterGroupName=name,
        DBParameterGroupFamily="mysql9.9",
        Description="none",
    )
    assert code == "InvalidParameterValue"


def test_an_unknown_group_is_an_error_and_not_an_empty_list(
    rds: RDSClient, refusal: Refusal, name: str
) -> None:
    assert refusal(rds.describe_db_parameter_groups, DBParameterGroupName=name) == "DBParameterGroupNotFound"


def test_a_group_fits_the_versions_of_its_family_only(
    rds: RDSClient, refusal: Refusal, network: Network, group: str
) -> None:
    rds.create_db_subnet_group(
        DBSubnetGroupName=group, DBSubnetGroupDescription="two zones", SubnetIds=network.subnet_ids
    )
    code = refusal(rds.create_db_instance, **wanted(group, EngineVersion="8.0", DBParameterGroupName=group))
    assert code == "InvalidParameterCombination"


def test_a_static_parameter_waits_for_a_reboot(rds: RDSClient, network: Network, group: str) -> None:
    database = Database.create(rds, group, network, DBParameterGroupName=group)

    def status() -> str:
        return str(database.described()["DBParameterGroups"][0]["ParameterApplyStatus"])

    set_parameter(rds, group, "slow_query_log", "1")
    assert status() == "in-sync"
    set_parameter(rds, group, "gtid-mode", "ON", "pending-reboot")
    assert status() == "pending-reboot"
    database.settled()
    rds.reboot_db_instance(DBInstanceIdentifier=database.identifier)
    assert status() == "in-sync"


def test_a_group_in_use_is_not_deleted(
    rds: RDSClient, refusal: Refusal, network: Network, group: str
) -> None:
    database = Database.create(rds, group, network, DBParameterGroupName=group)
    assert refusal(rds.delete_db_parameter_group, DBParameterGroupName=group) == (
        "InvalidDBParameterGroupState"
    )
    assert refusal(rds.delete_db_subnet_group, DBSubnetGroupName=group) == "InvalidDBSubnetGroupStateFault"
    database.delete()
    rds.delete_db_parameter_group(DBParameterGroupName=group)
    rds.delete_db_subnet_group(DBSubnetGroupName=group)


SubnetGroup = Callable[[list[str]], dict[str, Any]]


@pytest.fixture
def subnet_group(name: str) -> SubnetGroup:
    """What asks RDS for a group of these subnets."""
    return lambda subnet_ids: {
        "DBSubnetGroupName": name,
        "DBSubnetGroupDescription": "a test's",
        "SubnetIds": subnet_ids,
    }


def test_a_subnet_group_covers_two_zones_of_one_vpc(
    rds: RDSClient, ec2: EC2Client, refusal: Refusal, network: Network, subnet_group: SubnetGroup
) -> None:
    one_zone = subnet_group(network.subnet_ids[:1])
    assert refusal(rds.create_db_subnet_group, **one_zone) == "DBSubnetGroupDoesNotCoverEnoughAZs"
    two_vpcs = [network.subnet_ids[0], Network.create(ec2, "10.8.0.0/26").subnet_ids[1]]
    assert refusal(rds.create_db_subnet_group, **subnet_group(two_vpcs)) == "InvalidSubnet"
    rds.create_db_subnet_group(**subnet_group(network.subnet_ids))
    twice = refusal(rds.create_db_subnet_group, **subnet_group(network.subnet_ids))
    assert twice == "DBSubnetGroupAlreadyExists"


def test_a_changed_subnet_group_is_still_there(
    rds: RDSClient, refusal: Refusal, network: Network, name: str, subnet_group: SubnetGroup
) -> None:
    rds.create_db_subnet_group(**subnet_group(network.subnet_ids))
    rds.modify_db_subnet_group(
        DBSubnetGroupName=name, SubnetIds=network.subnet_ids, DBSubnetGroupDescription="changed"
    )
    described = rds.describe_db_subnet_groups(DBSubnetGroupName=name)["DBSubnetGroups"][0]
    assert described["DBSubnetGroupDescription"] == "changed"
    code = refusal(rds.modify_db_subnet_group, DBSubnetGroupName=name, SubnetIds=network.subnet_ids[:1])
    assert code == "DBSubnetGroupDoesNotCoverEnoughAZs"
