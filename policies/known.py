"""The policy that denies by default: a resource is as a component makes it, or it is refused."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from tenantnet.aws import types as aws
from tenantnet.failure import Failure
from tenantnet.policies.allowed import ALLOWED, PROVIDER, ROLE, ROLE_RIGHTS, TOPIC, is_placed
from tenantnet.policies.held import (
    ADOPTED,
    CLAIM_ALONE,
    DELETED_GONE,
    HELD_OWN,
    NOTHING_ADOPTED,
    SAID_AS_GIVEN,
    judge_held,
    judge_imported,
    judge_imports,
    judge_said,
    judge_taken,
    refuse_adopted,
)
from tenantnet.policies.model import (
    EC2_ID,
    KNOWN_IN_PREVIEW,
    PLATFORM_PREFIX,
    PLATFORM_READ,
    RESERVED_RANGES_SCHEMA,
    Finding,
    PackSettings,
    Policy,
    Reading,
    Resource,
    Severity,
    Stack,
    Unknown,
    before_creation,
    unread,
    with_platform,
)
from tenantnet.policies.own_types import (
    OWN_TYPE_APART,
    OWN_TYPES,
    TYPE_SCHEMA,
    is_own,
    judge_relations,
    judge_texts,
)
from tenantnet.policies.shapes import (
    PROPERTY_KNOWN,
    PROPERTY_PERMITTED,
    Ref,
    Shape,
    Where,
    judge_shape,
    named_at,
    references,
)
from tenantnet.refusal import Rule
from tenantnet.stacks.outputs import PlatformOutputs
from tenantnet.tags import Owner, Tag

# What AWS and the provider say of a resource, and a program cannot.
_COMPUTED = {"id", "tagsAll"}
_OF_AWS = {kind for kind in ALLOWED if kind.startswith("aws:")}
# What goes by a name that the program gives, or by an ARN with it. {place} is region and account.
NAMED = {
    aws.DATABASE: ("identifier", "rds:{place}:db:{name}"),
    aws.SUBNET_GROUP: ("name", "rds:{place}:subgrp:{name}"),
    aws.PARAMETER_GROUP: ("name", "rds:{place}:pg:{name}"),
    aws.LOG_GROUP: ("name", "logs:{place}:log-group:{name}"),
    TOPIC: ("name", "sns:{place}:{name}"),
    ROLE: ("name", "iam::{account}:role/{name}"),
    aws.INSTANCE_PROFILE: ("name", "iam::{account}:instance-profile/{name}"),
}

TYPE_KNOWN = Rule(
    id="type-known",
    rule="every resource is of a type that a component of Tenantnet makes, or that {setting} lists",
    reason="no policy judges {type}: it could copy data, open a network or give rights to somebody",
    remedy="remove it, declare it with a component, or have the organisation answer for it in the pack's "
    "settings: only-known-resources, {setting}, with its reason",
)
TYPE_MADE = Rule(
    id="type-made",
    rule="what is called as a type of AWS is made by AWS's provider",
    reason="{name} is {what}: AWS has no such {kind}, and what must be there would seem to be there",
    remedy="declare it with the class of pulumi_aws and AWS's provider, or call the component by a type of "
    "your own package",
)
TYPE_PLACED = Rule(
    id="type-placed",
    rule="{kind} belongs to {where}",
    reason="{why}",
    remedy="declare it there, with the component",
)
REFERENCE_OWN = Rule(
    id="reference-own",
    rule="{property} of {kind} names {permitted}",
    reason="{reason}",
    remedy="name {permitted}",
)
IMAGE_OWN = Rule(
    id="image-own",
    rule="a new host is made of the platform's image, {image}, and a deployed one keeps its own",
    reason="whoever made another image has programs of their own in the network",
    remedy="name {image}; the tunnel host's is services.tunnelHostImage in the platform's settings",
)
CHANGES_IGNORED = Rule(
    id="changes-ignored",
    rule="{kind} ignores changes of {permitted}",
    reason="policies get the deployed value of what is ignored, and a replacement is made with another",
    remedy="remove {given} from ignore_changes",
)
ALIAS_ALIKE = Rule(
    id="alias-alike",
    rule="what takes the place of a resource in the state is of its type",
    reason="{former} is of type {was}: it would stay in AWS, and be in no state any more",
    remedy="remove the alias, and let what the program does not declare be deleted",
)
MADE_FIRST = Rule(
    id="made-first",
    rule="an AWS provider and a row of claims are deleted after what takes their place is there",
    reason="until then the range of a network is free that is there: what a provider has made goes with it",
    remedy="remove delete_before_replace from {name}",
)
ONE_PROFILE = Rule(
    id="one-profile",
    rule="a stack's AWS providers use one profile, and name their region beside it",
    reason="under another one a claim would be in another account's or region's table, where nobody looks",
    remedy="set AWS_PROFILE in the environment, and give no provider a profile",
)
ONE_REGION = Rule(
    id="one-region",
    rule="a stack's resources are in its platform's region, {region}",
    reason="the pack reads claims and companies of that region, and knows nothing of any other",
    remedy="set aws:region to {region}, and give no provider another region",
)


# What components leave as it was deployed. Of a replacement it is judged in the preview, by its outputs.
IGNORED: Mapping[str, Sequence[str]] = {
    aws.ROUTE_TABLE: ("routes", "propagatingVgws"),
    aws.DATABASE: ("engineVersion", "snapshotIdentifier", "replicateSourceDb", "username", "password"),
    aws.PARAMETER_GROUP: ("parameters",),
    aws.INSTANCE: ("ami",),
    **dict.fromkeys((aws.SECURITY_GROUP, aws.INGRESS_RULE, aws.EGRESS_RULE), ("description",)),
}
# What a refresh finds in a table, though other resources have made it.
_OF_OTHERS = IGNORED[aws.ROUTE_TABLE]

WHERE = {
    Where.PLATFORM: (
        "a platform's stack",
        "the cell's tenants share it: elsewhere it is more rights, or a way in",
    ),
    Where.TENANT: (
        "a tenant's stack",
        "a tenant's data and ways are judged together with the rest of that tenant",
    ),
}


def _judge_resource(resource: Resource, settings: PackSettings) -> Iterator[Finding]:
    yield from _judge_aliases(resource)
    yield from _judge_replacement(resource)
    if is_own(resource.type, settings):
        yield from judge_texts(resource, settings)
        return
    yield from _judge_known(resource)
    if resource.type == aws.INSTANCE and resource.stack.startswith(PLATFORM_PREFIX):
        try:
            yield from _judge_image(resource, settings.reading, settings.reading.image())
        except Failure as failure:
            yield unread(resource, resource.stack, failure)
    if (shape := ALLOWED.get(resource.type)) is not None:
        yield from _judge_ignored(resource, shape)
        yield from judge_shape(resource, shape)
        for name, inner, ref in references(shape):
            if not ref.outputs and not any(is_placed(each, resource.stack) for each in ref.types):
                for value in named_at(resource.props.get(name), inner):
                    yield _refuse_reference(resource, name, inner, value, ref)


def _judge_aliases(resource: Resource) -> Iterator[Finding]:
    """Own types may be called otherwise by a provider's later versions, and components by ours."""
    for former in resource.aliases:
        was = former.split("::")[2].rpartition("$")[2]
        if was != resource.type and _OF_AWS.intersection((was, resource.type)):
            name = former.rpartition("::")[2]
            yield resource.refuse(ALIAS_ALIKE, "options.aliases", value=former, former=name, was=was)


def _judge_replacement(resource: Resource) -> Iterator[Finding]:
    if resource.type in (PROVIDER, aws.TABLE_ITEM) and resource.deletes_first:
        path = "options.deleteBeforeReplace"
        yield resource.refuse(MADE_FIRST, path, value=True, name=resource.name)


def _judge_ignored(resource: Resource, shape: Shape) -> Iterator[Finding]:
    permitted = IGNORED.get(resource.type, ())
    for path in [] if shape.anything else resource.ignores:
        if path not in permitted:
            facts = {"kind": resource.kind, "permitted": ", ".join(permitted) or "nothing", "given": path}
            yield resource.refuse(CHANGES_IGNORED, "options.ignoreChanges", value=path, **facts)


def _judge_kept(resource: Resource, shape: Shape) -> Iterator[Finding]:
    """What was ignored, by its value in the end: a replacement is made with what no policy was given."""
    deployed = isinstance(resource.props.get("arn"), str)  # the engine does not hand on its ID
    kept = {path: each for path, each in resource.kept.items() if not (deployed and path in _OF_OTHERS)}
    permitted = {path: permit for path, permit in shape.properties.items() if path in kept}
    yield from judge_shape(replace(resource, props=kept), replace(shape, properties=permitted))


def _refuse_reference(resource: Resource, name: str, inner: str, value: object, ref: Ref) -> Finding:
    path = f"{name}.{inner}" if inner else name
    facts = {"kind": resource.kind, "property": path, "permitted": ref.words, "reason": ref.reason}
    return Finding(resource, REFERENCE_OWN.refuse(value, path, **facts))


def _judge_known(resource: Resource) -> Iterator[Finding]:
    if resource.type not in ALLOWED:
        yield resource.refuse(TYPE_KNOWN, "", value=resource.type, type=resource.type, setting=OWN_TYPES)
    elif resource.type in _OF_AWS and not (resource.custom and resource.maker in ("", PROVIDER)):
        what = f"made by {resource.maker}" if resource.custom else "a component"
        facts = {"kind": resource.kind, "name": resource.name, "what": what}
        yield resource.refuse(TYPE_MADE, "", value=resource.type, **facts)
    elif not is_placed(resource.type, resource.stack):
        where, why = WHERE[ALLOWED[resource.type].where]
        facts = {"kind": resource.kind, "where": where, "why": why}
        yield resource.refuse(TYPE_PLACED, "", value=resource.type, **facts)


@with_platform
def _judge_stack(stack: Stack, settings: PackSettings, platform: PlatformOutputs | None) -> Iterator[Finding]:
    for resource in stack.resources:
        if is_own(resource.type, settings):
            yield from judge_relations(stack, resource, settings)
            yield from (
                judge_imported(resource)
                if resource.adopted
                else judge_texts(replace(resource, props=_ignored_props(resource)))
            )
            continue
        yield from _judge_known(resource)  # what a program reads is not judged before
        if resource.adopted and resource.type.startswith("aws:") and resource.type not in ADOPTED:
            yield refuse_adopted(resource)
        if (shape := ALLOWED.get(resource.type)) is not None:
            yield from _judge_kept(resource, shape)
            yield from _judge_references(stack, resource, settings, platform)
        for path in _COMPUTED & {*(resource.inputs or ())}:
            facts = {"kind": resource.kind, "property": path, "reason": "policies know by it which one it is"}
            yield resource.refuse(PROPERTY_KNOWN, path, **facts)
        if platform and resource.type == aws.INSTANCE:
            yield from _judge_image(resource, settings.reading, platform.image_id)
        if platform:
            yield from _judge_region(resource, platform.region, settings.reading)
    yield from _judge_profiles(stack, settings)
    yield from judge_imports(stack, settings)
    yield from judge_held(stack, settings)
    yield from judge_said(stack, settings)


def _judge_region(
    resource: Resource, region: str | None, reading: Reading | None = None
) -> Iterator[Finding]:
    """reading: says where a provider is that names no region."""
    given = resource.region or None  # an empty one is none to the provider, too
    if given is None and reading and resource.type.startswith("aws:"):
        given = reading.region()
    if (given or region) != region:
        yield resource.refuse(ONE_REGION, "region", value=given, region=region)


def _judge_profiles(stack: Stack, settings: PackSettings) -> Iterator[Finding]:
    """Those that providers say, and those of what uses them: the state may have one that nobody declares."""
    providers = {each.urn: each.props.get("profile") or None for each in stack.of_type(PROVIDER)}
    using = {
        each.urn: each.profile or None
        for each in stack.resources
        if each.type in _OF_AWS and not is_own(each.type, settings)
    }
    for resource in stack.resources:
        alike = providers if resource.type == PROVIDER else using
        profile = alike.get(resource.urn)
        # Where nothing else says a region, the profile does.
        is_nowhere = resource.type == PROVIDER and not resource.props.get("region")
        if profile and (is_nowhere or {*alike.values()} != {profile}):
            yield resource.refuse(ONE_PROFILE, "profile", value=profile)


def _judge_references(
    stack: Stack, resource: Resource, settings: PackSettings, platform: PlatformOutputs | None
) -> Iterator[Finding]:
    for name, inner, ref in references(ALLOWED[resource.type]):
        for value in named_at(resource.props.get(name), inner):
            if isinstance(value, Unknown):
                permitted = _comes_from(stack, resource, (name, inner), ref)
            elif (platform and value in [getattr(platform, output) for output in ref.outputs]) or (
                stack.is_platform
                and not ref.parts
                and value in settings.reading.existing(_cell_of(stack), resource.region)
            ):
                permitted = True
            else:
                permitted = _are_named([each for each in stack.of_type(*ref.types) if value in each.ids], ref)
            if not permitted:
                yield _refuse_reference(resource, name, inner, value, ref)


def _comes_from(stack: Stack, resource: Resource, path: tuple[str, str], ref: Ref) -> bool:
    """Whether a value that is not known comes from what the property may name, and from nothing else."""
    name, inner = path
    origins = stack.origins(resource, name)
    if not origins and not ref.needed and name not in (resource.inputs or ()):
        return True  # AWS chooses it
    found = [each for each in origins if each.type in ref.types]
    others = [each for each in origins if each not in found and not _is_right_of(stack, each, found)]
    is_one = ref.many or bool(inner) or len(found) == 1
    return is_one and _are_named(found, ref) and (bool(inner) or not others)


def _is_right_of(stack: Stack, resource: Resource, roles: list[Resource]) -> bool:
    """Whether it gives rights to one of the roles: who uses a role waits until it has them."""
    return resource.type in ROLE_RIGHTS and any(each in roles for each in stack.origins(resource, "role"))


def _are_named(found: list[Resource], ref: Ref) -> bool:
    return bool(found) and all(not ref.parts or each.part in ref.parts for each in found)


def _ignored_props(resource: Resource) -> Mapping[str, object]:
    """What the engine keeps as it was deployed, by its value in the end: `*` is everything."""
    roots = {
        re.split(r"[.\[]", each.removeprefix('["'), maxsplit=1)[0].strip('"]') for each in resource.ignores
    }
    return {path: value for path, value in resource.props.items() if path in roots or "*" in roots}


_REFERRING = [kind for kind, shape in ALLOWED.items() if [*references(shape)]]


def _cell_of(platform: Stack) -> str:
    return platform.name.removeprefix(PLATFORM_PREFIX)


def _judge_state(resource: Resource, stack: Stack, settings: PackSettings) -> Iterator[Finding]:
    try:
        if len(stack.resources) == 1:  # before anything is changed
            yield from judge_held(stack, settings)
        if resource.custom and not resource.type.startswith("pulumi:"):
            yield from judge_taken(resource, stack, settings)
    except Failure as failure:
        yield unread(resource, stack.name, failure)


def _judge_update(resource: Resource, stack: Stack, settings: PackSettings) -> Iterator[Finding]:
    yield from _judge_state(resource, stack, settings)
    if is_own(resource.type, settings):
        yield from judge_relations(stack, resource, settings)
        return
    regions = {each.region for each in stack.resources if not is_own(each.type, settings)}
    elsewhere = regions - {None, resource.region}
    yield from _judge_region(resource, next(iter(elsewhere), resource.region))
    yield from _judge_profiles(stack, settings)
    yield from _judge_maker(resource, stack, settings.reading)
    if not stack.is_platform:
        yield from _judge_tenants_update(resource, stack, settings)
    elif resource.type in _REFERRING:
        try:
            yield from _judge_platforms_update(resource, stack, settings.reading)
        except Failure as failure:
            yield unread(resource, stack.name, failure)


def _judge_platforms_update(resource: Resource, stack: Stack, reading: Reading) -> Iterator[Finding]:
    """Whose the IDs and names are that no preview has shown: any program can have a platform's name.

    A key goes by an ID that KMS makes up, and whose it is nobody asks before the update's end.
    """
    cell, texts = _cell_of(stack), _texts_of(resource)
    ids = {place: ref for place, ref in texts.items() if EC2_ID.fullmatch(place[1])}
    if ids:
        existing = reading.existing(cell, resource.region)
        others = {place: ref for place, ref in ids.items() if place[1] not in existing}
        yield from _judge_ids(resource, reading, others, Owner(cell=cell), resource.region)
    for (name, value), ref in texts.items() - ids.items():
        place = resource.region or reading.region(), reading.account_id()
        partition = value.split(":")[1] if value.startswith("arn:") else ""
        if aws.KEY not in ref.types and value not in _own_names(stack.of_type(*ref.types), partition, *place):
            yield _refuse_reference(resource, name, "", value, ref)


def _texts_of(resource: Resource) -> dict[tuple[str, str], Ref]:
    """Every text that refers to something, with its property."""
    return {
        (name, value): ref
        for name, inner, ref in references(ALLOWED[resource.type])
        for value in named_at(resource.props.get(name), inner)
        if isinstance(value, str)
    }


# A claim comes before everything that says which cell it is of.
_BEFORE_CREATION = _OF_AWS - {aws.TABLE_ITEM}


@before_creation(*_BEFORE_CREATION)
def _judge_tenants_update(
    resource: Resource, stack: Stack, settings: PackSettings, platform: PlatformOutputs
) -> Iterator[Finding]:
    """Whose the IDs and names are that a preview did not know, before anything is created."""
    yield from _judge_region(resource, platform.region, settings.reading)
    texts = {
        place: ref
        for place, ref in _texts_of(resource).items()
        if place[1] not in [getattr(platform, output) for output in ref.outputs]
    }
    ids = {place: ref for place, ref in texts.items() if EC2_ID.fullmatch(place[1])}
    owner = Owner(cell=platform.cell, tenant=stack.name)
    yield from _judge_ids(resource, settings.reading, ids, owner, platform.region)
    for (name, value), ref in texts.items() - ids.items():
        partition = platform.kms_key_arn.split(":")[1]
        own = _own_names(stack.of_type(*ref.types), partition, platform.region, platform.account_id)
        if resource.type == aws.RECORD:
            own = [settings.reading.address(each, platform.region) for each in own]
        if value not in own:
            yield _refuse_reference(resource, name, "", value, ref)
    if resource.type == aws.INSTANCE:
        yield from _judge_image(resource, settings.reading, platform.image_id)


def _judge_ids(
    resource: Resource,
    reading: Reading,
    named: Mapping[tuple[str, str], Ref],
    owner: Owner,
    region: str | None,
) -> Iterator[Finding]:
    """Whose EC2's IDs are, and what for, AWS says by tags. named: by property and ID."""
    tags = reading.tags(sorted({value for _, value in named}), region) if named else {}
    for (name, value), ref in named.items():
        found = tags.get(value, {})
        own = (found.get(Tag.CELL), found.get(Tag.TENANT)) == (owner.cell, owner.tenant)
        if not own or not ref.types or (ref.parts and found.get(Tag.PART) not in ref.parts):
            yield _refuse_reference(resource, name, "", value, ref)


def _own_names(own: Iterable[Resource], partition: str, region: str, account: str) -> list[str]:
    """What the stack's own goes by, where the program gives the names: the name, and the ARN of it."""
    names = []
    for each in own:
        path, form = NAMED.get(each.type, ("", ""))
        name = str(each.props.get(path))
        arn = f"arn:{partition}:{form.format(place=f'{region}:{account}', account=account, name=name)}"
        names += [name, arn, f"{arn}:*"] if path else []
    return names


def _judge_image(host: Resource, reading: Reading, image: str) -> Iterator[Finding]:
    """image: the one that a host of the stack is made of today; a deployed host keeps the one it has."""
    tags = {tag: host.tags.get(tag) for tag in ("Name", Tag.CELL, Tag.TENANT, Tag.PART)}
    whose = {tag: value for tag, value in tags.items() if isinstance(value, str)}
    given = host.props.get("ami")
    if given != image and ("Name" not in whose or given not in reading.images(whose, host.region)):
        yield host.refuse(IMAGE_OWN, "ami", value=given, image=image)


def _judge_maker(host: Resource, stack: Stack, reading: Reading) -> Iterator[Finding]:
    """Not in a preview: a reviewer need not read images."""
    image = host.props.get("ami")
    try:
        if host.type == aws.INSTANCE and reading.is_strangers(str(image), host.region):
            yield host.refuse(IMAGE_OWN, "ami", value=image, image="one of Amazon's")
    except Failure as failure:
        yield unread(host, stack.name, failure)


ONLY_KNOWN_RESOURCES = Policy(
    name="only-known-resources",
    description="A stack consists of what Tenantnet's components make, and of nothing that nobody judges.",
    severity=Severity.CRITICAL,
    remediation="Declare it with tenantnet.components.",
    rules=(
        TYPE_KNOWN,
        TYPE_MADE,
        TYPE_PLACED,
        PROPERTY_KNOWN,
        PROPERTY_PERMITTED,
        REFERENCE_OWN,
        IMAGE_OWN,
        OWN_TYPE_APART,
        CHANGES_IGNORED,
        ALIAS_ALIKE,
        NOTHING_ADOPTED,
        HELD_OWN,
        DELETED_GONE,
        CLAIM_ALONE,
        SAID_AS_GIVEN,
        MADE_FIRST,
        ONE_PROFILE,
        ONE_REGION,
        PLATFORM_READ,
        KNOWN_IN_PREVIEW,
    ),
    judge_resource=_judge_resource,
    judge_stack=_judge_stack,
    judge_update=_judge_update,
    schema={
        OWN_TYPES: {
            "type": "array",
            "description": "Types of resources that the organisation answers for, each with its reason; none "
            "of Tenantnet's and Pulumi's, and none that makes others. They may not touch networks, hosts or "
            "databases of Tenantnet.",
            "items": {
                "type": "object",
                "properties": {
                    "type": TYPE_SCHEMA,
                    "reason": {"type": "string", "minLength": 10},
                },
                "required": ["type", "reason"],
                "additionalProperties": False,
            },
        },
        **RESERVED_RANGES_SCHEMA,
    },
)

POLICIES = (ONLY_KNOWN_RESOURCES,)
