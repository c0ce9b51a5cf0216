"""A language host that engines share: it runs the programs of many stacks as forks of a warm process.

Importing what a program needs is most of what it takes. Here one process imports it, and every program is a
fork of that one. The engine attaches to a language host whose port PULUMI_DEBUG_LANGUAGES names.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext, ForkServerProcess
from threading import Condition
from typing import Any

import grpc
from pulumi.runtime.proto import LanguageRuntimeServicer, language_pb2, plugin_pb2
from tenantnet.language_host.run import REPORTED, run_plugin, run_program

# Imported by the process that is forked, and not by this one.
WARM = "tenantnet.language_host.warm"
# From an engine's handshake to its program's start.
LONGEST_WAIT_FOR_A_PROGRAM_SECONDS = 60


class LanguageHost(LanguageRuntimeServicer):
    """Answers engines; one that calls is known by its connection, on which it first shook hands."""

    def __init__(self, context: ForkServerContext) -> None:
        self._context = context
        self._engines: dict[str, str] = {}
        self._running, self._latest_handshake, self._change = 0, 0.0, Condition()

    def Handshake(self, request: Any, context: Any) -> Any:  # noqa: ANN401, N802 - pulumi's are not typed
        with self._change:
            self._engines[context.peer()] = request.engine_address
            self._latest_handshake = time.monotonic()
        return language_pb2.LanguageHandshakeResponse()

    def GetPluginInfo(self, request: Any, context: Any) -> Any:  # noqa: ANN401, N802
        return plugin_pb2.PluginInfo()

    def GetRequiredPackages(self, request: Any, context: Any) -> Any:  # noqa: ANN401, N802
        """None: the plugins that a stack needs are there, since they are shared like this host."""
        return language_pb2.GetRequiredPackagesResponse()

    def Run(self, request: Any, context: Any) -> Any:  # noqa: ANN401, N802
        """Run the program of one stack to its end."""
        engine = self._engines.get(context.peer())
        if engine is None:
            # gRPC may have connected again.
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, "the engine's connection broke; try again")
        process = self._context.Process(target=run_program, args=(request.SerializeToString(), engine))
        with self._started(process, context):
            process.join()
        if process.exitcode == REPORTED:
            return language_pb2.RunResponse(bail=True)
        if process.exitcode:
            ended = f"the program's process ended with {process.exitcode}"
            return language_pb2.RunResponse(error=f"{ended}; what it printed is in the run's plugin.log")
        return language_pb2.RunResponse()

    def RunPlugin(self, request: Any, context: Any) -> Iterator[Any]:  # noqa: ANN401, N802
        """Run a policy pack and stream what it prints, its exit code last."""
        if request.kind != "analyzer":
            context.abort(grpc.StatusCode.UNIMPLEMENTED, f"a shared host runs no {request.kind}")
        reader, writer = self._context.Pipe(duplex=False)
        environment = dict(pair.split("=", 1) for pair in request.env)
        arguments = [*request.args, request.info.program_directory]
        process = self._context.Process(
            target=_run_policy_pack, args=(arguments, request.pwd, environment, writer)
        )
        with self._started(process, context):
            writer.close()
            while printed := os.read(reader.fileno(), 4096):
                yield language_pb2.RunPluginResponse(stdout=printed)
            process.join()
        yield language_pb2.RunPluginResponse(exitcode=process.exitcode or 0)

    @contextmanager
    def _started(self, process: ForkServerProcess, context: Any) -> Iterator[None]:  # noqa: ANN401
        """The process runs, and ends with the engine's call."""
        with self._change:
            self._running += 1
        try:
            process.start()
            # The callback is called at once if the call has ended already.
            if not context.add_callback(process.kill):
                process.kill()
            yield
        finally:
            with self._change:
                self._running -= 1
                self._change.notify_all()

    def wait_until_idle(self) -> None:
        """Return once no program runs, and every engine that shook hands has had the time to run its own."""
        with self._change:
            while True:
                self._change.wait_for(lambda: self._running == 0)
                left = self._latest_handshake + LONGEST_WAIT_FOR_A_PROGRAM_SECONDS - time.monotonic()
                if left <= 0:
                    return
                self._change.wait(left)


def _run_policy_pack(
    arguments: Sequence[str], folder: str, environment: Mapping[str, str], output: Connection
) -> None:
    """Serve a pack until the engine ends it. output: gets what it prints, its port first."""
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    os.dup2(output.fileno(), sys.stdout.fileno())
    output.close()
    run_plugin("pulumi.policy", *arguments)
