"""Checks settings files together: each may be valid, and still two may conflict."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from tenantnet.addresses.claims import claims_in_settings, refuse_claim
from tenantnet.addresses.companies import Company, companies_in_settings, refuse_company, refuse_in_companies
from tenantnet.addresses.index import BITS, RangeIndex
from tenantnet.refusal import Refusal, Refused
from tenantnet.settings.checks import check_cell_apart
from tenantnet.settings.files import FileVerdict, judge_file, read_defaults
from tenantnet.settings.models import PlatformSettings, TenantSettings
from tenantnet.settings.project import Project, is_platform
from tenantnet.settings.reading import read_text
from tenantnet.settings.relations import beside_platform, check_region_of_platform
from tenantnet.settings.spaces import Named, check_claims_platform, named_in, space_of

# So few files are compared with the others' texts first.
FEW = 50
_RANGE = re.compile(
    r"""(companyCidr:\ +["']?)?([0-9]{1,3})\.([0-9]{1,3})\.([0-9]{1,3})\.([0-9]{1,3})/([0-9]{1,2})"""
)


def judge_files(paths: Sequence[Path], project: Project) -> list[FileVerdict]:
    """The verdicts on some settings files, in their order, checked against all others of the project.

    A tenant is also refused if a range of it is another's in the same address space, or if its ranges do not
    fit beside its platform's networks. Raises Refused if Pulumi.yaml is not valid.
    """
    defaults = read_defaults(project.file)
    asked = [judge_file(path, defaults) for path in paths]
    known = {verdict.stack for verdict in asked}
    near, stacks = _Near(asked), [each for each in project.stacks_with_settings() if each not in known]
    others = {stack: project.settings_file(stack) for stack in stacks}
    beside = [path for stack, path in others.items() if is_platform(stack) or near.may_have(path)]
    tree = _Tree([*asked, *(judge_file(path, defaults) for path in beside)])
    return [_judge_beside(verdict, tree) for verdict in asked]


class _Near:
    """Which other tenants' files may have a range that matters to the verdicts, told from their texts.

    To read a thousand files as YAML would take ten times as long.
    """

    def __init__(self, asked: Sequence[FileVerdict]) -> None:
        own = [claim.cidr for each in asked for claim in claims_in_settings(each.stack, each.tenant)]
        companies = [cidr for each in asked for _, cidr in companies_in_settings(each.tenant)]
        # What is no range is compared as text, which a file may write in several ways.
        self._knows = len(asked) <= FEW and all(map(_RANGE.fullmatch, (*own, *companies)))
        self._own, self._all = _prefixes("\n".join(own)), _prefixes("\n".join([*own, *companies]))

    def may_have(self, path: Path) -> bool:
        """Also of a file that cannot be read, or that may write a range in another way."""
        try:
            text = read_text(path)
        except Refused:
            return True
        if not self._knows or "\\" in text:
            return True
        # Two companies may have the same range.
        others = ((other, self._own if other.company else self._all) for other in _prefixes(text))
        return any(other.overlaps(each) for other, mine in others for each in mine)


class _Prefix(NamedTuple):
    """A range in a text. company: it stands after that key."""

    address: int
    bits: int
    company: bool

    def overlaps(self, other: _Prefix) -> bool:
        """Ranges with a prefix do not cross: they overlap where the shorter prefix is the same."""
        return (self.address ^ other.address) >> (BITS - min(self.bits, other.bits)) == 0


def _prefixes(text: str) -> list[_Prefix]:
    found = []
    for company, *octets, bits in _RANGE.findall(text):
        address = int.from_bytes(bytes(int(each) & 255 for each in octets))
        found.append(_Prefix(address, min(int(bits), BITS), bool(company)))
    return found


class _Tree:
    """All settings files of a project, for looking up what is beside one of them."""

    def __init__(self, verdicts: Sequence[FileVerdict]) -> None:
        self.files = {each.stack: each for each in verdicts}
        settings = [each.settings for each in verdicts]
        self.platforms = {each.name: each for each in settings if isinstance(each, PlatformSettings)}
        self.named: Named = {
            each.stack: named_in(each.platform) for each in verdicts if is_platform(each.stack)
        }
        members: dict[str, list[FileVerdict]] = defaultdict(list)
        for each in verdicts:
            members[self.space(each)].append(each)
        self.spaces = {name: _Space(found) for name, found in members.items()}

    def space(self, verdict: FileVerdict) -> str:
        """The address space of a tenant."""
        return space_of(_platform(verdict), self.named)


class _Space:
    """Who has which range in an address space. Read as they are, so that mistakes elsewhere hide nothing."""

    def __init__(self, verdicts: Sequence[FileVerdict]) -> None:
        holders = [claim for each in verdicts for claim in claims_in_settings(each.stack, each.tenant)]
        companies = [
            Company(cidr=cidr, tenant=each.stack)
            for each in verdicts
            for _, cidr in companies_in_settings(each.tenant)
        ]
        self.holders = RangeIndex((each.cidr, each) for each in holders)
        self.companies = RangeIndex((each.cidr, each) for each in companies)


def _judge_beside(verdict: FileVerdict, tree: _Tree) -> FileVerdict:
    refusals = [
        *_ranges_of_others(verdict, tree.spaces[tree.space(verdict)]),
        *_beside_platform(verdict.settings, tree.platforms),
        *_in_region_of_platform(verdict, tree),
        *_cell_apart(verdict.stack, tree.named),
    ]
    if not refusals:
        return verdict
    return replace(verdict, settings=None, refusals=[*verdict.refusals, *refusals])


def _cell_apart(stack: str, named: Named) -> list[Refusal]:
    if stack not in named:
        return []
    return [*check_cell_apart(stack, named), *check_claims_platform(stack, named)]


def _ranges_of_others(verdict: FileVerdict, space: _Space) -> Iterator[Refusal]:
    for claim in claims_in_settings(verdict.stack, verdict.tenant):
        holders = [each for each in space.holders.overlapping(claim.cidr) if each.cidr == claim.cidr]
        others = [each for each in holders if each.stack != verdict.stack]
        if refusal := refuse_claim(claim, others[-1] if others else None):
            yield refusal
        yield from refuse_in_companies(claim, space.companies.overlapping(claim.cidr))
    for path, cidr in companies_in_settings(verdict.tenant):
        yield from refuse_company(cidr, verdict.stack, path, space.holders.overlapping(cidr))


def _platform(verdict: FileVerdict) -> str:
    """The tenant's platform; nothing where its settings name none."""
    platform = verdict.tenant.get("platform") if isinstance(verdict.tenant, Mapping) else None
    return platform if isinstance(platform, str) else ""


def _in_region_of_platform(verdict: FileVerdict, tree: _Tree) -> Iterator[Refusal]:
    platform = tree.files.get(_platform(verdict))
    # A region of Pulumi.yaml or of an environment is every stack's.
    if platform and verdict.region and platform.region:
        yield from check_region_of_platform(verdict.region, platform.stack, platform.region)


def _beside_platform(
    tenant: TenantSettings | PlatformSettings | None, platforms: Mapping[str, PlatformSettings]
) -> list[Refusal]:
    if not isinstance(tenant, TenantSettings) or tenant.platform not in platforms:
        return []
    platform = platforms[tenant.platform]
    sessions = platform.sessions
    return beside_platform(
        tenant, services=platform.services.cidr, sessions=sessions.cidr, shared=sessions.shared_subnets
    )
