"""Finds and deletes what a killed run left of a copy in AWS and its stack does not know.

Pulumi records a resource once the provider has answered. If it is killed before, or cut off from AWS, it does
not know what AWS has created, and creating it again fails, because the name is taken.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

import boto3
from tenacity import RetryError
from tenantnet.aws import types
from tenantnet.aws.answers import PATIENCE, aws_answers
from tenantnet.components.tenant_database import EXPORTED_LOGS, log_group_name, parameter_group_name
from tenantnet.failure import Failure
from tenantnet.runner.clock import retrying
from tenantnet.runner.databases import describe_instance, when_at_rest
from tenantnet.tags import Lifecycle, Slot, Tag, network_name

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_rds import RDSClient
    from mypy_boto3_rds.type_defs import TagTypeDef

LONGEST_WAIT = timedelta(hours=3)


class CopyPart(NamedTuple):
    """A part of a copy, as Pulumi names its type and AWS the thing itself."""

    type: str
    name: str


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
            self._rds: RDSClient = boto3.client("rds", region_name=region, config=PATIENCE)
            self._logs: CloudWatchLogsClient = boto3.client("logs", region_name=region, config=PATIENCE)
        # In the order in which they can be deleted. An alarm is not among them: to put it twice is no error.
        self._kinds = (
            _Kind(types.DATABASE, self._instances, self._delete_instance),
            _Kind(types.SUBNET_GROUP, self._subnet_groups, self._delete_subnet_group),
            _Kind(types.PARAMETER_GROUP, self._parameter_groups, self._delete_parameters),
            _Kind(types.LOG_GROUP, self._log_groups, self._delete_log_group),
        )

    def parts(self, slot: Slot) -> list[CopyPart]:
        """The parts of the slot's database in AWS, in the order in which they can be deleted."""
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
        name = parameter_group_name(identifier)
        try:
            self._rds.describe_db_parameter_groups(DBParameterGroupName=name)
        except self._rds.exceptions.DBParameterGroupNotFoundFault:
            return []
        return [name]

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
