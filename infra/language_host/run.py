"""Runs one Pulumi program, policy pack or plugin, bound to the life of the process that asks for it.

Both language hosts run it: the one that engines share runs it in a process that begins warm; the one of an
engine built by scripts/setup runs this file, in virtual environments that may not have tenantnet:

    python run.py program ENGINE_ADDRESS [debug] < the engine's request (a RunRequest)
    python run.py plugin MODULE_OR_FOLDER ARGUMENT...
"""

from __future__ import annotations

import asyncio
import ctypes
import gc
import logging
import os
import runpy
import signal
import sys
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NoReturn

import grpc
import pulumi
from pulumi.runtime import reset_options, run_in_stack, set_all_config
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc, language_pb2
from pulumi.runtime.settings import SETTINGS

# A program registers its resources and ends: what it holds is not worth looking through again and again
# meanwhile. Python's own figure is 700.
ALLOCATIONS_BETWEEN_COLLECTIONS = 100_000
# The exit code of a program that has reported its error to the engine.
REPORTED = 32
PR_SET_PDEATHSIG = 1


class EngineWithoutDebug:
    """The engine's service without debug messages, which the engine would throw away.

    The pulumi package sends some for each step of each resource, and waits for every answer.
    """

    def __init__(self, engine: engine_pb2_grpc.EngineStub) -> None:
        self._engine = engine

    def Log(self, request: engine_pb2.LogRequest) -> object:  # noqa: N802 - pulumi's name
        return None if request.severity == engine_pb2.DEBUG else self._engine.Log(request)

    def __getattr__(self, call: str) -> object:
        return getattr(self._engine, call)


def run_program(message: bytes, engine_address: str, *, debug: bool = False) -> NoReturn:
    """Run a stack's program and end the process, with 0 or REPORTED.

    message: the engine's RunRequest. debug: whether the engine shows debug messages.
    """
    _prepare()
    request = language_pb2.RunRequest.FromString(message)
    os.chdir(request.pwd)
    _configure(request, engine_address)
    if not debug:
        SETTINGS.engine = EngineWithoutDebug(SETTINGS.engine)
    program = Path(request.info.program_directory, request.info.entry_point).resolve()
    code = 0
    try:
        _run(program, max(request.parallel, 1))
    except (Exception, SystemExit) as error:
        code = _report(error, program)
    sys.stdout.flush()
    sys.stderr.flush()
    # Threads that still wait for the engine must not delay the end.
    os._exit(code)


def run_plugin(*arguments: str) -> None:
    """Run a module, or the folder of an absolute path, as a program with the other arguments."""
    _prepare()
    sys.argv = [*arguments]
    # Not from the working directory: that is the folder of the program, which a pack judges.
    _find_first()
    if Path(arguments[0]).is_absolute():
        runpy.run_path(arguments[0], run_name="__main__")
    else:
        runpy.run_module(arguments[0], run_name="__main__", alter_sys=True)


def _find_first(*folders: str) -> None:
    # Python has put another folder there, unless it was started with -P.
    sys.path[: not sys.flags.safe_path] = folders


def _prepare() -> None:
    # The kernel ends this process when its parent ends, even when that one is killed.
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    # The engine interrupts its processes when it is done: an ordinary end, and no traceback's worth.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    gc.set_threshold(ALLOCATIONS_BETWEEN_COLLECTIONS)


def _configure(request: language_pb2.RunRequest, engine_address: str) -> None:
    reset_options(
        project=request.project,
        stack=request.stack,
        root_directory=request.info.root_directory,
        organization=request.organization or "organization",
        monitor_address=request.monitor_address,
        engine_address=engine_address,
        parallel=request.parallel,
        preview=request.dryRun,
    )
    set_all_config(dict(request.config), list(request.configSecretKeys))


def _run(program: Path, parallel: int) -> None:
    # What asyncio would log are tasks left over by an error, which is reported by itself.
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    _find_first(str(program if program.is_dir() else program.parent))
    sys.argv = [str(program)]
    loop = asyncio.new_event_loop()
    # Calls to the engine block a thread each, and every resource makes several.
    loop.set_default_executor(ThreadPoolExecutor(max_workers=parallel * 4))
    loop.run_until_complete(run_in_stack(lambda: _execute(program)))


def _execute(program: Path) -> None:
    runpy.run_path(str(program), run_name="__main__")


def _report(error: BaseException, program: Path) -> int:
    if isinstance(error, SystemExit) and error.code in (None, 0):
        return 0
    # The engine stops listening after an error that it has shown itself.
    if not (isinstance(error, pulumi.RunError) and isinstance(error.__context__, grpc.RpcError)):
        pulumi.log.error(_describe(error, program))
    return REPORTED


def _describe(error: BaseException, program: Path) -> str:
    """A RunError's message alone, since it is worded for the user; of any other error also where it arose."""
    if isinstance(error, pulumi.RunError):
        return str(error)
    if isinstance(error, SystemExit):
        return f"the program ended itself with exit code {error.code}"
    what = "".join(traceback.format_exception_only(error))
    return f"the program failed: {what}{_steps_in(program, error)}"


def _steps_in(program: Path, error: BaseException) -> str:
    """The program's own lines that led to an error, and where it arose."""
    if isinstance(error, SyntaxError):
        return ""  # its message names the place
    folder = program if program.is_dir() else program.parent
    *steps, last = traceback.extract_tb(error.__traceback__)
    files = [(step, Path(step.filename)) for step in steps]
    # A virtual environment may be in the program's folder.
    own = [step for step, file in files if file.is_relative_to(folder) and "site-packages" not in file.parts]
    return "".join(traceback.format_list([*own, last]))


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["program", engine_address, *debug]:
            # It may be started before it is asked for, and then not be asked.
            _prepare()
            if message := sys.stdin.buffer.read():
                run_program(message, engine_address, debug=bool(debug))
        case ["plugin", *arguments]:
            run_plugin(*arguments)
