"""Which tenants a fleet is about: by name, by pattern, by cell, and slice by slice."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tenantnet.fleet.selection import Slice, select_tenants
from tenantnet.refusal import Refused

NAMES = st.lists(st.from_regex(r"[a-z][a-z0-9]{0,7}", fullmatch=True), unique=True, max_size=60)
COUNTS = st.integers(1, 12)
PLATFORMS = {"acme": "platform-eu1", "globex": "platform-eu1", "initech": "platform-us1"}


def shares(names: list[str], count: int) -> list[list[str]]:
    return [Slice(number=number, count=count).of(names) for number in range(1, count + 1)]


@given(NAMES, COUNTS)
def test_slices_are_disjoint_and_complete(names: list[str], count: int) -> None:
    assert sorted(name for share in shares(names, count) for name in share) == sorted(names)


@given(NAMES, COUNTS)
def test_slices_differ_by_one_tenant_at_most(names: list[str], count: int) -> None:
    sizes = [len(share) for share in shares(names, count)]
    assert max(sizes) - min(sizes) <= 1


@given(NAMES, COUNTS, st.randoms())
def test_slices_depend_on_the_names_alone(names: list[str], count: int, rng: object) -> None:
    shuffled = list(names)
    rng.shuffle(shuffled)  # type: ignore[attr-defined]
    assert shares(shuffled + names, count) == shares(names, count)


@given(NAMES.filter(bool), COUNTS)
def test_one_tenant_less_moves_one_across_each_border_at_most(names: list[str], count: int) -> None:
    before = {name: number for number, share in enumerate(shares(names, count)) for name in share}
    after = {name: number for number, share in enumerate(shares(names[1:], count)) for name in share}
    moved = [name for name in after if after[name] != before[name]]
    assert len(moved) <= count - 1


@given(st.integers(1, 999).flatmap(lambda count: st.tuples(st.integers(1, count), st.just(count))))
def test_a_slice_reads_as_it_is_written(numbers: tuple[int, int]) -> None:
    share = Slice(number=numbers[0], count=numbers[1])
    assert Slice.parse(str(share)) == share


@pytest.mark.parametrize("text", ["", "3", "0/3", "4/3", "1/0", "a/b", "-1/3", "1/3/5", "1/", "²/3", "1 /3"])
def test_what_is_no_slice_is_refused(text: str) -> None:
    with pytest.raises(Refused) as refused:
        Slice.parse(text)
    assert refused.value.refusals[0].rule_id == "slice-form"


def test_without_a_name_all_tenants_are_meant() -> None:
    assert select_tenants(PLATFORMS, [], platform=None) == ["acme", "globex", "initech"]


def test_a_platform_narrows_them_to_its_cell() -> None:
    assert select_tenants(PLATFORMS, [], platform="platform-us1") == ["initech"]


def test_a_platform_without_tenants_is_refused_with_the_nearest_names() -> None:
    with pytest.raises(Refused, match=r"did you mean platform-us1"):
        select_tenants(PLATFORMS, [], platform="platform-us11")


def test_names_and_patterns_may_be_mixed_and_overlap() -> None:
    chosen = select_tenants(PLATFORMS, ["acme", "*e*"], platform=None)
    assert chosen == ["acme", "globex", "initech"]


def test_a_slice_is_of_what_was_chosen() -> None:
    halves = [
        Slice(number=number, count=2).of(select_tenants(PLATFORMS, [], platform="platform-eu1"))
        for number in (1, 2)
    ]
    assert sorted(halves) == [["acme"], ["globex"]]


def test_every_pattern_for_no_tenant_is_refused_at_once_with_the_nearest_names() -> None:
    with pytest.raises(Refused) as refused:
        select_tenants(PLATFORMS, ["acne", "acme", "x-*"], platform=None)
    assert [each.value for each in refused.value.refusals] == ["acne", "x-*"]
    assert "acme" in refused.value.refusals[0].remedy


def test_a_tenant_of_another_cell_is_none_of_this_one() -> None:
    with pytest.raises(Refused, match="platform-eu1 has no tenant"):
        select_tenants(PLATFORMS, ["initech"], platform="platform-eu1")
