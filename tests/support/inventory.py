"""What of ours is in an account: asked of every service that the stacks use, one by one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3

TAG_PREFIX = "tenantnet:"

# EC2: the call, where its answer lists the resources, and what names one.
EC2_KINDS = [
    ("describe_vpcs", "Vpcs", "VpcId"),
    ("describe_subnets", "Subnets", "SubnetId"),
    ("describe_route_tables", "RouteTables", "RouteTableId"),
    ("describe_security_groups", "SecurityGroups", "GroupId"),
    ("describe_security_group_rules", "SecurityGroupRules", "SecurityGroupRuleId"),
    ("describe_vpn_gateways", "VpnGateways", "VpnGatewayId"),
    ("describe_customer_gateways", "CustomerGateways", "CustomerGatewayId"),
    ("describe_vpn_connections", "VpnConnections", "VpnConnectionId"),
    ("describe_vpc_peering_connections", "VpcPeeringConnections", "VpcPeeringConnectionId"),
    ("describe_vpc_endpoints", "VpcEndpoints", "VpcEndpointId"),
    ("describe_flow_logs", "FlowLogs", "FlowLogId"),
    ("describe_volumes", "Volumes", "VolumeId"),
]
# Deleted resources stay listed for a while, in these states.
GONE = {"deleted", "deleting", "terminated", "PendingDeletion"}


def what_is_left(aws: boto3.Session, tenant: str | None = None) -> set[str]:
    """`<service> <kind> <name>` of everything that carries our tags or names; of one tenant or all."""
    marker = ("tenantnet:tenant", tenant) if tenant else None

    def ours(tags: list[dict[str, str]] | None) -> bool:
        found = {tag["Key"]: tag["Value"] for tag in tags or []}
        if marker:
            return found.get(marker[0]) == marker[1]
        return any(key.startswith(TAG_PREFIX) for key in found)

    finders = (_ec2, _rds, _named, _keys, _claims)
    return {name for find in finders for name, tags in find(aws, tenant) if tags is None or ours(tags)}


Found = Iterator[tuple[str, list[dict[str, str]] | None]]


def _ec2(aws: boto3.Session, tenant: str | None) -> Found:
    ec2: Any = aws.client("ec2")
    for call, key, identifier in EC2_KINDS:
        for item in getattr(ec2, call)()[key]:
            state = item.get("State") or item.get("Status", {})
            if (state if isinstance(state, str) else state.get("Code")) in GONE:
                continue
            yield f"ec2 {key} {item[identifier]}", item.get("Tags") or []
    for reservation in ec2.describe_instances()["Reservations"]:
        for instance in reservation["Instances"]:
            if instance["State"]["Name"] not in GONE:
                yield f"ec2 instance {instance['InstanceId']}", instance.get("Tags") or []


def _rds(aws: boto3.Session, tenant: str | None) -> Found:
    rds: Any = aws.client("rds")
    for instance in rds.describe_db_instances()["DBInstances"]:
        yield f"rds instance {instance['DBInstanceIdentifier']}", instance["TagList"]
    for snapshot in rds.describe_db_snapshots()["DBSnapshots"]:
        if snapshot["SnapshotType"] == "manual":
            yield f"rds snapshot {snapshot['DBSnapshotIdentifier']}", snapshot["TagList"]
    for group in rds.describe_db_subnet_groups()["DBSubnetGroups"]:
        yield (
            f"rds subnet group {group['DBSubnetGroupName']}",
            rds.list_tags_for_resource(ResourceName=group["DBSubnetGroupArn"])["TagList"],
        )
    for group in rds.describe_db_parameter_groups()["DBParameterGroups"]:
        yield (
            f"rds parameter group {group['DBParameterGroupName']}",
            rds.list_tags_for_resource(ResourceName=group["DBParameterGroupArn"])["TagList"],
        )


def _named(aws: boto3.Session, tenant: str | None) -> Found:
    """Services whose resources carry our name; what has no tenant in it belongs to the cell."""
    names: list[str] = []
    names += [
        f"logs group {g['logGroupName']}" for g in _client(aws, "logs").describe_log_groups()["logGroups"]
    ]
    names += [
        f"cloudwatch alarm {a['AlarmName']}"
        for a in _client(aws, "cloudwatch").describe_alarms()["MetricAlarms"]
    ]
    iam = _client(aws, "iam")
    # A test that calls as a role makes it itself, by another name.
    roles = (role["RoleName"] for role in iam.list_roles()["Roles"])
    names += [f"iam role {name}" for name in roles if name.startswith("tenantnet-")]
    names += [f"iam group {g['GroupName']}" for g in iam.list_groups()["Groups"]]
    names += [
        f"iam instance profile {p['InstanceProfileName']}"
        for p in iam.list_instance_profiles()["InstanceProfiles"]
    ]
    own_documents = _client(aws, "ssm").list_documents(Filters=[{"Key": "Owner", "Values": ["Self"]}])
    names += [f"ssm document {d['Name']}" for d in own_documents["DocumentIdentifiers"]]
    names += [f"codebuild project {p}" for p in _client(aws, "codebuild").list_projects()["projects"]]
    names += [
        f"scheduler schedule {s['Name']}" for s in _client(aws, "scheduler").list_schedules()["Schedules"]
    ]
    names += [f"sns topic {t['TopicArn']}" for t in _client(aws, "sns").list_topics()["Topics"]]
    route53 = _client(aws, "route53")
    for zone in route53.list_hosted_zones()["HostedZones"]:
        names.append(f"route53 zone {zone['Name']}")
        records = route53.list_resource_record_sets(HostedZoneId=zone["Id"])["ResourceRecordSets"]
        names += [f"route53 record {r['Name']}" for r in records if r["Type"] == "CNAME"]
    kms = _client(aws, "kms")
    names += [
        f"kms alias {a['AliasName']}" for a in kms.list_aliases()["Aliases"] if "tenantnet" in a["AliasName"]
    ]
    for name in names:
        if tenant is None or tenant in name:
            yield name, None


def _keys(aws: boto3.Session, tenant: str | None) -> Found:
    kms = _client(aws, "kms")
    for key in kms.list_keys()["Keys"]:
        if kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]["KeyState"] not in GONE:
            tags = kms.list_resource_tags(KeyId=key["KeyId"])["Tags"]
            yield (
                f"kms key {key['KeyId']}",
                [{"Key": tag["TagKey"], "Value": tag["TagValue"]} for tag in tags],
            )


def _claims(aws: boto3.Session, tenant: str | None) -> Found:
    dynamodb = _client(aws, "dynamodb")
    for table in dynamodb.list_tables()["TableNames"]:
        if tenant is None:
            yield f"dynamodb table {table}", None
        for item in dynamodb.scan(TableName=table)["Items"]:
            if tenant is None or item.get("tenant", {}).get("S") == tenant:
                yield f"dynamodb item {item}", None


def _client(aws: boto3.Session, service: str) -> Any:
    return aws.client(service)  # type: ignore[call-overload]
