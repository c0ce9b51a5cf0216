"""Asks Pulumi which stacks exist, and for their outputs."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pulumi.automation import (
    CommandError,
    InvalidVersionError,
    LocalWorkspace,
    PulumiCommand,
    Stack,
    StackNotFoundError,
)
from tenantnet.engine.events import said_in
from tenantnet.engine.states import BACKEND, backend_folder
from tenantnet.failure import Failure
from tenantnet.settings.project import PLATFORM_PREFIX, Project
from tenantnet.stacks.outputs import PlatformOutputs, TenantOutputs
from tenantnet.tags import claims_table_name


class _ProjectWorkspace(LocalWorkspace):
    def select_stack(self, stack_name: str) -> None:
        """Keep the stack that the user has selected: every command names its own."""


class Engine:
    """Runs the `pulumi` on the path, in the project's folder, without ever selecting a stack.

    Secrets stay masked, as `[secret]`. Raises Failure if there is no engine or it does not answer.
    """

    def __init__(self, project: Project, command: Callable[[], PulumiCommand] = PulumiCommand) -> None:
        self._folder = str(project.folder)
        try:
            self._command = command()
        except FileNotFoundError:
            raise Failure(
                "Could not ask Pulumi.",
                reason="there is no `pulumi` on the path",
                remedy="run scripts/setup (without a clone: tenantnet engine install) and then "
                'eval "$(tenantnet local env)", or install Pulumi '
                "(https://www.pulumi.com/docs/install/)",
            ) from None
        except (OSError, subprocess.CalledProcessError, InvalidVersionError) as error:
            raise Failure(
                "Could not ask Pulumi.",
                reason=f"`pulumi version` fails: {error}",
                remedy="install a current Pulumi",
            ) from None

    def stacks(self) -> list[str]:
        """The names of the project's stacks in the backend, sorted, without organisation and project."""
        return sorted(self.resource_counts())

    def resource_counts(self) -> Mapping[str, int]:
        """How many resources each of the project's stacks has, by its name."""
        listed = self._ask("list the stacks", "stack", "ls", "--json")
        return {
            str(each["name"]).rsplit("/", maxsplit=1)[-1]: each.get("resourceCount") or 0 for each in listed
        }

    def outputs(self, stack: str) -> Mapping[str, Any] | None:
        """The stack's outputs; empty for a stack that was never updated, None for one that does not exist."""
        try:
            outputs: Mapping[str, Any] = self._ask(
                f"read the outputs of {stack}", "stack", "output", "--json", "--stack", stack
            )
        except StackNotFoundError:
            return None
        return outputs

    def claims_table(self, platform: str) -> str:
        """The name of the claims table that a platform uses: before its first update, the cell's own."""
        outputs = self.outputs(platform) or {}
        return outputs.get("claimsTable") or claims_table_name(platform.removeprefix(PLATFORM_PREFIX))

    def platform_of(self, tenant: str, outputs: TenantOutputs) -> PlatformOutputs:
        """The outputs of a tenant's platform. Raises Failure before the first update of either has ended."""
        if outputs.platform is None:
            raise Failure(
                f"Could not find the platform of {tenant}.",
                reason="its first update has not finished",
                remedy=f"deploy it: tenantnet up {tenant}",
            )
        return self.platform(outputs.platform)

    def platform(self, stack: str) -> PlatformOutputs:
        """The outputs of a platform. Raises Failure if it has none yet."""
        return PlatformOutputs.read(stack, self.outputs(stack))

    def stack(
        self,
        name: str,
        environment: Mapping[str, str] | None = None,
        program: Callable[[], None] | None = None,
    ) -> Stack:
        """The stack for the Automation API. environment: over this process's. program: for the project's."""
        workspace = _ProjectWorkspace(
            work_dir=self._folder, pulumi_command=self._command, env_vars=environment, program=program
        )
        return Stack.select(name, workspace)

    def run(self, task: str, *arguments: str, environment: Mapping[str, str] | None = None) -> str:
        """What `pulumi ARGUMENTS` prints. task: for the Failure. environment: over this process's.

        Raises StackNotFoundError, too.
        """
        self._require_backend(task)
        try:
            return self._command.run([*arguments], self._folder, environment or {}).stdout
        except StackNotFoundError:
            raise
        except CommandError as error:
            raise _refused_by_pulumi(task, str(error)) from None

    def create(self, stack: str, secrets_provider: str | None = None) -> None:
        """Make a stack, without selecting it. secrets_provider: Pulumi's URL; None for the backend's own."""
        chosen = ["--secrets-provider", secrets_provider] if secrets_provider else []
        self.run(f"create the stack {stack}", "stack", "init", stack, "--no-select", *chosen)

    def set_secret(self, stack: str, key: str, value: str) -> None:
        """Write a value into the stack's settings, encrypted. It is in no list of processes meanwhile."""
        task = f"write {key} into the settings of {stack}"
        words = ("config", "set", key, "--secret", "--stack", stack, "--non-interactive")
        done = subprocess.run(
            [self._command.command, *words],
            input=value,
            cwd=self._folder,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise _refused_by_pulumi(task, done.stderr)

    def file_backend(self) -> Path | None:
        """Where the backend that PULUMI_BACKEND_URL names keeps its files; None if that is no file system."""
        return backend_folder(os.environ.get(BACKEND, ""), Path(self._folder))

    def _ask(self, task: str, *arguments: str) -> Any:  # noqa: ANN401 - it is JSON
        return json.loads(self.run(task, *arguments))

    def _require_backend(self, task: str) -> None:
        folder = self.file_backend()
        if folder and not folder.is_dir():
            raise Failure(
                f"Could not {task}.",
                reason=f"the Pulumi state that PULUMI_BACKEND_URL names is not there: {folder}",
                remedy="it belongs to the local cloud, which is not running or was emptied: "
                'tenantnet local start, then eval "$(tenantnet local env)"',
            )


def _refused_by_pulumi(task: str, said: str) -> Failure:
    return Failure(
        f"Could not {task}.",
        reason=f"Pulumi says: {said_in(said)}",
        remedy='for the local cloud: eval "$(tenantnet local env)"; otherwise check `pulumi whoami`, '
        "and PULUMI_CONFIG_PASSPHRASE where the stack's secrets need it",
    )
