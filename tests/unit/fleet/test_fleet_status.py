"""The status of many tenants: stacks are read from their states, and AWS is asked for all of them at once."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from tenantnet.engine.events import STACK_TYPE
from tenantnet.fleet import status
from tenantnet.fleet.status import read_many
from tenantnet.observed.deployed import Deployed, Vpc
from tenantnet.observed.status.read import read_stack
from tenantnet.settings.project import Project, find_project
from tenantnet.tags import Part

from tests.support.processes import a_program
from tests.support.states import checkpoint

# It writes down what it is asked. Of the stack hooli it knows the outputs, and no other stack.
PULUMI = """\
echo "$*" >> "$(dirname "$0")/asked"
case "$*" in
version*) echo v3.200.0 ;;
*"stack output"*hooli*) echo '{"cell": "eu9", "region": "eu-west-1"}' ;;
*"stack ls"*) echo '[{"name": "hooli"}]' ;;
*) echo "error: no stack named 'umbrella' found" >&2; exit 1 ;;
esac
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """acme and globex have states, initech one that ends in the middle, hooli one that nobody reads here."""
    (tmp_path / "Pulumi.yaml").write_text("name: tenantnet\nruntime: python\n")
    stacks = tmp_path / "state" / ".pulumi" / "stacks" / "tenantnet"
    stacks.mkdir(parents=True)
    for name, region in {"acme": "eu-west-1", "globex": "us-east-1"}.items():
        outputs = {"cell": "eu1", "region": region, "phase": "steady"}
        state = checkpoint({"type": STACK_TYPE, "outputs": outputs})
        (stacks / f"{name}.json").write_text(json.dumps(state))
    (stacks / "initech.json").write_text('{"version": 3, "check')
    (stacks / "hooli.json.zst").write_bytes(b"\x28\xb5\x2f\xfd")
    pulumi = a_program(tmp_path / "bin" / "pulumi", PULUMI)
    monkeypatch.setenv("PATH", f"{pulumi.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("PULUMI_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PULUMI_BACKEND_URL", f"file://{tmp_path / 'state'}")
    return find_project(tmp_path)


def asked_of_pulumi(project: Project) -> str:
    asked = project.folder / "bin" / "asked"
    return asked.read_text() if asked.exists() else ""


def test_a_stack_is_read_from_its_state_without_pulumi(project: Project) -> None:
    outputs, region = read_stack(project, "acme")
    assert (outputs.cell, outputs.phase, region) == ("eu1", "steady", "eu-west-1")
    assert asked_of_pulumi(project) == ""


def test_pulumi_is_asked_for_what_no_file_shows(project: Project) -> None:
    assert read_stack(project, "hooli")[0].cell == "eu9"
    assert "stack output --json --stack hooli" in asked_of_pulumi(project)


@pytest.mark.parametrize("backend", ["https://api.example.com", "file://["])
def test_pulumi_is_asked_where_no_file_of_the_backend_is_seen(
    project: Project, monkeypatch: pytest.MonkeyPatch, backend: str
) -> None:
    project.file.write_text(f"name: tenantnet\nruntime: python\nbackend: {{url: '{backend}'}}\n")
    monkeypatch.delenv("PULUMI_BACKEND_URL")
    assert read_stack(project, "hooli")[0].cell == "eu9"


def test_each_region_is_asked_once_for_all_of_its_tenants(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[list[str], str]] = []

    def observe_each(names: list[str], region: str) -> dict[str, Deployed]:
        asked.append((names, region))
        tags: dict[str, Any] = {"tenantnet:network": "blue", "tenantnet:part": Part.NETWORK}
        return {
            name: Deployed(
                vpcs=(Vpc(id=f"vpc-{name}", cidrs=("10.1.2.0/26",), tags={**tags, "tenantnet:tenant": name}),)
            )
            for name in names
        }

    monkeypatch.setattr(status, "observe_each", observe_each)
    found = read_many(project, ["acme", "globex", "hooli", "initech", "umbrella"])
    assert asked == [(["acme", "hooli"], "eu-west-1"), (["globex"], "us-east-1")]
    seen = {each.tenant: each.status and each.status.networks[0].vpc_id for each in found}
    own = {name: f"vpc-{name}" for name in ("acme", "globex", "hooli")}
    assert seen == {**own, "initech": None, "umbrella": None}
    failures = {each.tenant: each.failure for each in found if each.failure}
    assert failures.keys() == {"initech", "umbrella"}
    assert "there is no tenant umbrella in this Pulumi backend" in failures["umbrella"]
    assert "acme" not in asked_of_pulumi(project)


def test_where_aws_does_not_answer_each_tenant_of_the_region_says_so(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"ACCESS_KEY_ID": "local", "SECRET_ACCESS_KEY": "local"}.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    found = read_many(project, ["acme", "globex"])
    assert [each.status for each in found] == [None, None]
    assert all("AWS did not answer" in each.failure for each in found), found
