"""What is asked before a fleet's run begins."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from tenantnet.cli.main import app
from typer.testing import CliRunner

from tests.support.processes import a_program

# Pulumi's own list of stacks ends at the first state that it cannot read.
PULUMI = """\
case "$1" in
version) echo v3.200.0 ;;
stack) echo 'error: place 1: unexpected end of JSON input' >&2; exit 1 ;;
*) echo 'error: failed to load checkpoint' >&2; exit 1 ;;
esac
"""
SETTINGS = """\
config:
  aws:region: eu-west-1
  tenantnet:tenant:
    platform: platform-eu1
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project of one tenant, whose backend has a state that ends in the middle."""
    folder, states = tmp_path / "project", tmp_path / "state" / ".pulumi" / "stacks" / "tenantnet"
    for place in (folder, states):
        place.mkdir(parents=True)
    (folder / "Pulumi.yaml").write_text("name: tenantnet\nruntime: python\n")
    (folder / "Pulumi.acme.yaml").write_text(SETTINGS)
    (states / "acme.json").write_text('{"version": 3, "check')
    pulumi = a_program(tmp_path / "bin" / "pulumi", PULUMI)
    monkeypatch.setenv("PATH", f"{pulumi.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("PULUMI_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PULUMI_BACKEND_URL", f"file://{tmp_path / 'state'}")
    monkeypatch.chdir(folder)
    return folder


def test_a_state_that_cannot_be_read_is_its_tenants_failure(folder: Path) -> None:
    (folder.parent / "state" / ".pulumi" / "meta.yaml").write_text("version: 1\n")
    run = CliRunner().invoke(app, ["fleet", "up", "--yes", "--json"])
    acme = json.loads(run.stdout)["tenants"]["acme"]
    assert (run.exit_code, acme["status"]) == (1, "failed")
    assert "failed to load checkpoint" in acme["reason"]


def test_where_nothing_is_that_pulumi_has_made_it_is_asked(folder: Path) -> None:
    run = CliRunner().invoke(app, ["fleet", "up", "--yes", "--json"])
    assert "Could not list the stacks" in str(run.exception)
    assert not (folder / ".tenantnet").exists()
