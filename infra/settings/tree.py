"""Checks settings files together: each may be valid, and still two may conflict."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from tenantnet.addresses.claims import claims_in_settings, refuse_claim
from tenantnet.refusal import Refusal
from tenantnet.settings.checks import check_cell_apart
from tenantnet.settings.files import FileVerdict, judge_file, read_defaults
from tenantnet.settings.models import PlatformSettings, TenantSettings
from tenantnet.settings.project import Project, is_platform
from tenantnet.settings.relations import beside_platform


def judge_files(paths: Sequence[Path], project: Project) -> list[FileVerdict]:
    """The verdicts on some settings files, in their order, checked against all others of the project.

    A tenant is also refused if another tenant of its platform has one of its ranges, or if its ranges do not
    fit beside its platform's networks. Raises Refused if Pulumi.yaml is not valid.
    """
    defaults = read_defaults(project.file)
    asked = [judge_file(path, defaults) for path in paths]
    known = {verdict.stack for verdict in asked}
    others = [project.settings_file(stack) for stack in project.stacks_with_settings() if stack not in known]
    around = [*asked, *(judge_file(path, defaults) for path in others)]
    return [_judge_beside(verdict, around) for verdict in asked]


def _judge_beside(verdict: FileVerdict, around: Sequence[FileVerdict]) -> FileVerdict:
    refusals = [
        *_ranges_of_others(verdict, around),
        *_beside_platform(verdict.settings, around),
        *_cell_apart(verdict, around),
    ]
    if not refusals:
        return verdict
    return replace(verdict, settings=None, refusals=[*verdict.refusals, *refusals])


def _cell_apart(verdict: FileVerdict, around: Sequence[FileVerdict]) -> list[Refusal]:
    names = [other.stack for other in around if other.stack and is_platform(other.stack)]
    return check_cell_apart(verdict.stack, names) if verdict.stack in names else []


def _ranges_of_others(verdict: FileVerdict, around: Sequence[FileVerdict]) -> Iterator[Refusal]:
    # Read as they are, so that other mistakes in either file hide nothing.
    platform = _platform(verdict)
    holders = {
        claim.cidr: claim
        for other in around
        if other.stack != verdict.stack and _platform(other) == platform
        for claim in claims_in_settings(other.stack, other.tenant)
    }
    for claim in claims_in_settings(verdict.stack, verdict.tenant):
        if refusal := refuse_claim(claim, holders.get(claim.cidr)):
            yield refusal


def _platform(verdict: FileVerdict) -> object:
    return verdict.tenant.get("platform") if isinstance(verdict.tenant, Mapping) else None


def _beside_platform(
    tenant: TenantSettings | PlatformSettings | None, around: Sequence[FileVerdict]
) -> Iterator[Refusal]:
    if not isinstance(tenant, TenantSettings):
        return
    for platform in (other.settings for other in around):
        if isinstance(platform, PlatformSettings) and platform.name == tenant.platform:
            sessions = platform.sessions
            yield from beside_platform(
                tenant,
                services=platform.services.cidr,
                sessions=sessions.cidr,
                shared=sessions.shared_subnets,
            )
