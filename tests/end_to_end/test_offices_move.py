"""Two offices stay with the database while it moves: real strongSwan at both ends, by the guides as they are.

Each office has a gateway with the connections of both networks beside each other, as a company sets them up
for a move, and a client that knows nothing but the endpoint's name.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import boto3
import pytest
from dns.exception import DNSException
from tenantnet.local_cloud.process import LocalCloud

from tests.support.moves import SECRET, longest_gap, migrate, offices_up, status, with_networks
from tests.support.mysql_client import resolver
from tests.support.project import PASSWORD, Project
from tests.support.vpn_guide import downloaded, install, tunnel
from tests.support.vpn_lab import Lab, Leg, made_labs, run, until
from tests.support.vpn_reading import xml_figures
from tests.support.vpn_services import Office, database_at, names_at, written

pytestmark = [pytest.mark.long, pytest.mark.timeout(1800)]

ENDPOINT = "acme.db.example.com"
TABLE = "CREATE TABLE app.entry (office VARCHAR(9), id INT, PRIMARY KEY (office, id))"
LONGEST_GAP_IN_WRITES = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """A slot's network. database: where the lab has it; RDS says it to nobody."""

    cidr: str
    ping_host: str
    database: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    cidr: str
    gateway: str
    inside: str


NETWORKS = {
    "blue": Network(cidr="10.1.2.0/26", ping_host="10.1.2.42", database="10.1.2.5"),
    "green": Network(cidr="10.9.8.64/26", ping_host="10.9.8.106", database="10.9.8.69"),
}
COMPANIES = {
    "seattle": Company(cidr="192.168.4.0/24", gateway="198.51.100.7", inside="192.168.4.1"),
    "oslo": Company(cidr="192.168.8.0/24", gateway="198.51.100.9", inside="192.168.8.1"),
}


def settings(slot: str) -> dict[str, Any]:
    return {
        "cidr": NETWORKS[slot].cidr,
        "vpnConnections": [
            {"companyCidr": each.cidr, "companyGatewayIp": each.gateway, "description": name}
            for name, each in COMPANIES.items()
        ],
    }


@pytest.fixture(scope="module")
def served(lab_machine: None, cell: Project, cloud: LocalCloud, aws: boto3.Session) -> Project:
    """Acme with both networks, to each of which both offices have a connection."""
    for slots in (["blue"], ["blue", "green"]):
        cell.write_tenant("acme", with_networks(**{slot: settings(slot) for slot in slots}))
        cell.up("acme").check()
    offices_up(cloud, aws)
    login = json.dumps({"username": "acmeadmin", "password": PASSWORD})
    aws.client("secretsmanager").create_secret(Name=SECRET, SecretString=login)
    return cell


Labs = dict[tuple[str, str], Lab]


@pytest.fixture
def labs(served: Project, aws: boto3.Session, tmp_path: Path) -> Iterator[Labs]:
    """By office and slot, with AWS's endpoints up."""
    names = {each.cidr: name for name, each in COMPANIES.items()}
    legs: dict[tuple[str, str], Leg] = {}
    for each in aws.client("ec2").describe_vpn_connections()["VpnConnections"]:
        slot = next(tag["Value"] for tag in each["Tags"] if tag["Key"] == "tenantnet:network")
        name, network = names[each["Routes"][0]["DestinationCidrBlock"]], NETWORKS[slot]
        legs[name, slot] = Leg(
            figures=xml_figures(each["CustomerGatewayConfiguration"]),
            network_cidr=network.cidr,
            ping_host=network.ping_host,
            company=name,
            company_cidr=COMPANIES[name].cidr,
            vpc=slot,
            is_narrow=True,
        )
    assert len(legs) == 4
    with made_labs(tmp_path / "lab", [*legs.values()]) as made:
        labs = dict(zip(legs, made, strict=True))
        for lab in made:
            for endpoint in lab.endpoints.values():
                endpoint.start()
            lab.answer_by(1)
        yield labs


@pytest.fixture
def offices(labs: Labs, cloud: LocalCloud, aws: boto3.Session) -> Iterator[dict[str, Office]]:
    """Each office's clients; a database is at its address in its network as soon as there is one."""
    (blue,) = aws.client("rds").describe_db_instances()["DBInstances"]
    host = blue["Endpoint"]["Address"]
    addresses = {f"acme-{slot}": network.database for slot, network in NETWORKS.items()}
    with ExitStack() as stack:
        for slot, network in NETWORKS.items():
            found = partial(address_of, cloud, host.replace("acme-blue", f"acme-{slot}"))
            stack.enter_context(database_at(labs["oslo", slot], network.database, found))
        for name, company in COMPANIES.items():
            port = cloud.running_server().dns_port
            stack.enter_context(names_at(labs[name, "blue"], company.inside, port, addresses))
        yield {
            name: Office(
                lab=labs[name, "blue"],
                authority=cloud.state.authority,
                user="acmeadmin",
                password=PASSWORD,
            )
            for name in COMPANIES
        }


def address_of(cloud: LocalCloud, host: str) -> str:
    """The loopback address of a database. Raises OSError while it has none."""
    try:
        return str(resolver(cloud)(host, "A")[0].to_text())
    except DNSException as error:
        raise OSError(str(error)) from None


def connect(project: Project, labs: Labs, slot: str, folder: Path) -> None:
    """Let each office set up its connection to a network, beside those that it has, by the guide."""
    for name in COMPANIES:
        lab = labs[name, slot]
        before = lab.gateway.tunnels() if lab.gateway.running else set()
        guide = downloaded(project, name, folder / f"{name}-{slot}", "--network", slot)
        install(lab, guide)
        wanted = before | {tunnel(guide, number) for number in (1, 2)}
        until(partial(_has_just, lab, wanted), f"{name} has all tunnels")
        assert lab.answers(), lab.pings()


def _has_just(lab: Lab, tunnels: set[str]) -> bool:
    return lab.gateway.tunnels() == tunnels


def led_to(office: Office) -> str:
    """The address that the endpoint's name has in an office."""
    return run(office.lab.office.inside("getent", "ahostsv4", ENDPOINT)).stdout.split()[0]


def test_both_offices_reach_the_database_by_its_name_before_and_after_a_move(
    served: Project,
    labs: Labs,
    offices: dict[str, Office],
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    connect(served, labs, "blue", tmp_path)
    for statement in ("CREATE DATABASE app", TABLE):
        assert offices["oslo"].asks(ENDPOINT, statement).returncode == 0
    connect(served, labs, "green", tmp_path)
    assert [led_to(each) for each in offices.values()] == [NETWORKS["blue"].database] * 2

    logs = {name: tmp_path / f"{name}.log" for name in offices}
    with ExitStack() as stack:
        for name, office in offices.items():
            statement = f"INSERT INTO app.entry VALUES ('{name}', %s)"  # noqa: S608 - our own name
            stack.enter_context(office.writing(ENDPOINT, statement, logs[name]))
        until(lambda: all(log.stat().st_size for log in logs.values()), "both offices write")
        moved = migrate(served, "run", "acme", "--now", "--strategy", "replica").check()
        sizes = {log: log.stat().st_size for log in logs.values()}
        until(lambda: all(log.stat().st_size > size for log, size in sizes.items()), "both write again")

    assert status(served)["production"] == "green", moved.text
    assert [led_to(each) for each in offices.values()] == [NETWORKS["green"].database] * 2
    gaps = {}
    for name, office in offices.items():
        acknowledged = written(logs[name])
        query = f"SELECT id FROM app.entry WHERE office = '{name}'"  # noqa: S608 - our own name
        kept = office.asks(ENDPOINT, query).stdout
        assert set(acknowledged) <= set(map(int, re.findall(r"\((\d+),\)", kept))), name
        gaps[name] = longest_gap([*acknowledged.values()])
    assert max(gaps.values()) <= LONGEST_GAP_IN_WRITES
    said = ", ".join(f"{name} {gap:.1f} s" for name, gap in gaps.items())
    record_property("measured", f"without a write while the database moved: {said}")

    migrate(served, "retire", "acme", "--yes").check()
    for name in COMPANIES:
        for endpoint in labs[name, "blue"].endpoints.values():
            endpoint.kill()
    for name, office in offices.items():
        assert office.asks(ENDPOINT, "SELECT 1 + 1").stdout.startswith("((2,),)"), name
