"""docs/settings.md says what the settings are."""

from __future__ import annotations

import json
import re
from ipaddress import ip_interface, ip_network
from pathlib import Path
from typing import Any

import pulumi_aws
import pytest
from ruamel.yaml import YAML
from tenantnet.addresses.addressing import DEFAULT_RESERVED, reserved_ranges
from tenantnet.policies.allowed import ALLOWED, PROVIDER
from tenantnet.settings.aws_keys import PERMITTED, REFUSED, TAGS
from tenantnet.settings.checks import unknown_key
from tenantnet.settings.files import ProjectDefaults, judge_config
from tenantnet.settings.fixed import FIXED
from tenantnet.settings.schema import file_schema

from tests.support.clone import CLONE

DOC = (CLONE / "docs" / "settings.md").read_text(encoding="utf-8")
FIXED_DOC = (CLONE / "docs" / "fixed.md").read_text(encoding="utf-8")
TENANT, PLATFORM, PROJECT = (
    YAML(typ="safe", pure=True).load(block) for block in re.findall(r"```yaml\n(.*?)```", DOC, re.DOTALL)
)


@pytest.mark.parametrize(("stack", "document"), [("acme", TENANT), ("platform-eu1", PLATFORM)])
def test_the_examples_are_all_right(stack: str, document: Any) -> None:
    defaults = ProjectDefaults(reserved=DEFAULT_RESERVED, has_region=False)
    _, refusals = judge_config(stack, document["config"], defaults)
    assert refusals == []


def test_the_examples_name_every_key() -> None:
    schema = file_schema()
    named = set(_keys(TENANT)) | set(_keys(PLATFORM))
    models = [*schema["$defs"].values(), *schema["properties"]["config"]["properties"].values()]
    assert {key for model in models for key in model.get("properties", {})} <= named


def _keys(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [*value, *(key for inner in value.values() for key in _keys(inner))]
    return [key for inner in value for key in _keys(inner)] if isinstance(value, list) else []


def test_the_example_of_reserved_ranges_is_read_as_it_is_explained() -> None:
    ranges = reserved_ranges(PROJECT["config"]["tenantnet:reservedRanges"]["value"])
    assert {entry.cidr: entry.purpose for entry in ranges} == {
        "172.17.0.0/16": "sessions",
        "10.96.0.0/12": "services",
        "10.200.0.0/16": "data centre Utrecht",
    }


def test_docker_as_the_page_sets_it_up_keeps_off_sessions_tenants_and_services() -> None:
    daemon = json.loads(re.search(r'```json\n(\{"bip".*?)\n```', DOC)[1])  # type: ignore[index] # it is there
    bridge = ip_interface(daemon["bip"]).network
    pools = [ip_network(pool["base"]) for pool in daemon["default-address-pools"]]
    assert not any(bridge.overlaps(pool) for pool in pools)
    taken = [ip_network(each) for each in {*_cidrs(PLATFORM), *_cidrs(TENANT)}]
    assert len(taken) > 5
    assert not [each for each in taken if any(each.overlaps(own) for own in (bridge, *pools))]


def _cidrs(value: Any) -> list[str]:
    return re.findall(r"\d+\.\d+\.\d+\.\d+/\d+", json.dumps(value))


def test_every_default_in_the_table_is_the_models() -> None:
    defaults = {
        key: field["default"]
        for model in file_schema()["$defs"].values()
        for key, field in model.get("properties", {}).items()
        if isinstance(field.get("default"), str | int) and not isinstance(field["default"], bool)
    }
    rows = re.findall(r"^\| `[\w.…]*?(\w+)` \|.*\| `?([^|`]+)`? \|$", DOC, re.MULTILINE)
    told = {key: default for key, default in rows if key in defaults and default != "required"}
    assert told == {key: str(defaults[key]) for key in told}
    assert len(told) >= 5


@pytest.mark.parametrize("key", FIXED)
def test_a_key_that_cannot_be_set_is_on_the_page_and_refused_with_the_reason(key: str) -> None:
    assert re.search(rf"^\| .*`{key}`.* \| {re.escape(FIXED[key])} \|$", FIXED_DOC, re.MULTILINE)
    refusal = unknown_key(key, key, ["storageGb"])
    assert (refusal.rule_id, FIXED[key] in refusal.reason) == ("key-fixed", True)


def test_every_setting_of_the_aws_provider_is_permitted_or_refused_with_its_reason() -> None:
    """The provider's settings, as the SDK that is installed lists them."""
    source = Path(pulumi_aws.__file__).parent / "config" / "vars.py"
    known = set(re.findall(r"__config__\.get\w*\('(\w+)'\)", source.read_text(encoding="utf-8")))
    assert len(known) > 30
    assert known - {TAGS} - {*PERMITTED} == {*REFUSED} - {"assumeRole"}  # the last is of provider 6


@pytest.mark.parametrize("name", REFUSED)
def test_a_setting_of_the_aws_provider_is_on_the_page_with_what_to_do_instead(name: str) -> None:
    why, way = REFUSED[name]
    row = rf"^\| .*`aws:{name}`.* \| {re.escape(why)} \| {re.escape(way or 'remove it')} \|$"
    assert re.search(row, FIXED_DOC, re.MULTILINE)


def test_the_policies_permit_what_the_settings_do() -> None:
    assert set(PERMITTED) <= set(ALLOWED[PROVIDER].properties)


def test_no_key_of_the_settings_is_said_to_be_fixed() -> None:
    keys = set(re.findall(r'"(\w+)": \{', json.dumps(file_schema())))
    assert not {key for key in FIXED if key in keys} - {"vpcId"}
