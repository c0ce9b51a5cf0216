"""Which parameter names which resource, service by service, and how its ARN is written.

https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

from __future__ import annotations

from moto.core.models import DEFAULT_ACCOUNT_ID

# What an EC2 resource's ID begins with, and its kind in ARNs.
EC2_KINDS = {
    "acl": "network-acl",
    "ami": "image",
    "cgw": "customer-gateway",
    "eni": "network-interface",
    "fl": "vpc-flow-log",
    "i": "instance",
    "pcx": "vpc-peering-connection",
    "rtb": "route-table",
    "sg": "security-group",
    "sgr": "security-group-rule",
    "subnet": "subnet",
    "vgw": "vpn-gateway",
    "vol": "volume",
    "vpc": "vpc",
    "vpce": "vpc-endpoint",
    "vpn": "vpn-connection",
}
SERVICES_IN_ARNS = {"monitoring": "cloudwatch"}
# By service and parameter: the ARN's last part; the ARN's region and account are left out where AWS does.
REGIONAL = {
    # As CloudWatch's requests are signed.
    "monitoring": {"AlarmName": "alarm:{}", "AlarmNames": "alarm:{}"},
    "codebuild": {"name": "project/{}", "names": "project/{}", "projectName": "project/{}"},
    "dynamodb": {"TableName": "table/{}"},
    "kms": {"KeyId": "key/{}", "TargetKeyId": "key/{}"},
    "logs": {"logGroupName": "log-group:{}"},
    "rds": {
        "DBInstanceIdentifier": "db:{}",
        "DBParameterGroupName": "pg:{}",
        "DBSnapshotIdentifier": "snapshot:{}",
        "DBSubnetGroupName": "subgrp:{}",
        "FinalDBSnapshotIdentifier": "snapshot:{}",
        "SourceDBInstanceIdentifier": "db:{}",
    },
    "scheduler": {"Name": "schedule/default/{}"},
    "secretsmanager": {"SecretId": "secret:{}"},
    "sns": {"Name": "{}"},
    "ssm": {"DocumentName": "document/{}", "Name": "document/{}", "SessionId": "session/{}"},
}
GLOBAL = {
    "iam": {
        "GroupName": "group/tenantnet/{}",
        "InstanceProfileName": "instance-profile/{}",
        "RoleName": "role/{}",
        "UserName": "user/{}",
    },
}
UNOWNED = {
    # Named by the part of the path before them.
    "route53": {"change": "change/{}", "hostedzone": "hostedzone/{}", "ResourceId": "hostedzone/{}"},
    "s3": {"Bucket": "{}"},
}


def named_arn(service: str, region: str, parameter: str, value: str) -> str | None:
    """The ARN of what the parameter names; None where it names nothing that a policy could be about."""
    if service == "kms" and value.startswith("alias/"):
        return f"arn:aws:kms:{region}:{DEFAULT_ACCOUNT_ID}:{value}"
    if service == "ssm" and value.startswith("/aws/"):
        return f"arn:aws:ssm:{region}::parameter{value}"
    if form := REGIONAL.get(service, {}).get(parameter):
        service = SERVICES_IN_ARNS.get(service, service)
        return f"arn:aws:{service}:{region}:{DEFAULT_ACCOUNT_ID}:{form.format(value)}"
    if form := GLOBAL.get(service, {}).get(parameter):
        return f"arn:aws:{service}::{DEFAULT_ACCOUNT_ID}:{form.format(value)}"
    if form := UNOWNED.get(service, {}).get(parameter):
        return f"arn:aws:{service}:::{form.format(value)}"
    return None
