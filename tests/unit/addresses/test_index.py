"""Ranges found among many are those that a comparison of each with each finds."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from netaddr import IPNetwork
from tenantnet.addresses.index import RangeIndex, overlap

ANYTHING = st.sampled_from(["10.0.0.1/24", "10.0.0.0", "198.51.100.0/24", "", "10.0.0.0/33"])
# Few bits, so that many ranges contain each other.
PRIVATE = st.builds(
    lambda bits, prefix: str(IPNetwork((0x0A000000 | bits << 20, prefix)).cidr),
    st.integers(0, 15),
    st.integers(8, 32),
)


@given(st.lists(PRIVATE | ANYTHING, max_size=30), PRIVATE | ANYTHING)
def test_an_index_finds_what_overlaps_in_the_given_order(ranges: list[str], wanted: str) -> None:
    index = RangeIndex((cidr, number) for number, cidr in enumerate(ranges))
    assert index.overlapping(wanted) == [n for n, cidr in enumerate(ranges) if overlap(cidr, wanted)]


@given(PRIVATE, PRIVATE)
def test_ranges_overlap_if_they_have_an_address_in_common(one: str, other: str) -> None:
    a, b = IPNetwork(one), IPNetwork(other)
    assert overlap(one, other) == (a in b or b in a)


def test_what_is_no_private_range_overlaps_itself_alone() -> None:
    assert overlap("soon", "soon")
    assert not overlap("198.51.100.0/24", "198.51.100.0/25")
