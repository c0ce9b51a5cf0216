"""Which platforms of a project share one address space, by their settings files."""

from __future__ import annotations

from collections.abc import Mapping

from tenantnet.refusal import Refusal, Rule
from tenantnet.settings.files import config_of
from tenantnet.settings.loading import PLATFORM_KEY
from tenantnet.settings.project import Project, is_platform
from tenantnet.settings.reading import read_mapping

CLAIMS_PLATFORM_OWNS = Rule(
    id="claims-platform-owns",
    rule="claimsPlatform names a platform of the project that uses its own claims table",
    reason="{named} {problem}",
    remedy="name the platform whose table has the claims, or {platform} itself to keep its ranges apart",
)

# By platform: its `claimsPlatform` as YAML gives it; None without one.
Named = Mapping[str, object]


def named_in(platform: object) -> object:
    """The `claimsPlatform` of a platform's settings, which may be of any shape."""
    return platform.get("claimsPlatform") if isinstance(platform, Mapping) else None


def named_in_tree(project: Project) -> Named:
    """The platforms with a settings file. Raises Refused if one cannot be read."""
    return {
        stack: named_in(config_of(read_mapping(project.settings_file(stack))).get(PLATFORM_KEY))
        for stack in project.stacks_with_settings()
        if is_platform(stack)
    }


def sharing(platform: str, named: Named) -> list[str]:
    """The platforms with which this one shares its address space, itself among them."""
    space = space_of(platform, named)
    return [other for other in {platform: None, **named} if space_of(other, named) == space]


def space_of(platform: str, named: Named) -> str:
    """What the platform's space is called: after a platform that is named, or nothing for the common one."""
    holder = named.get(platform)
    if not isinstance(holder, str):
        return ""
    return holder if holder == platform or isinstance(named.get(holder), str) else ""


def check_claims_platform(platform: str, named: Named) -> list[Refusal]:
    """The problems of a platform's `claimsPlatform` among the others."""
    holder = named.get(platform)
    if not isinstance(holder, str) or holder == platform:
        return []
    problem = None
    if holder not in named:
        problem = "has no settings file"
    elif named[holder] not in (None, holder):
        problem = f"uses the table of {named[holder]}"
    facts = {"named": holder, "platform": platform, "problem": problem}
    return [CLAIMS_PLATFORM_OWNS.refuse(holder, "claimsPlatform", **facts)] if problem else []
