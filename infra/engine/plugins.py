"""Plugins that several stacks share: AWS's, and the language host that runs the project's program.

The engine attaches to the plugins whose ports PULUMI_DEBUG_PROVIDERS and PULUMI_DEBUG_LANGUAGES name, instead
of starting its own for every operation of every stack: loading them is most of what a preview takes, and a
third of the time for which a move would hold writes back.
"""

from __future__ import annotations

import os
import select
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from threading import Lock
from typing import Self

import psutil
import tenantnet
from tenantnet.settings.project import WHEELS_PROGRAM, Project
from tenantnet.settings.reading import read_mapping

PROVIDERS, LANGUAGES = "PULUMI_DEBUG_PROVIDERS", "PULUMI_DEBUG_LANGUAGES"
# -P: nothing in the folder that a person works in is imported in the place of what is meant.
LANGUAGE_HOST = (sys.executable, "-P", "-m", "tenantnet.language_host")
# Tells an AWS plugin built by scripts/setup that it is not one engine's: see tools/aws-plugin/main.go.
SHARED = "TENANTNET_SHARED_PLUGIN"
# In the folder of such a plugin, over Terraform's provider.
BUILT_BY_SETUP = "hashicorp-aws"
START_LIMIT_SECONDS = 60
STOP_LIMIT_SECONDS = 10

Tell = Callable[[str], None]


def aws_plugin(environment: Mapping[str, str] = os.environ) -> tuple[str, Path | None]:
    """The version of the AWS plugin that pulumi_aws asks for, and its program where that is installed."""
    wanted = version("pulumi_aws")
    program = _home(environment) / "plugins" / f"resource-aws-v{wanted}" / "pulumi-resource-aws"
    return wanted, program if os.access(program, os.X_OK) else None


def _home(environment: Mapping[str, str]) -> Path:
    return Path(environment.get("PULUMI_HOME") or Path.home() / ".pulumi")


def other_program(project: Project) -> str | None:
    """Why the project's program is another than this package with these dependencies; None if it is not."""
    document = read_mapping(project.file)
    runtime = document.get("runtime")
    options = runtime.get("options") if isinstance(runtime, Mapping) else None
    virtualenv = options.get("virtualenv") if isinstance(options, Mapping) else None
    own = {"main": Path(tenantnet.__file__).parent, "virtualenv": Path(sys.prefix)}
    for name, value in {"main": document.get("main"), "virtualenv": virtualenv}.items():
        place = project.folder / value if isinstance(value, str) else None
        is_own = place and (place.resolve() == own[name].resolve() or is_of_the_wheel(place, WHEELS_PROGRAM))
        if not is_own:
            return f"The project's {name} is not {own[name]}, which this command runs from"
    return None


def is_of_the_wheel(place: Path, text: str, *beside: str) -> bool:
    """Whether a folder is what `tenantnet init` wrote, beside nothing that could be imported instead.

    text: of what it runs. beside: the names of other files that it may have.
    """
    files = {each.name for each in place.iterdir()} if place.is_dir() else set()
    is_alone = files - {"__pycache__", *beside} == {"__main__.py"}
    return is_alone and (place / "__main__.py").read_text(encoding="utf-8") == text


class SharedPlugins:
    """Start when an engine first needs them, and again if one has ended; they end with the context.

    project: whose program the language host runs; None for programs that run in this process. log: the file
    for what plugins print. tell: prints once which is not shared, and why. environment: the engines'.
    Its methods may be called by several threads.
    """

    def __init__(
        self,
        project: Project | None = None,
        log: Path = Path(os.devnull),
        tell: Tell = lambda _: None,
        environment: Mapping[str, str] = os.environ,
    ) -> None:
        self._project, self._log, self._tell, self._environment = project, log, tell, environment
        self._running: dict[str, _Plugin] = {}
        self._lock, self._told = Lock(), set[str]()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        # An interrupted engine finishes what it has begun, and needs the plugin for that.
        psutil.wait_procs(_own_engines())
        for plugin in self._running.values():
            plugin.end()

    def environment(self, settings: str = "") -> Mapping[str, str]:
        """The environment that makes an engine attach to the plugins that can be shared.

        settings: any text that is the same for stacks whose AWS provider is configured the same way.
        """
        plugins = {}
        with self._lock:
            if aws := self._aws_program():
                plugins[PROVIDERS] = "aws", self._plugin(f"aws {settings}", [aws])
            if self._runs_own_program:
                plugins[LANGUAGES] = "python", self._plugin("python", LANGUAGE_HOST)
        # They start at the same time; plugins that the user has attached stay attached.
        return {
            variable: ",".join(filter(None, [f"{name}:{plugin.port}", self._environment.get(variable)]))
            for variable, (name, plugin) in plugins.items()
            if plugin.port
        }

    def _plugin(self, key: str, command: Sequence[str | Path]) -> _Plugin:
        plugin = self._running.get(key)
        if plugin and plugin.has_ended:
            plugin.end()
        if plugin is None or plugin.has_ended:
            plugin = self._running[key] = _Plugin(command, self._log, self._environment)
        return plugin

    def _aws_program(self) -> Path | None:
        """The plugin that pulumi_aws asks for, where it is installed and serves more than one stack."""
        wanted, program = aws_plugin(self._environment)
        if program is None:
            self._tell_once(
                f"There is no AWS plugin {wanted} in {_home(self._environment)} yet, so every stack starts "
                f"its own. To share one: pulumi plugin install resource aws {wanted}"
            )
            return None
        if self._environment.get("AWS_CA_BUNDLE") and not program.with_name(BUILT_BY_SETUP).exists():
            # Its provider refuses to be configured again: "unable to add custom RootCAs".
            self._tell_once(
                "With AWS_CA_BUNDLE an AWS plugin serves one stack only, so every stack starts its own."
            )
            return None
        return program

    @cached_property
    def _runs_own_program(self) -> bool:
        if self._project is None:
            return False
        if problem := other_program(self._project):
            self._tell_once(f"{problem}, so every stack loads its program by itself.")
        return problem is None

    def _tell_once(self, text: str) -> None:
        if text not in self._told:
            self._told.add(text)
            self._tell(text)


class _Plugin:
    """A process that serves engines at a port of its own, which it prints first.

    Whatever it and its own processes leave of sockets goes with its folder for temporary files.
    """

    def __init__(self, command: Sequence[str | Path], log: Path, environment: Mapping[str, str]) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="tenantnet-", ignore_cleanup_errors=True)
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=output,
                # Ctrl-C is only for the process that started it: running updates still need the plugin.
                process_group=0,
                env={**environment, SHARED: "1", "TMPDIR": self._folder.name},
            )
        self._lock = Lock()
        self._port: int | None = None

    @property
    def has_ended(self) -> bool:
        return self._process.poll() is not None

    @property
    def port(self) -> int:
        """Its port, once it serves; 0 if it ended before."""
        with self._lock:
            if self._port is None:
                self._port = self._read_port()
            return self._port

    def _read_port(self) -> int:
        assert self._process.stdout is not None  # noqa: S101 - it is a pipe
        ready, _, _ = select.select([self._process.stdout], [], [], START_LIMIT_SECONDS)
        line = self._process.stdout.readline() if ready else b""
        if line.strip().isdigit():
            return int(line)
        self._process.kill()
        self._process.wait()
        return 0

    def end(self) -> None:
        """End it. An AWS plugin built by scripts/setup first serves out the engines that are attached."""
        with self._folder, self._process as process:
            if process.stdin:
                # Such a plugin ends by itself once its standard input has, and the last engine.
                process.stdin.close()
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(STOP_LIMIT_SECONDS)
            process.kill()


def _own_engines() -> list[psutil.Process]:
    """The engines that this process has started, without those that end meanwhile."""
    running = psutil.process_iter(["name", "ppid"])
    return [each for each in running if each.info == {"name": "pulumi", "ppid": os.getpid()}]
