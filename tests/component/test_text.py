"""Every text that a stack sends is one that AWS takes, by the rules that the local cloud has."""

from __future__ import annotations

import re

import pytest
from tenantnet.components.vpn_connection import VpnConnectionArgs
from tenantnet.local_cloud.validation.check import violations_of
from tenantnet.refusal import Refused
from tenantnet.tags import Owner, Tag

from tests.component.conftest import DeclareTenant
from tests.support import component_samples as samples
from tests.support.mock_engine import RecordingEngine

ALARM, DATABASE = "aws:cloudwatch/metricAlarm:MetricAlarm", "aws:rds/instance:Instance"
INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
# Where AWS's API has the text; `.members[name]` of a shape of botocore's.
FIELDS = {
    "aws:cloudwatch/logGroup:LogGroup.name": "logs CreateLogGroupRequest.logGroupName",
    f"{ALARM}.alarmDescription": "cloudwatch PutMetricAlarmInput.AlarmDescription",
    f"{ALARM}.metricName": "cloudwatch PutMetricAlarmInput.MetricName",
    f"{ALARM}.name": "cloudwatch PutMetricAlarmInput.AlarmName",
    "aws:codebuild/project:Project.description": "codebuild CreateProjectInput.description",
    "aws:codebuild/project:Project.name": "codebuild CreateProjectInput.name",
    "aws:dynamodb/table:Table.name": "dynamodb CreateTableInput.TableName",
    "aws:dynamodb/tableItem:TableItem.tableName": "dynamodb PutItemInput.TableName",
    "aws:ec2/customerGateway:CustomerGateway.deviceName": "ec2 CreateCustomerGatewayRequest.DeviceName",
    "aws:ec2/securityGroup:SecurityGroup.description": "ec2 CreateSecurityGroupRequest.Description",
    "aws:ec2/securityGroup:SecurityGroup.name": "ec2 CreateSecurityGroupRequest.GroupName",
    "aws:ec2/vpcEndpoint:VpcEndpoint.policy": "ec2 CreateVpcEndpointRequest.PolicyDocument",
    "aws:ec2/vpcEndpoint:VpcEndpoint.serviceName": "ec2 CreateVpcEndpointRequest.ServiceName",
    "aws:iam/instanceProfile:InstanceProfile.name": "iam CreateInstanceProfileRequest.InstanceProfileName",
    "aws:iam/role:Role.assumeRolePolicy": "iam CreateRoleRequest.AssumeRolePolicyDocument",
    "aws:iam/role:Role.name": "iam CreateRoleRequest.RoleName",
    "aws:iam/rolePolicy:RolePolicy.name": "iam PutRolePolicyRequest.PolicyName",
    "aws:iam/rolePolicy:RolePolicy.policy": "iam PutRolePolicyRequest.PolicyDocument",
    "aws:kms/alias:Alias.name": "kms CreateAliasRequest.AliasName",
    "aws:kms/key:Key.description": "kms CreateKeyRequest.Description",
    "aws:kms/key:Key.policy": "kms CreateKeyRequest.Policy",
    f"{DATABASE}.dbSubnetGroupName": "rds CreateDBSubnetGroupMessage.DBSubnetGroupName",
    f"{DATABASE}.finalSnapshotIdentifier": "rds DeleteDBInstanceMessage.FinalDBSnapshotIdentifier",
    f"{DATABASE}.identifier": "rds CreateDBInstanceMessage.DBInstanceIdentifier",
    f"{DATABASE}.parameterGroupName": "rds CreateDBParameterGroupMessage.DBParameterGroupName",
    f"{DATABASE}.username": "rds CreateDBInstanceMessage.MasterUsername",
    "aws:rds/parameterGroup:ParameterGroup.description": "rds CreateDBParameterGroupMessage.Description",
    "aws:rds/parameterGroup:ParameterGroup.name": "rds CreateDBParameterGroupMessage.DBParameterGroupName",
    "aws:rds/subnetGroup:SubnetGroup.description": "rds CreateDBSubnetGroupMessage.DBSubnetGroupDescription",
    "aws:rds/subnetGroup:SubnetGroup.name": "rds CreateDBSubnetGroupMessage.DBSubnetGroupName",
    "aws:route53/record:Record.name": "route53 ResourceRecordSet.Name",
    "aws:route53/zone:Zone.comment": "route53 HostedZoneConfig.Comment",
    "aws:route53/zone:Zone.name": "route53 CreateHostedZoneRequest.Name",
    "aws:scheduler/schedule:Schedule.description": "scheduler CreateScheduleInput.Description",
    "aws:scheduler/schedule:Schedule.name": "scheduler CreateScheduleInput.Name",
    "aws:scheduler/schedule:Schedule.scheduleExpression": "scheduler CreateScheduleInput.ScheduleExpression",
    "aws:sns/topic:Topic.name": "sns CreateTopicInput.Name",
    "aws:sns/topicPolicy:TopicPolicy.policy": "sns SetTopicAttributesInput.AttributeValue",
    "aws:ssm/document:Document.content": "ssm CreateDocumentRequest.Content",
    "aws:ssm/document:Document.name": "ssm CreateDocumentRequest.Name",
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule.description": "ec2 IpRange.Description",
    f"{INGRESS}.description": "ec2 IpRange.Description",
}
TEXT = re.compile(r"name|.*(Name|[dD]escription|[iI]dentifier|[pP]olicy|comment|content|username)")
# By the module that a type is in; the service's shape, its key and its value.
TAGS = {
    "cloudwatch/logGroup": "logs Tags",
    "cloudwatch": "cloudwatch Tag.Key Value",
    "codebuild": "codebuild Tag.key value",
    "dynamodb": "dynamodb Tag.Key Value",
    "ec2": "ec2 Tag.Key Value",
    "iam": "iam Tag.Key Value",
    "kms": "kms Tag.TagKey TagValue",
    "rds": "rds Tag.Key Value",
    "route53": "route53 Tag.Key Value",
    "scheduler": "scheduler Tag.Key Value",
    "sns": "sns Tag.Key Value",
    "ssm": "ssm Tag.Key Value",
    "vpc": "ec2 Tag.Key Value",
}
UNUSUAL = "O'Brien's \N{LESS-THAN SIGN}Zürich\N{GREATER-THAN SIGN} 東京"


def refused_texts(engine: RecordingEngine) -> list[str]:
    """What AWS would refuse of all that was declared; fails at a text of which it is not known."""
    found = []
    for resource in engine.registered:
        if not resource.type.startswith("aws:"):
            continue
        for name, value in resource.inputs.items():
            key = f"{resource.type}.{name}"
            if isinstance(value, str) and (key in FIELDS or TEXT.fullmatch(name)):
                found += [f"{resource.name}: {each}" for each in violations_of(FIELDS[key], value)]
        found += refused_tags(resource.type, resource.inputs.get("tags") or {})
    return found


def refused_tags(type_token: str, tags: dict[str, str]) -> list[str]:
    module = type_token.removeprefix("aws:").partition(":")[0]
    shape, _, members = TAGS.get(module, TAGS[module.partition("/")[0]]).partition(".")
    if not members:
        return []
    key, value = members.split()
    return [
        violation
        for tag in tags.items()
        for member, text in zip((key, value), tag, strict=True)
        for violation in violations_of(f"{shape}.{member}", text)
    ]


@pytest.mark.parametrize("stack", ["acme", "moving_acme", "scheduled_acme", "cell", "cell_with_runner"])
def test_aws_takes_every_text_of_every_stack(request: pytest.FixtureRequest, stack: str) -> None:
    assert refused_texts(request.getfixturevalue(stack)) == []


def test_what_people_call_a_company_needs_no_ascii(declare_tenant: DeclareTenant) -> None:
    network = samples.network("10.1.2.0/26", "192.168.4.0/24")
    network["vpnConnections"][0]["description"] = UNUSUAL
    engine = declare_tenant(networks={"blue": network})
    assert refused_texts(engine) == []
    rule = engine.one(INGRESS, "acme-blue-vpn-192-168-4-0-24-database").inputs
    assert rule["description"] == "OBriens _Zurich_ _"
    connection = engine.of_type("aws:ec2/vpnConnection:VpnConnection")[0].inputs
    assert rule["tags"][Tag.DESCRIPTION] == connection["tags"][Tag.DESCRIPTION] == UNUSUAL


def test_a_rule_with_a_text_that_ec2_takes_has_no_tag_beside_it(acme: RecordingEngine) -> None:
    rule = acme.one(INGRESS, "acme-blue-vpn-192-168-4-0-24-database").inputs
    assert rule["description"] == "Office 7"
    assert Tag.DESCRIPTION not in rule["tags"]


def test_the_librarys_connection_refuses_a_description_that_no_tag_takes() -> None:
    with pytest.raises(Refused, match="255 visible"):
        VpnConnectionArgs(
            owner=Owner(cell="eu1", tenant="acme", network="blue"),
            company_cidr="192.168.4.0/24",
            company_gateway_ip="198.51.100.7",
            description="d" * 257,
            vpn_gateway_id="vgw-1",
            database_security_group_id="sg-1",
            ping_host_security_group_id="sg-2",
            alarm_topic_arn="arn:aws:sns:eu-west-1:123456789012:alarms",
        )
