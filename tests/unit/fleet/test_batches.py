"""Slices of several machines are one report, whatever became of the machines."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tenantnet.cli.fleet.run import Asked
from tenantnet.cli.main import app
from tenantnet.engine.states import store_of
from tenantnet.fleet.batches import Batch, Batches, read_batch
from tenantnet.fleet.record import FleetOperation, RunRecord, RunRecords, RunStatus, Shared, TenantRecord
from tenantnet.fleet.runs import Limits, begin_run, resume_run
from tenantnet.fleet.selection import Slice
from tenantnet.fleet.shared import NAMED, apart, seen_now
from tenantnet.fleet.waves import Waves
from tenantnet.refusal import Refused
from tenantnet.settings.project import Project, find_project
from typer.testing import CliRunner

DONE, FAILED = TenantRecord(status=RunStatus.DONE), TenantRecord(status=RunStatus.FAILED, reason="no room")
ALIKE = Shared(operation=FleetOperation.UP, tenants=(), commit="0fecf09" * 5, files="1")
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


def machine(
    project: Project, share: str, batch: str = "b1", shared: Shared | None = ALIKE, /, **tenants: TenantRecord
) -> RunRecord:
    """A machine has begun its slice; with states of tenants, it has ended."""
    names, operation = [f"t{share[0]}", *tenants], FleetOperation.UP
    home = project.folder / "-".join([share.replace("/", "-"), *tenants])
    place = Project(folder=home, settings_folder=project.folder)
    record = begin_run(
        RunRecords(place), operation, names, Limits(parallel=4), batch=batch, share=share, shared=shared
    )
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
        ("up --resume --batch b1 --slice 1/1 --soak 5", "resume-alone"),
        ("up --resume --batch b1 --slice 1/1 --pause", "resume-alone"),
        ("up --resume --batch b1 --slice 2/2", "batch-known"),
        ("up --resume --slice 1/1", "resume-alone"),
        ("drift --resume --engines", "resume-alone"),
        ("drift --resume --pages", "resume-alone"),
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


OTHERS: list[tuple[dict[str, object], str]] = [
    ({"tenants": ("acme", "globex")}, "with acme, globex"),
    ({"operation": FleetOperation.DRIFT}, "`fleet drift`, not `fleet up`"),
    ({"policy_pack": "policies"}, "options --policy-pack policies, not no options"),
    ({"pages": False}, "options --engines, not no options"),
    ({"commit": "1f5bf35" * 5}, "commit 1f5bf351f5bf, not commit 0fecf090fecf"),
    ({"commit": ""}, "no commit, not commit 0fecf090fecf"),
    ({"files": "2"}, "other files beside commit 0fecf090fecf"),
    (
        {"waves": Waves(canary=1, percent=50, soak_minutes=5, pause=True)},
        "options --canary 1 --wave 50% --soak 5 --pause, not no options",
    ),
]


@pytest.mark.parametrize(("other", "words"), OTHERS)
def test_slices_of_different_runs_are_never_complete_and_no_further_one_begins(
    project: Project, other: dict[str, object], words: str
) -> None:
    machine(project, "1/2", acme=DONE)
    machine(project, "2/2", "b1", of_another := ALIKE.model_copy(update=other), globex=DONE)
    batch = read_batch(project, "b1")
    assert (batch.done, batch.remarks()) == (False, [f"Slice 2/2 is of another run than slice 1/2: {words}."])
    with pytest.raises(Refused, match="is of another run than this one") as refused:
        batches(project).require_alike("b1", Slice.parse("1/2"), ALIKE)
    assert [each.rule_id for each in refused.value.refusals] == ["batch-alike"]
    # Instead of the one that is apart.
    batches(project).require_alike("b1", Slice.parse("2/2"), ALIKE)
    assert apart(of_another, of_another) == ""


def test_what_differs_between_two_slices_is_each_field_that_they_share_out() -> None:
    assert {name for other, _ in OTHERS for name in other} == {*Shared.model_fields}


def test_a_tenant_that_no_slice_has_is_in_the_report_as_not_begun(project: Project) -> None:
    """The first machine had not its settings file yet."""
    machine(project, "1/2", "b1", ALIKE.model_copy(update={"tenants": ("t1", "t2")}))
    machine(project, "1/2", "b1", ALIKE.model_copy(update={"tenants": ("t1", "t2")}), t1=DONE)
    machine(project, "2/2", "b1", ALIKE.model_copy(update={"tenants": ("globex", "t1", "t2")}), t2=DONE)
    batch = read_batch(project, "b1")
    assert statuses(batch) == {"globex": "waiting", "t1": "done", "t2": "done"}
    assert batch.remarks() == ["Slice 2/2 is of another run than slice 1/2: with globex."]
    run = CliRunner().invoke(app, ["fleet", "report", "b1", "--report", "report.md"])
    assert (run.exit_code, "2 done, 1 not begun" in run.output) == (1, True), run.output
    assert "with globex" in (project.folder / "report.md").read_text()


def test_of_a_slice_that_has_not_begun_the_tenants_are_not_begun(project: Project) -> None:
    machine(project, "1/2", "b1", ALIKE.model_copy(update={"tenants": ("t1", "t2", "t3")}), t3=DONE)
    assert statuses(read_batch(project, "b1")) == {"t1": "done", "t2": "waiting", "t3": "done"}


def test_many_names_are_counted() -> None:
    names = tuple(f"t{number}" for number in range(NAMED + 2))
    assert apart(ALIKE.model_copy(update={"tenants": names}), ALIKE) == "with t0, t1, t2, t3, t4 and 2 more"
    assert apart(ALIKE, ALIKE.model_copy(update={"tenants": names})).startswith("without t0, ")


def test_a_slice_of_a_former_version_is_never_complete(project: Project) -> None:
    machine(project, "1/1", "b1", None, acme=DONE)
    assert (read_batch(project, "b1").done, "former version" in read_batch(project, "b1").remarks()[0]) == (
        False,
        True,
    )
    machine(project, "2/2", "b2", None, acme=DONE)
    with pytest.raises(Refused, match="former version"):
        batches(project).require_alike("b2", Slice.parse("1/2"), ALIKE)


def test_a_slice_of_another_division_does_not_begin(project: Project) -> None:
    """Such as under the name of a former batch."""
    machine(project, "1/2", acme=DONE)
    with pytest.raises(Refused) as refused:
        batches(project).require_alike("b1", Slice.parse("1/3"), ALIKE)
    assert [each.rule_id for each in refused.value.refusals] == ["batch-division"]


def test_what_is_resumed_from_another_commit_is_two_runs(project: Project) -> None:
    record = machine(project, "1/1", acme=DONE)
    record.shared = (*record.shared, ALIKE.model_copy(update={"commit": ""}))
    batches(project).keep(record)
    batch = read_batch(project, "b1")
    words = "no commit, not commit 0fecf090fecf"
    assert (batch.done, batch.remarks()) == (False, [f"Slice 1/1 was resumed as another run: {words}."])


def test_a_report_says_from_when_to_when_its_slices_are(project: Project) -> None:
    """A machine that never came leaves what the former run of that name has."""
    first, second = machine(project, "1/2", acme=DONE), machine(project, "2/2", globex=DONE)
    first.began, first.ended = (
        datetime(2026, 11, 29, 22, 0, tzinfo=UTC),
        datetime(2026, 11, 29, 22, 9, tzinfo=UTC),
    )
    second.began = datetime(2026, 11, 30, 22, 0, tzinfo=UTC)
    second.ended = datetime(2026, 11, 30, 22, 7, tzinfo=UTC)
    for record in (first, second):
        batches(project).keep(record)
    run = CliRunner().invoke(app, ["fleet", "report", "b1"])
    assert "Begun 2026-11-29 22:00 UTC, ended 2026-11-30 22:07 UTC." in run.output
    machine(project, "2/2")
    assert read_batch(project, "b1").time == "Begun 2026-11-29 22:00 UTC."


def test_each_slice_has_its_own_waves_and_is_done_once_they_have_passed(project: Project) -> None:
    waves = Waves(canary=1, percent=100, soak_minutes=0, pause=False)
    for share, soaked in {"1/2": 2, "2/2": 1}.items():
        record = machine(project, share, acme=DONE)
        record.waves, record.soaked = waves, soaked
        batches(project).keep(record)
    batch = read_batch(project, "b1")
    assert (batch.done, batch.run.waves) == (False, None)
    assert batch.remarks() == ["Slice 2/2 is not through: 1 of 2 waves have passed."]


def test_the_files_that_a_run_follows_from_are_known_whatever_git_has_of_them(project: Project) -> None:
    seen = [seen_now(project, ALIKE)]
    for name, text in (
        ("Pulumi.acme.yaml", "config: {}"),
        ("Pulumi.acme.yaml", "config: {a: b}"),
        ("rules/pack.py", ""),
        ("requirements.lock", "pulumi==3.200.0"),
    ):
        file = project.folder / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
        seen.append(seen_now(project, ALIKE))
    assert len({each.files for each in seen}) == len(seen)
    assert {each.commit for each in seen} == {""}
    for name in (".tenantnet/fleet/notes.yaml", ".venv/lib/a.py", "venv/lib/a.py", "report.md"):
        file = project.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("")
    (project.folder / "venv" / "pyvenv.cfg").touch()
    assert seen_now(project, ALIKE) == seen[-1]


def test_no_file_of_a_run_hides_behind_a_link_or_in_an_environments_folder(project: Project) -> None:
    """The link leads to a folder that is there beside it, and the project itself is an environment."""
    (project.folder / "pyvenv.cfg").touch()
    seen = [seen_now(project, ALIKE)]
    for cell in ("eu1", "eu2"):
        file = project.folder / "cells" / cell / "limits.py"
        file.parent.mkdir(parents=True)
        file.write_text(f"CELL = '{cell}'")
        link = project.folder / "own"
        link.unlink(missing_ok=True)
        link.symlink_to(f"cells/{cell}")
        seen.append(seen_now(project, ALIKE))
    link.unlink()
    link.symlink_to("cells/eu1")
    seen.append(seen_now(project, ALIKE))
    assert len({each.files for each in seen}) == len(seen)


def test_a_commit_is_named(project: Project) -> None:
    git = ["git", "-C", str(project.folder), "-c", "user.name=a", "-c", "user.email=a@example.com"]
    for command in (["init", "--quiet"], ["commit", "--quiet", "--allow-empty", "--message", "first"]):
        subprocess.run([*git, *command], check=True)
    head = subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True)
    assert seen_now(project, ALIKE).commit == head.stdout.strip()


@pytest.mark.parametrize(
    ("place", "reason"), [("missing/report.md", "there is no folder missing"), (".", "it is a folder")]
)
def test_a_report_that_cannot_be_written_is_refused_before_anything_is_read(
    project: Project, place: str, reason: str
) -> None:
    machine(project, "1/1", acme=DONE)
    run = CliRunner().invoke(app, ["fleet", "report", "b1", "--report", place])
    assert isinstance(run.exception, Refused), run.output
    assert (run.exception.refusals[0].rule_id, run.stdout) == ("file-writable", "")
    assert reason in run.exception.refusals[0].reason
