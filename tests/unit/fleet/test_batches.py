"""Slices of several machines are one report, whatever became of the machines."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tenantnet.cli.fleet.run import Asked
from tenantnet.cli.main import app
from tenantnet.engine.states import store_of
from tenantnet.fleet.batches import Batch, Batches, read_batch
from tenantnet.fleet.record import FleetOperation, RunRecord, RunRecords, RunStatus, TenantRecord
from tenantnet.fleet.runs import Limits, begin_run, resume_run
from tenantnet.fleet.selection import Slice
from tenantnet.fleet.waves import Waves
from tenantnet.refusal import Refused
from tenantnet.settings.project import Project, find_project
from typer.testing import CliRunner

DONE, FAILED = TenantRecord(status=RunStatus.DONE), TenantRecord(status=RunStatus.FAILED, reason="no room")
DRIFTED = TenantRecord(status=RunStatus.DONE, findings=("VPC acme-blue is gone",))


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    (tmp_path / "Pulumi.yaml").write_text("name: tenantnet\n")
    monkeypatch.setenv("PULUMI_BACKEND_URL", f"file://{tmp_path}")
    monkeypatch.chdir(tmp_path)
    return find_project(tmp_path)


def batches(project: Project) -> Batches:
    store = store_of(f"file://{project.folder}")
    assert store
    return Batches(store, project)


def machine(project: Project, share: str, batch: str = "b1", /, **tenants: TenantRecord) -> RunRecord:
    """A machine has begun its slice; with states of tenants, it has ended."""
    names, operation = [f"t{share[0]}", *tenants], FleetOperation.UP
    home = project.folder / "-".join([share.replace("/", "-"), *tenants])
    place = Project(folder=home, settings_folder=project.folder)
    record = begin_run(RunRecords(place), operation, names, Limits(parallel=4), batch=batch, share=share)
    batches(project).keep(record)
    if tenants:
        record.ended, record.tenants = datetime.now(UTC), {names[0]: DONE, **tenants}
        batches(project).keep(record)
    return record


def statuses(batch: Batch) -> Mapping[str, str]:
    return {name: each.status.value for name, each in batch.run.tenants.items()}


def test_the_slices_of_all_machines_are_one_run(project: Project) -> None:
    machine(project, "2/2", globex=DONE)
    machine(project, "1/2", acme=DONE)
    machine(project, "1/9", "b2", hooli=DONE)
    batch = read_batch(project, "b1")
    assert (batch.missing, batch.lost, batch.done, batch.remarks()) == ((), (), True, [])
    assert statuses(batch) == dict.fromkeys(("t1", "acme", "t2", "globex"), "done")
    assert (batch.run.parallel, batch.run.batch, batch.run.share) == (8, "b1", "")


def test_a_machine_that_is_lost_or_never_came_is_said_until_another_takes_its_slice(project: Project) -> None:
    machine(project, "1/3", acme=DONE)
    machine(project, "2/3")
    batch = read_batch(project, "b1")
    assert (batch.missing, batch.lost, batch.done) == ((3,), (2,), False)
    assert batch.remarks() == [
        "Slice 3/3 has not begun.",
        "Slice 2/3 has begun and not ended: its machine is at work, or was lost.",
    ]
    assert statuses(batch) == {"t1": "done", "acme": "done", "t2": "running"}
    for share in ("2/3", "3/3"):
        machine(project, share, **{f"other{share[0]}": DONE})
    assert read_batch(project, "b1").done


def test_what_failed_in_a_slice_is_left_and_its_waves_are_held(project: Project) -> None:
    record = machine(project, "1/1", acme=FAILED)
    record.held = "not all of its wave were updated: acme"
    batches(project).keep(record)
    batch = read_batch(project, "b1")
    assert not batch.done
    assert batch.run.held == "slice 1: not all of its wave were updated: acme"


def test_a_resumed_run_is_still_its_batchs_slice(project: Project) -> None:
    record = machine(project, "1/1", acme=FAILED)
    records = RunRecords(Project(folder=project.folder / "1-1-acme", settings_folder=project.folder))
    record.pid = 0
    records.write(record)
    resumed = resume_run(records, FleetOperation.UP, Limits())
    assert (resumed.batch, resumed.share) == ("b1", "1/1")


def test_another_machine_goes_on_with_a_slice_where_it_was_left(project: Project) -> None:
    """Such as the next job of a pipeline, after somebody has let the next wave begin."""
    record = machine(project, "1/1", acme=FAILED, globex=TenantRecord())
    record.waves = Waves(canary=1, percent=100, soak_minutes=0, pause=True)
    record.soaked, record.alarms_before, record.machine = 1, ("acme-blue-CPUUtilization",), "elsewhere"
    batches(project).keep(record)
    found = batches(project).slice_of("b1", Slice.parse("1/1"))
    here = RunRecords(Project(folder=project.folder / "here", settings_folder=project.folder))
    resumed = resume_run(here, FleetOperation.UP, Limits(), found)
    assert (resumed.soaked, resumed.alarms_before, resumed.waves) == (1, record.alarms_before, record.waves)
    assert statuses(Batch.of(1, {1: resumed.model_copy(update={"ended": record.ended})})) == {
        "t1": "done",
        "acme": "waiting",
        "globex": "waiting",
    }
    assert here.file_of(record.run).exists()


@pytest.mark.parametrize(
    ("options", "rule"),
    [
        ("drift --resume --batch b1 --slice 1/1", "run-to-resume"),
        ("up --resume --batch b1 --slice 1/1 --canary 1", "resume-alone"),
        ("up --resume --batch b1 --slice 2/2", "batch-known"),
        ("up --resume --slice 1/1", "resume-alone"),
        ("up --resume --batch b1", "batch-of-slices"),
    ],
)
def test_what_cannot_be_gone_on_with_elsewhere_is_refused(project: Project, options: str, rule: str) -> None:
    machine(project, "1/1", acme=FAILED)
    run = CliRunner().invoke(app, ["fleet", *options.split()])
    assert isinstance(run.exception, Refused), run.output
    assert [each.rule_id for each in run.exception.refusals] == [rule]


@pytest.mark.parametrize(
    ("states", "code", "words"),
    [
        ({"acme": DONE}, 0, "2 done"),
        ({"acme": DRIFTED}, 3, "VPC acme-blue is gone"),
        ({"acme": FAILED}, 1, "with the same --batch and --slice"),
        ({}, 1, "Slice 1/1 has begun and not ended"),
    ],
)
def test_the_report_is_printed_and_written_by_any_machine(
    project: Project, states: dict[str, TenantRecord], code: int, words: str
) -> None:
    machine(project, "1/1", **states)
    run = CliRunner().invoke(app, ["fleet", "report", "b1", "--report", "report.md"])
    assert (run.exit_code, words in run.output) == (code, True), run.output
    assert words in (project.folder / "report.md").read_text()
    as_json = CliRunner().invoke(app, ["fleet", "report", "b1", "--json"])
    assert set(json.loads(as_json.output)["run"]["tenants"]) == {"t1", *states}


@pytest.mark.parametrize(
    ("name", "share", "url", "rule"),
    [
        ("../b1", "1/2", "file:///here", "batch-name"),
        ("", "1/2", "file:///here", "batch-name"),
        ("b1", None, "file:///here", "batch-of-slices"),
        ("b1", "1/2", "https://api.pulumi.com", "batch-of-slices"),
    ],
)
def test_a_batch_that_nobody_could_report_is_refused(
    name: str, share: str | None, url: str, rule: str
) -> None:
    asked = Asked([], None, share, None, None, None, resume=False, batch=name)
    with pytest.raises(Refused) as refused:
        asked.checked_batch(store_of(url))
    assert [each.rule_id for each in refused.value.refusals] == [rule]


def test_a_batch_of_another_name_or_division_is_refused(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine(project, "1/2")
    machine(project, "1/3")
    rules = []
    for name in ("b1", "b2"):
        with pytest.raises(Refused) as refused:
            read_batch(project, name)
        rules += [each.rule_id for each in refused.value.refusals]
    monkeypatch.setenv("PULUMI_BACKEND_URL", "https://api.pulumi.com")
    with pytest.raises(Refused) as refused:
        read_batch(project, "b1")
    assert [*rules, refused.value.refusals[0].rule_id] == ["batch-division", "batch-known", "batch-of-slices"]
