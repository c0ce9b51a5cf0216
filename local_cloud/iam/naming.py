"""What a call names, as ARNs.

https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.ec2.models import ec2_backends
from moto.iam.models import iam_backends
from moto.kms.models import kms_backends
from moto.kms.utils import KEY_ID_LEN
from moto.secretsmanager.models import secretsmanager_backends

EC2_ID = re.compile(r"(?P<prefix>[a-z]+)-[0-9a-f]{8,}")
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
# By service and parameter: the last part of ARNs, all that the parameter can be about.
NAMED: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "cloudwatch": {"AlarmName": ("alarm:{}",), "AlarmNames": ("alarm:{}",)},
    "codebuild": dict.fromkeys(("name", "names", "projectName"), ("project/{}",)),
    "dynamodb": {"TableName": ("table/{}",)},
    "logs": {"logGroupName": ("log-group:{}",)},
    "rds": {
        "DBInstanceIdentifier": ("db:{}",),
        "DBParameterGroupName": ("pg:{}",),
        "DBSnapshotIdentifier": ("snapshot:{}",),
        "DBSubnetGroupName": ("subgrp:{}",),
        "FinalDBSnapshotIdentifier": ("snapshot:{}",),
        "OptionGroupName": ("og:{}",),
        "SourceDBInstanceIdentifier": ("db:{}",),
        "SourceDBSnapshotIdentifier": ("snapshot:{}",),
        "TargetDBSnapshotIdentifier": ("snapshot:{}",),
    },
    "scheduler": {"Name": ("schedule/default/{}",)},
    "sns": {"Name": ("{}",)},
    "ssm": {"DocumentName": ("document/{}",), "SessionId": ("session/{}",)},
}
KEY_PARAMETERS = ("KmsKeyId", "KMSMasterKeyId", "kmsKeyId", "KeyId", "TargetKeyId")
IAM_KINDS = {
    "GroupName": ("group", "groups"),
    "InstanceProfileName": ("instance-profile", "instance_profiles"),
    "PolicyName": ("policy", ""),
    "RoleName": ("role", "roles"),
    "UserName": ("user", "users"),
}
# Tags say what a thing is like, not which one is meant.
NO_NAMES = ("Tags", "tags", "TagKeys", "TagSpecifications", "Filters", "Filter")
# A part of a call: its path of names, and its value.
Leaf = tuple[tuple[str, ...], Any]


def leaves(value: Any, path: tuple[str, ...] = ()) -> Iterator[Leaf]:  # noqa: ANN401 - parameters of any shape
    """All values in a call's parameters, with the names that lead there."""
    if isinstance(value, Mapping):
        for key, part in value.items():
            yield from leaves(part, (*path, str(key)))
    elif isinstance(value, list | tuple):
        for part in value:
            yield from leaves(part, path)
    elif value is not None:
        yield path, value


@dataclass(frozen=True, slots=True, kw_only=True)
class _Value:
    """A text in a call. path: the parameters that lead to it. beside: the call's parameters at the top."""

    service: str
    operation: str
    region: str
    path: tuple[str, ...]
    text: str
    beside: Mapping[str, str]

    @property
    def own(self) -> str:
        return f"arn:aws:{self.service}:{self.region}:{DEFAULT_ACCOUNT_ID}:"


def named_arns(service: str, operation: str, region: str, found: Sequence[Leaf]) -> Iterator[str]:
    """The ARNs of what a call names. service: as its model is called."""
    for path, blob in found:
        if path == ("CiphertextBlob",):
            yield from _key_of(blob, region)
    texts = [(path, text) for path, text in found if isinstance(text, str) and path[0] not in NO_NAMES]
    beside = {path[0]: text for path, text in texts if len(path) == 1}
    for path, text in texts:
        value = _Value(
            service=service, operation=operation, region=region, path=path, text=text, beside=beside
        )
        if text.startswith("arn:aws:"):
            # An ARN of logs may end in `:*`, and means the group.
            yield text.removesuffix(":*")
        elif path[-1] in KEY_PARAMETERS and service not in {"s3", "secretsmanager"}:
            yield from _keys(value)
        else:
            yield from NAMING.get(service, _by_parameter)(value)


def _keys(value: _Value) -> Iterator[str]:
    """IAM judges a key that goes by an alias as the key."""
    own = f"arn:aws:kms:{value.region}:{DEFAULT_ACCOUNT_ID}:"
    yield f"{own}key/{key_id(value.region, value.text)}"
    if value.text.startswith("alias/") and value.service == "kms":
        yield own + value.text


def _key_of(ciphertext: bytes, region: str) -> Iterator[str]:
    """KMS finds the key in the ciphertext, whether a call names it or not."""
    key = ciphertext[:KEY_ID_LEN].decode("ascii", "replace")
    yield f"arn:aws:kms:{region}:{DEFAULT_ACCOUNT_ID}:key/{key}"


def key_id(region: str, value: str) -> str:
    """The ID of a key that may go by an alias."""
    keys: Any = kms_backends[DEFAULT_ACCOUNT_ID][region]
    return (keys.get_key_id_from_alias(value) if value.startswith("alias/") else None) or value


def _by_parameter(value: _Value) -> Iterator[str]:
    name = value.path[-1] if value.service == "dynamodb" else value.path[0]
    for form in NAMED.get(value.service, {}).get(name, ()):
        yield value.own + form.format(value.text)


def _of_ssm(value: _Value) -> Iterator[str]:
    """A name is a document's or a parameter's, as the operation or another parameter says."""
    if value.path[0] not in {"Name", "Names", "ResourceId"}:
        yield from _by_parameter(value)
    elif value.text.startswith("/aws/"):
        yield f"arn:aws:ssm:{value.region}::parameter{value.text}"
    elif value.beside.get("ResourceType") == "Parameter" or "Parameter" in value.operation:
        yield f"{value.own}parameter/{value.text.removeprefix('/')}"
    else:
        yield f"{value.own}document/{value.text}"


def _of_s3(value: _Value) -> Iterator[str]:
    if value.path == ("Bucket",):
        yield "/".join(["arn:aws:s3:::" + value.text, *filter(None, [value.beside.get("Key")])])


def _of_iam(value: _Value) -> Iterator[str]:
    """With the path that it has, or is to have."""
    if value.path[0] not in IAM_KINDS or len(value.path) > 1:
        return
    kind, collection = IAM_KINDS[value.path[0]]
    iam: Any = iam_backends[DEFAULT_ACCOUNT_ID]["aws"]
    there = [*getattr(iam, collection).values()] if collection else []
    made = f"arn:aws:iam::{DEFAULT_ACCOUNT_ID}:{kind}{value.beside.get('Path', '/')}{value.text}"
    yield next((str(each.arn) for each in there if each.name == value.text), made)


def _of_kms(value: _Value) -> Iterator[str]:
    """An alias, and the key that it means."""
    if value.path[0] == "AliasName":
        yield value.own + value.text
        if (key := key_id(value.region, value.text)) != value.text:
            yield f"{value.own}key/{key}"


def _of_route53(value: _Value) -> Iterator[str]:
    """An ID of a change begins with C, one of a zone with Z."""
    if value.path[-1] in {"Id", "HostedZoneId", "ResourceId"}:
        name = value.text.rpartition("/")[2]
        yield f"arn:aws:route53:::{'change' if name.startswith('C') else 'hostedzone'}/{name}"


def _of_secrets(value: _Value) -> Iterator[str]:
    if value.path[0] in {"SecretId", "Name"}:
        secrets: Any = secretsmanager_backends[DEFAULT_ACCOUNT_ID][value.region]
        there = (str(each.arn) for each in [*secrets.secrets.values()] if each.name == value.text)
        yield next(there, f"{value.own}secret:{value.text}")


def _of_ec2(value: _Value) -> Iterator[str]:
    """What an ID is of; of an association, what it connects."""
    match = EC2_ID.fullmatch(value.text)
    prefix = match["prefix"] if match else ""
    ec2: Any = ec2_backends[DEFAULT_ACCOUNT_ID][value.region]
    if prefix == "rtbassoc":
        tables = [each for each in ec2.route_tables.values() if value.text in each._associations]
        connected = [(each.id, each._associations[value.text]) for each in tables]
    elif prefix == "aclassoc":
        acls = [each for each in ec2.network_acls.values() if value.text in each._associations]
        connected = [(each.id, each._associations[value.text].subnet_id) for each in acls]
    else:
        connected = [(value.text, "")] if prefix in EC2_KINDS else []
    for identifier in (each for pair in connected for each in pair if each):
        kind = EC2_KINDS[identifier.partition("-")[0]]
        owner = "" if kind == "image" else DEFAULT_ACCOUNT_ID
        yield f"arn:aws:ec2:{value.region}:{owner}:{kind}/{identifier}"


NAMING: Mapping[str, Callable[[_Value], Iterator[str]]] = {
    "ec2": _of_ec2,
    "iam": _of_iam,
    "kms": _of_kms,
    "route53": _of_route53,
    "s3": _of_s3,
    "secretsmanager": _of_secrets,
    "ssm": _of_ssm,
}
