"""What policies judge and what they answer: plain data, nothing of Pulumi.

A preview does not know every value. UNKNOWN represents one that AWS gives only on deployment; relations
between new resources are then read from the dependencies that the program declared.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Any, Final, Protocol

from tenantnet.addresses.addressing import ReservedRange
from tenantnet.addresses.claims import Claim, Row
from tenantnet.addresses.companies import Company
from tenantnet.aws.types import TABLE_ITEM
from tenantnet.failure import Failure
from tenantnet.refusal import Refusal, Rule
from tenantnet.settings.models import RunnerSettings
from tenantnet.stacks.outputs import PlatformOutputs
from tenantnet.tags import Tag, cell_of_claims_table

JsonSchema = Mapping[str, Any]

PLATFORM_PREFIX = "platform-"
# A /12, as the largest private ranges behind 10.0.0.0/8 are cut: one tenant leaves most of them to others.
COMPANY_ADDRESSES = 2**20
# EC2 makes up the IDs of what can be referred to, so that they tell nothing of whose it is.
EC2_ID = re.compile(r"(vpc|subnet|rtb|sg|pcx|vgw|cgw|vpn|acl)-[0-9a-z]+")


class Unknown:
    """The type of UNKNOWN."""

    def __repr__(self) -> str:
        return "(known after deployment)"


UNKNOWN: Final = Unknown()

KNOWN_IN_PREVIEW = Rule(
    id="known-in-preview",
    rule="what a policy checks is known in the preview",
    reason="a value that is known only after deployment cannot be reviewed, and would be checked too late",
    remedy="give a plain value: from the settings, or from a stack's outputs read as plain values",
)
PLATFORM_READ = Rule(
    id="platform-read",
    rule="a stack belongs to one cell, whose platform is deployed: its resources are tagged with it",
    reason="what belongs to this cell is compared with its platform's outputs, and {reason}",
    remedy="{remedy}",
)


RESERVED_RANGES_SCHEMA: Mapping[str, JsonSchema] = {
    "reservedRanges": {
        "type": "array",
        "description": "Reserved ranges, as tenantnet:reservedRanges of Pulumi.yaml, which is the default.",
        "items": {
            "type": "object",
            "properties": {"cidr": {"type": "string"}, "purpose": {"type": "string"}},
            "required": ["cidr", "purpose"],
            "additionalProperties": False,
        },
    }
}


class Severity(StrEnum):
    """How much harm the violation of a policy can do. Values as in CrossGuard."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """A resource as the engine shows it.

    type: Pulumi's token, such as `aws:ec2/vpc:Vpc`. props: inputs where the resource is judged alone, outputs
    where it is judged with its stack; camelCase, secrets in clear, UNKNOWN where the value is not known yet.
    inputs: names of the properties that the program sets, None where that is not known.
    custom: whether a provider makes it; a component has nothing but its children. maker: the provider's type.
    secret_outputs: properties that the state keeps encrypted. depends_on: URNs of all dependencies.
    deletes_first: whether it and what depends on it are deleted before another takes its place.
    ignores: properties whose changes the engine ignores, until it replaces the resource.
    aliases: URNs by which the state has it until this update.
    adopted: whether the stack has it though it was not judged alone: it is imported, or only read. Of the
    state's resources: whether it was imported.
    given: what its program gives it, where that is known, without what is ignored; of the state's resources
    by its inputs, secrets encrypted. What is said of a resource later any program can have said.
    retained: whether its deletion may leave it in AWS. follows: whether it may be deleted and made again
    because something else is. Both are known of the state's resources alone.
    property_depends_on: per property the URNs that its value comes from. region, profile: its provider's,
    where known.
    """

    type: str
    name: str
    urn: str
    props: Mapping[str, Any]
    inputs: Collection[str] | None = None
    given: Mapping[str, Any] = field(default_factory=dict)
    custom: bool = True
    maker: str = ""
    protect: bool = False
    secret_outputs: Collection[str] = ()
    deletes_first: bool = False
    ignores: Collection[str] = ()
    aliases: Collection[str] = ()
    adopted: bool = False
    retained: bool = False
    follows: bool = False
    parent: str = ""
    region: str | None = None
    profile: str | None = None
    depends_on: Collection[str] = ()
    property_depends_on: Mapping[str, Collection[str]] = field(default_factory=dict)

    @property
    def tags(self) -> Mapping[str, Any]:
        """The tags, with the provider's default tags where they are known; empty if there are none.

        What a program writes into tagsAll, which the provider computes, hides no tag of its own.
        """
        both = [self.props.get(key) for key in ("tagsAll", "tags")]
        return {key: value for tags in both if isinstance(tags, Mapping) for key, value in tags.items()}

    @property
    def kept(self) -> Mapping[str, Any]:
        """What the engine ignored, by its value in the end; without what AWS makes up in an update."""
        given = {path: self.props[path] for path in self.ignores if path in self.props}
        return {
            path: value
            for path, value in given.items()
            if self.property_depends_on.get(path) or not isinstance(value, Unknown)
        }

    @property
    def part(self) -> object:
        """The place the resource belongs to: a value of tenantnet.tags.Part where the tag is right."""
        return self.tags.get(Tag.PART)

    @property
    def claim(self) -> Claim | None:
        """The claim that it is as a row, to the letter; None for any other row, or one that is not known."""
        if self.type != TABLE_ITEM:
            return None
        try:
            row: Any = parse_json(str(self.props.get("item")))
            claim = Claim.from_item(row)
        except (ValueError, TypeError, RecursionError):
            return None
        return claim if claim.item() == row and claim.is_ours else None

    @property
    def cell(self) -> object:
        """The cell that its tag names; a row of claims has no tags, and says it itself or by its table."""
        if (claim := self.claim) is None:
            return self.tags.get(Tag.CELL)
        return claim.cell or cell_of_claims_table(str(self.props.get("tableName")))

    @property
    def stack(self) -> str:
        """The name of its stack."""
        return self.urn.split("::")[0].removeprefix("urn:pulumi:")

    @property
    def kind(self) -> str:
        """The last part of its type: `RouteTable`."""
        return self.type.rsplit(":", maxsplit=1)[-1] or self.type

    @property
    def ids(self) -> Collection[object]:
        """What other resources may call it by, where AWS has named it. A name that looks like an ID is none.

        The provider gives its `id`; a provider bridged without its schema gives it as `vpcId` for a Vpc.
        """
        own = f"{self.kind[0].lower()}{self.kind[1:]}Id"
        names = ("name", "arn", "keyId", "identifier", "address")
        found = {
            name: self.props[name] for name in ("id", own, *names) if isinstance(self.props.get(name), str)
        }
        return [each for name, each in found.items() if name not in names or not EC2_ID.fullmatch(each)]

    def refuse(self, rule: Rule, path: str, *, value: object = None, **facts: object) -> Finding:
        """The finding that `rule` is broken by `value`, or by the property at `path` where no value is given.

        A value that is not known yet breaks no rule but that it must be known.
        """
        value = self.props.get(path) if value is None else value
        if isinstance(value, Unknown):
            return Finding(self, KNOWN_IN_PREVIEW.refuse(value, path))
        return Finding(self, rule.refuse(value, path, **facts))

    def refuse_secret(self, rule: Rule, path: str, **facts: object) -> Finding:
        """The finding that `rule` is broken by a value that must not be seen."""
        return Finding(self, rule.refuse_secret(path, **facts))


@dataclass(frozen=True, slots=True)
class Finding:
    """One violation: the resource and the problems of it."""

    resource: Resource
    refusal: Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class Targets:
    """What a property refers to.

    found: resources of the stack. foreign: values that no resource of the stack goes by.
    """

    found: Sequence[Resource]
    foreign: Sequence[object]

    @property
    def only(self) -> Resource | None:
        """The one resource referred to; None if it is foreign, or more than one."""
        return self.found[0] if len(self.found) == 1 and not self.foreign else None


class Stack:
    """All resources of one stack. previews: whether nothing is created, and what is new has no ID yet."""

    def __init__(self, resources: Iterable[Resource], *, previews: bool = False) -> None:
        self.resources, self.previews = list(resources), previews

    @property
    def name(self) -> str:
        """The stack's name, as in every URN; empty for a stack without resources."""
        return self.resources[0].stack if self.resources else ""

    @property
    def is_platform(self) -> bool:
        """Whether it is a cell's own stack, by its name."""
        return self.name.startswith(PLATFORM_PREFIX)

    @cached_property
    def cell(self) -> str | None:
        """The cell that its resources are tagged with; None if there is none, or more than one.

        Claims are declared before all else, and are left when all else is removed: their rows say it then.
        """
        cells = {str(each.tags[Tag.CELL]) for each in self.resources if each.tags.get(Tag.CELL)}
        cells = cells or {str(each.cell) for each in self.resources if each.claim}
        return cells.pop() if len(cells) == 1 else None

    @property
    def region(self) -> str | None:
        """Its provider's region, where that is known."""
        return next((each.region for each in self.resources if each.region), None)

    @property
    def root(self) -> Resource:
        """The resource that represents the stack itself."""
        return next(self.of_type("pulumi:pulumi:Stack"), self.resources[0])

    def of_type(self, *types: str) -> Iterator[Resource]:
        """Every resource of one of the types."""
        return (resource for resource in self.resources if resource.type in types)

    def targets(self, resource: Resource, path: str, *types: str) -> Targets:
        """The resources of `types` that the property refers to by id or name.

        A value that is known decides; for unknown ones the program's dependencies say where they come from.
        """
        raw = resource.props.get(path)
        values = raw if isinstance(raw, list) else [] if raw is None else [raw]
        found, foreign = {}, []
        for value in values:
            matching = (
                self._origins(resource, path, types)
                if isinstance(value, Unknown)
                else [candidate for candidate in self.of_type(*types) if value in candidate.ids]
            )
            found.update({candidate.urn: candidate for candidate in matching})
            if not matching:
                foreign.append(value)
        return Targets(found=list(found.values()), foreign=foreign)

    def origins(self, resource: Resource, path: str) -> list[Resource]:
        """The resources that the property's value comes from."""
        urns = resource.property_depends_on.get(path, ())
        return [self._by_urn[urn] for urn in urns if urn in self._by_urn]

    def _origins(self, resource: Resource, path: str, types: Collection[str]) -> list[Resource]:
        return [each for each in self.origins(resource, path) if each.type in types]

    @cached_property
    def _by_urn(self) -> Mapping[str, Resource]:
        return {resource.urn: resource for resource in self.resources}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranges:
    """Who has which range: every row of the cell's claims table, and every company connected to its cells."""

    claims: Sequence[Row] = ()
    companies: Sequence[Company] = ()


class Reading(Protocol):
    """How policies learn what is there beside the stack. Every method raises Failure if it cannot be read."""

    def platform(self, cell: str) -> PlatformOutputs:
        """The outputs of the cell's platform stack."""

    def ranges(self, cell: str, region: str | None) -> Ranges:
        """The cell's claims and companies. region: where the cell is."""

    def platforms(self) -> Collection[str]:
        """The names of the platform stacks in the Pulumi project that have something deployed."""

    def cells(self) -> Sequence[tuple[PlatformOutputs, Ranges]]:
        """What can be read of the project's cells: the platform's outputs, and who has which range there."""

    def forget_ranges(self) -> None:
        """Have the next `ranges` read anew: other stacks' updates do not wait for this one."""

    def granted(self, claims: Collection[Claim], cell: str, region: str | None) -> Collection[Claim]:
        """Those of the claims that the cell's table has, once an update has had time to write them."""

    def account_id(self) -> str:
        """The AWS account of the credentials in use."""

    def region(self) -> str:
        """The region of a provider that names none."""

    def runner(self) -> RunnerSettings | None:
        """The migration runner in the settings of the platform's stack; None without one."""

    def secrets(self) -> Collection[str]:
        """The ARNs of the runners' secrets in the settings of the project's platforms."""

    def of_runners(self) -> Collection[str]:
        """ECR's repositories with the runners' images, and the IDs of the keys of the stacks' secrets.

        By the same settings, as far as they can be read: most teams have no runner.
        """

    def boundary(self) -> str | None:
        """The permissions boundary in the settings of the platform's stack; None without one."""

    def retiring(self) -> bool:
        """Whether the settings of the platform's stack say that it is being removed."""

    def claims_platform(self) -> str | None:
        """The platform whose claims table the settings of the platform's stack name; None where none is."""

    def existing(self, cell: str, region: str | None) -> Collection[str]:
        """The IDs of networks and zone that the settings of the cell's platform name, and it does not make.

        Raises Failure for one that is a tenant's or another cell's.
        """

    def image(self) -> str:
        """The image of the platform's settings; without one, the newest that AWS names."""

    def is_strangers(self, image: str, region: str | None) -> bool:
        """Whether somebody else than Amazon has made the image; false for one that is not there any more."""

    def tags(self, ids: Collection[str], region: str | None) -> Mapping[str, Mapping[str, str]]:
        """The tags of EC2's resources, by ID, new ones waited for; nothing for one that does not exist."""

    def tags_now(self, ids: Collection[str], region: str | None) -> Mapping[str, Mapping[str, str]]:
        """The same, of what has been there for long: asked once."""

    def untagged(self, ids: Collection[str], region: str | None) -> Mapping[str, str]:
        """The VPC of each VPC, subnet or security group, where nothing there has a tag of Tenantnet's."""

    def images(self, tags: Mapping[str, str], region: str | None) -> Collection[str]:
        """The images of the hosts that have all the tags."""

    def bucket(self) -> str:
        """The S3 bucket with the state of all stacks, and their secrets; empty where it is in none."""

    def held(self, stack: str) -> Sequence[Resource]:
        """What the stack's state has, by outputs, but for Pulumi's own; what it only reads is left out."""

    def held_now(self, stack: str) -> Sequence[Resource]:
        """The same, anew: the engine writes an import into the state before it asks about the resource."""

    def address(self, identifier: str, region: str | None) -> str:
        """The DNS name that RDS has given a database; empty for one that does not exist."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PackSettings:
    """What policies judge by, beside what they judge.

    reserved: see tenantnet.addresses.addressing.reserved_ranges.
    minimum_backup_days: how long automated backups of a database in production are kept at least.
    required_tags: tags that every resource has which can have tags.
    company_addresses: how many addresses the company ranges of one tenant have together at most.
    own_types: types of resources that the organisation answers for itself, with its reason.
    """

    reserved: Sequence[ReservedRange]
    minimum_backup_days: int
    required_tags: Sequence[str]
    reading: Reading
    own_types: Mapping[str, str] = field(default_factory=dict)
    company_addresses: int = COMPANY_ADDRESSES


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """One policy of the pack.

    name: kebab-case. description: what holds where it is kept. remediation: the way out, in general.
    rules: the words of every refusal that it makes.
    judge_resource: judges one resource by its inputs, before it is created.
    judge_stack: judges what lies between resources, by the outputs of all of them.
    judge_update: judges, in an update and before it is created, what a preview may not have known. Gets the
    resource, and the stack as far as it was declared before, by its inputs.
    schema: its own settings in the pack's configuration, JSON Schema by name.
    """

    name: str
    description: str
    severity: Severity
    remediation: str
    rules: Sequence[Rule]
    judge_resource: Callable[[Resource, PackSettings], Iterable[Finding]] | None = None
    judge_stack: Callable[[Stack, PackSettings], Iterable[Finding]] | None = None
    judge_update: Callable[[Resource, Stack, PackSettings], Iterable[Finding]] | None = None
    schema: Mapping[str, JsonSchema] = field(default_factory=dict)


Judge = Callable[[Resource, Stack, PackSettings, PlatformOutputs], Iterable[Finding]]
JudgeUpdate = Callable[[Resource, Stack, PackSettings], Iterator[Finding]]


def before_creation(*types: str) -> Callable[[Judge], JudgeUpdate]:
    """A `judge_update` for resources of these types that gets the outputs of the stack's platform.

    A platform's own stack is left out. Elsewhere nothing of these types is created before the stack's cell is
    known, and its platform read.
    """

    def decorate(judge: Judge) -> JudgeUpdate:
        def judge_update(resource: Resource, stack: Stack, settings: PackSettings) -> Iterator[Finding]:
            if resource.type not in types or stack.is_platform:
                return
            try:
                if platform := _platform(stack, settings):
                    yield from judge(resource, stack, settings, platform)
            except Failure as failure:
                yield unread(resource, stack.cell, failure)

        return judge_update

    return decorate


def with_platform(
    judge: Callable[[Stack, PackSettings, PlatformOutputs | None], Iterable[Finding]],
) -> Callable[[Stack, PackSettings], Iterator[Finding]]:
    """A `judge_stack` that gets the outputs of the stack's platform, None in the platform's own stack.

    A stack whose platform cannot be read is refused: nothing of it could be compared.
    """

    def judge_stack(stack: Stack, settings: PackSettings) -> Iterator[Finding]:
        try:
            platform = None if stack.is_platform else _platform(stack, settings)
            yield from judge(stack, settings, platform)
        except Failure as failure:
            yield unread(stack.root, stack.cell, failure)

    return judge_stack


def unread(resource: Resource, value: str | None, failure: Failure) -> Finding:
    """The finding that nothing can be compared with the resource's platform. value: its cell, if known."""
    facts = {"reason": failure.reason, "remedy": failure.remedy}
    return resource.refuse(PLATFORM_READ, f"tags.{Tag.CELL}", value=value, **facts)


def _platform(stack: Stack, settings: PackSettings) -> PlatformOutputs | None:
    if stack.cell is not None:
        return settings.reading.platform(stack.cell)
    if all(each.type.startswith("pulumi:") or each.type in settings.own_types for each in stack.resources):
        return None
    raise Failure(
        "Could not tell the stack's cell.",
        reason="its resources are tagged with none, or with several",
        remedy="tag them with tenantnet.tags.Owner.tags",
    )


def parse_json(text: str) -> object:
    """What the text says. Raises ValueError where it says a thing twice: two readers may take one each."""
    return json.loads(text, object_pairs_hook=_once)


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError
    return found
