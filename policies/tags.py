"""The policy on tags: they say whose a resource is, and the other policies rely on them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from tenantnet.aws import types as aws
from tenantnet.aws.types import INSTANCE, ROUTE_TABLE, SECURITY_GROUP, SUBNET, VPC
from tenantnet.policies.allowed import ALLOWED, PROVIDER, ROLE_RIGHTS, SUBSCRIPTION, TOPIC_POLICY
from tenantnet.policies.model import (
    PLATFORM_PREFIX,
    Finding,
    PackSettings,
    Policy,
    Resource,
    Severity,
    Stack,
    Unknown,
    parse_json,
)
from tenantnet.policies.own_types import is_own
from tenantnet.refusal import Rule
from tenantnet.tags import TUNNEL_USER_TAGS, Part, Slot, Tag

# In a platform's stack, and in a tenant's.
PARTS: Mapping[str, tuple[Sequence[Part], Sequence[Part]]] = {
    VPC: ((Part.SESSIONS, Part.SERVICES), (Part.NETWORK,)),
    SUBNET: ((Part.SERVICES,), (Part.NETWORK, Part.SESSION)),
    ROUTE_TABLE: ((Part.SERVICES,), (Part.NETWORK, Part.SESSION)),
    SECURITY_GROUP: ((Part.TUNNEL_HOST, Part.ENDPOINTS), (Part.DATABASE, Part.PING_HOST)),
    INSTANCE: ((Part.TUNNEL_HOST,), (Part.PING_HOST,)),
}

TAG_PRESENT = Rule(
    id="tag-present",
    rule="a resource that can have tags has {tag}",
    reason="people, bills and the other policies see by its tags to whom it belongs",
    remedy="tag it with tenantnet.tags.Owner.tags",
)
TAG_PART = Rule(
    id="tag-part",
    rule="VPCs, subnets, route tables, security groups and hosts are tagged tenantnet:part: one of {parts}",
    reason="routes and rules are judged by it",
    remedy="tag it with tenantnet.tags.Owner.tags(part=...)",
)
TAG_KNOWN = Rule(
    id="tag-known",
    rule="a tag that begins with tenantnet: is one that Tenantnet writes, to the letter",
    reason="policies of AWS take keys that differ in capitals alone for one, so it may count as another's",
    remedy="remove it, or call it otherwise",
)
TAG_NETWORK = Rule(
    id="tag-network",
    rule="tenantnet:network is blue or green",
    reason="what belongs to a network is called after it, and {given} would make it another tenant's name",
    remedy="tag it with tenantnet.tags.Owner.in_network",
)
TAG_DEFAULT = Rule(
    id="tag-default",
    rule="of tags that begin with tenantnet:, a provider gives its stack's own cell and tenant by default, "
    "and no other",
    reason="whatever has no such tag of its own gets it, and is taken for that tenant's, cell's or part's",
    remedy="remove {tag} from defaultTags and the environment; components tag what they make",
)
# The provider has no tags for these.
UNTAGGED = (
    *(aws.ROUTE_TABLE_ASSOCIATION, aws.ROUTE, aws.ROUTE_PROPAGATION, aws.VPN_CONNECTION_ROUTE),
    *(aws.TABLE_ITEM, aws.SCHEDULE, aws.RECORD, aws.ALIAS, TOPIC_POLICY, SUBSCRIPTION, *ROLE_RIGHTS),
)
TAGGED = [kind for kind in ALLOWED if kind.startswith("aws:") and kind not in UNTAGGED]
READ_TAGS = {*Tag, *TUNNEL_USER_TAGS}
KNOWN_TAGS = READ_TAGS - {Tag.TUNNEL_USER}
# By the others a host, a group or a document counts as one that a component has made.
OWN_TAGS = {Tag.CELL, Tag.TENANT, Tag.NETWORK}


def _judge_tags(resource: Resource) -> Iterator[Finding]:
    """Of a type that is no component's, the tags that somebody reads."""
    is_ours = resource.type in ALLOWED
    listed = [] if is_ours else [*_listed(resource.props)]
    for tag, value in [*resource.tags.items(), *listed]:
        folded = tag.strip().casefold()
        read = folded.startswith("tenantnet:") if is_ours else folded in READ_TAGS
        if tag not in (KNOWN_TAGS if is_ours else OWN_TAGS) and read:
            yield resource.refuse(TAG_KNOWN, f"tags.{tag}", value=tag)
        elif tag == Tag.NETWORK and value not in [*Slot]:
            yield resource.refuse(TAG_NETWORK, f"tags.{tag}", value=value, given=value)
        elif tag == Tag.TENANT and (tag, value) in listed and value != resource.stack:
            yield resource.refuse(TAG_KNOWN, f"tags.{tag}", value=value)


def _listed(value: object) -> Iterator[tuple[str, object]]:
    """The tags that other providers, groups of hosts and launch templates write in lists."""
    match value:
        case {"key": str() as tag, "value": text} | {"Key": str() as tag, "Value": text}:
            yield tag, text
        case {"resourceType": _, "tags": {} as tags}:
            yield from tags.items()
        case Mapping():
            for each in value.values():
                yield from _listed(each)
        case list():
            for each in value:
                yield from _listed(each)


def _judge_defaults(stack: Stack) -> Iterator[Finding]:
    """What providers give by default: before the update's end no resource shows it."""
    for provider in stack.of_type(PROVIDER):
        given = dict(_default_tags(provider.props.get("defaultTags")))
        yield from _judge_given(stack, provider, "defaultTags", given)


def _judge_given(
    stack: Stack, resource: Resource, path: str, by_default: Mapping[str, object]
) -> Iterator[Finding]:
    cell, tenant = stack.cell, stack.name
    if stack.is_platform:
        cell, tenant = stack.name.removeprefix(PLATFORM_PREFIX), ""
    for tag, value in by_default.items():
        own = (tag == Tag.TENANT and value == tenant) or (tag == Tag.CELL and value == (cell or value))
        if not own and tag.strip().casefold().startswith("tenantnet:"):
            yield resource.refuse(TAG_DEFAULT, path, value=f"{tag}: {value}", tag=tag)


def _default_tags(given: object) -> Iterator[tuple[str, object]]:
    """SDKs hand a provider's objects to the engine as JSON. What cannot be read may be any tag."""
    try:
        parsed = parse_json(given) if given and isinstance(given, str) else given
    except (ValueError, RecursionError):
        parsed = given
    tags = parsed.get("tags") if isinstance(parsed, Mapping) else parsed
    if isinstance(tags, Mapping):
        yield from tags.items()
    elif tags and not isinstance(tags, Unknown):
        yield "tenantnet:", tags


def _judge_stack(stack: Stack, settings: PackSettings) -> Iterator[Finding]:
    """A resource can have tags where the provider computes `tagsAll` for it."""
    yield from _judge_defaults(stack)
    taggable = [resource for resource in stack.resources if "tagsAll" in resource.props]
    of_tenant = not stack.is_platform and any(each.type in ALLOWED for each in taggable)
    required = [*settings.required_tags, *([Tag.TENANT] if of_tenant else [])]
    for resource in taggable:
        yield from _judge_tagged(stack, resource, required)
        if resource.type in ALLOWED:
            yield from _judge_given(stack, resource, "tagsAll", _added(resource))


def _added(resource: Resource) -> Mapping[str, object]:
    """The tags that the provider has added, whoever has told it to: the environment may, too."""
    own, both = resource.props.get("tags"), resource.props.get("tagsAll")
    if not (isinstance(own, Mapping) and isinstance(both, Mapping)):
        return {}
    return {tag: value for tag, value in both.items() if tag not in own}


def _judge_tagged(stack: Stack, resource: Resource, required: Sequence[str]) -> Iterator[Finding]:
    yield from _judge_tags(resource)
    for tag in required:
        if not resource.tags.get(tag):
            yield resource.refuse(TAG_PRESENT, f"tags.{tag}", tag=tag)
    permitted = _parts(stack, resource)
    if permitted and resource.part not in permitted:
        yield resource.refuse(TAG_PART, f"tags.{Tag.PART}", value=resource.part, parts=", ".join(permitted))


def _judge_update(resource: Resource, stack: Stack, settings: PackSettings) -> Iterator[Finding]:
    """The same before it is created: what has a tag is another's as soon as it is there."""
    if resource.custom:
        yield from _judge_defaults(stack)
    if resource.type in TAGGED:
        tenant = [] if stack.is_platform else [Tag.TENANT]
        yield from _judge_tagged(stack, resource, [*settings.required_tags, Tag.CELL, *tenant])
    elif is_own(resource.type, settings):
        yield from _judge_tags(resource)


def _parts(stack: Stack, resource: Resource) -> Sequence[Part]:
    """What the resource may be for, in a platform's or in a tenant's stack; empty if it has no such tag."""
    return PARTS.get(resource.type, ((), ()))[0 if stack.is_platform else 1]


TAGS_PRESENT = Policy(
    name="tags-present",
    description="Every resource's tags show to whom it belongs: its cell, its tenant, its name, its part.",
    severity=Severity.LOW,
    remediation="Tag it with tenantnet.tags.Owner.tags.",
    rules=(TAG_PRESENT, TAG_PART, TAG_KNOWN, TAG_NETWORK, TAG_DEFAULT),
    judge_stack=_judge_stack,
    judge_update=_judge_update,
    schema={
        "requiredTags": {
            "type": "array",
            "items": {"type": "string"},
            "default": ["Name", Tag.CELL],
            "description": "Tags of every resource; a tenant's resources have tenantnet:tenant beside them.",
        }
    },
)

POLICIES = (TAGS_PRESENT,)
