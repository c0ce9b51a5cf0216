"""A run is on record from its beginning to its end, and gone on with from there."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tenantnet.engine import events
from tenantnet.fleet.record import FleetOperation, RunRecord, RunRecords, RunStatus, TenantRecord
from tenantnet.fleet.runs import Limits, begin_run, resume_run
from tenantnet.fleet.waves import Waves
from tenantnet.fleet.words import as_markdown, summary
from tenantnet.refusal import Refused
from tenantnet.settings.project import Project
from tenantnet.toolchain.processes import begin_of, is_running

ANY = Limits(parallel=2)


@pytest.fixture
def records(tmp_path: Path) -> RunRecords:
    return RunRecords(Project(folder=tmp_path, settings_folder=tmp_path))


def begun(records: RunRecords, **tenants: TenantRecord) -> RunRecord:
    """A run of a process that has ended, with tenants that stand so."""
    record = begin_run(records, FleetOperation.UP, list(tenants), ANY)
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    record = record.model_copy(update={"pid": process.pid, "tenants": tenants})
    records.write(record)
    return record


DONE = TenantRecord(status=RunStatus.DONE, seconds=1.5, changes={events.Operation.CREATE: 63})
FAILED = TenantRecord(
    status=RunStatus.FAILED, reason="10.1.2.0/26\n  rule: a range has one holder", log="x.log"
)
RUNNING = TenantRecord(status=RunStatus.RUNNING, pid=os.getpid())


def test_a_run_that_is_gone_on_with_keeps_what_is_done(records: RunRecords) -> None:
    begun(records, acme=DONE, globex=FAILED, initech=TenantRecord())
    record = resume_run(records, FleetOperation.UP, ANY)
    assert record.left() == ["globex", "initech"]
    assert record.tenants["acme"] == DONE
    assert record.tenants["globex"] == TenantRecord()


def test_the_process_of_a_tenant_that_was_under_way_is_remembered(records: RunRecords) -> None:
    begun(records, acme=RUNNING)
    assert resume_run(records, FleetOperation.UP, ANY).tenants["acme"].pid == RUNNING.pid


def test_after_a_restart_or_elsewhere_it_is_not(records: RunRecords) -> None:
    record = begun(records, acme=RUNNING)
    records.write(record.model_copy(update={"machine": "another"}))
    assert resume_run(records, FleetOperation.UP, ANY).tenants["acme"].pid is None


def test_a_run_whose_process_is_still_at_it_is_refused(records: RunRecords) -> None:
    record = begun(records, acme=RUNNING)
    process = {"pid": os.getppid(), "pid_began": begin_of(os.getppid())}
    records.write(record.model_copy(update=process))
    with pytest.raises(Refused, match="still runs it"):
        resume_run(records, FleetOperation.UP, ANY)


def test_another_process_with_the_id_of_one_that_has_ended_is_not_waited_for(records: RunRecords) -> None:
    record = begun(records, acme=TenantRecord(status=RunStatus.RUNNING, pid=os.getpid(), pid_began=1.0))
    records.write(record.model_copy(update={"pid": os.getppid(), "pid_began": 1.0}))
    former = resume_run(records, FleetOperation.UP, ANY).tenants["acme"]
    assert (former.pid, former.pid_began) == (os.getpid(), 1.0)
    assert not is_running(os.getpid(), former.pid_began)


def test_a_run_whose_last_wave_nobody_has_looked_at_is_gone_on_with(records: RunRecords) -> None:
    record = begun(records, acme=DONE, globex=DONE)
    waves = Waves(canary=1, percent=100, soak_minutes=1, pause=False)
    records.write(record.model_copy(update={"waves": waves, "soaked": 1}))
    found = resume_run(records, FleetOperation.UP, ANY)
    assert (found.left(), found.has_rest) == ([], True)
    assert "--resume` looks at the last wave's alarms again" in as_markdown(found)
    records.write(found.model_copy(update={"soaked": 2, "pid": record.pid}))
    with pytest.raises(Refused, match="no run of `fleet up`"):
        resume_run(records, FleetOperation.UP, ANY)


def test_a_finished_run_is_not_gone_on_with(records: RunRecords) -> None:
    begun(records, acme=DONE)
    with pytest.raises(Refused, match="no run of `fleet up`"):
        resume_run(records, FleetOperation.UP, ANY)


def test_a_run_of_another_operation_is_not_gone_on_with(records: RunRecords) -> None:
    begun(records, acme=FAILED)
    with pytest.raises(Refused, match="no run of `fleet drift`"):
        resume_run(records, FleetOperation.DRIFT, ANY)


def test_a_run_that_a_former_version_recorded_is_gone_on_with(records: RunRecords) -> None:
    file = records.file_of(begun(records, acme=DONE, globex=FAILED).run)
    file.write_text(file.read_text().replace('"status":', '"standing":'), encoding="utf-8")
    assert resume_run(records, FleetOperation.UP, ANY).left() == ["globex"]


def test_a_record_that_cannot_be_read_is_passed_over(records: RunRecords) -> None:
    kept = begun(records, acme=FAILED)
    damaged = records.folder / "99990101-000000-up-1"
    damaged.mkdir()
    (damaged / "run.json").write_text("{", encoding="utf-8")
    assert resume_run(records, FleetOperation.UP, ANY).run == kept.run


def test_runs_are_for_this_user_alone_and_out_of_git(records: RunRecords) -> None:
    record = begun(records, acme=DONE)
    assert records.folder_of(record.run).stat().st_mode & 0o077 == 0
    assert (records.folder.parent / ".gitignore").read_text() == "*\n"


def test_the_summary_names_only_what_there_is(records: RunRecords) -> None:
    record = begun(records, acme=DONE, globex=FAILED)
    assert summary(record) == "1 done, 1 failed"
    # Who is told of drift has still to do something.
    assert summary(record.model_copy(update={"operation": FleetOperation.DRIFT})) == "1 compared, 1 failed"


def test_the_report_has_every_tenant_and_the_reason_of_each_failure(records: RunRecords) -> None:
    report = as_markdown(begun(records, acme=DONE, globex=FAILED))
    assert "| acme | done | 63 created | 1.5 |" in report
    assert "## globex\n\n```text\n10.1.2.0/26\n  rule: a range has one holder\n```" in report
    assert "tenantnet fleet up --resume" in report


def test_the_report_of_drift_ends_with_what_puts_it_back(records: RunRecords) -> None:
    drifted = DONE.model_copy(update={"findings": ("VPN connection Seattle office is gone",)})
    assert "\n\n`tenantnet up acme --refresh` puts back" in as_markdown(
        begun(records, acme=drifted, globex=DONE)
    )
    assert "`tenantnet up TENANT --refresh`" in as_markdown(begun(records, acme=drifted, globex=drifted))
    assert "--refresh" not in as_markdown(begun(records, acme=DONE))


def test_the_report_of_a_finished_run_asks_for_nothing(records: RunRecords) -> None:
    assert "--resume" not in as_markdown(begun(records, acme=DONE))


def test_a_resumed_run_looks_again_at_what_was_proved_unchanged(records: RunRecords) -> None:
    proved = TenantRecord(status=RunStatus.DONE, proved=True)
    record = begun(records, acme=proved, globex=proved, hooli=DONE, initech=FAILED)
    assert record.proved() == ["acme", "globex"]
    record.look_again({"globex"})
    assert record.left() == ["acme", "initech"]
    assert record.tenants["acme"] == TenantRecord()


def test_of_a_slice_this_machines_own_record_is_gone_on_with(records: RunRecords) -> None:
    """The backend has it as its process began: it does not know which stacks are done and which are held."""
    record = begun(records, acme=DONE, globex=RUNNING)
    kept = record.model_copy(update={"tenants": {"acme": TenantRecord(), "globex": TenantRecord()}})
    found = resume_run(records, FleetOperation.UP, ANY, records.as_here(kept))
    assert (found.left(), found.tenants["globex"].pid) == (["globex"], RUNNING.pid)


@pytest.mark.parametrize("other", [{"machine": "another"}, {"pid": 1}])
def test_of_a_slice_that_another_process_has_gone_on_with_its_record_is(
    records: RunRecords, other: dict[str, object]
) -> None:
    record = begun(records, acme=RUNNING)
    kept = record.model_copy(update={**other, "tenants": {"acme": DONE}})
    assert records.as_here(kept).tenants == {"acme": DONE}


def test_a_slice_whose_process_is_still_at_it_is_refused(records: RunRecords) -> None:
    record = begun(records, acme=RUNNING)
    process = {"pid": os.getppid(), "pid_began": begin_of(os.getppid())}
    records.write(kept := record.model_copy(update=process))
    with pytest.raises(Refused, match="still runs it"):
        records.as_here(kept)
