"""VPN connections in settings files: added and deleted in place, and nothing else touched."""

from __future__ import annotations

from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML
from tenantnet.cli.main import app
from tenantnet.refusal import Refused
from tenantnet.settings.edit import NotEditableError, add_item, remove_item
from typer.testing import CliRunner, Result

from tests.support.small_settings import small_project

HEAD = """\
# Acme, since 2019
config:
  aws:region:   eu-west-1   # Ireland
  tenantnet:tenant:
    sessionSubnet: '172.17.5.0/24'
    platform: platform-eu1
    networks:
"""
TAIL = """\
    # the smallest that bears the load
    database: {username: acmeadmin}
"""
FLOW = """\
      blue:
        cidr: 10.1.2.0/26
        vpnConnections:   # of Acme
        - {companyCidr:  192.168.4.0/24, companyGatewayIp: 198.51.100.7, description: 'HQ  west' }
        # - nothing more for now
"""
BLOCK = """\
      blue:
        cidr: 10.1.2.0/26
        vpnConnections:
          - companyCidr: 192.168.4.0/24
            companyGatewayIp: 198.51.100.7
            description: HQ west
"""
FORMS = {
    "block items": BLOCK,
    "flow items": FLOW,
    "no key": "      blue:\n        cidr: 10.1.2.0/26   # the only one\n",
    "an empty list": "      blue:\n        cidr: 10.1.2.0/26\n        vpnConnections: []\n",
    "a flow network": "      blue: {cidr: 10.1.2.0/26}\n",
    "a flow list": "      blue: {cidr: 10.1.2.0/26, vpnConnections: [{companyCidr: 192.168.4.0/24, "
    "companyGatewayIp: 198.51.100.7, description: HQ west}]}\n",
}
ADD = ["--offline", "--company-cidr", "192.168.8.0/24", "--gateway-ip", "198.51.100.9", "--description"]


@pytest.fixture
def acme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The settings file of acme, in a project in which commands run."""
    monkeypatch.chdir(small_project(tmp_path))
    return tmp_path / "tenants" / "Pulumi.acme.yaml"


def run(*command: str) -> Result:
    return CliRunner().invoke(app, ["vpn", *command])


def refused(*command: str) -> str:
    error = run(*command).exception
    assert isinstance(error, Refused), f"{command} was not refused: {error!r}"
    return str(error)


def connections(file: Path, slot: str = "blue") -> list[dict[str, str]]:
    networks = YAML(typ="safe").load(file)["config"]["tenantnet:tenant"]["networks"]
    found: list[dict[str, str]] = networks[slot].get("vpnConnections", [])
    return found


@pytest.mark.parametrize(
    "text", ["a\x9bb", "a\x7fb", "a\x1b[31mb", "a\u202eb", "a\u2028b", "a\n  remedy: b", "a\rb", "a\x85b"]
)
@pytest.mark.parametrize(
    "form", [HEAD + BLOCK + TAIL, "config: &a\n  tenantnet:tenant: *a\n"], ids=["good", "odd"]
)
def test_no_character_of_a_description_reaches_the_terminal_but_printable_ones(
    acme: Path, text: str, form: str
) -> None:
    acme.write_text(form)
    said = refused("add", "acme", *ADD, text)
    assert all(each.isprintable() or each == "\n" for each in said)
    assert "\n  remedy: b" not in said


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_a_connection_added_and_deleted_leaves_every_byte_as_it_was(acme: Path, form: str) -> None:
    acme.write_text(HEAD + form + TAIL)
    before = acme.read_text()
    assert run("add", "acme", *ADD, "Utrecht").exit_code == 0
    assert connections(acme)[-1] == {
        "companyCidr": "192.168.8.0/24",
        "companyGatewayIp": "198.51.100.9",
        "description": "Utrecht",
    }
    assert run("delete", "acme", "Utrecht").exit_code == 0
    assert acme.read_text() == before.replace("        vpnConnections: []\n", "")


def test_other_connections_are_named_where_there_are_some(acme: Path) -> None:
    stays = "other VPN connections stay up"
    acme.write_text(HEAD + FORMS["no key"] + TAIL)
    said = run("add", "acme", *ADD, "Utrecht").output
    assert (stays in said, "about 4 minutes at AWS.\nAfter it" in said) == (False, True)
    acme.write_text(HEAD + BLOCK + TAIL)
    assert stays in run("add", "acme", *ADD, "Utrecht").output


def test_an_id_of_aws_names_nothing_in_the_settings_and_it_is_said_where_it_is_named(acme: Path) -> None:
    acme.write_text(HEAD + BLOCK + TAIL)
    said = refused("delete", "acme", "vpn-0a1b2c3d4e5f60718")
    assert "has this company CIDR or description in the settings, which have no IDs" in said
    assert "`tenantnet vpn list acme` shows them" in said


@pytest.mark.parametrize("form", [BLOCK, FLOW], ids=["block items", "flow items"])
def test_the_first_of_two_is_deleted_and_the_second_stays(acme: Path, form: str) -> None:
    acme.write_text(HEAD + form + TAIL)
    run("add", "acme", *ADD, "Utrecht")
    assert run("delete", "acme", "192.168.4.0/24").exit_code == 0
    assert [each["description"] for each in connections(acme)] == ["Utrecht"]


@pytest.mark.parametrize(
    "description",
    ["Utrecht: HQ", "a # b", "yes", "1.5", "{x}", "'t Gooi", 'say "x"', "Zürich, 2. Stock", "- x"],
)
def test_a_description_of_any_characters_comes_back_as_it_was(acme: Path, description: str) -> None:
    acme.write_text(HEAD + BLOCK + TAIL)
    result = run("add", "acme", *ADD, description)
    assert result.exit_code == 0, result.exception
    assert connections(acme)[-1]["description"] == description


def test_what_will_happen_at_the_next_update_is_said(acme: Path) -> None:
    acme.write_text(HEAD + BLOCK + TAIL)
    said = run("add", "acme", *ADD, "Utrecht").output
    assert "tenants/Pulumi.acme.yaml: network blue with a VPN connection to Utrecht" in said
    assert "`tenantnet up acme` creates the customer gateway 198.51.100.9" in said
    assert "tenantnet vpn download acme 192.168.8.0/24 --network blue" in said
    said = run("delete", "acme", "Utrecht").output
    assert "`tenantnet up acme` deletes it: both its tunnels go down" in said


def test_everything_wrong_with_a_connection_is_said_at_once_and_the_file_stays(acme: Path) -> None:
    acme.write_text(HEAD + BLOCK + TAIL)
    before = acme.read_bytes()
    wrong = ["--offline", "--company-cidr", "8.8.8.0/24", "--gateway-ip", "10.0.0.1", "--description", " "]
    said = refused("add", "acme", *wrong)
    for place in ("companyCidr", "companyGatewayIp", "description"):
        assert f"networks.blue.vpnConnections[1].{place}" in said
    assert acme.read_bytes() == before


def test_a_company_that_overlaps_another_of_the_network_is_refused(acme: Path) -> None:
    acme.write_text(HEAD + BLOCK + TAIL)
    overlapping = ["--offline", "--company-cidr", "192.168.4.0/25", "--gateway-ip", "198.51.100.9"]
    assert "networks.blue.vpnConnections[1]" in refused("add", "acme", *overlapping, "--description", "x")


@pytest.mark.parametrize("others", ["192.168.8.64/26", "192.168.8.0/24", "192.168.0.0/16"])
def test_a_company_over_the_network_of_another_tenant_is_refused(acme: Path, others: str) -> None:
    acme.write_text(HEAD + BLOCK + TAIL)
    (acme.parent / "Pulumi.beta.yaml").write_text(acme.read_text().replace("10.1.2.0/26", others))
    before = acme.read_bytes()
    said = refused("add", "acme", *ADD, "Utrecht")
    assert f"{others} is tenant beta's network blue" in said
    assert acme.read_bytes() == before


def test_of_two_networks_one_must_be_named(acme: Path) -> None:
    acme.write_text(HEAD + BLOCK + "      green:\n        cidr: 10.9.9.0/26\n" + TAIL)
    assert "--network blue or --network green" in refused("add", "acme", *ADD, "Utrecht")
    assert run("add", "acme", *ADD, "Utrecht", "--network", "green").exit_code == 0
    assert [each["description"] for each in connections(acme, "green")] == ["Utrecht"]
    assert len(connections(acme)) == 1


def test_a_network_that_is_not_there_is_refused(acme: Path) -> None:
    acme.write_text(HEAD + BLOCK + TAIL)
    assert "acme has the networks blue" in refused("add", "acme", *ADD, "Utrecht", "--network", "green")


def test_a_connection_that_is_not_there_is_refused_and_the_file_stays(acme: Path) -> None:
    acme.write_text(HEAD + BLOCK + TAIL)
    before = acme.read_bytes()
    assert "did you mean HQ west" in refused("delete", "acme", "HQ vest")
    assert acme.read_bytes() == before


texts = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S")), min_size=1, max_size=20)
items = st.fixed_dictionaries({"companyCidr": texts, "description": texts})


@given(
    before=st.lists(items, max_size=3),
    item=items,
    beside=st.dictionaries(st.text("abc", min_size=1), st.one_of(texts, st.lists(texts, max_size=3))),
    flow=st.sampled_from([None, True, False]),
    indent=st.sampled_from([(2, 2, 0), (4, 4, 2), (2, 4, 2)]),
)
def test_whatever_the_file_holds_an_item_added_and_removed_leaves_it_as_it_was(
    before: list[dict[str, str]],
    item: dict[str, str],
    beside: dict[str, Any],
    flow: bool | None,
    indent: tuple[int, int, int],
) -> None:
    text = dumped({"networks": {"blue": {"cidr": "x", "vpn": before}, **beside}, "after": 1}, flow, indent)
    path = ("networks", "blue", "vpn")
    try:
        added = add_item(text, path, item)
        removed = remove_item(added, path, len(before))
    except NotEditableError:
        return  # never a wrong edit: a person makes it by hand
    assert YAML(typ="safe").load(added)["networks"]["blue"]["vpn"] == [*before, item]
    if before:
        assert removed == text
    else:
        assert YAML(typ="safe").load(removed)["networks"]["blue"] == {"cidr": "x"}


def dumped(data: dict[str, Any], flow: bool | None, indent: tuple[int, int, int]) -> str:
    text, yaml = StringIO(), YAML(pure=True)
    yaml.default_flow_style, yaml.width = flow, 100_000
    yaml.indent(mapping=indent[0], sequence=indent[1], offset=indent[2])
    yaml.dump(data, text)
    return text.getvalue()
