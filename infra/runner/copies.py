"""Finds and deletes what a killed run left of a copy, and of the way to it, and its stack does not know.

Pulumi records a resource once the provider has answered. If it is killed before, or cut off from AWS, it does
not know what AWS has created, and creating it again fails, because the name is taken.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple
from zlib import crc32

import boto3
from tenacity import RetryError
from tenantnet.aws import types
from tenantnet.aws.answers import PATIENCE, aws_answers
from tenantnet.aws.engines import FAMILIES
from tenantnet.components.database_peering import peering_name, rule_name
from tenantnet.components.tenant_database import EXPORTED_LOGS, log_group_name, parameter_group_name
from tenantnet.failure import Failure
from tenantnet.runner.clock import retrying
from tenantnet.runner.databases import describe_instance, when_at_rest
from tenantnet.tags import Lifecycle, Slot, Tag, network_name

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_ec2.type_defs import FilterTypeDef
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_rds import RDSClient
    from mypy_boto3_rds.type_defs import TagTypeDef

LONGEST_WAIT = timedelta(hours=3)


class CopyPart(NamedTuple):
    """A part of a copy, as Pulumi names its type and AWS the thing itself."""

    type: str
    name: str


class _Route(NamedTuple):
    """A route to the other database."""

    table: str
    destination: str

    @property
    def name(self) -> str:
        """As the provider identifies it."""
        return f"r-{self.table}{crc32(self.destination.encode())}"


@dataclass(frozen=True, slots=True)
class _Kind:
    """names: of what exists. delete: raises the client's error, or Failure for parts of no copy."""

    type: str
    names: Callable[[str], Iterable[str]]
    delete: Callable[[str], None]


class Copies:
    """The copies of one tenant's database. Every method raises Failure if AWS does not answer or allow."""

    def __init__(self, tenant: str, region: str) -> None:
        self._tenant, self._region = tenant, region
        with aws_answers(f"reach AWS in {region}", region=region):
            self._ec2: EC2Client = boto3.client("ec2", region_name=region, config=PATIENCE)
            self._rds: RDSClient = boto3.client("rds", region_name=region, config=PATIENCE)
            self._logs: CloudWatchLogsClient = boto3.client("logs", region_name=region, config=PATIENCE)
        # In the order in which they can be deleted. An alarm is not among them: to put it twice is no error.
        self._kinds = (
            _Kind(types.DATABASE, self._instances, self._delete_instance),
            _Kind(types.SUBNET_GROUP, self._subnet_groups, self._delete_subnet_group),
            _Kind(types.PARAMETER_GROUP, self._parameter_groups, self._delete_parameters),
            _Kind(types.LOG_GROUP, self._log_groups, self._delete_log_group),
            _Kind(types.ROUTE, self._routes, self._delete_route),
            _Kind(types.INGRESS_RULE, lambda _: self._rules("from"), self._delete_ingress),
            _Kind(types.EGRESS_RULE, lambda _: self._rules("to"), self._delete_egress),
            _Kind(types.PEERING, self._peerings, self._delete_peering),
        )

    def parts(self, slot: Slot) -> list[CopyPart]:
        """The parts of the slot's database in AWS, in the order in which they can be deleted.

        And of what joins it with the other one.
        """
        identifier = network_name(self._tenant, slot)
        with aws_answers(f"read what there is of {identifier}", region=self._region):
            return [CopyPart(kind.type, name) for kind in self._kinds for name in kind.names(identifier)]

    def delete(self, part: CopyPart) -> None:
        """Delete it, and wait until it is gone.

        Raises Failure, too, for a database whose tags do not say that it is a copy, and for a group whose
        tags do not name the tenant.
        """
        (kind,) = (kind for kind in self._kinds if kind.type == part.type)
        with aws_answers(f"delete {part.name}, which a killed run has left", region=self._region):
            kind.delete(part.name)

    def _status(self, identifier: str) -> str | None:
        found = describe_instance(self._rds, identifier)
        return found["DBInstanceStatus"] if found else None

    def _instances(self, identifier: str) -> list[str]:
        return [identifier] if describe_instance(self._rds, identifier) else []

    def _delete_instance(self, identifier: str) -> None:
        self._await(lambda: self._status(identifier) in ("available", None), f"{identifier} to be available")
        if (found := describe_instance(self._rds, identifier)) is None:
            return
        self._require_tag(identifier, found.get("TagList", []), Tag.LIFECYCLE, Lifecycle.TEST)
        when_at_rest(
            lambda: self._rds.modify_db_instance(
                DBInstanceIdentifier=identifier, DeletionProtection=False, ApplyImmediately=True
            )
        )
        when_at_rest(
            lambda: self._rds.delete_db_instance(
                DBInstanceIdentifier=identifier, SkipFinalSnapshot=True, DeleteAutomatedBackups=True
            )
        )
        self._await(lambda: self._status(identifier) is None, f"{identifier} to be gone")

    def _subnet_groups(self, identifier: str) -> list[str]:
        try:
            self._rds.describe_db_subnet_groups(DBSubnetGroupName=identifier)
        except self._rds.exceptions.DBSubnetGroupNotFoundFault:
            return []
        return [identifier]

    def _delete_subnet_group(self, name: str) -> None:
        (group,) = self._rds.describe_db_subnet_groups(DBSubnetGroupName=name)["DBSubnetGroups"]
        self._require_own(name, group["DBSubnetGroupArn"])
        self._rds.delete_db_subnet_group(DBSubnetGroupName=name)

    def _parameter_groups(self, identifier: str) -> list[str]:
        return [
            name for version in FAMILIES if self._has_group(name := parameter_group_name(identifier, version))
        ]

    def _has_group(self, name: str) -> bool:
        try:
            self._rds.describe_db_parameter_groups(DBParameterGroupName=name)
        except self._rds.exceptions.DBParameterGroupNotFoundFault:
            return False
        return True

    def _delete_parameters(self, name: str) -> None:
        (group,) = self._rds.describe_db_parameter_groups(DBParameterGroupName=name)["DBParameterGroups"]
        self._require_own(name, group["DBParameterGroupArn"])
        self._rds.delete_db_parameter_group(DBParameterGroupName=name)

    def _log_groups(self, identifier: str) -> list[str]:
        wanted = {log_group_name(identifier, log) for log in EXPORTED_LOGS}
        found = self._logs.describe_log_groups(logGroupNamePrefix=log_group_name(identifier, ""))["logGroups"]
        return sorted(wanted & {group["logGroupName"] for group in found})

    def _delete_log_group(self, name: str) -> None:
        """Untagged ones, too: RDS itself creates one, and its name says that it belongs to the copy."""
        self._logs.delete_log_group(logGroupName=name)

    def _peerings(self, _: str = "") -> list[str]:
        pages = self._ec2.get_paginator("describe_vpc_peering_connections").paginate(
            Filters=[
                *self._named(peering_name(self._tenant)),
                {"Name": "status-code", "Values": ["pending-acceptance", "provisioning", "active"]},
            ]
        )
        return [each["VpcPeeringConnectionId"] for page in pages for each in page["VpcPeeringConnections"]]

    def _delete_peering(self, name: str) -> None:
        self._ec2.delete_vpc_peering_connection(VpcPeeringConnectionId=name)

    def _routes(self, _: str) -> list[str]:
        return [route.name for route in self._found_routes()]

    def _found_routes(self) -> list[_Route]:
        if not (peerings := self._peerings()):
            return []
        through = [{"Name": "route.vpc-peering-connection-id", "Values": peerings}]
        pages = self._ec2.get_paginator("describe_route_tables").paginate(Filters=through)  # type: ignore[arg-type] # its words
        return [
            _Route(table["RouteTableId"], route["DestinationCidrBlock"])
            for page in pages
            for table in page["RouteTables"]
            for route in table["Routes"]
            if route.get("VpcPeeringConnectionId") in peerings
        ]

    def _delete_route(self, name: str) -> None:
        for route in self._found_routes():
            if route.name == name:
                self._ec2.delete_route(RouteTableId=route.table, DestinationCidrBlock=route.destination)

    def _rules(self, way: str) -> list[str]:
        names = [rule_name(network_name(self._tenant, near), way, near.other) for near in Slot]
        pages = self._ec2.get_paginator("describe_security_group_rules").paginate(Filters=self._named(*names))
        return [rule["SecurityGroupRuleId"] for page in pages for rule in page["SecurityGroupRules"]]

    def _delete_ingress(self, name: str) -> None:
        self._ec2.revoke_security_group_ingress(GroupId=self._group_of(name), SecurityGroupRuleIds=[name])

    def _delete_egress(self, name: str) -> None:
        self._ec2.revoke_security_group_egress(GroupId=self._group_of(name), SecurityGroupRuleIds=[name])

    def _group_of(self, rule: str) -> str:
        (found,) = self._ec2.describe_security_group_rules(SecurityGroupRuleIds=[rule])["SecurityGroupRules"]
        return found["GroupId"]

    def _named(self, *names: str) -> list[FilterTypeDef]:
        """The tenant's own of these names."""
        wanted = {"Name": names, Tag.TENANT: [self._tenant]}
        return [{"Name": f"tag:{key}", "Values": [*values]} for key, values in wanted.items()]

    def _require_own(self, name: str, arn: str) -> None:
        tags = self._rds.list_tags_for_resource(ResourceName=arn)["TagList"]
        self._require_tag(name, tags, Tag.TENANT, self._tenant)

    def _require_tag(self, name: str, tags: Sequence[TagTypeDef], key: str, value: str) -> None:
        if {"Key": key, "Value": value} not in tags:
            raise Failure(
                f"Could not delete {name}.",
                reason=f"its stack does not know it, and no tag {key} = {value} shows that a move created it",
                remedy="find out to whom it belongs, and delete or rename it",
            )

    def _await(self, condition: Callable[[], bool], what: str) -> None:
        try:
            retrying(LONGEST_WAIT, bool)(condition)
        except RetryError:
            raise Failure(
                f"Could not wait any longer for {what}.",
                reason=f"it did not happen within {LONGEST_WAIT}",
                remedy="check its state in RDS, then `tenantnet migrate run` goes on",
            ) from None
