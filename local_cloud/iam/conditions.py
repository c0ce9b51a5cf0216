"""Condition keys with the values that AWS gives them.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.dynamodb.models import dynamodb_backends
from moto.ec2.models import ec2_backends
from moto.iam.models import iam_backends
from moto.kms.models import kms_backends
from moto.rds.models import rds_backends
from tenantnet.local_cloud.iam.naming import leaves

Context = Mapping[str, str | Sequence[str]]
Parameters = Mapping[str, Any]

# Keys that are a parameter's value, by service.
OF_PARAMETERS = {
    "ec2": {"ec2:InstanceType": "InstanceType", "ec2:AvailabilityZone": "AvailabilityZone"},
    "iam": {
        "iam:AWSServiceName": "AWSServiceName",
        "iam:PermissionsBoundary": "PermissionsBoundary",
        "iam:PolicyARN": "PolicyArn",
    },
    "kms": {"kms:KeySpec": "KeySpec", "kms:KeyUsage": "KeyUsage"},
    "rds": {
        "rds:DatabaseClass": "DBInstanceClass",
        "rds:DatabaseEngine": "Engine",
        "rds:DatabaseName": "DBName",
        "rds:MultiAz": "MultiAZ",
        "rds:Piops": "Iops",
        "rds:PubliclyAccessible": "PubliclyAccessible",
        "rds:StorageEncrypted": "StorageEncrypted",
        "rds:StorageSize": "AllocatedStorage",
    },
    "s3": {"s3:delimiter": "Delimiter", "s3:max-keys": "MaxKeys", "s3:prefix": "Prefix"},
    "secretsmanager": {
        "secretsmanager:Name": "Name",
        "secretsmanager:VersionId": "VersionId",
        "secretsmanager:VersionStage": "VersionStage",
    },
    "sns": {"sns:Endpoint": "Endpoint", "sns:Protocol": "Protocol"},
    "sts": {"sts:ExternalId": "ExternalId", "sts:RoleSessionName": "RoleSessionName"},
}
# Where a service has a name of its own for the tags of what is there; RDS has one for each kind.
OWN_TAGS = {
    "ec2": "ec2:ResourceTag",
    "iam": "iam:ResourceTag",
    "secretsmanager": "secretsmanager:ResourceTag",
    "ssm": "ssm:resourceTag",
}
# Who a role is passed to: not always the service that is called.
PASSED_TO = {
    "ec2:CreateFlowLogs": "vpc-flow-logs.amazonaws.com",
    "iam:AddRoleToInstanceProfile": "ec2.amazonaws.com",
}


def passed_to(action: str) -> str:
    """The value of `iam:PassedToService`."""
    return PASSED_TO.get(action, f"{action.partition(':')[0]}.amazonaws.com")


def for_all(region: str) -> dict[str, str]:
    """The keys of every request."""
    now = datetime.now(UTC)
    return {
        "aws:CurrentTime": now.isoformat(timespec="seconds"),
        "aws:EpochTime": str(int(now.timestamp())),
        "aws:RequestedRegion": region,
        "aws:SecureTransport": "true",
        "aws:SourceIp": "127.0.0.1",
        "aws:ViaAWSService": "false",
    }


def request_tags(parameters: Parameters) -> dict[str, str]:
    """The tags that a call gives, however its service writes them."""
    given = next((parameters[each] for each in ("Tags", "tags", "AddTags") if parameters.get(each)), ())
    if isinstance(given, Mapping):
        return {str(key): str(value) for key, value in given.items()}
    found = {}
    for each in given:
        spelled = {key.lower().removeprefix("tag"): value for key, value in each.items()}
        found[str(spelled["key"])] = str(spelled.get("value") or "")
    return found


def tag_keys(given: Mapping[str, str], parameters: Parameters) -> dict[str, str | Sequence[str]]:
    """The keys about the tags that a call gives, or takes away."""
    taken = [
        str(value)
        for path, value in leaves(parameters)
        if path[-1] in {"TagKeys", "tagKeys", "RemoveTagKeys"}
    ]
    keys = (*given, *taken)
    found: dict[str, str | Sequence[str]] = {f"aws:RequestTag/{key}": value for key, value in given.items()}
    found |= {f"rds:req-tag/{key}": value for key, value in given.items()}
    return {**found, "aws:TagKeys": keys} if keys else found


def of_resource(action: str, arn: str, tags: Mapping[str, str]) -> dict[str, str]:
    """The keys about the tags of what a call is about."""
    service, kind = action.partition(":")[0], arn.split(":", 6)[-2] if arn.count(":") > 5 else ""
    names = ["aws:ResourceTag", OWN_TAGS.get(service, "")]
    if service == "rds":
        names.append(f"rds:{kind}-tag")
    found = {f"{name}/{key}": value for name in names if name for key, value in tags.items()}
    return {**found, "aws:ResourceAccount": DEFAULT_ACCOUNT_ID}


def for_service(action: str, parameters: Parameters, arn: str) -> dict[str, str | Sequence[str]]:
    """The keys that a service gives its own calls."""
    service = action.partition(":")[0]
    found: dict[str, str | Sequence[str]] = {
        key: _text(parameters[name])
        for key, name in OF_PARAMETERS.get(service, {}).items()
        if parameters.get(name) is not None
    }
    if more := OF_SERVICES.get(service):
        # What is not there has nothing to tell.
        with suppress(Exception):
            found |= more(action, parameters, arn)
    return found


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _of_ec2(_action: str, parameters: Parameters, arn: str) -> dict[str, str | Sequence[str]]:
    region, (kind, _, name) = arn.split(":")[3], arn.split(":", 5)[5].partition("/")
    ec2: Any = ec2_backends[DEFAULT_ACCOUNT_ID][region]
    match kind:
        case "volume":
            disks = [value for path, value in leaves(parameters) if path[-1] == "Encrypted"]
            return {"ec2:Encrypted": _text(bool(disks) and all(disks))}
        case "image":
            # moto's images are Amazon's, whoever it says has made them.
            return {"ec2:Owner": "amazon"}
        case "subnet" | "security-group" | "route-table" | "network-acl":
            vpc = _ec2_thing(ec2, kind, name).vpc_id
            return {"ec2:Vpc": f"arn:aws:ec2:{region}:{DEFAULT_ACCOUNT_ID}:vpc/{vpc}"}
    return {}


def _ec2_thing(ec2: Any, kind: str, name: str) -> Any:  # noqa: ANN401 - moto has no types for it
    if kind == "subnet":
        return ec2.get_subnet(name)
    if kind == "security-group":
        return ec2.get_security_group_from_id(name)
    return (ec2.route_tables if kind == "route-table" else ec2.network_acls)[name]


def _of_iam(action: str, _parameters: Parameters, arn: str) -> dict[str, str | Sequence[str]]:
    """The boundary that a role has, but for calls that give it one."""
    if action in {"iam:CreateRole", "iam:PutRolePermissionsBoundary"}:
        return {}
    role: Any = iam_backends[DEFAULT_ACCOUNT_ID]["aws"].get_role_by_arn(arn)
    boundary = role.permissions_boundary_arn
    return {"iam:PermissionsBoundary": boundary} if boundary else {}


def _of_kms(_action: str, parameters: Parameters, arn: str) -> dict[str, str | Sequence[str]]:
    found: dict[str, str | Sequence[str]] = {"kms:CallerAccount": DEFAULT_ACCOUNT_ID}
    asked = [str(value) for path, value in leaves(parameters) if path[-1] in {"KeyId", "TargetKeyId"}]
    if asked and asked[0].startswith("alias/"):
        found["kms:RequestAlias"] = asked[0]
    for name, value in (parameters.get("EncryptionContext") or {}).items():
        found[f"kms:EncryptionContext:{name}"] = str(value)
    keys: Any = kms_backends[DEFAULT_ACCOUNT_ID][arn.split(":")[3] or "eu-west-1"]
    key = keys.keys.get(arn.rpartition("/")[2])
    return {**found, "kms:ResourceAliases": (*key.aliases,)} if key and key.aliases else found


def _of_rds(_action: str, parameters: Parameters, arn: str) -> dict[str, str | Sequence[str]]:
    """Of a database that is there, what it is like, where the call does not say what it is to be like."""
    _, _, _, region, _, kind, name = arn.split(":", 6)
    if kind != "db":
        return {}
    database: Any = rds_backends[DEFAULT_ACCOUNT_ID][region].databases.get(name)
    if database is None:
        return {}
    there = {
        "rds:DatabaseClass": database.db_instance_class,
        "rds:DatabaseEngine": database.engine,
        "rds:MultiAz": database.multi_az,
        "rds:StorageEncrypted": database.storage_encrypted,
        "rds:StorageSize": database.allocated_storage,
    }
    said = {key for key, parameter in OF_PARAMETERS["rds"].items() if parameters.get(parameter) is not None}
    return {key: _text(value) for key, value in there.items() if key not in said and value is not None}


def _of_route53(_action: str, parameters: Parameters, _arn: str) -> dict[str, str | Sequence[str]]:
    changes = (parameters.get("ChangeBatch") or {}).get("Changes") or []
    if not changes:
        return {}
    records = [each["ResourceRecordSet"] for each in changes]
    key = "route53:ChangeResourceRecordSets"
    return {
        f"{key}Actions": tuple(str(each["Action"]) for each in changes),
        f"{key}NormalizedRecordNames": tuple(each["Name"].lower().rstrip(".") for each in records),
        f"{key}RecordTypes": tuple(str(each["Type"]) for each in records),
    }


def _of_dynamodb(_action: str, parameters: Parameters, arn: str) -> dict[str, str | Sequence[str]]:
    tables: Any = dynamodb_backends[DEFAULT_ACCOUNT_ID][arn.split(":")[3]].tables
    hash_key = tables[arn.rpartition("table/")[2]].hash_key_attr
    return {"dynamodb:LeadingKeys": found} if (found := (*_leading(parameters, hash_key),)) else {}


def _leading(parameters: Parameters, hash_key: str) -> Iterator[str]:
    for whole in ("Key", "Item"):
        if value := (parameters.get(whole) or {}).get(hash_key):
            yield str(next(iter(value.values())))
    if "KeyConditionExpression" in parameters:
        yield from (
            str(next(iter(value.values())))
            for name, value in (parameters.get("ExpressionAttributeValues") or {}).items()
            if f"= {name}" in parameters["KeyConditionExpression"]
        )


def _of_secrets(_action: str, _parameters: Parameters, arn: str) -> dict[str, str | Sequence[str]]:
    return {"secretsmanager:SecretId": arn}


# What a build can be started with instead of what its project says.
OVERRIDES = {
    "buildspecOverride": "source.buildspec",
    "computeTypeOverride": "environment.computeType",
    "encryptionKeyOverride": "encryptionKey",
    "imageOverride": "environment.image",
    "imagePullCredentialsTypeOverride": "environment.imagePullCredentialsType",
    "privilegedModeOverride": "environment.privilegedMode",
    "secondarySourcesOverride": "secondarySources",
    "serviceRoleOverride": "serviceRole",
    "sourceLocationOverride": "source.location",
    "sourceTypeOverride": "source",
}


def _of_builds(_action: str, parameters: Parameters, _arn: str) -> dict[str, str | Sequence[str]]:
    found: dict[str, str | Sequence[str]] = {
        f"codebuild:{key}": _text(parameters[name])
        for name, key in OVERRIDES.items()
        if parameters.get(name) is not None
    }
    variables = parameters.get("environmentVariablesOverride") or []
    key = "codebuild:environment.environmentVariables"
    found |= {f"{key}/{each['name']}.value": str(each["value"]) for each in variables}
    return {**found, f"{key}.name": tuple(each["name"] for each in variables)} if variables else found


OF_SERVICES: Mapping[str, Callable[[str, Parameters, str], dict[str, str | Sequence[str]]]] = {
    "codebuild": _of_builds,
    "dynamodb": _of_dynamodb,
    "ec2": _of_ec2,
    "iam": _of_iam,
    "kms": _of_kms,
    "rds": _of_rds,
    "route53": _of_route53,
    "secretsmanager": _of_secrets,
}
