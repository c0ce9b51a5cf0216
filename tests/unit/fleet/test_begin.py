"""What is asked before a fleet's run begins."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest
from tenantnet.cli.main import app
from tenantnet.failure import Failure
from tenantnet.fleet.batches import read_batch
from tenantnet.fleet.record import FleetOperation, RunRecords, RunStatus, TenantRecord
from tenantnet.fleet.runs import Limits, begin_run
from tenantnet.fleet.waves import Waves
from tenantnet.refusal import Refused
from tenantnet.settings.project import find_project
from typer.testing import CliRunner

from tests.support.processes import a_program

VIOLATION = {
    "resourceUrn": "urn:pulumi:acme::tenantnet::aws:ec2/vpc:Vpc::acme-blue",
    "message": "The network has no tag.\n",
    "color": "never",
    "policyName": "tags-complete",
    "policyPackName": "own",
    "policyPackVersion": "1",
    "policyPackVersionTag": "1",
}
ERROR = {"message": "update failed\n", "color": "never", "severity": "error"}
# An engine whose update a policy refuses; OUT is a folder that goes meanwhile.
REFUSING = """\
case "$1" in
version) echo v3.200.0; exit ;;
stack) echo '[]'; exit ;;
esac
while [ "$1" != --event-log ]; do shift; done
cat ../says > "$2"
if [ -n "$OUT" ]; then rm -r "$OUT"; fi
echo 'Diagnostics:'; echo '  pulumi:pulumi:Stack (tenantnet-acme):'; echo '    error: update failed'; exit 1
"""
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


def refusing(folder: Path, level: str = "mandatory") -> None:
    """The engine whose update a policy refuses, in the other one's place."""
    events = [{"policyEvent": {**VIOLATION, "enforcementLevel": level}}, {"diagnosticEvent": ERROR}]
    lines = [json.dumps({"sequence": 1, "timestamp": 1, **each}) for each in events]
    (folder.parent / "says").write_text("\n".join(lines))
    (folder.parent / "state" / ".pulumi" / "meta.yaml").write_text("version: 1\n")
    a_program(folder.parent / "bin" / "pulumi", REFUSING)


def test_what_a_policy_refuses_is_in_every_report_with_its_words(folder: Path) -> None:
    refusing(folder)
    (folder / "policies").mkdir()
    (folder / "policies" / "PulumiPolicy.yaml").write_text("runtime: python\n")
    command = ["fleet", "up", "--yes", "--slice", "1/1", "--batch", "b1", "--policy-pack", "policies"]
    run = CliRunner().invoke(app, [*command, "--report", "report.md"])
    elsewhere = CliRunner().invoke(app, ["fleet", "report", "b1", "--report", "whole.md"])
    as_json = CliRunner().invoke(app, ["fleet", "report", "b1", "--json"])
    for text in (
        run.stdout,
        elsewhere.stdout,
        (folder / "report.md").read_text(),
        (folder / "whole.md").read_text(),
        json.loads(as_json.stdout)["run"]["tenants"]["acme"]["reason"],
    ):
        assert "[mandatory] tags-complete (acme-blue)\nThe network has no tag." in text
        assert "update failed" not in text


def test_a_policy_that_only_advises_is_no_reason(folder: Path) -> None:
    refusing(folder, "advisory")
    run = CliRunner().invoke(app, ["fleet", "up", "--yes"])
    assert "tags-complete" not in run.stdout
    assert "error: update failed" in run.stdout


def test_a_report_whose_folder_is_not_there_is_refused_before_anything_begins(folder: Path) -> None:
    run = CliRunner().invoke(app, ["fleet", "up", "--yes", "--report", "missing/report.md"])
    assert isinstance(run.exception, Refused)
    assert [each.rule_id for each in run.exception.refusals] == ["file-writable"]
    assert not (folder / ".tenantnet").exists()


def test_a_batch_has_its_record_whatever_becomes_of_the_report(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusing(folder)
    monkeypatch.setenv("OUT", "out")
    (folder / "out").mkdir()
    command = ["fleet", "up", "--yes", "--slice", "1/1", "--batch", "b1", "--report", "out/report.md"]
    run = CliRunner().invoke(app, command)
    assert isinstance(run.exception, Failure)
    assert "Could not write out/report.md" in str(run.exception)
    assert "1 failed" in run.stdout
    batch = read_batch(find_project(folder), "b1")
    assert (batch.lost, batch.run.tenants["acme"].status) == ((), RunStatus.FAILED)


def test_a_batch_has_its_record_where_the_run_cannot_go_on(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusing(folder)
    monkeypatch.setenv("OUT", ".tenantnet/fleet")
    run = CliRunner().invoke(app, ["fleet", "up", "--yes", "--slice", "1/1", "--batch", "b1"])
    assert run.exception
    batch = read_batch(find_project(folder), "b1")
    assert (batch.lost, batch.done) == ((), False)


def test_a_machine_with_other_files_does_not_begin_its_slice(folder: Path) -> None:
    refusing(folder)
    command = ["fleet", "up", "--yes", "--batch", "b1", "--report", "report.md", "--slice"]
    assert CliRunner().invoke(app, [*command, "1/2"]).exit_code == 0
    runs = len([*folder.glob(".tenantnet/fleet/*")])
    text = (folder / "Pulumi.acme.yaml").read_text()
    for name, content, words in (
        ("Pulumi.globex.yaml", text, "without globex"),
        ("Pulumi.acme.yaml", f"{text}  other: {{}}\n", "other files"),
    ):
        before = (folder / name).read_text() if (folder / name).exists() else None
        (folder / name).write_text(content)
        run = CliRunner().invoke(app, [*command, "2/2"])
        assert isinstance(run.exception, Refused), run.output
        assert words in run.exception.refusals[0].reason
        (folder / name).unlink() if before is None else (folder / name).write_text(before)
    assert len([*folder.glob(".tenantnet/fleet/*")]) == runs
    # What this run itself has written is no difference.
    assert not isinstance(CliRunner().invoke(app, [*command, "2/2"]).exception, Refused)


def test_a_slice_that_is_resumed_with_other_files_says_so(folder: Path) -> None:
    refusing(folder)
    command = ["fleet", "up", "--slice", "1/1", "--batch", "b1"]
    CliRunner().invoke(app, [*command, "--yes"])
    with (folder / "Pulumi.acme.yaml").open("a") as settings:
        settings.write("  other: {}\n")
    for options in ([], command[2:]):
        CliRunner().invoke(app, ["fleet", "up", "--resume", *options])
        (remark,) = read_batch(find_project(folder), "b1").remarks()
        assert remark == "Slice 1/1 was resumed as another run: other files."


def test_a_policy_pack_that_is_not_there_is_refused_before_anything_is_proved(folder: Path) -> None:
    for operation in ("preview", "up"):
        (folder / "empty").mkdir(exist_ok=True)
        for pack in ("nosuchpack", "empty", "Pulumi.yaml", ""):
            run = CliRunner().invoke(app, ["fleet", operation, "--policy-pack", pack])
            assert isinstance(run.exception, Refused), run.output
            assert [each.rule_id for each in run.exception.refusals] == ["policy-pack-there"]
    assert not (folder / ".tenantnet").exists()


def test_a_tenant_whose_file_is_gone_is_its_failure_where_a_run_is_resumed(folder: Path) -> None:
    """An update does not begin without it, unless it was done."""
    refusing(folder)
    for name in ("globex", "hooli"):
        shutil.copy(folder / "Pulumi.acme.yaml", folder / f"Pulumi.{name}.yaml")
    for operation in ("drift", "up"):
        CliRunner().invoke(app, ["fleet", operation, "--engines" if operation == "drift" else "--yes"])
    (folder / "Pulumi.globex.yaml").unlink()
    run = CliRunner().invoke(app, ["fleet", "drift", "--resume"])
    assert run.exit_code == 1, run.exception
    assert "globex: failed" in run.stdout
    assert "3 failed" in run.stdout
    run = CliRunner().invoke(app, ["fleet", "up", "--resume"])
    assert isinstance(run.exception, Refused)
    assert "Pulumi.globex.yaml" in str(run.exception)


def test_a_wave_does_not_begin_beside_an_updated_tenant_whose_alarms_cannot_be_looked_at(
    folder: Path,
) -> None:
    """Of which region it is says its file; one that was removed has no alarms any more."""
    refusing(folder)
    project = find_project(folder)
    record = begin_run(RunRecords(project), FleetOperation.UP, ["acme", "globex", "hooli"], Limits())
    for name in ("acme", "globex"):
        record.tenants[name] = TenantRecord(status=RunStatus.DONE)
    shutil.copy(folder / "Pulumi.acme.yaml", folder / "Pulumi.hooli.yaml")
    (folder / "Pulumi.acme.yaml").write_text("config: [\n")
    record.waves = Waves(canary=2, percent=100, soak_minutes=0, pause=False)
    RunRecords(project).write(record)
    run = CliRunner().invoke(app, ["fleet", "up", "--resume"])
    assert isinstance(run.exception, Refused), run.output
    assert "Pulumi.acme.yaml" in str(run.exception)
    record.waves = None
    RunRecords(project).write(record)
    run = CliRunner().invoke(app, ["fleet", "up", "--resume"])
    assert not isinstance(run.exception, Refused), run.exception
