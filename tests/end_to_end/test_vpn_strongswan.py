"""The guide for strongSwan, taken as it is to a company's gateway: both tunnels, MySQL, failover, refusals.

The real engine deploys the tenant. AWS's end is strongSwan too, set up by EC2's XML and nothing else.
"""

from __future__ import annotations

import re
import shutil
import ssl
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import boto3
import pytest
from tenantnet.local_cloud.process import LocalCloud

from tests.support.mysql_client import resolver
from tests.support.project import PASSWORD, Project
from tests.support.vpn_guide import downloaded, install, tunnel
from tests.support.vpn_lab import GATEWAY, Lab, Pinging, made_lab, until
from tests.support.vpn_reading import Figures, xml_figures
from tests.support.vpn_services import Office, database_at, names_at

NETWORK_CIDR, PING_HOST, DATABASE = "10.1.2.0/26", "10.1.2.42", "10.1.2.5"
ENDPOINT = "acme.db.example.com"
# A megabyte, nearly.
TIMES = 100_000
TLS_IN_USE = "SHOW SESSION STATUS LIKE 'Ssl_cipher'"
# How much later than AWS's own timers a busy machine may be.
PATIENCE_SECONDS = 15.0


@pytest.fixture(scope="module")
def figures(lab_machine: None, acme: Project, aws: boto3.Session) -> list[Figures]:
    """Both tunnels', by EC2's XML."""
    connections = aws.client("ec2").describe_vpn_connections()["VpnConnections"]
    (xml,) = [each["CustomerGatewayConfiguration"] for each in connections if each["State"] == "available"]
    return xml_figures(xml)


@pytest.fixture(scope="module")
def guide(figures: list[Figures], acme: Project, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files as `tenantnet vpn download` writes them."""
    return downloaded(acme, "Seattle office", tmp_path_factory.mktemp("guide") / "seattle")


@pytest.fixture(scope="module")
def wired(figures: list[Figures], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    folder = tmp_path_factory.mktemp("lab")
    with made_lab(folder, figures, network_cidr=NETWORK_CIDR, ping_host=PING_HOST) as lab:
        yield lab


@pytest.fixture(scope="module")
def office(wired: Lab, cloud: LocalCloud, aws: boto3.Session) -> Iterator[Office]:
    """A MySQL client in the office, with the tenant's database in the tenant's network."""
    (instance,) = aws.client("rds").describe_db_instances()["DBInstances"]
    server = resolver(cloud)(instance["Endpoint"]["Address"], "A")[0].to_text()
    with (
        database_at(wired, DATABASE, lambda: server),
        names_at(wired, GATEWAY, cloud.running_server().dns_port, {"acme-blue": DATABASE}),
    ):
        yield Office(lab=wired, authority=cloud.state.authority, user="acmeadmin", password=PASSWORD)


@pytest.fixture
def lab(wired: Lab) -> Lab:
    """With both of AWS's endpoints up, and a gateway on which strongSwan was just installed."""
    wired.gateway.reset()
    for endpoint in wired.endpoints.values():
        endpoint.kill()
        endpoint.start()
    wired.answer_by(1)
    return wired


def is_up(lab: Lab, guide: Path, *numbers: int) -> Callable[[], bool]:
    return lambda: {tunnel(guide, number) for number in numbers} == lab.gateway.tunnels()


def test_both_tunnels_come_up_and_the_ping_host_answers(lab: Lab, guide: Path) -> None:
    install(lab, guide)
    until(is_up(lab, guide, 1, 2), "both tunnels are up")
    assert lab.answers(), lab.pings()
    assert len(lab.carriers()) == 1, "one of the tunnels carries it"


def test_mysql_answers_over_tls_by_the_endpoints_name_and_by_no_other_way(
    lab: Lab, guide: Path, office: Office, aws: boto3.Session
) -> None:
    assert office.asks(ENDPOINT, "SELECT 1").returncode, "there is no tunnel yet"
    install(lab, guide)
    until(is_up(lab, guide, 1, 2), "both tunnels are up")
    answer = office.asks(ENDPOINT, f"SELECT REPEAT('tenantnet', {TIMES})")
    assert answer.stdout.count("tenantnet") == TIMES, answer.stderr
    assert "TLSv1." in answer.stdout
    assert len(lab.carriers()) == 1
    # The certificate is RDS's, for the name that the endpoint leads to.
    (instance,) = aws.client("rds").describe_db_instances()["DBInstances"]
    exact = office.asks(instance["Endpoint"]["Address"], TLS_IN_USE, exact=True)
    assert "Ssl_cipher" in exact.stdout, exact.stderr
    assert "Hostname mismatch" in office.asks(ENDPOINT, TLS_IN_USE, exact=True).stderr
    stranger = replace(office, authority=Path(ssl.get_default_verify_paths().openssl_cafile))
    assert "CERTIFICATE_VERIFY_FAILED" in stranger.asks(ENDPOINT, "SELECT 1").stderr


def test_an_answer_by_the_other_tunnel_is_taken(lab: Lab, guide: Path) -> None:
    install(lab, guide)
    until(is_up(lab, guide, 1, 2), "both tunnels are up")
    for number in (1, 2):
        lab.answer_by(number)
        assert lab.answers(), f"AWS answers by tunnel {number}"


def test_while_no_tunnel_is_up_nothing_leaves_in_clear(lab: Lab, guide: Path) -> None:
    install(lab, guide)
    until(is_up(lab, guide, 1, 2), "both tunnels are up")
    for number in (1, 2):
        lab.gateway.execute("swanctl", "--terminate", "--ike", tunnel(guide, number))
    assert f"From {GATEWAY} icmp_seq=1 Destination Host Unreachable" in lab.pings()


def test_when_an_endpoint_dies_the_other_tunnel_carries_and_gives_back(
    lab: Lab,
    guide: Path,
    office: Office,
    figures: list[Figures],
    record_property: Callable[[str, object], None],
) -> None:
    dead_after = float(figures[0]["dpd interval"]) * int(figures[0]["dpd retries"])
    first = lab.endpoints[1]
    first.kill()
    lab.answer_by(2)
    install(lab, guide)
    until(is_up(lab, guide, 2), "tunnel 2 is up alone")
    assert lab.carriers() == [2]
    first.start()
    # With kernel-libipsec, the tunnel that came up last is the one that carries.
    until(is_up(lab, guide, 1, 2), "tunnel 1 comes up by itself")
    lab.answer_by(1)
    assert lab.carriers() == [1]

    with Pinging(lab) as there:
        first.kill()
        lab.answer_by(2)
        until(is_up(lab, guide, 2), "tunnel 1 is given up", dead_after + PATIENCE_SECONDS)
        until(lab.answers, "tunnel 2 carries")
    assert lab.carriers() == [2]
    assert "((2,),)" in office.asks(ENDPOINT, "SELECT 1 + 1").stdout, "MySQL answers by tunnel 2"
    assert there.longest_silence < dead_after + PATIENCE_SECONDS

    with Pinging(lab) as back:
        first.start()
        until(is_up(lab, guide, 1, 2), "tunnel 1 comes up again by itself", PATIENCE_SECONDS)
        lab.answer_by(1)
        until(lambda: lab.carriers() == [1], "tunnel 1 carries again")
    assert back.longest_silence < 2
    assert "((2,),)" in office.asks(ENDPOINT, "SELECT 1 + 1").stdout, "MySQL answers by tunnel 1"
    record_property(
        "measured",
        f"VPN endpoint killed: {there.longest_silence:.1f} s without an answer; back on its tunnel: "
        f"{back.longest_silence:.1f} s",
    )


def test_a_tunnel_that_strongswan_has_given_up_is_started_by_what_the_timer_calls(
    lab: Lab, guide: Path
) -> None:
    first = lab.endpoints[1]
    first.kill()
    first.launch()
    install(lab, guide)
    until(is_up(lab, guide, 2), "tunnel 2 is up alone")
    until(
        lambda: tunnel(guide, 1) not in lab.gateway.execute("swanctl", "--list-sas"), "tunnel 1 is given up"
    )
    first.execute("swanctl", "--load-all")
    lab.gateway.execute("/etc/swanctl/tenantnet.keepup")
    until(is_up(lab, guide, 1, 2), "both tunnels are up")
    assert lab.gateway.execute("/etc/swanctl/tenantnet.keepup") == "", "what is up stays as it is"


@pytest.mark.parametrize(
    ("pattern", "replacement", "words"),
    [
        (r'secret = ".*"', 'secret = "Not_the_key_of_tunnel_1"', "AUTHENTICATION_FAILED"),
        (r"(?<!esp_)proposals = \S+", "proposals = aes128-sha1-modp1024", "NO_PROPOSAL_CHOSEN"),
        (r"esp_proposals = \S+", "esp_proposals = aes128-sha1-modp1024", "NO_PROPOSAL_CHOSEN"),
    ],
    ids=["a wrong key", "weaker algorithms in phase 1", "weaker algorithms in phase 2"],
)
def test_what_is_not_as_the_guide_says_is_refused_and_the_other_tunnel_comes_up(
    lab: Lab, guide: Path, tmp_path: Path, pattern: str, replacement: str, words: str
) -> None:
    altered = tmp_path / "altered"
    shutil.copytree(guide, altered)
    swanctl_conf = altered / "swanctl.conf"
    text = re.sub(pattern, replacement, swanctl_conf.read_text(), count=1)
    swanctl_conf.write_text(text)
    install(lab, altered)
    until(is_up(lab, guide, 2), "tunnel 2 is up alone")
    said = lab.gateway.execute(
        "swanctl", "--initiate", "--child", tunnel(guide, 1), "--timeout", "10", check=False
    )
    assert words in said
    assert lab.gateway.tunnels() == {tunnel(guide, 2)}
