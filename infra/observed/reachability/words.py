"""What a check has found, as people read it: rows of from, to and what. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from tenantnet.observed.reachability.check import LayerFinding, Pair

Row = tuple[str, str, str]


def passing(pairs: Iterable[Pair]) -> list[Row]:
    """What gets from one place to another, of the pairs that anything passes."""
    return [
        (pair.source.name, pair.target.name, ", ".join(sorted(pair.passes))) for pair in pairs if pair.passes
    ]


def not_as_intended(pairs: Iterable[Pair]) -> list[Row]:
    """Every finding."""
    return [
        (pair.source.name, pair.target.name, _in_words(finding, leaks=bool(pair.leaks)))
        for pair in pairs
        for finding in pair.findings
    ]


def _in_words(finding: LayerFinding, *, leaks: bool) -> str:
    """leaks: whether traffic that should not pass does."""
    what = f"{'IPv6: ' if finding.ipv6 else ''}{f'{finding.traffic}: ' if finding.traffic else ''}"
    part = " for some of the addresses" if finding.partly else ""
    part += f" ({', '.join(finding.where)})" if finding.where else ""
    if finding.missing:
        return f"{what}{finding.layer} is missing{part}"
    held = "traffic passes" if leaks else "another layer still blocks it"
    return f"{what}{finding.layer} where none is intended{part}; {held}"
