"""The policies as Pulumi's policy SDK wants them. Importing this starts nothing; __main__ does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import boto3
from pulumi_policy import (
    Policy as SdkPolicy,
)
from pulumi_policy import (
    PolicyConfigSchema,
    PolicyProviderResource,
    PolicyResource,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
)
from pulumi_policy import (
    Severity as SdkSeverity,
)
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE, UnknownValueError
from tenantnet.addresses.addressing import ReservedRange, reserved_ranges
from tenantnet.addresses.claims import Claim
from tenantnet.addresses.claims_table import ClaimsTable
from tenantnet.policies.model import (
    RESERVED_RANGES_SCHEMA,
    UNKNOWN,
    Finding,
    NotJudged,
    PackSettings,
    Policy,
    Resource,
    Stack,
)
from tenantnet.refusal import Refused
from tenantnet.settings.files import read_defaults
from tenantnet.settings.project import find_project
from tenantnet.tags import Tag

MINIMUM_BACKUP_DAYS = 7
REQUIRED_TAGS = ("Name", Tag.CELL)


class _CannotJudgeError(UnknownValueError):
    """What makes the SDK report a policy as advisory, with a reason in our words."""

    def __init__(self, reason: str) -> None:
        super().__init__(UNKNOWN_STRING_VALUE, [])
        self.message = reason


class PackPolicy(ResourceValidationPolicy, StackValidationPolicy):
    """One policy of ours under one name, for single resources before and for the stack after.

    The SDK asks a policy what it is by its class. This is both: what a resource alone shows is refused before
    it is created, and what only the stack shows is refused too.
    """

    def __init__(self, policy: Policy) -> None:
        # The two base classes hand their arguments on by position and cannot be called one through the other.
        SdkPolicy.__init__(
            self,
            policy.name,
            policy.description,
            config_schema=PolicyConfigSchema({name: dict(schema) for name, schema in policy.schema.items()})
            if policy.schema
            else None,
            severity=SdkSeverity(policy.severity.value),
            remediation_steps=policy.remediation,
        )
        self._policy = policy

    def validate(
        self, args: ResourceValidationArgs | StackValidationArgs, report_violation: ReportViolation
    ) -> None:
        """Report every finding; where the policy cannot judge, say so and hold nobody to it."""
        try:
            settings = pack_settings(plain(args.get_config()), self._policy)
            for finding in self._findings(args, settings):
                report_violation(str(finding.refusal), finding.resource.urn)
        except Refused as refused:
            report_violation(str(refused), None)
        except NotJudged as reason:
            raise _CannotJudgeError(str(reason)) from reason

    def has_validation(self) -> bool:
        """Whether single resources are judged."""
        return self._policy.judge_resource is not None

    def has_remediation(self) -> bool:
        """None of the policies changes what a program declares."""
        return False

    def _findings(
        self, args: ResourceValidationArgs | StackValidationArgs, settings: PackSettings
    ) -> Iterable[Finding]:
        if isinstance(args, StackValidationArgs):
            judge_stack = self._policy.judge_stack
            return judge_stack(_stack(args.resources), settings) if judge_stack else ()
        judge_resource = self._policy.judge_resource
        return judge_resource(_resource(args), settings) if judge_resource else ()


def pack_settings(config: Mapping[str, Any], policy: Policy) -> PackSettings:
    """The pack's settings, for one policy. config: its part of the pack's configuration.

    Reserved ranges that it does not set are the project's. Raises Refused for ranges that are not valid.
    """
    reserved: Sequence[ReservedRange] = ()
    if policy.schema is RESERVED_RANGES_SCHEMA:
        ranges = config.get("reservedRanges")
        reserved = _reserved_in(Path.cwd()) if ranges is None else reserved_ranges(ranges)
    return PackSettings(
        reserved=reserved,
        minimum_backup_days=config.get("minimumBackupDays", MINIMUM_BACKUP_DAYS),
        required_tags=config.get("requiredTags", REQUIRED_TAGS),
        holder_of=_read_holder,
    )


def _read_holder(cell: str, region: str | None, cidr: str) -> Claim | None:
    # A provider without a region of its own takes the one that AWS's SDKs find, and so does this.
    if place := region or boto3.Session().region_name:
        return ClaimsTable.of(cell, place).holder_of(cidr)
    raise NotJudged(f"no region is configured, so nobody can say who holds {cidr}")


@cache
def _reserved_in(folder: Path) -> Sequence[ReservedRange]:
    """The reserved ranges of the project that the folder is in; read once a preview, not once a resource."""
    return read_defaults(find_project(folder).file).reserved


def _stack(resources: Iterable[PolicyResource]) -> Stack:
    return Stack(
        Resource(
            type=resource.resource_type,
            name=resource.name,
            urn=resource.urn,
            props=plain(resource.props),
            protect=resource.opts.protect,
            secret_outputs=tuple(resource.opts.additional_secret_outputs),
            parent=resource.parent.urn if resource.parent else "",
            region=_region(resource.provider),
            depends_on=tuple(before.urn for before in resource.dependencies),
            property_depends_on={
                name: tuple(before.urn for before in origins)
                for name, origins in resource.property_dependencies.items()
            },
        )
        for resource in resources
    )


def _resource(args: ResourceValidationArgs) -> Resource:
    return Resource(
        type=args.resource_type,
        name=args.name,
        urn=args.urn,
        props=plain(args.props),
        protect=args.opts.protect,
        secret_outputs=tuple(args.opts.additional_secret_outputs),
        region=_region(args.provider),
    )


def _region(provider: PolicyProviderResource | None) -> str | None:
    region = plain(provider.props).get("region") if provider else None
    return region if isinstance(region, str) else None


def plain(value: Any) -> Any:  # noqa: ANN401 - values of any shape
    """A value of the SDK as plain data: UNKNOWN for what is not known, whole numbers as int."""
    if isinstance(value, Mapping):
        return {key: _member(value, key) for key in value}
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [_member(value, index) for index in range(len(value))]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def _member(container: Any, key: Any) -> Any:  # noqa: ANN401 - values of any shape
    try:
        return plain(container[key])
    except UnknownValueError:
        return UNKNOWN
