"""Shapes: which properties a resource of a permitted type may have, and with which values.

A shape lists what a component sets. A property that it does not list must be unset: AWS has more of them than
anybody can forbid one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

from pydantic.alias_generators import to_camel
from tenantnet.policies.model import Finding, Resource
from tenantnet.refusal import Rule, shown
from tenantnet.tags import Part

# What every resource may have beside its shape: AWS's ID, and tags, which have a policy of their own.
ALWAYS = ("id", "tags", "tagsAll", "__defaults")

PROPERTY_KNOWN = Rule(
    id="property-known",
    rule="{kind} has no {property}",
    reason="{reason}",
    remedy="remove {property}; what components make does not have it",
)
PROPERTY_PERMITTED = Rule(
    id="property-permitted",
    rule="{property} of {kind} is {permitted}",
    reason="{reason}",
    remedy="set {property} to {permitted}, as the component does",
)
RULES = (PROPERTY_KNOWN, PROPERTY_PERMITTED)

NOT_SET = "not set"
UNJUDGED = "no component sets it, and no policy knows what it would let through"


@dataclass(frozen=True, slots=True)
class Only:
    """A property with some permitted values. words: which, for people. needed: whether it must be set."""

    words: str
    holds: Callable[[Any], bool]
    reason: str = UNJUDGED
    needed: bool = False


@dataclass(frozen=True, slots=True)
class Ref:
    """A property that names other resources, or lists them.

    types: of this stack's resources that it may name. outputs: fields of PlatformOutputs that it may equal.
    parts: the tag tenantnet:part of what it names; any without. needed: whether it must be set.
    many: whether it lists them; otherwise it names one, and what may be one of two is neither.
    """

    types: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    parts: tuple[Part, ...] = ()
    reason: str = "what another stack has is not this one's to use or to open"
    needed: bool = True
    many: bool = False

    @property
    def words(self) -> str:
        """What it may name, for people."""
        parts = f" tagged {' or '.join(self.parts)}" if self.parts else ""
        own = [f"a {each.rsplit(':', maxsplit=1)[-1]} of this stack{parts}" for each in self.types]
        return " or ".join([*own, *(f"the platform's {to_camel(each)}" for each in self.outputs)])


@dataclass(frozen=True, slots=True)
class Fields:
    """A property that is an object, or a list of objects, with properties of its own."""

    shape: Mapping[str, Permit]
    needed: bool = False
    words: str = "an object"
    reason: str = UNJUDGED


Permit = Only | Ref | Fields
ANY = Only("anything", lambda _: True)


class Where(Enum):
    """The kinds of stack that a type belongs to."""

    TENANT = auto()
    PLATFORM = auto()
    BOTH = auto()


@dataclass(frozen=True, slots=True)
class Shape:
    """A permitted type of resource. properties: all that it may have, judged here or by another policy."""

    where: Where
    properties: Mapping[str, Permit] = field(default_factory=dict)
    anything: bool = False


def exactly(*values: object, reason: str = UNJUDGED, needed: bool = False) -> Only:
    """One of the values."""
    return Only(" or ".join(map(shown, values)), lambda value: value in values, reason, needed)


def never(reason: str) -> Only:
    """Nothing: the property is known, and the reason against it too."""
    return Only(NOT_SET, lambda _: False, reason)


def judge_shape(resource: Resource, shape: Shape) -> Iterator[Finding]:
    """Every property that the shape does not list, or not with this value; references are left out."""
    if not shape.anything:
        yield from _judge_fields(resource, shape.properties, resource.props, "")


def references(shape: Shape) -> Iterator[tuple[str, str, Ref]]:
    """The shape's references: their property, the path within it (empty if it is the property itself)."""
    for name, permit in shape.properties.items():
        if isinstance(permit, Ref):
            yield name, "", permit
        elif isinstance(permit, Fields):
            yield from ((name, inner, each) for inner, each in permit.shape.items() if isinstance(each, Ref))


def named_at(value: object, inner: str) -> Iterator[object]:
    """What the value of a reference names. inner: the path within it, see `references`."""
    if inner:
        for each in value if isinstance(value, list) else [value]:
            yield from named_at(each.get(inner), "") if isinstance(each, Mapping) else ()
    elif isinstance(value, list):
        yield from value
    elif value is not None and value != "":
        yield value


def _judge_fields(
    resource: Resource, shape: Mapping[str, Permit], values: Mapping[str, Any], within: str
) -> Iterator[Finding]:
    needed = [name for name, permit in shape.items() if permit.needed]
    for name in dict.fromkeys([*values, *needed]):
        value, path = values.get(name), f"{within}.{name}" if within else name
        if name in shape:
            # To the provider an empty name, list or object is none at all: AWS's default counts then.
            empty = not isinstance(shape[name], Only) and value in ("", [], {})
            yield from _judge_value(resource, shape[name], None if empty else value, path)
        elif value and not (not within and name in ALWAYS) and (name, value) != ("region", resource.region):
            facts = {"kind": resource.kind, "property": path, "reason": UNJUDGED}
            yield resource.refuse(PROPERTY_KNOWN, path, value=value, **facts)


def _judge_value(resource: Resource, permit: Permit, value: object, path: str) -> Iterator[Finding]:
    facts = {"kind": resource.kind, "property": path, "permitted": permit.words, "reason": permit.reason}
    if permit is ANY or (value is None and not permit.needed):
        return
    if isinstance(permit, Only) and permit.words == NOT_SET:
        if value:
            yield resource.refuse(PROPERTY_KNOWN, path, value=value, **facts)
    elif value is None or (isinstance(permit, Only) and not permit.holds(value)):
        yield resource.refuse(PROPERTY_PERMITTED, path, value=value, **facts)
    elif isinstance(permit, Fields):
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, Mapping):
                yield from _judge_fields(resource, permit.shape, each, path)
            else:
                yield resource.refuse(PROPERTY_PERMITTED, path, value=each, **facts)
