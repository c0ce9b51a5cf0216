"""Pulumi's names of the types of AWS resources, each said once."""

from __future__ import annotations

import re

VPC = "aws:ec2/vpc:Vpc"
SUBNET = "aws:ec2/subnet:Subnet"
ROUTE_TABLE = "aws:ec2/routeTable:RouteTable"
ROUTE_TABLE_ASSOCIATION = "aws:ec2/routeTableAssociation:RouteTableAssociation"
NETWORK_ACL = "aws:ec2/networkAcl:NetworkAcl"
ROUTE = "aws:ec2/route:Route"
PEERING = "aws:ec2/vpcPeeringConnection:VpcPeeringConnection"
INSTANCE = "aws:ec2/instance:Instance"
FLOW_LOG = "aws:ec2/flowLog:FlowLog"

SECURITY_GROUP = "aws:ec2/securityGroup:SecurityGroup"
DEFAULT_SECURITY_GROUP = "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup"
INGRESS_RULE = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
EGRESS_RULE = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"

CUSTOMER_GATEWAY = "aws:ec2/customerGateway:CustomerGateway"
VPN_GATEWAY = "aws:ec2/vpnGateway:VpnGateway"
ROUTE_PROPAGATION = "aws:ec2/vpnGatewayRoutePropagation:VpnGatewayRoutePropagation"
VPN_CONNECTION = "aws:ec2/vpnConnection:VpnConnection"
VPN_CONNECTION_ROUTE = "aws:ec2/vpnConnectionRoute:VpnConnectionRoute"

DATABASE = "aws:rds/instance:Instance"
SUBNET_GROUP = "aws:rds/subnetGroup:SubnetGroup"
PARAMETER_GROUP = "aws:rds/parameterGroup:ParameterGroup"
RECORD = "aws:route53/record:Record"

TABLE_ITEM = "aws:dynamodb/tableItem:TableItem"
DOCUMENT = "aws:ssm/document:Document"

VPC_ENDPOINT = "aws:ec2/vpcEndpoint:VpcEndpoint"
ZONE = "aws:route53/zone:Zone"
TABLE = "aws:dynamodb/table:Table"
KEY = "aws:kms/key:Key"
ALIAS = "aws:kms/alias:Alias"
ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"
SCHEDULE = "aws:scheduler/schedule:Schedule"

IAM_GROUP = "aws:iam/group:Group"
IAM_GROUP_POLICY = "aws:iam/groupPolicy:GroupPolicy"
INSTANCE_PROFILE = "aws:iam/instanceProfile:InstanceProfile"

# How AWS writes what a type's module and name have of its services and abbreviations.
_SERVICES = {
    "codebuild": "CodeBuild",
    "dynamodb": "DynamoDB",
    "iam": "IAM",
    "kms": "KMS",
    "rds": "RDS",
    "route53": "Route 53",
    "scheduler": "EventBridge",
    "sns": "SNS",
    "ssm": "SSM",
}
_ABBREVIATIONS = {"acl": "ACL", "vpc": "VPC", "vpn": "VPN"}


def in_words(type_: str) -> str:
    """A type of AWS's as AWS calls it: `network ACL`, `Route 53 zone`; another one's name as it is."""
    module, _, name = type_.rpartition(":")
    if not module.startswith("aws:"):
        return name
    words = [word.lower() for word in re.findall(r"[A-Z][a-z0-9]*", name)]
    service = "EC2" if type_ == INSTANCE else _SERVICES.get(module.split(":")[1].split("/")[0])
    return " ".join([*([service] if service else []), *(_ABBREVIATIONS.get(word, word) for word in words)])
