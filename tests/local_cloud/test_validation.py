"""Calls with values that AWS refuses for their form alone."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from mypy_boto3_ec2 import EC2Client

from tests.local_cloud.conftest import Refusal
from tests.support.network import Network

Client = Callable[..., Any]
# boto3 checks some forms before it sends anything; the cloud must refuse whatever sends them.
UNCHECKED = Config(parameter_validation=False, retries={"total_max_attempts": 1})


def answer(client: Client, service: str, operation: str, **parameters: Any) -> tuple[str, str]:
    """Code and message of the error; fails where the call succeeds."""
    with pytest.raises(ClientError) as caught:
        getattr(client(service, UNCHECKED), operation)(**parameters)
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def policy(length: int) -> str:
    document = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": ["s3:a"], "Resource": "*"}],
    }
    statement: Any = document["Statement"][0]
    while len(json.dumps(document, separators=(",", ":"))) <= length:
        statement["Action"].append("s3:a")
    return json.dumps(document, indent=2)


ROLE = {"AssumeRolePolicyDocument": policy(10)}
ALARM = {"ComparisonOperator": "GreaterThanThreshold", "EvaluationPeriods": 1}
TRIGGER = {"FlexibleTimeWindow": {"Mode": "OFF"}, "ScheduleExpression": "at(2030-01-01T00:00:00)"}
TARGET = {
    "Arn": "arn:aws:scheduler:::aws-sdk:codebuild:startBuild",
    "RoleArn": "arn:aws:iam::123456789012:role/r",
}

# What the API's models say, one of each kind and service.
MODELLED = [
    ("iam", "create_role", {"RoleName": "Zürich", **ROLE}, "ValidationError"),
    ("iam", "create_role", {"RoleName": "r" * 65, **ROLE}, "ValidationError"),
    ("iam", "create_role", {"RoleName": "r", "Description": "東京", **ROLE}, "ValidationError"),
    ("iam", "create_role", {"RoleName": "r"}, "ValidationError"),
    ("iam", "tag_role", {"RoleName": "r", "Tags": [{"Key": "k", "Value": "it's"}]}, "ValidationError"),
    ("sts", "assume_role", {"RoleArn": "arn:aws:iam::1:role/r", "RoleSessionName": "a b"}, "ValidationError"),
    ("logs", "create_log_group", {"logGroupName": "a b"}, "InvalidParameterException"),
    ("logs", "put_retention_policy", {"logGroupName": "a"}, "InvalidParameterException"),
    ("kms", "create_key", {"Description": "d" * 8193}, "ValidationException"),
    ("kms", "create_key", {"KeyUsage": "OPEN_DOORS"}, "ValidationException"),
    ("route53", "create_hosted_zone", {"Name": "a.example", "CallerReference": ""}, "InvalidInput"),
    (
        "route53",
        "create_hosted_zone",
        {"Name": "a.example", "CallerReference": "c", "HostedZoneConfig": {"Comment": "c" * 257}},
        "InvalidInput",
    ),
    ("ssm", "create_document", {"Name": "a/b", "Content": "{}"}, "ValidationException"),
    ("ssm", "put_parameter", {"Name": "/p", "Value": "v", "Type": "Number"}, "ValidationException"),
    ("scheduler", "create_schedule", {"Name": "a b", **TRIGGER, "Target": TARGET}, "ValidationException"),
    ("scheduler", "create_schedule", {"Name": "a", **TRIGGER}, "ValidationException"),
    ("codebuild", "create_project", {"name": "p p"}, "ValidationException"),
    ("cloudwatch", "put_metric_alarm", {"AlarmName": "a" * 256, **ALARM}, "ValidationError"),
    (
        "cloudwatch",
        "put_metric_alarm",
        {"AlarmName": "a", **ALARM, "AlarmDescription": "d" * 1025},
        "ValidationError",
    ),
    ("dynamodb", "put_item", {"TableName": "t"}, "ValidationException"),
    ("secretsmanager", "get_secret_value", {"SecretId": "s" * 2049}, "ValidationException"),
    ("ec2", "create_vpc", {"CidrBlock": "10.0.0.0/16", "InstanceTenancy": "shared"}, "InvalidParameterValue"),
    ("ec2", "create_subnet", {}, "MissingParameter"),
    ("rds", "create_db_instance", {}, "MissingParameter"),
]

RDS_TAG = "Tag values may only contain unicode letters, digits, whitespace, or one of these symbols"
# What AWS documents elsewhere.
DOCUMENTED = [
    (
        "rds",
        "create_db_snapshot",
        {"DBSnapshotIdentifier": "a--b", "DBInstanceIdentifier": "a"},
        "InvalidParameterValue",
    ),
    (
        "rds",
        "create_db_snapshot",
        {"DBSnapshotIdentifier": "a-", "DBInstanceIdentifier": "a"},
        "InvalidParameterValue",
    ),
    (
        "rds",
        "create_db_snapshot",
        {"DBSnapshotIdentifier": "1a", "DBInstanceIdentifier": "a"},
        "InvalidParameterValue",
    ),
    (
        "rds",
        "create_db_instance",
        {"DBInstanceIdentifier": "i" * 64, "Engine": "mysql", "DBInstanceClass": "db.t4g.micro"},
        "InvalidParameterValue",
    ),
    (
        "rds",
        "create_db_subnet_group",
        {"DBSubnetGroupName": "default", "DBSubnetGroupDescription": "d", "SubnetIds": ["subnet-1"]},
        "InvalidParameterValue",
    ),
    (
        "rds",
        "create_db_parameter_group",
        {"DBParameterGroupName": "a_b", "DBParameterGroupFamily": "mysql8.4", "Description": "d"},
        "InvalidParameterValue",
    ),
    ("iam", "create_role", {"RoleName": "r", "AssumeRolePolicyDocument": policy(2048)}, "LimitExceeded"),
    (
        "iam",
        "put_role_policy",
        {"RoleName": "r", "PolicyName": "p", "PolicyDocument": policy(10_240)},
        "LimitExceeded",
    ),
    (
        "iam",
        "put_group_policy",
        {"GroupName": "g", "PolicyName": "p", "PolicyDocument": policy(5120)},
        "LimitExceeded",
    ),
    ("iam", "create_policy", {"PolicyName": "p", "PolicyDocument": policy(6144)}, "LimitExceeded"),
    ("kms", "create_key", {"Policy": policy(40_000)}, "LimitExceededException"),
    ("kms", "create_key", {"Tags": [{"TagKey": "k", "TagValue": "it's"}]}, "TagException"),
    ("kms", "create_key", {"Tags": [{"TagKey": "aws:k", "TagValue": "v"}]}, "TagException"),
    ("cloudwatch", "put_metric_alarm", {"AlarmName": "a\nb", **ALARM}, "ValidationError"),
    ("sns", "create_topic", {"Name": "a b"}, "InvalidParameter"),
    ("ssm", "create_document", {"Name": "Amazon-d", "Content": "{}"}, "ValidationException"),
    ("ssm", "create_document", {"Name": "doc", "Content": "x" * 65_537}, "MaxDocumentSizeExceeded"),
    ("secretsmanager", "create_secret", {"Name": "a b"}, "ValidationException"),
]


@pytest.mark.parametrize(("service", "operation", "parameters", "code"), [*MODELLED, *DOCUMENTED])
def test_a_value_of_the_wrong_form_is_refused_with_the_services_own_error(
    client: Client, service: str, operation: str, parameters: dict[str, Any], code: str
) -> None:
    assert answer(client, service, operation, **parameters)[0] == code


def test_the_message_names_every_value_as_aws_does(client: Client) -> None:
    _, message = answer(client, "iam", "create_role", RoleName="a b", Description="d" * 1001, **ROLE)
    assert message.startswith(
        "2 validation errors detected: Value 'a b' at 'roleName' failed to satisfy constraint: "
    )
    assert r"Member must satisfy regular expression pattern: [\w+=,.@-]+" in message
    assert (
        "'description' failed to satisfy constraint: Member must have length less than or equal to 1000"
        in message
    )


def test_a_secret_is_not_repeated_in_the_answer(client: Client) -> None:
    secret = "s" * 65_537
    _, message = answer(client, "secretsmanager", "create_secret", Name="a", SecretString=secret)
    assert "secretString" in message
    assert "sss" not in message


@pytest.mark.parametrize("text", ["the tenant's database", "Zürich", "a > b", "d" * 256])
def test_security_groups_and_rules_take_few_characters(
    client: Client, ec2: EC2Client, network: Network, text: str
) -> None:
    group = ec2.create_security_group(GroupName=uuid4().hex, Description="a group", VpcId=network.vpc_id)[
        "GroupId"
    ]
    rule = {"IpProtocol": "tcp", "FromPort": 1, "ToPort": 1}
    ranges = {"IpPermissions": [{**rule, "IpRanges": [{"CidrIp": "10.0.0.0/8", "Description": text}]}]}
    known = ec2.authorize_security_group_ingress(
        GroupId=group,
        IpPermissions=[
            {"IpProtocol": "tcp", "FromPort": 1, "ToPort": 1, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}
        ],
    )["SecurityGroupRules"][0]["SecurityGroupRuleId"]
    changed = {
        "SecurityGroupRuleId": known,
        "SecurityGroupRule": {**rule, "CidrIpv4": "10.0.0.0/8", "Description": text},
    }
    made = {"GroupName": "g", "Description": text, "VpcId": network.vpc_id}
    calls: list[tuple[str, dict[str, Any]]] = [
        ("create_security_group", made),
        ("create_security_group", {**made, "GroupName": text, "Description": "a group"}),
        ("authorize_security_group_ingress", {"GroupId": group, **ranges}),
        ("authorize_security_group_egress", {"GroupId": group, **ranges}),
        ("modify_security_group_rules", {"GroupId": group, "SecurityGroupRules": [changed]}),
    ]
    for operation, parameters in calls:
        code, message = answer(client, "ec2", operation, **parameters)
        assert code == "InvalidParameterValue"
        assert "Valid descriptions are strings less than 256 characters from the following set" in message


def test_security_groups_take_every_character_that_ec2_names(ec2: EC2Client, network: Network) -> None:
    text = "azAZ09. _-:/()#,@[]+=&;{}!$*"
    group = ec2.create_security_group(GroupName=text, Description=text, VpcId=network.vpc_id)
    assert group["GroupId"]


def test_tags_of_ec2_take_all_characters_and_have_a_length(
    client: Client, ec2: EC2Client, network: Network, refusal: Refusal
) -> None:
    text = "the tenant's Büro, 東京 <1>"
    ec2.create_tags(Resources=[network.vpc_id], Tags=[{"Key": "k", "Value": text}])
    assert {"Key": "k", "Value": text} in ec2.describe_vpcs(VpcIds=[network.vpc_id])["Vpcs"][0]["Tags"]
    for key, value in (("aws:k", "v"), ("k" * 129, "v"), ("k", "v" * 257)):
        tags = {"Resources": [network.vpc_id], "Tags": [{"Key": key, "Value": value}]}
        assert refusal(ec2.create_tags, **tags) == "InvalidParameterValue"


def test_tags_of_rds_take_fewer(client: Client) -> None:
    arn = "arn:aws:rds:eu-west-1:123456789012:db:none"
    code, message = answer(
        client, "rds", "add_tags_to_resource", ResourceName=arn, Tags=[{"Key": "k", "Value": "it's"}]
    )
    assert (code, message.startswith(RDS_TAG)) == ("InvalidParameterValue", True)
