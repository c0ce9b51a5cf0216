"""Which tenants a fleet's run is about: by name, by pattern, by cell, by slice. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from fnmatch import fnmatchcase

from tenantnet.forms import Form, because, check_form
from tenantnet.refusal import Refused, Rule

PATTERN_MATCHES = Rule(
    id="pattern-matches",
    rule="every name or pattern matches at least one tenant",
    reason="{where} has no tenant of that name",
    remedy="{remedy}",
)
PLATFORM_WITH_TENANTS = Rule(
    id="platform-with-tenants",
    rule="the platform of --platform has a tenant",
    reason="no settings file of a tenant names it, and a run over no tenant would end as if all were done",
    remedy="{remedy}",
)
SLICE_FORM = Rule(
    id="slice-form",
    rule="a slice is NUMBER/COUNT, such as 3/10: the number from 1 to the count",
    reason="each machine computes its share from both",
    remedy="give every machine the same count and its own number",
)
_SLICE = Form(pattern="[0-9]{1,6}/[0-9]{1,6}", longest=13)


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """One machine's share of a fleet. number: 1 to count."""

    number: int
    count: int

    @classmethod
    def parse(cls, text: str) -> Slice:
        """Of text such as `3/10`. Raises Refused."""
        if refusals := check_form(SLICE_FORM, _SLICE, text, "--slice"):
            raise Refused("The slice", refusals)
        number, count = map(int, text.split("/"))
        if not 1 <= number <= count:
            outside = f"has {number}, which is not from 1 to {count}"
            raise Refused("The slice", [because(SLICE_FORM.refuse(text, "--slice"), outside)])
        return cls(number=number, count=count)

    def of(self, tenants: Sequence[str]) -> list[str]:
        """This slice's share, sorted by name.

        Depends on the names alone. Shares are disjoint, complete, and differ by one tenant at most. A tenant
        more or less moves at most one tenant across each border between two slices.
        """
        order = spread(tenants)
        first, end = (position * len(order) // self.count for position in (self.number - 1, self.number))
        return sorted(order[first:end])

    def __str__(self) -> str:
        return f"{self.number}/{self.count}"


def spread(tenants: Collection[str]) -> list[str]:
    """The tenants, in an order that follows from their names alone and says nothing of them."""
    # By digest, since neighbours in the alphabet are often alike: one customer's, all large.
    return sorted(set(tenants), key=lambda name: hashlib.sha256(name.encode()).digest())


def select_tenants(
    platforms: Mapping[str, str], patterns: Sequence[str], *, platform: str | None
) -> list[str]:
    """The selected tenants, sorted by name.

    platforms: each tenant's platform. patterns: names, or patterns as a shell's (`*`, `?`, `[ab]`); all
    tenants without any. platform: only tenants of that cell.
    Raises Refused, for all patterns at once, where one represents no tenant, and for a platform without any.
    """
    there = sorted(name for name, own in platforms.items() if platform in (None, own))
    if platform is not None and not there:
        remedy = _nearest(platform, {*platforms.values()}) or "`tenantnet tenant add` makes a tenant"
        raise Refused("The tenants", [PLATFORM_WITH_TENANTS.refuse(platform, "--platform", remedy=remedy)])
    refusals = [
        PATTERN_MATCHES.refuse(pattern, where=platform or "this project", remedy=_remedy(pattern, there))
        for pattern in patterns
        if not any(fnmatchcase(name, pattern) for name in there)
    ]
    if refusals:
        raise Refused("The tenants", refusals)
    return [name for name in there if any(fnmatchcase(name, pattern) for pattern in patterns or ["*"])]


def _remedy(pattern: str, there: Sequence[str]) -> str:
    return (
        _nearest(pattern, there)
        or "`ls tenants` shows the settings files; in a shell, quote a pattern: 'eu-*'"
    )


def _nearest(name: str, there: Collection[str]) -> str:
    near = get_close_matches(name, there, n=3, cutoff=0.5)
    return f"did you mean {' or '.join(near)}?" if near else ""
