"""What a thousand tenants cost before an engine starts: their settings files, and states in two backends.

    python -m benchmarks.backends [--tenants 1000] [--rounds 5]

Prints Markdown. The settings are made by a generator; the states are copies of one of two networks that the
tests have. The bucket is in a local cloud of its own.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Annotated, Any

import boto3
import typer
from tenantnet.engine.states import States, store_of
from tenantnet.fleet.paged import read_states
from tenantnet.fleet.targets import read_targets
from tenantnet.local_cloud.environment import environment
from tenantnet.local_cloud.process import LocalCloud
from tenantnet.settings.project import Project, find_project
from tenantnet.settings.tree import judge_files

from tests.support.clone import CLONE

TENANTS_OF_A_CELL = 60
STATE = CLONE / "tests" / "end_to_end" / "states_of_6d2caa1" / "steady" / "acme.json"
TENANTNET = str(CLONE / ".venv" / "bin" / "tenantnet")
PLATFORM = """\
config:
  aws:region: eu-west-1
  tenantnet:platform:
    claimsPlatform: {name}
    zone:
      name: c{cell}.example.com
"""
TENANT = """\
encryptionsalt: v1:DiETY1jaAUo=:v1:fkk8SYbCLk5H2uZx:Pw7WMamFDI7xZ6tTF7aBb3Zn0oPQVw==
config:
  aws:region: eu-west-1
  tenantnet:databasePassword:
    secure: v1:T7Pc+q3J98LGY4ta:ko33DMK/8LuKeBwSvf+2aj8CWtdFLtFtQEphjO4P5Q==
  tenantnet:tenant:
    platform: platform-c{cell}
    sessionSubnet: 172.17.{place}.0/24
    database:
      username: acmeadmin
      storageGb: 100
    networks:
      blue:
        cidr: 10.{high}.{low}.0/26
        vpnConnections:
          - companyCidr: 192.168.4.0/24
            companyGatewayIp: 198.51.100.7
            description: Seattle office
"""


def write_project(folder: Path, tenants: int) -> Project:
    """A project of so many tenants, in cells with an address space each."""
    (folder / "tenants").mkdir(parents=True)
    (folder / "Pulumi.yaml").write_text("name: tenantnet\nruntime: python\nstackConfigDir: tenants\n")
    for number in range(tenants):
        cell, place = divmod(number, TENANTS_OF_A_CELL)
        high, low = divmod(number, 256)
        text = TENANT.format(cell=cell, place=place + 1, high=high + 1, low=low)
        (folder / "tenants" / f"Pulumi.t{number:04}.yaml").write_text(text)
        platform = f"platform-c{cell}"
        settings = PLATFORM.format(name=platform, cell=cell)
        (folder / "tenants" / f"Pulumi.{platform}.yaml").write_text(settings)
    return find_project(folder)


def median(task: Callable[[], Any], rounds: int) -> float:
    """Seconds."""
    times = []
    for _ in range(rounds):
        started = time.perf_counter()
        task()
        times.append(time.perf_counter() - started)
    return statistics.median(times)


def command(project: Project, *arguments: str) -> None:
    subprocess.run([TENANTNET, *arguments], cwd=project.folder, check=True, stdout=subprocess.DEVNULL)


def of_settings(project: Project, rounds: int) -> Mapping[str, float]:
    files = [project.settings_file(stack) for stack in project.stacks_with_settings()]
    return {
        "all files judged": median(lambda: judge_files(files, project), rounds),
        "one file judged among all": median(lambda: judge_files(files[:1], project), rounds),
        "`tenantnet settings check`": median(lambda: command(project, "settings", "check"), rounds),
        "`tenantnet settings check` of one file": median(
            lambda: command(project, "settings", "check", str(files[0])), rounds
        ),
        "`tenantnet --version`, for comparison": median(lambda: command(project, "--version"), rounds),
    }


def of_states(project: Project, url: str, what: str, rounds: int) -> Mapping[str, float]:
    store, names = store_of(url), list(read_targets(project))
    if store is None:
        sys.exit(f"{url} is no backend whose files can be read")
    states = States(store, project)
    if len(read_states(states, names)) < len(names):
        sys.exit(f"not all states in {what} could be read")
    return {
        f"all stacks in {what} listed": median(states.versions, rounds),
        f"all states in {what} read": median(lambda: read_states(states, names), rounds),
    }


def report(tenants: int, rounds: int) -> str:
    """Measure everything."""
    state = json.dumps({"version": 3, "checkpoint": {"latest": json.loads(STATE.read_bytes())["deployment"]}})
    with (
        tempfile.TemporaryDirectory() as name,
        LocalCloud(Path(name, "cloud"), real_databases=False) as cloud,
    ):
        folder = Path(name)
        project = write_project(folder / "project", tenants)
        os.environ.update(environment(cloud.state_dir))
        s3, region = boto3.client("s3", "eu-west-1"), {"LocationConstraint": "eu-west-1"}
        s3.create_bucket(Bucket="states", CreateBucketConfiguration=region)
        stacks = folder / "state" / ".pulumi" / "stacks" / "tenantnet"
        stacks.mkdir(parents=True)

        def put(tenant: str) -> None:
            (stacks / f"{tenant}.json").write_text(state)
            s3.put_object(Bucket="states", Key=f".pulumi/stacks/tenantnet/{tenant}.json", Body=state)

        with ThreadPoolExecutor() as pool:
            list(pool.map(put, read_targets(project)))
        rows = {
            **of_settings(project, rounds),
            **of_states(project, f"file://{folder / 'state'}", "a folder", rounds),
            **of_states(project, "s3://states?region=eu-west-1", "a bucket", rounds),
        }
    lines = [f"| {tenants} tenants, states of {len(state) // 1000} kB | s |", "|---|---:|"]
    return "\n".join([*lines, *(f"| {what} | {seconds:.2f} |" for what, seconds in rows.items()), ""])


def main(
    tenants: Annotated[int, typer.Option(min=1)] = 1000,
    rounds: Annotated[int, typer.Option(min=1, help="Times that each is measured")] = 5,
) -> None:
    """Measure and print."""
    sys.stdout.write(report(tenants, rounds))


if __name__ == "__main__":
    typer.run(main)
