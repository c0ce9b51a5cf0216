"""Commands that edit settings files, where neither AWS nor Pulumi is asked."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML
from tenantnet.addresses.addressing import DEFAULT_RESERVED, check_network_cidr
from tenantnet.cli.main import app
from tenantnet.observed.deployed import Deployed
from tenantnet.refusal import Refused
from tenantnet.stacks.outputs import TenantOutputs
from typer.testing import CliRunner, Result

from tests.support.small_settings import PLATFORM, small_project

ACME = """\
# Acme, since 2019

config:
    aws:region:   eu-west-1   # Ireland
    tenantnet:tenant:
        sessionSubnet: '172.17.5.0/24'
        platform: platform-eu1
        networks:   # of Acme
            blue:
                cidr: "10.1.2.0/26"
                vpnConnections:
                - {companyCidr:  192.168.4.0/24, companyGatewayIp: 198.51.100.7, description: 'HQ  west' }
                # - nothing more for now
        # the smallest that bears the load
        database: {username: acmeadmin,   instanceClass: db.t4g.small }
    tenantnet:databasePassword:
        secure: v1:T7Pc+q3J98LGY4ta:ko33DMK/8LuKeBwSvf+2aj8CWtdFLtFtQEphjO4P5Q==
encryptionsalt: v1:DiETY1jaAUo=:v1:fkk8SYbCLk5H2uZx:Pw7WMamFDI7xZ6tTF7aBb3Zn0oPQVw==
"""
PLACE = (
    "--account 123456789012 --region eu-west-1 --cell eu1 --state-bucket pulumi-state "
    "--secrets-key 1234abcd-12ab-34cd-56ef-1234567890ab --zone db.example.com"
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with a platform and the tenant acme, in which commands run."""
    monkeypatch.chdir(small_project(tmp_path, acme=ACME))
    return tmp_path


def run(command: str) -> Result:
    return CliRunner().invoke(app, command.split(), catch_exceptions=True)


def refused(command: str) -> str:
    error = run(command).exception
    assert isinstance(error, Refused), f"{command} was not refused: {error!r}"
    return str(error)


def settings(folder: Path, tenant: str) -> dict[str, Any]:
    document = YAML(typ="safe").load(folder / "tenants" / f"Pulumi.{tenant}.yaml")
    found: dict[str, Any] = document["config"]["tenantnet:tenant"]
    return found


def test_an_added_network_gets_a_permitted_range_and_every_other_byte_stays(folder: Path) -> None:
    result = run("network add acme --auto --no-vpn --offline")
    assert result.exit_code == 0, result.output
    edited = (folder / "tenants" / "Pulumi.acme.yaml").read_text()
    added = re.search(r" {12}green:\n {16}cidr: (\S+)\n", edited)
    assert added
    assert edited.replace(added[0], "") == ACME
    assert check_network_cidr(added[1], DEFAULT_RESERVED) == []
    assert added[1] in result.output


def test_an_added_network_has_the_companies_of_the_other_one(folder: Path) -> None:
    oslo = """
                - companyCidr: 192.168.9.0/24
                  companyGatewayIp: 198.51.100.9
                  description: 'Oslo: #1'"""
    file = folder / "tenants" / "Pulumi.acme.yaml"
    file.write_text(ACME.replace("'HQ  west' }", f"'HQ  west' }}{oslo}"))
    result = run("network add acme --cidr 10.9.9.0/26 --offline")
    assert result.exit_code == 0, result.output
    blue, green = settings(folder, "acme")["networks"].values()
    assert green == {"cidr": "10.9.9.0/26", "vpnConnections": blue["vpnConnections"]}
    assert "VPN connection of its own for HQ  west, Oslo: #1, with new addresses and keys" in result.output


def test_an_added_network_has_no_companies_if_it_is_to_have_none(folder: Path) -> None:
    assert "It has no VPN connections" in run("network add acme --no-vpn --offline").output
    assert "vpnConnections" not in settings(folder, "acme")["networks"]["green"]


def test_what_will_happen_at_the_next_update_is_said(folder: Path) -> None:
    output = run("network add acme --cidr 10.9.9.0/26 --offline").output
    assert "network green 10.9.9.0/26" in output
    assert "Nothing is created in AWS yet" in output
    assert "tenantnet up acme" in output
    assert "ping host 10.9.9.42" in output


@pytest.mark.parametrize(
    ("cidr", "words"),
    [
        ("10.33.0.0/26", "reserved for services"),
        ("10.9.9.0/25", "a tenant network is a /26"),
        ("10.9.9.1/26", "names one address inside"),
        ("8.8.8.0/26", "lies inside 10.0.0.0/8"),
        ("x:{y}", "four decimal numbers"),
    ],
)
def test_a_range_that_is_not_permitted_is_refused_and_the_file_stays(
    folder: Path, cidr: str, words: str
) -> None:
    assert words in refused(f"network add acme --cidr {cidr} --offline")
    assert (folder / "tenants" / "Pulumi.acme.yaml").read_text() == ACME


def test_a_range_of_another_tenants_settings_is_refused_by_its_name(folder: Path) -> None:
    beta = ACME.replace("172.17.5.0", "172.17.6.0").replace("10.1.2.0", "10.9.9.0")
    (folder / "tenants" / "Pulumi.beta.yaml").write_text(beta)
    text = refused("network add acme --cidr 10.9.9.0/26 --offline")
    assert "tenant beta holds it for its network blue (stack beta)" in text


def test_a_third_network_is_refused_with_the_way_to_make_room(folder: Path) -> None:
    run("network add acme --offline")
    assert "tenantnet network delete acme" in refused("network add acme --offline")


def test_a_slot_that_is_taken_is_refused_with_the_free_one(folder: Path) -> None:
    assert "add green instead" in refused("network add acme --slot blue --offline")


def test_a_range_is_either_given_or_chosen(folder: Path) -> None:
    assert "leave out one of --cidr and --auto" in refused(
        "network add acme --auto --cidr 10.9.9.0/26 --offline"
    )


def test_the_only_network_is_not_deleted(folder: Path) -> None:
    assert "blue is the only network of acme" in refused("network delete acme blue")
    assert (folder / "tenants" / "Pulumi.acme.yaml").read_text() == ACME


def test_a_network_that_is_not_in_the_settings_is_not_deleted(folder: Path) -> None:
    assert "acme has blue only" in refused("network delete acme green")


def test_a_slot_that_does_not_exist_is_a_usage_error(folder: Path) -> None:
    assert run("network delete acme purple").exit_code == 2


def test_a_file_whose_form_cannot_be_edited_is_left_alone_and_the_change_is_told(folder: Path) -> None:
    path = folder / "tenants" / "Pulumi.acme.yaml"
    networks = "networks:   # of Acme\n            blue:"
    text = ACME.replace(networks, "networks:\n            ? blue\n            :")
    path.write_text(text)
    assert "under networks add green: {cidr: 10.9.9.0/26}" in refused(
        "network add acme --cidr 10.9.9.0/26 --offline"
    )
    assert path.read_text() == text


def test_networks_are_listed_as_json(folder: Path) -> None:
    assert json.loads(run("network list acme --json").output) == {
        "tenant": "acme",
        "networks": [{"slot": "blue", "cidr": "10.1.2.0/26", "pingHost": "10.1.2.42", "vpnConnections": 1}],
    }


def test_networks_are_listed_as_a_table(folder: Path) -> None:
    assert re.search(r"blue +10\.1\.2\.0/26 +10\.1\.2\.42 +1", run("network list acme").output)


def test_a_new_tenant_gets_ranges_that_nobody_has_and_the_platforms_region(folder: Path) -> None:
    result = run("tenant add beta --platform platform-eu1 --username betaadmin --offline")
    assert result.exit_code == 0, result.output
    made = settings(folder, "beta")
    assert made["platform"] == "platform-eu1"
    assert made["sessionSubnet"] not in (None, "172.17.5.0/24")
    assert made["database"] == {
        "username": "betaadmin",
        "instanceClass": "db.t4g.small",
        "storageGb": 100,
        "multiAz": False,
    }
    document = YAML(typ="safe").load(folder / "tenants" / "Pulumi.beta.yaml")
    assert document["config"]["aws:region"] == "eu-west-1"
    assert "secretsprovider" not in document


def test_a_new_tenants_secrets_are_encrypted_with_the_key_of_its_platforms(folder: Path) -> None:
    key = "awskms://alias/your-key?region=eu-west-1"
    file = folder / "tenants" / "Pulumi.platform-eu1.yaml"
    file.write_text(f'secretsprovider: "{key}"\n{file.read_text()}encryptedkey: AAAA\n')
    assert run("tenant add beta --platform platform-eu1 --username betaadmin --offline").exit_code == 0
    document = YAML(typ="safe").load(folder / "tenants" / "Pulumi.beta.yaml")
    assert (document["secretsprovider"], "encryptedkey" in document) == (key, False)
    assert run("settings check").exit_code == 0


def test_a_new_tenant_is_told_what_makes_stack_and_password_and_what_the_update_does(folder: Path) -> None:
    output = run("tenant add beta --platform platform-eu1 --username betaadmin --offline").output
    assert "tenantnet up beta --create\n" in output
    assert "answer no" in output
    assert "Nothing is created in AWS yet" in output


def test_what_is_given_for_a_new_tenant_is_what_is_written(folder: Path) -> None:
    result = run(
        "tenant add beta --platform platform-eu1 --username betaadmin --session-subnet 172.17.9.0/24 "
        "--cidr 192.168.7.64/26 --instance-class db.r7g.large --storage-gb 400 --multi-az --offline"
    )
    assert result.exit_code == 0, result.output
    made = settings(folder, "beta")
    assert made["sessionSubnet"] == "172.17.9.0/24"
    assert made["networks"] == {"blue": {"cidr": "192.168.7.64/26"}}
    assert made["database"] == {
        "username": "betaadmin",
        "instanceClass": "db.r7g.large",
        "storageGb": 400,
        "multiAz": True,
    }


def test_everything_wrong_with_a_new_tenant_is_said_at_once_and_no_file_is_made(folder: Path) -> None:
    text = refused(
        "tenant add beta --platform platform-eu1 --username admin. --session-subnet 172.18.0.0/24 "
        "--cidr 10.1.2.0/25 --storage-gb 5 --offline"
    )
    for place in ("database.username", "database.storageGb", "sessionSubnet", "networks.blue.cidr"):
        assert place in text
    assert not (folder / "tenants" / "Pulumi.beta.yaml").exists()


def test_a_session_subnet_lies_inside_its_own_platforms_sessions_network(folder: Path) -> None:
    platform = PLATFORM + "    sessions: {cidr: 172.17.0.0/20}\n"
    (folder / "tenants" / "Pulumi.platform-eu1.yaml").write_text(platform)
    command = "tenant add beta --platform platform-eu1 --username betaadmin --offline"
    assert "172.17.0.0/20" in refused(f"{command} --session-subnet 172.17.200.0/24")
    assert run(command).exit_code == 0
    assert str(settings(folder, "beta")["sessionSubnet"]).split(".")[2] in map(str, range(16))


def test_a_session_subnet_is_none_that_its_platform_shares(folder: Path) -> None:
    # All but one are taken or shared, so a choice that overlooked either could hardly hit the free one.
    shared = "sharedSubnets: [172.17.0.0/22, 172.17.4.0/24, 172.17.6.0/24]"
    platform = f"{PLATFORM}    sessions: {{cidr: 172.17.0.0/21, {shared}}}\n"
    (folder / "tenants" / "Pulumi.platform-eu1.yaml").write_text(platform)
    command = "tenant add beta --platform platform-eu1 --username betaadmin --offline"
    assert "every tenant's sessions reach 172.17.0.0/22" in refused(
        f"{command} --session-subnet 172.17.3.0/24"
    )
    assert run(command).exit_code == 0
    assert settings(folder, "beta")["sessionSubnet"] == "172.17.7.0/24"


def test_what_is_wrong_in_itself_and_beside_others_is_said_together_and_once(folder: Path) -> None:
    text = refused(
        "tenant add beta --platform platform-eu1 --username 5 --session-subnet 172.18.0.0/24 "
        "--cidr 10.1.2.0/26 --offline"
    )
    assert "tenant acme holds it" in text
    assert "database.username" in text
    assert text.count("- sessionSubnet: 172.18.0.0/24") == 1


def test_both_taken_ranges_of_a_new_tenant_are_said_at_once(folder: Path) -> None:
    text = refused(
        "tenant add beta --platform platform-eu1 --username betaadmin --session-subnet 172.17.5.0/24 "
        "--cidr 10.1.2.0/26 --offline"
    )
    assert text.count("tenant acme holds it") == 2


@pytest.mark.parametrize("name", ["../beta", "Beta", "a", "platform-x", "-beta", "beta.yaml", "x" * 21])
def test_a_name_that_is_none_is_refused_before_it_becomes_part_of_a_path(folder: Path, name: str) -> None:
    before = sorted(folder.rglob("*"))
    error = (
        CliRunner()
        .invoke(
            app,
            [
                "tenant",
                "add",
                "--platform",
                "platform-eu1",
                "--username",
                "betaadmin",
                "--offline",
                "--",
                name,
            ],
        )
        .exception
    )
    assert isinstance(error, Refused)
    assert sorted(folder.rglob("*")) == before


def test_a_tenant_that_is_there_is_not_added_again(folder: Path) -> None:
    assert "settings file Pulumi.acme.yaml already" in refused(
        "tenant add acme --platform platform-eu1 --username acmeadmin --offline"
    )


def test_an_unknown_platform_is_refused_with_the_nearest(folder: Path) -> None:
    assert "did you mean platform-eu1" in refused(
        "tenant add beta --platform platform-eu2 --username betaadmin --offline"
    )


@pytest.mark.parametrize(
    "command", ["status", "tenant add", "network list", "network add", "network delete", "claims audit"]
)
def test_the_help_of_each_command_has_an_example(command: str) -> None:
    result = run(f"{command} --help")
    assert result.exit_code == 0
    assert f"Example: tenantnet {command}" in result.output


@pytest.mark.parametrize(
    "command",
    [
        "network add acme --offline --cidr=",
        "tenant add beta --offline --platform platform-eu1 --username beta --cidr=",
        "tenant add beta --offline --platform platform-eu1 --username beta --session-subnet=",
    ],
)
def test_an_empty_range_is_refused_and_not_taken_for_none(folder: Path, command: str) -> None:
    assert "problem" in refused(command)


@pytest.mark.parametrize(
    "command", ["status {}", "open {}", "topology {}", "database show {}", "vpn list {}", "vpn devices {}"]
)
@pytest.mark.parametrize("name", ["Acme!", "platform-eu1", "acme-blue"])
def test_a_name_that_no_tenant_can_have_is_refused_where_there_is_no_engine(
    folder: Path, monkeypatch: pytest.MonkeyPatch, command: str, name: str
) -> None:
    monkeypatch.setenv("PATH", str(folder))
    assert name in refused(command.format(name))


def test_usage_has_every_argument_in_capitals_and_once_in_brackets(folder: Path) -> None:
    shown = {
        command: run(f"{command} --help").output for command in ("status", "fleet status", "network delete")
    }
    assert "status [OPTIONS] {TENANT}" in shown["status"]
    assert "status [OPTIONS] [TENANT]...\n" in shown["fleet status"]
    assert "delete [OPTIONS] {TENANT} {SLOT}" in shown["network delete"]


@pytest.mark.parametrize(
    "command",
    [
        "network add acme --slot {}",
        "network delete acme {}",
        "network {}",
        "{}",
        "network add --{}",
        "network add {} --auto",
    ],
)
def test_a_name_of_thousands_of_characters_is_not_repeated(folder: Path, command: str) -> None:
    result = run(command.format("x" * 9_000))
    assert len(result.output + str(result.exception)) < 1_500
    assert result.exit_code != 0


def commit(folder: Path) -> None:
    """Make the folder's files the branch main of a repository."""
    for step in ("init --initial-branch main", "add --all", "commit --message base"):
        identity = ["-c", "user.name=Tester", "-c", "user.email=tester@example.com"]
        subprocess.run(["git", *identity, *step.split()], cwd=folder, check=True, capture_output=True)


def test_a_check_against_a_commit_refuses_a_removed_file_of_what_is_still_protected(folder: Path) -> None:
    tenants = folder / "tenants"
    (tenants / "Pulumi.left.yaml").write_text(
        ACME.replace("tenant:\n", "tenant:\n        retiring: true\n", 1)
    )
    commit(folder)
    (tenants / "Pulumi.left.yaml").unlink()
    assert run("settings check --base main").exit_code == 0
    (tenants / "Pulumi.acme.yaml").unlink()
    assert run("settings check").exit_code == 0
    checked = run("settings check --base main")
    assert checked.exit_code == 2
    assert "tenants/Pulumi.acme.yaml:1: error: a stack that is protected keeps" in checked.output
    assert "tenantnet tenant remove acme" in checked.output
    assert "left" not in checked.output
    # Who names files asks for those.
    assert run("settings check --base main tenants/Pulumi.platform-eu1.yaml").exit_code == 0


def test_a_check_against_a_commit_tells_of_a_deployed_range_only_how_to_keep_it(folder: Path) -> None:
    commit(folder)
    file = folder / "tenants" / "Pulumi.acme.yaml"
    file.write_text(ACME.replace("10.1.2.0/26", "10.33.4.0/26"))
    assert "choose a range outside 10.32.0.0/12" in run("settings check").output
    checked = run("settings check --base main").output
    assert "put 10.1.2.0/26 back" in checked
    assert "choose a range" not in checked


def test_a_check_against_a_commit_refuses_what_the_deployed_database_cannot_take(folder: Path) -> None:
    commit(folder)
    file = folder / "tenants" / "Pulumi.acme.yaml"
    file.write_text(ACME.replace("username: acmeadmin,", "username: other, storageGb: 50,"))
    assert run("settings check").exit_code == 0
    checked = run("settings check --base main")
    assert checked.exit_code == 2
    assert "database.username: other\n  rule:   a database's first user stays" in checked.output
    assert "remedy: put acmeadmin back" in checked.output
    assert "database.storageGb: 50\n  rule:   storage only grows" in checked.output
    assert "--base: elsewhere" in refused("settings check --base elsewhere")


@pytest.mark.parametrize(
    "command",
    ["status acme", "vpn status acme", "vpn list acme", "database show acme", "vpn list acme --json"],
)
def test_what_is_known_without_the_settings_is_shown_and_a_file_that_cannot_be_read_is_named(
    folder: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    for module in ("observed.status.read", "vpn.read"):
        monkeypatch.setattr(f"tenantnet.{module}.read_stack", lambda *_: (TenantOutputs(), "eu-west-1"))
    for module in ("observed.status.read", "vpn.read", "vpn.status"):
        monkeypatch.setattr(f"tenantnet.{module}.observe", lambda *_: Deployed())
    assert run(command).exit_code == 0
    (folder / "tenants" / "Pulumi.acme.yaml").write_bytes(b"config: \xff\n")
    found = run(command)
    assert (found.exit_code, "acme" in found.stdout) == (1, True)
    assert "not UTF-8" in found.stderr
    (folder / "tenants" / "Pulumi.acme.yaml").unlink()
    assert run(command).exit_code == 0, "a tenant may be deployed from settings that are not here"


def test_no_range_is_given_away_beside_a_file_that_cannot_be_read(folder: Path) -> None:
    (folder / "tenants" / "Pulumi.delta.yaml").write_text("config:\n\t- a\n")
    said = refused(
        "vpn add acme --offline --company-cidr 192.168.9.0/24 --gateway-ip 198.51.100.9 --description Lima"
    )
    assert "Pulumi.delta.yaml" in said
    assert "the ones of this file would count as free" in " ".join(said.split())


@pytest.mark.parametrize(
    ("command", "named"),
    [
        ("up acme --policy-pack-config nowhere.json", "--policy-pack-config: nowhere.json"),
        ("review --base main --policy-pack-config tenants", "--policy-pack-config: tenants"),
        ("review --base main --output Pulumi.yaml", "--output: Pulumi.yaml"),
        ("vpn download acme x --output Pulumi.yaml/acme", "--output: Pulumi.yaml/acme"),
        (f"permissions Pulumi.yaml {PLACE}", "OUTPUT: Pulumi.yaml"),
        (f"permissions policies {PLACE} --record nowhere", "--record: nowhere"),
    ],
)
def test_a_place_that_an_option_names_is_looked_at_before_anything_is_done(
    folder: Path, command: str, named: str
) -> None:
    assert re.search(
        rf"- {named}\n(.|\n)* (is no file that you may read|is no folder that you may)", refused(command)
    )
    assert sorted(each.name for each in folder.iterdir()) == ["Pulumi.yaml", "tenants"]
