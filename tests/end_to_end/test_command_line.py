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
from tests.support.small_settings import PROJECT

BLUE = "10.1.2.0/26"
ACME = f"""\
config:
  aws:region: eu-west-1
  tenantnet:tenant:
    platform: platform-eu1
    sessionSubnet: 172.17.5.0/24
    database: {{username: acmeadmin}}
    networks:
      blue: {{cidr: {BLUE}}}
"""
PLATFORM = "config:\n  aws:region: eu-west-1\n  tenantnet:platform:\n    zone: {name: db.example.com}\n"


@pytest.fixture
def acme_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The settings file of a tenant with one network, in a project in which commands run."""
    (tmp_path / "Pulumi.yaml").write_text(PROJECT)
    (tmp_path / "tenants").mkdir()
    (tmp_path / "tenants" / "Pulumi.platform-eu1.yaml").write_text(PLATFORM)
    file = tmp_path / "tenants" / "Pulumi.acme.yaml"
    file.write_text(ACME)
    monkeypatch.chdir(tmp_path)
    return file


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
