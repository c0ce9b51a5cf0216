"""A stack's preview as plain data, and the verdict on it. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from tenantnet.engine.events import Operation, Violation
from tenantnet.review.verdict import Verdict
from tenantnet.tags import Tag

COMPONENT_PREFIX = "tenantnet:index:"


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewedResource:
    """One resource of a preview.

    old, new: inputs before and after, of the properties that may be shown only (review.shown); empty
    where there is no such resource then. changed: names of the properties that differ, shown or not.
    parent: its component's URN. protected: whether Pulumi refuses to delete what is there now.
    stays_protected: whether it still does after the update. imported: whether AWS has it and the stack takes
    it over.
    """

    operation: Operation
    type: str
    name: str
    urn: str
    parent: str = ""
    old: Mapping[str, Any] = field(default_factory=dict)
    new: Mapping[str, Any] = field(default_factory=dict)
    changed: Sequence[str] = ()
    protected: bool = False
    stays_protected: bool = True
    imported: bool = False

    @property
    def current(self) -> Mapping[str, Any]:
        """The new inputs, or the old ones of what goes away."""
        return self.new or self.old

    @property
    def component(self) -> str:
        """Its kind if it is a component, which only groups others and does not exist in AWS; else empty."""
        kind = self.type.removeprefix(COMPONENT_PREFIX)
        return kind if kind != self.type else ""

    @property
    def in_aws(self) -> bool:
        """Whether it exists in AWS: neither a component nor Pulumi's own, such as a provider."""
        return not self.type.startswith((COMPONENT_PREFIX, "pulumi:"))

    def tag(self, name: str) -> str:
        """One of the tags; empty if there is none."""
        return tag(self.current, name)

    @property
    def network(self) -> str:
        """The slot of the network that it is tagged with; empty if there is none."""
        return self.tag(Tag.NETWORK)


def tag(properties: Mapping[str, Any], name: str) -> str:
    """One of the tags among a resource's inputs; empty if there is none."""
    tags = properties.get("tags")
    return str(tags.get(name, "")) if isinstance(tags, Mapping) else ""


@dataclass(frozen=True, kw_only=True)
class Preview:
    """The engine's report on one stack.

    errors: the engine's, the program's and the providers' own words, in order. outputs: the stack's, as the
    last update left them. seconds: how long it took.
    """

    stack: str
    resources: Sequence[PreviewedResource] = ()
    violations: Sequence[Violation] = ()
    errors: Sequence[str] = ()
    outputs: Mapping[str, Any] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def changes(self) -> list[PreviewedResource]:
        """What changes in AWS."""
        return [each for each in self.resources if each.in_aws and each.operation is not Operation.SAME]

    def of_type(self, type_: str) -> list[PreviewedResource]:
        """The resources of a type."""
        return [resource for resource in self.resources if resource.type == type_]

    @cached_property
    def _children(self) -> Mapping[str, Sequence[PreviewedResource]]:
        found: dict[str, list[PreviewedResource]] = defaultdict(list)
        for resource in self.resources:
            found[resource.parent].append(resource)
        return found

    @cached_property
    def _components(self) -> Mapping[str, PreviewedResource]:
        return {each.urn: each for each in self.resources if each.component}

    def parent(self, resource: PreviewedResource) -> PreviewedResource | None:
        """The component that a resource belongs to; None for one of the stack itself."""
        return self._components.get(resource.parent)

    def within(self, component: PreviewedResource) -> Iterator[PreviewedResource]:
        """Everything in a component, at any depth."""
        for child in self._children.get(component.urn, ()):
            yield child
            yield from self.within(child)

    def siblings(self, resource: PreviewedResource) -> Sequence[PreviewedResource]:
        """The resource and all others of its component."""
        return self._children[resource.parent]

    def whole(self, resource: PreviewedResource) -> PreviewedResource:
        """The outermost component that comes or goes together with the resource, or the resource itself."""
        found, component = resource, self.parent(resource)
        while component is not None:
            if component.operation is resource.operation in (Operation.CREATE, Operation.DELETE):
                found = component
            component = self.parent(component)
        return found


@dataclass(frozen=True, slots=True)
class Effect:
    """Something that people will notice of an update."""

    verdict: Verdict
    text: str
