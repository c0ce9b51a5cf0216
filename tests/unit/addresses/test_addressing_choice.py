"""Free ranges and claimed ones: what is chosen, and that choosing does not get slow."""

from __future__ import annotations

import random
import time
from collections import Counter
from functools import cache
from ipaddress import IPv4Address, IPv4Network

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tenantnet.addresses.addressing import (
    DEFAULT_RESERVED,
    ReservedRange,
    choose_free_network,
    choose_free_session_subnet,
    overlaps,
)
from tenantnet.refusal import Refused

from tests.support import oracle


@cache
def permitted() -> tuple[str, ...]:
    """Every permitted /26: 262,144 of them."""
    reserved = [IPv4Network(cidr) for cidr in oracle.RESERVED]
    return tuple(
        f"{IPv4Address(address)}/26"
        for private in oracle.PRIVATE
        for address in range(int(private[0]), int(private[-1]), 64)
        if not any(int(network[0]) <= address <= int(network[-1]) for network in reserved)
    )


def seeded(seed: int = 1) -> random.Random:
    return random.Random(seed)  # noqa: S311 - the same choice every time


@given(taken=st.lists(oracle.permitted_networks, max_size=50), seed=st.integers())
def test_what_is_chosen_is_permitted_and_free(taken: list[str], seed: int) -> None:
    chosen = choose_free_network(taken, rng=seeded(seed))
    assert oracle.is_permitted_network(chosen)
    assert chosen not in taken


@given(taken=st.lists(oracle.ranges, max_size=20), seed=st.integers())
def test_ranges_of_any_size_are_kept_away_from(taken: list[str], seed: int) -> None:
    taken = [cidr for cidr in taken if int(cidr.split("/")[1]) >= 10]
    chosen = choose_free_network(taken, rng=seeded(seed))
    assert not any(overlaps(chosen, cidr) for cidr in taken)


@pytest.mark.parametrize("position", [0, 1, 131_071, 262_142, 262_143])
def test_the_last_free_network_is_found(position: int) -> None:
    every = permitted()
    last = every[position]
    taken = [*every[:position], *every[position + 1 :]]
    assert choose_free_network(taken, rng=seeded()) == last


def test_where_none_is_free_that_is_said() -> None:
    with pytest.raises(Refused) as refused:
        choose_free_network(permitted())
    assert [refusal.rule_id for refusal in refused.value.refusals] == ["free-range-left"]


def test_own_reserved_ranges_are_not_chosen_from() -> None:
    everything_but_a_16 = [
        ReservedRange("10.0.0.0/8", "office"),
        ReservedRange("192.168.0.0/16", "office"),
        *(ReservedRange(f"172.{number}.0.0/16", "office") for number in range(16, 32) if number != 20),
    ]
    chosen = {choose_free_network([], everything_but_a_16, seeded(seed)) for seed in range(20)}
    assert all(IPv4Network(cidr).subnet_of(IPv4Network("172.20.0.0/16")) for cidr in chosen)
    assert len(chosen) > 15


def test_every_free_network_has_about_the_same_chance() -> None:
    free = [f"10.0.{number}.0/26" for number in range(8)]
    reserved = [
        *(
            ReservedRange(cidr, "others")
            for cidr in ("172.16.0.0/12", "192.168.0.0/16", "10.128.0.0/9", "10.64.0.0/10")
        ),
        *(ReservedRange(f"10.{2**bit}.0.0/{16 - bit}", "others") for bit in range(6)),
        *(ReservedRange(f"10.0.{2**bit}.0/{24 - bit}", "others") for bit in range(3, 8)),
        *(
            ReservedRange(f"10.0.{number}.{rest}", "others")
            for number in range(8)
            for rest in ("64/26", "128/25")
        ),
    ]
    rng = seeded()
    counts = Counter(choose_free_network([], reserved, rng) for _ in range(4_000))
    assert set(counts) == set(free)
    assert all(400 < count < 600 for count in counts.values())


def test_without_a_generator_two_choices_differ() -> None:
    assert len({choose_free_network([]) for _ in range(5)}) > 1


@given(taken=st.sets(st.integers(0, 255), max_size=255), seed=st.integers())
def test_a_free_session_subnet_is_chosen_to_the_last_one(taken: set[int], seed: int) -> None:
    chosen = choose_free_session_subnet([f"172.17.{number}.0/24" for number in taken], rng=seeded(seed))
    assert oracle.is_permitted_session_subnet(chosen)
    assert int(chosen.split(".")[2]) not in taken


def test_where_no_session_subnet_is_free_that_is_said() -> None:
    with pytest.raises(Refused, match=r"172\.17\.0\.0/16"):
        choose_free_session_subnet([f"172.17.{number}.0/24" for number in range(256)])


def test_session_subnets_are_chosen_inside_the_platforms_own_range() -> None:
    assert choose_free_session_subnet(["10.250.0.0/24"], "10.250.0.0/23") == "10.250.1.0/24"


def test_choosing_among_three_hundred_thousand_claims_takes_seconds_at_most() -> None:
    claims = [*permitted()[1:], *(f"172.17.{number % 256}.0/24" for number in range(38_000))]
    start = time.perf_counter()
    assert choose_free_network(claims, DEFAULT_RESERVED, seeded()) == permitted()[0]
    assert time.perf_counter() - start < 5
