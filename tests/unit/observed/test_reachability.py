"""What reaches what in a cell, and that nothing in it can be broken without being seen."""

from __future__ import annotations

import json
import re
from itertools import islice

import pytest
from tenantnet.cli.isolation import document
from tenantnet.observed.deployed import (
    AclRule,
    Deployed,
    Ec2Instance,
    Peering,
    Route,
    SecurityGroup,
    SecurityGroupRule,
)
from tenantnet.observed.reachability.check import Layer, Pair, check, faults
from tenantnet.observed.reachability.intended import table
from tenantnet.observed.reachability.places import Kind
from tenantnet.observed.reachability.traffic import Traffic, traffic_of

from tests.support.clone import CLONE
from tests.support.reachability_mutations import Mutation, additions, removals
from tests.support.reachability_samples import COMPANY, SECOND_SUBNET, acl_rules, deployed, rule
from tests.support.records import replace

# Bits of the JSON document as the page shows it.
KEYS = re.compile(r'^ *"(\w+)":', re.MULTILINE)
DOC = (CLONE / "docs" / "isolation.md").read_text()
CELL = deployed()
# One in so many of all additions, as all of them take minutes; an end-to-end test goes through the rest.
STEP = 19
OPEN = acl_rules((100, True, "0.0.0.0/0"))


def passing(pairs: list[Pair]) -> set[tuple[str, str, Traffic]]:
    return {(pair.source.name, pair.target.name, traffic) for pair in pairs for traffic in pair.passes}


def seen(mutation: Mutation, *, missing: bool) -> bool:
    return any(
        finding.missing is missing for pair in faults(check(mutation.deployed)) for finding in pair.findings
    )


def with_route(table_id: str, destination: str, target: str) -> Deployed:
    tables = [
        replace(each, routes=(*each.routes, Route(destination=destination, target=target)))
        if each.id == table_id
        else each
        for each in CELL.route_tables
    ]
    return replace(CELL, route_tables=tuple(tables))


def leak(cell: Deployed, source: str, target: str) -> frozenset[Traffic]:
    """What gets from one place to another and should not, by how their names start."""
    return frozenset(
        traffic
        for pair in check(cell)
        if pair.source.name.startswith(source) and pair.target.name.startswith(target)
        for traffic in pair.leaks
    )


def test_a_cell_as_the_stacks_declare_it_has_no_fault() -> None:
    assert faults(check(CELL)) == []


def test_from_a_companys_side_its_own_database_and_ping_host_answer_and_nothing_else() -> None:
    company = f"acme blue: company vpn-acme-blue ({COMPANY})"
    found = {(target, traffic) for source, target, traffic in passing(check(CELL)) if source == company}
    assert found == {
        ("acme blue: database", Traffic.MYSQL),
        ("acme blue: ping host (10.1.2.42)", Traffic.PING),
    }


def test_from_a_session_its_own_tenants_databases_answer_and_no_others() -> None:
    found = {
        (target, traffic)
        for source, target, traffic in passing(check(CELL))
        if source.startswith("acme: session")
    }
    assert found == {
        ("acme blue: database", Traffic.MYSQL),
        ("acme green: database", Traffic.MYSQL),
    }


def test_nothing_but_a_company_a_session_or_the_tunnel_host_starts_anything() -> None:
    starters = {source.split(" (")[0] for source, _, _ in passing(check(CELL))}
    assert starters == {
        "acme blue: company vpn-acme-blue",
        "acme green: company vpn-acme-green",
        "zeta blue: company vpn-zeta-blue",
        "acme: session",
        "zeta: session",
        "tunnel host",
    }


@pytest.mark.parametrize("mutation", list(removals(CELL)), ids=lambda mutation: str(mutation.what))
def test_whatever_is_taken_away_something_meant_to_pass_is_seen_not_to(mutation: Mutation) -> None:
    assert seen(mutation, missing=True), mutation.what


def test_whatever_is_added_is_seen_to_be_open() -> None:
    for mutation in islice(additions(CELL), 0, None, STEP):
        assert seen(mutation, missing=False), mutation.what


def test_two_routes_and_a_rule_together_let_another_tenants_session_in() -> None:
    session, acme = "172.17.6.0/24", network_of("acme-blue")
    there = with_route("rtb-zeta-session", acme, "pcx-acme-blue-sessions")
    assert leak(there, "zeta: session", "acme blue: database") == frozenset(), "no way back yet"
    assert faults(check(there)), "and yet it is seen"
    tables = {each.id: each for each in there.route_tables}
    back = with_route("rtb-acme-blue", session, "pcx-acme-blue-sessions").route_tables
    both = replace(
        there,
        route_tables=tuple(each if each.id == "rtb-acme-blue" else tables[each.id] for each in back),
        rules=(*there.rules, rule("sg-acme-blue-database", session, 3306)),
    )
    assert leak(both, "zeta: session", "acme blue: database") == {Traffic.MYSQL}


def with_acl_rules(acl_id: str, *added: AclRule, without: tuple[int, ...] = ()) -> Deployed:
    acls = [
        replace(acl, rules=(*(rule for rule in acl.rules if rule.number not in without), *added))
        if acl.id == acl_id
        else acl
        for acl in CELL.network_acls
    ]
    return replace(CELL, network_acls=tuple(acls))


def test_an_open_network_acl_of_one_tenants_sessions_is_seen_while_the_others_holds() -> None:
    opened = with_acl_rules("acl-acme-session", without=(200,))
    assert leak(opened, "acme: session", "zeta: session") == frozenset()
    found = {
        (pair.source.tenant, pair.target.tenant, finding.layer)
        for pair in faults(check(opened))
        for finding in pair.findings
    }
    assert found == {("acme", "zeta", Layer.ACL_OUT), ("zeta", "acme", Layer.ACL_IN)}
    both = replace(opened, network_acls=tuple(replace(acl, rules=OPEN) for acl in opened.network_acls))
    assert leak(both, "acme: session", "zeta: session") == set(Traffic)


def test_a_database_whose_answers_a_network_acl_keeps_out_of_a_session_is_missed() -> None:
    low_ports = AclRule(number=1, egress=False, allow=False, cidr="10.1.2.0/26", protocol="6")
    for first, last, missed in ((0, 1023, False), (0, 65535, True), (40000, 40000, True)):
        denied = with_acl_rules("acl-acme-session", replace(low_ports, from_port=first, to_port=last))
        found = {(pair.source.kind, pair.target.name) for pair in faults(check(denied))}
        assert found == ({(Kind.SESSION, "acme blue: database")} if missed else set())


def test_a_network_acl_does_not_see_what_stays_within_its_subnet() -> None:
    both_zones = with_acl_rules("acl-services", without=(100,))
    beside = replace(
        both_zones,
        endpoints=tuple(replace(each, subnet_ids=("subnet-tunnel",)) for each in both_zones.endpoints),
        rules=tuple(each for each in both_zones.rules if each.peer != SECOND_SUBNET),
    )
    for closed, missed in (
        (beside, {Kind.DATABASE}),
        (both_zones, {Kind.DATABASE, Kind.ENDPOINT}),
    ):
        found = {(pair.source.kind, pair.target.kind) for pair in faults(check(closed))}
        assert found == {(Kind.TUNNEL_HOST, each) for each in missed}


def network_of(name: str) -> str:
    (vpc,) = [vpc for vpc in CELL.vpcs if vpc.id == f"vpc-{name}"]
    return vpc.cidrs[0]


def test_a_peering_does_not_lead_through_to_a_vpn_gateway_or_another_peering() -> None:
    cell = with_route("rtb-acme-session", COMPANY, "pcx-acme-blue-sessions")
    assert leak(cell, "acme: session", "acme blue: company") == frozenset()
    assert not [
        finding
        for pair in faults(check(cell))
        if pair.target.name.startswith("acme blue: company")
        for finding in pair.findings
    ], "what is routed into a peering ends in the peer VPC"


def test_a_peering_between_two_tenants_carries_nothing_until_it_is_routed() -> None:
    peering = Peering(id="pcx-both", vpc_ids=("vpc-acme-blue", "vpc-zeta-blue"))
    cell = replace(CELL, peerings=(*CELL.peerings, peering))
    assert faults(check(cell)) == []
    tables = [
        replace(each, routes=(*each.routes, Route(destination=network_of("zeta-blue"), target="pcx-both")))
        if each.id == "rtb-acme-blue"
        else each
        for each in cell.route_tables
    ]
    assert faults(check(replace(cell, route_tables=tuple(tables))))


def test_the_longest_prefix_wins_and_a_written_route_before_a_propagated_one() -> None:
    shadowed = with_route("rtb-acme-blue", COMPANY, "pcx-acme-blue-services")
    (company_to_database,) = [
        pair
        for pair in faults(check(shadowed))
        if pair.source.name.startswith("acme blue: company") and pair.target.name == "acme blue: database"
    ]
    assert {finding.layer for finding in company_to_database.findings} == {Layer.BACK}


def test_a_route_for_half_of_a_companys_range_is_not_enough() -> None:
    shadowed = with_route("rtb-acme-blue", "192.168.4.0/25", "pcx-acme-blue-services")
    (finding,) = {
        finding
        for pair in faults(check(shadowed))
        if pair.source.name.startswith("acme blue: company")
        for finding in pair.findings
    }
    assert finding.missing
    assert finding.partly


def test_a_host_with_another_security_group_is_seen() -> None:
    def opened(instance: Ec2Instance) -> Ec2Instance:
        groups = (*instance.group_ids, "sg-open") if instance.id == "i-acme-blue" else instance.group_ids
        return replace(instance, group_ids=groups)

    cell = replace(
        CELL,
        instances=tuple(map(opened, CELL.instances)),
        security_groups=(*CELL.security_groups, SecurityGroup(id="sg-open", vpc_id="vpc-acme-blue")),
        rules=(*CELL.rules, rule("sg-open", "0.0.0.0/0", 22)),
    )
    assert leak(cell, "acme blue: company", "acme blue: ping host") == {Traffic.OTHER}


def test_a_rule_for_a_group_or_a_prefix_list_is_open_to_elsewhere() -> None:
    added = replace(rule("sg-acme-blue-database", "0.0.0.0/0", 3306), peer="sg-other")
    (pair,) = faults(check(replace(CELL, rules=(*CELL.rules, added))))
    assert (pair.source.name, pair.target.name) == ("elsewhere", "acme blue: database")


def test_of_named_tenants_every_pair_with_one_of_them_is_judged() -> None:
    named = check(CELL, ["zeta"])
    assert named
    assert all("zeta" in (pair.source.tenant, pair.target.tenant) for pair in named)


@pytest.mark.parametrize(
    ("protocol", "first", "last", "traffic"),
    [
        ("tcp", 3306, 3306, {Traffic.MYSQL}),
        ("6", 443, 443, {Traffic.HTTPS}),
        ("tcp", 3306, 3307, {Traffic.MYSQL, Traffic.OTHER}),
        ("tcp", 0, 65535, {Traffic.MYSQL, Traffic.HTTPS, Traffic.OTHER}),
        ("tcp", -1, -1, {Traffic.MYSQL, Traffic.HTTPS, Traffic.OTHER}),
        ("udp", 3306, 3306, {Traffic.OTHER}),
        ("icmp", 8, -1, {Traffic.PING}),
        ("icmp", 8, 0, {Traffic.PING}),
        ("icmp", -1, -1, {Traffic.PING, Traffic.OTHER}),
        ("icmp", 0, -1, {Traffic.OTHER}),
        ("58", -1, -1, {Traffic.OTHER}),
        ("-1", -1, -1, set(Traffic)),
    ],
)
def test_a_rule_lets_through_what_its_protocol_and_ports_say(
    protocol: str, first: int, last: int, traffic: set[Traffic]
) -> None:
    judged = SecurityGroupRule(
        id="sgr",
        group_id="sg",
        egress=False,
        protocol=protocol,
        from_port=first,
        to_port=last,
        peer="0.0.0.0/0",
    )
    assert traffic_of(judged) == traffic


def test_the_page_shows_the_table_that_is_checked() -> None:
    assert table() in DOC


def test_the_document_on_the_page_has_the_shape_that_the_command_prints() -> None:
    zeta = rule("sg-acme-blue-database", "172.17.6.0/24", 3306)
    pairs = check(replace(CELL, rules=(*CELL.rules, zeta)), ["acme"])
    (shown,) = re.findall(r"```json\n(.*?)```", DOC, re.DOTALL)
    printed = document(["acme"], pairs)
    assert set(KEYS.findall(shown)) == set(KEYS.findall(json.dumps(printed, indent=2)))
    assert json.loads(shown)["faults"] == printed["faults"]
