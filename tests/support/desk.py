"""A person's clone and shell, in which commands run as people run them."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.plain_yaml import plain_yaml
from tests.support.processes import Begun

TENANTNET = Path(sys.executable).parent / "tenantnet"


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """A command that has ended."""

    code: int
    out: str
    err: str


class Desk:
    """A person's clone and shell: settings files, the real engine's stacks, and `tenantnet`."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self.folder = folder
        backend = f"file://{folder / 'state'}"
        self.variables = {**environment, "HOME": str(folder), "PULUMI_BACKEND_URL": backend}

    def settings(self, stack: str) -> Path:
        return self.folder / "tenants" / f"Pulumi.{stack}.yaml"

    def add_stack(
        self, stack: str, config: Mapping[str, Any], outputs: Mapping[str, Any] | None = None
    ) -> None:
        """A stack with settings and, as if it had been updated, with outputs."""
        self._pulumi("stack", "init", stack, "--non-interactive")
        with self.settings(stack).open("w", encoding="utf-8") as file:
            plain_yaml().dump({"config": dict(config)}, file)
        if outputs:
            self.leave_outputs(stack, outputs)

    def leave_outputs(self, stack: str, outputs: Mapping[str, Any]) -> None:
        """As an update of the stack would."""
        root = {
            "urn": f"urn:pulumi:{stack}::tenantnet::pulumi:pulumi:Stack::tenantnet-{stack}",
            "type": "pulumi:pulumi:Stack",
            "outputs": dict(outputs),
        }
        deployment = {"version": 3, "deployment": {"resources": [root]}}
        self._pulumi("stack", "import", "--stack", stack, given=json.dumps(deployment))

    def tenantnet(
        self, command: str | Sequence[str], given: str | None = None, **variables: str | None
    ) -> Done:
        """Run it, given a text as standard input; a variable that is None is not set at all."""
        changed = {**self.variables, **variables}
        done = subprocess.run(
            [TENANTNET, *(command.split() if isinstance(command, str) else command)],
            cwd=self.folder,
            env={key: value for key, value in changed.items() if value is not None},
            input=given,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert "Traceback" not in done.stderr, done.stderr
        return Done(code=done.returncode, out=done.stdout, err=done.stderr)

    def begin(self, command: str, **variables: str) -> Begun[str]:
        """Begin it, with its lines to be read as they come."""
        return Begun(
            [TENANTNET, *command.split()],
            cwd=self.folder,
            env={**self.variables, **variables},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def _pulumi(self, *arguments: str, given: str = "") -> None:
        done = subprocess.run(
            ["pulumi", *arguments],
            cwd=self.folder,
            env=self.variables,
            input=given,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, f"{arguments}: {done.stdout}{done.stderr}"
