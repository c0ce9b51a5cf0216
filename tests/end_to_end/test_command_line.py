"""The command line judges addresses as everything else does: held against tests.support.oracle."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
from tenantnet.cli.main import app
from tenantnet.refusal import Refused
from typer.main import get_command
from typer.testing import CliRunner

from tests.support import oracle
from tests.support.small_settings import ACME, small_project

BLUE = "10.1.2.0/26"


@pytest.fixture
def acme_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The settings file of a tenant with one network, in a project in which commands run."""
    monkeypatch.chdir(small_project(tmp_path, acme=ACME))
    return tmp_path / "tenants" / "Pulumi.acme.yaml"


@pytest.mark.long
@pytest.mark.timeout(1500)
def test_a_network_is_added_with_what_is_permitted_and_with_nothing_else(
    acme_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Else every one of the invocations puts the whole command line together anew.
    monkeypatch.setattr("typer.testing._get_command", cache(get_command))
    wrong = []
    for case in oracle.cases(10_000):
        if not isinstance(case, str) or case == BLUE:
            continue
        result = CliRunner().invoke(app, ["network", "add", "acme", "--offline", f"--cidr={case}"])
        accepted = result.exit_code == 0
        assert accepted or isinstance(result.exception, Refused), f"{case!r}: {result.exception!r}"
        if accepted is not oracle.is_permitted_network(case):
            wrong.append(case)
        if accepted:
            acme_file.write_text(ACME)
    assert wrong == []
