"""Plugins that run before a stack needs them: AWS's, and the language host that runs the project's program.

The engine attaches to the plugins whose ports PULUMI_DEBUG_PROVIDERS and PULUMI_DEBUG_LANGUAGES name, instead
of starting its own for every operation of every stack: loading them is most of what a preview takes.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path

import tenantnet
from tenantnet.engine.served import Served, serve
from tenantnet.settings.project import Project
from tenantnet.settings.reading import read_mapping

PROGRAM = "pulumi-resource-aws"
# In the folder of a plugin made by scripts/setup, over Terraform's provider.
OF_OWN_MAKE = "hashicorp-aws"
PROVIDERS, LANGUAGES = "PULUMI_DEBUG_PROVIDERS", "PULUMI_DEBUG_LANGUAGES"
LANGUAGE_HOST = (sys.executable, "-m", "tenantnet.language_host")

Tell = Callable[[str], None]


class Plugins:
    """The plugins in use.

    log: the file for what they print. tell: says which is not shared and why, once. environment: that of the
    engines that attach.
    """

    def __init__(
        self, project: Project, log: Path, tell: Tell, environment: Mapping[str, str] = os.environ
    ) -> None:
        self._log, self._environment = log, environment
        self._aws = shareable_aws(environment, tell)
        self._runs_own_program = _runs_own_program(project, tell)
        self._running: dict[str, asyncio.Task[Served]] = {}

    async def environment(self, settings: str) -> Mapping[str, str]:
        """What makes an engine attach to the plugins for stacks with these settings; started where none runs.

        settings: any text that is the same for stacks whose provider is configured the same way. Without the
        plugins that cannot be shared: each engine starts its own then.
        """
        wanted = {}
        if self._aws:
            wanted[PROVIDERS] = self._attach("aws", settings, [self._aws])
        if self._runs_own_program:
            wanted[LANGUAGES] = self._attach("python", "", LANGUAGE_HOST)
        ports = await asyncio.gather(*wanted.values())
        return {
            variable: with_port(self._environment, variable, port)
            for variable, port in zip(wanted, ports, strict=True)
            if port
        }

    async def _attach(self, name: str, settings: str, command: Sequence[str | Path]) -> str | None:
        """NAME:PORT of the plugin for these settings; None where it does not run."""
        key = f"{name} {settings}"
        task = self._running.get(key)
        if task is None or (task.done() and not task.result().runs):
            task = self._running[key] = asyncio.create_task(serve(command, self._log, self._environment))
        served = await asyncio.shield(task)
        return f"{name}:{served.port}" if served.runs else None

    async def close(self) -> None:
        """End them all, once no stack uses them any more."""
        for task in self._running.values():
            await (await task).end()


def with_port(environment: Mapping[str, str], variable: str, port: str) -> str:
    """The variable's value with one more NAME:PORT, before those that a person attaches."""
    return ",".join(filter(None, [port, environment.get(variable)]))


def shareable_aws(environment: Mapping[str, str], tell: Tell) -> Path | None:
    """The plugin that pulumi_aws asks for, where it is installed and serves more than one stack."""
    home = Path(environment.get("PULUMI_HOME") or Path.home() / ".pulumi")
    wanted = version("pulumi_aws")
    folder = home / "plugins" / f"resource-aws-v{wanted}"
    program = folder / PROGRAM
    if not os.access(program, os.X_OK):
        tell(
            f"There is no AWS plugin {wanted} in {home} yet, so every stack starts its own. To share one: "
            f"pulumi plugin install resource aws {wanted}"
        )
        return None
    if environment.get("AWS_CA_BUNDLE") and not (folder / OF_OWN_MAKE).exists():
        # Its provider refuses to be configured again: "unable to add custom RootCAs".
        tell("With AWS_CA_BUNDLE an AWS plugin serves one stack only, so every stack starts its own.")
        return None
    return program


def _runs_own_program(project: Project, tell: Tell) -> bool:
    """Whether the project's program is this package, with these dependencies: only that is loaded ahead."""
    document = read_mapping(project.file)
    runtime = document.get("runtime")
    options = runtime.get("options") if isinstance(runtime, Mapping) else None
    virtualenv = options.get("virtualenv") if isinstance(options, Mapping) else None
    own = {"main": Path(tenantnet.__file__).parent, "virtualenv": Path(sys.prefix)}
    for name, value in {"main": document.get("main"), "virtualenv": virtualenv}.items():
        if not isinstance(value, str) or (project.folder / value).resolve() != own[name].resolve():
            tell(
                f"The project's {name} is not {own[name]}, which this command runs from, so every stack "
                "loads its program by itself."
            )
            return False
    return True
