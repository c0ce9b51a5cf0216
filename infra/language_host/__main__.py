"""Serves engines until standard input ends and no program is left that runs or is about to.

    python -m tenantnet.language_host

Prints its port.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import forkserver

import grpc
from pulumi.runtime.proto import language_pb2_grpc
from tenantnet.language_host.host import WARM, LanguageHost

# Each program or policy pack that runs holds a thread.
MOST_AT_ONCE = 256
MESSAGE_LIMIT = 400 << 20


def main() -> None:
    """Serve until standard input ends and nothing is left to run."""
    # What programs print must not fill a pipe that nobody reads beyond the port.
    answer = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([WARM])
    forkserver.ensure_running()
    host = LanguageHost(context)
    server = grpc.server(
        ThreadPoolExecutor(MOST_AT_ONCE),
        options=[
            ("grpc.max_receive_message_length", MESSAGE_LIMIT),
            ("grpc.max_send_message_length", MESSAGE_LIMIT),
        ],
    )
    language_pb2_grpc.add_LanguageRuntimeServicer_to_server(host, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, file=answer, flush=True)
    sys.stdin.read()
    host.wait_until_idle()
    server.stop(None)


main()
