"""Four machines share a fleet, and one of them dies: the report is right, and another takes its slice.

That one's bucket slows down meanwhile.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import boto3
import pytest
from tenacity import Retrying, retry_if_result, stop_after_delay, wait_fixed
from tenantnet.fleet.selection import Slice
from tenantnet.local_cloud.faults import Effect, Fault
from tenantnet.local_cloud.process import LocalCloud

from tests.local_cloud.test_drift_pages import Network, cloud, network, stack, state
from tests.local_cloud.test_status_observe import REGION
from tests.support.clone import CLONE

__all__ = ["cloud", "network"]
TENANTNET = str(CLONE / ".venv" / "bin" / "tenantnet")
TENANTS = ["acme", "globex", "hooli", "initech"]
SLICES = [f"{number}/4" for number in range(1, 5)]
PATIENCE_SECONDS = 120


@pytest.fixture
def backend(network: Network, monkeypatch: pytest.MonkeyPatch) -> str:
    """A bucket with the states of all tenants, in which nobody has changed anything."""
    s3, found = boto3.client("s3", REGION), state(stack(network))
    s3.create_bucket(Bucket="states", CreateBucketConfiguration={"LocationConstraint": REGION})
    for name in TENANTS:
        s3.put_object(Bucket="states", Key=f".pulumi/stacks/tenantnet/{name}.json", Body=found)
    monkeypatch.setenv("PULUMI_BACKEND_URL", url := f"s3://states?region={REGION}")
    return url


def machine(folder: Path) -> Path:
    """A new machine's copy of the repository."""
    (folder / "tenants").mkdir(parents=True)
    (folder / "Pulumi.yaml").write_text("name: tenantnet\nstackConfigDir: tenants\n")
    for name in TENANTS:
        settings = f"config:\n  aws:region: {REGION}\n"
        (folder / "tenants" / f"Pulumi.{name}.yaml").write_text(settings)
    return folder


def slice_of(home: Path, share: str) -> subprocess.Popen[bytes]:
    options = ["--pages", "--slice", share, "--batch", "b1"]
    return subprocess.Popen([TENANTNET, "fleet", "drift", *options], cwd=home, stdout=subprocess.DEVNULL)


def report(home: Path) -> tuple[int, Mapping[str, Any]]:
    done = subprocess.run(
        [TENANTNET, "fleet", "report", "b1", "--json"], cwd=home, capture_output=True, check=False
    )
    return done.returncode, json.loads(done.stdout)


@pytest.mark.long
@pytest.mark.usefixtures("backend")
def test_of_four_builds_at_once_one_dies_and_another_takes_its_slice(
    cloud: LocalCloud, tmp_path: Path
) -> None:
    # All of them have begun, and none has ended.
    cloud.fail(Fault(call="ec2 DescribeVpcs", effect=Effect.HOLD))
    builds = [slice_of(machine(tmp_path / share.replace("/", "-")), share) for share in SLICES]
    Retrying(
        retry=retry_if_result(lambda struck: struck < len(builds)),
        stop=stop_after_delay(PATIENCE_SECONDS),
        wait=wait_fixed(0.2),
    )(lambda: len(cloud.struck()[0]))
    builds[2].kill()
    builds[2].wait()
    cloud.clear_faults()
    assert [build.wait(PATIENCE_SECONDS) for build in builds if build is not builds[2]] == [0, 0, 0]

    elsewhere, (lost,) = machine(tmp_path / "elsewhere"), Slice.parse(SLICES[2]).of(TENANTS)
    code, found = report(elsewhere)
    states = {name: each["status"] for name, each in found["run"]["tenants"].items()}
    assert (code, found["lost"], found["missing"]) == (1, [3], [])
    assert states == {name: "running" if name == lost else "done" for name in TENANTS}
    cloud.fail(Fault(call="s3 *", effect=Effect.ERROR, status=503, code="SlowDown", count=5))
    assert slice_of(elsewhere, SLICES[2]).wait(PATIENCE_SECONDS) == os.EX_OK
    code, found = report(elsewhere)
    assert (code, found["lost"], found["missing"]) == (0, [], [])
    assert {each["status"] for each in found["run"]["tenants"].values()} == {"done"}
