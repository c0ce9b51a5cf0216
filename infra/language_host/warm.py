"""What runs in a process that has already loaded what it needs: a stack's program, or a policy pack.

Such a process is a fork of one that imported this module, and with it most of what such programs import.
"""

from __future__ import annotations

import gc
import os
import runpy
import signal
import sys
from collections.abc import Mapping, Sequence
from ctypes import CDLL
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NoReturn

import pulumi_aws as aws
import pulumi_policy  # noqa: F401 - for the packs
import tenantnet.program  # noqa: F401 - for the programs
from pulumi.automation._server import LanguageServer
from pulumi.runtime.proto import language_pb2
from pulumi.runtime.settings import SETTINGS
from tenantnet.language_host.host import REPORTED

# Such a module is loaded only when something is asked for that it does not have yet.
for _service in (
    aws.cloudwatch,
    aws.codebuild,
    aws.dynamodb,
    aws.ec2,
    aws.iam,
    aws.kms,
    aws.rds,
    aws.route53,
    aws.scheduler,
    aws.sns,
    aws.ssm,
    aws.vpc,
):
    getattr(_service, "__all__", None)

# A program registers its resources and ends: what it holds is not worth looking through again and again
# meanwhile. Python's own figure is 700.
ALLOCATIONS_BETWEEN_COLLECTIONS = 100_000
PR_SET_PDEATHSIG = 1


def run_program(request: bytes, engine_address: str) -> NoReturn:
    """Run a stack's program and end the process: with 0, or REPORTED.

    request: the engine's RunRequest. Whatever the program raises is reported to the engine.
    """
    run = language_pb2.RunRequest.FromString(request)
    _prepare(run.pwd)
    run.args[:] = [engine_address]

    def program() -> None:
        SETTINGS.root_directory = run.info.root_directory
        runpy.run_path(str(Path(run.info.program_directory, run.info.entry_point)), run_name="__main__")

    answer = LanguageServer(program).Run(run, None)  # type: ignore[no-untyped-call]
    _end(REPORTED if answer.error else 0)


def run_policy_pack(
    arguments: Sequence[str], folder: str, environment: Mapping[str, str], output: Connection
) -> NoReturn:
    """Serve a policy pack until the engine has no more use for it.

    arguments: the engine's, then the pack's folder. output: gets what the pack prints, its port first.
    """
    os.environ.clear()
    os.environ.update(environment)
    _prepare(folder)
    os.dup2(output.fileno(), sys.stdout.fileno())
    output.close()
    sys.argv = ["pulumi.policy", *arguments]
    try:
        runpy.run_module("pulumi.policy", run_name="__main__", alter_sys=True)
    except SystemExit as end:
        _end(end.code if isinstance(end.code, int) else 1)
    _end(0)


def _prepare(folder: str) -> None:
    # Whoever asked for it has ended when the process that this one was forked from has.
    CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    gc.set_threshold(ALLOCATIONS_BETWEEN_COLLECTIONS)
    os.chdir(folder)


def _end(code: int) -> NoReturn:
    sys.stdout.flush()
    sys.stderr.flush()
    # Threads that still wait for the engine must not delay the end.
    os._exit(code)
