"""What public recordings of AWS show; `python -m tools.fidelity` lists what is answered otherwise."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError
from mypy_boto3_ec2 import EC2Client
from mypy_boto3_rds import RDSClient

from tests.local_cloud.conftest import Refusal
from tests.support.databases import Database
from tests.support.network import Network, instance_in


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
    assert made["TableDescription"]["WarmThroughput"]["Status"] == "UPDATING"
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
    )
    tags = ec2.describe_tags(Filters=[{"Name": "resource-id", "Values": made["FlowLogIds"]}])["Tags"]
    assert [tag["ResourceType"] for tag in tags] == ["vpc-flow-log"]
    assert made["ClientToken"]
    # "The name of a new or existing CloudWatch Logs log group": one that is not there is no failure.
    (flow_log,) = ec2.describe_flow_logs(FlowLogIds=made["FlowLogIds"])["FlowLogs"]
    assert (flow_log["DeliverLogsStatus"], flow_log.get("DeliverLogsErrorMessage")) == ("SUCCESS", None)


def test_flow_logs_that_are_not_there_are_named_by_the_answer(ec2: EC2Client, network: Network) -> None:
    """https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteFlowLogs.html."""
    made = ec2.create_flow_logs(
        ResourceIds=[network.vpc_id],
        ResourceType="VPC",
        TrafficType="ALL",
        LogDestinationType="cloud-watch-logs",
        LogGroupName="flow",
        DeliverLogsPermissionArn="arn:aws:iam::123456789012:role/flow",
    )["FlowLogIds"]
    assert ec2.delete_flow_logs(FlowLogIds=made)["Unsuccessful"] == []
    (failed,) = ec2.delete_flow_logs(FlowLogIds=made)["Unsuccessful"]
    assert (failed["ResourceId"], failed["Error"]["Code"]) == (made[0], "InvalidFlowLogId.NotFound")


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


def test_what_a_key_is_used_for_says_which_material_was_used(client: Any) -> None:
    """https://docs.aws.amazon.com/kms/latest/APIReference/API_Decrypt.html."""
    kms = client("kms")
    keys = [kms.create_key()["KeyMetadata"]["KeyId"] for _ in range(2)]
    made = [kms.generate_data_key(KeyId=key, KeySpec="AES_256") for key in keys]
    read = [kms.decrypt(CiphertextBlob=each["CiphertextBlob"])["KeyMaterialId"] for each in made]
    assert read == [each["KeyMaterialId"] for each in made]
    assert len(set(read)) == 2


def test_images_say_what_they_are_and_where(ec2: EC2Client) -> None:
    """https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Image.html."""
    for image in ec2.describe_images(Owners=["amazon"])["Images"]:
        assert (image["PlatformDetails"], image["UsageOperation"]) == ("Linux/UNIX", "RunInstances")
        assert image["ImageLocation"].startswith("amazon/")
        assert image["BlockDeviceMappings"][0]["Ebs"]["Encrypted"] is False


def test_a_host_says_where_it_is_and_what_its_volume_is_like(ec2: EC2Client) -> None:
    """https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Volume.html."""
    network = Network.create(ec2)
    ec2.modify_vpc_attribute(VpcId=network.vpc_id, EnableDnsHostnames={"Value": True})
    group = ec2.create_security_group(GroupName="g", Description="d", VpcId=network.vpc_id)["GroupId"]
    wanted = [instance_in(ec2, network, group)]
    (host,) = ec2.describe_instances(InstanceIds=wanted)["Reservations"][0]["Instances"]
    assert "Platform" not in host
    zones = ec2.describe_availability_zones(ZoneNames=[host["Placement"]["AvailabilityZone"]])
    assert host["Placement"]["AvailabilityZoneId"] == zones["AvailabilityZones"][0]["ZoneId"]
    address = host["NetworkInterfaces"][0]["PrivateIpAddresses"][0]
    assert address["PrivateDnsName"] == host["NetworkInterfaces"][0]["PrivateDnsName"]
    image = ec2.describe_images(ImageIds=[host["ImageId"]])["Images"][0]
    (volume,) = ec2.describe_volumes(Filters=[{"Name": "attachment.instance-id", "Values": wanted}])[
        "Volumes"
    ]
    assert volume["SnapshotId"] == image["BlockDeviceMappings"][0]["Ebs"]["SnapshotId"]
    assert (volume["VolumeType"], volume["Iops"], volume["Throughput"]) == ("gp3", 3000, 125)
    assert volume["Attachments"][0]["DeleteOnTermination"] is True


@pytest.mark.parametrize(("size", "iops"), [(8, 100), (100, 300), (6000, 16_000)])
def test_a_gp2_volumes_performance_follows_from_its_size(ec2: EC2Client, size: int, iops: int) -> None:
    """https://docs.aws.amazon.com/ebs/latest/userguide/general-purpose.html."""
    made = ec2.create_volume(AvailabilityZone="eu-west-1a", Size=size, VolumeType="gp2")["VolumeId"]
    (volume,) = ec2.describe_volumes(VolumeIds=[made])["Volumes"]
    assert (volume["Iops"], volume["SnapshotId"], volume.get("Throughput")) == (iops, "", None)


def test_lists_of_prefixes_have_their_ranges(ec2: EC2Client) -> None:
    """https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_PrefixList.html."""
    listed = ec2.describe_prefix_lists()["PrefixLists"]
    assert any(each["PrefixListName"].endswith(".s3") for each in listed)
    assert all(each["Cidrs"] for each in listed)


def test_a_peering_that_nobody_has_accepted_expires(ec2: EC2Client, network: Network) -> None:
    """https://docs.aws.amazon.com/vpc/latest/peering/vpc-peering-basics.html#vpc-peering-lifecycle."""
    peer = ec2.create_vpc(CidrBlock="10.77.0.0/24")["Vpc"]["VpcId"]
    made = ec2.create_vpc_peering_connection(VpcId=network.vpc_id, PeerVpcId=peer)["VpcPeeringConnection"]
    assert timedelta(days=6) < made["ExpirationTime"] - datetime.now(UTC) <= timedelta(days=7)
    peering = made["VpcPeeringConnectionId"]
    ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=peering)
    found = ec2.describe_vpc_peering_connections(VpcPeeringConnectionIds=[peering])
    assert "ExpirationTime" not in found["VpcPeeringConnections"][0]


def test_an_alarm_says_since_when_it_is_in_its_state_and_has_its_tags_by_key(client: Any, name: str) -> None:
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricAlarm.html."""
    cloudwatch = client("cloudwatch")
    cloudwatch.put_metric_alarm(
        AlarmName=name,
        Namespace="n",
        MetricName="m",
        ComparisonOperator="GreaterThanThreshold",
        EvaluationPeriods=1,
        Threshold=1.0,
        Period=60,
        Statistic="Average",
        Tags=[{"Key": key, "Value": "v"} for key in "ba"],
    )

    def since(state: str) -> tuple[datetime, datetime]:
        cloudwatch.set_alarm_state(AlarmName=name, StateValue=state, StateReason="r")
        (alarm,) = cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"]
        return alarm["StateTransitionedTimestamp"], alarm["StateUpdatedTimestamp"]

    moved, again = since("ALARM"), since("ALARM")
    assert moved[0] == moved[1] == again[0] < again[1]
    (alarm,) = cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"]
    tags = cloudwatch.list_tags_for_resource(ResourceARN=alarm["AlarmArn"])["Tags"]
    assert [tag["Key"] for tag in tags] == ["a", "b"]


def test_a_log_group_is_of_the_standard_class(client: Any, name: str) -> None:
    logs = client("logs")
    logs.create_log_group(logGroupName=name)
    (group,) = logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    assert group["logGroupClass"] == "STANDARD"


def test_the_last_page_of_tagged_resources_has_an_empty_token(client: Any, name: str) -> None:
    """https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/API_GetResources.html."""
    found = client("resourcegroupstaggingapi").get_resources(TagFilters=[{"Key": name}])
    assert (found["ResourceTagMappingList"], found["PaginationToken"]) == ([], "")


def test_a_databases_subnets_are_on_no_outpost_and_its_options_follow_a_restore(
    rds: RDSClient, network: Network, name: str
) -> None:
    database = Database.create(rds, name, network)
    (subnet, _) = database.described()["DBSubnetGroup"]["Subnets"]
    assert subnet["SubnetOutpost"] == {}
    rds.create_db_snapshot(DBInstanceIdentifier=name, DBSnapshotIdentifier=name)
    rds.get_waiter("db_snapshot_completed").wait(DBSnapshotIdentifier=name, WaiterConfig={"Delay": 1})
    restored = rds.restore_db_instance_from_db_snapshot(
        DBInstanceIdentifier=f"{name}-2", DBSnapshotIdentifier=name
    )["DBInstance"]
    assert [each["Status"] for each in restored["OptionGroupMemberships"]] == ["pending-apply"]
    (found,) = rds.describe_db_instances(DBInstanceIdentifier=f"{name}-2")["DBInstances"]
    assert [each["Status"] for each in found["OptionGroupMemberships"]] == ["in-sync"]


def test_a_databases_tags_are_described_by_their_keys(rds: RDSClient, network: Network, name: str) -> None:
    tags: Any = [{"Key": key, "Value": "v"} for key in ("b", "a", "c")]
    found = Database.create(rds, name, network, Tags=tags).described()["TagList"]
    assert [tag["Key"] for tag in found] == ["a", "b", "c"]


def test_a_subnet_says_that_it_is_on_no_outpost_and_that_nothing_is_blocked(
    ec2: EC2Client, network: Network
) -> None:
    """https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Subnet.html."""
    for subnet in ec2.describe_subnets(SubnetIds=network.subnet_ids)["Subnets"]:
        assert subnet["BlockPublicAccessStates"] == {"InternetGatewayBlockMode": "off"}
        assert subnet["MapCustomerOwnedIpOnLaunch"] is False


def test_a_roles_boundary_is_a_policy(client: Any, name: str) -> None:
    """IAM's model knows the word PermissionsBoundaryPolicy only, its answers say Policy."""
    iam = client("iam")
    boundary = "arn:aws:iam::aws:policy/ReadOnlyAccess"
    trust = json.dumps({"Version": "2012-10-17", "Statement": []})
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust, PermissionsBoundary=boundary)
    found = iam.get_role(RoleName=name)["Role"]["PermissionsBoundary"]
    assert found == {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": boundary}


def test_a_services_own_role_is_made_once_and_stays(client: Any, refusal: Refusal) -> None:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create-service-linked-role.html."""
    iam = client("iam")
    service = {"AWSServiceName": "ops.apigateway.amazonaws.com"}
    assert refusal(iam.create_service_linked_role, **service, CustomSuffix="x") == "InvalidInput"
    role = iam.create_service_linked_role(**service)["Role"]["RoleName"]
    assert refusal(iam.create_service_linked_role, **service) == "InvalidInput"
    assert refusal(iam.delete_role, RoleName=role) == "UnmodifiableEntity"


def test_a_role_that_is_not_there_has_no_profiles(client: Any, name: str, refusal: Refusal) -> None:
    assert refusal(client("iam").list_instance_profiles_for_role, RoleName=name) == "NoSuchEntity"


def test_a_key_decrypts_what_it_encrypted_and_rotates_aws_material(client: Any, refusal: Refusal) -> None:
    """https://docs.aws.amazon.com/kms/latest/developerguide/rotate-keys.html."""
    kms = client("kms")
    key, other = (kms.create_key()["KeyMetadata"]["KeyId"] for _ in range(2))
    blob = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    assert kms.decrypt(CiphertextBlob=blob, KeyId=key)["Plaintext"] == b"x"
    assert refusal(kms.decrypt, CiphertextBlob=blob, KeyId=other) == "IncorrectKeyException"
    imported = kms.create_key(Origin="EXTERNAL")["KeyMetadata"]["KeyId"]
    for call in (kms.enable_key_rotation, kms.get_key_rotation_status):
        assert refusal(call, KeyId=imported) == "UnsupportedOperationException"


def test_a_secret_is_asked_for_by_a_name_that_can_be(client: Any, refusal: Refusal) -> None:
    secrets = client("secretsmanager")
    for call in (secrets.describe_secret, secrets.get_secret_value):
        assert refusal(call, SecretId="a b") == "ValidationException"


def test_a_topic_has_the_attributes_that_are_known_and_each_tag_once(
    client: Any, name: str, refusal: Refusal
) -> None:
    """https://docs.aws.amazon.com/sns/latest/api/API_SetTopicAttributes.html."""
    sns = client("sns")
    topic = sns.create_topic(Name=name)["TopicArn"]
    sns.set_topic_attributes(TopicArn=topic, AttributeName="DisplayName", AttributeValue="d")
    asked = {"TopicArn": topic, "AttributeName": "Nothing", "AttributeValue": "d"}
    assert refusal(sns.set_topic_attributes, **asked) == "InvalidParameter"
    tags = [{"Key": "a", "Value": value} for value in "12"]
    assert refusal(sns.tag_resource, ResourceArn=topic, Tags=tags) == "InvalidParameter"


def test_a_metric_has_no_more_than_1440_datapoints_at_once(client: Any, refusal: Refusal) -> None:
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricStatistics.html."""
    cloudwatch, end = client("cloudwatch"), datetime.now(UTC)
    asked: Any = {"Namespace": "n", "MetricName": "m", "Statistics": ["Sum"], "Period": 60, "EndTime": end}
    assert cloudwatch.get_metric_statistics(StartTime=end - timedelta(days=1), **asked)["Datapoints"] == []
    too_early = end - timedelta(days=1, minutes=1)
    refused = refusal(cloudwatch.get_metric_statistics, StartTime=too_early, **asked)
    assert refused == "InvalidParameterCombination"


def test_a_document_says_when_it_was_made(client: Any, name: str) -> None:
    """https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetDocument.html."""
    ssm, content = client("ssm"), {"schemaVersion": "1.0", "sessionType": "Standard_Stream", "inputs": {}}
    ssm.create_document(Name=name, DocumentType="Session", Content=json.dumps(content))
    made = ssm.get_document(Name=name)["CreatedDate"]
    assert abs(datetime.now(UTC) - made) < timedelta(minutes=10)


def test_who_gets_mail_of_a_topic_confirms_it_first(client: Any, name: str, refusal: Refusal) -> None:
    """https://docs.aws.amazon.com/sns/latest/api/API_Subscribe.html, and what Terraform's provider meets."""
    sns = client("sns")
    topic = sns.create_topic(Name=name)["TopicArn"]
    asked = {"TopicArn": topic, "Protocol": "email", "Endpoint": "oncall@example.com"}
    assert refusal(sns.subscribe, **{**asked, "Endpoint": "oncall"}) == "InvalidParameter"
    assert sns.subscribe(**asked)["SubscriptionArn"] == "pending confirmation"
    arn = sns.subscribe(**asked, ReturnSubscriptionArn=True)["SubscriptionArn"]
    assert sns.get_subscription_attributes(SubscriptionArn=arn)["Attributes"]["PendingConfirmation"] == "true"
    (listed,) = sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    assert listed["SubscriptionArn"] == "PendingConfirmation"
    assert refusal(sns.unsubscribe, SubscriptionArn=arn) == "InvalidParameter"
    assert refusal(sns.confirm_subscription, TopicArn=topic, Token="none") == "InvalidParameter"
    token = arn.rpartition(":")[2]
    assert sns.confirm_subscription(TopicArn=topic, Token=token)["SubscriptionArn"] == arn
    (listed,) = sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    assert listed["SubscriptionArn"] == arn
    assert sns.subscribe(**asked)["SubscriptionArn"] == arn
    sns.unsubscribe(SubscriptionArn=arn)
    assert not sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
