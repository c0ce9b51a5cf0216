"""The resources of a stack, as its state had them before a refresh. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from tenantnet.aws import types
from tenantnet.engine.events import Step
from tenantnet.tags import Tag

PROVIDER = "pulumi:providers:aws"
# Which plugin it is, in a provider's inputs, beside its settings.
_PLUGINS = frozenset({"version", "pluginDownloadURL", "__internal", "__defaults"})


class OfState(Protocol):
    """A resource as a state, or an event about it, has it. provider: the URN and the id of its own."""

    type: str
    urn: str
    id: Any
    inputs: Any
    provider: Any


def provider_settings(resources: Iterable[OfState]) -> Mapping[str, Any] | None:
    """The settings of the AWS provider by which all of a stack is read; None if some have other ones."""
    own = list(resources)
    known = {
        f"{each.urn}::{each.id}": {
            key: value for key, value in (each.inputs or {}).items() if key not in _PLUGINS
        }
        for each in own
        if each.type == PROVIDER
    }
    first, *others = [known.get(each.provider) for each in own if each.type.startswith("aws:")] or [None]
    return first if all(each == first for each in others) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class StackResource:
    """One of AWS's resources. id: AWS's. inputs: what the program declared."""

    type: str
    name: str
    id: str
    inputs: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class StackState:
    """What the stack has. region: its provider's; empty if that is not known."""

    resources: Sequence[StackResource]
    region: str = ""

    @classmethod
    def of(cls, refreshed: Sequence[Step]) -> StackState:
        """Of what a refresh reports for each resource."""
        provider = provider_settings(each.old for each in refreshed if each.old) or {}
        return cls(
            [
                StackResource(type=each.type, name=each.name, id=each.old.id, inputs=each.old.inputs or {})
                for each in refreshed
                if each.old and each.old.id and each.type.startswith("aws:")
            ],
            region=str(provider.get("region", "")),
        )

    def ids(self, *types: str) -> list[str]:
        """The ids of all resources of some types."""
        return [each.id for each in self.resources if each.type in types]

    def named(self, identifier: str) -> str:
        """The name of the resource with this id, or the id if the stack does not have it."""
        return next((each.name for each in self.resources if each.id == identifier), identifier)

    def inputs(self, kind: str) -> list[Mapping[str, Any]]:
        """The declared inputs of all resources of a type."""
        return [each.inputs for each in self.resources if each.type == kind]

    def vpn_connection(self, identifier: str) -> str:
        """The name of a VPN connection: its description, if it has one."""
        for each in self.resources:
            if each.type == types.VPN_CONNECTION and each.id == identifier:
                return str((each.inputs.get("tags") or {}).get(Tag.DESCRIPTION) or each.name)
        return identifier
