"""The ways to a tenant's database, as people type them."""

from __future__ import annotations

import shlex

import pytest
from tenantnet.cli.open_database import _print
from tenantnet.stacks.outputs import TenantOutputs
from tenantnet.tunnel.connecting import Connecting, connecting

OUTPUTS = {
    "production": "blue",
    "endpoint": "acme.db.example.com",
    "sessionSubnet": "172.17.5.0/24",
    "networks": {
        slot: {
            "cidr": cidr,
            "vpcId": "vpc-1",
            "pingHost": "10.1.2.42",
            "pingHostId": "i-1",
            "vpnConnections": [
                {
                    "id": f"vpn-{slot}",
                    "companyCidr": "192.168.4.0/24",
                    "companyGatewayIp": "198.51.100.7",
                    "description": f"office of {slot}",
                }
            ],
        }
        for slot, cidr in {"blue": "10.1.2.0/26", "green": "10.9.9.0/26"}.items()
    },
    "database": {"identifier": "acme-blue", "address": "x.rds", "port": 3306, "username": "acmeadmin"},
}


def ways(local_ca: str | None = None) -> Connecting:
    outputs = TenantOutputs.read("acme", OUTPUTS)
    found = connecting("acme", outputs, region="eu-west-1", local_port=2202, local_ca=local_ca)
    assert found
    return found


def test_there_is_a_way_for_each_company_of_the_production_network_the_sessions_and_a_tunnel() -> None:
    assert [(way.way, way.opens_to.split(",")[0]) for way in ways().ways] == [
        ("vpn", "office of blue"),
        ("session", "acme's sessions"),
        ("tunnel", "the settings' tunnelUsers"),
    ]


def test_companies_and_sessions_use_the_endpoint_and_tunnels_this_machine() -> None:
    assert [(way.host, way.port) for way in ways().ways] == [
        ("acme.db.example.com", 3306),
        ("acme.db.example.com", 3306),
        ("127.0.0.1", 2202),
    ]
    assert ways().ways[2].before == ["tenantnet tunnel start acme --local-port 2202"]


def test_every_client_verifies_the_authority_and_asks_for_the_password() -> None:
    for way in ways().ways:
        words = shlex.split(way.mysql)
        assert {"--ssl-mode=VERIFY_CA", "--ssl-ca=eu-west-1-bundle.pem", "--password"} <= set(words)
        assert not any(word.startswith("--password=") for word in words)


def test_the_local_cloud_has_an_authority_of_its_own() -> None:
    found = ways("/tmp/my cloud/ca.pem")  # noqa: S108 - only a name
    assert found.ca_url is None
    assert "--ssl-ca=/tmp/my cloud/ca.pem" in shlex.split(found.ways[0].mysql)


@pytest.mark.parametrize("missing", ["endpoint", "database"])
def test_before_the_first_update_there_is_no_way(missing: str) -> None:
    outputs = TenantOutputs.read("acme", {**OUTPUTS, missing: None})
    assert connecting("acme", outputs, region="eu-west-1", local_port=2201) is None


def test_mariadbs_client_verifies_too_by_the_name_in_the_certificate() -> None:
    """It has no --ssl-mode: https://mariadb.com/kb/en/mariadb-command-line-client/."""
    commands = [shlex.split(way.mariadb) for way in ways().ways]
    assert {words[0] for words in commands} == {"mariadb"}
    assert not any(word.startswith("--ssl-mode") for words in commands for word in words)
    assert all(
        {"--ssl-verify-server-cert", "--ssl-ca=eu-west-1-bundle.pem"} <= set(each) for each in commands
    )
    assert [words[1] for words in commands] == ["--host=x.rds", "--host=x.rds", "--host=127.0.0.1"]


def test_what_is_shown_ends_with_the_command_that_has_the_password(
    capsys: pytest.CaptureFixture[str],
) -> None:
    _print(ways())
    *_, whose, command = capsys.readouterr().out.splitlines()
    assert "gets that of acmeadmin by" in whose
    assert command == "  pulumi config get tenantnet:databasePassword --stack acme"
