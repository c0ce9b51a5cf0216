"""The calls that the local cloud is compared by: resources made, changed, described and removed."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any

from tools.fidelity.answers import Caller

ACCOUNT = "123456789012"
TAGS = [{"Key": "b", "Value": "2"}, {"Key": "a", "Value": "1"}]
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "ec2.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
)
POLICY = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"}],
    }
)
# Until a state in between has passed: those of the simulated databases are short.
PATIENCE, PAUSE = 20.0, 0.05
# Longer than any of those of EC2's instances.
SELDOM = 2.0


def networks(call: Caller) -> None:
    """VPCs with all that is in them."""
    vpc = call("ec2:CreateVpc", CidrBlock="10.1.0.0/24")["Vpc"]["VpcId"]
    other = call("ec2:CreateVpc", CidrBlock="10.2.0.0/24")["Vpc"]["VpcId"]
    call("ec2:CreateTags", Resources=[vpc], Tags=TAGS)
    call("ec2:CreateTags", Resources=[], Tags=TAGS)
    call("ec2:ModifyVpcAttribute", VpcId=vpc, EnableDnsHostnames={"Value": True})
    call("ec2:DescribeVpcAttribute", VpcId=vpc, Attribute="enableDnsHostnames")
    for operation in (
        "DescribeVpcs",
        "DescribeAvailabilityZones",
        "DescribePrefixLists",
        "DescribeNatGateways",
    ):
        call(f"ec2:{operation}")
    subnet = call("ec2:CreateSubnet", VpcId=vpc, CidrBlock="10.1.0.0/28", AvailabilityZone="eu-west-1a")[
        "Subnet"
    ]["SubnetId"]
    call("ec2:CreateSubnet", VpcId=vpc)
    call("ec2:ModifySubnetAttribute", SubnetId=subnet, MapPublicIpOnLaunch={"Value": False})
    call("ec2:DescribeSubnets", SubnetIds=["subnet-0123456789abcdef0"])
    _groups(call, vpc)
    _instances(call, subnet)
    _peerings(call, vpc, other)
    _vpn(call, vpc)
    log = {"ResourceType": "VPC", "TrafficType": "ALL", "LogGroupName": "flow"}
    role = f"arn:aws:iam::{ACCOUNT}:role/flow"
    logs = call("ec2:CreateFlowLogs", ResourceIds=[vpc], DeliverLogsPermissionArn=role, **log).get(
        "FlowLogIds", []
    )
    call("ec2:CreateTags", Resources=logs, Tags=TAGS)
    call("ec2:DescribeFlowLogs")
    call("ec2:DescribeTags")
    call("ec2:DeleteTags", Resources=[vpc], Tags=TAGS[:1])
    call("ec2:DeleteFlowLogs", FlowLogIds=logs)
    endpoint = call("ec2:CreateVpcEndpoint", VpcId=vpc, ServiceName="com.amazonaws.eu-west-1.s3")
    call("ec2:DescribeVpcEndpoints")
    call("ec2:DeleteVpcEndpoints", VpcEndpointIds=[endpoint["VpcEndpoint"]["VpcEndpointId"]])
    for operation in ("DescribeNetworkAcls", "DescribeRouteTables", "DescribeInternetGateways"):
        call(f"ec2:{operation}")
    call("ec2:DescribeInternetGateways", InternetGatewayIds=["igw-0123456789abcdef0"])
    call("ec2:DeleteSubnet", SubnetId="subnet-0123456789abcdef0")
    call("ec2:DeleteSubnet", SubnetId=subnet)
    call("ec2:DeleteVpc", VpcId=other)


def _groups(call: Caller, vpc: str) -> None:
    group = call("ec2:CreateSecurityGroup", GroupName="tour", Description="a tour", VpcId=vpc)["GroupId"]
    rule = {"IpProtocol": "tcp", "FromPort": 1, "ToPort": 1, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}
    for _ in range(2):
        call("ec2:AuthorizeSecurityGroupIngress", GroupId=group, IpPermissions=[rule])
    call("ec2:AuthorizeSecurityGroupEgress", GroupId=group, IpPermissions=[rule])
    call("ec2:DescribeSecurityGroupRules", Filters=[{"Name": "group-id", "Values": [group]}])
    call("ec2:DescribeSecurityGroupRules", SecurityGroupRuleIds=["sgr-0123456789abcdef0"])
    call("ec2:DescribeSecurityGroups")
    call("ec2:DescribeSecurityGroups", GroupIds=["sg-0123456789abcdef0"])
    call("ec2:RevokeSecurityGroupIngress", GroupId=group, IpPermissions=[rule])
    call("ec2:RevokeSecurityGroupEgress", GroupId=group, IpPermissions=[rule])
    call("ec2:DeleteSecurityGroup", GroupId=group)
    call("ec2:DeleteSecurityGroup", GroupId=group)


def _instances(call: Caller, subnet: str) -> None:
    images = call("ec2:DescribeImages", Filters=[{"Name": "architecture", "Values": ["arm64"]}])["Images"]
    call("ec2:DescribeImages", ImageIds=["ami-0123456789abcdef0"])
    call("ec2:DescribeImages", ImageIds=["image"])
    host = {"InstanceType": "t4g.nano", "MinCount": 1, "MaxCount": 1, "SubnetId": subnet}
    call("ec2:RunInstances", ImageId="ami-0123456789abcdef0", **host)
    image = images[0]["ImageId"] if images else "ami-12c6146b"
    instance = call("ec2:RunInstances", ImageId=image, **host)["Instances"][0]["InstanceId"]
    _until(call, "ec2:DescribeInstances", "running", InstanceIds=[instance])
    call("ec2:DeleteSubnet", SubnetId=subnet)
    call("ec2:DescribeVolumes")
    call("ec2:DescribeVolumes", VolumeIds=["vol-0123456789abcdef0"])
    call("ec2:DescribeNetworkInterfaces")
    call("ec2:DescribeNetworkInterfaces", NetworkInterfaceIds=["eni-0123456789abcdef0"])
    call("ec2:DescribeInstanceAttribute", InstanceId=instance, Attribute="disableApiTermination")
    for protected in (True, False):
        call("ec2:ModifyInstanceAttribute", InstanceId=instance, DisableApiTermination={"Value": protected})
        call("ec2:ModifyInstanceAttribute", InstanceId=instance, DisableApiStop={"Value": protected})
        call("ec2:StopInstances", InstanceIds=[instance])
        _until(call, "ec2:DescribeInstances", "running" if protected else "stopped", InstanceIds=[instance])
        call("ec2:StartInstances", InstanceIds=[instance])
        _until(call, "ec2:DescribeInstances", "running", InstanceIds=[instance])
        call("ec2:TerminateInstances", InstanceIds=[instance])
    _until(call, "ec2:DescribeInstances", "terminated", InstanceIds=[instance])
    _seldom_seen(call, image, host)


def _seldom_seen(call: Caller, image: str, host: dict[str, Any]) -> None:
    """An instance that is looked at only when a state has passed, as in many recordings."""
    instance = call("ec2:RunInstances", ImageId=image, **host)["Instances"][0]["InstanceId"]
    for operation in ("StartInstances", "StopInstances", "StartInstances", "TerminateInstances"):
        call(f"ec2:{operation}", InstanceIds=[instance])
        time.sleep(SELDOM)
        call("ec2:DescribeInstances", InstanceIds=[instance])


def _peerings(call: Caller, vpc: str, other: str) -> None:
    made = call("ec2:CreateVpcPeeringConnection", VpcId=vpc, PeerVpcId=other)
    peering = made["VpcPeeringConnection"]["VpcPeeringConnectionId"]
    call("ec2:AcceptVpcPeeringConnection", VpcPeeringConnectionId=peering)
    call("ec2:DescribeVpcPeeringConnections")
    call("ec2:DeleteVpcPeeringConnection", VpcPeeringConnectionId=peering)


def _vpn(call: Caller, vpc: str) -> None:
    gateway = call("ec2:CreateVpnGateway", Type="ipsec.1")["VpnGateway"]["VpnGatewayId"]
    call("ec2:AttachVpnGateway", VpcId=vpc, VpnGatewayId=gateway)
    made = call("ec2:CreateCustomerGateway", Type="ipsec.1", BgpAsn=65000, IpAddress="198.51.100.7")
    customer = made["CustomerGateway"]["CustomerGatewayId"]
    sides = {"Type": "ipsec.1", "VpnGatewayId": gateway, "Options": {"StaticRoutesOnly": True}}
    call(
        "ec2:CreateVpnConnection",
        CustomerGatewayId=customer,
        TransitGatewayId="tgw-0123456789abcdef0",
        **sides,
    )
    call("ec2:CreateVpnConnection", CustomerGatewayId="cgw-0123456789abcdef0", **sides)
    made = call("ec2:CreateVpnConnection", CustomerGatewayId=customer, **sides)
    connection = made["VpnConnection"]["VpnConnectionId"]
    _until(call, "ec2:DescribeVpnConnections", "available", VpnConnectionIds=[connection])
    route = {"VpnConnectionId": connection, "DestinationCidrBlock": "192.168.4.0/24"}
    call("ec2:CreateVpnConnectionRoute", **route)
    call("ec2:DescribeVpnConnections", VpnConnectionIds=[connection])
    call("ec2:DeleteVpnConnectionRoute", **route)
    call("ec2:DescribeVpnConnections", VpnConnectionIds=[connection])
    call("ec2:DeleteVpnConnection", VpnConnectionId=connection)
    _until(call, "ec2:DescribeVpnConnections", "deleted", VpnConnectionIds=[connection])
    call("ec2:DeleteCustomerGateway", CustomerGatewayId=customer)
    call("ec2:DeleteCustomerGateway", CustomerGatewayId="cgw-0123456789abcdef0")


def databases(call: Caller) -> None:
    """A MySQL instance's life."""
    vpc = call("ec2:CreateVpc", CidrBlock="10.3.0.0/24")["Vpc"]["VpcId"]
    subnets = [
        call("ec2:CreateSubnet", VpcId=vpc, CidrBlock=f"10.3.0.{start}/28", AvailabilityZone=zone)["Subnet"][
            "SubnetId"
        ]
        for start, zone in ((0, "eu-west-1a"), (16, "eu-west-1b"))
    ]
    call("rds:CreateDBSubnetGroup", DBSubnetGroupName="tour", DBSubnetGroupDescription="d", SubnetIds=subnets)
    call("rds:DescribeDBSubnetGroups")
    group = {"DBParameterGroupName": "tour"}
    call("rds:CreateDBParameterGroup", **group, DBParameterGroupFamily="mysql8.4", Description="d")
    change = {"ParameterName": "read_only", "ParameterValue": "1", "ApplyMethod": "immediate"}
    call("rds:ModifyDBParameterGroup", **group, Parameters=[change])
    call("rds:DescribeDBParameterGroups")
    call("rds:DescribeDBParameterGroups", DBParameterGroupName="none")
    call("rds:DescribeDBParameters", **group)
    call("rds:DescribeDBEngineVersions", Engine="mysql")
    instance = {"DBInstanceIdentifier": "tour"}
    made = call(
        "rds:CreateDBInstance",
        **instance,
        **group,
        DBInstanceClass="db.t4g.small",
        Engine="mysql",
        MasterUsername="admin",
        MasterUserPassword="Correct-Horse-7",
        AllocatedStorage=20,
        StorageType="gp3",
        StorageEncrypted=True,
        DBSubnetGroupName="tour",
        Tags=TAGS,
    ).get("DBInstance", {})
    _until(call, "rds:DescribeDBInstances", "available", **instance)
    call("rds:DescribeDBInstances", DBInstanceIdentifier="none")
    call("rds:ModifyDBInstance", **instance, BackupRetentionPeriod=14, ApplyImmediately=True)
    # RDS answers before it begins: an instance that is available may not have been modified yet.
    _until(call, "rds:DescribeDBInstances", "modifying", **instance)
    _until(call, "rds:DescribeDBInstances", "available", **instance)
    for operation in ("AddTagsToResource", "ListTagsForResource", "RemoveTagsFromResource"):
        extra: dict[str, Any] = {
            "AddTagsToResource": {"Tags": TAGS},
            "RemoveTagsFromResource": {"TagKeys": ["a"]},
        }
        call(f"rds:{operation}", ResourceName=made.get("DBInstanceArn", "arn"), **extra.get(operation, {}))
    for name in ("tour-b", "tour-a"):
        call("rds:CreateDBSnapshot", **instance, DBSnapshotIdentifier=name)
        _until(call, "rds:DescribeDBSnapshots", "available", DBSnapshotIdentifier=name)
        _until(call, "rds:DescribeDBInstances", "available", **instance)
    for _ in range(2):
        call("rds:CopyDBSnapshot", SourceDBSnapshotIdentifier="tour-a", TargetDBSnapshotIdentifier="tour-c")
    call("rds:DescribeDBSnapshots")
    call("rds:RebootDBInstance", **instance)
    _until(call, "rds:DescribeDBInstances", "available", **instance)
    call("rds:StopDBInstance", **instance)
    _until(call, "rds:DescribeDBInstances", "stopped", **instance)
    call("rds:StartDBInstance", **instance)
    _until(call, "rds:DescribeDBInstances", "available", **instance)
    restored = {"DBInstanceIdentifier": "restored"}
    call(
        "rds:RestoreDBInstanceFromDBSnapshot",
        **restored,
        DBSnapshotIdentifier="tour-a",
        DBSubnetGroupName="tour",
    )
    _until(call, "rds:DescribeDBInstances", "available", **restored)
    call("ec2:DeleteSubnet", SubnetId=subnets[0])
    for each in (restored, instance):
        call("rds:DeleteDBInstance", **each, SkipFinalSnapshot=True)
        _until(call, "rds:DescribeDBInstances", "", **each)
    call("rds:DeleteDBSnapshot", DBSnapshotIdentifier="tour-a")
    call("rds:DeleteDBParameterGroup", **group)
    call("rds:DeleteDBSubnetGroup", DBSubnetGroupName="tour")


def identities(call: Caller) -> None:
    """IAM's roles, groups and users."""
    role, missing = {"RoleName": "tour"}, {"RoleName": "none"}
    call("sts:GetCallerIdentity")
    call("iam:CreateRole", RoleName="broken", AssumeRolePolicyDocument="{")
    call("iam:CreateRole", **role, AssumeRolePolicyDocument=TRUST, Tags=TAGS, Description="d")
    call("iam:TagRole", **role, Tags=TAGS)
    call("iam:GetRole", **role)
    call("iam:GetRole", **missing)
    call("iam:UpdateAssumeRolePolicy", **role, PolicyDocument=TRUST)
    arn = call("iam:CreatePolicy", PolicyName="tour", PolicyDocument=POLICY).get("Policy", {}).get("Arn", "")
    call("iam:GetPolicy", PolicyArn=arn)
    call("iam:GetPolicy", PolicyArn=f"arn:aws:iam::{ACCOUNT}:policy/none")
    for attached in (arn, f"arn:aws:iam::{ACCOUNT}:policy/none", "not-an-arn-at-all-but-long"):
        call("iam:AttachRolePolicy", **role, PolicyArn=attached)
    call("iam:ListAttachedRolePolicies", **role)
    call("iam:PutRolePolicy", **role, PolicyName="inline", PolicyDocument=POLICY)
    call("iam:GetRolePolicy", **role, PolicyName="inline")
    call("iam:ListRolePolicies", **role)
    profile = {"InstanceProfileName": "tour"}
    call("iam:CreateInstanceProfile", **profile)
    call("iam:AddRoleToInstanceProfile", **profile, **role)
    call("iam:ListInstanceProfilesForRole", **role)
    call("iam:ListInstanceProfilesForRole", **missing)
    for each in (missing, role):
        call("iam:RemoveRoleFromInstanceProfile", **profile, **each)
    for _ in range(2):
        call("iam:DeleteInstanceProfile", **profile)
        call("iam:DetachRolePolicy", **role, PolicyArn=arn)
    call("iam:DeleteRolePolicy", **role, PolicyName="inline")
    call("iam:CreateServiceLinkedRole", AWSServiceName="ops.apigateway.amazonaws.com", CustomSuffix="x")
    call("iam:CreateServiceLinkedRole", AWSServiceName="rds.amazonaws.com")
    call("iam:DeleteRole", RoleName="AWSServiceRoleForRDS")
    call("iam:DeleteRole", **role)
    _people(call)


def _people(call: Caller) -> None:
    group, user = {"GroupName": "tour"}, {"UserName": "tour"}
    call("iam:CreateGroup", **group)
    call("iam:PutGroupPolicy", **group, PolicyName="inline", PolicyDocument=POLICY)
    call("iam:GetGroupPolicy", **group, PolicyName="inline")
    call("iam:DeleteGroupPolicy", **group, PolicyName="inline")
    for name in ("tour", "tour-2"):
        call("iam:CreateUser", UserName=name)
        call("iam:AddUserToGroup", **group, UserName=name)
    call("iam:GetUser", **user)
    call("iam:GetGroup", **group)
    call("iam:GetGroup", GroupName="none")
    call("iam:ListGroupsForUser", **user)
    call("iam:DeleteGroup", **group)
    for name in ("tour", "tour-2"):
        call("iam:RemoveUserFromGroup", **group, UserName=name)
    call("iam:DeleteGroup", **group)


def keys_and_secrets(call: Caller) -> None:
    """KMS, Secrets Manager and Parameter Store."""
    key = {"KeyId": call("kms:CreateKey", Description="d")["KeyMetadata"]["KeyId"]}
    call("kms:DescribeKey", **key)
    call("kms:DescribeKey", KeyId="alias/none")
    for operation in ("EnableKeyRotation", "GetKeyRotationStatus", "ListResourceTags", "ListGrants"):
        call(f"kms:{operation}", **key)
    call("kms:CreateAlias", AliasName="none", TargetKeyId=key["KeyId"])
    for name in ("alias/tour-b", "alias/tour-a"):
        call("kms:CreateAlias", AliasName=name, TargetKeyId=key["KeyId"])
    call("kms:ListAliases")
    policy = call("kms:GetKeyPolicy", **key, PolicyName="default")["Policy"]
    call("kms:PutKeyPolicy", **key, PolicyName="default", Policy=policy)
    secret = call("kms:Encrypt", **key, Plaintext=b"text")["CiphertextBlob"]
    call("kms:Encrypt", **key, Plaintext=b"x" * 4097)
    call("kms:Decrypt", CiphertextBlob=secret)
    call("kms:Decrypt", CiphertextBlob=b"nothing")
    other = call("kms:CreateKey")["KeyMetadata"]["KeyId"]
    call("kms:Decrypt", CiphertextBlob=secret, KeyId=other)
    signing = call("kms:CreateKey", KeyUsage="SIGN_VERIFY", KeySpec="RSA_2048")["KeyMetadata"]["KeyId"]
    call("kms:Encrypt", KeyId=signing, Plaintext=b"text")
    imported = call("kms:CreateKey", Origin="EXTERNAL")["KeyMetadata"]["KeyId"]
    call("kms:DescribeKey", KeyId=imported)
    call("kms:Encrypt", KeyId=imported, Plaintext=b"text")
    call("kms:GetKeyRotationStatus", KeyId=imported)
    for operation in ("GenerateDataKey", "GenerateDataKeyWithoutPlaintext"):
        call(f"kms:{operation}", **key, KeySpec="AES_256")
    call("kms:DisableKey", **key)
    call("kms:DescribeKey", **key)
    call("kms:DeleteAlias", AliasName="alias/tour-a")
    call("kms:ScheduleKeyDeletion", **key, PendingWindowInDays=7)
    for _ in range(2):
        call("secretsmanager:CreateSecret", Name="tour", SecretString="text")
    call("secretsmanager:CreateSecret", Name="a b", SecretString="text")
    for operation in ("DescribeSecret", "GetSecretValue"):
        for name in ("tour", "none", "a b"):
            call(f"secretsmanager:{operation}", SecretId=name)
    parameter = {"Name": "/tour"}
    call("ssm:PutParameter", **parameter, Value="v", Type="String")
    call("ssm:GetParameter", **parameter)
    call("ssm:GetParameter", Name="/none")
    call("ssm:ListTagsForResource", ResourceType="Parameter", ResourceId="/tour")
    call("ssm:GetDocument", Name="none")


def tables(call: Caller) -> None:
    """DynamoDB."""
    table = {"TableName": "tour"}
    key = {"id": {"S": "1"}}
    call(
        "dynamodb:CreateTable",
        **table,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        Tags=TAGS,
    )
    arn = _until(call, "dynamodb:DescribeTable", "ACTIVE", **table).get("Table", {}).get("TableArn", "")
    call("dynamodb:CreateTable", **table, BillingMode="FREE", AttributeDefinitions=[], KeySchema=[])
    call("dynamodb:ListTagsOfResource", ResourceArn=arn)
    call("dynamodb:TagResource", ResourceArn=arn, Tags=TAGS)
    call("dynamodb:PutItem", **table, Item={**key, "n": {"N": "1"}})
    call("dynamodb:PutItem", **table, Item={**key, "n": {"NS": []}})
    call("dynamodb:GetItem", **table, Key=key)
    call("dynamodb:GetItem", **table, Key={"other": {"S": "1"}})
    values = {":n": {"N": "1"}}
    call(
        "dynamodb:UpdateItem",
        **table,
        Key=key,
        UpdateExpression="SET n = :n",
        ExpressionAttributeValues=values,
        ReturnValues="ALL_NEW",
    )
    call("dynamodb:UpdateItem", **table, Key=key, UpdateExpression="")
    call(
        "dynamodb:Query",
        **table,
        KeyConditionExpression="id = :i",
        ExpressionAttributeValues={":i": {"S": "1"}},
    )
    call("dynamodb:Query", **table, KeyConditionExpression="n = :n", ExpressionAttributeValues=values)
    call("dynamodb:Scan", **table)
    call("dynamodb:Scan", **table, ExpressionAttributeNames={"#count": "count"})
    call("dynamodb:DeleteItem", **table, Key=key, ConditionExpression="attribute_not_exists(id)")
    call("dynamodb:DeleteItem", **table, Key={"other": {"S": "1"}})
    call("dynamodb:DeleteItem", **table, Key=key)
    for name in ("tour", "none"):
        call("dynamodb:DescribeContinuousBackups", TableName=name)
    recovery = {"PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True}}
    call("dynamodb:UpdateContinuousBackups", **table, **recovery)
    call("dynamodb:DescribeTimeToLive", **table)
    call("dynamodb:UpdateTable", **table, DeletionProtectionEnabled=False)
    call("dynamodb:DescribeTable", **table)
    for name in ("tour", "none"):
        call("dynamodb:DeleteTable", TableName=name)
    _until(call, "dynamodb:DescribeTable", "", **table)


def zones_and_logs(call: Caller) -> None:
    """Route 53, log groups, alarms, topics and schedules."""
    zone = call("route53:CreateHostedZone", Name="tour.example", CallerReference="tour")["HostedZone"]["Id"]
    record = {"Name": "a.tour.example", "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": "192.0.2.1"}]}
    for action in ("CREATE", "DELETE"):
        changes = {"Changes": [{"Action": action, "ResourceRecordSet": record}]}
        call("route53:ChangeResourceRecordSets", HostedZoneId=zone, ChangeBatch=changes)
        call("route53:ListResourceRecordSets", HostedZoneId=zone)
        if action == "CREATE":
            call("route53:DeleteHostedZone", Id=zone)
    tagged = {"ResourceType": "hostedzone", "ResourceId": zone.rpartition("/")[2]}
    call("route53:ChangeTagsForResource", **tagged, AddTags=TAGS)
    call("route53:ListTagsForResource", **tagged)
    call("route53:ListHostedZones")
    call("route53:GetHostedZone", Id=zone)
    for _ in range(2):
        call("route53:DeleteHostedZone", Id=zone)
    call("route53:ChangeTagsForResource", **tagged, AddTags=TAGS)
    for name in ("tour-b", "tour-a", "tour-a"):
        call("logs:CreateLogGroup", logGroupName=name)
    call("logs:PutRetentionPolicy", logGroupName="tour-a", retentionInDays=7)
    for _ in range(2):
        call("logs:CreateLogStream", logGroupName="tour-a", logStreamName="s")
    event = {"timestamp": int(time.time() * 1000), "message": "m"}
    for stream in ("s", "none"):
        call("logs:PutLogEvents", logGroupName="tour-a", logStreamName=stream, logEvents=[event])
    call("logs:DescribeLogStreams", logGroupName="tour-a")
    call("logs:DescribeLogGroups", logGroupNamePrefix="tour")
    call("logs:DescribeLogGroups", logGroupNamePrefix="tour", logGroupNamePattern="tour")
    call("logs:ListTagsForResource", resourceArn=f"arn:aws:logs:eu-west-1:{ACCOUNT}:log-group:tour-a")
    call("logs:DeleteLogGroup", logGroupName="tour-a")
    _alarms(call)
    _topics(call)
    _schedules(call)


def _alarms(call: Caller) -> None:
    metric = {"Namespace": "Tour", "MetricName": "m"}
    alarm = {
        "ComparisonOperator": "GreaterThanThreshold",
        "EvaluationPeriods": 1,
        "Threshold": 1.0,
        "Period": 60,
    }
    call("cloudwatch:PutMetricAlarm", AlarmName="tour", **metric, **alarm, Statistic="Average", Tags=TAGS)
    call("cloudwatch:DescribeAlarms")
    call(
        "cloudwatch:ListTagsForResource",
        ResourceARN=f"arn:aws:cloudwatch:eu-west-1:{ACCOUNT}:alarm:tour",
    )
    call("cloudwatch:PutMetricData", Namespace="Tour", MetricData=[{"MetricName": "m", "Value": 1.0}])
    now = datetime.now(UTC)
    for start in (now - timedelta(hours=1), now + timedelta(hours=1)):
        window = {"StartTime": start, "EndTime": now, "Period": 60, "Statistics": ["Average"]}
        call("cloudwatch:GetMetricStatistics", **metric, **window)
    call("cloudwatch:DeleteAlarms", AlarmNames=["tour"])


def _topics(call: Caller) -> None:
    call("sns:CreateTopic", Name="a b")
    arn = call("sns:CreateTopic", Name="tour", Tags=TAGS)["TopicArn"]
    for topic in (arn, f"{arn}-none", "none"):
        call("sns:GetTopicAttributes", TopicArn=topic)
    call("sns:SetTopicAttributes", TopicArn=arn, AttributeName="DisplayName", AttributeValue="d")
    call("sns:SetTopicAttributes", TopicArn=arn, AttributeName="Nothing", AttributeValue="d")
    call("sns:Subscribe", TopicArn=arn, Protocol="email", Endpoint="a@example.com")
    call("sns:Subscribe", TopicArn="none", Protocol="email", Endpoint="a@example.com")
    call("sns:Subscribe", TopicArn=f"{arn}-none", Protocol="email", Endpoint="a@example.com")
    call("sns:ListSubscriptionsByTopic", TopicArn=arn)
    call("sns:ListSubscriptionsByTopic", TopicArn="none")
    call("sns:ListTagsForResource", ResourceArn=arn)
    call("sns:TagResource", ResourceArn=arn, Tags=[TAGS[0], TAGS[0]])
    call("sns:DeleteTopic", TopicArn="none")
    call("sns:DeleteTopic", TopicArn=arn)


def _schedules(call: Caller) -> None:
    target = {
        "Arn": "arn:aws:scheduler:::aws-sdk:codebuild:startBuild",
        "RoleArn": f"arn:aws:iam::{ACCOUNT}:role/tour",
        "Input": "{}",
    }
    asked = {"Name": "tour", "FlexibleTimeWindow": {"Mode": "OFF"}, "Target": target}
    call("scheduler:CreateSchedule", **asked, ScheduleExpression="cron(INVALID)")
    call("scheduler:CreateSchedule", **asked, ScheduleExpression="at(2096-01-01T00:00:00)")
    for name in ("tour", "none"):
        call("scheduler:GetSchedule", Name=name)
    call("scheduler:UpdateSchedule", **asked, ScheduleExpression="at(2097-01-01T00:00:00)")
    call("scheduler:DeleteSchedule", Name="tour")
    call("tagging:GetResources")


def _until(call: Caller, operation: str, state: str, **parameters: Any) -> dict[str, Any]:  # noqa: ANN401
    """Describe until the resource is in the state, or for "" until it is gone; the last answer."""
    end = time.monotonic() + PATIENCE
    while True:
        answer = call(operation, **parameters)
        if (f"'{state}'" in str(answer) if state else not answer) or time.monotonic() > end:
            return answer
        time.sleep(PAUSE)


TOURS = (networks, databases, identities, keys_and_secrets, tables, zones_and_logs)
