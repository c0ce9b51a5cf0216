"""A tenant whose name another one has had: which numbers its moves and its final snapshot have."""

from __future__ import annotations

from typing import Any

import pulumi
import pytest
from tenantnet.aws.types import DATABASE
from tenantnet.settings.loading import load_tenant
from tenantnet.stacks import former
from tenantnet.stacks.tenant import plan

from tests.support import component_samples as samples
from tests.support.mock_engine import run_program
from tests.support.mock_stacks import PASSWORD

STEADY = {"phase": "steady", "production": "blue"}


@pytest.mark.parametrize(
    ("previous", "retiring", "final", "asks"),
    [
        ({}, False, "final-5", True),
        ({**STEADY, "move": 0}, False, "final-1", False),
        ({**STEADY, "move": 0}, True, "final-5", True),
        ({**STEADY, "move": 3}, True, "final-4", True),
    ],
    ids=["new", "deployed", "leaving, with a name that is taken", "leaving, after moves of its own"],
)
def test_only_a_new_and_a_leaving_tenant_ask_which_numbers_their_name_has_used(
    monkeypatch: pytest.MonkeyPatch, previous: dict[str, Any], retiring: bool, final: str, asks: bool
) -> None:
    asked: list[tuple[str, ...]] = []

    def used(*about: str) -> int:
        asked.append(about)
        return 3

    monkeypatch.setattr(former, "moves_used", used)
    settings = load_tenant("acme", samples.tenant(retiring=retiring), password=PASSWORD)

    def declare() -> None:
        stack = plan(settings)
        stack.pass_over_used_numbers()
        stack.declare(pulumi.Output.secret(PASSWORD))

    known = {"platform-local": samples.PLATFORM_OUTPUTS, "acme": previous}
    (database,) = run_program(declare, known).of_type(DATABASE)
    assert database.inputs["finalSnapshotIdentifier"] == f"acme-blue-10-1-2-0-{final}"
    assert asked == ([("acme", "local", "eu-west-1")] if asks else [])
