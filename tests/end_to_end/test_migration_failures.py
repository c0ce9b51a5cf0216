"""Moves that something stops: a refused call, a lost connection, a full disk, data that differs; and aborts.

The tests of this module run in order on a tenant that they share: acme, Production in blue, Test in green.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from tenantnet.local_cloud.faults import Effect, Fault
from tenantnet.local_cloud.process import LocalCloud
from tenantnet.phases.phases import Phase

from tests.support.kills import lock_holders
from tests.support.moves import (
    BOTH,
    HELD_BACK,
    PROMOTED,
    SECRET,
    Traffic,
    database,
    migrate,
    offices_up,
    start,
    status,
    stopped_at,
)
from tests.support.mysql_client import Client
from tests.support.processes import wait_until
from tests.support.project import PASSWORD, Project, Run

pytestmark = [pytest.mark.long, pytest.mark.timeout(1500)]

RUN = ("run", "acme", "--now")
AMSTERDAM = ZoneInfo("Europe/Amsterdam")
REFUSED = "InvalidParameterCombination"


@pytest.fixture(scope="module")
def moving(acme: Project, cloud: LocalCloud, aws: Any) -> Project:
    """Acme with a Test network green beside blue, and a login to compare the data with."""
    acme.write_tenant("acme", BOTH)
    acme.up("acme").check()
    offices_up(cloud, aws)
    login = json.dumps({"username": "acmeadmin", "password": PASSWORD})
    aws.client("secretsmanager").create_secret(Name=SECRET, SecretString=login)
    return acme


@pytest.fixture(scope="module")
def traffic(moving: Project, cloud: LocalCloud) -> Iterator[Traffic]:
    """A client that writes all the time."""
    with Traffic(cloud) as clients:
        yield clients


@pytest.fixture
def faulty(cloud: LocalCloud, traffic: Traffic) -> Iterator[LocalCloud]:
    """The cloud, whose faults end with the test."""
    yield cloud
    cloud.clear_faults()


def phase(project: Project) -> str:
    return str(project.outputs("acme")["phase"])


def reach(project: Project, wanted: Phase, strategy: str = "replica", line: str | None = None) -> None:
    """Let a run go on until it has reached a phase, and kill it there. line: what it has said then."""
    with stopped_at(project, line or f"{wanted}: reached", *RUN, "--strategy", strategy):
        pass
    assert phase(project) == wanted


def assert_taken_back(project: Project, run: Run, traffic: Traffic, aws: Any) -> None:
    assert "The move was taken back: clients write to blue" in run.text
    assert_as_before(project, traffic, aws)


def assert_aborts(project: Project, traffic: Traffic, aws: Any) -> None:
    migrate(project, "abort", "acme", "--yes").check()
    assert_as_before(project, traffic, aws)


def assert_as_before(project: Project, traffic: Traffic, aws: Any) -> None:
    """Steady in blue, with writes going on, nothing lost and no copy left."""
    outputs = project.outputs("acme")
    assert (outputs["phase"], outputs["production"]) == ("steady", "blue")
    before = len(traffic.acknowledged)
    wait_until(lambda: len(traffic.acknowledged) > before, 30)
    assert set(traffic.acknowledged[:before]) <= traffic.kept()
    assert database(aws, "acme-green") is None
    project.pulumi("preview", "--expect-no-changes", "--stack", "acme").check()


def test_a_step_whose_call_is_refused_says_so_and_leaves_the_phase(
    moving: Project, faulty: LocalCloud
) -> None:
    message = "the moon is in the wrong place"
    faulty.fail(
        Fault(call="rds CreateDBInstanceReadReplica", effect=Effect.ERROR, code=REFUSED, message=message)
    )
    run = migrate(moving, *RUN)
    assert run.code == 1
    assert "Could not bring acme to phase replicating." in run.text
    assert message in run.text
    assert "Part of the step may be done; the next run sees it through." in run.text
    assert phase(moving) == Phase.STEADY
    failed = [event for event in status(moving)["events"] if event["what"] == "failed"]
    assert message in failed[-1]["note"]


def test_a_move_whose_first_step_failed_can_be_aborted(moving: Project, traffic: Traffic, aws: Any) -> None:
    assert_aborts(moving, traffic, aws)


def test_a_group_that_was_made_though_its_answer_was_lost_is_made_anew_by_the_next_run(
    moving: Project, faulty: LocalCloud
) -> None:
    """The provider tries again, and the name is taken; no pending operation tells of it."""
    lost = Fault(call="rds CreateDBSubnetGroup", effect=Effect.DROP, count=1, done=True)
    faulty.fail(lost)
    run = migrate(moving, *RUN)
    assert (run.code, "DBSubnetGroupAlreadyExists" in run.text) == (1, True), run.text
    faulty.clear_faults()
    faulty.fail(Fault(call="rds CreateDBInstanceReadReplica", effect=Effect.ERROR, code=REFUSED))
    run = migrate(moving, *RUN)
    assert "delete acme-green, left by a killed run" in run.text
    assert REFUSED in run.text


def test_a_replica_whose_making_fails_half_way_is_completed_by_the_next_run(
    moving: Project, faulty: LocalCloud
) -> None:
    refused = Fault(
        call="rds ModifyDBInstance", containing="acme-green", effect=Effect.ERROR, code=REFUSED, count=1
    )
    faulty.fail(refused)
    run = migrate(moving, *RUN)
    assert (run.code, REFUSED in run.text) == (1, True), run.text
    assert phase(moving) == Phase.STEADY
    reach(moving, Phase.REPLICATING)


def test_a_move_whose_fence_is_refused_is_taken_back(
    moving: Project, faulty: LocalCloud, traffic: Traffic, aws: Any
) -> None:
    refused = Fault(
        call="rds ModifyDBParameterGroup", effect=Effect.ERROR, code=REFUSED, containing="read_only"
    )
    faulty.fail(refused)
    run = migrate(moving, *RUN)
    assert (run.code, REFUSED in run.text) == (1, True), run.text
    assert_taken_back(moving, run, traffic, aws)


def test_a_run_stopped_as_it_holds_back_writes_says_so_and_leaves_the_stack_unlocked(
    moving: Project, cloud: LocalCloud, traffic: Traffic, aws: Any
) -> None:
    # One by snapshot begins with the fence.
    with start(moving, *RUN, "--strategy", "snapshot") as run:
        assert run.stdout is not None
        for line in run.stdout:
            if re.match(HELD_BACK, line):
                break
        run.send_signal(signal.SIGTERM)
        said, _ = run.communicate()
    assert (run.returncode, "Traceback" in said) == (130, False), said
    assert "WRITES ARE HELD BACK" in said
    assert "tenantnet migrate abort acme" in said
    assert lock_holders(cloud) == []
    assert_aborts(moving, traffic, aws)


def test_a_run_without_a_connection_says_so_and_the_next_one_goes_on(
    moving: Project, faulty: LocalCloud
) -> None:
    reach(moving, Phase.FENCED, line=HELD_BACK)
    faulty.fail(Fault(call="*", effect=Effect.DROP))
    run = migrate(moving, *RUN)
    assert (run.code, "AWS did not answer" in run.text, "Traceback" in run.text) == (1, True, False), run.text
    faulty.clear_faults()
    assert phase(moving) == Phase.FENCED


def test_an_abort_behind_the_fence_of_a_replica(moving: Project, traffic: Traffic, aws: Any) -> None:
    assert_aborts(moving, traffic, aws)


def test_a_scheduled_run_begins_when_its_time_has_come_and_not_before(
    moving: Project, faulty: LocalCloud, traffic: Traffic, aws: Any
) -> None:
    """What it would do then is refused, so that nothing else has to be waited for."""
    at = datetime.now(AMSTERDAM).replace(second=0, microsecond=0) + timedelta(minutes=2)
    planned = ("--at", f"{at:%Y-%m-%dT%H:%M}", "--timezone", AMSTERDAM.key, "--strategy", "snapshot")
    migrate(moving, "schedule", "acme", *planned).check()
    faulty.fail(Fault(call="rds ModifyDBParameterGroup", effect=Effect.ERROR, code=REFUSED))
    run = migrate(moving, "run", "acme")
    assert (run.code, "waiting until" in run.text, REFUSED in run.text) == (1, True, True), run.text
    began = next(event for event in status(moving)["events"] if event["what"] == "began")
    assert timedelta() <= datetime.fromisoformat(began["at"]) - at <= timedelta(seconds=30)
    assert_taken_back(moving, run, traffic, aws)
    migrate(moving, "cancel", "acme").check()


@pytest.fixture
def full_disk(cloud: LocalCloud) -> Iterator[None]:
    """The stacks' state lies on a disk of its own, with no space left; mounting it takes root."""
    if os.geteuid() != 0:
        pytest.skip("mounting a file system takes root")
    folder, kept = cloud.state_dir / "pulumi", cloud.state_dir / "kept"
    shutil.copytree(folder, kept, symlinks=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=128m", "tmpfs", str(folder)], check=True)
    try:
        shutil.copytree(kept, folder, symlinks=True, dirs_exist_ok=True)
        _fill(folder / "full")
        yield
        (folder / "full").unlink()
        shutil.rmtree(kept)
        shutil.copytree(folder, kept, symlinks=True)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
        shutil.copytree(kept, folder, symlinks=True, dirs_exist_ok=True)
        shutil.rmtree(kept)


def _fill(path: Path) -> None:
    with path.open("wb", buffering=0) as file:
        for size in (1 << 16, 1):
            try:
                while True:
                    file.write(b"x" * size)
            except OSError:
                continue


def test_a_run_on_a_full_disk_says_so_and_leaves_the_phase(moving: Project, full_disk: None) -> None:
    run = migrate(moving, *RUN)
    assert (run.code, "no space left on device" in run.text, "Traceback" in run.text) == (1, True, False), (
        run.text
    )
    assert phase(moving) == Phase.STEADY


def test_a_run_goes_on_once_there_is_space_on_the_disk(moving: Project) -> None:
    reach(moving, Phase.FENCED, line=PROMOTED)


def _is_read_only(client: Client, value: str) -> bool:
    return client.run("SELECT @@global.read_only") == [(int(value),)]


def meddle(cloud: LocalCloud, aws: Any, statement: str) -> None:
    """Somebody opens green for writes, changes it, and closes it again."""
    rds = aws.client("rds")
    client = Client.of(cloud, rds, "acme-green")
    for value in ("0", "1"):
        rds.modify_db_parameter_group(
            DBParameterGroupName="acme-green-mysql84",
            Parameters=[{"ParameterName": "read_only", "ParameterValue": value, "ApplyMethod": "immediate"}],
        )
        wait_until(partial(_is_read_only, client, value), 30)
        if value == "0":
            client.run(statement)


def test_a_run_that_can_decide_nothing_says_that_writes_are_held_back(
    moving: Project, faulty: LocalCloud
) -> None:
    faulty.fail(Fault(call="dynamodb PutItem", containing="decision#", effect=Effect.DROP))
    run = migrate(moving, *RUN)
    assert (run.code, "AWS did not answer" in run.text) == (1, True), run.text
    assert "WRITES ARE HELD BACK" in run.text
    assert phase(moving) == Phase.FENCED


def test_data_that_differs_is_named_and_the_move_is_taken_back(
    moving: Project, cloud: LocalCloud, traffic: Traffic, aws: Any
) -> None:
    meddle(cloud, aws, "INSERT INTO app.entry VALUES (-1, 'meddled')")
    run = migrate(moving, *RUN)
    assert (run.code, "source and target differ" in run.text) == (1, True), run.text
    assert "table app.entry: rows" in run.text
    assert "differ" in [event for event in status(moving)["events"] if event["what"] == "failed"][-1]["note"]
    assert_taken_back(moving, run, traffic, aws)


def test_an_abort_behind_the_promotion(moving: Project, traffic: Traffic, aws: Any) -> None:
    reach(moving, Phase.FENCED, line=PROMOTED)
    assert_aborts(moving, traffic, aws)


@pytest.mark.parametrize(("reached", "line"), [(Phase.FENCED, HELD_BACK), (Phase.RESTORED, None)])
def test_an_abort_of_a_move_by_snapshot(
    moving: Project, traffic: Traffic, aws: Any, reached: Phase, line: str | None
) -> None:
    reach(moving, reached, "snapshot", line)
    assert_aborts(moving, traffic, aws)
