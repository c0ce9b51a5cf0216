"""Whether what a platform exports or names is its own: any program can have its name, and export any ID."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import boto3
from tenantnet.addresses.addressing import check_private_cidr, contains
from tenantnet.aws.answers import PATIENCE, aws_answers
from tenantnet.components.alarm_topic import alarm_topic_name
from tenantnet.failure import Failure
from tenantnet.policies.model import PLATFORM_PREFIX
from tenantnet.refusal import shown
from tenantnet.stacks.outputs import PlatformOutputs
from tenantnet.tags import Tag, cell_of_claims_table, claims_table_name

if TYPE_CHECKING:
    from mypy_boto3_ec2.type_defs import FilterTypeDef, TagTypeDef, VpcTypeDef

# How Tenantnet describes a cell's zone and key in AWS: more roles may read that than tags.
_DESCRIBED = "Tenantnet cell {cell}"

# An output by its name, what it is, and what it may be.
_Compared = tuple[str, str, Sequence[str]]


def refuse_others_networks(stack: str, outputs: PlatformOutputs) -> None:
    """Raises Failure for a platform that exports what a tenant, another cell or nobody has.

    Its tenants would be joined to that network, or write into that zone.
    """
    cell = stack.removeprefix(PLATFORM_PREFIX)
    _compare(stack, _named_by_cell(cell, outputs))
    ids = {outputs.sessions_vpc_id, outputs.services_vpc_id, outputs.services_route_table_id}
    networks = read_networks(stack, "exports", ids, outputs.region)
    named = {*networks.homes, outputs.tunnel_host_id}
    refuse_others(stack, "exports", read_tags(named, outputs.region), cell)
    _compare(stack, _placed(outputs, networks))
    _compare(stack, _described(cell, outputs))


def _compare(stack: str, compared: Iterable[_Compared]) -> None:
    for name, given, own in compared:
        if given not in own:
            raise Failure(
                f"Could not take the outputs of {stack} for a platform's.",
                reason=f"{name} of {stack} is {shown(given)}, and a platform of that name has {own[0]}",
                remedy="let the stack be a platform's, as Tenantnet deploys it, or call it otherwise",
            )


def _named_by_cell(cell: str, outputs: PlatformOutputs) -> Iterator[_Compared]:
    """The outputs that follow from the cell's name and place, or from other outputs."""
    partition, place = outputs.kms_key_arn.split(":")[1:2], f"{outputs.region}:{outputs.account_id}"
    start = ":".join(["arn", *partition])
    role, runner = f"{start}:iam::{outputs.account_id}:role/tenantnet-{cell}", f"tenantnet-{cell}-runner"
    yield "cell", outputs.cell, [cell]
    yield (
        "claimsTable",
        outputs.claims_table,
        [claims_table_name(cell_of_claims_table(outputs.claims_table))],
    )
    yield "kmsKeyArn", outputs.kms_key_arn.rpartition("/")[0], [f"{start}:kms:{place}:key"]
    yield "alarmTopicArn", outputs.alarm_topic_arn, [f"{start}:sns:{place}:{alarm_topic_name(cell)}"]
    yield "flowLogRoleArn", outputs.flow_log_role_arn, [f"{role}-flow-logs"]
    yield "runnerProject", outputs.runner_project or runner, [runner]
    schedules = f"{role}-runner-schedules"
    yield "runnerScheduleRoleArn", outputs.runner_schedule_role_arn or schedules, [schedules]
    yield from _formed(outputs)
    yield from _ranged(outputs)


def _formed(outputs: PlatformOutputs) -> Iterator[_Compared]:
    """What has another form than AWS gives it: somebody may read it as an ID that nobody has looked up."""
    for name, value, kind in (
        ("sessionsVpcId", outputs.sessions_vpc_id, "vpc"),
        ("servicesVpcId", outputs.services_vpc_id, "vpc"),
        ("servicesRouteTableId", outputs.services_route_table_id, "rtb"),
        ("tunnelHostId", outputs.tunnel_host_id, "i"),
        ("imageId", outputs.image_id, "ami"),
    ):
        if not re.fullmatch(rf"{kind}-[0-9a-z]+", value):
            yield name, value, [f"an ID that begins with {kind}-"]
    for zone in outputs.availability_zones:
        if not zone.startswith(outputs.region):
            yield "availabilityZones", zone, [f"zones of {outputs.region}"]


def _ranged(outputs: PlatformOutputs) -> Iterator[_Compared]:
    """Addresses that no platform has, whatever its networks are."""
    if check_private_cidr(f"{outputs.tunnel_host_address}/32"):
        yield "tunnelHostAddress", outputs.tunnel_host_address, ["one private address"]
    for name, cidr in (("sessionsCidr", outputs.sessions_cidr), ("servicesCidr", outputs.services_cidr)):
        if cidr and check_private_cidr(cidr):
            yield name, cidr, ["a private range"]
    for cidr in outputs.shared_subnets:
        if check_private_cidr(cidr) or not contains(outputs.sessions_cidr, cidr):
            yield "sharedSubnets", cidr, [f"ranges in {outputs.sessions_cidr}"]


def _placed(outputs: PlatformOutputs, networks: Networks) -> Iterator[_Compared]:
    """The outputs that say where something is: addresses of the networks, and their account."""
    sessions, services = outputs.sessions_vpc_id, outputs.services_vpc_id
    for vpc in (sessions, services):
        yield "accountId", outputs.account_id, [networks.vpcs[vpc]["OwnerId"]]
    yield "servicesRouteTableId", networks.homes[outputs.services_route_table_id], [services]
    for name, vpc, cidr in (
        ("sessionsCidr", sessions, outputs.sessions_cidr),
        ("servicesCidr", services, outputs.services_cidr),
        ("tunnelHostAddress", services, f"{outputs.tunnel_host_address}/32"),
    ):
        ranges = [each["CidrBlock"] for each in networks.vpcs[vpc]["CidrBlockAssociationSet"]]
        if cidr and not any(contains(each, cidr) for each in ranges):
            yield name, cidr, [f"addresses of {vpc}: {', '.join(ranges)}"]


def _described(cell: str, outputs: PlatformOutputs) -> Iterator[_Compared]:
    """The zone, which settings may name, and the key, which every platform makes."""
    region, own = outputs.region, _DESCRIBED.format(cell=cell)
    with aws_answers("read the zone and the key that the platform exports", region=region):
        route53 = boto3.client("route53", region_name=region, config=PATIENCE)
        zone = route53.get_hosted_zone(Id=outputs.zone_id)["HostedZone"]
        kms = boto3.client("kms", region_name=region, config=PATIENCE)
        key = kms.describe_key(KeyId=outputs.kms_key_arn)["KeyMetadata"]
    yield "zoneName", outputs.zone_name.lower(), [zone["Name"].removesuffix(".").lower()]
    comment = zone.get("Config", {}).get("Comment", "")
    if comment.startswith(_DESCRIBED.format(cell="")):
        yield "zoneId", comment.partition(":")[0], [own]
    yield "kmsKeyArn", key.get("Description", ""), [own]


def refuse_others(stack: str, does: str, found: Mapping[str, Mapping[str, str]], cell: str) -> None:
    """Raises Failure for what is a tenant's or another cell's. found: tags by ID; IAM ignores their case."""
    for name, given in found.items():
        tags = {tag.strip().casefold(): value for tag, value in given.items()}
        tenant, owner = tags.get(Tag.TENANT), tags.get(Tag.CELL, cell)
        if tenant or owner != cell:
            raise Failure(
                f"Could not take the outputs of {stack} for a platform's.",
                reason=f"{stack} {does} {name} as its own, and it is that of "
                f"{f'tenant {tenant}' if tenant else f'cell {owner}'} by its tags",
                remedy=f"let {stack} make its networks, or name some in its settings that are nobody's",
            )


@dataclass(frozen=True, slots=True)
class Networks:
    """VPCs by ID, and which of them each VPC, subnet and route table is or is in."""

    vpcs: Mapping[str, VpcTypeDef]
    homes: Mapping[str, str]


def read_networks(stack: str, does: str, ids: Collection[str], region: str) -> Networks:
    """The networks of the IDs: AWS makes some subnets and tables without tags of their own.

    Raises Failure for an ID that AWS does not know in the region.
    """
    with aws_answers("read the networks of what is named", region=region):
        ec2 = boto3.client("ec2", region_name=region, config=PATIENCE)
        homes = {
            each["SubnetId"]: each["VpcId"]
            for each in ec2.describe_subnets(Filters=_by("subnet-id", ids))["Subnets"]
        }
        tables = ec2.describe_route_tables(Filters=_by("route-table-id", ids))["RouteTables"]
        homes |= {each["RouteTableId"]: each["VpcId"] for each in tables}
        found = ec2.describe_vpcs(Filters=_by("vpc-id", {*ids, *homes.values()}))["Vpcs"]
    vpcs = {each["VpcId"]: each for each in found}
    homes |= {each: each for each in vpcs}
    for each in sorted({*ids} - homes.keys()):
        raise Failure(
            f"Could not take the outputs of {stack} for a platform's.",
            reason=f"{stack} {does} {shown(each)}, and {region} has no such network, subnet or route table",
            remedy="correct the settings of the platform, and deploy it",
        )
    return Networks(vpcs, homes)


def read_untagged(ids: Collection[str], region: str) -> Mapping[str, str]:
    """The VPC of each VPC, subnet and group of the IDs, where nothing there has a tag of Tenantnet's.

    A VPC that a platform's settings name has none itself: its session subnets do.
    """
    with aws_answers("read whose the networks are that are named", region=region):
        ec2 = boto3.client("ec2", region_name=region, config=PATIENCE)
        groups = ec2.describe_security_groups(Filters=_by("group-id", ids))["SecurityGroups"]
        subnets = ec2.describe_subnets(Filters=_by("subnet-id", ids))["Subnets"]
        homes = {each["GroupId"]: each["VpcId"] for each in groups}
        homes |= {each["SubnetId"]: each["VpcId"] for each in subnets}
        vpcs = ec2.describe_vpcs(Filters=_by("vpc-id", {*ids, *homes.values()}))["Vpcs"]
        homes |= {each["VpcId"]: each["VpcId"] for each in vpcs if each["VpcId"] in ids}
        if not homes:
            return {}
        pages = ec2.get_paginator("describe_subnets").paginate(Filters=_by("vpc-id", {*homes.values()}))
        subnets = [each for page in pages for each in page["Subnets"]]
    tagged = {each["VpcId"] for each in (*vpcs, *subnets, *groups) if _is_tagged(each.get("Tags", []))}
    return {each: home for each, home in homes.items() if home not in tagged}


def _is_tagged(tags: Iterable[TagTypeDef]) -> bool:
    return any(tag.get("Key", "").strip().casefold().startswith("tenantnet:") for tag in tags)


def _by(name: str, values: Collection[str]) -> list[FilterTypeDef]:
    return [{"Name": name, "Values": [*values]}]


def read_zone_tags(zone_id: str, region: str) -> Mapping[str, str]:
    """The tags of a hosted zone."""
    with aws_answers("read the tags of the zone", region=region):
        route53 = boto3.client("route53", region_name=region, config=PATIENCE)
        found = route53.list_tags_for_resource(ResourceType="hostedzone", ResourceId=zone_id)
    return {tag["Key"]: tag["Value"] for tag in found["ResourceTagSet"]["Tags"]}


def read_tags(ids: Collection[str], region: str) -> Mapping[str, Mapping[str, str]]:
    """The tags of EC2's resources, by ID; nothing for one without tags."""
    found: dict[str, dict[str, str]] = {}
    with aws_answers("read the tags of what is referred to", region=region):
        ec2 = boto3.client("ec2", region_name=region, config=PATIENCE)
        for page in ec2.get_paginator("describe_tags").paginate(Filters=_by("resource-id", ids)):
            for tag in page["Tags"]:
                found.setdefault(tag["ResourceId"], {})[tag["Key"]] = tag["Value"]
    return found
