"""Fleets of 1, 10 and 100 tenants: what one tenant costs, and how much memory all of it takes.

    python -m benchmarks.fleet [--rounds 3] [--tenants 100]

Prints Markdown, each table once it is measured. All tenants are deployed by `tenantnet fleet up` against a
local cloud with simulated databases, then each fleet is previewed: warm, by `tenantnet fleet preview`, whose
stacks share one AWS plugin and none of which is proved, as after a change of the program; and cold, by
plain `pulumi preview`, of which each starts its own. Both have as many at once as there are processors, and
they take turns. Then one settings file is changed in a fleet that is proved unchanged, and the fleet's drift
is read by pages.

Ten tenants are deployed by Terraform too, with a folder and a state for each, and planned as many at once.
At last come fleets of 1, 10, 100 and 1,000 tenants that are proved unchanged: copies of a deployed tenant's
settings and state.
"""

from __future__ import annotations

import copy
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread
from typing import Annotated, Any
from urllib.parse import urlsplit

import psutil
import typer
from rich.console import Console
from tenantnet.fleet.targets import read_targets
from tenantnet.fleet.unchanged import PROOFS, find_proofs
from tenantnet.local_cloud.environment import environment
from tenantnet.local_cloud.process import LocalCloud
from tenantnet.settings.project import find_project

from benchmarks.preview import WITHOUT_REFRESH, Terraform, medians, require_terraform, table
from tests.end_to_end.conftest import ACME
from tests.support.clone import CLONE
from tests.support.project import Project

SIZES, LARGEST = (1, 10), 100
UNCHANGED_SIZES = (1, 10, 100, 1000)
# Most of an update the provider waits.
UPDATES_AT_ONCE = 25
AT_ONCE = os.cpu_count() or 1
SECONDS_BETWEEN_LOOKS = 0.5
TENANTNET = str(CLONE / ".venv" / "bin" / "tenantnet")
progress = Console(stderr=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One size. deploy, warm, cold: seconds per tenant. plugin, all_together: the most memory, in MiB.

    one_change, drift: seconds for the whole fleet. For the former, one tenant has another settings file.
    """

    tenants: int
    deploy: float
    warm: float
    cold: float
    one_change: float
    drift: float
    plugin: float
    all_together: float


@dataclass(slots=True)
class Memory:
    """The most that processes took, in MiB: the shared plugin with its provider, and all of them."""

    plugin: float = 0.0
    all_together: float = 0.0
    end: Event = field(default_factory=Event)

    def watch(self, root: int) -> None:
        while not self.end.wait(SECONDS_BETWEEN_LOOKS):
            sizes = dict(_sizes(root))
            self.all_together = max(self.all_together, sum(sizes.values()))
            plugin = sum(
                size for name, size in sizes.items() if name.startswith(("pulumi-reso", "terraform-p"))
            )
            self.plugin = max(self.plugin, plugin)


def _sizes(root: int) -> Iterator[tuple[str, float]]:
    """Each process's name, made unique, and its own share of memory."""
    for process in psutil.Process(root).children(recursive=True):
        try:
            yield f"{process.name()} {process.pid}", process.memory_full_info().pss / 2**20
        except psutil.Error:
            continue


@contextmanager
def watched(memory: Memory) -> Iterator[None]:
    """Note in `memory` what the processes take that this one starts within it."""
    memory.end.clear()
    watcher = Thread(target=memory.watch, args=(os.getpid(),))
    watcher.start()
    try:
        yield
    finally:
        memory.end.set()
        watcher.join()


def name_of(number: int) -> str:
    return f"t{number:02}"


def settings_of(number: int) -> dict[str, Any]:
    settings = copy.deepcopy(ACME)
    settings["sessionSubnet"] = f"172.17.{100 + number}.0/24"
    settings["networks"]["blue"]["cidr"] = f"10.3.{number}.0/26"
    return settings


def fleet(project: Project, *arguments: str) -> None:
    done = subprocess.run(
        [TENANTNET, "fleet", *arguments],
        cwd=project.folder,
        env=project.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        sys.exit(f"fleet {' '.join(arguments)} ended with {done.returncode}:\n{done.stdout}")


def cold(project: Project, names: Sequence[str]) -> None:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for run in pool.map(lambda name: project.pulumi("preview", "--stack", name), names):
            run.check()


def seconds(task: Callable[[], object]) -> float:
    started = time.perf_counter()
    task()
    return time.perf_counter() - started


def deploy(project: Project, names: Sequence[str]) -> float:
    """Seconds for all of them."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(lambda name: project.write_tenant(name, settings_of(int(name[1:]))), names))
    progress.print(f"Deploying {len(names)} tenants")
    return seconds(lambda: fleet(project, "up", *names, "--yes", "--parallel", str(UPDATES_AT_ONCE)))


def measure(project: Project, size: int, deployed: int, rounds: int) -> Row:
    """deployed: how many of the first tenants are there already."""
    names = [name_of(number) for number in range(size)]
    deploying = deploy(project, names[deployed:])
    warm_times, cold_times, memory = [], [], Memory()
    for number in range(rounds):
        with watched(memory):
            warm_times.append(seconds(lambda: fleet(project, "preview", *names, "--all-engines")) / size)
        cold_times.append(seconds(lambda: cold(project, names)) / size)
        progress.print(
            f"  {size} tenants, round {number + 1}, seconds each: warm {warm_times[-1]:.2f}, "
            f"cold {cold_times[-1]:.2f}"
        )
    return Row(
        tenants=size,
        deploy=deploying / (size - deployed),
        warm=statistics.median(warm_times),
        cold=statistics.median(cold_times),
        one_change=measure_one_change(project, names),
        drift=seconds(lambda: fleet(project, "drift", *names, "--pages")),
        plugin=memory.plugin,
        all_together=memory.all_together,
    )


def measure_one_change(project: Project, names: Sequence[str]) -> float:
    """Seconds for a preview of all of them. Before and after, each is as it is deployed."""
    fleet(project, "preview", *names)  # A proof of each.
    settings = settings_of(0)
    settings["database"]["storageGb"] = 200
    project.write_tenant(names[0], settings)
    taken = seconds(lambda: fleet(project, "preview", *names))
    project.write_tenant(names[0], settings_of(0))
    return taken


@contextmanager
def deployed_by_terraform(folder: Path, names: Sequence[str]) -> Iterator[Sequence[Terraform]]:
    """The same tenants in a local cloud of Terraform's own."""
    with LocalCloud(folder / "terraform-cloud", real_databases=False) as cloud:
        variables = environment(cloud.state_dir)
        cell = Project.of_clone(folder / "terraform-cell", variables)
        cell.write_platform("platform-local")
        cell.up("platform-local").check()
        platform, place = cell.outputs("platform-local"), folder / "terraform"
        place.mkdir()
        states = [Terraform(place / name, variables, settings_of(int(name[1:])), platform) for name in names]
        progress.print(f"Deploying {len(names)} tenants by Terraform")
        with ThreadPoolExecutor(UPDATES_AT_ONCE) as pool:
            list(pool.map(Terraform.apply, states))
        yield states


def measure_beside_terraform(project: Project, names: Sequence[str], rounds: int, folder: Path) -> str:
    """Seconds for all of them, which are deployed by Pulumi already."""

    def at_once(plan: Callable[[Terraform], None]) -> None:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(plan, states))

    with deployed_by_terraform(folder, names) as states:
        tasks = {
            "terraform plan": lambda: at_once(Terraform.plan),
            WITHOUT_REFRESH: lambda: at_once(Terraform.plan_without_refresh),
            "pulumi preview": lambda: cold(project, names),
            "tenantnet fleet preview --all-engines": lambda: fleet(
                project, "preview", *names, "--all-engines"
            ),
            "tenantnet fleet preview": lambda: fleet(project, "preview", *names),
            "tenantnet fleet drift --engines": lambda: fleet(project, "drift", *names, "--engines"),
            "tenantnet fleet drift --pages": lambda: fleet(project, "drift", *names, "--pages"),
        }
        return table(f"{len(names)} unchanged tenants", medians(rounds, tasks), WITHOUT_REFRESH)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnchangedRow:
    """A fleet that is proved unchanged. wall, processor: seconds for all of it. read: MB, code included."""

    tenants: int
    wall: float
    processor: float
    read: float


def copy_tenant(project: Project, tenant: str, copies: Sequence[str]) -> None:
    """Copies of a tenant's settings and state, each with a proof that it is unchanged."""
    place, backend = find_project(project.folder), urlsplit(project.environment["PULUMI_BACKEND_URL"]).path
    states = Path(backend, ".pulumi", "stacks", "tenantnet")
    for name in copies:
        shutil.copyfile(place.settings_file(tenant), place.settings_file(name))
        shutil.copyfile(states / f"{tenant}.json", states / f"{name}.json")
    # A proof depends on what a program sees of its environment.
    os.environ.update(project.environment)
    targets = read_targets(place)
    if proofs := find_proofs(place, None, progress.print):
        for name in copies:
            found = proofs.fingerprint(targets[name])
            proof = Path(backend, PROOFS, "tenantnet", found.proof if found else name)
            proof.parent.mkdir(parents=True)
            proof.touch()


def used_by_children() -> tuple[float, float]:
    """Seconds of a processor, and MB read, by processes that this one has started and that have ended."""
    used, this = resource.getrusage(resource.RUSAGE_CHILDREN), psutil.Process()
    # The kernel adds what they have read to what their parent has.
    return used.ru_utime + used.ru_stime, this.io_counters().read_chars / 1e6


def measure_unchanged(project: Project, names: Sequence[str], rounds: int) -> UnchangedRow:
    """names: none for the start of the command alone."""
    rows = []
    for _ in range(rounds):
        before = used_by_children()
        wall = seconds(lambda: fleet(project, "preview", *(names or ["--help"])))
        processor, read = (after - at for after, at in zip(used_by_children(), before, strict=True))
        rows.append(UnchangedRow(tenants=len(names), wall=wall, processor=processor, read=read))
    progress.print(f"  {len(names)} unchanged tenants: {rows[-1].wall:.1f} s")
    return sorted(rows, key=lambda row: row.processor)[rounds // 2]


def markdown_unchanged(rows: Sequence[UnchangedRow]) -> str:
    """rows: the first one of the command's start."""
    lines = [
        "| unchanged tenants | all of them, s | ms each | processor, s | beyond the command's start, s "
        "| read, MB |",
        "|---:|---:|---:|---:|---:|---:|",
    ]
    lines += [
        f"| {row.tenants} | {row.wall:.1f} | {row.wall / max(row.tenants, 1) * 1000:.0f} "
        f"| {row.processor:.2f} | {row.processor - rows[0].processor:.2f} | {row.read:.0f} |"
        for row in rows
    ]
    return "\n".join([*lines, ""])


def markdown(rows: Sequence[Row]) -> str:
    lines = [
        "| tenants | deploy, s each | preview cold, s each | preview warm, s each | warm to cold "
        "| warm to that of 10 | one change, s for all | drift, s for all | plugin, MiB "
        "| all processes, MiB |",
        "|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    ten = next((row for row in rows if row.tenants == 10), rows[-1])
    lines += [
        f"| {row.tenants} | {row.deploy:.1f} | {row.cold:.2f} | {row.warm:.2f} | {row.warm / row.cold:.2f} "
        f"| {row.warm / ten.warm:.2f} | {row.one_change:.1f} | {row.drift:.1f} | {row.plugin:.0f} "
        f"| {row.all_together:.0f} |"
        for row in rows
    ]
    return "\n".join([*lines, ""])


def tables(rounds: int, tenants: int) -> Iterator[str]:
    """Each once it is measured. tenants: of the largest fleet that is deployed."""
    require_terraform()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with LocalCloud(folder / "cloud", real_databases=False) as cloud:
            project = Project.of_clone(folder / "project", environment(cloud.state_dir))
            project.write_platform("platform-local")
            progress.print("Deploying a platform cell")
            project.up("platform-local").check()
            rows = list[Row]()
            for size in [*(size for size in SIZES if size < tenants), tenants]:
                rows.append(measure(project, size, rows[-1].tenants if rows else 0, rounds))
            yield markdown(rows)
            same = [name_of(number) for number in range(min(tenants, SIZES[-1]))]
            yield measure_beside_terraform(project, same, rounds, folder)
            copies = [f"u{number:04}" for number in range(UNCHANGED_SIZES[-1])]
            progress.print(f"Copying a tenant {len(copies)} times")
            copy_tenant(project, name_of(0), copies)
            fleets = [copies[:size] for size in (0, *UNCHANGED_SIZES)]
            yield markdown_unchanged([measure_unchanged(project, each, rounds) for each in fleets])


def report(rounds: int) -> str:
    """Measure all sizes."""
    return "\n".join(tables(rounds, LARGEST))


def main(
    rounds: Annotated[int, typer.Option(min=1, help="Previews of each fleet")] = 3,
    tenants: Annotated[
        int, typer.Option(min=1, max=100, help="Of the largest fleet that is deployed")
    ] = LARGEST,
) -> None:
    """Measure and print."""
    for each in tables(rounds, tenants):
        print(each, flush=True)


if __name__ == "__main__":
    typer.run(main)
