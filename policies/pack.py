"""The policies as Pulumi's policy SDK wants them. Importing this starts nothing; __main__ does."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextvars import ContextVar
from functools import wraps
from typing import Any, cast

import grpc
from google.protobuf import json_format  # type: ignore[import-untyped]
from pulumi.runtime.proto.analyzer_pb2 import RemediateResponse
from pulumi_policy import (
    Policy as SdkPolicy,
)
from pulumi_policy import (
    PolicyConfigSchema,
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
from pulumi_policy.deserialize import deserialize_properties
from pulumi_policy.proxy import UnknownValueError, unknown_checking_proxy
from tenantnet.addresses.addressing import ReservedRange, reserved_ranges
from tenantnet.policies.addresses import COMPANY_ADDRESSES_SETTING
from tenantnet.policies.allowed import ALLOWED
from tenantnet.policies.engine import is_of_engine
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
from tenantnet.settings.rules import MIN_BACKUP_DAYS
from tenantnet.tags import Tag

REQUIRED_TAGS = ("Name", Tag.CELL)
# What a provider says of all that it makes.
_PLACED_BY = ("region", "profile")


class Run:
    """What the pack knows of the preview or update that it judges.

    previews: whether nothing is created. declared: every resource so far, by its inputs. confidential: what
    no finding shows. whole: the properties of what is to be judged next, with all that the engine hides then.
    """

    def __init__(self) -> None:
        self.previews = True
        self.declared: dict[str, Resource] = {}
        self.whole: dict[str, Any] = {}
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

    def declare(self, resource: Resource) -> tuple[Resource, Stack]:
        """The resource, and the stack so far. The reading of its cell begins."""
        self.declared[resource.urn] = resource
        cell = resource.cell
        if isinstance(cell, str) and not resource.stack.startswith(f"platform-{cell}"):
            self.reader.begin(cell, resource.region)
        return resource, Stack(self.declared.values(), previews=self.previews)


RUN = Run()
# What the thread's policies judge: a resource and the stack so far, or the whole stack.
_JUDGED: ContextVar[tuple[Resource | None, Stack]] = ContextVar("judged")


def _for_the_engine(method: Callable[[Any, Any, Any], Any]) -> Callable[[Any, Any, Any], Any]:
    """Answer nobody else, who might say that no policy counts, or that nothing is created."""

    @wraps(method)
    def answer(self: object, request: Any, context: Any) -> Any:  # noqa: ANN401 - of the generated protocol
        if not is_of_engine(context.peer()):
            refused = "the pack answers the engine that has started it, and no other process"
            context.abort(grpc.StatusCode.PERMISSION_DENIED, refused)
        return method(self, request, context)

    return answer


class _Servicer(sdk._PolicyAnalyzerServicer):
    """The SDK's service; it keeps neither the stack's settings nor which values are secret.

    It would also read each message once for each policy. It gets none with values: those are read here.
    """

    @_for_the_engine
    def Configure(self, request: Any, context: Any) -> Any:  # noqa: ANN401, N802
        return super().Configure(request, context)  # type: ignore[no-untyped-call]

    @_for_the_engine
    def ConfigureStack(self, request: Any, context: Any) -> Any:  # noqa: ANN401, N802
        RUN.configure(request)
        return super().ConfigureStack(request, context)

    @_for_the_engine
    def Remediate(self, request: Any, context: Any) -> Any:  # noqa: ANN401, N802
        """The engine asks this first for every resource. No policy changes what a program declares."""
        RUN.whole[request.urn] = request.properties
        return RemediateResponse()

    @_for_the_engine
    def Analyze(self, request: Any, context: Any) -> Any:  # noqa: ANN401, N802
        if whole := RUN.whole.pop(request.urn, None):
            _reveal(request.properties, whole, known=request.type in ALLOWED)
        RUN.learn(request)
        _JUDGED.set(RUN.declare(_resource(request)))
        named = type(request)(type=request.type, urn=request.urn, name=request.name)
        return super().Analyze(named, context)  # type: ignore[no-untyped-call]

    @_for_the_engine
    def AnalyzeStack(self, request: Any, context: Any) -> Any:  # noqa: ANN401, N802
        for resource in request.resources:
            RUN.learn(resource)
        if not RUN.previews:
            RUN.reader.forget_ranges()  # other updates may have been under way meanwhile
        _JUDGED.set((None, _stack(request.resources)))
        return super().AnalyzeStack(type(request)(), context)  # type: ignore[no-untyped-call]


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
            for finding in self._findings(settings):
                report_violation(str(RUN.confidential.words(finding)), finding.resource.urn)
        except Refused as refused:
            report_violation(str(refused), None)

    def has_validation(self) -> bool:
        """Whether single resources are judged."""
        return True

    def _findings(self, settings: PackSettings) -> Iterator[Finding]:
        policy, (resource, stack) = self._policy, _JUDGED.get()
        if resource is None:
            if policy.judge_stack:
                yield from policy.judge_stack(stack, settings)
            return
        if policy.judge_resource:
            yield from policy.judge_resource(resource, settings)
        if policy.judge_update and not stack.previews:
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
        reserved = RUN.reader.reserved() if ranges is None else reserved_ranges(ranges)
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


def _reveal(shown: Any, whole: Any, *, known: bool) -> None:  # noqa: ANN401 - of the generated protocol
    """Add the names that begin with two underscores, which the engine leaves out wherever they are.

    A provider's `__internal` says which program it is, and with which environment it runs; and a text that a
    program writes under such a name gets to AWS. known: whether a component makes the type: then its provider
    is bridged, and keeps in `__defaults` which properties it has filled in. Of others that is a text as well.
    """
    for name, value in whole.fields.items():
        if name in shown.fields:
            _reveal_in(shown.fields[name], value, known=known)
        elif name.startswith("__") and not (known and name == "__defaults" and value.HasField("list_value")):
            shown.fields[name].CopyFrom(value)


def _reveal_in(shown: Any, whole: Any, *, known: bool) -> None:  # noqa: ANN401 - of the generated protocol
    kind = whole.WhichOneof("kind")
    if kind == shown.WhichOneof("kind") == "struct_value":
        _reveal(shown.struct_value, whole.struct_value, known=known)
    elif kind == shown.WhichOneof("kind") == "list_value":
        # Another pack may have changed the list meanwhile.
        for one, other in zip(shown.list_value.values, whole.list_value.values, strict=False):
            _reveal_in(one, other, known=known)


def _stack(messages: Collection[Any]) -> Stack:
    declared, urns = RUN.declared, {message.urn for message in messages}
    judged = [
        _resource(
            message,
            inputs=declared[message.urn].props.keys() if message.urn in declared else None,
            given=_given(declared[message.urn]) if message.urn in declared else {},
            adopted=bool(declared) and message.urn not in declared,
            parent=message.parent if message.parent in urns else "",
            depends_on=tuple(urn for urn in message.dependencies if urn in urns),
            property_depends_on={
                name: tuple(urn for urn in origins.urns if urn in urns)
                for name, origins in message.propertyDependencies.items()
            },
        )
        for message in messages
    ]
    return Stack(judged, previews=RUN.previews)


def _given(declared: Resource) -> Mapping[str, Any]:
    """What the program gives it. Of what is ignored the engine has shown what was there."""
    return {path: value for path, value in declared.props.items() if path not in declared.ignores}


def _resource(message: Any, **more: Any) -> Resource:  # noqa: ANN401 - of the generated protocol
    """more: what only a message about the whole stack says."""
    provider = _plain_struct(message.provider.properties)
    region, profile = (each if isinstance(each := provider.get(path), str) else None for path in _PLACED_BY)
    return Resource(
        type=message.type,
        name=message.name,
        urn=message.urn,
        props=_plain_struct(message.properties),
        custom=message.HasField("provider") or message.type.startswith("pulumi:providers:"),
        maker=message.provider.type,
        protect=message.options.protect,
        deletes_first=message.options.deleteBeforeReplace,
        secret_outputs=tuple(message.options.additionalSecretOutputs),
        ignores=tuple(message.options.ignoreChanges),
        aliases=tuple(message.options.aliases),
        region=region,
        profile=profile,
        **more,
    )


def _plain_struct(properties: Any) -> dict[str, Any]:  # noqa: ANN401 - of the generated protocol
    found = unknown_checking_proxy(deserialize_properties(json_format.MessageToDict(properties)))
    return cast("dict[str, Any]", plain(found))


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
