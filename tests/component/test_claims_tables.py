"""Which claims table a cell uses, and how its tables are kept."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tenantnet.refusal import Refused
from tenantnet.settings.loading import load_platform
from tenantnet.stacks.platform import PlatformStack

from tests.component.conftest import DeclareTenant
from tests.support import component_samples as samples
from tests.support.mock_engine import RecordingEngine, run_program

TABLE, ITEM = "aws:dynamodb/table:Table", "aws:dynamodb/tableItem:TableItem"
ACCOUNT = {"region": "eu-west-1", "accountId": "123456789012"}


def deployed(cell: str, **changes: str) -> dict[str, Any]:
    """The outputs of a platform that uses its own table, or what is given."""
    return {**ACCOUNT, "cell": cell, "claimsTable": f"tenantnet-{cell}-claims", **changes}


SHARING = deployed("eu2", claimsTable="tenantnet-eu1-claims")


def declare(outputs: dict[str, dict[str, Any]], **changes: Any) -> tuple[RecordingEngine, str]:
    """Declare platform-local beside others; what was registered, and the claims table that it uses."""
    settings = load_platform("platform-local", {**samples.PLATFORM, **changes})
    used = []

    def program() -> None:
        stack = PlatformStack(settings, "eu-west-1", neighbours=[*outputs, "platform-unknown"])
        used.append(stack._claims_table)  # an output, which mocks do not keep
        stack.declare()

    return run_program(program, outputs, stack="platform-local"), used[0]


@pytest.mark.parametrize(
    ("outputs", "changes", "table"),
    [
        ({}, {}, "local"),
        ({"platform-eu1": deployed("eu1")}, {}, "eu1"),
        ({"platform-eu1": deployed("eu1"), "platform-eu2": SHARING}, {}, "eu1"),
        ({"platform-eu1": deployed("eu1", region="us-east-1")}, {}, "local"),
        ({"platform-eu1": deployed("eu1", accountId="999999999999")}, {}, "local"),
        ({"platform-eu1": deployed("eu1"), "platform-local": deployed("local")}, {}, "local"),
        ({"platform-eu1": deployed("eu1")}, {"claimsPlatform": "platform-local"}, "local"),
        (
            {f"platform-{cell}": deployed(cell) for cell in ("eu1", "eu2", "local")},
            {"claimsPlatform": "platform-eu2"},
            "eu2",
        ),
    ],
)
def test_a_cell_uses_the_table_of_the_first_but_where_it_has_or_names_another(
    outputs: dict[str, dict[str, Any]], changes: dict[str, str], table: str
) -> None:
    engine, used = declare(outputs, **changes)
    assert used == f"tenantnet-{table}-claims"
    assert {each.name for each in engine.of_type(TABLE)} == {"local-claims", "local-journal"}


@pytest.mark.parametrize(
    ("outputs", "changes", "reason"),
    [
        (
            {"platform-eu1": deployed("eu1"), "platform-eu2": deployed("eu2")},
            {},
            "there are tenantnet-eu1-claims and tenantnet-eu2-claims",
        ),
        ({}, {"claimsPlatform": "platform-eu1"}, "platform-eu1 is not deployed here"),
        (
            {"platform-eu1": deployed("eu1", claimsTable="tenantnet-eu3-claims")},
            {"claimsPlatform": "platform-eu1"},
            "platform-eu1 uses tenantnet-eu3-claims",
        ),
    ],
)
def test_a_table_that_cannot_be_told_or_used_is_refused(
    outputs: dict[str, dict[str, Any]], changes: dict[str, str], reason: str
) -> None:
    with pytest.raises(Refused, match=reason):
        declare(outputs, **changes)


def test_both_tables_are_protected_until_the_platform_is_retiring() -> None:
    for retiring in (False, True):
        engine, _ = declare({}, retiring=retiring)
        protected = [each.inputs["deletionProtectionEnabled"] for each in engine.of_type(TABLE)]
        assert protected == [not retiring] * 2


def test_a_tenant_claims_in_the_table_of_its_platform_and_names_its_cell(
    declare_tenant: DeclareTenant,
) -> None:
    shared = {"claimsTable": "tenantnet-eu1-claims"}
    items = declare_tenant(platform_outputs=shared).of_type(ITEM)
    assert {item.inputs["tableName"] for item in items} == {"tenantnet-eu1-claims"}
    assert {json.loads(item.inputs["item"])["cell"]["S"] for item in items} == {"local"}
    own = declare_tenant().of_type(ITEM)
    assert {item.inputs["tableName"] for item in own} == {"tenantnet-local-claims"}
    assert not any("cell" in json.loads(item.inputs["item"]) for item in own)
