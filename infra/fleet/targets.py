"""The tenants of a project, as a fleet needs them: their cell, their region, their provider's settings."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from tenantnet.refusal import Refused
from tenantnet.settings.files import REGION_KEY, config_of
from tenantnet.settings.loading import TENANT_KEY
from tenantnet.settings.project import Project, is_platform
from tenantnet.settings.reading import read_mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A tenant's stack. region: empty if none is set.

    provider: its AWS provider's settings; stacks with the same text may share a plugin.
    """

    name: str
    platform: str
    region: str
    provider: str


def read_targets(project: Project) -> dict[str, Target]:
    """Every tenant with a settings file, by name, not judged. Raises Refused if a file cannot be read."""
    targets, unread = read_each(project)
    if unread:
        raise next(iter(unread.values()))
    return targets


def read_each(project: Project) -> tuple[dict[str, Target], dict[str, Refused]]:
    """The same, and why not, by name, where a tenant's file cannot be read: it hides no other tenant.

    Raises Refused if the project's own file cannot be read.
    """
    common = config_of(read_mapping(project.file))
    targets, unread = dict[str, Target](), dict[str, Refused]()
    for name in project.stacks_with_settings():
        if is_platform(name):
            continue
        try:
            config = config_of(read_mapping(project.settings_file(name)))
        except Refused as refused:
            unread[name] = refused
        else:
            targets[name] = _target(name, {**common, **config})
    return targets, unread


def _target(name: str, config: Mapping[object, object]) -> Target:
    tenant = config.get(TENANT_KEY)
    provider = {key: value for key, value in config.items() if str(key).startswith("aws:")}
    return Target(
        name=name,
        platform=str(tenant.get("platform", "")) if isinstance(tenant, Mapping) else "",
        region=str(config.get(REGION_KEY, "")),
        provider=json.dumps(provider, sort_keys=True, default=str),
    )
