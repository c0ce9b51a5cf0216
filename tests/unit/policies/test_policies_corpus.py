"""Everything dangerous that could be thought of is refused, and so is what nobody has thought of."""

from __future__ import annotations

import re
from functools import reduce
from pathlib import Path
from typing import Any

import pulumi_aws
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML
from tenantnet.policies.allowed import ALLOWED
from tenantnet.policies.model import UNKNOWN
from tenantnet.policies.rules import POLICIES
from tenantnet.tags import Owner

from tools.rulebook.samples import (
    CELL,
    OWNER,
    Change,
    good_stack,
    judge,
    platform_stack,
    resource,
    with_new,
    with_origins,
    with_props,
    with_tag,
    without_props,
)

CORPUS = Path(__file__).parent / "corpus"
TYPES = [
    line for line in (CORPUS / "types.txt").read_text().splitlines() if line and not line.startswith("#")
]
SHAPES: list[dict[str, Any]] = YAML(typ="safe").load(CORPUS / "shapes.yaml")
STACKS = {"tenant": good_stack(), "platform": platform_stack()}


def rules_broken(stack: str, *changes: Change) -> list[str]:
    """The rules that the changed sample stack breaks, each with its policy."""
    changed = reduce(lambda resources, change: change(resources), changes, STACKS[stack])
    return [
        f"{policy.name}: {finding.refusal.rule_id}"
        for policy in POLICIES
        for finding in judge(policy, changed)
    ]


def known(value: Any) -> Any:
    """The value, with UNKNOWN in the place of `?`."""
    match value:
        case "?":
            return UNKNOWN
        case dict():
            return {key: known(each) for key, each in value.items()}
        case list():
            return [known(each) for each in value]
        case _:
            return value


def changes_of(entry: dict[str, Any]) -> list[Change]:
    """What the entry does to its sample stack."""
    stack, props = STACKS[entry.get("stack", "tenant")], known(entry.get("set", {}))
    if "new" in entry:
        owner = OWNER if "stack" not in entry else Owner(cell=CELL)
        name = "platform-eu1" if "stack" in entry else "acme"
        origins = {path: [stack[key].urn] for path, key in entry.get("of", {}).items()}
        tags = owner.tags("extra") if entry["new"].startswith("aws:") else None
        kept = {tag: value for tag, value in {**(tags or {}), **entry.get("tag", {})}.items() if value}
        tags = tags and kept
        return [with_new(resource(entry["new"], "extra", props, tags=tags, origins=origins, stack=name))]
    key = entry["on"]
    return [
        with_props(key, **props),
        without_props(key, *entry.get("unset", ())),
        *(with_tag(key, tag, value) for tag, value in entry.get("tag", {}).items()),
        *(with_origins(key, path, target) for path, target in entry.get("of", {}).items()),
    ]


def test_the_corpus_is_large_and_says_nothing_twice() -> None:
    assert len(TYPES) + len(SHAPES) >= 250
    assert len(set(TYPES)) == len(TYPES)
    assert not {kind for kind in TYPES if kind in ALLOWED}


def test_types_of_aws_in_the_corpus_are_types_that_the_provider_has() -> None:
    folder = Path(pulumi_aws.__file__).parent
    tokens = {
        token
        for file in folder.rglob("*.py")
        for token in re.findall(r"'(aws:[a-z0-9]+/\w+:\w+)'", file.read_text(encoding="utf-8"))
    }
    assert {kind for kind in TYPES if kind.startswith("aws:")} <= tokens


@pytest.mark.parametrize("stack", STACKS)
@pytest.mark.parametrize("kind", TYPES)
def test_a_type_that_nobody_makes_is_refused_in_every_stack(stack: str, kind: str) -> None:
    name = "platform-eu1" if stack == "platform" else "acme"
    new = resource(kind, "extra", {"anything": "at all"}, tags=OWNER.tags("extra"), stack=name)
    assert "only-known-resources: type-known" in rules_broken(stack, with_new(new))


@pytest.mark.parametrize("entry", SHAPES, ids=lambda entry: entry["what"].replace(" ", "-"))
def test_a_shape_that_no_component_makes_is_refused(entry: dict[str, Any]) -> None:
    assert rules_broken(entry.get("stack", "tenant"), *changes_of(entry))


words = st.from_regex(r"[a-zA-Z][a-zA-Z0-9-]{0,12}", fullmatch=True)


@given(package=words | st.just("aws"), module=words, name=words)
def test_any_type_that_the_pack_has_not_been_told_of_is_refused(package: str, module: str, name: str) -> None:
    kind = f"{package}:{module}:{name}"
    policy = POLICIES[0]
    findings = judge(policy, {"extra": resource(kind, "extra", {})}) if kind not in ALLOWED else ["known"]
    assert findings


@given(kind=st.sampled_from(sorted(ALLOWED)), name=words, value=st.text(min_size=1) | st.just(True))
def test_any_property_that_the_pack_has_not_been_told_of_is_refused(
    kind: str, name: str, value: object
) -> None:
    shape = ALLOWED[kind]
    path = f"x{name}"  # no property of AWS begins so
    found = judge(POLICIES[0], {"extra": resource(kind, "extra", {path: value})})
    assert shape.anything or "property-known" in {each.refusal.rule_id for each in found}
