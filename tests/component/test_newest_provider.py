"""What the components set is what the newest AWS provider accepts; the tests' engine has an older one."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from pulumi.runtime.rpc import _special_sig_key
from tenantnet.settings.models import RunnerSettings

from tests.support import component_samples as samples
from tests.support import mock_stacks as stacks
from tests.support.clone import CLONE
from tests.support.mock_engine import RecordingEngine
from tools.schemas.__main__ import facts

NAMES = json.loads((CLONE / "tools" / "aws-plugin" / "names.json").read_bytes())
NEWEST = json.loads((CLONE / "tools" / "schemas" / "facts.json").read_bytes())
STACKS: dict[str, Callable[[], RecordingEngine]] = {
    "platform": lambda: stacks.declare_cell(runner=samples.RUNNER),
    "tenant": stacks.declare_acme,
    "tenant with two networks": stacks.declare_moving_acme,
    "tenant with a move": stacks.declare_scheduled_acme,
    "tenant with people and parameters": lambda: stacks.declare_acme(
        tunnelUsers=["ada"],
        database={"username": "acmeadmin", "storageGb": 500, "parameters": {"innodb_ft_min_token_size": 1}},
    ),
}
KINDS = {bool: "bool", int: "number", float: "number", str: "string"}


def one_of(name: str, value: object, properties: Mapping[str, Any]) -> str | None:
    """The provider's name of an input: Pulumi puts lists into the plural."""
    singular = (name.removesuffix("s"), name.removesuffix("es"), f"{name.removesuffix('ies')}y")
    names = (name, *singular) if isinstance(value, list) else (name,)
    return next((each for each in names if each in properties), None)


def problems(given: Mapping[str, Any], properties: Mapping[str, Any], path: str = "") -> Iterator[str]:
    """What the provider does not accept, and what it needs and is not given."""
    found = {name: one_of(name, value, properties) for name, value in given.items()}
    for name, theirs in found.items():
        if theirs is None:
            yield f"{path}{name}: unknown"
        else:
            yield from of_one(given[name], properties[theirs], f"{path}{name}")
    needed = {name for name, fact in properties.items() if str(fact).endswith("!")}
    yield from (f"{path}{name}: missing" for name in sorted(needed - {*found.values()} - {""}))


def of_one(value: Any, fact: Any, path: str) -> Iterator[str]:
    if isinstance(value, dict) and _special_sig_key in value:  # a secret
        value = value["value"]
    if isinstance(fact, dict):
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, dict):
                yield from problems(each, fact, f"{path}.")
        return
    expected = str(fact).removesuffix("!")
    kind = "list" if isinstance(value, list) else "map" if isinstance(value, dict) else KINDS.get(type(value))
    # Terraform converts between text and what it says.
    if kind != expected and {kind, expected} & {"list", "map"}:
        yield f"{path}: {kind}, not {expected}"


@pytest.fixture(scope="module", params=STACKS, ids=str)
def declared(request: pytest.FixtureRequest) -> RecordingEngine:
    engine: RecordingEngine = STACKS[request.param]()
    return engine


def test_the_provider_accepts_every_property_and_gets_all_that_it_needs(declared: RecordingEngine) -> None:
    known = [each for each in declared.registered if each.type in NAMES["resources"]]
    assert known
    found = []
    for each in known:
        others = NAMES["properties"].get(each.type, {})
        inputs = {others.get(name, name): value for name, value in each.inputs.items()}
        properties = NEWEST["types"][NAMES["resources"][each.type]]
        found += [f"{each.name}: {problem}" for problem in problems(inputs, properties)]
    assert found == []


def test_every_type_that_the_stacks_have_is_compared(declared: RecordingEngine) -> None:
    used = {each.type for each in declared.registered if each.custom and each.type.startswith("aws:")}
    assert used <= NAMES["resources"].keys()
    assert {*NAMES["resources"].values()} == NEWEST["types"].keys()


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"engineVersions": "8.4"}, "engineVersions: unknown"),
        ({"instanceClass": None}, "instanceClass: missing"),
        ({"vpcSecurityGroupIds": "sg-1"}, "vpcSecurityGroupIds: string, not list"),
        ({"restoreToPointInTime": {"whenever": 1}}, "restoreToPointInTime.whenever: unknown"),
    ],
)
def test_what_is_unknown_missing_or_of_another_kind_is_found(change: dict[str, Any], problem: str) -> None:
    given = {"instanceClass": "db.t4g.small", "vpcSecurityGroupIds": ["sg-1"], **change}
    given = {name: value for name, value in given.items() if value is not None}
    assert problem in [*problems(given, NEWEST["types"]["aws_db_instance"])]


def test_facts_are_derived_from_an_assembly() -> None:
    link = "https://registry.terraform.io/providers/hashicorp/aws/6.62.0/docs/resources/thing#name"
    docs = {"docs": {"summary": f"Docs: {{@link {link}}}."}}
    flag = {"union": {"types": [{"primitive": "boolean"}, {"fqn": "cdktn.IResolvable"}]}}
    part = {"collection": {"kind": "array", "elementtype": {"fqn": "x.Part"}}}
    types = {
        "x.ThingConfig": {
            "properties": [
                {"name": "name", "type": {"primitive": "string"}, **docs},
                {"name": "flag", "type": flag, "optional": True},
                {"name": "part", "type": {"union": {"types": [{"fqn": "cdktn.IResolvable"}, part]}}},
                {"name": "lifecycle", "type": {"fqn": "cdktn.Lifecycle"}, "optional": True},
            ]
        },
        "x.Part": {"properties": [{"name": "size", "type": {"primitive": "number"}}]},
    }
    assert facts(types, {"aws_thing"}) == {
        "provider": "6.62.0",
        "types": {"aws_thing": {"flag": "bool", "name": "string!", "part": {"": "list!", "size": "number!"}}},
    }


def test_every_key_of_a_runners_settings_is_in_the_compared_platform() -> None:
    """So that none of what it turns on is left out of the comparison."""
    optional = {"version", "secretsKeyArn", "unverified"}
    aliases = {field.alias or name for name, field in RunnerSettings.model_fields.items()}
    assert aliases - optional == samples.RUNNER.keys()
