"""The resources and conditions for each action of a role: as narrow as names and tags allow.

What AWS can limit to which resource, and by which condition:
https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tenantnet.stacks.lookups import IMAGE_PARAMETER
from tenantnet.tags import Tag, claims_table_name, journal_table_name, runner_document_name, tunnel_name

Condition = tuple[tuple[str, str, str | tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyPlace:
    """Where a policy holds.

    state_bucket: of Pulumi's state. secrets_key: the ID of the KMS key of Pulumi's secrets.
    """

    account: str
    region: str
    cell: str
    state_bucket: str
    secrets_key: str

    def arn(self, service: str, resource: str) -> str:
        """The ARN of a resource of the account in its region."""
        return f"arn:aws:{service}:{self.region}:{self.account}:{resource}"

    def iam(self, resource: str) -> str:
        """The ARN of something that has no region."""
        return f"arn:aws:iam::{self.account}:{resource}"

    @property
    def own(self) -> Condition:
        """The resource belongs to the cell."""
        return (("StringEquals", f"aws:ResourceTag/{Tag.CELL}", self.cell),)

    @property
    def asked(self) -> Condition:
        """The request gives the resource to the cell."""
        return (("StringEquals", f"aws:RequestTag/{Tag.CELL}", self.cell),)


@dataclass(frozen=True, slots=True)
class Scope:
    """Resources, and the conditions that must all hold."""

    resources: tuple[str, ...]
    condition: Condition = ()


EVERYTHING = Scope(("*",))
READING = ("BatchGet", "Describe", "Get", "List", "Query", "Scan")

# EC2: the kind that a call creates.
CREATED = {
    "AuthorizeSecurityGroupEgress": "security-group-rule",
    "AuthorizeSecurityGroupIngress": "security-group-rule",
    "CreateCustomerGateway": "customer-gateway",
    "CreateFlowLogs": "vpc-flow-log",
    "CreateNetworkAcl": "network-acl",
    "CreateRouteTable": "route-table",
    "CreateSecurityGroup": "security-group",
    "CreateSubnet": "subnet",
    "CreateVpc": "vpc",
    "CreateVpcEndpoint": "vpc-endpoint",
    "CreateVpcPeeringConnection": "vpc-peering-connection",
    "CreateVpnConnection": "vpn-connection",
    "CreateVpnGateway": "vpn-gateway",
    "RunInstances": "instance",
}
# Creating one of these uses no existing resource.
CREATED_ALONE = ("CreateCustomerGateway", "CreateVpc", "CreateVpnGateway")
SLOTS = ("blue", "green")


def is_reading(action: str) -> bool:
    """Whether the action's name says that it changes nothing."""
    return action.partition(":")[2].startswith(READING)


def scopes(action: str, place: PolicyPlace) -> tuple[Scope, ...]:
    """Where the action is allowed. Raises LookupError for an action whose service is not known here."""
    service, _, name = action.partition(":")
    return SERVICES[service](name, place)


def _ec2(name: str, place: PolicyPlace) -> tuple[Scope, ...]:
    if is_reading(f"ec2:{name}"):
        return (EVERYTHING,)
    own = Scope((place.arn("ec2", "*/*"),), place.own)
    if name == "CreateTags":
        return _tags_of_ec2(place, own)
    if name == "ReplaceNetworkAclAssociation":
        # A subnet comes from its VPC's default ACL and goes back to it, and nobody tags that one.
        return (own, _untagged(place, "network-acl"))
    if name not in CREATED:
        return (own,)
    created = Scope((place.arn("ec2", f"{CREATED[name]}/*"),), place.asked)
    if name in CREATED_ALONE:
        return (created,)
    return (created, own, *(_instance_parts(place) if name == "RunInstances" else ()))


def _tags_of_ec2(place: PolicyPlace, own: Scope) -> tuple[Scope, ...]:
    on_creation = (*place.asked, ("StringEquals", "ec2:CreateAction", tuple(CREATED)))
    return (
        own,
        Scope((place.arn("ec2", "*/*"),), on_creation),
        # A VPC's own default group is there before anybody can tag it.
        _untagged(place, "security-group", place.asked),
    )


def _untagged(place: PolicyPlace, kind: str, condition: Condition = ()) -> Scope:
    """Resources of the kind that belong to no cell."""
    nobodys = ("Null", f"aws:ResourceTag/{Tag.CELL}", "true")
    return Scope((place.arn("ec2", f"{kind}/*"),), (*condition, nobodys))


def _instance_parts(place: PolicyPlace) -> tuple[Scope, ...]:
    """What an instance brings that has no tags when it is asked for."""
    return (
        Scope((f"arn:aws:ec2:{place.region}::image/*",), (("StringEquals", "ec2:Owner", "amazon"),)),
        Scope((place.arn("ec2", "volume/*"),), (("Bool", "ec2:Encrypted", "true"),)),
        Scope((place.arn("ec2", "network-interface/*"),)),
    )


def _rds(name: str, place: PolicyPlace) -> tuple[Scope, ...]:
    if is_reading(f"rds:{name}"):
        return (Scope(tuple(place.arn("rds", f"{kind}:*") for kind in ("db", "pg", "snapshot", "subgrp"))),)
    named = tuple(place.arn("rds", f"{kind}:*-{slot}") for kind in ("db", "subgrp") for slot in SLOTS)
    groups = tuple(place.arn("rds", f"pg:*-{slot}-mysql84") for slot in SLOTS)
    # RDS's own option group, which has no tags.
    options = place.arn("rds", "og:default:mysql-8-4")
    own, asked = Scope((*named, *groups), place.own), Scope((*named, *groups, options), place.asked)
    if name == "AddTagsToResource":
        return (own, asked)
    if name.startswith("Create"):
        return (asked,)
    return (own, Scope((options,))) if name == "ModifyDBInstance" else (own,)


def _kms(name: str, place: PolicyPlace) -> tuple[Scope, ...]:
    keys = (place.arn("kms", "key/*"),)
    own, asked = Scope(keys, place.own), Scope(keys, place.asked)
    alias = Scope((place.arn("kms", f"alias/tenantnet-{place.cell}"),))
    secrets = Scope((place.arn("kms", f"key/{place.secrets_key}"),))
    by_services = Scope(keys, (*place.own, ("Bool", "kms:GrantIsForAWSResource", "true")))
    # What the provider compares a table's key with.
    of_aws = Scope(keys, (("StringEquals", "kms:RequestAlias", "alias/aws/dynamodb"),))
    special = {
        "CreateAlias": (own, alias),
        "CreateGrant": (by_services,),
        "CreateKey": (Scope(("*",), place.asked),),
        "Decrypt": (own, secrets),
        "DeleteAlias": (own, alias),
        "DescribeKey": (own, of_aws),
        "Encrypt": (secrets,),
        "ListAliases": (EVERYTHING,),
        "TagResource": (own, asked),
    }
    return special.get(name, (own,))


def _iam(name: str, place: PolicyPlace) -> tuple[Scope, ...]:
    roles = place.iam(f"role/tenantnet-{place.cell}-*")
    profiles = place.iam(f"instance-profile/tenantnet-{place.cell}-*")
    groups = place.iam(f"group/tenantnet/{place.cell}-*-tunnel")
    match name:
        case "PassRole":
            services = tuple(
                f"{each}.amazonaws.com" for each in ("codebuild", "ec2", "scheduler", "vpc-flow-logs")
            )
            return (Scope((roles,), (("StringEquals", "iam:PassedToService", services),)),)
        case "CreateServiceLinkedRole":
            role = place.iam("role/aws-service-role/rds.amazonaws.com/AWSServiceRoleForRDS")
            return (Scope((role,), (("StringEquals", "iam:AWSServiceName", "rds.amazonaws.com"),)),)
        case "AttachRolePolicy" | "DetachRolePolicy":
            managed = "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"
            return (Scope((roles,), (("ArnEquals", "iam:PolicyARN", managed),)),)
        case "ListGroupsForUser":
            return (Scope((place.iam("user/*"),)),)
    if "InstanceProfile" in name and name != "ListInstanceProfilesForRole":
        return (Scope((profiles,)),)
    return (Scope((groups if "Group" in name or "User" in name else roles,)),)


def _s3(name: str, place: PolicyPlace) -> tuple[Scope, ...]:
    bucket = f"arn:aws:s3:::{place.state_bucket}"
    return (Scope((bucket if name == "ListBucket" else f"{bucket}/.pulumi/*",)),)


def _route53(name: str, place: PolicyPlace) -> tuple[Scope, ...]:
    zones = "arn:aws:route53:::hostedzone/*"
    match name:
        case "CreateHostedZone" | "ListHostedZones" | "ListHostedZonesByName":
            return (EVERYTHING,)
        case "GetChange":
            return (Scope(("arn:aws:route53:::change/*",)),)
        case "ChangeResourceRecordSets":
            types = ("ForAllValues:StringEquals", "route53:ChangeResourceRecordSetsRecordTypes", ("CNAME",))
            return (Scope((zones,), (types,)),)
        case "AssociateVPCWithHostedZone":
            return (Scope((zones, place.arn("ec2", "vpc/*"))),)
    return (Scope((zones,)),)


def _ssm(name: str, place: PolicyPlace) -> tuple[Scope, ...]:
    if name in ("GetParameter", "GetParameters"):
        return (Scope((f"arn:aws:ssm:{place.region}::parameter{IMAGE_PARAMETER}",)),)
    documents = (tunnel_name(place.cell, "*"), runner_document_name(place.cell))
    return (Scope(tuple(place.arn("ssm", f"document/{each}") for each in documents)),)


def _logs(name: str, place: PolicyPlace) -> tuple[Scope, ...]:
    if name == "DescribeLogGroups":
        return (EVERYTHING,)
    groups = ("/aws/rds/instance/*-blue/*", "/aws/rds/instance/*-green/*", f"/tenantnet/{place.cell}/*")
    return (Scope(tuple(place.arn("logs", f"log-group:{group}") for group in groups)),)


def _cloudwatch(name: str, place: PolicyPlace) -> tuple[Scope, ...]:
    if name in ("GetMetricData", "GetMetricStatistics"):
        return (EVERYTHING,)
    if name == "DescribeAlarms":
        return (Scope((place.arn("cloudwatch", "alarm:*"),)),)
    names = ("*-blue-*", "*-green-*", f"tenantnet-{place.cell}-*")
    return (Scope(tuple(place.arn("cloudwatch", f"alarm:{each}") for each in names)),)


def _dynamodb(_: str, place: PolicyPlace) -> tuple[Scope, ...]:
    tables = (claims_table_name(place.cell), journal_table_name(place.cell))
    return (Scope(tuple(place.arn("dynamodb", f"table/{table}") for table in tables)),)


def _named(service: str, pattern: str) -> Callable[[str, PolicyPlace], tuple[Scope, ...]]:
    """Of a service whose resources all begin with the cell's name."""
    return lambda _, place: (Scope((place.arn(service, pattern.format(cell=place.cell)),)),)


SERVICES: dict[str, Callable[[str, PolicyPlace], tuple[Scope, ...]]] = {
    "cloudwatch": _cloudwatch,
    "codebuild": _named("codebuild", "project/tenantnet-{cell}-*"),
    "dynamodb": _dynamodb,
    "ec2": _ec2,
    "iam": _iam,
    "kms": _kms,
    "logs": _logs,
    "rds": _rds,
    "route53": _route53,
    "s3": _s3,
    "scheduler": _named("scheduler", "schedule/default/tenantnet-{cell}-*"),
    "sns": _named("sns", "tenantnet-{cell}-alarms"),
    "ssm": _ssm,
    "sts": lambda _, _place: (EVERYTHING,),
}
