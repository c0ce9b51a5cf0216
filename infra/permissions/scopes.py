"""The resources and conditions for each action of a role: as narrow as names and tags allow.

What AWS can limit to which resource, and by which condition:
https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass

from tenantnet.aws.sizes import IMAGE_PARAMETER
from tenantnet.components.runner_permissions import via_dynamodb
from tenantnet.tags import (
    Tag,
    boundary_name,
    claims_table_name,
    journal_table_name,
    runner_document_name,
    tunnel_name,
)

Condition = tuple[tuple[str, str, str | tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyPlace:
    """Where a policy holds.

    state_bucket: of Pulumi's state. secrets_key: the ID of the KMS key of Pulumi's secrets. zone: the name of
    the DNS zone. zone_id: its ID, once there is one. claims_cell: the cell whose claims table this one uses,
    if not its own.
    """

    account: str
    region: str
    cell: str
    state_bucket: str
    secrets_key: str
    zone: str
    zone_id: str | None = None
    claims_cell: str | None = None

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
    def boundary(self) -> str:
        """The ARN of the policy that limits the cell's roles."""
        return self.iam(f"policy/{boundary_name(self.cell)}")

    @property
    def taken(self) -> Condition:
        """The request gives the cell what nobody has."""
        return (*self.asked, *UNOWNED)

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
# The resource belongs to no cell.
UNOWNED: Condition = (("Null", f"aws:ResourceTag/{Tag.CELL}", "true"),)
# It takes minutes until KMS knows a new key by its tags. It has no alias then, as all other keys have.
# https://docs.aws.amazon.com/kms/latest/developerguide/tag-authorization.html
NEW_KEY: Condition = (*UNOWNED, ("Null", "kms:ResourceAliases", "true"))
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
# The roles that services are given, by what follows the cell's name in theirs.
PASSED = ("runner", "tunnel-host", "runner-schedules", "flow-logs")


def as_condition(condition: Condition) -> dict[str, dict[str, str | list[str]]]:
    """The conditions as a statement has them."""
    operators: dict[str, dict[str, str | list[str]]] = defaultdict(dict)
    for operator, key, value in condition:
        operators[operator][key] = value if isinstance(value, str) else list(value)
    return dict(operators)


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
    return Scope((place.arn("ec2", f"{kind}/*"),), (*condition, *UNOWNED))


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
    options = Scope((place.arn("rds", "og:default:mysql-8-4"),))
    own, taken = Scope((*named, *groups), place.own), Scope((*named, *groups), place.taken)
    # What a database leaves has its tags, which are not in the request.
    final = Scope((place.arn("rds", "snapshot:*-final-*"),), UNOWNED)
    special = {
        "AddTagsToResource": (own, taken, final),
        "CreateDBInstance": (own, taken, options),
        "CreateDBSnapshot": (own, final),
        "ModifyDBInstance": (own, options),
    }
    return special.get(name, (taken,) if name.startswith("Create") else (own,))


def _kms(name: str, place: PolicyPlace) -> tuple[Scope, ...]:
    keys = (place.arn("kms", "key/*"),)
    own, new = Scope(keys, place.own), Scope(keys, NEW_KEY)
    alias = Scope((place.arn("kms", f"alias/tenantnet-{place.cell}"),))
    secrets = Scope((place.arn("kms", f"key/{place.secrets_key}"),))
    through = tuple(
        f"{service}.{place.region}.amazonaws.com" for service in ("dynamodb", "ec2", "rds", "secretsmanager")
    )
    used = Scope(keys, (*UNOWNED, ("StringEquals", "kms:ViaService", through)))
    granted = (("Bool", "kms:GrantIsForAWSResource", "true"),)
    special = {
        "CreateAlias": (own, new, alias),
        "CreateGrant": (
            Scope(keys, (*place.own, *granted)),
            Scope(keys, (*used.condition, *granted)),
        ),
        "CreateKey": (Scope(("*",), place.asked),),
        "Decrypt": (own, secrets, used, *key_of_claims(place)),
        "DeleteAlias": (own, alias),
        "EnableKeyRotation": (own, new),
        "Encrypt": (secrets,),
        "GenerateDataKey": (own, used),
        "GenerateDataKeyWithoutPlaintext": (own, used),
        "ListAliases": (EVERYTHING,),
        "TagResource": (own, Scope(keys, (*place.asked, *NEW_KEY))),
        "UpdateAlias": (own, alias),
    }
    # What a key is like is no secret.
    return special.get(name, (Scope(keys),) if is_reading(f"kms:{name}") else (own,))


def key_of_claims(place: PolicyPlace) -> tuple[Scope, ...]:
    """The key of the claims table, where it is another cell's: DynamoDB uses it for the caller."""
    if place.claims_cell is None:
        return ()
    condition = (
        ("StringEquals", f"aws:ResourceTag/{Tag.CELL}", place.claims_cell),
        ("StringEquals", "kms:ViaService", via_dynamodb(place.region)),
    )
    return (Scope((place.arn("kms", "key/*"),), condition),)


# What a role may be given and changed by, only while the boundary limits it.
LIMITED = (
    "AttachRolePolicy",
    "CreateRole",
    "PutRolePermissionsBoundary",
    "PutRolePolicy",
    "UpdateAssumeRolePolicy",
    "UpdateRole",
)
SESSION_MANAGER = "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"


def _iam(name: str, place: PolicyPlace) -> tuple[Scope, ...]:
    roles = place.iam(f"role/tenantnet-{place.cell}-*")
    profiles = place.iam(f"instance-profile/tenantnet-{place.cell}-*")
    managed = ("ArnEquals", "iam:PolicyARN", SESSION_MANAGER)
    limited = ("StringEquals", "iam:PermissionsBoundary", place.boundary)
    match name:
        case "PassRole":
            passed = zip(PASSED, ("codebuild", "ec2", "scheduler", "vpc-flow-logs"), strict=True)
            return tuple(
                Scope(
                    (place.iam(f"role/tenantnet-{place.cell}-{role}"),),
                    (("StringEquals", "iam:PassedToService", f"{service}.amazonaws.com"),),
                )
                for role, service in passed
            )
        case "CreateServiceLinkedRole":
            role = place.iam("role/aws-service-role/rds.amazonaws.com/AWSServiceRoleForRDS")
            return (Scope((role,), (("StringEquals", "iam:AWSServiceName", "rds.amazonaws.com"),)),)
        case "AttachRolePolicy":
            return (Scope((roles,), (managed, limited)),)
        case "DetachRolePolicy":
            return (Scope((roles,), (managed,)),)
        case _ if name in LIMITED:
            return (Scope((roles,), (limited,)),)
    of_profile = "InstanceProfile" in name and name != "ListInstanceProfilesForRole"
    return (Scope((profiles if of_profile else roles,)),)


def _s3(name: str, place: PolicyPlace) -> tuple[Scope, ...]:
    bucket = f"arn:aws:s3:::{place.state_bucket}"
    return (Scope((bucket if name == "ListBucket" else f"{bucket}/.pulumi/*",)),)


def _route53(name: str, place: PolicyPlace) -> tuple[Scope, ...]:
    zones = f"arn:aws:route53:::hostedzone/{place.zone_id or '*'}"
    match name:
        case "CreateHostedZone" | "ListHostedZones" | "ListHostedZonesByName":
            return (EVERYTHING,)
        case "GetChange":
            return (Scope(("arn:aws:route53:::change/*",)),)
        case "ChangeResourceRecordSets":
            key = f"route53:{name}"
            records = (
                ("ForAllValues:StringEquals", f"{key}RecordTypes", ("CNAME",)),
                ("ForAllValues:StringLike", f"{key}NormalizedRecordNames", (f"*.{place.zone}",)),
            )
            return (Scope((zones,), records),)
        case "AssociateVPCWithHostedZone":
            # The zones of endpoints are AWS's.
            return (Scope(("arn:aws:route53:::hostedzone/*", place.arn("ec2", "vpc/*"))),)
        case "DeleteHostedZone" | "UpdateHostedZoneComment" if place.zone_id is None:
            # Nothing but its ID tells it from another one.
            return ()
    return (Scope((zones,)),)


def _ssm(name: str, place: PolicyPlace) -> tuple[Scope, ...]:
    if name in ("GetParameter", "GetParameters"):
        return (Scope((f"arn:aws:ssm:{place.region}::parameter{IMAGE_PARAMETER}",)),)
    documents = (tunnel_name(place.cell, "*"), runner_document_name(place.cell))
    return _tagged(f"ssm:{name}", place, *(place.arn("ssm", f"document/{each}") for each in documents))


def _tagged(action: str, place: PolicyPlace, *resources: str) -> tuple[Scope, ...]:
    """Resources whose names do not say whose they are, but their tags do."""
    if is_reading(action):
        return (Scope(resources),)
    own, taken = Scope(resources, place.own), Scope(resources, place.taken)
    name = action.partition(":")[2]
    if name.startswith("Create"):
        return (taken,)
    return (own, taken) if name in {"AddTagsToResource", "PutMetricAlarm", "TagResource"} else (own,)


def _logs(name: str, place: PolicyPlace) -> tuple[Scope, ...]:
    if name == "DescribeLogGroups":
        return (EVERYTHING,)
    groups = (*(f"/aws/rds/instance/*-{slot}/*" for slot in SLOTS), f"/tenantnet/{place.cell}/*")
    return _tagged(f"logs:{name}", place, *(place.arn("logs", f"log-group:{each}") for each in groups))


def _cloudwatch(name: str, place: PolicyPlace) -> tuple[Scope, ...]:
    if name in ("GetMetricData", "GetMetricStatistics"):
        return (EVERYTHING,)
    if name == "DescribeAlarms":
        return (Scope((place.arn("cloudwatch", "alarm:*"),)),)
    names = (*(f"*-{slot}-*" for slot in SLOTS), f"tenantnet-{place.cell}-*")
    return _tagged(f"cloudwatch:{name}", place, *(place.arn("cloudwatch", f"alarm:{each}") for each in names))


def _dynamodb(name: str, place: PolicyPlace) -> tuple[Scope, ...]:
    tables = [claims_table_name(place.cell), journal_table_name(place.cell)]
    if place.claims_cell and (name.endswith("Item") or is_reading(f"dynamodb:{name}")):
        tables.append(claims_table_name(place.claims_cell))
    return (Scope(tuple(place.arn("dynamodb", f"table/{table}") for table in tables)),)


def _named(service: str, pattern: str) -> Callable[[str, PolicyPlace], tuple[Scope, ...]]:
    """Of a service whose resources all begin with the cell's name."""
    return lambda _, place: (Scope((place.arn(service, pattern.format(cell=place.cell)),)),)


def _sns(name: str, place: PolicyPlace) -> tuple[Scope, ...]:
    """A subscription's ARN is its topic's, and an ID."""
    topic = place.arn("sns", f"tenantnet-{place.cell}-alarms")
    if name == "Subscribe":
        return (Scope((topic,), (("StringEquals", "sns:Protocol", "email"),)),)
    return (Scope((topic, f"{topic}:*") if "Subscri" in name or name == "Unsubscribe" else (topic,)),)


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
    "sns": _sns,
    "ssm": _ssm,
    "sts": lambda _, _place: (EVERYTHING,),
}
