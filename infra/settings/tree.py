"""Checks settings files together: each may be valid, and still two may conflict."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from tenantnet.addresses.claims import claims_in_settings, refuse_claim
from tenantnet.addresses.companies import Company, companies_in_settings, refuse_company, refuse_in_companies
from tenantnet.refusal import Refusal
from tenantnet.settings.checks import check_cell_apart
from tenantnet.settings.files import FileVerdict, judge_file, read_defaults
from tenantnet.settings.models import PlatformSettings, TenantSettings
from tenantnet.settings.project import Project, is_platform
from tenantnet.settings.relations import beside_platform, check_region_of_platform
from tenantnet.settings.spaces import Named, check_claims_platform, named_in, space_of


def judge_files(paths: Sequence[Path], project: Project) -> list[FileVerdict]:
    """The verdicts on some settings files, in their order, checked against all others of the project.

    A tenant is also refused if a range of it is another's in the same address space, or if its ranges do not
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
        *_in_region_of_platform(verdict, around),
        *_cell_apart(verdict, around),
    ]
    if not refusals:
        return verdict
    return replace(verdict, settings=None, refusals=[*verdict.refusals, *refusals])


def _cell_apart(verdict: FileVerdict, around: Sequence[FileVerdict]) -> list[Refusal]:
    named = _named(around)
    if verdict.stack not in named:
        return []
    return [*check_cell_apart(verdict.stack, named), *check_claims_platform(verdict.stack, named)]


def _named(around: Sequence[FileVerdict]) -> Named:
    return {each.stack: named_in(each.platform) for each in around if is_platform(each.stack)}


def _ranges_of_others(verdict: FileVerdict, around: Sequence[FileVerdict]) -> Iterator[Refusal]:
    # Read as they are, so that other mistakes in either file hide nothing.
    named = _named(around)
    space = space_of(_platform(verdict), named)
    others = [
        other
        for other in around
        if other.stack != verdict.stack and space_of(_platform(other), named) == space
    ]
    holders = [claim for other in others for claim in claims_in_settings(other.stack, other.tenant)]
    companies = [
        Company(cidr=cidr, tenant=other.stack)
        for other in others
        for _, cidr in companies_in_settings(other.tenant)
    ]
    by_range = {holder.cidr: holder for holder in holders}
    for claim in claims_in_settings(verdict.stack, verdict.tenant):
        if refusal := refuse_claim(claim, by_range.get(claim.cidr)):
            yield refusal
        yield from refuse_in_companies(claim, companies)
    for path, cidr in companies_in_settings(verdict.tenant):
        yield from refuse_company(cidr, verdict.stack, path, holders)


def _platform(verdict: FileVerdict) -> str:
    """The tenant's platform; nothing where its settings name none."""
    platform = verdict.tenant.get("platform") if isinstance(verdict.tenant, Mapping) else None
    return platform if isinstance(platform, str) else ""


def _in_region_of_platform(verdict: FileVerdict, around: Sequence[FileVerdict]) -> Iterator[Refusal]:
    platform = next((each for each in around if each.stack == _platform(verdict)), None)
    # A region of Pulumi.yaml or of an environment is every stack's.
    if platform and verdict.region and platform.region:
        yield from check_region_of_platform(verdict.region, platform.stack, platform.region)


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
