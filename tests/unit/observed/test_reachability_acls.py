"""What a network ACL lets through of requests and of answers."""

from __future__ import annotations

import pytest
from netaddr import IPSet
from tenantnet.observed.deployed import AclRule, NetworkAcl
from tenantnet.observed.reachability.acls import answers_admitted, requests_admitted
from tenantnet.observed.reachability.traffic import Traffic

ALL, TENANT, SESSIONS = "0.0.0.0/0", "172.17.5.0/24", "172.17.0.0/16"
MYSQL, PING, HTTPS, OTHER = Traffic.MYSQL, Traffic.PING, Traffic.HTTPS, Traffic.OTHER


def acl(*rules: AclRule) -> NetworkAcl:
    return NetworkAcl(id="acl", vpc_id="vpc", subnet_ids=("subnet",), rules=rules)


def rule(number: int, verdict: str, cidr: str, protocol: str = "-1", *ports: int) -> AclRule:
    """An ingress rule. ports: the first and the last one, of ICMP type and code."""
    first, last = ports or (-1, -1)
    return AclRule(
        number=number,
        egress=False,
        allow=verdict == "allow",
        cidr=cidr,
        protocol=protocol,
        from_port=first,
        to_port=last,
    )


def test_the_lowest_number_decides_in_whatever_order_they_are_described() -> None:
    rules = [rule(300, "allow", ALL), rule(101, "allow", TENANT), rule(200, "deny", SESSIONS)]
    expected = IPSet([ALL]) - IPSet([SESSIONS]) | IPSet([TENANT])
    for traffic in Traffic:
        assert requests_admitted(acl(*rules), traffic, egress=False) == expected
        assert answers_admitted(acl(*rules), traffic, egress=False) == expected


def test_what_no_rule_is_about_is_denied_and_the_other_direction_has_rules_of_its_own() -> None:
    only = acl(rule(100, "allow", TENANT))
    assert requests_admitted(only, MYSQL, egress=False) == IPSet([TENANT])
    assert requests_admitted(only, MYSQL, egress=True) == IPSet()


@pytest.mark.parametrize(
    ("denied", "still_admitted"),
    [
        (("6", 3306, 3306), {PING, HTTPS, OTHER}),
        (("6", 0, 65535), {PING, OTHER}),
        (("1", 8, -1), {MYSQL, HTTPS, OTHER}),
        (("17", 0, 65535), {MYSQL, PING, HTTPS, OTHER}),
        (("-1",), set()),
    ],
)
def test_a_rule_that_denies_is_about_its_protocol_and_ports(
    denied: tuple[str, int, int], still_admitted: set[Traffic]
) -> None:
    found = acl(rule(1, "deny", ALL, *denied), rule(2, "allow", ALL))
    assert {each for each in Traffic if requests_admitted(found, each, egress=False).size} == still_admitted


@pytest.mark.parametrize(
    ("allowed", "answered"),
    [
        (("6", 1024, 65535), {MYSQL, HTTPS}),
        (("6", 0, 65535), {MYSQL, HTTPS}),
        (("6", 32768, 65535), set()),
        (("6", 3306, 3306), set()),
        (("1", 0, 0), {PING}),
        (("1", -1, -1), {PING}),
        (("1", 8, -1), set()),
        (("-1",), {MYSQL, PING, HTTPS}),
    ],
)
def test_answers_get_through_where_those_to_every_port_do(
    allowed: tuple[str, int, int], answered: set[Traffic]
) -> None:
    found = acl(rule(1, "allow", ALL, *allowed))
    asked = (MYSQL, PING, HTTPS)
    assert {each for each in asked if answers_admitted(found, each, egress=False).size} == answered
