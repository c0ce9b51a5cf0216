"""The calls that Pulumi's engine makes to a language host."""

# ruff: noqa: N802 (the methods bear the names of the protocol)

from __future__ import annotations

import importlib.metadata
import json
import platform
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import grpc
from pulumi.runtime.proto import language_pb2, language_pb2_grpc, plugin_pb2
from run_program import REPORTED

HERE = Path(__file__).parent
# The modules of the pulumi package that start a plugin, by the kind of plugin that the engine asks for.
PLUGIN_RUNNERS = {"analyzer": "pulumi.policy", "resource": "pulumi.run.plugin"}


class LanguageHost(language_pb2_grpc.LanguageRuntimeServicer):
    """Answers the engine's calls; of all others the engine hears that they are not implemented."""

    def __init__(self, engine_address: str) -> None:
        self._engine_address = engine_address
        self._children: set[subprocess.Popen[bytes]] = set()

    def Handshake(self, request: object, context: object) -> language_pb2.LanguageHandshakeResponse:
        """Acknowledge the engine."""
        return language_pb2.LanguageHandshakeResponse()

    def GetPluginInfo(self, request: object, context: object) -> plugin_pb2.PluginInfo:
        """Give the version of the pulumi package, whose protocol this host speaks."""
        return plugin_pb2.PluginInfo(version=importlib.metadata.version("pulumi"))

    def About(self, request: object, context: object) -> language_pb2.AboutResponse:
        """Describe the interpreter for `pulumi about`."""
        return language_pb2.AboutResponse(executable=sys.executable, version=platform.python_version())

    def GetRequiredPackages(
        self, request: object, context: object
    ) -> language_pb2.GetRequiredPackagesResponse:
        """List the plugins that the installed packages need, so that a missing one is reported at once."""
        site_packages = Path(str(importlib.metadata.distribution("pulumi").locate_file("")))
        plugins = [json.loads(path.read_bytes()) for path in site_packages.glob("*/pulumi-plugin.json")]
        return language_pb2.GetRequiredPackagesResponse(
            packages=[
                plugin_pb2.PackageDependency(name=plugin["name"], kind="resource", version=plugin["version"])
                for plugin in plugins
                if plugin.get("resource")
            ]
        )

    def GetProgramDependencies(
        self, request: object, context: object
    ) -> language_pb2.GetProgramDependenciesResponse:
        """List the installed packages for `pulumi about`."""
        installed = sorted({(one.name, one.version) for one in importlib.metadata.distributions()})
        return language_pb2.GetProgramDependenciesResponse(
            dependencies=[
                language_pb2.DependencyInfo(name=name, version=version) for name, version in installed
            ]
        )

    def Run(
        self, request: language_pb2.RunRequest, context: grpc.ServicerContext
    ) -> language_pb2.RunResponse:
        """Run a program to its end. It reports its own errors to the engine."""
        python = _interpreter(request.info, context)
        process = subprocess.Popen(
            [python, "-u", str(HERE / "run_program.py"), self._engine_address],
            cwd=request.pwd,
            stdin=subprocess.PIPE,
        )
        with self._bound_to(context, process):
            process.communicate(request.SerializeToString())
        if process.returncode == REPORTED:
            return language_pb2.RunResponse(bail=True)
        if process.returncode != 0:
            return language_pb2.RunResponse(error=f"the program's process ended with {process.returncode}")
        return language_pb2.RunResponse()

    def RunPlugin(
        self, request: language_pb2.RunPluginRequest, context: grpc.ServicerContext
    ) -> Iterator[language_pb2.RunPluginResponse]:
        """Run a policy pack or a provider written in Python and stream its outputs, its exit code last."""
        python = _interpreter(request.info, context)
        plugin = [PLUGIN_RUNNERS[request.kind], *request.args, request.info.program_directory]
        process = subprocess.Popen(
            [python, "-u", str(HERE / "run_plugin.py"), *plugin],
            cwd=request.pwd,
            env=dict(variable.split("=", 1) for variable in request.env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        with self._bound_to(context, process):
            yield from _output_of(process)
            yield language_pb2.RunPluginResponse(exitcode=process.wait())

    def end_children(self) -> None:
        """End all that still runs."""
        for process in list(self._children):
            process.terminate()

    @contextmanager
    def _bound_to(self, context: grpc.ServicerContext, process: subprocess.Popen[bytes]) -> Iterator[None]:
        """End a process when the engine gives its call up, or this host ends."""
        self._children.add(process)
        context.add_callback(process.terminate)
        try:
            yield
        finally:
            self._children.discard(process)


def _interpreter(info: language_pb2.ProgramInfo, context: grpc.ServicerContext) -> str:
    """Give the Python of the virtual environment that the project names, else this host's own."""
    if "virtualenv" not in info.options:
        return sys.executable
    virtualenv = Path(info.root_directory, str(info.options["virtualenv"]))
    python = virtualenv / "bin" / "python"
    if not python.exists():
        context.abort(
            grpc.StatusCode.FAILED_PRECONDITION,
            f"{virtualenv}: there is no virtual environment here, but the project's settings name it "
            "(runtime.options.virtualenv). Create it, or name another one.",
        )
    return str(python)


def _output_of(process: subprocess.Popen[bytes]) -> Iterator[language_pb2.RunPluginResponse]:
    """Stream both outputs as they come, until both are closed."""
    responses: queue.Queue[language_pb2.RunPluginResponse | None] = queue.Queue()

    def pump(output: IO[bytes], name: str) -> None:
        while chunk := output.read1(1 << 16):  # type: ignore[attr-defined]
            responses.put(language_pb2.RunPluginResponse(**{name: chunk}))
        responses.put(None)

    pumps = {"stdout": process.stdout, "stderr": process.stderr}
    for name, output in pumps.items():
        threading.Thread(target=pump, args=(output, name), daemon=True).start()
    for _ in pumps:
        yield from iter(responses.get, None)
