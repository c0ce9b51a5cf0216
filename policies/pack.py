"""The policies as Pulumi's policy SDK wants them. Importing this starts nothing; __main__ does."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

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
from pulumi_policy import policy as sdk
from pulumi_policy.proxy import UnknownValueError
from tenantnet.addresses.addressing import ReservedRange, reserved_ranges
from tenantnet.policies.addresses import COMPANY_ADDRESSES_SETTING
from tenantnet.policies.model import (
    COMPANY_ADDRESSES,
    RESERVED_RANGES_SCHEMA,
    UNKNOWN,
    Finding,
    PackSettings,
    Policy,
    Resource,
    Stack,
)
from tenantnet.policies.own_types import OWN_TYPES, may_be_own
from tenantnet.policies.reading import Reader
from tenantnet.policies.showing import Confidential
from tenantnet.refusal import Refused
from tenantnet.settings.files import read_defaults
from tenantnet.settings.project import find_project
from tenantnet.settings.rules import MIN_BACKUP_DAYS
from tenantnet.tags import Tag

REQUIRED_TAGS = ("Name", Tag.CELL)


class Run:
    """What the pack knows of the preview or update that it judges.

    previews: whether nothing is created. declared: every resource so far, by its inputs. confidential: what
    no finding shows.
    """

    def __init__(self) -> None:
        self.previews = True
        self.declared: dict[str, Resource] = {}
        self.reader = Reader()
        self.confidential = Confidential()

    def configure(self, request: Any) -> None:  # noqa: ANN401 - of the generated protocol
        """Take what the engine says of the stack: whether it previews, and its settings."""
        self.previews = request.dry_run
        project = f"{request.organization}/{request.project}" if request.organization else ""
        self.reader.configure(request.config, project)
        self.confidential.learn_settings(request.config, request.config_secret_keys)

    def learn(self, resource: Any) -> None:  # noqa: ANN401 - of the generated protocol
        """Take what is secret of a resource, and of its provider."""
        self.confidential.learn(resource.urn, resource.properties)
        self.confidential.learn(resource.provider.urn, resource.provider.properties)

    def declare(self, resource: Resource) -> Stack:
        """The stack so far, with this resource. The reading of its cell begins."""
        self.declared[resource.urn] = resource
        cell = resource.cell
        if isinstance(cell, str) and not resource.stack.startswith(f"platform-{cell}"):
            self.reader.begin(cell, resource.region)
        return Stack(self.declared.values())


RUN = Run()


class _Servicer(sdk._PolicyAnalyzerServicer):
    """The SDK's service; it keeps neither the stack's settings nor which values are secret."""

    def ConfigureStack(self, request: Any, context: Any) -> Any:  # noqa: ANN401, N802
        RUN.configure(request)
        return super().ConfigureStack(request, context)

    def Analyze(self, request: Any, context: Any) -> Any:  # noqa: ANN401, N802
        RUN.learn(request)
        return super().Analyze(request, context)  # type: ignore[no-untyped-call]

    def AnalyzeStack(self, request: Any, context: Any) -> Any:  # noqa: ANN401, N802
        for resource in request.resources:
            RUN.learn(resource)
        if not RUN.previews:
            RUN.reader.forget_ranges()  # other updates may have been under way meanwhile
        return super().AnalyzeStack(request, context)  # type: ignore[no-untyped-call]


sdk._PolicyAnalyzerServicer = _Servicer  # type: ignore[misc]


class PackPolicy(SdkPolicy):
    """One policy of ours under one name.

    The SDK asks a policy what it is by its class, and hands single resources or the whole stack to it.
    """

    def __init__(self, policy: Policy) -> None:
        # The SDK's classes hand their arguments on by position and cannot be called one through the other.
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
        """Report every finding."""
        try:
            settings = pack_settings(plain(args.get_config()), self._policy)
            for finding in self._findings(args, settings):
                report_violation(str(RUN.confidential.words(finding)), finding.resource.urn)
        except Refused as refused:
            report_violation(str(refused), None)

    def has_validation(self) -> bool:
        """Whether single resources are judged."""
        return True

    def has_remediation(self) -> bool:
        """None of the policies changes what a program declares."""
        return False

    def _findings(
        self, args: ResourceValidationArgs | StackValidationArgs, settings: PackSettings
    ) -> Iterator[Finding]:
        policy = self._policy
        if isinstance(args, StackValidationArgs):
            if policy.judge_stack:
                yield from policy.judge_stack(_stack(args.resources), settings)
            return
        resource = _resource(args)
        if policy.judge_resource:
            yield from policy.judge_resource(resource, settings)
        if policy.judge_update:
            stack = RUN.declare(resource)
            if not RUN.previews:
                yield from policy.judge_update(resource, stack, settings)


class _ResourcePolicy(PackPolicy, ResourceValidationPolicy):
    """Judges single resources, before they are created."""


class _StackPolicy(PackPolicy, StackValidationPolicy):
    """Judges what lies between resources."""


class _WholePolicy(PackPolicy, ResourceValidationPolicy, StackValidationPolicy):
    """Judges both."""


def pack_policy(policy: Policy) -> SdkPolicy:
    """The policy as the SDK's class for what it judges: each thing that one judges is read for it alone."""
    if not policy.judge_stack:
        return _ResourcePolicy(policy)
    return _WholePolicy(policy) if policy.judge_resource or policy.judge_update else _StackPolicy(policy)


def pack_settings(config: Mapping[str, Any], policy: Policy) -> PackSettings:
    """The pack's settings, for one policy. config: its part of the pack's configuration.

    Reserved ranges that it does not set are the project's. Raises Refused for ranges that are not valid.
    """
    reserved: Sequence[ReservedRange] = ()
    if RESERVED_RANGES_SCHEMA.keys() <= policy.schema.keys():
        ranges = config.get("reservedRanges")
        reserved = _reserved_in(Path.cwd()) if ranges is None else reserved_ranges(ranges)
    return PackSettings(
        reserved=reserved,
        minimum_backup_days=config.get("minimumBackupDays", MIN_BACKUP_DAYS),
        required_tags=config.get("requiredTags", REQUIRED_TAGS),
        reading=RUN.reader,
        company_addresses=config.get(COMPANY_ADDRESSES_SETTING, COMPANY_ADDRESSES),
        own_types={
            each["type"]: each["reason"] for each in config.get(OWN_TYPES, ()) if may_be_own(each["type"])
        },
    )


@cache
def _reserved_in(folder: Path) -> Sequence[ReservedRange]:
    """The reserved ranges of the project that the folder is in; read once a preview, not once a resource."""
    return read_defaults(find_project(folder).file).reserved


def _stack(resources: Iterable[PolicyResource]) -> Stack:
    declared = RUN.declared
    judged = [
        Resource(
            type=resource.resource_type,
            name=resource.name,
            urn=resource.urn,
            props=plain(resource.props),
            inputs=declared[resource.urn].props.keys() if resource.urn in declared else None,
            custom=_is_custom(resource.resource_type, resource.provider),
            protect=resource.opts.protect,
            secret_outputs=tuple(resource.opts.additional_secret_outputs),
            ignores=tuple(resource.opts.ignore_changes),
            adopted=bool(declared) and resource.urn not in declared,
            parent=resource.parent.urn if resource.parent else "",
            region=_region(resource.provider),
            depends_on=tuple(before.urn for before in resource.dependencies),
            property_depends_on={
                name: tuple(before.urn for before in origins)
                for name, origins in resource.property_dependencies.items()
            },
        )
        for resource in resources
    ]
    return Stack(judged, previews=RUN.previews)


def _resource(args: ResourceValidationArgs) -> Resource:
    return Resource(
        type=args.resource_type,
        name=args.name,
        urn=args.urn,
        props=plain(args.props),
        custom=_is_custom(args.resource_type, args.provider),
        protect=args.opts.protect,
        secret_outputs=tuple(args.opts.additional_secret_outputs),
        ignores=tuple(args.opts.ignore_changes),
        region=_region(args.provider),
    )


def _is_custom(kind: str, provider: PolicyProviderResource | None) -> bool:
    return provider is not None or kind.startswith("pulumi:providers:")


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
