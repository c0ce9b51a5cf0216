"""Settings files as they lie on disk: judged one by one and beside each other, and the command for it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import boto3
import jsonschema  # type: ignore[import-untyped]
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML
from tenantnet.addresses.addressing import DEFAULT_RESERVED, ReservedRange
from tenantnet.cli.settings import app
from tenantnet.refusal import Refused
from tenantnet.settings.aws_keys import PERMITTED
from tenantnet.settings.files import FileVerdict, judge_file, load_file, read_defaults
from tenantnet.settings.models import PlatformSettings, TenantSettings
from tenantnet.settings.project import StackKind
from tenantnet.settings.relations import beside_platform
from tenantnet.settings.rules import MAX_FILE_BYTES
from tenantnet.settings.schema import file_schema
from typer.testing import CliRunner

from tests.support.broken_settings import as_yaml, broken_files, good_file
from tests.support.clone import CLONE
from tests.support.examples import examples

OVER_ACME = {
    "blue": {
        "cidr": "10.9.9.0/26",
        "vpnConnections": [
            {"companyCidr": "10.1.0.0/20", "companyGatewayIp": "198.51.100.9", "description": "Office"}
        ],
    }
}


class Tree:
    """A project with settings files that a test may write."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "tenants").mkdir()
        self.set_project()

    @property
    def project(self) -> Path:
        return self.folder / "Pulumi.yaml"

    def set_project(self, **config: object) -> None:
        project = {"name": "tenantnet", "runtime": "python", "stackConfigDir": "tenants", "config": config}
        self.project.write_text(as_yaml(project), encoding="utf-8")

    def write(self, stack: str, text: str) -> Path:
        path = self.folder / "tenants" / f"Pulumi.{stack}.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    def tenant(self, stack: str, **changes: object) -> Path:
        """A good tenant's file with other top-level settings."""
        document = good_file("tenant")
        document["config"]["tenantnet:tenant"].update(changes)
        return self.write(stack, as_yaml(document))

    def platform(self, stack: str = "platform-eu1", **changes: object) -> Path:
        """A good platform's file with other top-level settings."""
        document = good_file("platform")
        document["config"]["tenantnet:platform"].update(changes)
        return self.write(stack, as_yaml(document))


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tree:
    monkeypatch.chdir(tmp_path)
    return Tree(tmp_path)


def check(*files: Path | str) -> Any:
    return CliRunner().invoke(app, ["check", *map(str, files)])


def judge(path: Path, project: Path) -> FileVerdict:
    return judge_file(path, read_defaults(project))


def refused_rules(path: Path, project: Path) -> list[str]:
    return [refusal.rule_id for refusal in judge(path, project).refusals]


def test_a_file_gives_the_settings_of_its_kind_under_its_name(tree: Tree) -> None:
    tenant = load_file(tree.tenant("acme"), tree.project)
    platform = load_file(tree.platform(), tree.project)
    assert isinstance(tenant, TenantSettings)
    assert isinstance(platform, PlatformSettings)
    assert (tenant.name, platform.cell) == ("acme", "eu1")


def test_the_projects_own_settings_files_are_all_right() -> None:
    for path in (CLONE / "tenants").glob("Pulumi.*.yaml"):
        load_file(path, CLONE / "Pulumi.yaml")


def test_a_broken_file_is_refused_under_its_path(tree: Tree) -> None:
    path = tree.tenant("acme", platform="eu1")
    with pytest.raises(Refused) as refused:
        load_file(path, tree.project)
    assert refused.value.subject == "tenants/Pulumi.acme.yaml"
    assert [refusal.path for refusal in refused.value.refusals] == ["platform"]


def test_a_file_without_password_is_all_right_until_it_is_deployed(tree: Tree) -> None:
    document = good_file("tenant")
    del document["config"]["tenantnet:databasePassword"]
    load_file(tree.write("acme", as_yaml(document)), tree.project)


def test_a_region_may_stand_in_the_project(tree: Tree) -> None:
    document = good_file("tenant")
    del document["config"]["aws:region"]
    path = tree.write("acme", as_yaml(document))
    assert refused_rules(path, tree.project) == ["region"]
    tree.set_project(**{"aws:region": {"value": "eu-west-1"}})
    assert refused_rules(path, tree.project) == []


def test_a_region_is_one_of_the_commercial_partition_as_botocore_knows_them(tree: Tree) -> None:
    document, partitions = good_file("tenant"), boto3.Session().get_available_partitions()
    for partition in partitions:
        for region in boto3.Session().get_available_regions("ec2", partition):
            document["config"]["aws:region"] = region
            refused = [] if partition == "aws" else ["region-commercial"]
            assert refused_rules(tree.write("acme", as_yaml(document)), tree.project) == refused, region


@pytest.mark.parametrize("region", ["Ireland", "eu-west", "eu-west-1a", "", 1])
def test_what_is_no_region_is_refused_as_such(tree: Tree, region: object) -> None:
    document = good_file("tenant")
    document["config"]["aws:region"] = region
    assert refused_rules(tree.write("acme", as_yaml(document)), tree.project) == ["region"]


def test_a_region_may_come_from_an_environment_of_pulumi_esc(tree: Tree) -> None:
    """https://www.pulumi.com/docs/esc/integrations/infrastructure/pulumi-iac/: not known here."""
    document = good_file("tenant")
    del document["config"]["aws:region"]
    document["environment"] = ["example/eu1"]
    load_file(tree.write("acme", as_yaml(document)), tree.project)


@pytest.mark.parametrize("key", ["aws:endpoints", "aws:defaultTags", "aws:config:profile"])
def test_the_projects_own_settings_of_the_provider_are_checked_like_a_stacks(tree: Tree, key: str) -> None:
    tree.tenant("acme")
    tree.set_project(**{key: {"value": "x"}})
    run = check()
    assert isinstance(run.exception, Refused)
    assert [run.exception.subject, run.exception.refusals[0].path] == ["Pulumi.yaml", key]


def test_a_setting_of_the_provider_is_refused_with_its_line_and_never_with_its_value(tree: Tree) -> None:
    document = good_file("tenant")
    document["config"] = {"aws:secretKey": "hunter22", **document["config"]}
    tree.write("acme", as_yaml(document))
    run = check()
    assert run.exit_code == 2
    assert "tenants/Pulumi.acme.yaml:2: error: aws:secretKey: of the AWS provider's settings" in run.stderr
    assert "AWS_PROFILE" in run.stderr
    assert "hunter22" not in run.output


def test_a_key_of_elsewhere_for_the_secrets_is_refused_with_its_line(tree: Tree) -> None:
    document = {**good_file("tenant"), "secretsprovider": "awskms://alias/a?endpoint=http://192.0.2.1"}
    text = as_yaml(document)
    run = check(tree.write("acme", text))
    line = text.splitlines().index("secretsprovider: awskms://alias/a?endpoint=http://192.0.2.1") + 1
    assert run.exit_code == 2
    assert f"Pulumi.acme.yaml:{line}: error: secretsprovider: " in run.stderr


def test_settings_that_open_nothing_may_be_set(tree: Tree) -> None:
    document = good_file("tenant")
    accounts = {"aws:allowedAccountIds": ["123456789012"], "aws:forbiddenAccountIds": ["210987654321"]}
    document["config"] |= {**accounts, "aws:maxRetries": 40}
    assert refused_rules(tree.write("acme", as_yaml(document)), tree.project) == []
    jsonschema.validate(document, file_schema())


OWN = [{"cidr": "10.96.0.0/12", "purpose": "services"}, {"cidr": "10.1.0.0/16", "purpose": "data centre"}]


@pytest.mark.parametrize("key", ["tenantnet:reservedRanges", "reservedRanges"])
@pytest.mark.parametrize(
    "written", [OWN, {"value": OWN}, {"type": "array", "items": {"type": "object"}, "default": OWN}]
)
def test_the_projects_reserved_ranges_are_read_as_pulumi_reads_them(
    tree: Tree, key: str, written: object
) -> None:
    tree.set_project(**{key: written})
    assert read_defaults(tree.project).reserved == (
        DEFAULT_RESERVED[1],
        ReservedRange("10.96.0.0/12", "services"),
        ReservedRange("10.1.0.0/16", "data centre"),
    )
    assert refused_rules(tree.tenant("acme"), tree.project) == ["range-reserved", "range-reserved"]


def test_a_project_without_reserved_ranges_has_the_defaults(tree: Tree) -> None:
    assert read_defaults(tree.project).reserved == DEFAULT_RESERVED
    assert read_defaults(CLONE / "Pulumi.yaml").reserved == DEFAULT_RESERVED


def test_reserved_ranges_of_a_project_that_are_not_right_are_refused(tree: Tree) -> None:
    tree.set_project(**{"tenantnet:reservedRanges": {"value": [{"cidr": "10.0.0.1/8"}]}})
    with pytest.raises(Refused, match=r"tenantnet:reservedRanges\[0\]"):
        judge(tree.tenant("acme"), tree.project)


def test_a_project_file_that_cannot_be_read_is_refused_with_its_line(tree: Tree) -> None:
    tree.project.write_text("name: tenantnet\nconfig: [\n", encoding="utf-8")
    with pytest.raises(Refused, match="line 3, column 1"):
        read_defaults(tree.project)


def test_a_file_that_is_not_there_is_refused(tree: Tree) -> None:
    verdict = judge(tree.folder / "tenants" / "Pulumi.nobody.yaml", tree.project)
    assert [refusal.rule_id for refusal in verdict.refusals] == ["file-readable"]
    assert "no such file" in verdict.refusals[0].reason
    assert verdict.refusals[0].remedy.startswith("check the path")


def test_a_folder_is_no_settings_file(tree: Tree) -> None:
    path = tree.folder / "tenants" / "Pulumi.acme.yaml"
    path.mkdir()
    assert refused_rules(path, tree.project) == ["file-readable"]


def test_a_file_of_other_bytes_than_utf_8_is_refused(tree: Tree) -> None:
    path = tree.tenant("acme")
    before = path.read_bytes()
    path.write_bytes(before + b"# caf\xe9\n")
    (refusal,) = judge(path, tree.project).refusals
    line = before.count(b"\n") + 1
    assert (refusal.rule_id, refusal.value) == ("file-readable", f"line {line}")
    assert refusal.remedy == "save it as UTF-8"
    assert f"Pulumi.acme.yaml:{line}: error" in check(path).stderr


def test_a_file_that_is_far_too_large_is_refused_unread(tree: Tree) -> None:
    path = tree.write("acme", "#" * (MAX_FILE_BYTES + 1))
    (refusal,) = judge(path, tree.project).refusals
    assert (refusal.rule_id, refusal.remedy) == ("file-readable", "take out what is no setting")


def test_a_byte_order_mark_and_windows_line_ends_do_no_harm(tree: Tree) -> None:
    path = tree.tenant("acme")
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    load_file(path, tree.project)


def test_a_parse_error_names_line_and_column_and_nothing_of_the_text(tree: Tree) -> None:
    path = tree.write("acme", "config:\n  tenantnet:databasePassword: 'hunter22\n")
    (refusal,) = judge(path, tree.project).refusals
    assert "line 3, column 1" in refusal.value
    assert "hunter22" not in str(refusal)


@pytest.mark.parametrize(
    "password", ["*hunter22", "!hunter22 x", "'hunter22\\", '"hunter22 \\q"', "%hunter22", "@hunter22"]
)
def test_a_password_that_yaml_takes_for_something_else_is_not_shown(tree: Tree, password: str) -> None:
    path = tree.write("acme", f"config:\n  tenantnet:databasePassword: {password}\n")
    (refusal,) = judge(path, tree.project).refusals
    assert refusal.rule_id == "yaml-valid"
    assert "hunter22" not in str(refusal)


def test_a_key_that_stands_twice_is_refused_without_its_values(tree: Tree) -> None:
    path = tree.write(
        "acme", "config:\n  tenantnet:databasePassword: hunter22\n  tenantnet:databasePassword: hunter23\n"
    )
    (refusal,) = judge(path, tree.project).refusals
    assert (refusal.rule_id, refusal.value) == ("key-once", "line 3, column 3")
    assert "hunter2" not in str(refusal)


@pytest.mark.parametrize(
    "text", ["[" * 1_000, "- " * 1_000, "{a: " * 1_000], ids=["lists", "entries", "mappings"]
)
def test_a_file_that_is_nested_without_end_is_refused(tree: Tree, text: str) -> None:
    assert refused_rules(tree.write("acme", text), tree.project) == ["yaml-valid"]


def test_aliases_that_multiply_are_refused_and_do_not_multiply_here(tree: Tree) -> None:
    levels = "\n".join(f"  l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 9)}]" for n in range(1, 30))
    path = tree.write(
        "acme", f"config:\n  l0: &l0 [x]\n{levels}\n  tenantnet:tenant: {{tunnelUsers: *l29}}\n"
    )
    refusals = judge(path, tree.project).refusals
    assert {"yaml-alike", "tunnel-user"} <= {refusal.rule_id for refusal in refusals}
    assert all(len(str(refusal)) < 1_000 for refusal in refusals)


def test_an_alias_to_itself_is_refused(tree: Tree) -> None:
    path = tree.write("acme", "config: &c\n  aws:region: eu-west-1\n  tenantnet:tenant: *c\n")
    assert refused_rules(path, tree.project)


# fmt: off
YAML_BITS = [
    "a b : - ", "\n", "  ", "{", "}", "[", "]", ",", "&x ", "*x", "!!int ", "!!float ", "!!binary ", "!!set ",
    "!!omap ", "!!timestamp ", "!foo ", "'", '"', "|\n", ">\n", "? ", "<<: ", "#", "%YAML 1.1\n---\n",
    "---\n",
    "...\n", "2026-13-45", "0x", "0o9", ".inf", "~", "null", "=", "\t", "\\", "\x07", "é", "1e999", "- ",
    "config: ", "config:\n  ", "aws:region: eu-west-1\n  ", "tenantnet:tenant: ", "tenantnet:platform: ",
    "networks: ", "blue: ", "cidr: ", "10.1.2.0/26",
]
# fmt: on


@given(text=st.text(max_size=60) | st.lists(st.sampled_from(YAML_BITS), max_size=25).map("".join))
@settings(max_examples=examples(300), suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_gets_a_verdict_and_nothing_else(tree: Tree, text: str) -> None:
    path = tree.folder / "tenants" / "Pulumi.acme.yaml"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    result = check(path)
    assert result.exit_code == 2
    assert re.match(r"tenants/Pulumi\.acme\.yaml:\d+: error: ", result.stderr)
    assert "\ntenants/Pulumi.acme.yaml: " in result.stderr


def test_check_tells_of_every_file_of_the_project(tree: Tree) -> None:
    tree.tenant("acme")
    tree.platform()
    result = check()
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "tenants/Pulumi.acme.yaml: all right",
        "tenants/Pulumi.platform-eu1.yaml: all right",
    ]


def test_check_tells_what_is_right_beside_what_is_not(tree: Tree) -> None:
    tree.platform()
    tree.tenant("acme", retiring="yes")
    result = check()
    assert result.exit_code == 2
    assert "Pulumi.platform-eu1.yaml: all right" in result.stdout
    assert "retiring: yes" in result.stderr


def test_two_tenants_of_one_platform_with_one_range_are_refused(tree: Tree) -> None:
    tree.tenant("acme")
    beta = tree.tenant("beta", sessionSubnet="172.17.6.0/24")
    result = check(beta)
    assert result.exit_code == 2
    assert "networks.blue.cidr: 10.1.2.0/26" in result.stderr
    assert "acme" in result.stderr
    assert "sessionSubnet" not in result.stderr


def test_a_range_is_seen_in_a_file_with_other_mistakes(tree: Tree) -> None:
    tree.tenant("acme", database=None)
    beta = tree.tenant("beta", networks={"blue": {"cidr": "10.1.4.0/26"}}, migration=None)
    assert "sessionSubnet: 172.17.5.0/24" in check(beta).stderr


def test_tenants_of_two_platforms_have_no_range_in_common(tree: Tree) -> None:
    tree.tenant("acme")
    result = check(tree.tenant("beta", platform="platform-us1"))
    assert result.exit_code == 2
    assert "networks.blue.cidr: 10.1.2.0/26" in result.stderr
    assert "sessionSubnet: 172.17.5.0/24" in result.stderr


@pytest.mark.parametrize(
    ("named", "shared"),
    [
        ({}, True),
        ({"eu1": "platform-eu1"}, False),
        ({"us1": "platform-us1"}, False),
        ({"us1": "platform-eu1"}, True),
        ({"us1": "platform-eu1", "eu1": "platform-eu1"}, True),
        ({"us1": "platform-us1", "eu1": "platform-eu1"}, False),
    ],
)
def test_platforms_share_their_address_space_but_where_one_keeps_its_own(
    tree: Tree, named: dict[str, str], shared: bool
) -> None:
    for cell in ("eu1", "us1"):
        changes = {"claimsPlatform": named[cell]} if cell in named else {}
        tree.platform(f"platform-{cell}", **changes)
    tree.tenant("acme")
    tree.tenant("beta", platform="platform-us1")
    result = check()
    assert result.exit_code == (2 if shared else 0), result.stderr
    assert ("tenant acme holds it" in result.stderr) == shared


@pytest.mark.parametrize(
    ("other", "apart"), [("eu1-b", False), ("eu1-b-2", False), ("eu10", True), ("b-eu1", True)]
)
def test_a_cell_whose_names_could_be_another_ones_is_refused_in_both_files(
    tree: Tree, other: str, apart: bool
) -> None:
    """eu1's tenant b-acme and eu1-b's tenant acme would have one tunnel."""
    files = [tree.platform("platform-eu1"), tree.platform(f"platform-{other}")]
    for file in files:
        result = check(file)
        assert result.exit_code == (0 if apart else 2)
        assert ("begin" in result.stderr) is not apart


@pytest.mark.parametrize("holder", ["platform-eu9", "platform-eu2"])
def test_a_platform_that_names_another_ones_claims_names_one_that_has_them(tree: Tree, holder: str) -> None:
    tree.platform("platform-eu2", claimsPlatform="platform-eu3")
    tree.platform("platform-eu3")
    result = check(tree.platform("platform-eu1", claimsPlatform=holder))
    assert result.exit_code == 2
    assert f"claimsPlatform: {holder}" in result.stderr


def test_a_company_range_over_another_platforms_tenant_is_refused_in_both_files(tree: Tree) -> None:
    changes = {"sessionSubnet": "172.17.6.0/24", "networks": OVER_ACME, "migration": None}
    beta = tree.tenant("beta", platform="platform-us1", **changes)
    acme = tree.tenant("acme")
    assert "10.1.2.0/26 is tenant acme's network blue" in check(beta).stderr
    assert "tenant beta has a VPN connection to 10.1.0.0/20" in check(acme).stderr


def test_a_file_named_twice_is_not_its_own_rival(tree: Tree) -> None:
    acme = tree.tenant("acme")
    assert check(acme, acme).exit_code == 0


def test_a_session_subnet_outside_its_platforms_network_is_refused(tree: Tree) -> None:
    tree.platform(sessions={"cidr": "172.17.128.0/17"})
    assert "session-subnet" not in check(tree.tenant("acme", sessionSubnet="172.17.200.0/24")).stderr
    result = check(tree.tenant("acme"))
    assert result.exit_code == 2
    assert "172.17.128.0/17" in result.stderr


def test_a_session_subnet_that_its_platform_shares_is_refused(tree: Tree) -> None:
    tree.platform(sessions={"sharedSubnets": ["172.17.4.0/23"]})
    result = check(tree.tenant("acme"))
    assert result.exit_code == 2
    assert "every tenant's sessions reach 172.17.4.0/23" in result.stderr
    assert check(tree.tenant("acme", sessionSubnet="172.17.6.0/24")).exit_code == 0


ELSEWHERE = [
    {"cidr": "10.96.0.0/12", "purpose": "services"},
    {"cidr": "172.20.0.0/16", "purpose": "sessions"},
]


@pytest.mark.parametrize(
    ("changes", "refused"),
    [
        ({}, ["services.cidr", "sessions.cidr"]),
        ({"services": {"tunnelHostType": "t4g.nano"}}, ["services.cidr", "sessions.cidr"]),
        ({"services": {"cidr": "10.96.0.0/16"}}, ["sessions.cidr"]),
        ({"sessions": {"cidr": "172.20.0.0/20"}}, ["services.cidr"]),
        ({"services": {"cidr": "10.96.0.0/16"}, "sessions": {"cidr": "172.20.0.0/20"}}, []),
    ],
)
def test_a_default_is_judged_like_a_given_value(
    tree: Tree, changes: dict[str, Any], refused: list[str]
) -> None:
    tree.set_project(**{"tenantnet:reservedRanges": {"value": ELSEWHERE}})
    document = good_file("platform")
    for key in ("services", "sessions"):
        document["config"]["tenantnet:platform"].pop(key, None)
    document["config"]["tenantnet:platform"].update(changes)
    verdict = judge(tree.write("platform-eu1", as_yaml(document)), tree.project)
    assert sorted(refusal.path for refusal in verdict.refusals) == refused
    assert all(refusal.value.endswith(" (the default)") for refusal in verdict.refusals)


def test_each_problem_has_a_line_as_editors_and_pipelines_read_it(tree: Tree) -> None:
    file = tree.write(
        "acme",
        """\
config:
  aws:region: Ireland
  tenantnet:tenant:
    platform: eu1
    sessionSubnet: 172.17.5.0/24
    database: {username: acmeadmin}
    networks:
      blue:
        cidr: 10.1.2.0/25
        vpnConnections:
          - {companyCidr: 192.168.4.0/24, companyGatewayIp: 198.51.100.7, description: HQ}
          - companyCidr: 8.8.8.0/24
            companyGatewayIp: 198.51.100.7
""",
    )
    said = check(file).output.splitlines()
    lines = [line.split(": ")[:3] for line in said if ": error: " in line]
    name = "tenants/Pulumi.acme.yaml"
    assert lines == [
        [f"{name}:2", "error", "aws:region"],
        [f"{name}:4", "error", "platform"],
        [f"{name}:9", "error", "networks.blue.cidr"],
        [f"{name}:12", "error", "networks.blue.vpnConnections[1].companyCidr"],
        [f"{name}:12", "error", "networks.blue.vpnConnections[1].description"],
    ]


def test_on_github_each_problem_is_a_note_at_its_line_and_no_command_of_the_files(
    tree: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tree.write("acme", 'config:\n  aws:region: "Ireland\\n::add-mask::x\\r::stop-commands::y %0A"\n')
    assert "::" not in check(file).stdout
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    noted = check(file).stdout.splitlines()
    assert [line.partition("::aws:region: ")[0] for line in noted][:1] == [
        "::error file=tenants/Pulumi.acme.yaml,line=2"
    ]
    assert all(line.startswith("::error file=tenants/Pulumi.acme.yaml,line=") for line in noted)
    assert not any("\r" in line for line in noted)


def test_a_tab_is_called_one_in_its_line(tree: Tree) -> None:
    done = check(tree.write("acme", "config:\n\taws:region: eu-west-1\n"))
    assert "Pulumi.acme.yaml:2: error: " in done.output
    assert "a tab is there" in done.output


def test_a_tenant_of_another_region_than_its_platform_is_refused_with_the_platforms(tree: Tree) -> None:
    tree.platform()
    acme = tree.tenant("acme")
    assert check().exit_code == 0
    acme.write_text(acme.read_text().replace("eu-west-1", "us-east-1"))
    done = check(acme)
    assert (done.exit_code, "platform-eu1 is in eu-west-1" in done.output) == (2, True), done.output


def test_a_tenants_ranges_are_judged_beside_its_platforms_networks(tree: Tree) -> None:
    networks = {
        "blue": {
            "cidr": "10.1.2.0/26",
            "vpnConnections": [
                {
                    "companyCidr": "172.20.0.0/16",
                    "companyGatewayIp": "198.51.100.7",
                    "description": "Seattle office",
                }
            ],
        },
        "green": {"cidr": "10.40.0.0/26"},
    }
    tree.set_project(**{"tenantnet:reservedRanges": {"value": ELSEWHERE[:1]}})
    tenant = load_file(tree.tenant("acme", networks=networks, migration=None), tree.project)
    assert isinstance(tenant, TenantSettings)
    found = beside_platform(tenant, services="10.40.0.0/16", sessions="172.16.0.0/12", shared=[])
    assert [(refusal.path, refusal.rule_id) for refusal in found] == [
        ("networks.green.cidr", "range-beside-platform"),
        ("networks.blue.vpnConnections[0].companyCidr", "range-beside-platform"),
    ]
    assert beside_platform(tenant, services="10.96.0.0/16", sessions="172.17.0.0/16", shared=[]) == []


def test_check_of_a_project_without_files_says_so(tree: Tree) -> None:
    result = check()
    assert result.exit_code == 0
    assert "no settings file yet" in result.stdout


def test_check_outside_a_project_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(app, ["check"])
    assert isinstance(result.exception, Refused)


def test_the_command_ends_with_2_and_no_traceback_in_a_process_of_its_own(tree: Tree) -> None:
    broken = tree.tenant("acme", networks={"blue": {"cidr": "10.33.0.0/26"}}, migration=None)
    done = subprocess.run(
        [Path(sys.executable).with_name("tenantnet"), "settings", "check", broken],
        cwd=tree.folder,
        env=dict(os.environ),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "10.32.0.0/12" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_schema_accepts_what_the_rules_accept() -> None:
    for kind in StackKind:
        jsonschema.validate(good_file(kind), file_schema(kind))
        jsonschema.validate(good_file(kind), file_schema())


def test_the_schema_is_one_that_editors_can_use() -> None:
    jsonschema.Draft7Validator.check_schema(file_schema())


def test_the_schema_marks_what_is_wrong_in_shape_and_type() -> None:
    marked = 0
    for broken in broken_files():
        rule_ids = {refused.split()[-1] for refused in broken.refused}
        if rule_ids & {
            "key-known",
            "key-given",
            "value-type",
            "word-known",
            "storage",
            "instance-class",
            "range-text",
            "aws-key",
            "own-tags",
        }:
            marked += _is_marked(broken.text)
    assert marked >= 60


def _is_marked(text: str) -> bool:
    validator = jsonschema.Draft7Validator(file_schema())
    return not validator.is_valid(YAML(typ="safe", pure=True).load(text))


def test_every_key_in_the_schema_is_explained() -> None:
    schema = file_schema()
    models = [*schema["$defs"].values(), *schema["properties"]["config"]["properties"].values()]
    for model in models:
        for key, field in model.get("properties", {}).items():
            explained = field.get("description") or schema["$defs"].get(field.get("$ref", "")[8:], {}).get(
                "description"
            )
            assert explained, key


def test_the_command_prints_the_schema_of_one_kind_or_both() -> None:
    both = json.loads(CliRunner().invoke(app, ["schema"]).stdout)
    tenant = json.loads(CliRunner().invoke(app, ["schema", "tenant"]).stdout)
    assert set(both["properties"]["config"]["properties"]) == {
        *(f"aws:{name}" for name in PERMITTED),
        "tenantnet:tenant",
        "tenantnet:platform",
        "tenantnet:databasePassword",
    }
    assert "tenantnet:platform" not in tenant["properties"]["config"]["properties"]
