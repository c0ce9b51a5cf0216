"""The components of a preview: which resources they contain, and which come or go as a whole."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tenantnet.engine.events import Operation
from tenantnet.review.model import Preview, PreviewedResource

WHOLE = (Operation.CREATE, Operation.DELETE)


class Components:
    """Looks up parents and children of a preview's resources."""

    def __init__(self, preview: Preview) -> None:
        self._by_urn = {resource.urn: resource for resource in preview.resources}
        self._children: dict[str, list[PreviewedResource]] = {}
        for resource in preview.resources:
            self._children.setdefault(resource.parent, []).append(resource)

    def parent(self, resource: PreviewedResource) -> PreviewedResource | None:
        """The component that a resource belongs to; None for one of the stack itself."""
        parent = self._by_urn.get(resource.parent)
        return parent if parent and parent.is_component else None

    def within(self, component: PreviewedResource) -> Iterator[PreviewedResource]:
        """Everything in a component, at any depth."""
        for child in self._children.get(component.urn, ()):
            yield child
            yield from self.within(child)

    def siblings(self, resource: PreviewedResource) -> Sequence[PreviewedResource]:
        """The resource and all others of its component."""
        return self._children.get(resource.parent, [resource])

    def whole(self, resource: PreviewedResource) -> PreviewedResource | None:
        """The outermost component that comes or goes together with the resource; None if none does."""
        found, component = None, self.parent(resource)
        while component is not None:
            if resource.operation in WHOLE and component.operation is resource.operation:
                found = component
            component = self.parent(component)
        return found
