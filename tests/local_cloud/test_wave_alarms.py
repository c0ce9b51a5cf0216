"""After every wave alarms are looked at, also after the last one and after a canary that is all."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import boto3
import pytest
from tenantnet.fleet.record import FleetOperation, RunRecord, RunRecords, RunStatus, TenantRecord
from tenantnet.fleet.runner import FleetRun
from tenantnet.fleet.runs import Limits, begin_run
from tenantnet.fleet.soak import soak
from tenantnet.fleet.targets import Target
from tenantnet.fleet.waves import Waves
from tenantnet.local_cloud.process import LocalCloud
from tenantnet.settings.project import Project

from tests.local_cloud.test_status_observe import REGION
from tests.support.aws import lead_here

TARGETS = {
    name: Target(name=name, platform="platform-eu1", region=REGION, provider="{}")
    for name in ("acme", "globex")
}
ALARM = "acme-blue-CPUUtilization"
# Of a tenant acme-blue.
OTHERS = "acme-blue-green-CPUUtilization"


@pytest.fixture
def cloudwatch(cloud: LocalCloud, monkeypatch: pytest.MonkeyPatch) -> Any:
    lead_here(monkeypatch, cloud)
    client = boto3.client("cloudwatch", REGION)
    for name in (ALARM, OTHERS):
        client.put_metric_alarm(
            AlarmName=name,
            MetricName="CPUUtilization",
            Namespace="AWS/RDS",
            Period=60,
            EvaluationPeriods=5,
            Statistic="Average",
            Threshold=90.0,
            ComparisonOperator="GreaterThanThreshold",
        )
        raise_it(client, "OK", name)
    return client


def raise_it(cloudwatch: Any, state: str = "ALARM", alarm: str = ALARM) -> None:
    cloudwatch.set_alarm_state(AlarmName=alarm, StateValue=state, StateReason="the change")


@pytest.fixture
def project(tmp_path: Path) -> Project:
    (tmp_path / "Pulumi.yaml").write_text("name: tenantnet\nruntime: python\n")
    return Project(folder=tmp_path, settings_folder=tmp_path)


def updated(project: Project, *names: str, before: tuple[str, ...] = (), pause: bool = False) -> RunRecord:
    """A run whose tenants are updated, and whose waves nobody has looked at."""
    waves = Waves(canary=1, percent=100, soak_minutes=0, pause=pause)
    record = begin_run(
        *(RunRecords(project), FleetOperation.UP, names, Limits()), waves=waves, alarms_before=before
    )
    record.tenants = {name: TenantRecord(status=RunStatus.DONE) for name in names}
    return record


def run(project: Project, record: RunRecord) -> RunRecord:
    project.settings_file("acme").touch()
    asyncio.run(FleetRun(project, record, TARGETS, print).go())
    return record


def test_an_alarm_after_the_last_wave_holds_it_and_once_it_has_ended_the_run_is_through(
    project: Project, cloudwatch: Any
) -> None:
    raise_it(cloudwatch)
    record = run(project, updated(project, "acme"))
    assert (record.left(), record.has_rest, record.soaked) == ([], True, 0)
    assert f"{ALARM} of acme" in record.held
    raise_it(cloudwatch, "OK")
    record = run(project, RunRecords(project).unfinished(FleetOperation.UP))
    assert (record.has_rest, record.soaked, record.held) == (False, 1, "")


def test_after_the_last_wave_no_other_one_waits_to_be_let_in(project: Project, cloudwatch: Any) -> None:
    raise_it(cloudwatch, "OK")
    record = updated(project, "acme", pause=True)
    fleet = FleetRun(project, record, TARGETS, print)
    asyncio.run(fleet.go())
    assert (fleet.paused, record.has_rest) == (False, False)


def test_an_alarm_of_a_tenant_that_is_no_part_of_the_run_holds_nothing(
    project: Project, cloudwatch: Any
) -> None:
    """Its name begins as an updated one's."""
    raise_it(cloudwatch, alarm=OTHERS)
    assert f"{OTHERS} of acme" in run(project, updated(project, "acme")).held
    project.settings_file("acme-blue").touch()
    assert run(project, updated(project, "acme")).held == ""


def test_a_tenant_that_was_removed_after_its_update_has_no_alarms_to_look_at(
    project: Project, cloudwatch: Any
) -> None:
    raise_it(cloudwatch, "OK")
    record = updated(project, "acme", "umbrella")
    record.soaked = 1
    assert (run(project, record).has_rest, record.held) == (False, "")


def test_an_alarm_that_ended_and_is_raised_anew_was_not_raised_before(
    project: Project, cloudwatch: Any
) -> None:
    record = updated(project, "acme", before=(ALARM, "globex-blue-CPUUtilization"))

    def look() -> str:
        return asyncio.run(soak(record, TARGETS, 0, asyncio.Event(), print, tenants=TARGETS))

    raise_it(cloudwatch)
    assert look() == ""
    raise_it(cloudwatch, "OK")
    assert look() == ""
    # Of a tenant that is not yet updated nobody has looked.
    assert record.alarms_before == ("globex-blue-CPUUtilization",)
    raise_it(cloudwatch)
    assert f"raised since the run began: {ALARM} of acme" in look()
