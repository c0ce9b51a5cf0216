"""One tenant's preview and update against Terraform, for the same resources and with the same provider.

    python -m benchmarks.preview [--rounds 5]

Prints Markdown: the median of the rounds and its ratio to Terraform's. The two take turns, so that whatever
else the machine does meets both. `warm` is a preview in a fleet, whose plugins run already.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from tenantnet.engine.plugins import SharedPlugins
from tenantnet.local_cloud.environment import environment
from tenantnet.local_cloud.process import LocalCloud
from tenantnet.settings.project import find_project

from tests.end_to_end.conftest import ACME
from tests.support.project import PASSWORD, Project

CONFIGURATION = Path(__file__).parent / "terraform" / "main.tf"
MIRRORS = [
    Path("/opt/tf-plugins"),
    Path("/usr/local/share/terraform/plugins"),
    Path("/usr/share/terraform/plugins"),
]
WITHOUT_REFRESH = "terraform plan -refresh=false"
progress = Console(stderr=True)


class Terraform:
    """A Terraform folder with a tenant's resources, planned and applied against a local cloud.

    settings: the tenant's. platform: its outputs.
    """

    def __init__(
        self,
        folder: Path,
        cloud_environment: Mapping[str, str],
        settings: Mapping[str, Any],
        platform: Mapping[str, Any],
    ) -> None:
        self._folder = folder
        folder.mkdir()
        shutil.copy(CONFIGURATION, folder)
        (blue,) = settings["networks"].values()
        tenant = {"name": folder.name, "cidr": blue["cidr"], "session": settings["sessionSubnet"]}
        variables = {"platform": dict(platform), "tenant": tenant, "password": PASSWORD}
        (folder / "terraform.tfvars.json").write_text(json.dumps(variables), encoding="utf-8")
        mirror = next(path for path in MIRRORS if path.is_dir())
        providers = folder / "terraform.rc"
        providers.write_text(
            f'provider_installation {{\n  filesystem_mirror {{ path = "{mirror}" }}\n}}\n', encoding="utf-8"
        )
        self._environment = {**os.environ, **cloud_environment, "TF_CLI_CONFIG_FILE": str(providers)}
        self("init", "-input=false")

    def __call__(self, *arguments: str) -> None:
        run_quietly(["terraform", *arguments, "-no-color"], self._folder, self._environment)

    def plan(self) -> None:
        self("plan", "-input=false", "-lock=false")

    def plan_without_refresh(self) -> None:
        self("plan", "-input=false", "-lock=false", "-refresh=false")

    def apply(self) -> None:
        self("apply", "-input=false", "-auto-approve")


def run_quietly(command: list[str], folder: Path, env: Mapping[str, str]) -> None:
    done = subprocess.run(
        command, cwd=folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}")


def medians(rounds: int, tasks: Mapping[str, Callable[[], object]]) -> dict[str, float]:
    """Seconds per task: the median of `rounds` runs, the tasks taking turns."""
    times: dict[str, list[float]] = {name: [] for name in tasks}
    for number in range(rounds):
        for name, task in tasks.items():
            started = time.perf_counter()
            task()
            times[name].append(time.perf_counter() - started)
            progress.print(f"  round {number + 1} of {rounds}: {name} {times[name][-1]:.1f} s")
    return {name: statistics.median(taken) for name, taken in times.items()}


def table(title: str, seconds: Mapping[str, float], base: str) -> str:
    rows = [f"| {name} | {value:.1f} | {value / seconds[base]:.2f} |" for name, value in seconds.items()]
    return "\n".join([f"| {title} | seconds | ratio |", "|---|---|---|", *rows, ""])


@contextmanager
def warm_plugins(project: Project, folder: Path) -> Iterator[Project]:
    """The project, with the plugins that run already, as a fleet starts them."""
    log = folder / "plugin.log"
    with SharedPlugins(find_project(project.folder), log, progress.print, project.environment) as plugins:
        yield Project(project.folder, {**project.environment, **plugins.environment("eu-west-1")})


def measure(rounds: int, folder: Path) -> str:
    """Both cases, each against a local cloud of its own for Terraform and for Pulumi."""
    with LocalCloud(folder / "pulumi-cloud") as ours, LocalCloud(folder / "terraform-cloud") as theirs:
        project = Project.of_clone(folder / "project", environment(ours.state_dir))
        other = Project.of_clone(folder / "other-project", environment(theirs.state_dir))
        progress.print("Deploying a platform cell in each of two local clouds (1 to 2 minutes)")
        for each in (project, other):
            each.write_platform("platform-local")
            each.up("platform-local").check()
        terraform = Terraform(
            folder / "acme", environment(theirs.state_dir), ACME, other.outputs("platform-local")
        )
        project.write_tenant("acme", ACME)

        def preview() -> None:
            project.pulumi("preview", "--stack", "acme").check()

        new = medians(rounds, {"terraform plan": terraform.plan, "pulumi preview": preview})
        progress.print("Deploying the tenant with each (3 to 5 minutes)")
        project.up("acme").check()
        terraform.apply()
        with warm_plugins(project, folder) as warm:
            unchanged = medians(
                rounds,
                {
                    "terraform plan": terraform.plan,
                    WITHOUT_REFRESH: terraform.plan_without_refresh,
                    "pulumi preview": preview,
                    "pulumi preview, warm": lambda: warm.pulumi("preview", "--stack", "acme").check(),
                    "terraform apply": terraform.apply,
                    "pulumi up": lambda: project.up("acme").check(),
                    "pulumi up, warm": lambda: warm.up("acme").check(),
                },
            )
    return "\n".join(
        [
            table("a new tenant", new, "terraform plan"),
            table("an unchanged tenant", unchanged, WITHOUT_REFRESH),
        ]
    )


def require_terraform() -> None:
    """End the process where there is no Terraform to compare with."""
    if shutil.which("terraform") is None or not any(path.is_dir() for path in MIRRORS):
        sys.exit("terraform and a filesystem mirror with its AWS provider are needed; install them first")


def report(rounds: int) -> str:
    """Measure."""
    require_terraform()
    with tempfile.TemporaryDirectory() as folder:
        return measure(rounds, Path(folder))


def main(rounds: Annotated[int, typer.Option(min=1, help="Runs of each command")] = 5) -> None:
    """Measure and print."""
    sys.stdout.write(report(rounds))


if __name__ == "__main__":
    typer.run(main)
