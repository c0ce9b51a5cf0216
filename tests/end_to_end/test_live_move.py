"""A tenant's database moves by live with the real engine and provider, under writes: taken back; to its end.

The tests of this module run in order on a tenant that they share: acme, Production in blue, Test in green.
Each command is called as the role that is for it, with the policies that the project ships, on both MySQLs.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from time import monotonic
from typing import Any

import pytest
from tenantnet.local_cloud.process import LocalCloud
from tenantnet.phases.phases import Phase

from tests.end_to_end.test_one_tenant import cell, roles
from tests.support.generations import cloud
from tests.support.live_trace import strange
from tests.support.moves import (
    NUMBERED,
    Traffic,
    Watch,
    database,
    end_session,
    endpoint,
    keep_login,
    longest_gap,
    migrate,
    offices_up,
    start,
    status,
)
from tests.support.mysql_client import Client
from tests.support.project import Project
from tests.support.runner import as_the_runner

__all__ = ["cell", "cloud", "roles"]
pytestmark = [pytest.mark.long, pytest.mark.timeout(1500)]

RUN = ("run", "acme", "--now", "--strategy", "live")
ACCOUNT_LOCKED = 3118
OWN_ACCOUNTS = "SELECT user FROM mysql.user WHERE user LIKE 'tenantnet%'"
IN_THE_WAY = ("XA START 'held'", "INSERT app.entry VALUES (-1, 'held')", "XA END 'held'", "XA PREPARE 'held'")
# Two cores serve Pulumi, two databases, the cloud and the clients; no update of the stack lies in the gap.
LONGEST_GAP_IN_WRITES = 5


@pytest.fixture(scope="module")
def moving(cell: Project, cloud: LocalCloud, aws: Any) -> Project:
    """Acme, whose transactions have GTIDs, with a Test network green beside blue, and a login."""
    first = {**NUMBERED, "networks": {"blue": NUMBERED["networks"]["blue"]}}
    cell.write_tenant("acme", first)
    cell.up("acme").check()
    cell.write_tenant("acme", NUMBERED)
    cell.up("acme").check()
    offices_up(cloud, aws)
    keep_login(aws)
    return cell


@pytest.fixture(scope="module")
def runner(moving: Project, cloud: LocalCloud) -> Project:
    return as_the_runner(moving, cloud)


def client(cloud: LocalCloud, aws: Any, slot: str) -> Client:
    return Client.of(cloud, aws.client("rds"), f"acme-{slot}")


def hear(run: subprocess.Popen[str], said: Callable[[str], bool]) -> None:
    """Read what a run says until it has said that."""
    assert run.stdout is not None
    heard = []
    for line in run.stdout:
        heard.append(line)
        if said(line):
            return
    raise AssertionError(f"the run ended without it:\n{''.join(heard)}")


def assert_clean(project: Project) -> None:
    for refresh in ((), ("--refresh",)):
        project.pulumi("preview", "--expect-no-changes", "--stack", "acme", *refresh).check()


def test_a_move_taken_back_before_its_decision_leaves_the_production_as_it_was(
    moving: Project, runner: Project, cloud: LocalCloud, aws: Any
) -> None:
    """Its run is killed in the middle of the comparison."""
    with Traffic(cloud) as traffic:
        with start(runner, *RUN) as run:
            hear(run, lambda line: "chunks compared" in line)
            end_session(run)
        assert moving.outputs("acme")["phase"] == Phase.FOLLOWING
        migrate(runner, "abort", "acme", "--yes").check()
    assert set(traffic.acknowledged) <= traffic.kept()
    outputs = moving.outputs("acme")
    assert (outputs["phase"], outputs["production"]) == ("steady", "blue")
    assert database(aws, "acme-green") is None
    assert client(cloud, aws, "blue").run(OWN_ACCOUNTS) == []
    events = status(runner)["events"]
    assert not [event for event in events if event["what"] == "writes stopped"]
    assert strange(events) is None
    assert_clean(moving)


def test_a_run_killed_at_the_gate_is_gone_on_with_and_leads_the_clients_over(
    moving: Project,
    runner: Project,
    cloud: LocalCloud,
    aws: Any,
    record_property: Callable[[str, object], None],
) -> None:
    blue = client(cloud, aws, "blue")
    with Traffic(cloud) as traffic, Watch(cloud, aws) as watch:
        with start(runner, *RUN) as run:
            hear(run, lambda line: line.startswith("following: reached"))
            blue.run(*IN_THE_WAY)
            hear(run, lambda line: "XA are prepared" in line)
            end_session(run)
        blue.run("XA ROLLBACK 'held'")
        since = monotonic()
        moved = migrate(runner, *RUN).check()
    assert set(traffic.acknowledged) <= traffic.kept()
    assert (watch.problem, watch.looks > 0) == (None, True)
    outputs = moving.outputs("acme")
    assert (outputs["phase"], outputs["production"]) == ("switched", "green"), moved.text
    green = database(aws, "acme-green")
    assert green is not None
    assert endpoint(moving, aws) == green["Endpoint"]["Address"]
    # The copying of the snapshot holds clients up before.
    gap = longest_gap([at for at in traffic.writes_at if at > since])
    held = status(runner)["downtimeSeconds"]
    record_property("measured", f"by live: no write for {gap:.2f} s; the runner measured {held} s")
    assert gap < LONGEST_GAP_IN_WRITES, moved.text


def test_the_former_production_is_shut_and_follows_and_an_update_changes_nothing(
    moving: Project, runner: Project, cloud: LocalCloud, aws: Any
) -> None:
    assert client(cloud, aws, "blue").refused("SELECT 1") == ACCOUNT_LOCKED
    run = migrate(runner, "run", "acme").check()
    assert "the former production follows the new one" in run.text
    assert_clean(moving)


def test_clients_are_led_back_and_over_again_and_nothing_is_lost(
    moving: Project,
    runner: Project,
    cloud: LocalCloud,
    aws: Any,
    record_property: Callable[[str, object], None],
) -> None:
    gaps = []
    with Traffic(cloud) as traffic, Watch(cloud, aws) as watch:
        for production, former in (("blue", "green"), ("green", "blue")):
            since = monotonic()
            run = migrate(runner, "rollback", "acme", "--yes").check()
            gaps.append(longest_gap([at for at in traffic.writes_at if at > since]))
            outputs = moving.outputs("acme")
            assert (outputs["phase"], outputs["production"]) == ("switched", production), run.text
            found = database(aws, f"acme-{production}")
            assert found is not None
            assert endpoint(moving, aws) == found["Endpoint"]["Address"]
            assert client(cloud, aws, former).refused("SELECT 1") == ACCOUNT_LOCKED
            assert_clean(moving)
    assert set(traffic.acknowledged) <= traffic.kept()
    assert (watch.problem, watch.looks > 0) == (None, True)
    record_property("measured", f"no write for {gaps[0]:.2f} s on the way back, {gaps[1]:.2f} s over again")
    assert max(gaps) < LONGEST_GAP_IN_WRITES


def test_behind_the_retirement_nothing_is_left_of_the_move(
    moving: Project, runner: Project, cloud: LocalCloud, aws: Any
) -> None:
    migrate(runner, "retire", "acme", "--yes").check()
    outputs = moving.outputs("acme")
    assert (outputs["phase"], outputs["production"], list(outputs["networks"])) == (
        "steady",
        "green",
        ["green"],
    )
    assert strange(status(runner)["events"]) is None
    assert database(aws, "acme-blue") is None
    assert client(cloud, aws, "green").run(OWN_ACCOUNTS) == []
    snapshots = aws.client("rds").describe_db_snapshots(SnapshotType="manual")["DBSnapshots"]
    assert not [each for each in snapshots if "-seed-" in each["DBSnapshotIdentifier"]]
    assert_clean(moving)
