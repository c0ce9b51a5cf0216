"""Four machines update a fleet, of which one is lost; then drift is the same by pages and by engines.

The tests of this module run in order on stacks that they share.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit

import boto3
import pytest
import yaml
from tenantnet.fleet.selection import Slice

from tests.end_to_end.test_fleet import LIMIT, Fleet, cloud, everything, settings_of, wait_until
from tests.support.clone import CLONE
from tests.support.project import Project
from tests.support.tenant_faults import FAULTS, Tenant

__all__ = ["cloud"]
pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]
NUMBERS = {"acme": 1, "globex": 2, "hooli": 3, "initech": 4}
SLICES = [f"{number}/4" for number in range(1, 5)]
LOST = SLICES[2]
(LOST_TENANT,) = Slice.parse(LOST).of([*NUMBERS])
Findings = Mapping[str, Sequence[str]]


@pytest.fixture(scope="module")
def fleet(cell: Project) -> Fleet:
    """A cell with four tenants to come."""
    for name, number in NUMBERS.items():
        cell.write_tenant(name, settings_of(number))
    return Fleet(cell)


def machine(fleet: Fleet, folder: Path) -> Fleet:
    """A new machine's copy of the repository."""
    made = Project.of_clone(folder, fleet.environment)
    shutil.copytree(fleet.folder / "tenants", made.folder / "tenants", dirs_exist_ok=True)
    return Fleet(made)


def build(machine: Fleet, share: str) -> subprocess.Popen[bytes]:
    """The buildspec's command."""
    specification = yaml.safe_load((CLONE / "tools" / "fleet" / "buildspec.yml").read_bytes())
    (command,) = specification["phases"]["build"]["commands"]
    asked = {"SLICE": share, "PLATFORM": "platform-local", "OPERATION": "up", "BATCH": "b1"}
    return subprocess.Popen(["sh", "-c", command], cwd=machine.folder, env={**machine.environment, **asked})


def report(fleet: Fleet) -> tuple[int, Sequence[int], Mapping[str, str]]:
    """The exit code, the slices that were lost, and how far each tenant is."""
    run = fleet("report", "b1", "--json")
    found = json.loads(run.text)
    return run.code, found["lost"], {name: each["status"] for name, each in found["run"]["tenants"].items()}


def test_of_four_builds_at_once_one_is_lost_and_others_update_their_tenants(
    fleet: Fleet, tmp_path: Path
) -> None:
    machines = {share: machine(fleet, tmp_path / share.replace("/", "-")) for share in SLICES}
    builds = {share: build(machines[share], share) for share in SLICES}
    locks = Path(urlsplit(fleet.environment["PULUMI_BACKEND_URL"]).path, ".pulumi", "locks")
    wait_until(lambda: [*locks.glob(f"**/{LOST_TENANT}/*.json")] or builds[LOST].poll() is not None)
    everything(machines[LOST])
    builds[LOST].wait(LIMIT)
    assert [builds[share].wait(LIMIT) for share in SLICES if share != LOST] == [0, 0, 0]
    states = {name: "running" if name == LOST_TENANT else "done" for name in NUMBERS}
    assert report(fleet) == (1, [3], states)


def test_another_machine_takes_the_slice_once_its_lock_is_released(fleet: Fleet, tmp_path: Path) -> None:
    elsewhere = machine(fleet, tmp_path / "elsewhere")
    assert build(elsewhere, LOST).wait(LIMIT) == 1
    (held,) = elsewhere.record()["tenants"].values()
    assert f"pulumi cancel --stack {LOST_TENANT}" in held["reason"]
    elsewhere.pulumi("cancel", "--yes", "--stack", LOST_TENANT).check()
    assert build(elsewhere, LOST).wait(LIMIT) == 0
    assert report(fleet) == (0, [], dict.fromkeys(NUMBERS, "done"))


@pytest.fixture(scope="module")
def deployed(fleet: Fleet) -> Fleet:
    """Every tenant is deployed, and nobody has changed anything by hand."""
    run = fleet("up", "--yes", "--parallel", "4")
    assert run.code == 0, run.text
    return fleet


def drift(fleet: Fleet, way: str) -> Findings:
    """The findings of each tenant, sorted."""
    run = fleet("drift", way, "--json")
    assert run.code in (0, 3), run.text
    return {name: sorted(each["findings"]) for name, each in json.loads(run.text)["tenants"].items()}


def test_what_is_deployed_is_as_its_region_lists_it(deployed: Fleet) -> None:
    assert drift(deployed, "--pages") == {name: [] for name in NUMBERS}


def test_a_lock_and_an_unreadable_state_are_said_of_their_tenants_alone(deployed: Fleet) -> None:
    backend = Path(urlsplit(deployed.environment["PULUMI_BACKEND_URL"]).path, ".pulumi")
    lock = backend / "locks" / "organization" / "tenantnet" / "globex" / "1.json"
    state = backend / "stacks" / "tenantnet" / "hooli.json"
    lock.parent.mkdir(parents=True, exist_ok=True)
    holder = {"pid": 1, "username": "jo", "hostname": "elsewhere", "timestamp": "2026-12-01T01:00:00Z"}
    lock.write_text(json.dumps(holder), encoding="utf-8")
    content = state.read_bytes()
    state.write_bytes(content[: len(content) // 2])
    updated = deployed("up", "--yes", "--max-failures", "9")
    states, tenants = deployed.statuses(), deployed.record()["tenants"]
    looked = deployed("drift", "--pages")
    seen = deployed.statuses()
    lock.unlink()
    state.write_bytes(content)
    assert (updated.code, looked.code) == (1, 1)
    assert states == {"acme": "done", "globex": "failed", "hooli": "failed", "initech": "done"}
    assert "created by jo@elsewhere" in tenants["globex"]["reason"]
    assert "pulumi cancel --stack globex" in tenants["globex"]["reason"]
    assert "checkpoint" in tenants["hooli"]["reason"]
    assert seen == {**states, "globex": "done"}


@pytest.fixture(scope="module")
def found(deployed: Fleet, aws: boto3.Session) -> Mapping[str, Findings]:
    """What both ways find after all faults."""
    tenants = {name: Tenant(aws, name, number) for name, number in NUMBERS.items()}
    for name, fault, _ in FAULTS:
        fault(tenants[name])
    return {way: drift(deployed, way) for way in ("--engines", "--pages")}


@pytest.mark.parametrize("name", NUMBERS)
def test_pages_and_engines_find_the_same(found: Mapping[str, Findings], name: str) -> None:
    assert found["--pages"][name] == found["--engines"][name]


@pytest.mark.parametrize("name", NUMBERS)
def test_each_fault_is_found(found: Mapping[str, Findings], name: str) -> None:
    words = [each.format(name=name) for owner, _, said in FAULTS if owner == name for each in said]
    assert [each for each in words if not any(each in finding for finding in found["--pages"][name])] == []


def test_a_claims_table_that_is_gone_is_a_finding_of_its_tenants(
    found: Mapping[str, Findings], deployed: Fleet, aws: boto3.Session
) -> None:
    assert found
    dynamodb, table = aws.client("dynamodb"), "tenantnet-local-claims"
    dynamodb.update_table(TableName=table, DeletionProtectionEnabled=False)
    dynamodb.delete_table(TableName=table)
    ways = {way: drift(deployed, way) for way in ("--engines", "--pages")}
    assert ways["--pages"] == ways["--engines"]
    for name, findings in ways["--pages"].items():
        assert {f"claim {name}-blue is gone", f"claim {name}-session is gone"} <= {*findings}
