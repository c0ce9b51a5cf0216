"""A zone's own name servers, asked one by one, and what the guard of the endpoint makes of their answers."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from mypy_boto3_rds import RDSClient
from mypy_boto3_route53 import Route53Client
from tenantnet.local_cloud.process import LocalCloud
from tenantnet.phases.phases import Phase, State
from tenantnet.phases.transitions import Condition
from tenantnet.runner.databases import Databases
from tenantnet.runner.guards import Guards
from tenantnet.runner.inspector import Sight, WithoutLogin
from tenantnet.runner.name_servers import NAME_SERVER_VARIABLE, Answer, ask
from tenantnet.tags import Slot, Strategy

from tests.support.aws import lead_here
from tests.support.databases import Database
from tests.support.mysql_client import wait_for
from tests.support.network import Network

SWITCHED = State(phase=Phase.SWITCHED, production=Slot.GREEN, strategy=Strategy.REPLICA, move=1)


@pytest.fixture
def server(cloud: LocalCloud) -> str:
    return f"127.0.0.1:{cloud.running_server().dns_port}"


@pytest.fixture
def silent() -> Iterator[str]:
    """A name server that hears and says nothing."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.bind(("127.0.0.1", 0))
        yield f"127.0.0.1:{listening.getsockname()[1]}"


class Endpoint:
    """A tenant's zone, the record of its endpoint, and its database in green."""

    def __init__(self, route53: Route53Client, name: str) -> None:
        made = route53.create_hosted_zone(Name=f"{name}.example", CallerReference=name)
        self.name_servers = made["DelegationSet"]["NameServers"]
        self.host_name = f"{name}.{name}.example"
        self.databases = Databases(name, "eu-west-1", made["HostedZone"]["Id"], self.host_name)


@pytest.fixture
def endpoint(
    route53: Route53Client, name: str, cloud: LocalCloud, monkeypatch: pytest.MonkeyPatch
) -> Endpoint:
    lead_here(monkeypatch, cloud)
    # The zone's own name servers are asked, as at AWS.
    monkeypatch.delenv(NAME_SERVER_VARIABLE)
    return Endpoint(route53, name)


def test_each_server_says_where_the_name_leads(endpoint: Endpoint, server: str) -> None:
    endpoint.databases.lead_endpoint_to("green.example.com")
    assert (
        ask(endpoint.host_name, [server, server]) == [Answer(server=server, target="green.example.com")] * 2
    )


def test_a_name_without_a_record_is_an_answer_too(endpoint: Endpoint, server: str) -> None:
    assert ask(endpoint.host_name, [server]) == [Answer(server=server)]


def test_a_server_that_does_not_answer_and_one_that_refuses_are_silent(server: str, silent: str) -> None:
    """The local cloud's server refuses what is in no zone of its own."""
    answers = ask("name.elsewhere.example", [silent, server])
    assert answers == [Answer(server=silent, silent=True), Answer(server=server, silent=True)]


def test_a_server_whose_own_name_leads_nowhere_is_silent() -> None:
    server = "ns-1.no-such-zone.invalid"
    assert ask("acme.db.example.com", [server]) == [Answer(server=server, silent=True)]


def test_the_environments_server_stands_for_all(
    endpoint: Endpoint, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(NAME_SERVER_VARIABLE, server)
    endpoint.databases.lead_endpoint_to("green.example.com")
    assert len(endpoint.name_servers) > 1
    (answer,) = ask(endpoint.host_name, endpoint.databases.name_servers())
    assert answer.target == "green.example.com"


def guards(endpoint: Endpoint) -> Guards:
    return Guards(endpoint.databases, lambda _: [], WithoutLogin(endpoint.databases))


def look(endpoint: Endpoint) -> Sight:
    return guards(endpoint).look(Condition.ENDPOINT_AT_TARGET, SWITCHED)


@pytest.fixture
def green(rds: RDSClient, name: str, network: Network) -> str:
    """The address of the tenant's database in green."""
    database = Database.create(rds, f"{name}-green", network)
    return str(database.described()["Endpoint"]["Address"])


def test_the_endpoint_is_at_the_target_once_route_53_and_its_servers_say_so(
    endpoint: Endpoint, green: str, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(NAME_SERVER_VARIABLE, server)
    assert look(endpoint) == Sight(holds=False, seen="the record leads to nowhere")
    endpoint.databases.lead_endpoint_to(green)
    assert look(endpoint) == Sight(holds=False, seen="not all name servers have the record")
    assert (
        guards(endpoint).wait(Condition.ENDPOINT_AT_TARGET, SWITCHED).seen
        == "1 of 1 name servers could be reached and answer so"
    )


def test_where_no_server_can_be_asked_route_53s_word_has_to_do(
    endpoint: Endpoint, green: str, silent: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(NAME_SERVER_VARIABLE, silent)
    endpoint.databases.lead_endpoint_to(green)
    seen = guards(endpoint).wait(Condition.ENDPOINT_AT_TARGET, SWITCHED)
    assert seen.seen == "Route 53 reports it; no name server could be reached"


def test_a_server_that_answers_otherwise_is_named(
    endpoint: Endpoint, green: str, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name server that lags behind: the one of another cloud, where the endpoint leads elsewhere."""
    endpoint.databases.lead_endpoint_to(green)
    wait_for(endpoint.databases.endpoint_has_spread)
    with LocalCloud(tmp_path, real_databases=False) as other:
        monkeypatch.setenv(NAME_SERVER_VARIABLE, f"127.0.0.1:{other.running_server().dns_port}")
        with pytest.MonkeyPatch.context() as patch:
            lead_here(patch, other)
            behind = Endpoint(boto3.client("route53", region_name="eu-west-1"), name)
            behind.databases.lead_endpoint_to("blue.example.com")
        sight = look(endpoint)
    assert (sight.holds, sight.seen.endswith("answers blue.example.com")) == (False, True)
