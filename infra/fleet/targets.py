"""The tenants of a project, as a fleet needs them: their cell, their region, their provider's settings."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from tenantnet.fleet.selection import Slice, select_tenants
from tenantnet.refusal import Refused
from tenantnet.settings.files import REGION_KEY, config_of
from tenantnet.settings.loading import TENANT_KEY
from tenantnet.settings.project import Project, is_platform
from tenantnet.settings.reading import read_mapping
from tenantnet.settings.store import read_configs


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A tenant's stack. region: empty if none is set.

    provider: its AWS provider's settings; stacks with the same text may share a plugin.
    """

    name: str
    platform: str
    region: str
    provider: str


class Selection(NamedTuple):
    """targets: of the selected tenants. unread: those whose file cannot be read, and why.

    shared: the names of all that were selected before a slice of them was taken.
    """

    targets: dict[str, Target]
    unread: dict[str, Refused]
    shared: list[str]


def read_targets(project: Project) -> dict[str, Target]:
    """Every tenant with a settings file, by name, not judged. Raises Refused if a file cannot be read."""
    targets, unread = read_each(project)
    for refused in unread.values():
        raise refused
    return targets


def read_each(
    project: Project, names: Collection[str] | None = None
) -> tuple[dict[str, Target], dict[str, Refused]]:
    """The same, and why not, by name, where a tenant's file cannot be read: it hides no other tenant.

    names: which; None for all. Raises Refused if the project's own file cannot be read.
    """
    common = config_of(read_mapping(project.file))
    configs, unread = read_configs(project, names)
    return {name: _target(name, {**common, **config}) for name, config in configs.items()}, unread


def select_each(
    project: Project, patterns: Sequence[str], *, platform: str | None, share: Slice | None = None
) -> Selection:
    """The selected tenants, sorted by name, or a slice of them.

    Whoever asks for no platform waits for no other tenant's file. Raises Refused as select_tenants does.
    """
    targets, unread = ({}, {}) if platform is None else read_each(project)
    # Of which platform a tenant is whose file cannot be read is not known: perhaps of the one asked for.
    platforms = {
        name: targets[name].platform if name in targets else platform or "" for name in _tenants(project)
    }
    shared = select_tenants(platforms, patterns, platform=platform)
    chosen = share.of(shared) if share else shared
    if platform is None:
        return Selection(*read_each(project, chosen), shared)
    return Selection(
        {name: targets[name] for name in chosen if name in targets},
        {name: unread[name] for name in chosen if name in unread},
        shared,
    )


def _tenants(project: Project) -> list[str]:
    return [name for name in project.stacks_with_settings() if not is_platform(name)]


def _target(name: str, config: Mapping[object, object]) -> Target:
    tenant = config.get(TENANT_KEY)
    provider = {key: value for key, value in config.items() if str(key).startswith("aws:")}
    return Target(
        name=name,
        platform=str(tenant.get("platform", "")) if isinstance(tenant, Mapping) else "",
        region=str(config.get(REGION_KEY, "")),
        provider=json.dumps(provider, sort_keys=True, default=str),
    )
