"""What public recordings of AWS show; `python -m tools.fidelity` lists what is answered otherwise."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from mypy_boto3_ec2 import EC2Client
from mypy_boto3_rds import RDSClient

from tests.local_cloud.conftest import Refusal
from tests.support.databases import Database
from tests.support.network import Network


def test_a_trust_policy_is_json(client: Any, name: str, refusal: Refusal) -> None:
    iam = client("iam")
    asked = {"RoleName": name, "AssumeRolePolicyDocument": "{"}
    assert refusal(iam.create_role, **asked) == "MalformedPolicyDocument"


def test_a_group_with_members_or_policies_stays(client: Any, name: str, refusal: Refusal) -> None:
    iam = client("iam")
    iam.create_group(GroupName=name)
    iam.create_user(UserName=name)
    iam.add_user_to_group(GroupName=name, UserName=name)
    assert refusal(iam.delete_group, GroupName=name) == "DeleteConflict"
    iam.remove_user_from_group(GroupName=name, UserName=name)
    statement = {"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_group_policy(GroupName=name, PolicyName="p", PolicyDocument=policy)
    assert refusal(iam.delete_group, GroupName=name) == "DeleteConflict"
    iam.delete_group_policy(GroupName=name, PolicyName="p")
    iam.delete_group(GroupName=name)


def test_a_key_policy_is_json(client: Any, refusal: Refusal) -> None:
    kms = client("kms")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    asked = {"KeyId": key, "PolicyName": "default", "Policy": "{"}
    assert refusal(kms.put_key_policy, **asked) == "MalformedPolicyDocumentException"


def test_a_key_encrypts_while_it_is_enabled(client: Any, refusal: Refusal) -> None:
    kms = client("kms")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.encrypt(KeyId=key, Plaintext=b"text")
    kms.disable_key(KeyId=key)
    assert refusal(kms.encrypt, KeyId=key, Plaintext=b"text") == "DisabledException"
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    assert refusal(kms.encrypt, KeyId=key, Plaintext=b"text") == "KMSInvalidStateException"
    assert refusal(kms.generate_data_key, KeyId=key, KeySpec="AES_256") == "KMSInvalidStateException"


def test_a_secret_that_is_not_there_is_answered_with_status_400(client: Any) -> None:
    with pytest.raises(ClientError) as caught:
        client("secretsmanager").get_secret_value(SecretId="none")
    assert caught.value.response["Error"]["Code"] == "ResourceNotFoundException"
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


def test_a_table_is_made_and_removed_in_time(client: Any, name: str) -> None:
    dynamodb = client("dynamodb")
    made = dynamodb.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
    )
    assert made["TableDescription"]["TableStatus"] == "CREATING"
    dynamodb.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 20})
    assert dynamodb.describe_table(TableName=name)["Table"]["TableStatus"] == "ACTIVE"
    assert dynamodb.delete_table(TableName=name)["TableDescription"]["TableStatus"] == "DELETING"


def test_a_new_vpc_is_pending_and_then_available(ec2: EC2Client) -> None:
    made = ec2.create_vpc(CidrBlock="10.9.0.0/24")["Vpc"]
    assert made["State"] == "pending"
    assert ec2.describe_vpcs(VpcIds=[made["VpcId"]])["Vpcs"][0]["State"] == "available"


def test_a_subnet_needs_a_range(ec2: EC2Client, network: Network, refusal: Refusal) -> None:
    assert refusal(ec2.create_subnet, VpcId=network.vpc_id) == "MissingParameter"


def test_an_endpoint_without_a_type_is_deleted(ec2: EC2Client, network: Network) -> None:
    made = ec2.create_vpc_endpoint(VpcId=network.vpc_id, ServiceName="com.amazonaws.eu-west-1.s3")[
        "VpcEndpoint"
    ]
    assert made["VpcEndpointType"] == "Gateway"
    assert ec2.delete_vpc_endpoints(VpcEndpointIds=[made["VpcEndpointId"]])["Unsuccessful"] == []


def test_flow_logs_have_the_type_that_ec2_gives_them(ec2: EC2Client, network: Network) -> None:
    made = ec2.create_flow_logs(
        ResourceIds=[network.vpc_id],
        ResourceType="VPC",
        TrafficType="ALL",
        LogGroupName="flow",
        DeliverLogsPermissionArn="arn:aws:iam::123456789012:role/flow",
        TagSpecifications=[{"ResourceType": "vpc-flow-log", "Tags": [{"Key": "k", "Value": "v"}]}],
    )["FlowLogIds"]
    tags = ec2.describe_tags(Filters=[{"Name": "resource-id", "Values": made}])["Tags"]
    assert [tag["ResourceType"] for tag in tags] == ["vpc-flow-log"]


def test_tags_are_described_by_key(ec2: EC2Client, network: Network) -> None:
    ec2.create_tags(Resources=[network.vpc_id], Tags=[{"Key": key, "Value": "v"} for key in "bca"])
    tags = ec2.describe_tags(Filters=[{"Name": "resource-id", "Values": [network.vpc_id]}])["Tags"]
    assert [tag["Key"] for tag in tags] == ["a", "b", "c"]


def test_parameters_are_described_by_name_and_say_what_they_are(rds: RDSClient, name: str) -> None:
    rds.create_db_parameter_group(
        DBParameterGroupName=name, DBParameterGroupFamily="mysql8.4", Description="d"
    )
    found = rds.describe_db_parameters(DBParameterGroupName=name)["Parameters"]
    names = [parameter["ParameterName"] for parameter in found]
    assert names == sorted(names)
    assert all(parameter["Description"] for parameter in found)
    assert {"boolean", "integer", "string"} <= {parameter["DataType"] for parameter in found}


@pytest.mark.parametrize("operation", ["get_topic_attributes", "delete_topic", "list_subscriptions_by_topic"])
def test_an_arn_that_is_none_is_refused(client: Any, refusal: Refusal, operation: str) -> None:
    assert refusal(getattr(client("sns"), operation), TopicArn="none") == "InvalidParameter"


def test_a_stopped_instance_is_neither_rebooted_nor_copied(
    rds: RDSClient, name: str, refusal: Refusal
) -> None:
    rds.create_db_instance(
        DBInstanceIdentifier=name,
        DBInstanceClass="db.t4g.small",
        Engine="mysql",
        MasterUsername="admin",
        MasterUserPassword="Correct-Horse-7",
        AllocatedStorage=20,
    )
    database = Database(rds=rds, identifier=name).settled()
    snapshot = rds.create_db_snapshot(DBInstanceIdentifier=name, DBSnapshotIdentifier=name)["DBSnapshot"]
    keys = {"AvailabilityZone", "LicenseModel", "OptionGroupName", "PercentProgress", "StorageType"}
    assert keys <= snapshot.keys()
    database.settled()
    rds.stop_db_instance(DBInstanceIdentifier=name)
    database.settled("stopped")
    asked = {"DBInstanceIdentifier": name, "DBSnapshotIdentifier": f"{name}-2"}
    assert refusal(rds.create_db_snapshot, **asked) == "InvalidDBInstanceState"
    assert refusal(rds.reboot_db_instance, DBInstanceIdentifier=name) == "InvalidDBInstanceState"


def test_an_instance_of_an_image_that_does_not_exist_is_refused(
    ec2: EC2Client, network: Network, refusal: Refusal
) -> None:
    asked = {"InstanceType": "t4g.nano", "MinCount": 1, "MaxCount": 1, "SubnetId": network.subnet_ids[0]}
    assert refusal(ec2.run_instances, ImageId="ami-0123456789abcdef0", **asked) == "InvalidAMIID.NotFound"


def test_aliases_are_listed_by_name_with_their_dates(client: Any, name: str) -> None:
    kms = client("kms")
    key = kms.create_key()["KeyMetadata"]
    assert (key["KeyUsage"], key["MultiRegion"]) == ("ENCRYPT_DECRYPT", False)
    for each in ("b", "a"):
        kms.create_alias(AliasName=f"alias/{name}-{each}", TargetKeyId=key["KeyId"])
    listed = kms.list_aliases()["Aliases"]
    names = [alias["AliasName"] for alias in listed]
    assert names == sorted(names)
    assert all(alias["CreationDate"] and alias["LastUpdatedDate"] for alias in listed)
    blob = kms.encrypt(KeyId=key["KeyId"], Plaintext=b"x")
    assert blob["EncryptionAlgorithm"] == "SYMMETRIC_DEFAULT"
    assert kms.decrypt(CiphertextBlob=blob["CiphertextBlob"])["EncryptionAlgorithm"] == "SYMMETRIC_DEFAULT"
    deleted = kms.schedule_key_deletion(KeyId=key["KeyId"], PendingWindowInDays=7)
    assert (deleted["KeyState"], deleted["PendingWindowInDays"]) == ("PendingDeletion", 7)


def test_images_interfaces_and_endpoints_say_who_manages_them(ec2: EC2Client) -> None:
    image = ec2.describe_images()["Images"][0]
    assert (image["PlatformDetails"], image["UsageOperation"]) == ("Linux/UNIX", "RunInstances")


def test_a_databases_tags_are_described_by_their_keys(rds: RDSClient, network: Network, name: str) -> None:
    tags: Any = [{"Key": key, "Value": "v"} for key in ("b", "a", "c")]
    found = Database.create(rds, name, network, Tags=tags).described()["TagList"]
    assert [tag["Key"] for tag in found] == ["a", "b", "c"]
