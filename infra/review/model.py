"""A stack's preview as plain data, and the verdict on it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
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

    @property
    def current(self) -> Mapping[str, Any]:
        """The new inputs, or the old ones of what goes away."""
        return self.new or self.old

    @property
    def is_component(self) -> bool:
        """Whether it only groups others and does not exist in AWS."""
        return self.type.startswith(COMPONENT_PREFIX)

    @property
    def is_machinery(self) -> bool:
        """Whether it is Pulumi's own: the stack itself, a provider."""
        return self.type.startswith("pulumi:")

    def tag(self, name: str) -> str:
        """One of the tags; empty if there is none."""
        tags = self.current.get("tags")
        return str(tags.get(name, "")) if isinstance(tags, Mapping) else ""

    @property
    def network(self) -> str:
        """The slot of the network that it is tagged with; empty if there is none."""
        return self.tag(Tag.NETWORK)


@dataclass(frozen=True, slots=True, kw_only=True)
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

    def of_type(self, *types: str) -> list[PreviewedResource]:
        """The resources of one of the types."""
        return [resource for resource in self.resources if resource.type in types]


@dataclass(frozen=True, slots=True)
class Effect:
    """Something that people will notice of an update."""

    verdict: Verdict
    text: str
