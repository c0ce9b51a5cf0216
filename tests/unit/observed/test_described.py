"""By pages every property is compared that an update puts back, or it is said here why not."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest
from botocore.model import ListShape, MapShape, Shape, StringShape, StructureShape
from tenantnet.aws import types
from tenantnet.aws.properties import only_by_programs
from tenantnet.observed.drift.described import PAGES, Page

CLAIM = {"cidr": {"S": "10.1.2.0/26"}, "tenant": {"S": "acme"}}
# AWS lists them nowhere: docs/scale.md says so.
UNLISTED = {
    types.VPC: {"enableDnsSupport"},
    types.INSTANCE: {"userData"},
    types.PARAMETER_GROUP: {"parameters", "tags"},
    **{key: {"tags"} for key in (types.ALARM, types.LOG_GROUP, types.SUBNET_GROUP)},
}
# They are nothing that AWS has, or nothing that the provider reads; it is silent about an instance's credits.
NOT_READ = {
    types.SECURITY_GROUP: {"revokeRulesOnDelete"},
    types.DEFAULT_SECURITY_GROUP: {"revokeRulesOnDelete"},
    types.PEERING: {"autoAccept"},
    types.INSTANCE: {
        *("creditSpecification", "forceDestroy", "getPasswordData", "userDataReplaceOnChange", "volumeTags"),
    },
    types.DATABASE: {
        *("allowMajorVersionUpgrade", "applyImmediately", "blueGreenUpdate", "deleteAutomatedBackups"),
        *("finalSnapshotIdentifier", "manageMasterUserPassword", "password", "passwordWo"),
        *("passwordWoVersion", "skipFinalSnapshot", "upgradeStorageConfig"),
    },
    types.PARAMETER_GROUP: {"skipDestroy"},
    types.LOG_GROUP: {"skipDestroy"},
}
# Of what is there nobody can change them; of an alarm or a database not without others that are compared.
FIXED = {
    types.VPC: {"ipv4IpamPoolId", "ipv4NetmaskLength", "ipv6NetmaskLength"},
    types.SUBNET: {
        *("ipv4IpamPoolId", "ipv4NetmaskLength", "ipv6IpamPoolId", "ipv6Native", "ipv6NetmaskLength"),
        "outpostArn",
    },
    types.ROUTE_TABLE_ASSOCIATION: {"gatewayId"},
    types.ROUTE: {"destinationCidrBlock", "destinationIpv6CidrBlock", "destinationPrefixListId"},
    types.VPN_GATEWAY: {"availabilityZone"},
    types.CUSTOMER_GATEWAY: {"bgpAsnExtended", "certificateArn"},
    types.INSTANCE: {"hibernation", "launchTemplate"},
    types.FLOW_LOG: {
        *("deliverCrossAccountRole", "destinationOptions", "eniId", "maxAggregationInterval"),
        *("regionalNatGatewayId", "subnetId", "tagFieldSpecifications", "transitGatewayAttachmentId"),
        "transitGatewayId",
    },
    types.DATABASE: {
        "customIamInstanceProfile",
        "restoreToPointInTime",
        "s3Import",
        "warningEventCategories",
    },
    # With a policy it has an identifier, and is another record.
    types.RECORD: {
        *("cidrRoutingPolicy", "failoverRoutingPolicies", "geolocationRoutingPolicies"),
        *("geoproximityRoutingPolicy", "latencyRoutingPolicies", "multivalueAnswerRoutingPolicy"),
        *("setIdentifier", "weightedRoutingPolicies"),
    },
    types.ALARM: {"evaluationCriteria", "evaluationInterval", "evaluationWindow", "warmUpConfiguration"},
    types.TABLE_ITEM: {"rangeKey"},
}


def filled(shape: Shape, depth: int = 0) -> Any:
    """A value with everything that AWS may say."""
    match shape:
        case StructureShape():
            return {} if depth > 8 else {key: filled(each, depth + 1) for key, each in shape.members.items()}
        case ListShape():
            return [filled(shape.member, depth + 1)] * 2
        case MapShape():
            return {"x": filled(shape.value, depth + 1)}
        case StringShape():
            return shape.enum[0] if shape.enum else "x"
    return 1


def listed(page: Page) -> set[str]:
    """The properties that are found in a full record."""
    if page.by.service == "dynamodb":
        records = [CLAIM]
    else:
        service = boto3.client(page.by.service, "eu-west-1").meta  # type: ignore[call-overload]
        operation = service.service_model.operation_model(service.method_to_api_mapping[page.by.call])
        records = filled(operation.output_shape.members[page.by.key])
        if page.by.key == "Reservations":
            records = records[0]["Instances"]
    return {name for record in records for _, own in page.found(record) for name in own}


@pytest.mark.parametrize("type_", PAGES)
def test_a_property_that_an_update_puts_back_is_listed_or_not_for_a_reason(type_: str) -> None:
    missing = only_by_programs(type_) - listed(PAGES[type_].unused or PAGES[type_])
    assert missing == {name for reason in (UNLISTED, NOT_READ, FIXED) for name in reason.get(type_, ())}


def test_a_database_of_another_service_of_rds_is_none_of_a_stack() -> None:
    """Of DocumentDB and Neptune, which have no parameter groups of RDS."""
    record = {"DbiResourceId": "db-1", "DBInstanceIdentifier": "docs", "DBInstanceClass": "db.t4g.medium"}
    of_another = {**record, "MultiAZ": False, "MasterUsername": "admin", "DBParameterGroups": []}
    for type_ in (types.DATABASE, types.PARAMETER_GROUP, types.SUBNET_GROUP):
        keys = {key for key, _ in PAGES[type_].found(of_another)}
        assert keys == ({"db-1"} if type_ == types.DATABASE else set())


def test_bytes_in_a_row_are_as_the_provider_has_them() -> None:
    row = {**CLAIM, "note": {"B": b"x"}, "notes": {"BS": [b"x"]}}
    ((_, found),) = PAGES[types.TABLE_ITEM].found(row)
    assert json.loads(found["item"]) == {**CLAIM, "note": {"B": "eA=="}, "notes": {"BS": ["eA=="]}}
