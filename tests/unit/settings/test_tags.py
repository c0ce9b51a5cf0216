"""Tags of one's own: AWS's forms, and nothing that counts as somebody else's."""

from __future__ import annotations

from typing import Any

import botocore.session
import pytest
import regex  # type: ignore[import-untyped]
from hypothesis import given
from hypothesis import strategies as st
from tenantnet.settings.checks import check_platform_tags, check_tags


@pytest.mark.parametrize("key", ["name", "NAME", "aws:x", "AWS:x", "tenantnet:tenant", "TenantNet:cell"])
def test_a_key_that_others_go_by_is_refused_in_whatever_capitals(key: str) -> None:
    assert [each.rule_id for each in check_tags({key: "x"})] == ["tag-key-free"]


@pytest.mark.parametrize("value", [None, 4711, True, "", " x", "x ", "a;b", "a\nb", "x" * 257, ["x"], {}])
def test_a_value_that_a_service_would_refuse_is_refused(value: object) -> None:
    assert [each.rule_id for each in check_tags({"CostCenter": value})] == ["tag-value"]


@pytest.mark.parametrize("key", ["", " x", "a;b", "a\nb", "x" * 129, 4711, None])
def test_a_key_that_a_service_would_refuse_is_refused(key: object) -> None:
    assert [each.rule_id for each in check_tags({key: "x"})] == ["tag-key"]


def test_a_platform_has_fewer_since_a_zone_has_ten() -> None:
    tags = {f"Tag{number}": "x" for number in range(9)}
    assert not check_tags(tags)
    assert [each.rule_id for each in check_platform_tags(tags)] == ["tags-count"]


@pytest.mark.parametrize("value", [None, [], "CostCenter=4711"])
def test_tags_are_a_mapping(value: object) -> None:
    assert [each.rule_id for each in check_tags(value)] == ["value-type"]


SERVICES = ("iam", "kms", "logs", "ssm", "codebuild", "dynamodb", "rds", "route53", "sns", "cloudwatch")


def _patterns() -> set[str]:
    """What the services' models say of a tag's key and value, where they say anything."""
    session: Any = botocore.session.Session()
    shapes = [session.get_service_model(service)._shape_resolver._shape_map for service in SERVICES]
    names = {
        "tagKeyType",
        "tagValueType",
        "TagKey",
        "TagValue",
        "TagKeyType",
        "TagValueType",
        "KeyInput",
        "ValueInput",
    }
    return {each[name]["pattern"] for each in shapes for name in names if "pattern" in each.get(name, {})}


PATTERNS = _patterns()


@given(st.text(min_size=1, max_size=20))
def test_what_is_permitted_has_the_form_that_every_services_model_asks(text: str) -> None:
    if not check_tags({f"x{text}": text}):
        assert PATTERNS
        assert all(regex.fullmatch(each, text) for each in PATTERNS)
