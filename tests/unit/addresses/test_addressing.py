"""What the rules about addresses accept and refuse, held against an independent computation."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv4Network

import pytest
from hypothesis import given, settings
from tenantnet.addresses import addressing
from tenantnet.addresses.addressing import (
    DEFAULT_RESERVED,
    PING_HOST_OFFSET,
    ReservedRange,
    check_company_cidr,
    check_gateway_ip,
    check_network_cidr,
    check_session_subnet,
    overlaps,
    ping_host_address,
    reserved_ranges,
    subnet_plan,
)
from tenantnet.refusal import Refusal, Refused

from tests.support import oracle
from tests.support.examples import examples
from tools.rulebook.book import rules_in

Check = Callable[[object], list[Refusal]]
Oracle = Callable[[object], bool]

CHECKS: list[tuple[Check, Oracle]] = [
    (check_network_cidr, oracle.is_permitted_network),
    (check_company_cidr, oracle.is_permitted_company),
    (check_session_subnet, oracle.is_permitted_session_subnet),
    (check_gateway_ip, oracle.is_permitted_gateway),
]
NAMES = ["network", "company", "session subnet", "gateway"]


def rule_ids(refusals: list[Refusal]) -> set[str]:
    return {refusal.rule_id for refusal in refusals}


@pytest.mark.parametrize(("check", "permitted"), CHECKS, ids=NAMES)
def test_ten_thousand_cases_are_judged_as_the_oracle_judges_them(check: Check, permitted: Oracle) -> None:
    differing = [case for case in oracle.cases(10_000) if permitted(case) != (not check(case))]
    assert differing == []


@pytest.mark.parametrize(("check", "permitted"), CHECKS, ids=NAMES)
@given(value=oracle.values)
@settings(max_examples=examples(500))
def test_whatever_is_given_there_is_a_verdict_and_no_exception(
    check: Check, permitted: Oracle, value: object
) -> None:
    assert permitted(value) == (not check(value))


@pytest.mark.parametrize("permitted", [permitted for _, permitted in CHECKS], ids=NAMES)
def test_the_cases_hold_enough_of_both_verdicts(permitted: Oracle) -> None:
    passing = sum(permitted(case) for case in oracle.cases(10_000))
    assert 300 < passing < 9_700


@pytest.mark.parametrize(
    ("cidr", "rules"),
    [
        ("10.31.255.192/26", set()),
        ("10.32.0.0/26", {"range-reserved"}),
        ("10.47.255.192/26", {"range-reserved"}),
        ("10.48.0.0/26", set()),
        ("172.16.255.192/26", set()),
        ("172.17.0.0/26", {"range-reserved"}),
        ("172.17.255.192/26", {"range-reserved"}),
        ("172.18.0.0/26", set()),
        ("10.42.128.64/26", {"range-reserved"}),
        ("192.168.255.192/26", set()),
        ("192.169.0.0/26", {"range-private"}),
        ("172.32.0.0/26", {"range-private"}),
        ("11.0.0.0/26", {"range-private"}),
        ("10.0.0.0/8", {"network-size", "range-reserved"}),
        ("10.33.0.5/25", {"network-size", "range-reserved", "range-aligned"}),
        ("10.1.2.0/25", {"network-size"}),
        ("10.1.2.0/27", {"network-size"}),
        ("10.1.2.32/26", {"range-aligned"}),
        ("10.1.2.0", {"range-notation"}),
        ("fd00::/26", {"range-notation"}),
        (10.1, {"range-text"}),
    ],
)
def test_a_network_range_is_refused_for_everything_that_is_wrong_with_it(
    cidr: object, rules: set[str]
) -> None:
    assert rule_ids(check_network_cidr(cidr)) == rules


def test_a_refusal_names_value_range_and_way_out() -> None:
    (refusal,) = check_network_cidr("10.33.2.0/26")
    assert refusal.value == "10.33.2.0/26"
    assert "10.32.0.0/12" in refusal.rule
    assert "services" in refusal.reason
    assert "Pulumi.yaml" in refusal.remedy


def test_host_bits_are_refused_with_the_range_that_may_be_meant() -> None:
    (refusal,) = check_network_cidr("10.1.2.33/26")
    assert "10.1.2.0/26" in refusal.remedy


def test_a_range_is_given_as_text_with_one_spelling() -> None:
    for other_spelling in (
        "010.1.2.0/26",
        "10.1.2.0/026",
        "10.1.2.0/255.255.255.192",
        "10.1.2.0/26 ",
        "10.1.2/26",
    ):
        assert rule_ids(check_network_cidr(other_spelling)) == {"range-notation"}


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("10.1.2.3", "RFC 1918"),
        ("100.64.0.1", "NAT"),
        ("127.0.0.1", "loopback"),
        ("169.254.0.1", "link-local"),
        ("224.0.0.1", "multicast"),
        ("255.255.255.255", "broadcast"),
        ("0.0.0.1", "this network"),
    ],
)
def test_a_gateway_without_public_address_is_refused_with_what_the_address_is(
    address: str, said: str
) -> None:
    (refusal,) = check_gateway_ip(address)
    assert refusal.rule_id == "gateway-public"
    assert said in refusal.reason


def test_a_gateway_written_as_a_range_is_refused_with_the_address_to_write() -> None:
    (refusal,) = check_gateway_ip("198.51.100.7/32")
    assert refusal.remedy.endswith("198.51.100.7 without the prefix")


def test_documentation_addresses_pass_as_gateways() -> None:
    assert not any(check_gateway_ip(address) for address in ("192.0.2.1", "198.51.100.7", "203.0.113.9"))


def test_an_organisations_range_is_kept_free_as_well() -> None:
    reserved = reserved_ranges([{"cidr": "10.96.0.0/12", "purpose": "data centre"}])
    (refusal,) = check_company_cidr("10.100.0.0/16", reserved)
    assert (refusal.rule_id, "tenant network" in str(refusal)) == ("company-reserved", False)
    assert "data centre" in refusal.rule
    assert rule_ids(check_network_cidr("10.32.0.0/26", reserved)) == {"range-reserved"}


def test_an_organisations_services_range_takes_the_place_of_the_default_one() -> None:
    reserved = reserved_ranges([{"cidr": "10.96.0.0/12", "purpose": "services"}])
    assert check_network_cidr("10.32.0.0/26", reserved) == []
    assert rule_ids(check_network_cidr("10.96.0.0/26", reserved)) == {"range-reserved"}
    assert rule_ids(check_network_cidr("172.17.0.0/26", reserved)) == {"range-reserved"}


def test_without_own_ranges_the_defaults_are_reserved() -> None:
    assert reserved_ranges(None) == reserved_ranges([]) == DEFAULT_RESERVED


@pytest.mark.parametrize(
    ("raw", "paths"),
    [
        ("10.96.0.0/12", ["tenantnet:reservedRanges"]),
        ({"cidr": "10.96.0.0/12", "purpose": "x"}, ["tenantnet:reservedRanges"]),
        ([1], ["tenantnet:reservedRanges[0]"]),
        ([{"cidr": "10.96.0.0/12"}], ["tenantnet:reservedRanges[0]"]),
        ([{"cidr": "10.96.0.0/12", "purpose": "x", "reason": "y"}], ["tenantnet:reservedRanges[0]"]),
        (
            [{"cidr": "8.8.8.0/24", "purpose": ""}, {"cidr": "10.0.0.1/12", "purpose": 1}],
            [f"tenantnet:reservedRanges[{index}].{key}" for index in (0, 1) for key in ("cidr", "purpose")],
        ),
    ],
)
def test_reserved_ranges_that_are_not_right_are_refused_with_their_place(
    raw: object, paths: list[str]
) -> None:
    with pytest.raises(Refused) as refused:
        reserved_ranges(raw)
    assert [refusal.path for refusal in refused.value.refusals] == paths


@given(cidr=oracle.permitted_networks)
def test_a_network_is_cut_into_four_parts_without_gap_or_overlap(cidr: str) -> None:
    plan = subnet_plan(cidr)
    parts = [plan.database_a, plan.database_b, plan.hosts, plan.spare]
    assert parts == [str(part) for part in IPv4Network(cidr).subnets(new_prefix=28)]


def test_the_plan_of_a_deployed_network_never_changes() -> None:
    plan = subnet_plan("10.1.2.64/26")
    assert (plan.database_a, plan.database_b) == ("10.1.2.64/28", "10.1.2.80/28")
    assert (plan.hosts, plan.spare) == ("10.1.2.96/28", "10.1.2.112/28")
    assert ping_host_address("10.1.2.64/26") == "10.1.2.106"


def test_the_ping_host_has_an_address_that_aws_does_not_keep() -> None:
    assert 4 <= PING_HOST_OFFSET <= 14


def test_only_a_26_has_a_plan() -> None:
    with pytest.raises(ValueError, match="not a /26"):
        subnet_plan("10.1.2.0/25")


@given(a=oracle.ranges, b=oracle.ranges)
def test_ranges_overlap_where_they_have_an_address_in_common(a: str, b: str) -> None:
    expected = IPv4Network(a, strict=False).overlaps(IPv4Network(b, strict=False))
    assert overlaps(a, b) == overlaps(b, a) == expected


def test_every_rule_has_its_own_kebab_case_id() -> None:
    ids = [rule.id for rule in rules_in(addressing)]
    assert len(set(ids)) == len(ids)
    assert all(id_ == id_.lower() and " " not in id_ for id_ in ids)


def test_the_default_reserved_ranges_are_those_of_the_platform() -> None:
    services, sessions = DEFAULT_RESERVED
    assert services == ReservedRange("10.32.0.0/12", "services")
    assert sessions == ReservedRange("172.17.0.0/16", "sessions")
