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
    NetworkInterface,
    Peering,
    Route,
    RouteTable,
    SecurityGroup,
    SecurityGroupRule,
    Subnet,
)
from tenantnet.observed.reachability.check import Layer, Pair, check, faults
from tenantnet.observed.reachability.intended import table
from tenantnet.observed.reachability.places import Kind
from tenantnet.observed.reachability.traffic import Traffic, traffic_of

from tests.support.clone import CLONE
from tests.support.reachability_mutations import Mutation, additions, removals
from tests.support.reachability_samples import (
    COMPANY,
    SECOND_SUBNET,
    NetworkPlan,
    acl_rules,
    deployed,
    joined,
    network,
    rule,
)
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


def test_a_rule_among_the_endpoints_of_session_manager_is_seen() -> None:
    """Only endpoints are in the second subnet; the rule for the first one is there for the tunnel host."""
    named = ("'sg-endpoints'", f"'{SECOND_SUBNET}'")
    rules = [each for each in additions(CELL) if all(name in each.what for name in named)]
    assert len(rules) == 10
    for mutation in rules:
        pairs = [pair for pair in faults(check(mutation.deployed)) if pair.source is pair.target]
        assert {pair.source.kind for pair in pairs} == {Kind.ENDPOINT}, mutation.what


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


def test_a_finding_names_the_rule_and_whom_it_lets_in_or_the_group_that_lets_nobody_in() -> None:
    added = replace(rule("sg-acme-blue-database", "172.17.6.0/24", 3306), id="sgr-added")
    (opened,) = {
        finding.where
        for pair in faults(check(replace(CELL, rules=(*CELL.rules, added))))
        for finding in pair.findings
    }
    assert opened == ("sgr-added 172.17.6.0/24",)
    kept = [each for each in CELL.rules if each.egress or each.group_id != "sg-acme-blue-database"]
    (closed,) = {
        finding.where for pair in faults(check(replace(CELL, rules=tuple(kept)))) for finding in pair.findings
    }
    assert closed == ("sg-acme-blue-database",)


def test_a_finding_names_the_route_table_and_the_network_acl() -> None:
    shadowed = with_route("rtb-acme-blue", "192.168.4.0/25", "pcx-acme-blue-services")
    without = with_acl_rules("acl-acme-session", without=(200,))
    for cell, where in ((shadowed, ("rtb-acme-blue",)), (without, ("acl-acme-session",))):
        assert {each.where for pair in faults(check(cell)) for each in pair.findings} == {where}


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


def test_a_rule_for_a_group_is_open_to_all_that_have_it_and_one_for_a_prefix_list_to_everybody() -> None:
    for peer, reached in (("sg-zeta-blue-ping-host", 1), ("pl-1", 5)):
        added = replace(rule("sg-acme-blue-database", "0.0.0.0/0", 3306), peer=peer)
        found = {pair.source.name for pair in faults(check(replace(CELL, rules=(*CELL.rules, added))))}
        assert len([name for name in found if name.startswith("zeta")]) == reached
        assert "elsewhere" in found


# A network of mallory's within the company range that acme's database lets in, peered with acme's.
MALLORY = NetworkPlan(
    tenant="mallory", slot="blue", cidr="192.168.4.0/26", session="172.17.7.0/24", database=False
)
OUT = rule("sg-out", "10.0.0.0/8", 3306, egress=True)


def with_routes(cell: Deployed, added: dict[str, Route]) -> tuple[RouteTable, ...]:
    return tuple(
        replace(each, routes=(*each.routes, added[each.id])) if each.id in added else each
        for each in cell.route_tables
    )


def broken_into(*interfaces: NetworkInterface, rules: tuple[SecurityGroupRule, ...] = ()) -> Deployed:
    cell = joined(CELL, network(MALLORY))
    ways = {
        "rtb-mallory-blue": Route(destination="10.1.2.0/26", target="pcx-in"),
        "rtb-acme-blue": Route(destination=MALLORY.cidr, target="pcx-in"),
    }
    return replace(
        cell,
        route_tables=with_routes(cell, ways),
        peerings=(*cell.peerings, Peering(id="pcx-in", vpc_ids=("vpc-mallory-blue", "vpc-acme-blue"))),
        rules=(*cell.rules, *rules),
        interfaces=interfaces,
    )


def interface(
    subnet: str, address: str, *groups: str, vpc: str = "vpc-mallory-blue", managed_by: str = ""
) -> NetworkInterface:
    return NetworkInterface(
        id="eni-1", vpc_id=vpc, subnet_id=subnet, cidrs=(address,), group_ids=groups, managed_by=managed_by
    )


@pytest.mark.parametrize(
    ("place", "address"),
    [("database-a", "192.168.4.9/32"), ("hosts", "192.168.4.41/32"), ("spare", "192.168.4.60/32")],
)
def test_a_host_that_somebody_put_into_a_peered_network_is_seen_to_reach_the_database(
    place: str, address: str
) -> None:
    host = interface(f"subnet-mallory-blue-{place}", address, "sg-out")
    reached = ("mallory blue", "acme blue: database")
    assert leak(broken_into(host, rules=(OUT,)), "mallory blue: eni-1", reached[1]) == {Traffic.MYSQL}
    assert leak(broken_into(host), *reached) == frozenset(), "its group is closed"
    assert leak(broken_into(rules=(OUT,)), *reached) == frozenset(), "nobody has the group"


def test_a_host_without_security_groups_counts_as_open() -> None:
    cell = broken_into(interface("subnet-mallory-blue-spare", "192.168.4.60/32"))
    assert leak(cell, "mallory blue: eni-1", "acme blue: database") == {Traffic.MYSQL}


def test_a_host_of_a_vpc_that_is_no_network_of_ours_is_seen_as_elsewhere() -> None:
    cell = broken_into()
    vpcs = tuple(
        replace(vpc, tags={"tenantnet:cell": "eu1"}) if vpc.id == "vpc-mallory-blue" else vpc
        for vpc in cell.vpcs
    )
    unnamed = tuple(each for each in cell.instances if each.id != "i-mallory-blue")
    assert leak(replace(cell, vpcs=vpcs, instances=unnamed), "elsewhere", "acme blue: database") == {
        Traffic.MYSQL
    }


@pytest.mark.parametrize(
    ("vpc", "subnet", "address"),
    [
        ("vpc-services", "subnet-tunnel", "10.32.0.9/32"),
        ("vpc-sessions", "subnet-other", "172.17.99.9/32"),
        ("vpc-acme-blue", "subnet-acme-blue-database-b", "10.1.2.20/32"),
        ("vpc-acme-blue", "subnet-acme-blue-hosts", "10.1.2.43/32"),
    ],
)
def test_every_interface_in_a_network_of_the_cell_is_checked(vpc: str, subnet: str, address: str) -> None:
    other = Subnet(id="subnet-other", vpc_id="vpc-sessions", cidr="172.17.99.0/24")
    cell = replace(
        CELL,
        subnets=(*CELL.subnets, other),
        interfaces=(interface(subnet, address, "sg-out", vpc=vpc),),
        rules=(*CELL.rules, rule("sg-out", "0.0.0.0/0", -1, egress=True, protocol="-1")),
    )
    assert [pair for pair in faults(check(cell)) if "eni-1" in pair.source.name]


def test_interfaces_of_ours_are_not_taken_for_others() -> None:
    of_database = interface(
        "subnet-acme-blue-database-a",
        "10.1.2.7/32",
        "sg-acme-blue-database",
        vpc="vpc-acme-blue",
        managed_by="amazon-rds",
    )
    of_endpoint = interface("subnet-tunnel-b", "10.32.0.70/32", "sg-endpoints", vpc="vpc-services")
    ours = (
        interface("subnet-tunnel", "10.32.0.4/32", "sg-tunnel", vpc="vpc-services"),
        interface("subnet-acme-blue-hosts", "10.1.2.42/32", "sg-acme-blue-ping-host", vpc="vpc-acme-blue"),
        of_database,
        replace(of_endpoint, id="eni-ssm"),
        interface("subnet-acme-session", "172.17.5.30/32", "sg-app", vpc="vpc-sessions"),
    )
    endpoints = tuple(replace(each, interface_ids=("eni-ssm",)) for each in CELL.endpoints)
    pairs = check(replace(CELL, interfaces=ours, endpoints=endpoints))
    assert faults(pairs) == []
    assert len(pairs) == len(check(CELL))
    pretended = replace(CELL, interfaces=(replace(of_database, managed_by=""),))
    assert [pair for pair in check(pretended) if "eni-1" in pair.source.name]


def about_ipv6(cell: Deployed) -> set[tuple[str, str, Layer]]:
    return {
        (pair.source.name, pair.target.name, finding.layer)
        for pair in faults(check(cell))
        for finding in pair.findings
        if finding.ipv6
    }


@pytest.mark.parametrize("target", ["eigw-0", "igw-0", "pcx-of-a-strange-vpc", "tgw-0"])
@pytest.mark.parametrize("destination", ["::/0", "2001:db8::/32"])
def test_an_ipv6_route_out_of_a_network_is_a_fault(destination: str, target: str) -> None:
    cell = with_route("rtb-acme-blue", destination, target)
    assert ("acme blue: database", "elsewhere", Layer.THERE) in about_ipv6(cell)
    assert leak(cell, "acme blue", "elsewhere") == frozenset(), "no address of IPv6, no rule for it"


@pytest.mark.parametrize("egress", [True, False])
def test_an_ipv6_range_in_a_group_is_a_fault(egress: bool) -> None:
    added = rule("sg-acme-blue-database", "::/0", 3306, egress=egress)
    database = "acme blue: database"
    expected = (database, "elsewhere", Layer.OUT) if egress else ("elsewhere", database, Layer.IN)
    assert about_ipv6(replace(CELL, rules=(*CELL.rules, added))) == {expected}


def test_what_is_open_by_ipv6_in_every_layer_leaks() -> None:
    acme, sessions = "2001:db8:0:1::/64", "2001:db8:0:2::/64"
    ranges = {"subnet-acme-blue-database-a": acme, "subnet-zeta-session": sessions}
    vpcs = {"vpc-acme-blue": acme, "vpc-sessions": sessions}
    ways = {
        "rtb-acme-blue": Route(destination=sessions, target="pcx-acme-blue-sessions"),
        "rtb-zeta-session": Route(destination=acme, target="pcx-acme-blue-sessions"),
    }
    cell = replace(
        CELL,
        vpcs=tuple(
            replace(each, cidrs=(*each.cidrs, vpcs[each.id])) if each.id in vpcs else each
            for each in CELL.vpcs
        ),
        subnets=tuple(
            replace(each, ipv6_cidrs=(ranges[each.id],)) if each.id in ranges else each
            for each in CELL.subnets
        ),
        route_tables=with_routes(CELL, ways),
        rules=(*CELL.rules, rule("sg-acme-blue-database", sessions, 3306)),
    )
    assert leak(cell, "zeta: session", "acme blue: database") == frozenset(), "no rule of an ACL for IPv6"
    let_through = [AclRule(number=9, egress=egress, allow=True, cidr="::/0") for egress in (True, False)]
    acls = tuple(replace(acl, rules=(*acl.rules, *let_through)) for acl in CELL.network_acls)
    assert leak(replace(cell, network_acls=acls), "zeta: session", "acme blue: database") == {Traffic.MYSQL}


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
    zeta = replace(rule("sg-acme-blue-database", "172.17.6.0/24", 3306), id="sgr-0c6e5f04a2b1d9387")
    pairs = check(replace(CELL, rules=(*CELL.rules, zeta)), ["acme"])
    (shown,) = re.findall(r"```json\n(.*?)```", DOC, re.DOTALL)
    text = json.dumps(document(["acme"], pairs), indent=2)
    printed = json.loads(text)
    assert set(KEYS.findall(shown)) == set(KEYS.findall(text))
    assert json.loads(shown)["faults"] == printed["faults"]
