"""Finds ranges that overlap among many, without comparing each with each. Pure."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable
from functools import lru_cache
from typing import Generic, TypeVar

from netaddr import IPNetwork
from tenantnet.addresses.addressing import check_private_cidr

T = TypeVar("T")
BITS = 32


@lru_cache(maxsize=2**16)
def _span(cidr: str) -> tuple[int, int] | None:
    """The first and the last address of a private range; None for what is none."""
    if check_private_cidr(cidr):
        return None
    network = IPNetwork(cidr)
    return network.first, network.last


def overlap(one: str, other: str) -> bool:
    """Whether two private ranges overlap; what is no such range is refused elsewhere."""
    if one == other:
        return True
    a, b = _span(one), _span(other)
    return a is not None and b is not None and a[0] <= b[1] and b[0] <= a[1]


class RangeIndex(Generic[T]):
    """What belongs to ranges, to be found by them."""

    def __init__(self, items: Iterable[tuple[str, T]]) -> None:
        self._items = list(items)
        self._by_text: dict[str, list[int]] = defaultdict(list)
        self._by_span: dict[tuple[int, int], list[int]] = defaultdict(list)
        for number, (cidr, _) in enumerate(self._items):
            self._by_text[cidr].append(number)
            if span := _span(cidr):
                self._by_span[span].append(number)
        self._spans = sorted(self._by_span)

    def overlapping(self, cidr: str) -> list[T]:
        """What belongs to ranges that overlap one, in the order in which it was given."""
        found = {*self._by_text.get(cidr, ())}
        if span := _span(cidr):
            first, last = span
            # Ranges with a prefix do not cross: one that overlaps another contains it or lies within.
            inside = slice(bisect_left(self._spans, (first, 0)), bisect_right(self._spans, (last, 2**BITS)))
            starts = ((first >> bits << bits, bits) for bits in range(BITS + 1))
            around = ((start, start + 2**bits - 1) for start, bits in starts)
            for each in (*self._spans[inside], *around):
                found.update(self._by_span.get(each, ()))
        return [self._items[number][1] for number in sorted(found)]
