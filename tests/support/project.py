"""A Pulumi project of a test's own: the clone's program with settings files that the test may write."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.clone import CLONE
from tests.support.plain_yaml import plain_yaml

PASSWORD = "Correct-Horse-7"
# Two tenants' worth of the provider's waits.
LIMIT_SECONDS = 900


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One resource operation of a preview: `create` of `acme-blue` of type `aws:ec2/vpc:Vpc`."""

    operation: str
    type: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A finished command: its exit code and everything it printed."""

    code: int
    text: str

    def check(self) -> Run:
        """Itself, or an AssertionError with what was printed."""
        assert self.code == 0, f"the command ended with {self.code}:\n{self.text}"
        return self


class Project:
    """Runs the plain `pulumi` command in a folder, as a user does."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self.folder = folder
        self.environment = {**os.environ, **environment}

    @classmethod
    def of_clone(cls, folder: Path, environment: Mapping[str, str]) -> Project:
        """The clone's own program, with settings files that the test may write."""
        (folder / "tenants").mkdir(parents=True)
        for name in ("infra", "policies", ".venv", "Pulumi.yaml"):
            (folder / name).symlink_to(CLONE / name)
        return cls(folder, environment)

    @classmethod
    def of_program(cls, folder: Path, environment: Mapping[str, str], program: str) -> Project:
        """A program of the test's own, given as its text, which may import what the clone has."""
        (folder / ".venv").symlink_to(CLONE / ".venv")
        (folder / "Pulumi.yaml").write_text(
            "name: of-a-test\nruntime: {name: python, options: {virtualenv: .venv}}\n", encoding="utf-8"
        )
        (folder / "__main__.py").write_text(program, encoding="utf-8")
        return cls(folder, environment)

    def settings_file(self, stack: str) -> Path:
        return self.folder / "tenants" / f"Pulumi.{stack}.yaml"

    def write_platform(self, stack: str, **settings: Any) -> None:
        """Make the platform stack with a zone, and whatever else is given in the file's own spelling."""
        platform = {"zone": {"name": "db.example.com"}, **settings}
        self._write(stack, {"aws:region": "eu-west-1", "tenantnet:platform": platform})

    def platform(self, stack: str) -> dict[str, Any]:
        """The platform's settings as they are in its file."""
        return self._settings(stack, "tenantnet:platform")

    def tenant(self, stack: str) -> dict[str, Any]:
        """The tenant's settings as they are in its file."""
        return self._settings(stack, "tenantnet:tenant")

    def _settings(self, stack: str, key: str) -> dict[str, Any]:
        found = plain_yaml().load(self.settings_file(stack))
        return dict(found["config"][key])

    def write_tenant(self, stack: str, tenant: Mapping[str, Any], password: str = PASSWORD) -> None:
        """Make or change the tenant's stack."""
        self._write(stack, {"aws:region": "eu-west-1", "tenantnet:tenant": dict(tenant)})
        self.pulumi(
            "config", "set", "--secret", "tenantnet:databasePassword", password, "--stack", stack
        ).check()

    def _write(self, stack: str, config: Mapping[str, Any]) -> None:
        yaml, path = plain_yaml(), self.settings_file(stack)
        kept = yaml.load(path) if path.exists() else {}
        with path.open("w", encoding="utf-8") as file:
            yaml.dump({**kept, "config": {**kept.get("config", {}), **config}}, file)
        self.pulumi("stack", "select", "--create", stack).check()

    def pulumi(self, *arguments: str) -> Run:
        """Run `pulumi` in the project; standard output and error together."""
        done = subprocess.run(
            ["pulumi", "--non-interactive", *arguments],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=LIMIT_SECONDS,
            check=False,
        )
        return Run(code=done.returncode, text=done.stdout)

    def up(self, stack: str) -> Run:
        return self.pulumi("up", "--yes", "--skip-preview", "--stack", stack)

    def destroy(self, stack: str) -> Run:
        return self.pulumi("destroy", "--yes", "--skip-preview", "--stack", stack)

    def steps(self, stack: str) -> list[Step]:
        """What `pulumi preview` would do, without what stays the same."""
        run = subprocess.run(
            ["pulumi", "preview", "--json", "--non-interactive", "--stack", stack],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=LIMIT_SECONDS,
            check=False,
        )
        assert run.returncode == 0, f"the preview ended with {run.returncode}:\n{run.stdout}\n{run.stderr}"
        return [
            Step(
                operation=step["op"],
                type=step["urn"].split("::")[2].split("$")[-1],
                name=step["urn"].split("::")[3],
            )
            for step in json.loads(run.stdout)["steps"]
            if step["op"] not in ("same", "read")
        ]

    def outputs(self, stack: str) -> dict[str, Any]:
        run = self.pulumi("stack", "output", "--json", "--stack", stack).check()
        return dict(json.loads(run.text))
