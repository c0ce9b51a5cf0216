"""Whose settings are read for a run over some tenants."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest
from tenantnet.cli.fleet.run import _left_out
from tenantnet.fleet.record import FleetOperation, RunRecords, RunStatus, TenantRecord
from tenantnet.fleet.runner import FleetRun
from tenantnet.fleet.runs import Limits, begin_run
from tenantnet.fleet.targets import read_each, select_each
from tenantnet.refusal import Refused
from tenantnet.settings.project import Project, find_project

SETTINGS = """\
config:
  aws:region: {region}
  tenantnet:tenant: {{platform: {platform}}}
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Of four tenants, hooli's file is no YAML."""
    (tmp_path / "Pulumi.yaml").write_text("name: tenantnet\nruntime: python\n")
    for name, platform in {"acme": "eu1", "globex": "us1", "initech": "us1"}.items():
        text = SETTINGS.format(region=f"{platform[:2]}-west-1", platform=f"platform-{platform}")
        (tmp_path / f"Pulumi.{name}.yaml").write_text(text)
    (tmp_path / "Pulumi.hooli.yaml").write_text("config: [")
    (tmp_path / "Pulumi.platform-eu1.yaml").write_text("config: {}\n")
    return find_project(tmp_path)


def test_a_file_of_nobody_who_is_chosen_is_not_read(project: Project) -> None:
    found, unread, _ = select_each(project, ["acme", "ini*"], platform=None)
    assert unread == {}
    assert [(each.name, each.platform, each.region) for each in found.values()] == [
        ("acme", "platform-eu1", "eu-west-1"),
        ("initech", "platform-us1", "us-west-1"),
    ]


def test_one_of_those_who_are_chosen_is_named(project: Project) -> None:
    found, unread, _ = select_each(project, ["acme", "hooli"], platform=None)
    assert ([*found], [*unread]) == (["acme"], ["hooli"])
    assert "Pulumi.hooli.yaml" in str(unread["hooli"])


def test_whose_tenants_are_a_platforms_is_in_every_file(project: Project) -> None:
    found, unread, _ = select_each(project, [], platform="platform-us1")
    assert ([*found], [*unread]) == (["globex", "initech"], ["hooli"])
    project.settings_file("hooli").unlink()
    assert select_each(project, [], platform="platform-us1")[1] == {}


@pytest.mark.parametrize("operation", [FleetOperation.PREVIEW, FleetOperation.DRIFT])
def test_what_only_shows_goes_on_without_a_file_that_cannot_be_read_and_names_it(
    project: Project, operation: FleetOperation
) -> None:
    targets, unreadable = read_each(project)
    unread = _left_out(operation, unreadable, ["acme", "hooli"])
    assert ("acme" in targets, [*unread]) == (True, ["hooli"])
    record = begin_run(RunRecords(project), operation, ["hooli"], Limits(parallel=1))
    asyncio.run(FleetRun(project, record, targets, print, unread=unread).go())
    found = record.tenants["hooli"]
    assert (found.status, found.log) == (RunStatus.FAILED, "")
    assert "Pulumi.hooli.yaml" in found.reason


def test_a_resumed_run_waits_for_no_process_that_has_the_id_of_a_killed_one(project: Project) -> None:
    record = begin_run(RunRecords(project), FleetOperation.UP, ["hooli"], Limits(parallel=1))
    record.tenants["hooli"] = TenantRecord(pid=os.getpid(), pid_began=1.0)
    said = list[str]()
    run = FleetRun(project, record, {}, said.append, unread=read_each(project)[1])
    asyncio.run(asyncio.wait_for(run.go(), timeout=20))
    assert record.tenants["hooli"].status is RunStatus.FAILED
    assert not any("waiting for it" in line for line in said)


def test_an_update_does_not_begin_beside_one_of_its_own_that_cannot_be_read(project: Project) -> None:
    with pytest.raises(Refused, match=r"Pulumi\.hooli\.yaml"):
        _left_out(FleetOperation.UP, read_each(project)[1], ["hooli"])
    assert _left_out(FleetOperation.UP, read_each(project)[1], ["acme"]) == {}
