"""The name server: hosted zones and endpoints as Route 53 and RDS would answer them, over UDP and TCP."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

import dns.flags
import dns.message
import dns.query
import dns.rcode
import dns.rdatatype
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mypy_boto3_route53 import Route53Client
from tenantnet.local_cloud.dns.server import NameServer
from tenantnet.local_cloud.process import LocalCloud

Zone = tuple[str, str]


@pytest.fixture
def zone(route53: Route53Client, name: str) -> Zone:
    """A hosted zone's id and its name, with the final dot."""
    made = route53.create_hosted_zone(Name=f"{name}.example", CallerReference=name)["HostedZone"]
    return made["Id"], made["Name"]


def change(route53: Route53Client, zone: Zone, action: Any, name: str, kind: str, *values: str) -> None:
    record: Any = {
        "Name": f"{name}.{zone[1]}" if name else zone[1],
        "Type": kind,
        "TTL": 7,
        "ResourceRecords": [{"Value": value} for value in values],
    }
    route53.change_resource_record_sets(
        HostedZoneId=zone[0], ChangeBatch={"Changes": [{"Action": action, "ResourceRecordSet": record}]}
    )


def ask(cloud: LocalCloud, name: str, kind: str = "A", **options: Any) -> dns.message.Message:
    query = dns.message.make_query(name, kind, **options)
    return dns.query.udp(query, "127.0.0.1", port=cloud.running_server().dns_port, timeout=5)


def answers(response: dns.message.Message) -> list[str]:
    """The answer's lines; a name server gives the records of one name in any order, and these are sorted."""
    return [line for rrset in response.answer for line in sorted(rrset.to_text().splitlines())]


def test_a_record_is_answered_with_its_ttl_and_authority(
    cloud: LocalCloud, route53: Route53Client, zone: Zone
) -> None:
    change(route53, zone, "CREATE", "www", "A", "192.0.2.1", "192.0.2.2")
    response = ask(cloud, f"www.{zone[1]}")
    assert answers(response) == [f"www.{zone[1]} 7 IN A 192.0.2.{number}" for number in (1, 2)]
    assert response.flags & dns.flags.AA


def test_a_change_is_answered_at_once(cloud: LocalCloud, route53: Route53Client, zone: Zone) -> None:
    for address in ("192.0.2.1", "192.0.2.2", "192.0.2.3"):
        change(route53, zone, "UPSERT", "db", "A", address)
        assert answers(ask(cloud, f"db.{zone[1]}")) == [f"db.{zone[1]} 7 IN A {address}"]
    change(route53, zone, "DELETE", "db", "A", "192.0.2.3")
    assert ask(cloud, f"db.{zone[1]}").rcode() == dns.rcode.NXDOMAIN


def test_an_alias_is_followed_through_our_zones(
    cloud: LocalCloud, route53: Route53Client, zone: Zone
) -> None:
    change(route53, zone, "CREATE", "db", "CNAME", f"blue.{zone[1]}")
    change(route53, zone, "CREATE", "blue", "A", "192.0.2.1")
    assert answers(ask(cloud, f"db.{zone[1]}")) == [
        f"db.{zone[1]} 7 IN CNAME blue.{zone[1]}",
        f"blue.{zone[1]} 7 IN A 192.0.2.1",
    ]


def test_an_alias_without_a_final_dot_is_a_whole_name(
    cloud: LocalCloud, route53: Route53Client, zone: Zone
) -> None:
    change(route53, zone, "CREATE", "db", "CNAME", "elsewhere.example.org")
    assert answers(ask(cloud, f"db.{zone[1]}")) == [f"db.{zone[1]} 7 IN CNAME elsewhere.example.org."]


def test_a_question_for_the_alias_itself_gets_it_alone(
    cloud: LocalCloud, route53: Route53Client, zone: Zone
) -> None:
    change(route53, zone, "CREATE", "db", "CNAME", f"blue.{zone[1]}")
    change(route53, zone, "CREATE", "blue", "A", "192.0.2.1")
    assert len(answers(ask(cloud, f"db.{zone[1]}", "CNAME"))) == 1


def test_aliases_in_a_circle_are_a_failure_of_the_server(
    cloud: LocalCloud, route53: Route53Client, zone: Zone
) -> None:
    change(route53, zone, "CREATE", "a", "CNAME", f"b.{zone[1]}")
    change(route53, zone, "CREATE", "b", "CNAME", f"a.{zone[1]}")
    assert ask(cloud, f"a.{zone[1]}").rcode() == dns.rcode.SERVFAIL


def test_a_name_that_is_not_there_is_denied_with_the_zones_soa(cloud: LocalCloud, zone: Zone) -> None:
    response = ask(cloud, f"nobody.{zone[1]}")
    assert response.rcode() == dns.rcode.NXDOMAIN
    assert response.authority[0].rdtype == dns.rdatatype.SOA
    assert response.authority[0].name.to_text() == zone[1]


def test_a_name_without_such_a_record_exists_all_the_same(
    cloud: LocalCloud, route53: Route53Client, zone: Zone
) -> None:
    change(route53, zone, "CREATE", "www.shop", "A", "192.0.2.1")
    for name, kind in ((f"www.shop.{zone[1]}", "TXT"), (f"shop.{zone[1]}", "A")):
        response = ask(cloud, name, kind)
        assert (response.rcode(), response.answer) == (dns.rcode.NOERROR, []), name
        assert response.authority[0].rdtype == dns.rdatatype.SOA


def test_a_wildcard_stands_for_names_that_are_not_there(
    cloud: LocalCloud, route53: Route53Client, zone: Zone
) -> None:
    change(route53, zone, "CREATE", "*", "A", "192.0.2.1")
    change(route53, zone, "CREATE", "www", "TXT", '"here"')
    assert answers(ask(cloud, f"any.thing.{zone[1]}")) == [f"any.thing.{zone[1]} 7 IN A 192.0.2.1"]
    assert answers(ask(cloud, f"www.{zone[1]}")) == []


def test_the_zones_name_servers_are_those_that_route_53_gave(
    cloud: LocalCloud, route53: Route53Client, zone: Zone
) -> None:
    given = route53.get_hosted_zone(Id=zone[0])["DelegationSet"]["NameServers"]
    (servers,) = ask(cloud, zone[1], "NS").answer
    assert {server.to_text().rstrip(".") for server in servers} == {name.rstrip(".") for name in given}


def test_the_innermost_zone_answers(cloud: LocalCloud, route53: Route53Client, zone: Zone) -> None:
    change(route53, zone, "CREATE", "db.inner", "A", "192.0.2.1")
    inner = route53.create_hosted_zone(Name=f"inner.{zone[1]}", CallerReference=f"inner-{zone[1]}")
    assert ask(cloud, f"db.inner.{zone[1]}").rcode() == dns.rcode.NXDOMAIN
    change(route53, (inner["HostedZone"]["Id"], f"inner.{zone[1]}"), "CREATE", "db", "A", "192.0.2.2")
    assert answers(ask(cloud, f"db.inner.{zone[1]}")) == [f"db.inner.{zone[1]} 7 IN A 192.0.2.2"]


def test_a_deleted_zone_is_nobodys_business(cloud: LocalCloud, route53: Route53Client, zone: Zone) -> None:
    route53.delete_hosted_zone(Id=zone[0])
    assert ask(cloud, f"www.{zone[1]}").rcode() == dns.rcode.REFUSED


@pytest.mark.parametrize("name", ["example.org", "com", "."])
def test_other_names_are_refused(cloud: LocalCloud, name: str) -> None:
    assert ask(cloud, name).rcode() == dns.rcode.REFUSED


def test_other_classes_are_refused(cloud: LocalCloud, zone: Zone) -> None:
    assert ask(cloud, zone[1], rdclass="CH").rcode() == dns.rcode.REFUSED


def test_names_are_the_same_in_capitals(cloud: LocalCloud, route53: Route53Client, zone: Zone) -> None:
    change(route53, zone, "CREATE", "db", "A", "192.0.2.1")
    assert len(answers(ask(cloud, f"DB.{zone[1]}".upper()))) == 1


def test_an_answer_too_long_for_udp_is_cut_and_comes_whole_over_tcp(
    cloud: LocalCloud, route53: Route53Client, zone: Zone
) -> None:
    change(route53, zone, "CREATE", "many", "A", *(f"192.0.2.{number}" for number in range(1, 101)))
    assert ask(cloud, f"many.{zone[1]}").flags & dns.flags.TC
    query = dns.message.make_query(f"many.{zone[1]}", "A")
    whole, over_tcp = dns.query.udp_with_fallback(
        query, "127.0.0.1", port=cloud.running_server().dns_port, timeout=5
    )
    assert over_tcp
    assert len(answers(whole)) == 100


def test_a_client_that_takes_more_over_udp_gets_it(
    cloud: LocalCloud, route53: Route53Client, zone: Zone
) -> None:
    change(route53, zone, "CREATE", "many", "A", *(f"192.0.2.{number}" for number in range(1, 51)))
    assert len(answers(ask(cloud, f"many.{zone[1]}", use_edns=0, payload=4096))) == 50


def test_an_endpoint_of_nobodys_is_denied(cloud: LocalCloud) -> None:
    assert ask(cloud, "nobody.aaaaaaaaaa.eu-west-1.rds.amazonaws.com").rcode() == dns.rcode.NXDOMAIN


@pytest.fixture(scope="module")
def lonely() -> Iterator[NameServer]:
    """A name server without a zone."""
    server = NameServer(list)
    yield server
    server.close()


@given(st.binary(max_size=600))
def test_no_bytes_break_it(lonely: NameServer, wire: bytes) -> None:
    answered = lonely._respond(wire, 512)
    assert answered is None or answered[:2] == wire[:2]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.sendto(wire, ("127.0.0.1", lonely.port))
    query = dns.message.make_query("example.org", "A")
    refused = dns.query.udp(query, "127.0.0.1", port=lonely.port, timeout=5)
    assert refused.rcode() == dns.rcode.REFUSED
