"""Pulumi's language host for Python: runs programs and policy packs for the engine.

Pulumi's CLI brings such a host along where it is installed as a package; beside one that is built from
source stands this. The engine starts it, reads its port from the first line of its output, and shows all
further output to the user. Every run gets a process of its own, so that nothing a preview left in memory
reaches the update after it.
"""

from __future__ import annotations

import signal
import sys
import threading
from concurrent import futures

import grpc
from host import LanguageHost
from lifetime import end_with_parent
from pulumi.runtime.proto import language_pb2_grpc

MESSAGE_LIMIT = 400 << 20  # the engine's own
CALLS_AT_ONCE = 16  # each program and each policy pack occupies one while it runs


def main() -> None:
    """Serve until interrupted: main.py [FLAG…] ENGINE_ADDRESS, as the engine starts every plugin."""
    end_with_parent()
    interrupted = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: interrupted.set())
    server = grpc.server(
        futures.ThreadPoolExecutor(CALLS_AT_ONCE),
        options=[
            ("grpc.max_receive_message_length", MESSAGE_LIMIT),
            ("grpc.max_send_message_length", MESSAGE_LIMIT),
        ],
    )
    host = LanguageHost(engine_address=sys.argv[-1])
    language_pb2_grpc.add_LanguageRuntimeServicer_to_server(host, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)
    interrupted.wait()
    host.end_children()
    server.stop(grace=None)


main()
